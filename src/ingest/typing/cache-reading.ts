/**
 * Some loggers count cached tokens inside the input, some beside it, and a record's numbers alone do not
 * always tell. One logger has one habit: records that are certain, because their own counts or their own cost
 * fit one reading only, decide for all records of the same shape (source, names of the fields, provider). The
 * evidence is what the store's calls say of themselves (`cache_reading`), so that any split and order of the
 * same records reads alike, and what is taken out of the store takes its evidence along.
 *
 * A call is staged and compared with its input as it was logged; what a cost or a habit adds is added when it
 * is merged, and for calls of earlier runs when the evidence comes (or goes).
 */
import { archivedDays } from '../../db/archive/days.js'
import { thawDays } from '../../db/archive/thawing.js'
import type { Database } from '../../db/database.js'
import type { CostBasis } from '../../domain/costs/basis.js'
import { pricedColumnNames } from '../../domain/call.js'
import { pricedQuery } from '../../pricing/price-sql.js'
import { noteChanged } from '../../rollups/upkeep.js'
import { stagedFacts } from '../staged-facts.js'

/** SQL: the cached tokens of a call, with the alias of its relation. */
export const cachedOf = (alias: string): string =>
  `coalesce(${alias}.cache_read_input_tokens, 0) + coalesce(${alias}.cache_creation_input_tokens, 0)`

/** SQL: what was added to a stored call's input after it was read, by its cost or by habit. */
const addedTo = (alias: string): string =>
  `CASE WHEN ${alias}.cache_reading IN ('cost excluded', 'habit excluded') THEN ${cachedOf(alias)} ELSE 0 END`

/** SQL: the input tokens of a stored call as the record's own figures gave them: what makes it the same call. */
export const loggedInput = (alias: string): string => `(${alias}.input_tokens - ${addedTo(alias)})`

/**
 * A reported cost fits when it is as close to the list cost as loggers round, and so close that only rounding
 * is left of the difference between the readings: a tracker that charges nothing for cached tokens, or the
 * full price, misses both readings by a good part of it.
 */
const fits = (cost: string): string =>
  `coalesce(abs(${cost} - reported) <= 0.000001 + 0.002 * reported + half_digit, false)`

const certain = (cost: string, other: string): string =>
  `(${fits(cost)} AND NOT ${fits(other)} AND abs(${cost} - reported) * 20 <= abs(excluded - included))`

/** SQL: half of the last decimal that a cost was logged with. */
const halfDigit = `CAST(0.5 AS DOUBLE) * power(10, -strlen(rtrim(split_part(CAST(c.reported_cost_usd AS VARCHAR), '.', 2), '0')))`

/**
 * Makes `cost_readings` (row, reading): the open staged calls whose own cost fits one reading only; needs
 * `located`, `resolved` and `new_rates`.
 */
export async function readCachesByCost(db: Database): Promise<void> {
  await db.run('CREATE OR REPLACE TEMP TABLE cost_readings (row BIGINT, reading VARCHAR)')
  const facts = await stagedFacts(db)
  if (facts.unsure === 0 || facts.costs === 0) return
  const { n } = await db.one<{ n: number }>(
    "SELECT count(*) AS n FROM located WHERE state = 'call' AND cache_reading = 'open' AND reported_cost_usd > 0",
  )
  if (n === 0) return
  const open = `SELECT l.* EXCLUDE (provider), coalesce(m.provider, l.provider) AS provider, ${cachedOf('l')} AS cached
    FROM located l LEFT JOIN resolved m ON l.model = m.model AND l.provider IS NOT DISTINCT FROM m.given_provider
    WHERE l.state = 'call' AND l.cache_reading = 'open' AND l.reported_cost_usd > 0`
  const readings = `(SELECT *, 'included' AS reading FROM (${open})
    UNION ALL BY NAME SELECT * REPLACE (coalesce(input_tokens, 0) + cached AS input_tokens), 'excluded' AS reading FROM (${open}))`
  const priced = pricedQuery({
    calls: readings,
    rates: 'new_rates',
    keep: `c.row, c.reading, c.reported_cost_usd AS reported, ${halfDigit} AS half_digit`,
    basis: 'list-first',
  })
  await db.run(`INSERT INTO cost_readings
    SELECT row, CASE WHEN ${fits('excluded')} THEN 'cost excluded' ELSE 'cost included' END FROM (
      SELECT row, any_value(reported) AS reported, any_value(half_digit) AS half_digit,
        any_value(list_cost_usd) FILTER (WHERE reading = 'included') AS included,
        any_value(list_cost_usd) FILTER (WHERE reading = 'excluded') AS excluded
      FROM (${priced}) GROUP BY row)
    WHERE ${certain('excluded', 'included')} OR ${certain('included', 'excluded')}`)
}

