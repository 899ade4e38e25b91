/**
 * One call in the logs of several sources: a raw response, a gateway's log and a record of one's own, all
 * under the provider's id. Where the id and both token counts agree and the models mean one price entry,
 * it counts once: the source that knows most gives the call, what only others know fills its gaps, and
 * `same_calls` keeps what each of them said, so that any of them can be taken out again. Where they
 * disagree all are kept.
 */
import type { Database } from '../../db/database.js'
import type { CostBasis } from '../../domain/costs/basis.js'
import { readColumns } from '../../domain/call.js'
import { hasCallIdPrefix } from '../../importers/call-ids.js'
import { unknownLifetime, writers, type Importer } from '../../importers/importer.js'
import { importers } from '../../importers/registry.js'
import { quoteText } from '../../domain/words/quoting.js'
import { pricedQuery } from '../../pricing/price-sql.js'
import { deleteCalls } from '../../rollups/upkeep.js'
import { cachedOf, loggedInput, mergedByReading } from '../typing/cache-reading.js'
import { isKept } from '../typing/identity.js'
import { keepsAcrossSources } from '../options.js'
import { joinedIds, meetByRequests, noteOtherNames, noteRequests } from './requests.js'
import type { StoredCalls } from './stored-calls.js'

/** SQL: the place of a source among others, the one that knows most of a call first. */
const rankOf = (source: string): string => {
  const of = (importer: Importer): number => writers.indexOf(importer.writer)
  const ranked = importers.toSorted((a, b) => of(a) - of(b))
  const places = ranked.map((importer, i) => `WHEN '${importer.id}' THEN ${of(importer) * 100 + i}`)
  return `CASE ${source} ${places.join(' ')} ELSE ${writers.indexOf('tool') * 100 + 99} END`
}

/** SQL: true where an id may be that of a call by its kind or, short as it may be, by its look. */
const namesCall = (x: string, id: string): string =>
  `(NOT starts_with(${id}, '#') AND (${x}.id_kind IS DISTINCT FROM 'any' OR ${hasCallIdPrefix(id)}))`

/** What was found among the sources. */
export interface Across {
  /** Ids under which sources disagree, so that all their calls were kept. */
  readonly disagreeing: number
  /** One of them. */
  readonly example: string | null
}

/**
 * Makes `across_ids` (id) of the ids to look at, `pool` with what each source says of them, and `matched`
 * for those of which one comes; gives the others of them their verdicts.
 * @param keep the staged calls are to stay beside those of other sources
 */
export async function matchAcrossSources(db: Database, stored: StoredCalls, keep: boolean): Promise<Across> {
  await db.run('CREATE OR REPLACE TEMP TABLE across_ids (id VARCHAR)')
  await db.run('CREATE OR REPLACE TEMP TABLE elsewhere (row BIGINT)')
  await db.run(
    'CREATE OR REPLACE TEMP TABLE matched (member BIGINT, row BIGINT, stored_row BIGINT, held BOOLEAN, grouped BIGINT, place BIGINT, is_stored BOOLEAN, priced BOOLEAN)',
  )
  await noteIds(db, stored, keep)
  await noteOtherNames(db, stored)
  const { n } = await db.one<{ n: number }>('SELECT count(*) AS n FROM across_ids')
  if (n === 0) return { disagreeing: 0, example: null }
  await fillPool(db, stored, keep)
  await match(db)
  await db.run(`INSERT INTO elsewhere SELECT row FROM matched
    WHERE row IS NOT NULL AND (place > 1 OR is_stored) AND row NOT IN (SELECT row FROM replaced)`)
  await db.run("INSERT INTO verdicts SELECT row, 'duplicate' FROM elsewhere")
  return db.one<Across & { disagreeing: number; example: string | null }>(disagreement)
}

