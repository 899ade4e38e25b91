/** Asks for what one hour of one series is judged by. */
import type { Dimension } from '../../domain/dimensions.js'
import { missingHours, type HourSpan } from '../../domain/time/hours.js'
import { reachOf } from '../../metrics/anomalies/flags.js'
import { seriesHours, type SeriesHour } from '../../anomalies/method/chosen-hours.js'
import { surpriseOfHour, type SurpriseRow } from '../../anomalies/method/explained-hour.js'
import { seriesCounts } from '../../metrics/anomalies/judged-hours.js'
import type { AnomalyOptions } from './anomalies.js'
import { ask, type Question } from '../question.js'
import { askChosen } from './judged.js'

export interface Series {
  /** Null: all calls. */
  readonly dimension: Dimension | null
  readonly value: string
}

/** @returns one row a width; none where the hour has no norm */
export async function askSurprise(
  question: Question,
  hour: number,
  series: Series,
  { historyDays, by: asked, noiseScale, minUsd, minShare }: Omit<AnomalyOptions, 'budgets'>,
): Promise<readonly SurpriseRow[]> {
  const { db, scope } = question
  const { dimension, value } = series
  const known = dimension === null || asked.some(({ key }) => key === dimension.key)
  // The bound counts all series that are judged beside this one.
  const by = known ? asked : [...asked, dimension]
  const family = dimension === null ? 0 : by.findIndex(({ key }) => key === dimension.key) + 1
  const request = { scope, span: spanUpTo(hour, historyDays, scope.tz), by, historyDays }
  const chosen = await askChosen(question.db, request, [{ family, value }])
  if (chosen === undefined) return []
  const [count] = await ask(db, seriesCounts(request, [Math.floor(hour / 24)]))
  const named = { family, value, isPerson: dimension?.key === 'user_id' }
  const materiality = { noiseScale, minUsd, minShare }
  return surpriseOfHour(chosen, named, hour, materiality, Number(count?.series_count ?? 1))
}

function spanUpTo(hour: number, historyDays: number, tz: string): HourSpan {
  const first = (Math.floor(hour / 24) - reachOf(historyDays)) * 24
  return { first, since: hour, until: hour + 1, missing: missingHours(first, hour + 1, tz) }
}

/** @param hour local hour; undefined is answered when it has no baseline */
export async function askBaseline(
  question: Question,
  hour: number,
  series: Series,
  historyDays: number,
): Promise<SeriesHour | undefined> {
  const { scope } = question
  const day = Math.floor(hour / 24)
  const span = spanUpTo(hour, historyDays, scope.tz)
  const by = series.dimension === null ? [] : [series.dimension]
  const family = by.length
  const days = [day - 1, day].map((one) => ({ family, value: series.value, day: one }))
  const chosen = await askChosen(question.db, { scope, span, by, historyDays }, days)
  return chosen && seriesHours(chosen, days).find((row) => row.hour === hour)
}
