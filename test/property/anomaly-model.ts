/**
 * Baselines and tests of hours worked out again in plain TypeScript over raw calls, from the description of the
 * method in docs/anomaly-method.md and not from the SQL.
 */
import { TZDate } from '@date-fns/tz'
import fc from 'fast-check'
import { numbers } from '../numbers.js'

/** One call; cost in whole millionths of a dollar, null where it has none. */
export interface PaidCall {
  readonly ts: number
  readonly feature: string | null
  readonly user: string | null
  readonly cost: number | null
}

const hourMs = 3_600_000

/** Hours of the wall clock since 1970, by date-fns. */
export function clockHour(ts: number, tz: string): number {
  const local = new TZDate(ts, tz)
  return Date.UTC(local.getFullYear(), local.getMonth(), local.getDate(), local.getHours()) / hourMs
}

export interface SeriesModel {
  readonly family: number
  readonly value: string
  /** Cost, dearest call and sum of squares by hour, USD; and the calls that cost something. */
  readonly hours: ReadonlyMap<number, { cost: number; max: number; squares: number; paid: number }>
  readonly first: number
}

export interface Model {
  readonly series: readonly SeriesModel[]
  /** Hours that the clock showed, up to `until`. */
  readonly shown: ReadonlySet<number>
  readonly until: number
  readonly historyDays: number
}

export function modelOf(calls: readonly PaidCall[], asOf: number, tz: string, historyDays: number): Model {
  const until = clockHour(asOf, tz)
  const judged = calls.filter(({ ts }) => clockHour(ts, tz) < until && ts < asOf)
  const shown = new Set<number>()
  const earliest = Math.min(asOf, ...judged.map(({ ts }) => ts))
  for (let ts = earliest - 2 * 24 * hourMs; ts < asOf; ts += 15 * 60_000) shown.add(clockHour(ts, tz))
  const series: SeriesModel[] = []
  const add = (family: number, value: string, own: readonly PaidCall[]): void => {
    const hours = new Map<number, { cost: number; max: number; squares: number; paid: number }>()
    for (const { ts, cost } of own) {
      const hour = clockHour(ts, tz)
      const before = hours.get(hour) ?? { cost: 0, max: 0, squares: 0, paid: 0 }
      const micros = cost ?? 0
      hours.set(hour, {
        cost: before.cost + micros,
        max: Math.max(before.max, micros),
        squares: before.squares + (micros / 1e6) ** 2,
        paid: before.paid + (micros > 0 ? 1 : 0),
      })
    }
    const first = Math.min(...hours.keys())
    for (const [hour, sums] of hours) hours.set(hour, { ...sums, cost: sums.cost / 1e6, max: sums.max / 1e6 })
    series.push({ family, value, hours, first })
  }
  if (judged.length > 0) add(0, '', judged)
  for (const [family, key] of [
    [1, 'feature'],
    [2, 'user'],
  ] as const) {
    for (const name of new Set(judged.map((call) => call[key]))) {
      if (name !== null)
        add(
          family,
          name,
          judged.filter((call) => call[key] === name),
        )
    }
  }
  return { series, shown, until, historyDays }
}

export const ascending = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b)

export function interpolated(values: readonly number[], share: number): number {
  const sorted = ascending(values)
  const rank = (sorted.length - 1) * share
  const [low, high] = [sorted[Math.floor(rank)] ?? 0, sorted[Math.ceil(rank)] ?? 0]
  return low + (high - low) * (rank - Math.floor(rank))
}

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
export const dayOf = (hour: number): number => Math.floor(hour / 24)
export const weekdayOf = (hour: number): number => (dayOf(hour) + 4) % 7
export const isWeekend = (hour: number): boolean => [0, 6].includes(weekdayOf(hour))

export interface HourModel {
  readonly cost: number
  readonly norm: number
  readonly noise: number
  readonly max: number
  readonly squares: number
  readonly mean: number
}

export type DayBaseline = (hour: number) => HourModel

