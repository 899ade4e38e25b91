/**
 * Which quantiles are read from sketches, and how. A question of many calls is told by them where it asks for all
 * calls or for one of their labels, with filters on that label alone, and days, where it asks for any, are UTC's.
 * What else it asks for does not matter: its other figures are those of cells or calls, as without sketches.
 */
import { filterDimension, type Dimension, type TimeBucket } from '../domain/dimensions.js'
import type { Scope } from '../domain/scope.js'
import { isUtc } from '../domain/time/zones.js'
import { timestampText } from '../domain/words/quoting.js'
import { boundsFrom, boundsText } from './sketch-buckets.js'
import {
  bucketedCalls,
  quantityOfSketch,
  sketchedQuantity,
  sketchLabels,
  sketchesOf,
  whichOf,
  type SketchLabel,
} from './sketches.js'

const dayMs = 86_400_000

/** Buckets of time that are made of whole days. */
const ofDays: ReadonlySet<TimeBucket> = new Set(['day', 'week', 'month', 'weekday'])

export interface AskedOfDays {
  readonly scope: Scope
  readonly by: readonly Dimension[]
  /** Buckets that it cuts time into, beside those among its dimensions. */
  readonly every?: TimeBucket | undefined
}

/** The label whose sketches answer it, or all calls together; undefined where none do. */
export function sketchLabelOf(asked: AskedOfDays): SketchLabel | 'total' | undefined {
  const columns = columnsOfDays(asked)
  if (columns === undefined || columns.size > 1) return undefined
  const [column] = columns
  return column === undefined ? 'total' : sketchLabels.find((label) => label === column)
}

/** The columns that a question groups and filters by, where UTC days tell its times; else undefined. */
export function columnsOfDays({
  scope,
  by,
  every,
}: AskedOfDays): ReadonlySet<string | undefined> | undefined {
  const buckets = [every, ...by.map((one) => (one.kind === 'time' ? one.bucket : undefined))].filter(
    (bucket) => bucket !== undefined,
  )
  if (buckets.length > 0 && !(isUtc(scope.tz) && buckets.every((bucket) => ofDays.has(bucket))))
    return undefined
  return new Set([
    ...by.filter(({ kind }) => kind !== 'time').map(labelKey),
    ...scope.filters.map(({ dimension }) => labelKey(filterDimension(dimension))),
  ])
}

/** The column that a dimension is made of; undefined where it is no column. */
function labelKey(dimension: Dimension): string | undefined {
  if (dimension.kind === 'group') return labelKey(dimension.of)
  return dimension.kind === 'column' ? dimension.key : undefined
}

/** What sketches add to what a statement reads, and what it asks of them. */
export interface SketchGrain {
  /** A condition: the row is one of what the question reads besides. */
  readonly isOther: string
  /** A query of the quantiles of groups: the keys, and a list `<quantity>_quantiles` of each. */
  readonly quantiles: (request: SketchedGroups) => string
}

export interface SketchedGroups {
  /** FROM item with the rows of the sketches among its own. */
  readonly from: string
  /** Select items of the keys, each with its name. */
  readonly keys: readonly { readonly name: string; readonly sql: string }[]
  /** What to group by: sets of names. */
  readonly sets: readonly (readonly string[])[]
  /** The quantiles asked of each quantity. */
  readonly lists: ReadonlyMap<string, readonly number[]>
}

export const sketchGrain: SketchGrain = {
  isOther: 'sketch_bucket IS NULL',
  quantiles: quantilesOf,
}

/**
 * Rows of sketches beside those of another FROM item: `sketch_quantity`, `sketch_bucket` and `sketch_calls`, NULL in
 * the others. Of days in which a moment of the question lies, the calls one by one, each in its bucket.
 */
export function withSketches(
  from: string,
  label: SketchLabel | 'total',
  quantities: readonly string[],
  moments: readonly string[],
): { readonly from: string; readonly params: Readonly<Record<string, string>> } {
  const stored = [...new Set(quantities.flatMap((one) => sketchedQuantity(one)?.quantities ?? []))]
  const cut = cutDays(moments)
  const params = { sketch_bounds: boundsText, ...cut.params }
  const conditions = [
    `label = '${label}'`,
    `quantity IN (${stored.map((one) => `'${one}'`).join(', ')})`,
    ...cut.others,
  ]
  const value = label === 'total' ? '' : `label_value AS ${label}, `
  const days = `SELECT ts, ${value}CAST(quantity AS VARCHAR) AS sketch_quantity, bucket AS sketch_bucket, bucket_calls AS sketch_calls
    FROM daily_sketches WHERE ${conditions.join(' AND ')}`
  const keep = label === 'total' ? ['ts'] : ['ts', label]
  const calls = { calls: `calls WHERE ${cut.within.join(' OR ')}`, bounds: boundsFrom('$sketch_bounds') }
  const ones = (cut.within.length === 0 ? [] : sketchesOf(stored)).map(
    (name) => `SELECT ${keep.join(', ')}, ${quantityOfSketch(name, whichOf(name))} AS sketch_quantity,
      ${name}_bucket AS sketch_bucket, CAST(1 AS BIGINT) AS sketch_calls
    FROM (${bucketedCalls([name], keep, calls)}) WHERE ${name}_bucket IS NOT NULL`,
  )
  return {
    from: `(${[`SELECT * FROM ${from}`, days, ...ones].join(' UNION ALL BY NAME ')}) AS calls`,
    params,
  }
}

