/** Asks for the hours that may be abnormal, and judges them. */
import { chosenSeries, type Chosen } from '../../anomalies/method/chosen-hours.js'
import { likelihoodFlags } from '../../anomalies/method/likelihood.js'
import { leastDays, leastOfDay } from '../../anomalies/method/candidates.js'
import { groundOf, type Ground } from '../../anomalies/method/ground.js'
import { inOrder, judgementOf } from '../../anomalies/method/judging.js'
import type { AnomalyRequest, FlagRow } from '../../metrics/anomalies/flags.js'
import type { SeriesRequest } from '../../metrics/anomalies/anomaly-hours.js'
import {
  accountHours,
  loudSeries,
  namedSeries,
  seriesCounts,
  type SeriesRow,
  type SeriesName,
} from '../../metrics/anomalies/judged-hours.js'
import { ask } from '../question.js'
import type { Database } from '../../db/database.js'

/** Every flag of the window, the series that began to cost in it, and the account's own row where it has calls. */
export async function askJudged(db: Database, request: AnomalyRequest): Promise<readonly FlagRow[]> {
  const ground = groundOf(request, await ask(db, accountHours(request)))
  if (ground === undefined) return []
  const { rows, loud } = judgementOf(ground, await hoursOfSeries(db, ground))
  if (loud.length === 0) return inOrder(rows)
  const days = new Set(loud.flatMap(({ hours }) => hours.map(({ norm }) => norm.day)))
  const counts = await ask(db, seriesCounts(request, [...days]))
  const count = new Map(counts.map(({ day, series_count }) => [Number(day), Number(series_count)]))
  const flags = loud.flatMap((series) => likelihoodFlags(series, request.span.since, request, count))
  return inOrder([...rows, ...flags.filter(({ kind }) => request.kinds.some((one) => one === kind))])
}

/** Where nothing may be flagged, nothing is asked. */
async function hoursOfSeries(db: Database, ground: Ground): Promise<readonly SeriesRow[]> {
  const { request } = ground
  const [days, ofDay] = [leastDays(ground), leastOfDay(ground)]
  if (request.by.length === 0 || (days.length === 0 && ofDay === undefined)) return []
  return ask(db, loudSeries(request, days, ofDay))
}

/** These series and the account over the span; undefined where there is no call at all. */
export async function askChosen(
  db: Database,
  request: SeriesRequest,
  names: readonly SeriesName[],
): Promise<Chosen | undefined> {
  return chosenSeries(request, await ask(db, namedSeries(request, names)))
}
