/** Efficiency by feature, as a part of the report. */
import { dimensionOf } from '../../domain/dimensions.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import { efficiencyFindings } from '../../reports/efficiency/efficiency-findings.js'
import { weeklyEfficiencySection } from '../../reports/efficiency/efficiency-weekly.js'
import { dearModelFindings, heavyUserFindings } from '../../reports/weekly/cost-findings.js'
import type { ReportPart } from '../../reports/weekly/weekly.js'
import type { Question } from '../question.js'

/** Calls by dimension, with what the report's efficiency reads of each. */
interface EfficiencyGroups {
  /** With `weeklyEfficiencyMeasures`. */
  readonly features: readonly BreakdownRow[]
  /** With `modelMeasures`. */
  readonly models: readonly BreakdownRow[]
  /** With `userMeasures`. */
  readonly users: readonly BreakdownRow[]
}

/** Efficiency by feature in the report; asks nothing, since the tables of cost scan the same groups. */
export function efficiencyPart(
  { settings, scope: { currency } }: Question,
  groups: EfficiencyGroups,
): ReportPart {
  const { bounds } = settings.config
  const { features, models, users } = groups
  return {
    sections: [weeklyEfficiencySection(features)],
    findings: [
      ...efficiencyFindings({ by: [dimensionOf('feature')], rows: features, bounds, currency }),
      ...dearModelFindings(models, bounds, currency),
      ...heavyUserFindings(users, bounds, currency),
    ],
  }
}
