/**
 * Traces: a span that sums up the calls below it is no call. Exports of traces tell who is whose parent; of
 * the spans of a run, those whose counts are those of the nearest spans with usage below them are left out.
 */
import type { Database } from '../../db/database.js'
import { sumOf } from '../../domain/costs/decimal.js'
import { counted, plural } from '../../domain/words/plurals.js'
import { count, usd } from '../../domain/words/wording.js'
import { isOneOf } from '../typing/columns.js'
import { isKept } from '../typing/identity.js'
import { anyIn, stagedFacts } from '../staged-facts.js'
import type { StoredCalls } from './stored-calls.js'

/** What was found of the spans of a run. */
export interface Spans {
  /** Spans that sum up others, and were left out. */
  readonly summing: number
  /** Spans with usage above others with usage, of another sum: they were kept. */
  readonly unclear: number
  /** Runs of agents with usage, and none below them. */
  readonly alone: number
  /** Roots of traces that tell more than the calls below them. */
  readonly short: readonly ShortTrace[]
}

/** Figures of a root, and of the calls below it that are here. */
interface ShortTrace {
  readonly root_input: number | bigint
  readonly root_output: number | bigint
  readonly root_cost: string | null
  readonly input: number | bigint
  readonly output: number | bigint
  readonly cost: string | null
}

/** Calls that sum up others (source, call_id), by the ids under which logs without parents have them too. */
export const noSummedCalls = 'CREATE OR REPLACE TEMP TABLE summed_calls (source VARCHAR, call_id VARCHAR)'

/**
 * Marks such staged records as skipped, and those without any usage in a trace too. Needs `located`; costs
 * nothing where no file names parents.
 * @param leaves sources of whose traces the leaves alone are calls
 */
export async function leaveOutParents(db: Database, leaves: readonly string[] = []): Promise<Spans> {
  const { parents } = await stagedFacts(db)
  await db.run(noSummedCalls)
  if (parents === 0 && leaves.length === 0) return { summing: 0, unclear: 0, alone: 0, short: [] }
  // A span that stands in several files, or copies of one file, is one.
  await db.run(`CREATE OR REPLACE TEMP TABLE spans AS
    SELECT row_number() OVER () AS span, * FROM (
      SELECT list(row) AS rows, source, trace_id, parent_span, span_ids, state, reason, ts, model,
        input_tokens, output_tokens, total_tokens, reported_cost_usd, status, operation
      FROM located WHERE span_ids IS NOT NULL
      GROUP BY ALL)`)
  await db.run(`CREATE OR REPLACE TEMP TABLE branches AS
    WITH names AS (SELECT span, source, trace_id, unnest(span_ids) AS id FROM spans)
    SELECT DISTINCT c.span, p.span AS parent FROM spans c JOIN names p ON p.id = c.parent_span AND p.source = c.source
    WHERE p.span <> c.span AND (p.trace_id = c.trace_id OR p.trace_id IS NULL OR c.trace_id IS NULL)`)
  await leaveOutCircles(db)
  // The spans are compared by the few that are related: by those themselves, the engine would join all with all.
  await db.run(`CREATE OR REPLACE TEMP TABLE sums AS
    WITH RECURSIVE climb(span, parent) AS (
      SELECT b.span, b.parent FROM branches b JOIN spans s ON s.span = b.span WHERE ${uses('s')}
      UNION SELECT c.span, b.parent FROM climb c JOIN spans s ON s.span = c.parent JOIN branches b ON b.span = c.parent WHERE NOT ${uses('s')})
    SELECT p.span, any_value(p.rows) AS rows, ${isOneOf('any_value(p.source)', leaves)} OR ${isSum} AS is_sum,
      any_value(p.input_tokens) >= sum(c.input_tokens) AND any_value(p.output_tokens) >= sum(c.output_tokens) AS may_be
    FROM climb b JOIN spans p ON p.span = b.parent JOIN spans c ON c.span = b.span
    WHERE ${uses('p')} AND b.span <> b.parent GROUP BY p.span`)
  await noteSummedCalls(db, leaves)
  await db.run(`UPDATE staged SET state = 'skip', reason = NULL, line_hash = NULL, unread_usage = NULL
    WHERE rowid IN (SELECT unnest(rows) FROM sums WHERE is_sum)
      OR rowid IN (SELECT l.row FROM located l JOIN summed_calls s ON s.source = l.source AND s.call_id = l.call_id WHERE l.state = 'call' AND l.span_ids IS NULL) OR rowid IN (
      SELECT unnest(rows) FROM spans WHERE state = 'reject' AND reason = 'neither tokens nor a cost'
        AND (parent_span IS NOT NULL OR span IN (SELECT parent FROM branches)))`)
  await leaveOutUncounted(db, leaves)
  const found = await db.one<{ summing: number; unclear: number }>(
    `SELECT coalesce(sum(len(rows)) FILTER (WHERE is_sum), 0) AS summing,
      coalesce(sum(len(rows)) FILTER (WHERE NOT is_sum AND may_be), 0) AS unclear FROM sums`,
  )
  return { ...found, alone: await runsAlone(db, leaves), short: await shortTraces(db, leaves) }
}

