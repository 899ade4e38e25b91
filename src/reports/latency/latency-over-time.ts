/** How latency went over the window: in the cost report, and beside `llmcost latency`. */
import type { MeasureName } from '../../metrics/measures/registry.js'
import type { Column, Section } from '../report.js'
import { trendSection, type TrendAnswer } from '../trends/trend.js'

const slowestMeasure = 'p95_provider_latency_ms'
const usualMeasure = 'p50_provider_latency_ms'

/** What is asked of each bucket: the slowest of twenty calls first, which is what its chart is about. */
export const overTimeMeasures: readonly MeasureName[] = [slowestMeasure, usualMeasure]

/**
 * A row a bucket, drawn as lines; none where no call that a provider answered logs its latency.
 * @param answer of the measures above, without groups
 */
export function latencyOverTime(answer: TrendAnswer): Section[] {
  const { every, rows } = answer
  const total = rows.find((row) => row.is_total && row.is_window)
  if ((total?.[slowestMeasure] ?? null) === null) return []
  const id = `latency_by_${every}`
  const { shownColumns = [], chart, ...section } = trendSection(answer, id)
  return [
    {
      ...section,
      title: `Latency by ${every}`,
      columns: section.columns.map(named),
      shownColumns: shownColumns.filter(({ key }) => key !== `${usualMeasure}_change`).map(named),
      ...(chart && { chart: { ...chart, expected: usualMeasure } }),
    },
  ]
}

const titles: Readonly<Record<string, string>> = {
  [slowestMeasure]: 'provider p95',
  [`${slowestMeasure}_change`]: 'change',
  [usualMeasure]: 'provider p50',
  [`${usualMeasure}_change`]: 'change of p50',
}

const named = (column: Column): Column => ({ ...column, title: titles[column.key] ?? column.title })
