/** Asks for what one hour of one series is judged by. */
import type { Dimension } from '../../domain/dimensions.js'
import { missingHours, type HourSpan } from '../../domain/time/hours.js'
import { reachOf } from '../../metrics/anomalies/anomalies.js'
import { seriesHours, type SeriesHourRow } from '../../metrics/anomalies/series-hours.js'
import { surpriseOfHour, type SurpriseRow } from '../../metrics/anomalies/surprise-hours.js'
import type { AnomalyOptions } from './anomalies.js'
import { ask, type Question } from '../question.js'

export interface Series {
  /** Null: all calls. */
  readonly dimension: Dimension | null
  readonly value: string
}

/** @returns one row a width; none where the hour has no norm */
export function askSurprise(
  { db, scope }: Question,
  hour: number,
  series: Series,
  { historyDays, by: asked, noiseScale, minUsd, minShare }: Omit<AnomalyOptions, 'budgets'>,
): Promise<readonly SurpriseRow[]> {
  const { dimension } = series
  const known = dimension === null || asked.some(({ key }) => key === dimension.key)
  // The bound counts all series that are judged beside this one.
  const by = known ? asked : [...asked, dimension]
  const family = dimension === null ? 0 : by.findIndex(({ key }) => key === dimension.key) + 1
  const request = {
    scope,
    span: spanUpTo(hour, historyDays, scope.tz),
    by,
    historyDays,
    noiseScale,
    minUsd,
    minShare,
  }
  return ask(db, surpriseOfHour(request, { family, value: series.value }, hour))
}

function spanUpTo(hour: number, historyDays: number, tz: string): HourSpan {
  const first = (Math.floor(hour / 24) - reachOf(historyDays)) * 24
  return { first, since: hour, until: hour + 1, missing: missingHours(first, hour + 1, tz) }
}

/** @param hour local hour; undefined is answered when it has no baseline */
export async function askBaseline(
  { db, scope }: Question,
  hour: number,
  series: Series,
  historyDays: number,
): Promise<SeriesHourRow | undefined> {
  const day = Math.floor(hour / 24)
  const span = spanUpTo(hour, historyDays, scope.tz)
  const by = series.dimension === null ? [] : [series.dimension]
  const family = by.length
  const days = [day - 1, day].map((one) => ({ family, value: series.value, day: one }))
  const rows = await ask(db, seriesHours({ scope, span, by, historyDays }, days))
  return rows.find((row) => Number(row.hour) === hour)
}
