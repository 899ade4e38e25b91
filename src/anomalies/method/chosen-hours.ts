/** Hours of chosen days of chosen series beside what they normally cost: the figures of an incident. */
import type { SeriesRequest } from '../../metrics/anomalies/anomaly-hours.js'
import type { SeriesRow, SeriesDay } from '../../metrics/anomalies/judged-hours.js'
import { accountDays, usualDays } from './account-days.js'
import { CallNorms, normCalls } from './call-norms.js'
import { costHours, trailing, type CostHour } from './cost-tests.js'
import { costPatternAt } from './cost-norms.js'
import { Calendar, slotOf } from './calendar.js'
import { History } from './history.js'

/** A day of a series, and the day before which its norm was learned. */
export interface MeasuredDay extends SeriesDay {
  readonly base: number
}

/** What an hour of a series cost, and what it normally costs. USD. */
export interface NormHour {
  readonly family: number
  readonly value: string
  /** Local hour. */
  readonly hour: number
  /** An exact decimal. */
  readonly exact_usd: string
  readonly norm_usd: number
}

/** Chosen series over a span, and the account. */
export interface Chosen {
  readonly calendar: Calendar
  readonly account: History
  readonly series: ReadonlyMap<string, History>
  readonly usual: ReadonlyMap<number, number>
}

export const idOf = ({ family, value }: { readonly family: number; readonly value: string }): string =>
  `${family} ${value}`

/** @param rows of the account and of these series; undefined where there is no call at all */
export function chosenSeries(
  { span, historyDays }: SeriesRequest,
  rows: readonly SeriesRow[],
): Chosen | undefined {
  const series = new Map(rows.map((row) => [idOf(row), new History(span, row)]))
  const account = series.get(idOf({ family: 0, value: '' }))
  if (account === undefined) return undefined
  const calendar = new Calendar(span, historyDays)
  const usual = usualDays(accountDays(account, calendar), historyDays, Math.floor(span.until / 24))
  return { calendar, account, series, usual }
}

/**
 * The hours of these days, up to the end of the span. The norm is that of the days before the base: an incident of
 * some days does not teach its own norm.
 */
export function normHours({ account, series, calendar }: Chosen, wanted: readonly MeasuredDay[]): NormHour[] {
  const ofAccount = new CallNorms(account, calendar)
  const norms = new Map(
    [...series].map(([id, one]) => [
      id,
      one === account ? ofAccount : new CallNorms(one, calendar, ofAccount),
    ]),
  )
  return inOrder(wanted).flatMap(({ family, value, day, base }) => {
    const own = norms.get(idOf({ family, value }))
    const norm = own?.before(base)
    if (own === undefined || norm === undefined) return []
    return calendar.hoursOf(day).map((hour) => ({
      family,
      value,
      hour,
      exact_usd: own.history.exact(hour),
      norm_usd: normCalls(norm, slotOf(hour)) * norm.callUsd,
    }))
  })
}

/** Each once, by series and day. */
function inOrder<D extends SeriesDay>(wanted: readonly D[]): D[] {
  const days = new Map(wanted.map((one) => [`${one.day} ${idOf(one)}`, one]))
  return [...days.values()].toSorted(
    (a, b) => a.family - b.family || (a.value === b.value ? a.day - b.day : a.value < b.value ? -1 : 1),
  )
}

/** One hour with the parts of its norm by medians, and sums of the hours that end with it. USD. */
export interface SeriesHour extends NormHour {
  readonly cost_usd: number
  readonly noise_usd: number
  readonly excess_usd: number
  readonly max_cost_usd: number
  readonly square_usd: number
  readonly usual_usd: number
  readonly history_hours: number
  readonly type_median_usd: number | null
  readonly all_median_usd: number | null
  readonly day_usd: number
  readonly weekday_usd: number | null
  readonly pattern_usd: number
  readonly mean_usd: number
  readonly noise: number
  readonly growth: number
  readonly span_usd: number | null
  readonly span_norm_usd: number | null
  readonly span_noise_usd: number | null
  readonly span_max_excess_usd: number | null
  readonly span_square_usd: number | null
  /** All of the last hours have a norm and are among the chosen days. */
  readonly is_whole: boolean | null
}

/**
 * The hours of these days, up to the end of the span, by medians.
 * @param spanHours how many hours the sums reach back over: 24, or 3 for a drop
 */
export function seriesHours(
  { series, calendar, usual }: Chosen,
  wanted: readonly SeriesDay[],
  spanHours = 24,
): SeriesHour[] {
  const ordered = inOrder(wanted)
  return [...new Set(ordered.map(idOf))].flatMap((id) => {
    const history = series.get(id)
    if (history === undefined) return []
    const days = ordered.filter((one) => idOf(one) === id).map(({ day }) => day)
    const hours = costHours(history, days, calendar, usual)
    const summed = hours.filter(({ norm }) => norm.meanUsd > 0)
    return hours.map((hour) => seriesHour(history, hour, summed, spanHours))
  })
}

function seriesHour(
  history: History,
  own: CostHour,
  summed: readonly CostHour[],
  spanHours: number,
): SeriesHour {
  const { hour, norm } = own
  const pattern = costPatternAt(norm, hour)
  const at = summed.indexOf(own)
  const span = at === -1 ? undefined : trailing(history, summed, at, spanHours)
  return {
    family: history.family,
    value: history.value,
    hour,
    exact_usd: history.exact(hour),
    cost_usd: own.usd,
    norm_usd: own.normUsd,
    noise_usd: own.noiseUsd,
    excess_usd: own.excessUsd,
    max_cost_usd: history.dearest(hour),
    square_usd: history.squares(hour),
    usual_usd: own.usualUsd,
    history_hours: norm.historyHours,
    type_median_usd: pattern.ofType ?? null,
    all_median_usd: pattern.all ?? null,
    day_usd: pattern.ofDay,
    weekday_usd: pattern.ofWeekday ?? null,
    pattern_usd: pattern.usd,
    mean_usd: norm.meanUsd,
    noise: norm.noise,
    growth: norm.growth,
    span_usd: span?.usd ?? null,
    span_norm_usd: span?.normUsd ?? null,
    span_noise_usd: span?.noiseUsd ?? null,
    span_max_excess_usd: span?.maxExcessUsd ?? null,
    span_square_usd: span?.squareUsd ?? null,
    is_whole: span?.isWhole ?? null,
  }
}
