/** Asks whether the calls keep the office hours of another zone. */
import { officeElsewhere, type OfficeHours } from '../../anomalies/office-hours.js'
import type { HourSpan } from '../../domain/time/hours.js'
import { weekProfile } from '../../metrics/anomalies/week-profile.js'
import { ask, type Question } from '../question.js'

/** Days that the hours of the week are counted over: four of each, of which the largest does not count. */
const days = 28

/** Fewer days of calls tell no week. */
const leastDays = 14

/** @param historyHours hours from the first call to the end of the span */
export async function askOfficeHours(
  { db, scope }: Question,
  span: HourSpan,
  historyHours: number,
): Promise<OfficeHours | undefined> {
  if (historyHours < 24 * leastDays) return undefined
  const calls = Array.from({ length: 168 }, () => 0)
  for (const row of await ask(db, weekProfile(scope, span, days))) calls[Number(row.hour_of_week)] = row.calls
  return officeElsewhere(calls)
}