async function noteIds(db: Database, stored: StoredCalls, keep: boolean): Promise<void> {
  if (stored.held)
    await db.run(`INSERT INTO across_ids SELECT DISTINCT coalesce(logged_id, call_id) AS id FROM store.same_calls s
      WHERE id IN (SELECT id FROM lost_ids) OR id IN (SELECT plain FROM names WHERE held) OR s.rowid IN (SELECT stored_row FROM replaced WHERE held)`)
  if (keep) return
  const { rows } = await db.query<{ source: string }>(
    "SELECT DISTINCT source FROM located WHERE state = 'call'",
  )
  const sources = new Set([...stored.sources, ...rows.map((row) => row.source)])
  if (sources.size < 2) return
  await noteRequests(db, stored)
  const known = 'call_id NOT IN (SELECT id FROM across_ids)'
  if (rows.length > 1)
    await db.run(`INSERT INTO across_ids SELECT call_id FROM identified i WHERE ${isKept('i')} AND ${namesCall('i', 'i.call_id')} AND ${known}
      GROUP BY call_id HAVING min(source) <> max(source)`)
  if (stored.sources.length > 0)
    await db.run(`INSERT INTO across_ids SELECT DISTINCT i.call_id FROM identified i WHERE ${isKept('i')} AND ${namesCall('i', 'i.call_id')} AND ${known}
      AND EXISTS (SELECT 1 FROM ${stored.relation} c WHERE c.plain = i.call_id AND c.source <> i.source)`)
}

/** What every source says of the calls in question, staged or stored, under the names that they will have. */
async function fillPool(db: Database, stored: StoredCalls, keep: boolean): Promise<void> {
  const columns = readColumns
    .map(({ name }) => name)
    .filter((name) => !['call_id', 'logged_id', 'file_id'].includes(name))
  const of = (x: string): string =>
    columns
      .map((name) =>
        name === 'request_ids' ? `coalesce(t.${name}, ${x}.${name}) AS ${name}` : `${x}.${name}`,
      )
      .join(', ')
  const read = columns.map((name) => {
    if (name === 'request_ids') return `coalesce(j.${name}, i.${name}) AS ${name}`
    return mergedByReading[name] === undefined ? `i.${name}` : `${mergedByReading[name]} AS ${name}`
  })
  await db.run(`CREATE OR REPLACE TEMP TABLE pool AS SELECT row_number() OVER () AS member, * FROM (
    SELECT i.row, CAST(NULL AS BIGINT) AS stored_row, false AS held, i.call_id AS plain, ${!keep} AS willing,
      coalesce(n.call_id, i.call_id) AS call_id, n.logged_id, f.file_id, ${read.join(', ')}
    FROM keyed i JOIN file_ids f ON i.file_no = f.file_no LEFT JOIN names n ON n.row = i.row
      LEFT JOIN joined_requests j ON j.row = i.row
      LEFT JOIN (SELECT l.row, coalesce(d.reading, l.cache_reading) AS reading FROM located l LEFT JOIN cost_readings d ON d.row = l.row
        WHERE l.cache_reading IS NOT NULL) g ON g.row = i.row
    WHERE ${isKept('i')} AND i.call_id IN (SELECT id FROM across_ids)
    UNION ALL BY NAME
    SELECT CAST(NULL AS BIGINT) AS row, c.stored_row, c.held, c.plain, NOT coalesce(${keepsAcrossSources('f.options')}, false) AS willing,
      coalesce(n.call_id, c.call_id) AS call_id, CASE WHEN n.call_id IS NULL THEN c.logged_id ELSE n.logged_id END AS logged_id, c.file_id, ${of('c')}
    FROM ${stored.relation} c LEFT JOIN store.files f ON f.file_id = c.file_id
      LEFT JOIN names n ON n.stored_row = c.stored_row AND n.held = c.held
      LEFT JOIN told_requests t ON t.stored_row = c.stored_row AND t.held = c.held
    WHERE c.plain IN (SELECT id FROM across_ids)
      AND NOT EXISTS (SELECT 1 FROM replaced r WHERE r.stored_row = c.stored_row AND r.held = c.held))`)
}

/** SQL: the name of a model without what stands before it, and without a date or version of its day. */
const bare = (model: string): string => `lower(regexp_extract(${model}, '[^/]+$'))`
const undated = (model: string): string =>
  `regexp_replace(${bare(model)}, '[-@:](20[0-9]{2}-?[0-9]{2}-?[0-9]{2}|[0-9]{4}|latest)$', '')`

