/**
 * Unusual hours that are worth a message of their own: of a week the three most unusual subjects at any time, and
 * whatever is large. From the hours of the week up to each alone, so that a verdict is the same whenever it is asked.
 */
import { weekCeiling, weekOf, weightOf } from './folding.js'

export interface UnusualHour {
  readonly subject: string
  /** Local hour. */
  readonly hour: number
  /** USD from the usual, above or below. */
  readonly excessUsd: number
  /** How far beyond its bound; null where there is no noise at all. */
  readonly strength: number | null
  /** What a day usually costs in all; null where that is not known. */
  readonly dayUsd: number | null
}

/** Subjects that are flagged again within so many hours are told of as one thing. */
const goesOn = 6

/** An excess of this share of a usual day is large: never folded. */
const large = 0.25

/** Hours of one subject that follow each other, as far as they are known. */
interface Run {
  readonly subject: string
  last: number
  usd: number
  weight: number
  isTold: boolean
}

/** The hours that are told; once a subject is told, its further hours are until it pauses, or the week is over. */
export function toldHours<T extends UnusualHour>(unusual: readonly T[]): ReadonlySet<T> {
  const told = new Set<T>()
  const byHour = new Map<number, T[]>()
  for (const one of unusual) byHour.set(one.hour, [...(byHour.get(one.hour) ?? []), one])
  let runs: Run[] = []
  let week: number | undefined
  for (const hour of [...byHour.keys()].toSorted((a, b) => a - b)) {
    if (weekOf(hour) !== week) runs = []
    week = weekOf(hour)
    // All of one hour count at once.
    const now = (byHour.get(hour) ?? []).map((one) => ({ one, run: runOf(one, runs) }))
    for (const { one, run } of now) if (isWorthTelling(one, run, runs)) run.isTold = true
    for (const { one, run } of now) if (run.isTold) told.add(one)
  }
  return told
}

/** The run that an hour goes on with, or begins, with the hour in it. */
function runOf({ subject, hour, excessUsd, strength }: UnusualHour, runs: Run[]): Run {
  const before = runs.findLast((run) => run.subject === subject && hour - run.last <= goesOn)
  const run = before ?? { subject, last: hour, usd: 0, weight: 0, isTold: false }
  if (before === undefined) runs.push(run)
  run.last = hour
  run.usd = Math.max(run.usd, excessUsd)
  run.weight = Math.max(run.weight, weightOf(excessUsd, strength))
  return run
}

function isWorthTelling({ excessUsd, dayUsd }: UnusualHour, run: Run, runs: readonly Run[]): boolean {
  const heavier = runs.filter(({ weight }) => weight > run.weight).length
  const isDearest = runs.every(({ usd }) => usd <= run.usd)
  return heavier < weekCeiling || isDearest || (dayUsd !== null && excessUsd >= large * dayUsd)
}