interface CutDays {
  /** Conditions: a call is of one of them. */
  readonly within: readonly string[]
  /** Conditions: a day is none of them. */
  readonly others: readonly string[]
  readonly params: Readonly<Record<string, string>>
}

/** The UTC days within which moments lie. */
export function cutDays(moments: readonly string[]): CutDays {
  const days = [...new Set(moments.filter((iso) => !beginsDay(iso)).map(dayOf))]
  const ends = days.flatMap((day, i): [string, string][] => [
    [`cut_day_${i}`, timestampText(new Date(day * dayMs).toISOString())],
    [`cut_day_end_${i}`, timestampText(new Date((day + 1) * dayMs).toISOString())],
  ])
  return {
    within: days.map(
      (_, i) => `(ts >= CAST($cut_day_${i} AS TIMESTAMP) AND ts < CAST($cut_day_end_${i} AS TIMESTAMP))`,
    ),
    others: days.map((_, i) => `ts <> CAST($cut_day_${i} AS TIMESTAMP)`),
    params: Object.fromEntries(ends),
  }
}

const dayOf = (iso: string): number => Math.floor(Date.parse(iso) / dayMs)

/** What lies below a millisecond is lost in a Date, and so is looked for in the text. */
const beginsDay = (iso: string): boolean => Date.parse(iso) % dayMs === 0 && !/\.\d*[1-9]/.test(iso)

/** Between the two neighbours of its rank, as an exact quantile is: of values in the middle of their buckets. */
function quantilesOf({ from, keys, sets, lists }: SketchedGroups): string {
  const names = keys.map(({ name }) => name)
  const parted = [...names, 'of'].join(', ')
  const told = [...lists.keys()].flatMap((of) => {
    const { quantities, unitsInOne } = sketchedQuantity(of)!
    return quantities.map((quantity) => `('${of}', '${quantity}', CAST(${unitsInOne} AS DOUBLE))`)
  })
  const items = [...lists].map(
    ([of, at]) => `[${at.map((one) => interpolated(of, one)).join(', ')}] AS ${of}_quantiles`,
  )
  const groups = sets.map((set) => `(${[...set, 'sketch_quantity', 'sketch_bucket'].join(', ')})`)
  return /* sql */ `
    WITH bucket_sums AS (
      SELECT ${[...keys.map(({ name, sql }) => `${sql} AS ${name}`), 'sketch_quantity', 'sketch_bucket'].join(', ')}, sum(sketch_calls) AS calls
      FROM ${from} WHERE sketch_bucket IS NOT NULL GROUP BY GROUPING SETS (${groups.join(', ')})
    ), sums AS (
      SELECT ${[...names, 'told.of', 'sketch_bucket'].join(', ')}, any_value(units_in_one) AS units_in_one, sum(calls) AS calls
      FROM bucket_sums JOIN (VALUES ${told.join(', ')}) AS told(of, quantity, units_in_one) ON told.quantity = sketch_quantity
      GROUP BY ${[...names, 'told.of', 'sketch_bucket'].join(', ')}
    ), ranked AS (
      SELECT ${parted}, middle / units_in_one AS value,
        sum(calls) OVER (PARTITION BY ${parted} ORDER BY sketch_bucket) AS upto,
        CAST(sum(calls) OVER (PARTITION BY ${parted}) AS DOUBLE) - 1 AS last_rank
      FROM sums JOIN ${boundsFrom('$sketch_bounds')} AS bounds ON bounds.bucket = sketch_bucket
    )
    SELECT ${[...names, ...items].join(', ')} FROM ranked${names.length === 0 ? '' : ` GROUP BY ${names.join(', ')}`}`
}

function interpolated(of: string, at: number): string {
  const rank = `last_rank * ${at}`
  const valueAt = (position: string): string =>
    `min(value) FILTER (WHERE of = '${of}' AND upto > ${position}(${rank}))`
  const rest = `max(${rank} - floor(${rank})) FILTER (WHERE of = '${of}')`
  return `${valueAt('floor')} + (${valueAt('ceil')} - ${valueAt('floor')}) * ${rest}`
}