/** SQL: the price entry of a model of OpenAI, whether it was sold by the maker or by Azure: not every log says which. */
const ofMaker = (entry: string): string => `regexp_replace(${entry}, '^azure/', 'openai/')`

/** SQL: true where all that say it say the same. */
const oneOnly = (name: string): string => `min(${name}) OVER w IS NOT DISTINCT FROM max(${name}) OVER w`

async function match(db: Database): Promise<void> {
  // Models agree where they mean one price entry, or where one says a name and others that name with its
  // date, and no other provider; one that is not logged agrees with any. Input may be told with the cached tokens that stand beside it or without, where the record leaves that open.
  await db.run(`CREATE OR REPLACE TEMP TABLE sides AS
    SELECT p.member, any_value(p.row) AS row, any_value(p.stored_row) AS stored_row, any_value(p.held) AS held,
      any_value(p.plain) AS plain, any_value(p.plain) AS meant, any_value(p.request_ids) AS request_ids, any_value(p.source) AS source, any_value(p.ts) AS ts,
      coalesce(any_value(p.id_kind), '') = 'any' AS is_any, coalesce(any_value(p.output_tokens), 0) AS output,
      list_distinct([coalesce(any_value(${loggedInput('p')}), 0), coalesce(any_value(${loggedInput('p')}), 0)
        + CASE WHEN coalesce(any_value(p.cache_reading), 'included') IN ('included', 'excluded') THEN 0 ELSE any_value(${cachedOf('p')}) END]) AS inputs,
      coalesce(${ofMaker('min(r.matched)')}, ' ' || ${bare('any_value(p.model)')}) AS entry, count(r.matched) > 0 AS priced,
      CASE WHEN count(r.matched) > 0 THEN replace(any_value(p.provider), 'azure', 'openai') END AS seller,
      ${undated('any_value(p.model)')} AS name,
      CASE WHEN ${undated('any_value(p.model)')} <> ${bare('any_value(p.model)')} THEN ${bare('any_value(p.model)')} END AS dated
    FROM pool p LEFT JOIN (SELECT DISTINCT provider, model, valid_from, valid_to, matched
        FROM (SELECT * FROM new_rates UNION ALL BY NAME SELECT * FROM store.rates)) r
      ON r.provider = p.provider AND r.model = p.model AND p.ts >= r.valid_from AND p.ts < r.valid_to
    WHERE p.willing AND ${namesCall('p', 'p.plain')} GROUP BY p.member`)
  await meetByRequests(db)
  // Ids that may name several calls take part by their look alone, and then the time must be close.
  await db.run(`INSERT INTO matched
    WITH sayings AS (SELECT * EXCLUDE (inputs), unnest(inputs) AS input FROM sides),
    entries AS (
      SELECT *, CASE WHEN ${oneOnly('entry')} OR (${['name', 'dated', 'seller'].map(oneOnly).join(' AND ')}) THEN '' ELSE coalesce(entry, source) END AS about
      FROM sayings WINDOW w AS (PARTITION BY meant, input, output)),
    chosen AS (
      SELECT * FROM (SELECT *, count(*) OVER (PARTITION BY meant, input, output, about) AS agreeing FROM entries)
      QUALIFY row_number() OVER (PARTITION BY member ORDER BY agreeing DESC, input) = 1),
    grouped AS (
      SELECT *, dense_rank() OVER (ORDER BY meant, input, output, about) AS grouped,
        row_number() OVER (PARTITION BY meant, input, output, about, source) AS nth FROM chosen),
    counted AS (
      SELECT *, count(*) OVER g AS members, max(nth) OVER g AS most, bool_or(is_any) OVER g AS loose,
        max(ts) OVER g - min(ts) OVER g AS apart, bool_or(stored_row IS NOT NULL) OVER g AS is_stored,
        row_number() OVER (PARTITION BY grouped ORDER BY ${rankOf('source')}, source) AS place
      FROM grouped WINDOW g AS (PARTITION BY grouped))
    SELECT member, row, stored_row, held, grouped, place, is_stored, priced FROM counted
    WHERE members > 1 AND most = 1 AND (NOT loose OR apart <= INTERVAL 1 DAY)`)
}

