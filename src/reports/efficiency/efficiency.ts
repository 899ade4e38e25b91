/** What calls carry, what limits them, and what their answers cost: the sections of `llmcost efficiency`. */
import { gravestFirst } from '../../domain/rules/severity.js'
import type { Bounds } from '../../domain/bounds.js'
import { dimensionNoun, type Dimension } from '../../domain/dimensions.js'
import type { Scope } from '../../domain/scope.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import type { SessionRow } from '../../metrics/sessions.js'
import { groupSection } from '../breakdown.js'
import { endedSo, finishNotes } from './finish-reasons.js'
import { column } from '../columns.js'
import { dearModelFindings, heavyUserFindings, retryFindings } from '../weekly/cost-findings.js'
import { efficiencyFindings } from './efficiency-findings.js'
import { withGroupColumns, withoutEmptyColumns } from '../group-columns.js'
import { emptyText, footerOf, unheldBounds, warningsOf, type Doubts } from '../notes.js'
import type { Column, Report, Section } from '../report.js'

/** Tokens a call, and what is made of them. */
const tokenMeasures = [
  'calls',
  'mean_input_tokens',
  'p95_input_tokens',
  'p95_input_over_mean',
  'mean_output_tokens',
  'p95_output_tokens',
  'mean_output_input_ratio',
  'output_input_ratio',
  'truncation_rate',
  'context_exceeded_rate',
  'p50_output_of_max_tokens',
  'p95_output_of_max_tokens',
] as const satisfies readonly MeasureName[]

/** What results cost; sessions stand beside them. */
const costMeasures = [
  'cost_usd',
  'mean_cost_usd',
  'cost_per_1k_output_usd',
  'cost_per_successful_call_usd',
  'later_attempt_calls',
  'later_attempt_cost_usd',
] as const satisfies readonly MeasureName[]

const repeatedMeasures = [
  'sent_input_calls',
  'repeated_input_tokens',
  'repeated_input_share',
  'repeated_input_cost_usd',
] as const satisfies readonly MeasureName[]

const finishMeasures = [
  'finish_reason_calls',
  'no_finish_reason_calls',
  'stop_rate',
  'truncation_rate',
  'context_exceeded_rate',
  'tool_calls_rate',
  'content_filter_rate',
  'error_finish_rate',
  'other_finish_rate',
] as const satisfies readonly MeasureName[]

/** Everything that sections show, in one scan. */
export const efficiencyMeasures: readonly MeasureName[] = [
  ...new Set<MeasureName>([...tokenMeasures, ...costMeasures, ...repeatedMeasures, ...finishMeasures]),
]

interface EfficiencyTable {
  readonly by: readonly Dimension[]
  readonly rows: readonly BreakdownRow[]
  readonly sessions: readonly SessionRow[]
  /** Figures that were left out. */
  readonly untold: readonly MeasureName[]
  /** A figure sorted by is shown, whatever it is. */
  readonly added: readonly MeasureName[]
}

interface EfficiencyAnswer extends EfficiencyTable {
  readonly scope: Scope
  /** Columns asked for by name: one table in the place of the sections. */
  readonly chosen: readonly MeasureName[] | undefined
  readonly models: readonly BreakdownRow[]
  readonly users: readonly BreakdownRow[]
  readonly bounds: Bounds
  readonly doubts: Doubts
}

export function efficiencyReport(answer: EfficiencyAnswer): Report {
  const { scope, by, chosen, rows, models, users, bounds, doubts } = answer
  const { currency } = scope
  const title = titled('Efficiency', by)
  const empty = emptyText(doubts)
  const sections =
    chosen === undefined
      ? efficiencySections(answer)
      : [groupSection({ id: 'efficiency', title, by, measures: chosen, shown: 'always' }, rows)]
  const findings = [
    ...efficiencyFindings({ by, rows, bounds, currency }),
    ...retryFindings(rows, bounds, doubts),
    ...dearModelFindings(models, bounds, currency),
    ...heavyUserFindings(users, bounds, currency),
  ]
  const [first] = sections
  const none = Number(doubts.calls ?? 0) === 0 && first !== undefined
  return {
    kind: 'efficiency',
    title,
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: none ? [{ id: first.id, title, columns: first.columns, rows: [], empty }] : sections,
    findings: findings.toSorted(gravestFirst),
    warnings: warningsOf(doubts),
    footer: [
      ...footerOf(doubts.history),
      ...unheldBounds(['mean_cost_usd', 'dear_model_cost_per_1k_usd'], currency),
    ],
  }
}

const titled = (title: string, by: readonly Dimension[]): string =>
  by.length === 0 ? title : `${title} by ${by.map(dimensionNoun).join(' and ')}`

function efficiencySections(table: EfficiencyTable): Section[] {
  const { by, rows, sessions, added, untold } = table
  const isTold = (name: MeasureName): boolean => !untold.includes(name)
  const section = (id: string, title: string, measures: readonly MeasureName[]): Section =>
    withoutEmptyColumns(
      groupSection({ id, title: titled(title, by), by, measures: measures.filter(isTold) }, rows),
    )
  const finish = section('finish_reasons', 'Why calls ended', finishMeasures)
  return [
    {
      ...section('efficiency', 'Efficiency', [...new Set([...tokenMeasures, ...added])]),
      notes: ['out/in is the mean of the ratios of the calls, sum out/in the ratio of the sums'],
    },
    withGroupColumns(
      section('cost_of_results', 'Cost of results', costMeasures),
      by,
      rows,
      sessions,
      sessionColumns,
    ),
    ...(isTold('repeated_input_share')
      ? [
          {
            ...section('repeated_input', 'Input that repeats', repeatedMeasures),
            notes: ['repeated input: the tokens that 19 of 20 calls sent to a provider carry at least'],
          },
        ]
      : []),
    { ...finish, columns: finish.columns.map(endedSo(rows)), notes: finishNotes(rows) },
  ]
}

const sessionColumns: readonly Column[] = [
  column('sessions', 'sessions', 'count', 4),
  column('mean_session_calls', 'calls a session', 'number', 5),
  column('mean_session_cost_usd', 'mean session', 'usd', 1),
  column('p50_session_cost_usd', 'p50 session', 'usd', 5),
  column('p95_session_cost_usd', 'p95 session', 'usd', 1),
  column('max_session_cost_usd', 'max session', 'usd', 5),
]
