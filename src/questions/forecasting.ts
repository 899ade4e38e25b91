/** Asks for daily costs and forecasts a period from them: for `forecast`, budgets and the report. */
import { dayMs } from '../domain/time/zones.js'
import type { Dimension } from '../domain/dimensions.js'
import { localDate } from '../domain/time/periods.js'
import type { Scope } from '../domain/scope.js'
import { addDays, periodOf, type DayRange, type PeriodName } from '../forecast/days.js'
import { forecastGroups, type GroupForecast } from '../forecast/groups.js'
import { mostDays } from '../forecast/learn.js'
import { reconciled } from '../forecast/reconcile.js'
import { beginningOf, nowOf, type Now } from '../forecast/series.js'
import { dailyCosts } from '../metrics/budgets/daily-costs.js'
import { ask, askAsOf, type Question } from './question.js'

export interface ForecastRequest {
  /** A calendar period that now is in, or any days. */
  readonly period: PeriodName | DayRange
  /** Up to when calls are known. */
  readonly now: Date
  /** ISO 8601 UTC; null: from as many days before now as the forecast learns from. */
  readonly since?: string | null
  readonly by?: readonly Dimension[]
  readonly top?: number | undefined
}

export interface AskedForecast {
  /** What was read. */
  readonly scope: Scope
  readonly now: Now
  readonly period: DayRange
  /** As many days, or the same calendar period, just before. */
  readonly before: DayRange
  /** The calls reach back to the first day of `before`. */
  readonly beforeWhole: boolean
  readonly groups: readonly GroupForecast[]
  readonly total: GroupForecast
}

/** Groups rank by what they cost in so many days. */
const rankDays = 28

/** Where only sums are at hand of what it needs, up to the beginning of the running quarter-hour. */
export const askForecast = (
  question: Pick<Question, 'db' | 'scope' | 'history'>,
  request: ForecastRequest,
): Promise<AskedForecast> => askAsOf(request.now, (now) => forecastAt(question, { ...request, now }))

async function forecastAt(
  { db, scope, history }: Pick<Question, 'db' | 'scope' | 'history'>,
  request: ForecastRequest,
): Promise<AskedForecast> {
  const { tz } = scope
  const { by = [], top, since = null } = request
  const now = nowOf(request.now, tz)
  const period = typeof request.period === 'string' ? periodOf(now.day, request.period) : request.period
  const before = daysBefore(period, request.period)
  const learnSince = since === null ? addDays(now.day, -mostDays) : localDate(since, tz)
  const from = [learnSince, before.since].toSorted()[0]!
  const read: Scope = { ...scope, since: beginningOf(from, tz), until: request.now.toISOString() }
  const query = dailyCosts({
    scope: read,
    by,
    top,
    rankSince: beginningOf(addDays(now.day, -rankDays), tz),
    clockMs: now.clockMs,
  })
  const frame = { now, period, before, since: from, learnSince, keys: by.length }
  const all = reconciled(forecastGroups(await ask(db, query), frame))
  const total = all.find(({ isTotal }) => isTotal)!
  return {
    scope: read,
    now,
    period,
    before,
    beforeWhole: history.first_ts !== null && localDate(history.first_ts, tz) <= before.since,
    groups: all.filter((group) => group !== total),
    total,
  }
}

function daysBefore(period: DayRange, name: PeriodName | DayRange): DayRange {
  if (typeof name === 'string') return periodOf(addDays(period.since, -1), name)
  const length = (Date.parse(period.until) - Date.parse(period.since)) / dayMs
  return { since: addDays(period.since, -length), until: period.since }
}