/** The staged calls that stay, with the reading that they have by themselves and their resolved provider. */
const stagedReadings = `SELECT i.row, i.source, i.cache_shape, i.model, coalesce(m.provider, i.provider) AS provider,
    coalesce(d.reading, i.cache_reading) AS reading
  FROM identified i LEFT JOIN cost_readings d ON i.row = d.row
  LEFT JOIN resolved m ON i.model = m.model AND i.provider IS NOT DISTINCT FROM m.given_provider
  WHERE i.state = 'call' AND i.cache_reading IS NOT NULL AND i.row NOT IN (SELECT row FROM verdicts)`

const ofOneShape = (a: string, b: string): string =>
  `${a}.source = ${b}.source AND ${a}.cache_shape = ${b}.cache_shape AND ${a}.provider IS NOT DISTINCT FROM ${b}.provider`

/** SQL: how many calls rows stand for. An archive has counts of them alone. */
const countOf = (where: string): string => `CAST(coalesce(sum(n) FILTER (WHERE ${where}), 0) AS BIGINT)`

/**
 * Makes `cache_habits`: for each shape, what its certain calls show.
 * @param run SELECT of staged calls that count too
 */
function habitsSql(run?: string): string {
  const marked = [
    `SELECT source, cache_shape, provider, model, cache_reading AS reading, false AS in_run, 1 AS n FROM store.calls WHERE cache_shape IS NOT NULL`,
    `SELECT source, cache_shape, provider, model, cache_reading AS reading, false AS in_run, calls AS n FROM store.archived_readings`,
    ...(run === undefined
      ? []
      : [`SELECT source, cache_shape, provider, model, reading, true AS in_run, 1 AS n FROM (${run})`]),
  ]
  return `CREATE OR REPLACE TEMP TABLE cache_habits AS
    SELECT *, CASE WHEN included > 0 AND excluded = 0 THEN 'habit included'
      WHEN excluded > 0 AND included = 0 THEN 'habit excluded' ELSE 'open' END AS habit
    FROM (SELECT source, cache_shape, provider,
        ${countOf('in_run')} AS calls,
        ${countOf("in_run AND (model ILIKE '%claude%' OR provider ILIKE '%anthropic%')")} AS claude_calls,
        ${countOf("in_run AND (reading = 'open' OR reading LIKE 'habit %')")} AS open_calls,
        ${countOf("NOT in_run AND reading LIKE 'habit %'")} AS told_calls,
        ${countOf("reading IN ('included', 'cost included')")} AS included,
        ${countOf("reading IN ('excluded', 'cost excluded')")} AS excluded,
        ${countOf("reading IN ('included', 'excluded')")} AS by_counts
      FROM (${marked.join(' UNION ALL ')}) GROUP BY ALL)`
}

/** What the certain calls of a shape show, and how many calls of the run it is about. */
export interface CacheHabit {
  readonly source: string
  /** Names of the fields. */
  readonly shape: string
  readonly provider: string | null
  readonly habit: 'habit included' | 'habit excluded' | 'open'
  /** Of the run: with cached tokens; of these, with models of Claude; and not certain by themselves. */
  readonly calls: number
  readonly claude_calls: number
  readonly open_calls: number
  /** Certain calls of the store and the run, by what they show; and those of them that their counts show. */
  readonly included: number
  readonly excluded: number
  readonly by_counts: number
}

/** The habits that a run touches. */
export interface CacheHabits {
  readonly habits: readonly CacheHabit[]
  /** Some staged call is read otherwise than as it was staged: `readings` tells. */
  readonly decide: boolean
  /** Nothing was certain, neither in the run nor in the store: no stored call is to be read anew. */
  readonly none: boolean
}

/**
 * Works out the habits from the attached store and what is staged, and makes `readings` (row, reading) of the
 * staged calls where any of them is read otherwise than as it was staged. Costs nothing where no call has the
 * question.
 */
export async function findCacheHabits(db: Database): Promise<CacheHabits> {
  if (!(await isAsked(db))) return { habits: [], decide: false, none: false }
  await db.run(habitsSql(stagedReadings))
  const { certain, told } = await db.one<{ certain: number; told: number }>(
    'SELECT coalesce(sum(included + excluded), 0) AS certain, coalesce(sum(told_calls), 0) AS told FROM cache_habits',
  )
  if (certain > 0)
    await db.run(`CREATE OR REPLACE TEMP TABLE readings AS
    SELECT o.row, CASE WHEN o.reading = 'open' THEN h.habit ELSE o.reading END AS reading
    FROM (${stagedReadings}) o JOIN cache_habits h ON ${ofOneShape('o', 'h')}`)
  const { rows } = await db.query<CacheHabit>(
    'SELECT * EXCLUDE (told_calls) RENAME (cache_shape AS shape) FROM cache_habits WHERE calls > 0 ORDER BY calls DESC, source, shape, provider',
  )
  return { habits: rows, decide: certain > 0 && rows.length > 0, none: certain === 0 && told === 0 }
}

