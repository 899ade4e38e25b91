/** How figures over time and growth are asked for, by `llmcost trend` and by the cost report. */
import type { Bounds } from '../domain/bounds.js'
import type { Dimension } from '../domain/dimensions.js'
import type { Scope } from '../domain/scope.js'
import { growthBlocks } from '../domain/growth.js'
import { localDate } from '../domain/time/periods.js'
import { timeline, type Every } from '../domain/time/timeline.js'
import { dimensionOf } from '../domain/dimensions.js'
import { NoRate, UserError } from '../errors.js'
import { growth } from '../metrics/growth.js'
import { emptinessOf, type MeasureName } from '../metrics/measures/registry.js'
import { trend } from '../metrics/trend.js'
import type { Finding, Section } from '../reports/report.js'
import { growthPart, noGrowth, type GrowthAnswer } from '../reports/trends/growth.js'
import { everyFor } from '../domain/time/timeline.js'
import { daysSection, soFarSection, type SoFar, type WeekBefore } from '../reports/weekly/days.js'
import { withFeatures } from '../reports/weekly/day-chart.js'
import { dayMs, instantOf, localAt } from '../domain/time/zones.js'
import type { Mark, TrendAnswer } from '../reports/trends/trend.js'
import { ask, type Question } from './question.js'

export interface TrendQuestion {
  readonly every: Every
  readonly by: readonly Dimension[]
  readonly metrics: readonly MeasureName[]
  readonly top: number
}

/** Needed for the warnings, shown or not. */
const doubtMeasures: readonly MeasureName[] = ['calls', 'unpriced_calls', 'partly_priced_calls']

/** More rows than a program would want to read. */
const mostRows = 500_000

/** @throws UserError (usage) when the window has too many buckets */
export async function askTrend(question: Question, asked: TrendQuestion): Promise<TrendAnswer> {
  const { db, scope, asOf, history } = question
  const { every, by, metrics, top } = asked
  const buckets = timeline({ ...scope, every, asOf, firstCall: history.first_ts })
  if (buckets.length * (by.length === 0 ? 1 : top + 1) > mostRows) {
    throw new UserError(`${buckets.length} ${every}s of ${top} groups are more than ${mostRows} rows`, {
      code: 'usage',
      hint: 'Choose longer buckets, fewer groups, or a later --since.',
    })
  }
  const measures = [...new Set([...metrics, ...doubtMeasures])]
  return {
    scope,
    every,
    by,
    metrics: metrics.map((name) => ({ name, empty: emptinessOf(name) })),
    buckets,
    rows: await ask(db, trend({ scope, every, by, measures, top })),
  }
}

/** Cost of the weeks before the window's end, as far back as they are whole; its beginning does not matter. */
export async function askGrowth(
  question: Question,
  by: readonly Dimension[],
  top: number,
): Promise<GrowthAnswer> {
  const { db, scope, asOf, history, settings, typed } = question
  const { bounds } = settings.config
  const until = scope.until === null ? asOf.getTime() : Date.parse(scope.until)
  const end = new Date(Math.min(until, asOf.getTime()))
  const began = history.first_ts === null ? null : localDate(history.first_ts, scope.tz)
  const weeks = growthBlocks(end, scope.tz).filter(
    ({ since }) => began !== null && since !== null && localDate(since, scope.tz) >= began,
  )
  const rows =
    weeks.length < 2 ? [] : await ask(db, growth({ scope, by, weeks, top, leastUsd: leastOf(scope, bounds) }))
  return { scope, by, weeks, rows, bounds, top, typed }
}

/** What groups beyond the first must come to; what that is in dollars is none in another currency. */
const leastOf = ({ currency }: Scope, { growth_usd: least }: Bounds): number =>
  currency === undefined ? least : 1e20

/** Features that the days are drawn by; all others are one. */
const drawnFeatures = 5

/**
 * For the cost report: the cost of each bucket of its window, beside that of the same weekday before.
 * @param marks what stood out in it, for charts
 * @param soFar calls since the window ended
 */
export async function costOverTime(
  question: Question,
  marks: readonly Mark[] = [],
  soFar?: SoFar,
): Promise<{ sections: Section[]; unrated: readonly string[] }> {
  const every = everyFor(question.scope)
  const by = [dimensionOf('feature')]
  const asked = { every, by, metrics: ['cost_usd'], top: drawnFeatures } as const
  const grouped = await askTrend(question, asked)
  const all = { ...grouped, by: [], rows: grouped.rows.filter((row) => row.is_total) }
  const unrated: string[] = []
  const before = await ratedOr(askWeekBefore(question, every), (why) =>
    unrated.push(`days are not compared with those a week before: ${why}`),
  )
  return {
    sections: [
      withFeatures(daysSection(all, marks, before), grouped),
      ...(soFar === undefined ? [] : [soFarSection(soFar)]),
    ],
    unrated,
  }
}

/**
 * An answer about days beside the window, which may have no exchange rates: undefined there.
 * @param left is told which day has none
 */
export async function ratedOr<T>(answer: Promise<T>, left: (why: string) => void): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof NoRate)) throw error
    left(error.message)
    return undefined
  }
}

/** Days and hours are compared with those seven days earlier; a week or a month with the one before. */
async function askWeekBefore(
  { db, scope, history: { first_ts: first } }: Question,
  every: Every,
): Promise<WeekBefore | undefined> {
  if (every === 'week' || every === 'month' || scope.since === null || scope.until === null) return undefined
  const { tz } = scope
  const earlier = (iso: string): string =>
    new Date(instantOf(localAt(Date.parse(iso), tz) - 7 * dayMs, tz)).toISOString()
  const window = { ...scope, since: earlier(scope.since), until: earlier(scope.until) }
  const rows = await ask(db, trend({ scope: window, every, by: [], measures: ['cost_usd'], top: 1 }))
  return {
    rows: rows.filter((row) => !row.is_window),
    firstDay: first === null ? null : localDate(first, tz),
  }
}

/** For the cost report: growth by feature, and what grows week after week; nothing without two whole weeks. */
export async function growthByFeature(
  question: Question,
  top: number,
): Promise<{ sections: Section[]; findings: Finding[] }> {
  const by = [dimensionOf('feature')]
  let missing = ''
  const answer = await ratedOr(askGrowth(question, by, top), (why) => (missing = why))
  if (answer === undefined) return { ...noGrowth(by, missing), findings: [] }
  return answer.rows.length === 0 ? { sections: [], findings: [] } : growthPart(answer)
}
