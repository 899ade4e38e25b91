/**
 * Traces: a span that sums up the calls below it is no call. Exports of traces tell who is whose parent; of
 * the spans of a run, those whose counts are those of the nearest spans with usage below them are left out.
 */
import type { Database } from '../../db/database.js'
import { counted } from '../../domain/words/plurals.js'
import { isOneOf } from '../typing/columns.js'

/** What was found of the spans of a run. */
export interface Spans {
  /** Spans that sum up others, and were left out. */
  readonly summing: number
  /** Spans with usage above others with usage, of another sum: they were kept. */
  readonly unclear: number
  /** Runs of agents with usage, and none below them. */
  readonly alone: number
}

/**
 * Marks such staged records as skipped, and those without any usage in a trace too. Needs `located`; costs
 * nothing where no file names parents.
 * @param leaves sources of whose traces the leaves alone are calls
 */
export async function leaveOutParents(db: Database, leaves: readonly string[] = []): Promise<Spans> {
  const { n } = await db.one<{ n: number }>('SELECT count(parent_span) AS n FROM located')
  if (n === 0 && leaves.length === 0) return { summing: 0, unclear: 0, alone: 0 }
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
  // Two that name each other as parents are above nobody: neither is lost by what the other says.
  await db.run(
    `DELETE FROM branches b WHERE EXISTS (SELECT 1 FROM branches c WHERE c.span = b.parent AND c.parent = b.span)`,
  )
  // The spans are compared by the few that are related: by those themselves, the engine would join all with all.
  await db.run(`CREATE OR REPLACE TEMP TABLE sums AS
    WITH RECURSIVE climb(span, parent) AS (
      SELECT b.span, b.parent FROM branches b JOIN spans s ON s.span = b.span WHERE ${uses('s')}
      UNION SELECT c.span, b.parent FROM climb c JOIN spans s ON s.span = c.parent JOIN branches b ON b.span = c.parent WHERE NOT ${uses('s')})
    SELECT p.span, any_value(p.rows) AS rows, ${isOneOf('any_value(p.source)', leaves)} OR ${isSum} AS is_sum,
      any_value(p.input_tokens) >= sum(c.input_tokens) AND any_value(p.output_tokens) >= sum(c.output_tokens) AS may_be
    FROM climb b JOIN spans p ON p.span = b.parent JOIN spans c ON c.span = b.span
    WHERE ${uses('p')} AND b.span <> b.parent GROUP BY p.span`)
  await db.run(`UPDATE staged SET state = 'skip', reason = NULL, line_hash = NULL, unread_usage = NULL
    WHERE rowid IN (SELECT unnest(rows) FROM sums WHERE is_sum) OR rowid IN (
      SELECT unnest(rows) FROM spans WHERE state = 'reject' AND reason = 'neither tokens nor a cost'
        AND (parent_span IS NOT NULL OR span IN (SELECT parent FROM branches)))`)
  await leaveOutUncounted(db, leaves)
  const found = await db.one<{ summing: number; unclear: number }>(
    `SELECT coalesce(sum(len(rows)) FILTER (WHERE is_sum), 0) AS summing,
      coalesce(sum(len(rows)) FILTER (WHERE NOT is_sum AND may_be), 0) AS unclear FROM sums`,
  )
  return { ...found, alone: await runsAlone(db, leaves) }
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

/** Sentences on the spans of a run. */
export function spanWords({ summing, unclear, alone }: Spans): string[] {
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
  if (unclear > 0)
    out.push(
      `${counted(unclear, 'record has calls below it in its trace and more tokens than they: it counts', 'records have calls below them in their trace and more tokens than they: they count')} beside them`,
    )
  return out
}
