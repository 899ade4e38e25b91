/** Rows of a trend as lines: every group with every bucket of the window, the empty ones too. */
import type { Dimension } from '../../domain/dimensions.js'
import { relativeChange } from '../../domain/growth.js'
import type { Bucket } from '../../domain/time/timeline.js'
import type { Emptiness, MeasureName } from '../../metrics/measures/registry.js'
import type { TrendRow } from '../../metrics/trend.js'
import type { Cell, Row } from '../report.js'

export interface TrendMetric {
  readonly name: MeasureName
  /** What it is in a bucket without calls. */
  readonly empty: Emptiness
}

export interface Point {
  readonly bucket: Bucket
  /** By metric. */
  readonly values: Row
  /** From the bucket before, by metric; null unless both are whole. */
  readonly changes: Row
}

export interface Line {
  /** By dimension; of the others their label. */
  readonly keys: Row
  readonly isTotal: boolean
  /** Over the whole window, by metric. */
  readonly whole: Row
  readonly points: readonly Point[]
}

interface LineRequest {
  readonly by: readonly Dimension[]
  readonly metrics: readonly TrendMetric[]
  readonly buckets: readonly Bucket[]
  readonly rows: readonly TrendRow[]
}

/** What stands in each dimension of the line that gathers all groups but the first. */
const othersLabel = '(others)'

/** In the order of the rows: groups, the others, the total. */
export function linesOf(request: LineRequest): readonly Line[] {
  const groups = new Map<string, TrendRow[]>()
  for (const row of request.rows) {
    const id = JSON.stringify([
      row.is_total,
      row.is_others,
      ...request.by.map((_, i) => textOf(row[`d${i}`])),
    ])
    const group = groups.get(id)
    if (group === undefined) groups.set(id, [row])
    else group.push(row)
  }
  const totals = new Map(
    request.rows.filter((row) => row.is_total && !row.is_window).map((row) => [row.bucket, row]),
  )
  return [...groups.values()].map((rows) => lineOf(rows, totals, request))
}

const textOf = (key: string | number | boolean | null | undefined): string | null =>
  key === null || key === undefined ? null : `${typeof key} ${String(key)}`

function lineOf(
  rows: readonly TrendRow[],
  totals: ReadonlyMap<string | null, TrendRow>,
  { by, metrics, buckets }: LineRequest,
): Line {
  const whole = rows.find((row) => row.is_window)
  const byBucket = new Map(rows.filter((row) => !row.is_window).map((row) => [row.bucket, row]))
  const valueOf = ({ name, empty }: TrendMetric, label: string): Cell => {
    const row = byBucket.get(label)
    if (row !== undefined) return row[name] ?? null
    const known = (empty === 'share' ? totals.get(label)?.[name] : whole?.[name]) ?? null
    return empty === 'none' || known === null ? null : 0
  }
  const values = buckets.map(({ label }) =>
    Object.fromEntries(metrics.map((metric): [string, Cell] => [metric.name, valueOf(metric, label)])),
  )
  return {
    keys: Object.fromEntries(
      by.map(({ key }, i): [string, Cell] => [
        key,
        whole?.is_others ? othersLabel : (whole?.[`d${i}`] ?? null),
      ]),
    ),
    isTotal: whole?.is_total ?? false,
    whole: Object.fromEntries(metrics.map(({ name }): [string, Cell] => [name, whole?.[name] ?? null])),
    points: buckets.map((bucket, i) => ({
      bucket,
      values: values[i] ?? {},
      changes: changesOf(metrics, values[i], bothWhole(bucket, buckets[i - 1]) ? values[i - 1] : undefined),
    })),
  }
}

const bothWhole = (one: Bucket, other: Bucket | undefined): boolean => one.cut === null && other?.cut === null

function changesOf(metrics: readonly TrendMetric[], now: Row | undefined, then: Row | undefined): Row {
  return Object.fromEntries(
    metrics.map(({ name }): [string, Cell] => [
      name,
      relativeChange(figure(now?.[name]), figure(then?.[name])),
    ]),
  )
}

function figure(cell: Cell | undefined): string | number | bigint | null {
  return typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'bigint' ? cell : null
}