/** Where all calls have their cached tokens inside the input, as most logs do, there is nothing to find out. */
async function isAsked(db: Database): Promise<boolean> {
  const facts = await stagedFacts(db)
  if (facts.readings === 0) return false
  const { staged } = await db.one<{ staged: number }>(
    "SELECT count(*) FILTER (WHERE cache_reading <> 'included') AS staged FROM located WHERE state = 'call'",
  )
  if (staged > 0) return true
  const { stored } = await db.one<{ stored: number }>(
    `SELECT (SELECT count(*) FROM store.calls WHERE cache_reading <> 'included')
      + (SELECT count(*) FROM store.archived_readings WHERE cache_reading <> 'included') AS stored`,
  )
  return stored > 0
}

/** Columns of a staged call `i` whose reading is `g.reading`, as they are merged; by name. */
export const mergedByReading: Readonly<Record<string, string>> = {
  cache_reading: 'g.reading',
  input_tokens: `CASE WHEN g.reading IN ('cost excluded', 'habit excluded') THEN coalesce(i.input_tokens, 0) + ${cachedOf('i')} ELSE i.input_tokens END`,
  total_tokens: `CASE WHEN g.reading IN ('cost excluded', 'habit excluded') THEN i.total_tokens + ${cachedOf('i')} ELSE i.total_tokens END`,
}

/**
 * Reads stored calls anew whose habit is another than it was, because evidence came or went, and prices them
 * with the stored rates; archived days of such calls come back for it. Costs little where no call has the question.
 * @param archive its folder
 * @returns how many calls have other tokens now
 */
export async function rereadStoredCaches(
  db: Database,
  basis: CostBasis,
  archive: string | undefined,
): Promise<number> {
  const unsure = (c: string): string =>
    `(${c}.cache_reading = 'open' OR starts_with(${c}.cache_reading, 'habit '))`
  const { n } = await db.one<{ n: number }>(
    `SELECT (SELECT count(*) FROM store.calls c WHERE ${unsure('c')}) + (SELECT count(*) FROM store.archived_readings a WHERE ${unsure('a')}) AS n`,
  )
  if (n === 0) return 0
  await db.run(habitsSql())
  const moved = `${ofOneShape('c', 'h')} AND ${unsure('c')} AND c.cache_reading <> h.habit`
  const { rows: days } = await db.query<{ day: string }>(
    `SELECT DISTINCT CAST(c.day AS VARCHAR) AS day FROM store.archived_readings c JOIN cache_habits h ON ${moved}`,
  )
  if (days.length > 0)
    await thawDays(
      db,
      archive,
      (await archivedDays(db)).filter((one) => days.some(({ day }) => day === one.day)),
    )
  // Planning what prices them takes longer than to find out that there are none.
  const { changes } = await db.one<{ changes: number }>(
    `SELECT count(*) AS changes FROM store.calls c JOIN cache_habits h ON ${moved}`,
  )
  if (changes === 0) return 0
  const calls = `(SELECT c.* EXCLUDE (input_tokens, total_tokens, cache_reading), c.rowid AS call_row, h.habit AS cache_reading,
      c.cache_reading AS old_reading, ${loggedInput('c')} + beside AS input_tokens, c.total_tokens - ${addedTo('c')} + beside AS total_tokens
    FROM store.calls c JOIN cache_habits h ON ${ofOneShape('c', 'h')},
      LATERAL (SELECT CASE WHEN h.habit = 'habit excluded' THEN ${cachedOf('c')} ELSE 0 END AS beside)
    WHERE ${moved})`
  const keep = ['call_row', 'old_reading', 'cache_reading', 'input_tokens', 'total_tokens']
  await db.run(
    `CREATE OR REPLACE TEMP TABLE reread AS ${pricedQuery({ calls, rates: 'store.rates', keep: keep.map((name) => `c.${name}`).join(', '), basis })}`,
  )
  const changed = ['cache_reading', 'input_tokens', 'total_tokens', ...pricedColumnNames]
  await noteChanged(db, 'store.calls WHERE rowid IN (SELECT call_row FROM reread)')
  await db.run(`UPDATE store.calls AS c SET ${changed.map((name) => `${name} = n.${name}`).join(', ')}
    FROM reread n WHERE c.rowid = n.call_row`)
  const { n: others } = await db.one<{ n: number }>(
    "SELECT count(*) AS n FROM reread WHERE (old_reading = 'habit excluded') <> (cache_reading = 'habit excluded')",
  )
  return others
}