/** The baseline of a day of a series; undefined under 24 hours of history. */
export function baselineOf(model: Model, series: SeriesModel, day: number): DayBaseline | undefined {
  const start = Math.max(series.first, 24 * (day - model.historyDays))
  const reach = 24 * day - start
  if (reach < 24) return undefined
  const hours = Array.from({ length: reach }, (_, i) => start + i).filter((hour) => model.shown.has(hour))
  const cost = (hour: number): number => series.hours.get(hour)?.cost ?? 0
  const mean = sum(hours.map(cost)) / hours.length
  const nearHours = Array.from({ length: 24 }, (): number[] => [])
  for (const hour of hours) {
    for (const shift of [-1, 0, 0, 1]) nearHours[((hour % 24) + shift + 24) % 24]?.push(hour)
  }
  const cache = new Map<number, number>()
  /** By weekday and hour of the day. */
  const pattern = (hour: number): number => {
    const slot = weekdayOf(hour) * 24 + (hour % 24)
    const known = cache.get(slot)
    if (known !== undefined) return known
    const near = nearHours[hour % 24] ?? []
    const alike = near.filter((one) => isWeekend(one) === isWeekend(hour))
    const all = near.length === 0 ? 0 : interpolated(near.map(cost), 0.5)
    const days = new Set(alike.map(dayOf)).size
    const typed = reach >= 168 && alike.length > 0
    const ofDay = typed ? (days * interpolated(alike.map(cost), 0.5) + all) / (days + 1) : all
    const weekly = hours.filter((one) => weekdayOf(one) === weekdayOf(hour) && one % 24 === hour % 24)
    const lower = ascending(weekly.map(cost))[Math.ceil(weekly.length / 2) - 1] ?? 0
    const found = Math.max(ofDay, reach >= 336 && weekly.length >= 2 ? lower : 0)
    cache.set(slot, found)
    return found
  }
  const distances = hours.map(
    (hour) => Math.abs(cost(hour) - pattern(hour)) / Math.sqrt(pattern(hour) + 0.1 * mean + 1e-12),
  )
  const noise = Math.max(1.4826 * interpolated(distances, 0.5), interpolated(distances, 0.98) / 2.3263)
  const week = [...new Set(hours.map(dayOf))].filter((one) => one >= day - 7)
  const ratios = week.map((one) => {
    const own = hours.filter((hour) => dayOf(hour) === one)
    return sum(own.map(cost)) / (sum(own.map(pattern)) + 1e-12)
  })
  const growth = Math.min(1.5, Math.max(0.8, interpolated(ratios, 0.5)))
  return (hour) => {
    const norm = growth * pattern(hour)
    const { max = 0, squares = 0 } = series.hours.get(hour) ?? {}
    const unit = Math.max(noise * Math.sqrt(norm + 0.1 * mean + 1e-12), 0.05 * norm)
    return { cost: cost(hour), norm, noise: unit, max, squares, mean }
  }
}

/** The account's median day over the history of a day; undefined without any. */
export function usualDay({ series, historyDays }: Model, day: number): number | undefined {
  const account = series.find(({ family }) => family === 0)
  if (account === undefined) return undefined
  const first = Math.max(dayOf(account.first), day - historyDays)
  const costs = Array.from({ length: Math.max(0, day - first) }, (_, i) => dayCost(account, first + i))
  return costs.length === 0 ? undefined : interpolated(costs, 0.5)
}

const dayCost = ({ hours }: SeriesModel, day: number): number =>
  sum(Array.from({ length: 24 }, (_, i) => hours.get(24 * day + i)?.cost ?? 0))

export interface FlagModel {
  readonly key: string
  readonly cost: number
  readonly norm: number
}

/**
 * All flags of hours from `since` on, and the keys of hours so near a bound that the last digit of a sum decides.
 */
export function flagsOf(model: Model, since: number): { flags: FlagModel[]; doubtful: Set<string> } {
  const flags: FlagModel[] = []
  const doubtful = new Set<string>()
  const usualDays = new Map<number, number | undefined>()
  const usualOf = (day: number): number | undefined => {
    if (!usualDays.has(day)) usualDays.set(day, usualDay(model, day))
    return usualDays.get(day)
  }
  for (const series of model.series) {
    const days = new Map<number, DayBaseline | undefined>()
    const at = (hour: number): HourModel | undefined => {
      const day = dayOf(hour)
      if (!days.has(day)) days.set(day, baselineOf(model, series, day))
      const found = usualOf(day) === undefined ? undefined : days.get(day)?.(hour)
      return found === undefined || found.mean === 0 ? undefined : found
    }
    const judge = (
      kind: string,
      hour: number,
      cost: number,
      norm: number,
      tests: readonly Comparison[],
    ): void => {
      const key = `${kind} ${series.family} ${series.value} ${hour}`
      const near = tests.some(([a, b]) => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1e-6))
      if (near) doubtful.add(key)
      if (tests.every(([a, b]) => a > b)) flags.push({ key, cost, norm })
    }
    for (let hour = since; hour < model.until; hour++) {
      if (hour % 24 === 23) judgeDrift(model, series, hour, judge)
      if (!model.shown.has(hour)) continue
      const now = at(hour)
      const usual = usualOf(dayOf(hour))
      if (now === undefined || usual === undefined) continue
      judge('spike', hour, now.cost, now.norm, spikeTests(now, usual))
      for (const length of [24, 3]) {
        const last = lastHours(model, hour, length).map(at)
        const whole = last.filter((one) => one !== undefined)
        if (whole.length < length) continue
        const [cost, norm] = [sum(whole.map((one) => one.cost)), sum(whole.map((one) => one.norm))]
        if (length === 24) judge('sustained', hour, cost, norm, sustainedTests(series, now, whole, usual))
        else judge('drop', hour, cost, norm, dropTests(whole, usual))
      }
    }
  }
  return { flags, doubtful }
}

/** The first must be above the second. */
export type Comparison = readonly [number, number]

