/** Asks for what one hour of one series is judged by on a bursty day. */
import { missingHours, type HourSpan } from '../../domain/time/hours.js'
import { burstyDays } from '../../metrics/anomalies/bursty-days.js'
import { sessionReach, sessionTerms, type SessionTermRow } from '../../metrics/anomalies/session-flags.js'
import type { AnomalyOptions } from './anomalies.js'
import type { Series } from './baseline.js'
import { ask, type Question } from '../question.js'

interface SessionTerms {
  /** Of the account's calls an hour, beyond chance. */
  readonly dispersion: number
  /** By the hours that they reach back over; none where the series has no history. */
  readonly rows: readonly SessionTermRow[]
}

/**
 * @param hour local hour
 * @returns undefined where hours are judged by calls: on other days, and by other methods
 */
export async function askSessionTerms(
  { db, scope }: Question,
  hour: number,
  { dimension, value }: Series,
  { by: members, historyDays, noiseScale, minShare, method, kinds }: Omit<AnomalyOptions, 'budgets'>,
): Promise<SessionTerms | undefined> {
  if (method !== 'likelihood') return undefined
  const first = (Math.floor(hour / 24) - sessionReach(historyDays)) * 24
  const missing = missingHours(first, hour + 1, scope.tz)
  const span: HourSpan = { first, since: hour, until: hour + 1, missing }
  // All series of the search, since the bound rises with their number.
  const others = members.filter(({ key }) => key !== dimension?.key)
  const by = dimension === null ? members : [...others, dimension]
  const request = { scope, span, by, historyDays }
  const [day] = await ask(db, burstyDays(request))
  if (day === undefined) return undefined
  const family = dimension === null ? 0 : by.length
  const judged = { ...request, days: [Number(day.day)], kinds, noiseScale, minShare }
  return { dispersion: day.dispersion, rows: await ask(db, sessionTerms(judged, { family, value, hour })) }
}