/** Ids of calls that sources of this run have otherwise than others. */
const disagreement = `SELECT count(*) AS disagreeing, min(meant) AS example FROM (
  SELECT s.meant FROM sides s LEFT JOIN matched m ON m.member = s.member WHERE NOT s.is_any
  GROUP BY s.meant HAVING count(DISTINCT s.source) > 1 AND bool_or(s.row IS NOT NULL)
    AND (count(*) <> count(m.member) OR count(DISTINCT m.grouped) > 1))`

/** Takes out of the store what came of several sources under the ids in question; it is written anew. */
export async function clearAcross(db: Database): Promise<void> {
  await deleteCalls(
    db,
    '(source, call_id) IN (SELECT (source, call_id) FROM store.same_calls WHERE coalesce(logged_id, call_id) IN (SELECT id FROM across_ids))',
  )
  await db.run(
    'DELETE FROM store.same_calls WHERE coalesce(logged_id, call_id) IN (SELECT id FROM across_ids)',
  )
  await deleteCalls(db, 'rowid IN (SELECT stored_row FROM matched WHERE NOT held)')
}

/** Writes what came of several sources, and the stored calls that are alone again. */
export async function writeAcross(db: Database, basis: CostBasis): Promise<void> {
  const { n } = await db.one<{ n: number }>('SELECT count(*) AS n FROM across_ids')
  if (n === 0) return
  const names = readColumns.map(({ name }) => name)
  await db.run(`INSERT INTO store.same_calls BY NAME SELECT ${names.map((name) => `p.${name}`).join(', ')}
    FROM pool p JOIN matched m ON m.member = p.member`)
  const calls = `(SELECT ${names.map((name) => `${jointly(name)} AS ${name}`).join(', ')}
      FROM pool p JOIN matched m ON m.member = p.member GROUP BY m.grouped
    UNION ALL BY NAME SELECT ${names.join(', ')} FROM pool WHERE held AND member NOT IN (SELECT member FROM matched))`
  const keep = names.map((name) => `c.${name}`).join(', ')
  await db.run(`INSERT INTO store.calls BY NAME ${pricedQuery({ calls, rates: 'store.rates', keep, basis })}`)
}

/** Columns that are those of the source that gives the call, NULL or not. */
const ofTheFirst = ['id_kind', 'logged_id', 'revision_id', 'file_id', 'line', 'cache_shape', 'cache_reading']

/** SQL: names of what is unread, without writes to the cache that another account knows the lifetime of. */
const withoutLifetimes = (names: string): string =>
  `nullif(array_to_string(list_filter(string_split(${names}, '; '), lambda name: NOT ends_with(name, ${quoteText(unknownLifetime)})), '; '), '')`

/** SQL: what the sources say of a column together: the first that knows it. */
function jointly(name: string): string {
  if (ofTheFirst.includes(name)) return `any_value(p.${name}) FILTER (WHERE m.place = 1)`
  // A clone's answer does not say whose it is: the name under which a price is known goes first.
  if (name === 'model' || name === 'provider')
    return `coalesce(arg_min(p.${name}, m.place) FILTER (WHERE m.priced), arg_min(p.${name}, m.place) FILTER (WHERE p.model IS NOT NULL), arg_min(p.${name}, m.place))`
  // Under the id of one request an account may have been written before the answer ended: the other goes on.
  if (name === 'output_tokens') return 'max(p.output_tokens)'
  if (name === 'total_tokens')
    return 'first(p.total_tokens ORDER BY p.output_tokens DESC NULLS LAST, m.place) FILTER (WHERE p.total_tokens IS NOT NULL)'
  if (name === 'request_ids') return joinedIds('p.request_ids')
  if (name === 'unread_usage')
    return `CASE WHEN count(p.cache_creation_1h_input_tokens) = 0 THEN arg_min(p.unread_usage, m.place)
      ELSE arg_min(${withoutLifetimes('p.unread_usage')}, m.place) END`
  if (name === 'tags')
    return 'list_reduce(list(p.tags ORDER BY m.place DESC) FILTER (WHERE p.tags IS NOT NULL), lambda a, b: map_concat(a, b))'
  return `arg_min(p.${name}, m.place)`
}
