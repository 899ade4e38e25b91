/**
 * What each hour of a day normally costs in a series, and how far from it an ordinary hour may be: medians of the
 * complete days before that day alone.
 */
import { historyNeeded } from '../../domain/surprise.js'
import { isWeekend, slotOf, weekdayOf, type Calendar } from './calendar.js'
import { ascending, lowerMedian, median, quantileOf } from './quantiles.js'
import type { History } from './history.js'

/** What an hour of a weekday usually costs, before growth. USD. */
export interface CostPattern {
  /** Medians of such days and of all, each with the hours beside it, and of such weekdays where the history has enough. */
  readonly ofType: number | undefined
  readonly all: number | undefined
  readonly ofWeekday: number | undefined
  /** Drawn from the first two, and not below the third. */
  readonly ofDay: number
  readonly usd: number
}

/** What a series normally costs, by the history of one day. USD. */
export interface CostNorm {
  readonly day: number
  readonly historyHours: number
  readonly meanUsd: number
  /** Of a cost's root. */
  readonly noise: number
  readonly growth: number
  /** By weekday × 24 + hour of the day. */
  readonly patterns: readonly CostPattern[]
}

export const costPatternAt = ({ patterns }: CostNorm, hour: number): CostPattern =>
  patterns[slotOf(hour)] as CostPattern

/** Norm and noise of an hour. */
export function costNormAt(
  norm: CostNorm,
  hour: number,
): { readonly normUsd: number; readonly noiseUsd: number } {
  const normUsd = norm.growth * costPatternAt(norm, hour).usd
  return {
    normUsd,
    noiseUsd: Math.max(norm.noise * Math.sqrt(normUsd + 0.1 * norm.meanUsd + 1e-12), 0.05 * normUsd),
  }
}

/** Undefined where the days before a day are too few. */
export function costNorm(history: History, calendar: Calendar, day: number): CostNorm | undefined {
  const historyHours = history.hoursBefore(day, calendar.historyDays)
  if (historyHours < historyNeeded.any) return undefined
  const since = 24 * day - historyHours
  const hours = calendar.shown(since, 24 * day)
  const meanUsd = history.sum(since, 24 * day) / hours.length
  const patterns = patternsOf(history, hours, historyHours)
  const found = { day, historyHours, meanUsd, noise: 0, growth: 1, patterns }
  return { ...found, noise: noiseOf(history, hours, found), growth: growthOf(history, hours, found) }
}

function patternsOf(history: History, hours: readonly number[], historyHours: number): CostPattern[] {
  const near = nearCosts(history, hours)
  const weekdays = Array.from({ length: 7 * 24 }, (): number[] => [])
  if (historyHours >= historyNeeded.weekdays)
    for (const hour of hours) weekdays[slotOf(hour)]?.push(history.usd(hour))
  return weekdays.map((costs, slot) => {
    const [weekday, hourOfDay] = [Math.floor(slot / 24), slot % 24]
    const all = near.all[hourOfDay]?.median
    const type =
      historyHours >= historyNeeded.dayTypes ? near.types[Number(isWeekend(weekday))]?.[hourOfDay] : undefined
    const ofWeekday = costs.length >= 2 ? lowerMedian(costs) : undefined
    const ofDay =
      type === undefined || all === undefined ? (all ?? 0) : (type.days * type.median + all) / (type.days + 1)
    return { ofType: type?.median, all, ofWeekday, ofDay, usd: Math.max(ofDay, ofWeekday ?? 0) }
  })
}

interface Near {
  readonly median: number
  readonly days: number
}

/** Costs of hours of the day, and on how many days. */
interface NearCosts {
  readonly costs: number[]
  days: number
  lastDay: number
}

const nearSlots = (): NearCosts[] =>
  Array.from({ length: 24 }, () => ({ costs: [], days: 0, lastDay: -Infinity }))

/** By hour of the day, the median of it, counted twice, and the hours beside it on the same day: on all days and on such days. */
function nearCosts(
  history: History,
  hours: readonly number[],
): {
  readonly all: readonly (Near | undefined)[]
  readonly types: readonly (readonly (Near | undefined)[])[]
} {
  const all = nearSlots()
  const types = [nearSlots(), nearSlots()]
  for (const hour of hours) {
    const day = Math.floor(hour / 24)
    const type = types[isWeekend(weekdayOf(day)) ? 1 : 0] ?? all
    const cost = history.usd(hour)
    for (let beside = -1; beside <= 1; beside++) {
      const slot = (hour - 24 * day + beside + 24) % 24
      addNear(all[slot], day, cost, beside === 0)
      addNear(type[slot], day, cost, beside === 0)
    }
  }
  const medians = (of: readonly NearCosts[]): (Near | undefined)[] =>
    of.map(({ costs, days }) => (costs.length === 0 ? undefined : { median: median(costs), days }))
  return { all: medians(all), types: types.map(medians) }
}

function addNear(slot: NearCosts | undefined, day: number, cost: number, isTwice: boolean): void {
  if (slot === undefined) return
  slot.costs.push(cost)
  if (isTwice) slot.costs.push(cost)
  if (slot.lastDay !== day) slot.days++
  slot.lastDay = day
}

/** How far hours were from their pattern. */
function noiseOf(history: History, hours: readonly number[], norm: CostNorm): number {
  const deviations = hours.map((hour) => {
    const { usd } = costPatternAt(norm, hour)
    return Math.abs(history.usd(hour) - usd) / Math.sqrt(usd + 0.1 * norm.meanUsd + 1e-12)
  })
  const sorted = ascending(deviations)
  return Math.max(1.4826 * quantileOf(sorted, 0.5), quantileOf(sorted, 0.98) / 2.3263)
}

/** How far a norm follows the last week. */
export const leastGrowth = 0.8
const mostGrowth = 1.5

/** By how much the last week was above the pattern. */
function growthOf(history: History, hours: readonly number[], norm: CostNorm): number {
  const days = new Map<number, { since: number; pattern: number }>()
  for (const hour of hours) {
    const day = Math.floor(hour / 24)
    if (day < norm.day - 7) continue
    const own = days.get(day) ?? { since: hour, pattern: 0 }
    own.pattern += costPatternAt(norm, hour).usd
    days.set(day, own)
  }
  const ratios = [...days].map(
    ([day, { since, pattern }]) => history.sum(since, 24 * day + 24) / (pattern + 1e-12),
  )
  return Math.min(mostGrowth, Math.max(leastGrowth, median(ratios)))
}