/**
 * Those that are above themselves, by however many others, are above nobody: none is lost by what another says.
 * Every round doubles the steps that are looked up, and who comes to an end is left out: in the end those stay that
 * come to none, and what they come to lies in a circle.
 */
async function leaveOutCircles(db: Database): Promise<void> {
  // Copies of a span that tell other counts are one of these.
  await db.run(`CREATE OR REPLACE TEMP TABLE copies AS
    SELECT span, min(span) OVER (PARTITION BY source, trace_id, span_ids) AS first FROM spans
    WHERE span IN (SELECT span FROM branches UNION ALL SELECT parent FROM branches)`)
  await db.run(`CREATE OR REPLACE TEMP TABLE ways AS
    SELECT c.first AS span, min(p.first) AS above FROM branches b JOIN copies c ON c.span = b.span JOIN copies p ON p.span = b.parent GROUP BY c.first`)
  const remaining = async (): Promise<number> =>
    (await db.one<{ n: number }>('SELECT count(*) AS n FROM ways')).n
  const all = await remaining()
  let left = all
  for (let steps = 1; left > 0 && steps <= all; steps *= 2) {
    await db.run(
      `CREATE OR REPLACE TEMP TABLE longer AS SELECT a.span, b.above FROM ways a JOIN ways b ON b.span = a.above`,
    )
    await db.run('CREATE OR REPLACE TEMP TABLE ways AS SELECT * FROM longer')
    left = await remaining()
  }
  if (left === 0) return
  const inCircle = (name: string): string =>
    `${name} IN (SELECT c.span FROM copies c WHERE c.first IN (SELECT above FROM ways))`
  await db.run(`DELETE FROM branches WHERE ${inCircle('span')} AND ${inCircle('parent')}`)
}

/** Notes the ids of spans that sum up others; an id that a call below has too is that call's. */
async function noteSummedCalls(db: Database, leaves: readonly string[]): Promise<void> {
  if (leaves.length === 0) return
  await db.run(`INSERT INTO summed_calls
    SELECT DISTINCT source, call_id FROM located WHERE row IN (SELECT unnest(rows) FROM sums WHERE is_sum)
      AND call_id IS NOT NULL AND ${isOneOf('source', leaves)}
    EXCEPT SELECT source, call_id FROM located
      WHERE state = 'call' AND span_ids IS NOT NULL AND row NOT IN (SELECT unnest(rows) FROM sums WHERE is_sum)`)
}

/**
 * Roots that are no calls and tell more tokens or money than the calls below them: the log lacks some, and what
 * these cost is told nowhere else.
 */
async function shortTraces(db: Database, leaves: readonly string[]): Promise<readonly ShortTrace[]> {
  const isRoot = `state = 'skip' AND operation IS DISTINCT FROM 'invoke_agent' AND coalesce(input_tokens, 0) + coalesce(output_tokens, 0) > 0
    AND ${isOneOf('source', leaves)} AND span NOT IN (SELECT span FROM branches)`
  const { n } = await db.one<{ n: number }>(`SELECT count(*) AS n FROM spans WHERE ${isRoot}`)
  if (n === 0) return []
  const { rows } = await db.query<ShortTrace>(`WITH RECURSIVE up(span, above) AS (
      SELECT span, span FROM spans WHERE state = 'call' AND ${isOneOf('source', leaves)} AND span NOT IN (SELECT span FROM sums WHERE is_sum)
      UNION SELECT u.span, b.parent FROM up u JOIN branches b ON b.span = u.above)
    SELECT any_value(r.input_tokens) AS root_input, any_value(r.output_tokens) AS root_output, any_value(r.reported_cost_usd) AS root_cost,
      coalesce(sum(c.input_tokens), 0) AS input, coalesce(sum(c.output_tokens), 0) AS output, sum(c.reported_cost_usd) AS cost
    FROM (SELECT * FROM spans WHERE ${isRoot}) r LEFT JOIN up u ON u.above = r.span LEFT JOIN spans c ON c.span = u.span
    GROUP BY r.span HAVING root_input > input OR root_output > output OR root_cost > cost + 0.000001
    ORDER BY root_input - input DESC, root_output - output DESC`)
  return rows
}

