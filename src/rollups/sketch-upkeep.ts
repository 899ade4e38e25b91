/** Keeps `daily_sketches` as the calls are: days in which a call changed are counted anew. */
import type { Database } from '../db/database.js'
import { noteOf, sketchKey, writeNote } from './cube-note.js'
import type { ChangedDays } from './changed-days.js'
import type { Label } from './labels.js'
import { boundsFrom, boundsText } from './sketch-buckets.js'
import {
  bucketedCalls,
  quantityOfSketch,
  rareColumnOfSketch,
  sketchLabels,
  sketchNames,
  sketchPairs,
  whichOf,
  type SketchLabel,
} from './sketches.js'

/** A label with more values in a day is told by no sketch: few calls are left for each. */
const mostValues = 1000

/** At most one row a call; ten million in any case. */
const mostRows = (calls: number): number => Math.max(10_000_000, calls)

const table = 'store.main.daily_sketches'

const dayOf = (ts: string): string => `epoch_us(${ts}) // 86400000000`

export async function dropSketches(db: Database): Promise<void> {
  await db.run(`DELETE FROM ${table}`)
  await db.run(`DELETE FROM store.main.meta WHERE key = '${sketchKey}'`)
}

/** SQL: rows that can be counted anew. */
const own = "owner = 'calls'"

/** Counts all calls of the store. @param left labels that its cubes do not have */
export async function buildSketches(db: Database, left: readonly Label[]): Promise<void> {
  await db.run(`DELETE FROM ${table} WHERE ${own}`)
  await keepSmall(db, await count(db, table, { calls: 'store.main.calls', within: 'TRUE' }, left))
}

/** Counts days that changed anew, what was added to others, or all calls where there are no sketches yet. */
export async function refreshSketches(
  db: Database,
  days: ChangedDays,
  left: readonly Label[],
): Promise<void> {
  const note = await noteOf(db, 'store.main.meta', sketchKey)
  if (note === undefined) return buildSketches(db, left)
  const { within, grown } = days
  const into = grown === undefined ? table : 'counted_sketches'
  if (grown !== undefined) {
    await db.run(`CREATE OR REPLACE TEMP TABLE counted_sketches AS FROM ${table} LIMIT 0`)
    await db.run(`INSERT INTO counted_sketches FROM ${table} WHERE ${own} AND ${grown}`)
  }
  await db.run(`DELETE FROM ${table} WHERE ${own} AND ${within}`)
  const gone = await count(db, into, days, [...left, ...note.left])
  if (grown !== undefined) {
    await db.run(`INSERT INTO ${table} BY NAME SELECT * EXCLUDE (bucket_calls), CAST(sum(bucket_calls) AS BIGINT) AS bucket_calls
      FROM counted_sketches GROUP BY ALL ORDER BY ts, label, label_value, quantity, bucket`)
    await db.run('DROP TABLE counted_sketches')
  }
  await keepSmall(db, gone)
}

/** @param into table of rows @returns labels that have none */
async function count(
  db: Database,
  into: string,
  { calls, within }: Pick<ChangedDays, 'calls' | 'within'>,
  gone: readonly Label[],
): Promise<readonly SketchLabel[]> {
  const crowded = await crowdedLabels(db, within)
  const left = sketchLabels.filter((label) => gone.includes(label) || crowded.includes(label))
  for (const one of left.length === 0 ? [] : new Set([table, into]))
    await db.run(
      `DELETE FROM ${one} WHERE ${own} AND CAST(label AS VARCHAR) IN (${left.map((l) => `'${l}'`).join(', ')})`,
    )
  const pairs: readonly (readonly SketchLabel[])[] = sketchPairs.map((pair) =>
    pair.filter((label) => !left.includes(label)),
  )
  const names = await bucketCalls(db, calls, pairs)
  for (const [i, pair] of pairs.entries()) {
    // All calls together are those of any pair; the first is counted in any case.
    const labels = i === 0 ? ['total' as const, ...pair] : pair
    if (labels.length > 0) await insertPair(db, into, { i, labels, names })
  }
  for (const made of ['sketched_calls', ...pairs.map((_, i) => `sketch_keys_${i}`)])
    await db.run(`DROP TABLE ${made}`)
  return left
}

async function crowdedLabels(db: Database, within: string): Promise<readonly Label[]> {
  const counts = sketchLabels.map((label) => `count(DISTINCT ${label}) AS ${label}`).join(', ')
  const most = sketchLabels.map((label) => `coalesce(max(${label}), 0) AS ${label}`).join(', ')
  const found = await db.one<Record<Label, number>>(
    `SELECT ${most} FROM (SELECT ${counts} FROM store.main.hourly_labels WHERE ${within} GROUP BY ${dayOf('ts')})`,
  )
  return sketchLabels.filter((label) => found[label] > mostValues)
}

