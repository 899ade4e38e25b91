/** How figures over time and growth are asked for, by `llmcost trend` and by the cost report. */
import type { Dimension } from '../domain/dimensions.js'
import { growthBlocks } from '../domain/growth.js'
import { localDate } from '../domain/time/periods.js'
import { timeline, type Every } from '../domain/time/timeline.js'
import { dimensionOf } from '../domain/dimensions.js'
import { UserError } from '../errors.js'
import { growth } from '../metrics/growth.js'
import { emptinessOf, type MeasureName } from '../metrics/measures/registry.js'
import { trend } from '../metrics/trend.js'
import type { Finding, Section } from '../reports/report.js'
import { growthPart, type GrowthAnswer } from '../reports/growth.js'
import { everyFor } from '../domain/time/timeline.js'
import { trendSection, type Mark, type TrendAnswer } from '../reports/trend.js'
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
  const { db, scope, asOf, history, settings } = question
  const { bounds } = settings.config
  const until = scope.until === null ? asOf.getTime() : Date.parse(scope.until)
  const end = new Date(Math.min(until, asOf.getTime()))
  const began = history.first_ts === null ? null : localDate(history.first_ts, scope.tz)
  const weeks = growthBlocks(end, scope.tz).filter(
    ({ since }) => began !== null && since !== null && localDate(since, scope.tz) >= began,
  )
  const rows =
    weeks.length < 2 ? [] : await ask(db, growth({ scope, by, weeks, top, leastUsd: bounds.growth_usd }))
  return { scope, by, weeks, rows, bounds, top }
}

/** For the cost report: the cost of each bucket of its window. @param marks what stood out in it, for charts */
export async function costOverTime(
  question: Question,
  marks: readonly Mark[] = [],
): Promise<{ sections: Section[] }> {
  const every = everyFor(question.scope)
  const answer = await askTrend(question, { every, by: [], metrics: ['cost_usd'], top: 1 })
  return { sections: [trendSection(answer, `cost_by_${every}`, marks)] }
}

/** For the cost report: growth by feature, and what grows week after week; nothing without two whole weeks. */
export async function growthByFeature(
  question: Question,
  top: number,
): Promise<{ sections: Section[]; findings: Finding[] }> {
  const answer = await askGrowth(question, [dimensionOf('feature')], top)
  return answer.rows.length === 0 ? { sections: [], findings: [] } : growthPart(answer)
}