function spikeTests({ cost, norm, noise, max, squares }: HourModel, usual: number): Comparison[] {
  const excess = cost - norm
  return [
    [excess, 6 * noise],
    [cost, 3 * norm],
    [excess, 0.05 * usual],
    [excess - max, 0.5 * excess],
    [cost * cost, 4.5 * squares],
  ]
}

export function sustainedTests(
  { family }: SeriesModel,
  now: HourModel,
  hours: readonly HourModel[],
  usual: number,
  days = { other: 0.25, person: 0.15 },
): Comparison[] {
  const [cost, norm] = [sum(hours.map((one) => one.cost)), sum(hours.map((one) => one.norm))]
  const excess = cost - norm
  const most = Math.max(...hours.map((one) => one.cost - one.norm))
  return [
    [excess, 8 * Math.sqrt(sum(hours.map(({ noise }) => noise ** 2)))],
    [cost, (family === 2 ? 3 : 2) * norm],
    [excess, (family === 2 ? days.person : days.other) * usual],
    [now.cost, now.norm],
    [excess - most, 0.5 * excess],
    [cost * cost, 4.5 * sum(hours.map(({ squares }) => squares))],
  ]
}

function dropTests(hours: readonly HourModel[], usual: number): Comparison[] {
  const [cost, norm] = [sum(hours.map((one) => one.cost)), sum(hours.map((one) => one.norm))]
  return [
    [0.1 * norm, cost],
    [norm - cost, 2 * Math.sqrt(sum(hours.map(({ noise }) => noise ** 2)))],
    [norm - cost, 0.1 * usual],
  ]
}

/** The last hours that the clock showed, this one included. */
export function lastHours({ shown }: Model, hour: number, length: number): number[] {
  const found: number[] = []
  for (let one = hour; found.length < length && one > hour - 3 * length; one--)
    if (shown.has(one)) found.push(one)
  return found
}

function judgeDrift(
  { historyDays }: Model,
  series: SeriesModel,
  hour: number,
  judge: (kind: string, hour: number, cost: number, norm: number, tests: readonly Comparison[]) => void,
): void {
  const day = dayOf(hour)
  if (series.family !== 0 || historyDays < 28 || series.first > 24 * (day - 27)) return
  const weeks = [0, 1, 2, 3].map((back) =>
    Array.from({ length: 7 }, (_, i) => dayCost(series, day - 7 * back - i)),
  )
  const rest = weeks.map((costs) => sum(ascending(costs).slice(0, 5)))
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = rest
  const steps = [w0 / w1, w1 / w2, w2 / w3]
  judge('drift', hour, sum(weeks[0] ?? []), sum(weeks[3] ?? []), [
    [w3, 0],
    [w0, 1.5 * w3],
    [w0, w1],
    [w1, w2],
    [w2, w3],
    [1.3 * Math.min(...steps), Math.max(...steps)],
  ])
}

export interface GeneratedLog {
  readonly calls: readonly PaidCall[]
  readonly begin: number
  readonly end: number
}

/** Weeks of calls around a clock change, with a rhythm of day and week, ties, gaps, calls without cost, and bursts. */
export const generatedLogs: fc.Arbitrary<GeneratedLog> = fc
  .record({
    seed: fc.integer(),
    change: fc.constantFrom(
      '2026-03-29T01:00Z',
      '2026-10-25T01:00Z',
      '2026-03-08T07:00Z',
      '2026-04-04T15:00Z',
      '2026-10-03T15:30Z',
    ),
    days: fc.integer({ min: 1, max: 40 }),
    daysAfter: fc.integer({ min: 0, max: 3 }),
    growth: fc.constantFrom(1, 1.02, 1.04),
    callsAnHour: fc.constantFrom(0.3, 1, 2),
    ties: fc.boolean(),
  })
  .map(({ seed, change, days, daysAfter, growth, callsAnHour, ties }) => {
    const random = numbers(seed)
    const end = Date.parse(change) + daysAfter * 24 * hourMs + Math.floor(random() * 24 * hourMs)
    const begin = end - days * 24 * hourMs - Math.floor(random() * 24 * hourMs)
    const calls: PaidCall[] = []
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
    for (let hour = begin; hour < end; hour += hourMs) {
      if (random() < 0.1) continue
      const busy = [0, 6].includes(new Date(hour).getUTCDay()) ? 0.3 : 1
      const burst = random() < 0.01 ? 20 : 1
      const level = growth ** ((hour - begin) / (24 * hourMs))
      const count = Math.floor(callsAnHour * busy * burst * level * (0.5 + random()) + random())
      const user = burst > 1 ? pick(['u1', 'u2']) : undefined
      for (let i = 0; i < count; i++) {
        const cost = ties ? pick([1000, 2000, 50_000]) : Math.floor(1000 + random() * 100_000)
        calls.push({
          ts: Math.min(end - 1, hour + Math.floor(random() * hourMs)),
          feature: random() < 0.1 ? null : pick(['chat', 'search']),
          user: user ?? (random() < 0.1 ? null : pick(['u1', 'u2', 'u3'])),
          cost: random() < 0.05 ? null : cost,
        })
      }
    }
    return { calls, begin, end }
  })
