/**
 * Growth from week to week, and whether it lasts. Weeks are blocks of seven whole local days, the last of
 * which ends with the last complete day: so a week is always compared with a whole one, whatever day it is.
 *
 * Growth a week over a run of n growing weeks is the geometric mean, (last / before)^(1/n) - 1, where
 * `before` is the week before the run; at that rate a cost doubles in ln 2 / ln(1 + rate) weeks.
 */
import type { Window } from './scope.js'
import { dayOf } from './time/calendar.js'
import { dayMs, instantOf, localAt } from './time/zones.js'

/** A number as the database gives it: an exact decimal as text. */
type Figure = string | number | bigint | null | undefined

/** Weeks that are looked at. */
export const growthWeeks = 12

export interface Growth {
  /** Of the last week from the one before; null where either is unknown or there was nothing. */
  readonly change: number | null
  /** Weeks in a row, up to the last, that each grew on the one before. */
  readonly growing: number
  /** Mean growth a week over those; null when the last did not grow. */
  readonly rate: number | null
  /** Weeks in which it doubles at that rate. */
  readonly doublingWeeks: number | null
}

/** Relative change, 0.25 = a quarter more; null where there is nothing to compare with. */
export function relativeChange(now: Figure, then: Figure): number | null {
  if (now === null || now === undefined || then === null || then === undefined) return null
  const [after, before] = [Number(now), Number(then)]
  return before === 0 ? null : (after - before) / before
}

/** @param weeks costs, oldest first; null where it is unknown, or before there was anything */
export function growthOf(weeks: readonly Figure[]): Growth {
  const changes = weeks.slice(1).map((now, i) => relativeChange(now, weeks[i]))
  const stop = changes.findLastIndex((change) => change === null || change <= 0)
  const growing = changes.length - 1 - stop
  const change = changes.at(-1) ?? null
  if (growing === 0) return { change, growing, rate: null, doublingWeeks: null }
  const [before, last] = [Number(weeks.at(-1 - growing)), Number(weeks.at(-1))]
  const rate = growing === 1 && change !== null ? change : (last / before) ** (1 / growing) - 1
  return { change, growing, rate, doublingWeeks: Math.LN2 / Math.log1p(rate) }
}

/** The weeks that end with the last complete local day before `end`, oldest first. */
export function growthBlocks(end: Date, tz: string, weeks = growthWeeks): readonly Window[] {
  const midnight = dayOf(localAt(end.getTime(), tz))
  const iso = (daysBack: number): string => new Date(instantOf(midnight - daysBack * dayMs, tz)).toISOString()
  return Array.from({ length: weeks }, (_, i) => {
    const back = 7 * (weeks - i)
    return { since: iso(back), until: iso(back - 7) }
  })
}
