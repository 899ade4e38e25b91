/**
 * Some loggers count cached tokens inside the input, some beside it, and the numbers alone do not always
 * tell. Where the source reported a cost that fits one reading only, that reading is taken.
 */
import type { Database } from '../db/database.js'
import { pricedQuery } from '../pricing/price-sql.js'

/** A reported cost fits when it is this close to the list cost: loggers round. */
const fits = (cost: string): string =>
  `coalesce(abs(${cost} - reported) <= 0.000001 + 0.002 * reported, false)`

/**
 * Decides the open readings among the staged calls; needs `located`, `resolved` and `new_rates`. Calls that
 * stay open keep the importer's reading, and are counted as such.
 */
export async function decideCacheReadings(db: Database): Promise<void> {
  const { n } = await db.one<{ n: number }>(
    "SELECT count(*) AS n FROM located WHERE state = 'call' AND cache_reading_open",
  )
  if (n === 0) return
  const cached = 'coalesce(l.cache_read_input_tokens, 0) + coalesce(l.cache_creation_input_tokens, 0)'
  const open = `SELECT l.* EXCLUDE (provider), coalesce(m.provider, l.provider) AS provider, ${cached} AS cached
    FROM located l LEFT JOIN resolved m ON l.model = m.model AND l.provider IS NOT DISTINCT FROM m.given_provider
    WHERE l.state = 'call' AND l.cache_reading_open`
  const readings = `(SELECT *, 'included' AS reading FROM (${open})
    UNION ALL BY NAME SELECT * REPLACE (input_tokens + cached AS input_tokens), 'excluded' AS reading FROM (${open}))`
  const priced = pricedQuery({
    calls: readings,
    rates: 'new_rates',
    keep: 'c.row, c.reading, c.reported_cost_usd AS reported',
    basis: 'list-first',
  })
  await db.run(`CREATE OR REPLACE TEMP TABLE decided AS
    SELECT row, ${fits('excluded')} AND NOT ${fits('included')} AS is_excluded FROM (
      SELECT row, any_value(reported) AS reported, any_value(list_cost_usd) FILTER (WHERE reading = 'included') AS included,
        any_value(list_cost_usd) FILTER (WHERE reading = 'excluded') AS excluded
      FROM (${priced}) GROUP BY row)
    WHERE ${fits('excluded')} <> ${fits('included')}`)
  await db.run('UPDATE staged SET cache_tokens_assumed = false WHERE rowid IN (SELECT row FROM decided)')
  await db.run(`UPDATE staged SET cache_tokens_added = true,
      input_tokens = input_tokens + coalesce(cache_read_input_tokens, 0)${await creation(db)}
    WHERE rowid IN (SELECT row FROM decided WHERE is_excluded)`)
}

/** The cache writes, where this run's sources have any. */
async function creation(db: Database): Promise<string> {
  const { rows } = await db.query<{ column_name: string }>('DESCRIBE staged')
  const has = rows.some((row) => row.column_name === 'cache_creation_input_tokens')
  return has ? ' + coalesce(cache_creation_input_tokens, 0)' : ''
}
