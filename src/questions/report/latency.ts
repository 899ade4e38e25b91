/** How fast calls were answered: for `latency`, and a part of the report. */
import { dimensionOf, type Dimension } from '../../domain/dimensions.js'
import { everyFor } from '../../domain/time/timeline.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import type { Sort } from '../../metrics/groups.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { latencyMeasures, latencySection, tailFindings } from '../../reports/latency/latency.js'
import { latencyOverTime, overTimeMeasures } from '../../reports/latency/latency-over-time.js'
import type { Section } from '../../reports/report.js'
import type { ReportPart } from '../../reports/weekly/weekly.js'
import { askTrend } from '../over-time.js'
import { askGroups } from '../groups.js'
import type { Question } from '../question.js'

/** Models in the report. */
const longest = 10

interface LatencyRequest {
  readonly by: readonly Dimension[]
  readonly top: number | undefined
  readonly sort?: Sort | undefined
  readonly more?: readonly MeasureName[]
}

/** Figures of latency by groups, those with most calls first. */
export function latencyRows(
  { db, scope }: Question,
  { by, top, sort, more = [] }: LatencyRequest,
): Promise<readonly BreakdownRow[]> {
  const inTime = by.some(({ kind }) => kind === 'time') && top === undefined
  const order = sort ?? (inTime ? undefined : { by: 'calls', descending: true })
  return askGroups(db, {
    scope,
    by,
    measures: [...new Set([...latencyMeasures, ...more])],
    sort: order,
    top,
  })
}

/** Latency over time, in buckets of which the window, or the log within it, has a few. */
export async function askLatencyOverTime(question: Question): Promise<Section[]> {
  const { scope, asOf, history } = question
  const every = everyFor({
    since: scope.since ?? history.first_ts,
    until: scope.until ?? asOf.toISOString(),
  })
  return latencyOverTime(await askTrend(question, { every, by: [], metrics: overTimeMeasures, top: 1 }))
}

/** Latency over time and by model in the weekly report; nothing where no call logs any. */
export async function latencyPart(question: Question): Promise<ReportPart> {
  const by = [dimensionOf('model')]
  const rows = await latencyRows(question, { by, top: longest, more: ['cost_usd'] })
  const section = latencySection('latency_by_model', by, rows)
  if (section.rows.length === 0) return { sections: [] }
  const overTime = await askLatencyOverTime(question)
  return {
    sections: [...overTime, section],
    findings: tailFindings(by, rows, question.settings.config.bounds),
  }
}
