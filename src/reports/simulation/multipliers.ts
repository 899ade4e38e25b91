/** The multipliers of a log, from the naive estimate to what was paid: `llmcost simulate --multipliers`. */
import {
  compare,
  fractionOf,
  less,
  over,
  ratioNumber,
  usdText,
  zero,
  type Fraction,
} from '../../domain/costs/fraction.js'
import { fewestCalls } from '../../domain/scenarios/multipliers.js'
import type { Scope } from '../../domain/scope.js'
import { counted } from '../../domain/words/plurals.js'
import { count } from '../../domain/words/wording.js'
import type { MultipliersRow } from '../../metrics/simulation/multipliers.js'
import { column } from '../columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Report, Row } from '../report.js'

/** One step: what the calls cost without it and with it. */
interface Step {
  readonly id: string
  readonly before: string | null
  readonly after: string | null
  /** What it is measured by, or which field is not logged. */
  readonly measured: string
  /** No call logs what it is measured by: the factor is not 1, but unknown. */
  readonly unknown?: true
}

export function multipliersReport(row: MultipliersRow, scope: Scope, doubts: Doubts): Report {
  const steps = stepsOf(row)
  const naive = row.naive_usd
  const nothing = Number(doubts.calls ?? 0) === 0
  return {
    kind: 'cost_multipliers',
    title: 'What a naive estimate leaves out',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: [
      {
        id: 'multipliers',
        title: 'What a naive estimate leaves out',
        columns: [
          column('step', 'step', 'text'),
          column('factor', 'factor', 'number'),
          { ...column('added_usd', 'adds', 'usd'), signed: true },
          column('cost_usd', 'cost', 'usd'),
          { ...column('measured_by', 'measured by', 'text'), wraps: true },
        ],
        ...(nothing
          ? { rows: [], empty: emptyText(doubts) }
          : {
              rows: [
                {
                  step: 'naive estimate',
                  factor: null,
                  added_usd: null,
                  cost_usd: naive,
                  measured_by: 'each answer once, with its own words alone',
                },
                ...steps.map(stepRow),
              ],
              totals: { ...totalOf(row), cost_usd: row.actual_usd },
              notes: notesOn(row),
            }),
      },
    ],
    warnings: warningsOf(doubts),
    footer: footerOf(doubts.history),
  }
}

const exact = (value: string | null): Fraction => fractionOf(value ?? '0') ?? zero

function stepRow({ id, before, after, measured, unknown }: Step): Row {
  const [from, to] = [exact(before), exact(after)]
  return {
    step: id,
    factor: unknown || compare(from, zero) === 0 ? null : ratioNumber(over(to, from)),
    added_usd: unknown ? null : usdText(less(to, from)),
    cost_usd: after,
    measured_by: measured,
  }
}

function totalOf(row: MultipliersRow): Row {
  const [from, to] = [exact(row.naive_usd), exact(row.actual_usd)]
  return {
    factor: compare(from, zero) === 0 ? null : ratioNumber(over(to, from)),
    added_usd: usdText(less(to, from)),
  }
}

function stepsOf(row: MultipliersRow): Step[] {
  const none = (calls: number | bigint): boolean => Number(calls) === 0
  const lacks = (field: string): string => `not known: no call logs ${field}`
  const step = (
    id: string,
    [before, after]: readonly [string | null, string | null],
    measured: string,
    unknown = false,
  ): Step => ({ id, before, after, measured, ...(unknown ? { unknown: true as const } : {}) })
  return [
    step(
      'retries',
      [row.naive_usd, row.without_instructions_usd],
      none(row.outcome_calls)
        ? lacks('status or attempt')
        : `${counted(row.retry_calls, 'call')} failed or made again`,
      none(row.outcome_calls),
    ),
    step(
      'repeated instructions',
      [row.without_instructions_usd, row.without_history_usd],
      none(row.instructed_calls)
        ? `not known: no feature has ${fewestCalls} calls on a model`
        : `the smallest input of each feature on a model, in ${counted(row.instructed_calls, 'call')}`,
      none(row.instructed_calls),
    ),
    step(
      'history growth',
      [row.without_history_usd, row.production_usd],
      none(row.session_calls)
        ? lacks('session_id')
        : `input above that of the session's first call, in ${counted(row.grown_calls, 'call')}`,
      none(row.session_calls),
    ),
    step(
      'development',
      [row.production_usd, row.actual_usd],
      none(row.environment_calls)
        ? lacks('environment')
        : `${counted(row.development_calls, 'call')} outside production`,
      none(row.environment_calls),
    ),
  ]
}

function notesOn(row: MultipliersRow): string[] {
  const notes = [
    'naive × retries × repeated instructions × history growth × development = actual: each factor is measured on the calls that the one before leaves, so that the product is exact',
    'the shortest message of a feature counts as instructions, and input of later turns as history: both are upper bounds',
  ]
  if (stepsOf(row).some(({ unknown }) => unknown))
    notes.push('a factor that is not known counts as 1 here: what it stands for is in the naive estimate')
  if (Number(row.unlisted_calls) > 0)
    notes.push(
      `${count(row.unlisted_calls)} of the calls have no list price: their instructions and history cannot be parted, and stay in the naive estimate`,
    )
  return notes
}
