/** Flagged hours by the method that suits the account on each day: hour by hour, or session by session. */
import type { HourSpan } from '../domain/hours.js'
import { anomalies, type AnomalyRequest, type FlagRow } from '../metrics/anomalies.js'
import { burstyDays } from '../metrics/bursty-days.js'
import { sessionFlags, sessionReach } from '../metrics/session-flags.js'
import { ask, type Question } from './question.js'

/** The tests of hours, which sessions take the place of on bursty days. */
const hourly = new Set(['spike', 'sustained'])

/** The span with the days before it that sessions are judged by. */
export const sessionSpan = (span: HourSpan, historyDays: number): HourSpan => ({
  ...span,
  first: (Math.floor(span.since / 24) - sessionReach(historyDays)) * 24,
})

/**
 * The rows of `anomalies`, those of spikes and sustained excess on bursty days by sessions.
 */
export async function askFlags({ db }: Question, request: AnomalyRequest): Promise<readonly FlagRow[]> {
  const { span, historyDays, kinds, method } = request
  const rises = method === 'likelihood' && kinds.some((kind) => hourly.has(kind))
  if (!rises || span.since >= span.until) return ask(db, anomalies(request))
  const days = new Set((await ask(db, burstyDays(request))).map(({ day }) => Number(day)))
  if (days.size === 0) return ask(db, anomalies(request))
  const judged = Math.floor((span.until - 1) / 24) - Math.floor(span.since / 24) + 1
  const left = days.size === judged ? kinds.filter((kind) => !hourly.has(kind)) : kinds
  const rows = await ask(db, anomalies({ ...request, kinds: left }))
  const own = { ...request, span: sessionSpan(span, historyDays), days: [...days] }
  const bySession = await ask(db, sessionFlags(own))
  const others = rows.filter(
    ({ kind, hour }) => !hourly.has(kind) || !days.has(Math.floor(Number(hour) / 24)),
  )
  return [...others, ...bySession]
}