/** How many runs of agents tell tokens though no call below them is in the run: what they cost is told nowhere else. */
async function runsAlone(db: Database, leaves: readonly string[]): Promise<number> {
  const isRun = `state = 'skip' AND operation = 'invoke_agent' AND coalesce(input_tokens, 0) + coalesce(output_tokens, 0) > 0 AND ${isOneOf('source', leaves)}`
  const { n } = await db.one<{ n: number }>(`SELECT count(*) AS n FROM spans WHERE ${isRun}`)
  if (n === 0) return 0
  const { alone } = await db.one<{ alone: number }>(`WITH RECURSIVE climb(span) AS (
      SELECT span FROM spans WHERE state = 'call'
      UNION SELECT b.parent FROM climb c JOIN branches b ON b.span = c.span)
    SELECT count(*) AS alone FROM spans WHERE ${isRun} AND span NOT IN (SELECT span FROM climb)`)
  return alone
}

/**
 * Of a trace of which the leaves alone are calls: a call whose usage nobody counted is none where a call stands
 * below it, nor where it only looks again at one above it that was counted. What failed is no such look.
 */
async function leaveOutUncounted(db: Database, leaves: readonly string[]): Promise<void> {
  const isBare = (x: string): string =>
    `(${x}.state = 'call' AND NOT ${uses(x)} AND ${isOneOf(`${x}.source`, leaves)})`
  const { n } = await db.one<{ n: number }>(`SELECT count(*) AS n FROM spans s WHERE ${isBare('s')}`)
  if (n === 0) return
  await db.run(`CREATE OR REPLACE TEMP TABLE uncounted AS
    WITH RECURSIVE climb(span, parent) AS (
      SELECT b.span, b.parent FROM branches b JOIN spans s ON s.span = b.span WHERE s.state = 'call'
      UNION SELECT c.span, b.parent FROM climb c JOIN spans s ON s.span = c.parent JOIN branches b ON b.span = c.parent WHERE s.state <> 'call'),
    pairs AS (SELECT c.span AS lower, p.span AS upper FROM climb c JOIN spans p ON p.span = c.parent WHERE p.state = 'call' AND c.span <> c.parent)
    SELECT s.rows FROM pairs JOIN spans s ON s.span = upper WHERE ${isBare('s')}
    UNION ALL SELECT s.rows FROM pairs JOIN spans s ON s.span = lower JOIN spans p ON p.span = upper
    WHERE ${isBare('s')} AND s.status IS DISTINCT FROM 'error' AND ${uses('p')}
      AND upper NOT IN (SELECT span FROM sums WHERE is_sum)`)
  await db.run(`UPDATE staged SET state = 'skip', reason = NULL, line_hash = NULL, unread_usage = NULL
    WHERE rowid IN (SELECT unnest(rows) FROM uncounted)`)
}

const uses = (x: string): string =>
  `(${x}.state = 'call' AND (coalesce(${x}.input_tokens, 0) + coalesce(${x}.output_tokens, 0) > 0 OR coalesce(${x}.total_tokens, 0) > 0 OR coalesce(${x}.reported_cost_usd, 0) > 0))`

/** SQL: true where a span's own counts are the sum of those below it, or it names no model while they do. */
const isSum = `coalesce(CASE
    WHEN any_value(p.model) IS NULL AND count(c.model) = count(*) THEN true
    WHEN any_value(p.input_tokens) IS NOT NULL OR any_value(p.output_tokens) IS NOT NULL THEN
      coalesce(any_value(p.input_tokens), 0) = sum(coalesce(c.input_tokens, 0)) AND coalesce(any_value(p.output_tokens), 0) = sum(coalesce(c.output_tokens, 0))
    WHEN any_value(p.total_tokens) IS NOT NULL THEN any_value(p.total_tokens) = sum(c.total_tokens)
    ELSE abs(any_value(p.reported_cost_usd) - sum(c.reported_cost_usd)) <= 0.000001 END, false)`

/**
 * Lists in `replaced` the stored calls that sum up others, as a trace of this run shows, and notes their files in
 * `summed_up`: an earlier run read them without what is below them.
 */
