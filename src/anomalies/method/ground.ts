/** What is asked of a window, and the account that its series are judged beside. */
import type { AnomalyRequest } from '../../metrics/anomalies/flags.js'
import type { SeriesRow } from '../../metrics/anomalies/judged-hours.js'
import { accountDays, usualDays, type AccountDay } from './account-days.js'
import { Calendar } from './calendar.js'
import { History } from './history.js'

/** The account over the span. */
export interface Ground {
  readonly request: AnomalyRequest
  readonly calendar: Calendar
  readonly account: History
  readonly days: readonly AccountDay[]
  /** By day, what the account costs on the median day before it. USD. */
  readonly usual: ReadonlyMap<number, number>
}

/** @param rows of the account; undefined where there is none */
export function groundOf(request: AnomalyRequest, rows: readonly SeriesRow[]): Ground | undefined {
  const [row] = rows
  if (row === undefined) return undefined
  const calendar = new Calendar(request.span, request.historyDays)
  const account = new History(request.span, row)
  const days = accountDays(account, calendar)
  const usual = usualDays(days, request.historyDays, Math.floor(request.span.until / 24))
  return { request, calendar, account, days, usual }
}

export const isPerson = ({ by }: AnomalyRequest, family: number): boolean => by[family - 1]?.key === 'user_id'

/** The local days of the window. */
export function judgedDays({ span }: AnomalyRequest): number[] {
  const first = Math.floor(span.since / 24)
  return Array.from({ length: Math.floor((span.until - 1) / 24) - first + 1 }, (_, i) => first + i)
}

/** The tests of medians that are asked for; beside those by likelihood, what comes to whole usual days, and falls. */
export const costKinds = ({ kinds, method }: AnomalyRequest): AnomalyRequest['kinds'] =>
  kinds.filter((kind) => kind !== 'drift' && (method === 'robust' || kind !== 'spike'))

/** The tests by likelihood that are asked for. */
export const likelyKinds = ({ kinds, method }: AnomalyRequest): AnomalyRequest['kinds'] =>
  method === 'robust' ? [] : kinds.filter((kind) => kind === 'spike' || kind === 'sustained')
