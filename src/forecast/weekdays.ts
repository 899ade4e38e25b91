/** What weekdays have to do with a day's cost, and how much of it is chance. */
import { weekday } from './days.js'

export interface Weekdays {
  /** Cost of each weekday over that of a mean day, Monday first; their mean is 1. */
  readonly factors: readonly number[]
  /** Variance of a day's cost over the expected one, by chance. */
  readonly noise: number
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1)

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length === 0) return 0
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * Ratios of days to the 7 days around them (classical decomposition), averaged by weekday.
 * @param costs at least 7 whole days
 * @param lastDay number of the last one
 */
export function weekdaysOf(costs: readonly number[], lastDay: number): Weekdays {
  const days = costs.map((_, i) => weekday(lastDay - costs.length + 1 + i))
  const rough = factorsOf(costs, days, median)
  const calm = withoutSpikes(costs, days, rough)
  const factors = factorsOf(calm, days, mean)
  return { factors, noise: noiseOf(costs, days, factors) }
}

/**
 * The mean of the weeks around each day; at the ends, of the nearest.
 * @param costs at least 7
 * @param most days to take together; fewer, but whole weeks, where there are fewer
 */
export function around(costs: readonly number[], most: number): number[] {
  const width = Math.min(most, costs.length - (costs.length % 7))
  const before = Math.floor(width / 2)
  const froms = costs.map((_, i) => Math.min(Math.max(i - before, 0), costs.length - width))
  const means = new Map([...new Set(froms)].map((from) => [from, mean(costs.slice(from, from + width))]))
  return froms.map((from) => means.get(from)!)
}

/**
 * The usual ratio of each weekday, drawn towards 1 as far as weekdays differ no more than chance would make
 * them (James & Stein).
 */
function factorsOf(
  costs: readonly number[],
  days: readonly number[],
  usual: (values: readonly number[]) => number,
): number[] {
  const levels = around(costs, 7)
  const byDay: number[][] = [[], [], [], [], [], [], []]
  for (const [i, cost] of costs.entries()) if (levels[i]! > 0) byDay[days[i]!]!.push(cost / levels[i]!)
  const centres = byDay.map((list) => (list.length === 0 ? 1 : usual(list)))
  const whole = mean(centres)
  if (whole <= 0) return [1, 1, 1, 1, 1, 1, 1]
  const scaled = centres.map((value) => value / whole)
  const between = mean(scaled.map((value) => (value - 1) ** 2))
  const samples = mean(byDay.map((list) => list.length))
  const within = mean(byDay.flatMap((list, day) => list.map((value) => (value - centres[day]!) ** 2)))
  // From one week alone nobody can tell chance from weekdays: half of it is taken for either.
  const chance = samples < 2 ? between / 2 : within / (samples - 1)
  const kept = between > 0 ? Math.max(0, 1 - chance / between) : 0
  return scaled.map((value) => 1 + (value - 1) * kept)
}

/**
 * Days far above or below the fortnight around them are drawn in: one bad day is no norm. Far is four times
 * as far as days usually are, the worst twentieth of them left out.
 */
function withoutSpikes(
  costs: readonly number[],
  days: readonly number[],
  factors: readonly number[],
): number[] {
  const factor = (i: number): number => Math.max(factors[days[i]!]!, 0.1)
  const plain = costs.map((cost, i) => cost / factor(i))
  const levels = plain.map((_, i) =>
    mean([...plain.slice(Math.max(0, i - 7), i), ...plain.slice(i + 1, i + 8)]),
  )
  const away = plain.flatMap((cost, i) => (levels[i]! > 0 ? [Math.abs(cost / levels[i]! - 1)] : []))
  const usual = away.toSorted((x, y) => x - y).slice(0, Math.ceil(away.length * 0.95))
  const reach = 4 * mean(usual)
  return costs.map((cost, i) => {
    const [least, most] = [1 - reach, 1 + reach].map((edge) => edge * levels[i]! * factor(i))
    return levels[i]! > 0 ? Math.min(Math.max(cost, least!), most!) : cost
  })
}

/**
 * Variance of days around what the four weeks about them and their weekday let expect. A few days that are
 * far off count no more than a third beyond all others together.
 */
function noiseOf(costs: readonly number[], days: readonly number[], factors: readonly number[]): number {
  const levels = around(costs, 28)
  const squares = costs.flatMap((cost, i) => {
    const factor = factors[days[i]!]!
    if (levels[i]! <= 0 || factor < 0.02) return []
    return [(cost / levels[i]! / factor - 1) ** 2 * Math.min(1, factor)]
  })
  const few = Math.floor(squares.length / 40)
  const calm = squares.toSorted((a, b) => a - b).slice(0, squares.length - few)
  // A day is one of those that it is compared with.
  const width = Math.min(28, costs.length)
  return (Math.min(mean(squares), 1.3 * mean(calm)) * width) / (width - 1)
}
