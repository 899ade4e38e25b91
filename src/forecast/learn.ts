/**
 * What daily costs teach: weekday factors, level, growth and noise.
 */
import { dayNumber, weekday, type DailyCost } from './days.js'

export interface Learned {
  readonly method: 'seasonal' | 'flat'
  /** Whole days learned from. */
  readonly days: number
  /** Their costs, oldest first. */
  readonly costs: readonly number[]
  /** Number of the last whole day. */
  readonly lastDay: number
  /** Cost of a mean day just after the last whole one, USD. */
  readonly level: number
  /** Growth a week, as a logarithm, before damping. */
  readonly growth: number
  /** Relative cost of each weekday, Monday first; their mean is 1. */
  readonly factors: readonly number[]
  /** Standard deviation of a day's cost over the expected one. */
  readonly noise: number
  /** Variance of the growth a week that was not expected. */
  readonly drift: number
  /** Standard error of the growth a week. */
  readonly growthError: number
  /** Share of a day's cost that has usually come by now. */
  readonly shareGone: (day: DailyCost) => number
}

/** Growth fades by this factor a week: no growth goes on for ever (Gardner & McKenzie, 1985). */
const damping = 0.9

/** @returns null when no day has any cost */
export function learn(history: readonly DailyCost[]): Learned | null {
  const begin = history.findIndex((day) => day.cost_usd > 0)
  if (begin < 0) return null
  const whole = history.slice(begin).filter((day) => day.complete >= 1)
  const running = history.at(-1)
  const lastDay = running === undefined ? 0 : dayNumber(running.day) - (running.complete < 1 ? 1 : 0)
  // The day of the very first call has seldom been logged from its midnight on.
  const learnable = whole.length > 7 ? whole.slice(1) : whole
  const costs = learnable.map((day) => day.cost_usd)
  const shareGone = (day: DailyCost): number => (day.complete >= 1 ? 1 : usualShare(whole, day))
  const base = { days: costs.length, costs, lastDay, shareGone }
  if (costs.length < 7) return { ...base, ...flat(costs, running) }
  return { ...base, ...seasonal(costs, lastDay) }
}

type Model = Omit<Learned, 'days' | 'costs' | 'lastDay' | 'shareGone'>

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1)

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  if (sorted.length === 0) return 0
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function flat(costs: readonly number[], running: DailyCost | undefined): Model {
  const ongoing = running !== undefined && running.complete < 1 ? running : undefined
  const level =
    costs.length > 0 ? mean(costs) : (ongoing?.cost_usd ?? 0) / Math.max(ongoing?.complete ?? 1, 0.25)
  return {
    method: 'flat',
    level,
    growth: 0,
    factors: [1, 1, 1, 1, 1, 1, 1],
    noise: 0.7,
    drift: 0.04,
    growthError: 0.1,
  }
}

function seasonal(costs: readonly number[], lastDay: number): Model {
  const first = lastDay - costs.length + 1
  const dayOf = (i: number): number => weekday(first + i)
  const rough = factorsOf(costs, dayOf)
  const calm = withoutSpikes(costs, rough, dayOf)
  const factors = factorsOf(calm, dayOf)
  const { growth, growthError, drift } = growthOf(calm)
  const level = levelOf(calm, factors, dayOf, growth)
  const noise = noiseOf(costs, calm, factors, dayOf)
  return { method: 'seasonal', level, growth, factors, noise, drift, growthError }
}

/** Expected cost of a day after the last whole one. */
export function expectedCost(learned: Learned, day: number): number {
  const weeks = (day - learned.lastDay - 1) / 7
  const grown = (learned.growth * (1 - damping ** weeks)) / -Math.log(damping)
  return learned.level * Math.exp(grown) * (learned.factors[weekday(day)] ?? 1)
}

/** Each day over the mean of the 7 days around it; at the ends, of the nearest 7. */
function ratios(costs: readonly number[]): number[] {
  return costs.map((cost, i) => {
    const from = Math.min(Math.max(i - 3, 0), costs.length - 7)
    const around = mean(costs.slice(from, from + 7))
    return around > 0 ? cost / around : Number.NaN
  })
}

/**
 * The usual ratio of each weekday to its week, drawn towards 1 as far as weekdays differ no more than chance
 * would make them (James & Stein).
 */
