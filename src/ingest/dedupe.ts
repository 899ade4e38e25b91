/**
 * Sameness, within the run and against the store, as sets. Ids of the source: one call each; the largest
 * output wins, then the latest time, then the smallest revision id. No id: equal lines of one file are
 * distinct calls; across files the greatest multiplicity counts. File order never decides.
 */
import { loggedInput } from './cache-reading.js'
import type { Database } from '../db/database.js'

/**
 * Makes `identified` (row, source, call_id) for staged calls, and `verdicts` (row, verdict) for those that
 * are not kept: `known`, `duplicate` or `superseded`.
 */
export async function dedupeStaged(db: Database): Promise<void> {
  await db.run('CREATE TEMP TABLE verdicts (row BIGINT, verdict VARCHAR)')
  await db.run('CREATE TABLE ordinals (row BIGINT, ordinal BIGINT)')
  await numberEqualLines(db)
  await db.run(`CREATE VIEW identified AS
    SELECT l.* EXCLUDE (call_id),
      coalesce(l.call_id, '#' || l.line_hash || coalesce('-' || CAST(o.ordinal AS VARCHAR), '')) AS call_id
    FROM located l LEFT JOIN ordinals o ON l.row = o.row`)
  await db.run(
    `INSERT INTO verdicts SELECT row, 'known' FROM located WHERE known_lines > 0 AND line <= known_lines`,
  )
  await chooseAmongRepeats(db)
}

/** Second and further equal lines of one file get their number: they are calls of their own. */
async function numberEqualLines(db: Database): Promise<void> {
  const { n } = await db.one<{ n: number }>(`SELECT count(*) AS n FROM (
    SELECT 1 FROM staged WHERE line_hash IS NOT NULL GROUP BY hash(line_hash) HAVING count(*) > 1)`)
  if (n === 0) return
  await db.run(`INSERT INTO ordinals SELECT row, ordinal FROM (
      SELECT row, row_number() OVER (PARTITION BY file_no, line_hash ORDER BY row) AS ordinal FROM located
      WHERE line_hash IN (SELECT line_hash FROM staged WHERE line_hash IS NOT NULL GROUP BY 1 HAVING count(*) > 1))
    WHERE ordinal > 1`)
}

/** Columns by which copies are told apart when output, time and revision are the same. */
const content = [
  'input_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'reported_cost_usd',
  'finish_reason',
  'latency_ms',
  'ttft_ms',
  'request_model',
  'response_model',
  'user_id',
  'feature',
  'endpoint',
  'customer',
  'session_id',
  'trace_id',
  'team',
  'environment',
  'status',
  'error',
  'max_tokens',
  'temperature',
  'attempt',
  'cache_hit',
  'service_tier',
  'prompt_hash',
  'prompt_name',
  'quality_score',
  'user_feedback',
]

/** What a copy says, as a hash: the last resort, so that never the order of files decides. */
const contentHash = (alias: string): string =>
  `md5(concat_ws(chr(31), ${content.map((name) => `coalesce(CAST(${name === 'input_tokens' ? loggedInput(alias) : `${alias}.${name}`} AS VARCHAR), '')`).join(', ')}))`

/** How a call's copies rank within a run; the first is the call. */
const ranking = (alias: string): string =>
  `coalesce(${alias}.output_tokens, -1) DESC, ${alias}.ts DESC, ${alias}.revision_id ASC NULLS LAST, ${contentHash(alias)}`

async function chooseAmongRepeats(db: Database): Promise<void> {
  const { n } = await db.one<{ n: number }>(`SELECT count(*) AS n FROM (
    SELECT 1 FROM identified WHERE state = 'call' GROUP BY hash(source, call_id) HAVING count(*) > 1)`)
  if (n === 0) return
  // A copy before the chosen one was superseded by it; a copy after it says nothing new.
  await db.run(`INSERT INTO verdicts
    WITH repeated AS MATERIALIZED (
      SELECT * FROM identified WHERE state = 'call' AND row NOT IN (SELECT row FROM verdicts) AND hash(source, call_id) IN (
        SELECT hash(source, call_id) FROM identified WHERE state = 'call' GROUP BY ALL HAVING count(*) > 1)),
    ranked AS (
      SELECT i.row, first_value(i.row) OVER w AS chosen
      FROM repeated i WINDOW w AS (PARTITION BY i.source, i.call_id ORDER BY ${ranking('i')}, i.row))
    SELECT row, CASE WHEN row < chosen THEN 'superseded' ELSE 'duplicate' END FROM ranked WHERE row <> chosen`)
}

/**
 * Compares with the attached store: staged calls that it has as good or better become duplicates; those
 * that are better are listed in `replaced` (row, stored_row).
 * @param replacedFiles files whose stored calls are about to be taken out and do not count
 */
export async function dedupeAgainstStore(db: Database, replacedFiles: readonly number[]): Promise<void> {
  await db.run('CREATE OR REPLACE TEMP TABLE replaced (row BIGINT, stored_row BIGINT)')
  const { n } = await db.one<{ n: number }>('SELECT count(*) AS n FROM store.calls')
  if (n === 0) return
  const output = (alias: string): string => `coalesce(${alias}.output_tokens, -1)`
  /** The same order as `ranking`, between a staged call and a stored one. */
  const better = `CASE
      WHEN ${output('i')} <> ${output('c')} THEN ${output('i')} > ${output('c')}
      WHEN i.ts <> c.ts THEN i.ts > c.ts
      WHEN i.revision_id IS DISTINCT FROM c.revision_id THEN coalesce(i.revision_id < c.revision_id, c.revision_id IS NULL)
      ELSE ${contentHash('i')} < ${contentHash('c')} END`
  const others = replacedFiles.length === 0 ? '' : ` AND c.file_id NOT IN (${replacedFiles.join(', ')})`
  await db.run(`CREATE OR REPLACE TEMP TABLE met AS
    SELECT i.row, c.rowid AS stored_row, ${better} AS better
    FROM store.calls c JOIN identified i ON c.source = i.source AND c.call_id = i.call_id
    WHERE i.state = 'call' AND i.row NOT IN (SELECT row FROM verdicts)${others}`)
  await db.run('INSERT INTO replaced SELECT row, stored_row FROM met WHERE better')
  await db.run(`INSERT INTO verdicts SELECT row, 'duplicate' FROM met WHERE NOT better`)
}
