/**
 * Keeps sketches and users of the days of pulled hours. They are taken where they add up to what the cells of these
 * hours say, call for call: a day that was counted of other hours, or while calls came in, stays out, and with it
 * the answers that would need it. The caller's transaction is that of `writeCalls`.
 */
import type { Database } from '../../db/database.js'
import { conditions, foldedPart, cellColumn, partOfCells, parts, type PartName } from '../../rollups/parts.js'
import { daysOfPulled, dropDays } from '../../rollups/pulled-hours.js'
import { sketchLabels, sketchQuantities } from '../../rollups/sketches.js'
import { hasUserPart, userPartsOfDays } from '../../rollups/user-days.js'
import { unbelievable } from '../keep.js'
import { dayOfAnswer, impossibleSketches, sketchesOfAnswer, usersOfAnswer } from './days-answer.js'

export interface DaysRequest {
  /** Temporary table with the texts of the answer. */
  readonly answer: string
  /** What `files` calls the source of the hours; undefined: whichever the days are of. */
  readonly source?: string | undefined
}

export interface KeptDays {
  readonly days: number
  /** Days that were left out, `2026-07-01`, with the reason. */
  readonly leftOut: readonly { readonly day: string; readonly reason: string }[]
}

/** @throws UserError where the answer cannot be believed */
export async function keepDays(db: Database, { answer, source }: DaysRequest): Promise<KeptDays> {
  try {
    await db.run(`CREATE OR REPLACE TEMP TABLE new_sketches AS ${sketchesOfAnswer(answer)}`)
    await db.run(`CREATE OR REPLACE TEMP TABLE new_users AS ${usersOfAnswer(answer)}`)
    await db.run(`CREATE OR REPLACE TEMP TABLE answer_days AS SELECT ts, bool_or(torn) AS torn FROM (
      SELECT ${dayOfAnswer} AS ts, count(*) <> max(CAST(day_lines AS BIGINT)) AS torn FROM ${answer} GROUP BY 1, kind = 'sketch') GROUP BY ts`)
  } catch (error) {
    throw unbelievable(error)
  }
  await assertPossible(db)
  return keepFitting(db, source)
}

const words = (list: readonly string[]): string => list.map((word) => `'${word}'`).join(', ')

async function assertPossible(db: Database): Promise<void> {
  const { n } = await db.one<{
    n: number
  }>(`SELECT count(*) AS n FROM new_sketches WHERE ${impossibleSketches}
    OR label NOT IN (${words(['total', ...sketchLabels])}) OR quantity NOT IN (${words(sketchQuantities)})`)
  if (n > 0) throw unbelievable(new Error(`${n} counts are of no calls`))
}

/** Rows of another store, as its tables have them. */
export interface RowsOfDays {
  /** FROM item with the columns of `daily_sketches`. */
  readonly sketches: string
  /** FROM item with the columns of `daily_users`. */
  readonly users: string
}

/** @throws UserError where the rows cannot be believed */
export async function keepRowsOfDays(
  db: Database,
  { sketches, users }: RowsOfDays,
  source: string,
): Promise<KeptDays> {
  await db.run(`CREATE OR REPLACE TEMP TABLE new_sketches AS SELECT ts, CAST(label AS VARCHAR) AS label, label_value,
    CAST(quantity AS VARCHAR) AS quantity, bucket, CAST(sum(bucket_calls) AS BIGINT) AS bucket_calls FROM ${sketches} GROUP BY ALL`)
  await db.run(
    `CREATE OR REPLACE TEMP TABLE new_users AS SELECT ts, user_id, ${userPartsOfDays.join(', ')} FROM ${users} GROUP BY ALL`,
  )
  await db.run(
    'CREATE OR REPLACE TEMP TABLE answer_days AS SELECT ts, false AS torn FROM new_sketches UNION SELECT ts, false FROM new_users',
  )
  await assertPossible(db)
  return keepFitting(db, source)
}

/** Keeps days under who has the hours that they add up to. @param source undefined: whoever that is */
async function keepFitting(db: Database, source: string | undefined): Promise<KeptDays> {
  const ofSource =
    source === undefined ? '' : 'AND file_id IN (SELECT file_id FROM store.main.files WHERE path = $source)'
  await db.run(
    `CREATE OR REPLACE TEMP TABLE held_days AS FROM (${daysOfPulled}) AS held
      WHERE ts IN (SELECT ts FROM answer_days WHERE NOT torn) ${ofSource}`,
    source === undefined ? {} : { source },
  )
  await db.run(`CREATE OR REPLACE TEMP TABLE held_cells AS SELECT p.file_id, date_trunc('day', h.ts) AS day, h.*
    FROM store.main.hourly_labels h JOIN store.main.pulled_hours p
      ON p.hour = epoch_us(h.ts) // 3600000000 AND (p.source IS NULL OR p.source = h.source)
    WHERE h.owner = 'cube' AND (p.file_id, date_trunc('day', h.ts)) IN (SELECT (file_id, ts) FROM held_days)`)
  await db.run(`CREATE OR REPLACE TEMP TABLE fitting_days AS SELECT min(file_id) AS file_id, ts FROM held_days
    WHERE (file_id, ts) NOT IN (${otherSketches}) AND (file_id, ts) NOT IN (${otherUsers}) GROUP BY ts`)
  await dropDays(db, 'FROM fitting_days')
  for (const [table, rows] of [
    ['daily_sketches', 'new_sketches'],
    ['daily_users', 'new_users'],
  ] as const)
    await db.run(
      `INSERT INTO store.main.${table} BY NAME SELECT n.*, 'cube' AS owner, f.file_id FROM ${rows} n JOIN fitting_days f USING (ts)`,
    )
  await keepSmall(db)
  const { n } = await db.one<{ n: number }>('SELECT count(*) AS n FROM fitting_days')
  const { rows } = await db.query<{ day: string; reason: string }>(
    `SELECT strftime(ts, '%Y-%m-%d') AS day, CASE WHEN torn THEN 'not all of its rows are there'
        WHEN ts IN (SELECT ts FROM held_days) THEN 'it adds up to something else than its hours, as calls came in or hours are others'
        ELSE 'the database has no hours of it from there' END AS reason
      FROM answer_days WHERE ts NOT IN (SELECT ts FROM fitting_days) ORDER BY ts`,
  )
  return { days: n, leftOut: rows }
}

