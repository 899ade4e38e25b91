/** Daily costs as the database gives them, days without calls left out, become a series without gaps. */
import { dayOf } from '../domain/time/calendar.js'
import { dayMs, instantOf, localAt } from '../domain/time/zones.js'
import { dayName, dayNumber, type DailyCost } from './days.js'

/** Where an instant lies in its local day. */
export interface Now {
  /** The local day, `2026-10-02`. */
  readonly day: string
  /** Share of that day that has gone, 0 up to but not 1. */
  readonly complete: number
  /** Time on its clock, ms since midnight. */
  readonly clockMs: number
}

export function nowOf(asOf: Date, tz: string): Now {
  const local = localAt(asOf.getTime(), tz)
  const midnight = dayOf(local)
  const [from, to] = [instantOf(midnight, tz), instantOf(midnight + dayMs, tz)]
  return {
    day: dayName(midnight / dayMs),
    complete: (asOf.getTime() - from) / (to - from),
    clockMs: local - midnight,
  }
}

/** The instant at which a local day begins, ISO 8601 UTC. */
export function beginningOf(day: string, tz: string): string {
  return new Date(instantOf(dayNumber(day) * dayMs, tz)).toISOString()
}

interface CostOfDay {
  readonly day: string
  readonly cost_usd: string | null
  readonly cost_by_now_usd: string | null
}

/**
 * Every day from `since` up to now. The running day is the last one, unless it has only just begun.
 * @param rows at most one a day, in any order
 */
export function dailySeries(rows: readonly CostOfDay[], since: string, now: Now): DailyCost[] {
  const found = new Map(rows.map((row) => [row.day, row]))
  const days: DailyCost[] = []
  const today = dayNumber(now.day)
  for (let number = dayNumber(since); number <= today; number++) {
    if (number === today && now.complete === 0) break
    const row = found.get(dayName(number))
    days.push({
      day: dayName(number),
      cost_usd: Number(row?.cost_usd ?? 0),
      complete: number === today ? now.complete : 1,
      cost_by_now_usd: Number(row?.cost_by_now_usd ?? 0),
    })
  }
  return days
}
