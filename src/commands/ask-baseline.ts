/** Asks for what one hour of one series is judged by. */
import type { Dimension } from '../domain/dimensions.js'
import { missingHours, type HourSpan } from '../domain/hours.js'
import { reachOf } from '../metrics/anomalies.js'
import { seriesHours, type SeriesHourRow } from '../metrics/series-hours.js'
import { ask, type Question } from './question.js'

export interface Series {
  /** Null: all calls. */
  readonly dimension: Dimension | null
  readonly value: string
}

/** @param hour local hour; undefined is answered when it has no baseline */
export async function askBaseline(
  { db, scope }: Question,
  hour: number,
  series: Series,
  historyDays: number,
): Promise<SeriesHourRow | undefined> {
  const day = Math.floor(hour / 24)
  const first = (day - reachOf(historyDays)) * 24
  const span: HourSpan = {
    first,
    since: hour,
    until: hour + 1,
    missing: missingHours(first, hour + 1, scope.tz),
  }
  const by = series.dimension === null ? [] : [series.dimension]
  const family = by.length
  const days = [day - 1, day].map((one) => ({ family, value: series.value, day: one }))
  const rows = await ask(db, seriesHours({ scope, span, by, historyDays }, days))
  return rows.find((row) => Number(row.hour) === hour)
}