export async function replaceSummed(db: Database, stored: StoredCalls): Promise<number> {
  await db.run('CREATE OR REPLACE TEMP TABLE summed_up (stored_row BIGINT, held BOOLEAN, file_id BIGINT)')
  const { n } = await db.one<{ n: number }>('SELECT count(*) AS n FROM summed_calls')
  if (n === 0) return 0
  await db.run(`INSERT INTO summed_up SELECT c.stored_row, c.held, c.file_id FROM ${stored.relation} c
    JOIN summed_calls s ON s.source = c.source AND s.call_id = c.plain
    WHERE NOT EXISTS (SELECT 1 FROM replaced r WHERE r.stored_row = c.stored_row AND r.held = c.held)`)
  // No staged record takes their place.
  await db.run('INSERT INTO replaced SELECT -1, stored_row, held FROM summed_up')
  return (await db.one<{ found: number }>('SELECT count(*) AS found FROM summed_up')).found
}

/** Notes in the store which files have calls that sum up others: where these are forgotten, they are read again. */
export async function bookSummed(db: Database): Promise<void> {
  if (!(await anyIn(db, 'summed_up'))) return
  await db.run(`UPDATE store.files SET imported = imported - s.n, superseded = superseded + s.n
    FROM (SELECT file_id, count(*) AS n FROM summed_up GROUP BY file_id) s WHERE files.file_id = s.file_id`)
}

/**
 * How many calls that this run brings may sum up calls of their trace that an earlier run brought, or be summed up by
 * them: who is whose parent is not kept, but a parent lasts at least as long as what is below it.
 */
export async function callsAround(
  db: Database,
  stored: StoredCalls,
  leaves: readonly string[],
): Promise<number> {
  if (!leaves.some((source) => stored.sources.includes(source))) return 0
  const within = (inner: string, outer: string): string =>
    `(${outer}.ts <= ${inner}.ts AND ${end(inner)} <= ${end(outer)})`
  const end = (x: string): string => `epoch_us(${x}.ts) + CAST(${x}.latency_ms * 1000 AS BIGINT)`
  const { n } = await db.one<{ n: number }>(`SELECT count(*) AS n FROM identified i
    WHERE ${isKept('i')} AND i.trace_id IS NOT NULL AND i.latency_ms > 0 AND i.output_tokens > 0 AND ${isOneOf('i.source', leaves)}
      AND EXISTS (SELECT 1 FROM ${stored.relation} c WHERE c.source = i.source AND c.trace_id = i.trace_id AND c.plain <> i.call_id
        AND c.latency_ms > 0 AND c.output_tokens > 0 AND (${within('i', 'c')} OR ${within('c', 'i')})
        AND NOT EXISTS (SELECT 1 FROM replaced r WHERE r.stored_row = c.stored_row AND r.held = c.held))`)
  return n
}

/** Sentences on the spans of a run. */
export function spanWords({ summing, unclear, alone, short }: Spans): string[] {
  const out: string[] = []
  if (summing > 0)
    out.push(
      counted(
        summing,
        'record sums up the calls below it in its trace and is no call',
        'records sum up the calls below them in their trace and are no calls',
      ),
    )
  if (alone > 0)
    out.push(
      `${counted(alone, 'run of an agent tells tokens, and no call of it is here: it is', 'runs of agents tell tokens, and no call of them is here: they are')} not counted; ingest the spans of their calls too`,
    )
  if (short.length > 0) out.push(shortWords(short))
  if (unclear > 0)
    out.push(
      `${counted(unclear, 'record has calls below it in its trace and more tokens than they: it counts', 'records have calls below them in their trace and more tokens than they: they count')} beside them`,
    )
  return out
}

/** `1 root of a trace tells 650,000 input and 55,401 output tokens and $0.46, the calls below it 180,000, 20,000 and $0.15: …` */
function shortWords(short: readonly ShortTrace[]): string {
  const sum = (of: (trace: ShortTrace) => number | bigint): string =>
    count(short.reduce((all, one) => all + Number(of(one)), 0))
  const money = (of: (trace: ShortTrace) => string | null): string => {
    const known = short.flatMap((one) => of(one) ?? [])
    return known.length === 0 ? '' : ` and ${usd(sumOf(known))}`
  }
  const roots = counted(short.length, 'root of a trace tells', 'roots of traces tell')
  const told = `${sum((one) => one.root_input)} input and ${sum((one) => one.root_output)} output tokens${money((one) => one.root_cost)}`
  const here = `${sum((one) => one.input)} and ${sum((one) => one.output)}${money((one) => one.cost)}`
  return `${roots} ${told}, the calls below ${plural(short.length, 'it', 'them')} that are here ${here}: the log may lack calls, and what is not here is not counted`
}
