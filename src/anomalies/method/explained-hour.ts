/** Every term by which one hour of one series is judged by likelihood: what --explain shows of it. */
import type { Condition } from '../../domain/surprise.js'
import type { Materiality } from '../../domain/materiality.js'
import { CallNorms } from './call-norms.js'
import { idOf, type Chosen } from './chosen-hours.js'
import type { History } from './history.js'
import { judgedWidths, type Judged } from './likelihood.js'
import { expectedHours, patternOf } from './widths.js'

/** The sums over one width up to an hour, and what they are judged by. USD, calls; surprise in nats. */
export interface SurpriseRow {
  readonly width: number
  readonly exact_usd: string
  readonly cost_usd: number
  readonly norm_usd: number
  readonly paid_calls: number
  readonly norm_calls: number
  readonly prior_calls: number
  readonly all_calls: number
  readonly type_calls: number | null
  readonly weekday_calls: number | null
  readonly pattern_calls: number
  readonly growth: number
  readonly call_usd: number
  readonly unit_usd: number
  readonly usual_usd: number
  readonly history_hours: number
  readonly series_count: number
  readonly found_calls: number
  readonly expected_calls: number
  readonly found_usd: number
  readonly expected_usd: number
  readonly unit: number
  readonly calls_calibration: number
  readonly money_calibration: number
  readonly calls_surprise: number
  readonly money_surprise: number
  readonly whole_bound: number
  readonly discount: number
  readonly least_usd: number
  /** Each condition: what was measured and what it must be above. */
  readonly conditions: Readonly<Record<Condition, readonly [number, number]>>
}

/**
 * Every width of one hour of one series; no rows where it has no norm.
 * @param seriesCount series judged beside each other that day
 */
export function surpriseOfHour(
  chosen: Chosen,
  named: { readonly family: number; readonly value: string; readonly isPerson: boolean },
  hour: number,
  materiality: Materiality,
  seriesCount: number,
): SurpriseRow[] {
  const { account, calendar, usual } = chosen
  const history = chosen.series.get(idOf(named))
  if (history === undefined) return []
  const ofAccount = new CallNorms(account, calendar)
  const norms = history === account ? ofAccount : new CallNorms(history, calendar, ofAccount)
  const day = Math.floor(hour / 24)
  const hours = expectedHours(norms, [day - 1, day], calendar, usual)
  const widths = judgedWidths({ norms, hours, isPerson: named.isPerson }, hour, materiality, seriesCount)
  return widths.map((one) => surpriseRow(history, one))
}

function surpriseRow(history: History, one: Judged): SurpriseRow {
  const { term } = one
  const { last } = term
  const { norm } = last
  const pattern = patternOf(last)
  return {
    width: term.width,
    exact_usd: history.exact(last.hour),
    cost_usd: last.usd,
    norm_usd: last.normUsd,
    paid_calls: last.calls,
    norm_calls: last.normCalls,
    prior_calls: pattern.prior,
    all_calls: pattern.all,
    type_calls: pattern.ofType ?? null,
    weekday_calls: pattern.ofWeekday ?? null,
    pattern_calls: pattern.calls,
    growth: norm.growth,
    call_usd: norm.callUsd,
    unit_usd: norm.unitUsd,
    usual_usd: last.usualUsd,
    history_hours: norm.historyHours,
    series_count: one.seriesCount,
    found_calls: term.foundCalls,
    expected_calls: term.expectedCalls,
    found_usd: term.foundUsd,
    expected_usd: term.expectedUsd,
    unit: term.unit,
    calls_calibration: one.callsCalibration,
    money_calibration: one.moneyCalibration,
    calls_surprise: one.callsSurprise,
    money_surprise: one.moneySurprise,
    whole_bound: one.wholeBound,
    discount: term.discount,
    least_usd: term.leastUsd,
    conditions: one.conditions,
  }
}