/** At most as many rows of sketches as calls, and ten million in any case: the label with the most of them leaves. */
async function keepSmall(db: Database): Promise<void> {
  for (;;) {
    const { has, calls } = await db.one<{ has: number; calls: number }>(
      `SELECT (SELECT count(*) FROM store.main.daily_sketches WHERE file_id IS NOT NULL) AS has,
        (SELECT CAST(coalesce(sum(${cellColumn('rows')}), 0) AS BIGINT) FROM store.main.hourly_labels WHERE owner = 'cube') AS calls`,
    )
    if (has <= Math.max(10_000_000, calls)) return
    const { rows } = await db.query<{ label: string }>(
      "SELECT CAST(label AS VARCHAR) AS label FROM store.main.daily_sketches WHERE file_id IS NOT NULL AND label <> 'total' GROUP BY label ORDER BY count(*) DESC, label LIMIT 1",
    )
    const [most] = rows
    if (most === undefined) return
    await db.run(
      `DELETE FROM store.main.daily_sketches WHERE file_id IS NOT NULL AND label = '${most.label}'`,
    )
  }
}

/** Quantities of which cells know how many calls have them. */
const counted: readonly (readonly [quantity: string, part: PartName, where: string])[] = [
  ['cost_usd', 'priced_rows', conditions.call],
  ['input_tokens', 'input_rows', conditions.call],
  ['output_tokens', 'output_rows', conditions.call],
  ['answered_latency_ms', 'latency_rows', `cache_hit IS NOT TRUE AND status IS DISTINCT FROM 'error'`],
  ['hit_latency_ms', 'latency_rows', `cache_hit IS TRUE AND status IS DISTINCT FROM 'error'`],
  ['failed_latency_ms', 'latency_rows', `cache_hit IS NOT TRUE AND status = 'error'`],
  ['failed_hit_latency_ms', 'latency_rows', `cache_hit IS TRUE AND status = 'error'`],
]

/** SELECT of the days whose sketches count other calls than cells do. A label that has none in a day is not told. */
const otherSketches = ((): string => {
  const items = counted.map(
    ([quantity, part, where]) =>
      `CAST(coalesce(sum(${cellColumn(part)}) FILTER (WHERE ${where}), 0) AS BIGINT) AS ${quantity}`,
  )
  const names = counted.map(([quantity]) => quantity)
  const cells = (['total', ...sketchLabels] as const).map(
    (
      label,
    ) => `SELECT file_id, day AS ts, '${label}' AS label, ${label === 'total' ? 'NULL' : label} AS label_value, ${items.join(', ')}
    FROM held_cells GROUP BY ALL`,
  )
  const held = `SELECT file_id, ts, label, label_value, quantity, calls FROM (${cells.join(' UNION ALL ')}) UNPIVOT (calls FOR quantity IN (${names.join(', ')})) WHERE calls > 0`
  const told = `SELECT d.file_id, n.ts, label, label_value, quantity, CAST(sum(bucket_calls) AS BIGINT) AS calls
    FROM new_sketches n JOIN held_days d USING (ts) WHERE quantity IN (${words(names)}) GROUP BY ALL`
  const toldLabels = `SELECT ts, label FROM new_sketches UNION SELECT ts, 'total' FROM answer_days`
  return `SELECT (file_id, ts) FROM (((SELECT * FROM (${held}) WHERE (ts, label) IN (SELECT (ts, label) FROM (${toldLabels}))) EXCEPT ALL (${told}))
    UNION ALL ((${told}) EXCEPT ALL (${held})))`
})()

/** Parts of users that add up to those of cells. */
const summed = (Object.keys(parts) as PartName[]).filter((name) => hasUserPart(name))

/** SELECT of the days whose users do not add up to what cells do. */
const otherUsers = ((): string => {
  const held = `SELECT file_id, day AS ts, ${summed.map((name) => `${partOfCells(name)} AS ${cellColumn(name)}`).join(', ')} FROM held_cells WHERE day IN (SELECT ts FROM new_users) GROUP BY ALL`
  const told = `SELECT d.file_id, n.ts, ${summed.map((name) => `${foldedPart(name, cellColumn(name))} AS ${cellColumn(name)}`).join(', ')} FROM new_users n JOIN held_days d USING (ts) GROUP BY ALL`
  return `SELECT (file_id, ts) FROM (((${held}) EXCEPT ALL (${told})) UNION ALL ((${told}) EXCEPT ALL (${held})))`
})()