/** Makes `sketched_calls`: the day of each call, the number of its values of each pair, and its buckets. */
async function bucketCalls(
  db: Database,
  calls: string,
  pairs: readonly (readonly SketchLabel[])[],
): Promise<typeof sketchNames> {
  const rare = sketchNames.flatMap((name) => rareColumnOfSketch(name) ?? [])
  const found = await db.one<Readonly<Record<string, number>>>(
    `SELECT ${rare.map((column) => `count(${column}) AS ${column}`).join(', ')} FROM ${calls}`,
  )
  const names = sketchNames.filter((name) => found[rareColumnOfSketch(name) ?? ''] !== 0)
  await db.run(`CREATE OR REPLACE TEMP TABLE sketch_bounds AS SELECT * FROM ${boundsFrom('$bounds')}`, {
    bounds: boundsText,
  })
  const joins: string[] = []
  for (const [i, pair] of pairs.entries()) {
    const key = `CAST(row_number() OVER () AS INTEGER) AS key_${i}`
    await db.run(
      pair.length === 0
        ? `CREATE OR REPLACE TEMP TABLE sketch_keys_${i} AS SELECT 1 AS key_${i}`
        : `CREATE OR REPLACE TEMP TABLE sketch_keys_${i} AS SELECT *, ${key} FROM (SELECT DISTINCT ${pair.join(', ')} FROM ${calls})`,
    )
    const same = pair.map((label) => `calls.${label} IS NOT DISTINCT FROM sketch_keys_${i}.${label}`)
    joins.push(`LEFT JOIN sketch_keys_${i} ON ${same.length === 0 ? 'TRUE' : same.join(' AND ')}`)
  }
  const keep = [`CAST(${dayOf('ts')} AS INTEGER) AS day`, ...pairs.map((_, i) => `key_${i}`)]
  await db.run(
    `CREATE OR REPLACE TEMP TABLE sketched_calls AS ${bucketedCalls(names, keep, {
      calls: `${calls} AS calls ${joins.join(' ')}`,
      bounds: 'sketch_bounds',
    })}`,
  )
  await db.run('DROP TABLE sketch_bounds')
  return names
}

/** Counts by both labels of a pair at once, then by each. */
async function insertPair(
  db: Database,
  into: string,
  {
    i,
    labels,
    names,
  }: {
    readonly i: number
    readonly labels: readonly ('total' | SketchLabel)[]
    readonly names: typeof sketchNames
  },
): Promise<void> {
  const counts = names.map(
    (name) => `SELECT day, pair, ${quantityOfSketch(name, 'which')} AS quantity, bucket, bucket_calls FROM (
      SELECT day, key_${i} AS pair, ${whichOf(name)} AS which, ${name}_bucket AS bucket, count(*) AS bucket_calls
      FROM sketched_calls WHERE ${name}_bucket IS NOT NULL GROUP BY ALL)`,
  )
  await db.run(`CREATE OR REPLACE TEMP TABLE sketch_counts AS ${counts.join(' UNION ALL ')}`)
  for (const label of labels) {
    const value = label === 'total' ? 'NULL' : `sketch_keys_${i}.${label}`
    await db.run(`INSERT INTO ${into} BY NAME
      SELECT make_timestamp(CAST(day AS BIGINT) * 86400000000) AS ts, 'calls' AS owner, '${label}' AS label,
        ${value} AS label_value, quantity, bucket, CAST(sum(bucket_calls) AS BIGINT) AS bucket_calls
      FROM sketch_counts ${label === 'total' ? '' : `JOIN sketch_keys_${i} ON key_${i} = pair`}
      GROUP BY ALL ORDER BY ts, label_value, quantity, bucket`)
  }
  await db.run('DROP TABLE sketch_counts')
}

/** Where there are too many rows, labels leave: the one with the most of them first. */
async function keepSmall(db: Database, left: readonly SketchLabel[]): Promise<void> {
  const gone = [...left]
  for (;;) {
    const { n, calls } = await db.one<{ n: number; calls: number }>(
      `SELECT (SELECT count(*) FROM ${table} WHERE ${own}) AS n, (SELECT count(*) FROM store.main.calls) AS calls`,
    )
    if (n <= mostRows(calls)) break
    const { rows } = await db.query<{ label: SketchLabel }>(
      `SELECT CAST(label AS VARCHAR) AS label FROM ${table} WHERE ${own} AND label <> 'total' GROUP BY label ORDER BY count(*) DESC, label LIMIT 1`,
    )
    const [most] = rows
    if (most === undefined) break
    gone.push(most.label)
    await db.run(`DELETE FROM ${table} WHERE ${own} AND label = '${most.label}'`)
  }
  await writeNote(db, sketchKey, { left: gone })
}