function factorsOf(costs: readonly number[], dayOf: (i: number) => number): number[] {
  const byDay: number[][] = [[], [], [], [], [], [], []]
  for (const [i, ratio] of ratios(costs).slice(-56).entries()) {
    if (!Number.isNaN(ratio)) byDay[dayOf(i + Math.max(0, costs.length - 56))]!.push(ratio)
  }
  const usual = byDay.map((list) => (list.length === 0 ? 1 : median(list)))
  const whole = mean(usual)
  if (whole <= 0) return [1, 1, 1, 1, 1, 1, 1]
  const scaled = usual.map((value) => value / whole)
  const within = mean(byDay.flatMap((list, day) => list.map((value) => (value - usual[day]!) ** 2)))
  const samples = Math.max(1, mean(byDay.map((list) => list.length)))
  const between = mean(scaled.map((value) => (value - 1) ** 2))
  // One week of samples says nothing about chance within a weekday.
  const chance = samples < 2 ? between / 2 : within / (samples - 1)
  const kept = between > 0 ? Math.max(0, 1 - chance / between) : 0
  return scaled.map((value) => 1 + (value - 1) * kept)
}

/** Days far from those around them, drawn in (Hampel): one bad day is no norm, four in a row are. */
function withoutSpikes(
  costs: readonly number[],
  factors: readonly number[],
  dayOf: (i: number) => number,
): number[] {
  const factor = (i: number): number => Math.max(factors[dayOf(i)]!, 0.1)
  const plain = costs.map((cost, i) => cost / factor(i))
  return costs.map((_, i) => {
    const around = plain.slice(Math.max(0, i - 7), i + 8)
    const middle = median(around)
    const reach = 4 * 1.4826 * Math.max(median(around.map((x) => Math.abs(x - middle))), middle * 0.05)
    return Math.min(Math.max(plain[i]!, middle - reach), middle + reach) * factor(i)
  })
}

/** Theil–Sen slope of the logarithms of whole weeks, drawn towards 0 by its own uncertainty. */
function growthOf(costs: readonly number[]): Pick<Model, 'growth' | 'growthError' | 'drift'> {
  const weeks: number[] = []
  for (let end = costs.length; end >= 7 && weeks.length < 8; end -= 7)
    weeks.unshift(mean(costs.slice(end - 7, end)))
  if (weeks.length < 3 || weeks.some((week) => week <= 0))
    return { growth: 0, growthError: 0.05, drift: 0.01 }
  const logs = weeks.map(Math.log)
  const slopes = logs.flatMap((a, i) => logs.slice(i + 1).map((b, j) => (b - a) / (j + 1)))
  const slope = median(slopes)
  const middle = (logs.length - 1) / 2
  const offset = median(logs.map((log, i) => log - slope * (i - middle)))
  const left = logs.map((log, i) => log - offset - slope * (i - middle))
  const variance = left.reduce((sum, x) => sum + x ** 2, 0.002) / (logs.length - 2 + 1)
  const error = Math.sqrt(variance / logs.reduce((sum, _, i) => sum + (i - middle) ** 2, 0))
  const kept = slope === 0 ? 0 : Math.max(0, 1 - (error / slope) ** 2)
  const changes = left.slice(1).map((x, i) => (x - left[i]!) ** 2)
  return { growth: slope * kept, growthError: error, drift: mean(changes) / 2 }
}

/** Mean of the days without their weekday and their growth since, the youngest counting most. */
function levelOf(
  costs: readonly number[],
  factors: readonly number[],
  dayOf: (i: number) => number,
  growth: number,
): number {
  let [sum, weights] = [0, 0]
  for (const [i, cost] of costs.entries()) {
    const age = costs.length - i
    const weight = 0.5 ** (age / 8)
    sum += weight * cost * Math.exp((growth * age) / 7)
    weights += weight * factors[dayOf(i)]!
  }
  return weights > 0 ? sum / weights : 0
}

/** Standard deviation of days around what their fortnight and weekday let expect. */
function noiseOf(
  costs: readonly number[],
  calm: readonly number[],
  factors: readonly number[],
  dayOf: (i: number) => number,
): number {
  const squares: number[] = []
  for (let i = Math.max(0, costs.length - 56); i < costs.length; i++) {
    const from = Math.min(Math.max(i - 6, 0), Math.max(0, costs.length - 14))
    const around = mean(calm.slice(from, from + 14))
    if (around > 0) squares.push((calm[i]! / around - factors[dayOf(i)]!) ** 2)
  }
  return Math.sqrt(mean(squares))
}

/** The mean share of whole days' cost that had come by this clock time; without such days, of the time. */
function usualShare(whole: readonly DailyCost[], today: DailyCost): number {
  const shares = whole
    .slice(-28)
    .filter((day) => day.cost_usd > 0 && day.cost_by_now_usd !== undefined)
    .map((day) => Math.min(1, Math.max(0, (day.cost_by_now_usd ?? 0) / day.cost_usd)))
  // As if three more days had spent evenly.
  return (shares.reduce((sum, share) => sum + share, 0) + 3 * today.complete) / (shares.length + 3)
}
