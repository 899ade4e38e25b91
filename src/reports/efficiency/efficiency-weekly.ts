/** Efficiency by feature in the weekly report. */
import { dimensionOf } from '../../domain/dimensions.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { groupSection } from '../breakdown.js'
import { judgedMeasures } from './efficiency-findings.js'
import { endedSo, finishNotes } from './finish-reasons.js'
import type { Section } from '../report.js'

/** The columns of the weekly report: what fits beside the tables of cost. */
const weeklyShown = [
  'calls',
  'mean_input_tokens',
  'p95_input_tokens',
  'mean_output_tokens',
  'p95_output_tokens',
  'mean_output_input_ratio',
  'truncation_rate',
  'context_exceeded_rate',
  'p95_output_of_max_tokens',
  'cost_per_1k_output_usd',
  'error_rate',
] as const satisfies readonly MeasureName[]

/** What the weekly report asks of features, for the table and what is said of it. */
export const weeklyEfficiencyMeasures: readonly MeasureName[] = [
  ...new Set<MeasureName>([...weeklyShown, ...judgedMeasures, 'no_finish_reason_calls']),
]

export function weeklyEfficiencySection(features: readonly BreakdownRow[]): Section {
  const by = [dimensionOf('feature')]
  const measures = weeklyShown.filter((name) => features.some((row) => (row[name] ?? null) !== null))
  const section = groupSection(
    { id: 'efficiency_by_feature', title: 'Efficiency by feature', by, measures },
    features,
  )
  const silent = features.every((row) => row.truncation_rate === null)
  return {
    ...section,
    columns: section.columns.map(endedSo(features)),
    notes: silent ? [] : finishNotes(features),
  }
}
