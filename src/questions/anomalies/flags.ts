/** Flagged hours by the method that suits the account on each day: hour by hour, or session by session. */
import type { HourSpan } from '../../domain/time/hours.js'
import type { AnomalyRequest, FlagRow } from '../../metrics/anomalies/flags.js'
import { burstyDays } from '../../metrics/anomalies/bursty-days.js'
import type { SeriesRequest } from '../../metrics/anomalies/anomaly-hours.js'
import type { Whole } from '../../metrics/query.js'
import type { SeriesDay } from '../../metrics/anomalies/judged-hours.js'
import type { NormHour } from '../../anomalies/method/chosen-hours.js'
import { sessionFlags, sessionNorms, sessionReach } from '../../metrics/anomalies/session-flags.js'
import { ask, type Question } from '../question.js'
import { askJudged } from './judged.js'

/** The tests of hours, which sessions take the place of on bursty days. */
const hourly = new Set(['spike', 'sustained'])

/** The span with the days before it that sessions are judged by. */
const sessionSpan = (span: HourSpan, historyDays: number): HourSpan => ({
  ...span,
  first: (Math.floor(span.since / 24) - sessionReach(historyDays)) * 24,
})

/** What was asked of one open database, by scope and span. */
const known = new WeakMap<Question, Map<string, Promise<ReadonlySet<number>>>>()

/** The bursty local days of a span: one scan of the calls for flags, their norms, and every rule of a check. */
function askBursty(
  question: Question,
  { scope, span, historyDays }: SeriesRequest,
): Promise<ReadonlySet<number>> {
  const answers = known.get(question) ?? new Map<string, Promise<ReadonlySet<number>>>()
  known.set(question, answers)
  const key = JSON.stringify([scope, span, historyDays])
  const days =
    answers.get(key) ??
    ask(question.db, burstyDays({ scope, span, historyDays, by: [] })).then(
      (rows) => new Set(rows.map(({ day }) => Number(day))),
    )
  answers.set(key, days)
  return days
}

/**
 * The rows of `anomalies`, those of spikes and sustained excess on bursty days by sessions.
 */
export async function askFlags(question: Question, request: AnomalyRequest): Promise<readonly FlagRow[]> {
  const { db } = question
  const { span, historyDays, kinds, method } = request
  const rises = method === 'likelihood' && kinds.some((kind) => hourly.has(kind))
  if (!rises || span.since >= span.until) return askJudged(db, request)
  const days = await askBursty(question, request)
  if (days.size === 0) return askJudged(db, request)
  const judged = Math.floor((span.until - 1) / 24) - Math.floor(span.since / 24) + 1
  const left = days.size === judged ? kinds.filter((kind) => !hourly.has(kind)) : kinds
  const rows = await askJudged(db, { ...request, kinds: left })
  const own = { ...request, span: sessionSpan(span, historyDays), days: [...days] }
  const bySession = await ask(db, sessionFlags(own))
  const others = rows.filter(
    ({ kind, hour }) => !hourly.has(kind) || !days.has(Math.floor(Number(hour) / 24)),
  )
  return [...others, ...bySession]
}

/** Hours of chosen days with the norm by which they were judged: on bursty days, that of sessions. */
export async function withSessionNorms(
  question: Question,
  request: SeriesRequest,
  wanted: readonly SeriesDay[],
  rows: readonly NormHour[],
): Promise<readonly NormHour[]> {
  const { span, historyDays } = request
  const { db } = question
  const bursty = await askBursty(question, request)
  const chosen = wanted.filter(({ day }) => bursty.has(day))
  if (chosen.length === 0) return rows
  const days = [...new Set(chosen.map(({ day }) => day))]
  const own = {
    ...request,
    span: sessionSpan(span, historyDays),
    days,
    kinds: [],
    noiseScale: 1,
    minShare: 0,
  }
  const norms = await ask(db, sessionNorms(own, chosen))
  const keyOf = (row: { family: number; value: string; hour: Whole }): string =>
    JSON.stringify([row.family, row.value, Number(row.hour)])
  const found = new Map(norms.map((row) => [keyOf(row), row.norm_usd]))
  return rows.map((row) => ({ ...row, norm_usd: found.get(keyOf(row)) ?? row.norm_usd }))
}
