/**
 * The test by likelihood worked out again in plain TypeScript over raw calls, from the description of the method in
 * docs/anomaly-method.md and not from the SQL.
 */
import {
  ascending,
  baselineOf,
  dayOf,
  interpolated,
  isWeekend,
  lastHours,
  sum,
  sustainedTests,
  usualDay,
  weekdayOf,
  type Comparison,
  type Model,
  type SeriesModel,
} from './anomaly-model.js'

/** How surprising a count is by a negative binomial, in nats; 0 where it is not above what is expected. */
export function surpriseOf(found: number, expected: number, shape: number): number {
  if (found <= expected) return 0
  const mean = Math.max(expected, 1e-9)
  return found * Math.log(found / mean) - (found + shape) * Math.log((found + shape) / (mean + shape))
}

const shapeOf = ({ family }: SeriesModel): number => 1 / (family === 2 ? 0.3 : 0.1)

const widths = [1, 3, 6, 24] as const

/** What a series' days before a day teach about that day. */
export interface DayNorm {
  /** Calls that an hour of the day normally has. */
  readonly calls: (hour: number) => number
  readonly callUsd: number
  readonly unitUsd: number
  /** By width: of calls and of money. */
  readonly calibration: ReadonlyMap<number, readonly [number, number]>
}

/** Usual calls of a weekday and hour, by 24 × weekday + hour of the day. */
type Pattern = (weekday: number, hourOfDay: number) => number

interface History {
  readonly hours: readonly number[]
  readonly length: number
  readonly mean: number
  readonly calls: (hour: number) => number
}

function historyOf({ shown, historyDays }: Model, series: SeriesModel, day: number): History | undefined {
  const start = Math.max(series.first, 24 * (day - historyDays))
  const length = 24 * day - start
  if (length < 24) return undefined
  const hours = Array.from({ length }, (_, i) => start + i).filter((hour) => shown.has(hour))
  const calls = (hour: number): number => series.hours.get(hour)?.paid ?? 0
  return { hours, length, calls, mean: sum(hours.map(calls)) / hours.length }
}

/** The mean over days, without the largest of five and more. */
const trimmedMean = (values: readonly number[]): number =>
  values.length >= 5
    ? (sum(values) - Math.max(...values)) / (values.length - 1)
    : sum(values) / Math.max(1, values.length)

/** Calls of each day around an hour of the day, which counts twice; of days of one kind or of all. */
function nearMeans({ hours, calls }: History, hourOfDay: number, weekend: boolean | undefined): number[] {
  const shifts = [-1, 0, 0, 1].map((shift) => (hourOfDay + shift + 24) % 24)
  const days = [...new Set(hours.map(dayOf))]
  const known = new Set(hours)
  return days.flatMap((day) => {
    const near = shifts.map((one) => 24 * day + one).filter((hour) => known.has(hour))
    const counts = weekend === undefined || isWeekend(24 * day) === weekend
    return near.length > 0 && counts ? [sum(near.map(calls)) / near.length] : []
  })
}

/** @param prior a slot's usual calls by the account's rhythm; undefined for the account itself */
function patternOf(history: History, prior: Pattern | undefined): Pattern {
  const known = new Map<number, number>()
  const work = (weekday: number, hourOfDay: number): number => {
    const all = trimmedMean(nearMeans(history, hourOfDay, undefined))
    const alike = nearMeans(history, hourOfDay, [0, 6].includes(weekday))
    const [other, days] = prior === undefined ? [all, 1] : [prior(weekday, hourOfDay), 2]
    const typed = history.length >= 168 && alike.length > 0
    const own = typed
      ? (alike.length * trimmedMean(alike) + days * other) / (alike.length + days)
      : (2 * all + days * other) / (2 + days)
    const weekly = history.hours.filter((one) => weekdayOf(one) === weekday && one % 24 === hourOfDay)
    const lower = ascending(weekly.map(history.calls))[Math.ceil(weekly.length / 2) - 1] ?? 0
    const weekdays = history.length >= 336 && weekly.length >= 2 ? lower : 0
    return Math.max(own, weekdays, 0.02 * history.mean)
  }
  return (weekday, hourOfDay) => {
    const slot = 24 * weekday + hourOfDay
    const found = known.get(slot) ?? work(weekday, hourOfDay)
    known.set(slot, found)
    return found
  }
}

const at = (pattern: Pattern, hour: number): number => pattern(weekdayOf(hour), hour % 24)

/** The median over the last seven days of the day's calls over its pattern. */
function growthOf(
  { hours, calls }: History,
  pattern: Pattern,
  day: number,
  account: number | undefined,
): number {
  const weight = account === undefined ? 0 : 5
  const days = [...new Set(hours.map(dayOf))].filter((one) => one >= day - 7)
  const ratios = days.map((one) => {
    const own = hours.filter((hour) => dayOf(hour) === one)
    const expected = sum(own.map((hour) => at(pattern, hour)))
    return (sum(own.map(calls)) + weight * (account ?? 1)) / (expected + weight + 1e-12)
  })
  return Math.min(2, Math.max(0.8, interpolated(ratios, 0.5)))
}

/** What the account's history says about the rhythm of every series on a day. */
interface Rhythm {
  readonly profile: Pattern
  readonly growth: number
}

function rhythmOf(model: Model, account: SeriesModel, day: number): Rhythm | undefined {
  const history = historyOf(model, account, day)
  if (history === undefined || history.mean === 0) return undefined
  const pattern = patternOf(history, undefined)
  const mean = sum(history.hours.map((hour) => at(pattern, hour))) / history.hours.length
  return {
    profile: (weekday, hourOfDay) => pattern(weekday, hourOfDay) / mean,
    growth: growthOf(history, pattern, day, undefined),
  }
}

/** Undefined where there is no norm: under a day of history, or one without cost. */
function dayNormOf(
  model: Model,
  series: SeriesModel,
  day: number,
  rhythm: Rhythm | undefined,
): DayNorm | undefined {
  const history = historyOf(model, series, day)
  if (history === undefined || history.mean === 0) return undefined
  const { hours, calls, mean } = history
  const cost = (hour: number): number => series.hours.get(hour)?.cost ?? 0
  const squares = (hour: number): number => series.hours.get(hour)?.squares ?? 0
  const isAccount = series.family === 0
  const prior: Pattern = (weekday, hour) => mean * (rhythm?.profile(weekday, hour) ?? 1)
  const pattern = patternOf(history, isAccount ? undefined : prior)
  const growth = growthOf(history, pattern, day, isAccount ? undefined : (rhythm?.growth ?? 1))
  const callUsd = sum(hours.map(cost)) / sum(hours.map(calls))
  const unitUsd = sum(hours.map(squares)) / sum(hours.map(cost))
  const surprises = (some: readonly number[]): readonly [number, number] => {
    const expected = sum(some.map((hour) => at(pattern, hour)))
    const found = sum(some.map(cost))
    const unit = Math.max(unitUsd, found > 1e-12 ? sum(some.map(squares)) / found : 0)
    const shape = shapeOf(series)
    return [
      surpriseOf(sum(some.map(calls)), expected, shape),
      surpriseOf(found / unit, (expected * callUsd) / unit, shape),
    ]
  }
  const each = hours.map((hour) => surprises([hour]))
  const base = ([0, 1] as const).map((kind) =>
    Math.max(
      1,
      interpolated(
        each.map((one) => one[kind]),
        0.98,
      ) / 2.1,
    ),
  )
  const calibration = new Map(
    widths.map((width) => {
      const daily = new Map(hours.map((hour): [number, [number, number]] => [dayOf(hour), [0, 0]]))
      for (const [i, hour] of hours.entries()) {
        if (!(cost(hour) > at(pattern, hour) * callUsd)) continue
        const [ofCalls, ofMoney] = surprises(hours.slice(Math.max(0, i + 1 - width), i + 1))
        const [most, dearest] = daily.get(dayOf(hour)) ?? [0, 0]
        daily.set(dayOf(hour), [Math.max(most, ofCalls), Math.max(dearest, ofMoney)])
      }
      const [ofCalls, ofMoney] = ([0, 1] as const).map((kind) => {
        const second = ascending([...daily.values()].map((one) => one[kind])).at(-2) ?? 0
        return Math.max(base[kind] ?? 1, daily.size >= 6 ? Math.min(8, second / 4) : 1)
      })
      return [width, [ofCalls ?? 1, ofMoney ?? 1] as const]
    }),
  )
  return {
    calls: (hour) => {
      const [before, after] = [(hour + 23) % 24, (hour + 1) % 24].map((one) => pattern(weekdayOf(hour), one))
      return growth * Math.max(at(pattern, hour), 0.7 * Math.max(before ?? 0, after ?? 0))
    },
    callUsd,
    unitUsd,
    calibration,
  }
}

interface HourTerms {
  readonly calls: number
  readonly normCalls: number
  readonly cost: number
  readonly norm: number
  readonly squares: number
  readonly max: number
}

export interface SurpriseFlag {
  readonly key: string
  /** The largest surprise over its bound among the widths that flag it; null by the sustained test of whole days. */
  readonly strength: number | null
}

/** What one width says of an hour. */
interface Verdict {
  readonly flagged: boolean
  readonly doubtful: boolean
  readonly strength: number
}

const bounds = { minUsd: 0.1, minShare: 0.02 }
export type Stakes = typeof bounds

/** The hour with the largest excess by a measure. */
const worst = (hours: readonly HourTerms[], excess: (one: HourTerms) => number): HourTerms =>
  hours.reduce((most, one) => (excess(one) > excess(most) ? one : most))

/** @param hours the hours of the width, the judged one last */
function judgeWidth(
  hours: readonly HourTerms[],
  norm: DayNorm,
  series: SeriesModel,
  usual: number,
  count: number,
  { minUsd, minShare }: Stakes,
): Verdict {
  const width = hours.length
  const scale = Math.log(width) / Math.log(24)
  const total = (of: keyof HourTerms, some: readonly HourTerms[] = hours): number =>
    sum(some.map((one) => one[of]))
  const excessOf = (some: readonly HourTerms[]): number => total('cost', some) - total('norm', some)
  const excess = excessOf(hours)
  const mostCalls = worst(hours, (one) => one.calls - one.normCalls)
  const mostMoney = worst(hours, (one) => one.cost - one.norm)
  const without = (one: HourTerms): HourTerms[] =>
    width < 6 ? [...hours] : hours.filter((other) => other !== one)
  const [callHours, moneyHours] = [without(mostCalls), without(mostMoney)]
  const spent = total('cost', moneyHours)
  const unit = Math.max(norm.unitUsd, spent > 1e-12 ? total('squares', moneyHours) / spent : 0)
  const shape = shapeOf(series)
  const [ofCalls, ofMoney] = norm.calibration.get(width) ?? [1, 1]
  const calls = surpriseOf(total('calls', callHours), total('normCalls', callHours), shape) / ofCalls
  const money = surpriseOf(spent / unit, total('norm', moneyHours) / unit, shape) / ofMoney
  const discount = Math.min(4, Math.max(0, excess > 0 ? 2 * Math.log(excess / (0.5 * usual)) : 0))
  const bound = 8 + Math.log(count) - discount
  const now = hours.at(-1)
  const matters: Comparison[] = [
    [excess, Math.max(minUsd, minShare * (1 + 5 * scale) * usual)],
    [total('cost'), (2 - 0.3 * scale) * total('norm')],
    [now?.cost ?? 0, now?.norm ?? 0],
    ...(width === 1 ? [] : [[excess - Math.max(0, mostMoney.cost - mostMoney.norm), 0.3 * excess] as const]),
    ...(width < 24 ? [] : [[excessOf(hours.slice(-6)), 0.1 * excess] as const]),
  ]
  const byCalls: Comparison[] = [
    [calls, bound],
    [excess - Math.max(...hours.map(({ max }) => max)), 0.5 * excess],
    [(total('calls') - total('normCalls')) * norm.callUsd, 0.3 * excess],
  ]
  const byMoney: Comparison[] = [[money, bound]]
  const all = (tests: readonly Comparison[]): boolean => tests.every(([a, b]) => a > b)
  const near = ([a, b]: Comparison): boolean =>
    Math.abs(a - b) <= 1e-8 * Math.max(Math.abs(a), Math.abs(b), 1e-6)
  const strong = Math.max(all(byCalls) ? calls : 0, money)
  return {
    flagged: all(matters) && (all(byCalls) || all(byMoney)),
    doubtful: [...matters, ...byCalls, ...byMoney].some(near),
    strength: strong / Math.max(bound, 1),
  }
}

/**
 * Flags of hours from `since` on by likelihood, and by the sustained test of whole days beside it; and the keys of
 * hours so near a bound that the last digit of a sum decides.
 */
export function surpriseFlagsOf(
  model: Model,
  since: number,
  stakes: Stakes = bounds,
): { flags: SurpriseFlag[]; doubtful: Set<string> } {
  const flags = new Map<string, SurpriseFlag>()
  const doubtful = new Set<string>()
  const account = model.series.find(({ family }) => family === 0)
  if (account === undefined) return { flags: [], doubtful }
  const cached = <T>(work: (day: number) => T): ((day: number) => T) => {
    const known = new Map<number, T>()
    return (day) => {
      if (!known.has(day)) known.set(day, work(day))
      return known.get(day) as T
    }
  }
  const rhythm = cached((day) => rhythmOf(model, account, day))
  const usualOf = cached((day) => usualDay(model, day))
  for (const series of model.series) {
    const normOf = cached((day) => dayNormOf(model, series, day, rhythm(day)))
    const medians = cached((day) => baselineOf(model, series, day))
    const termsOf = (hour: number): HourTerms | undefined => {
      const norm = usualOf(dayOf(hour)) === undefined ? undefined : normOf(dayOf(hour))
      if (norm === undefined) return undefined
      const { cost = 0, squares = 0, max = 0, paid = 0 } = series.hours.get(hour) ?? {}
      const normCalls = norm.calls(hour)
      return { calls: paid, normCalls, cost, norm: normCalls * norm.callUsd, squares, max }
    }
    for (let hour = since; hour < model.until; hour++) {
      const usual = usualOf(dayOf(hour))
      if (!model.shown.has(hour) || usual === undefined) continue
      const norm = normOf(dayOf(hour))
      const count = model.series.filter(({ first }) => first < 24 * dayOf(hour)).length
      for (const width of widths) {
        const hours = lastHours(model, hour, width).toReversed().map(termsOf)
        const whole = hours.filter((one) => one !== undefined)
        if (norm === undefined || whole.length < width) continue
        const verdict = judgeWidth(whole, norm, series, usual, count, stakes)
        const key = `${width < 24 ? 'spike' : 'sustained'} ${series.family} ${series.value} ${hour}`
        if (verdict.doubtful) doubtful.add(key)
        if (!verdict.flagged) continue
        flags.set(key, { key, strength: Math.max(verdict.strength, flags.get(key)?.strength ?? 0) })
      }
      const last = lastHours(model, hour, 24).map((one) =>
        usualOf(dayOf(one)) === undefined ? undefined : medians(dayOf(one))?.(one),
      )
      const judged = last.filter((one) => one !== undefined && one.mean > 0)
      const [now] = judged
      if (series.family === 2 || now === undefined || judged.length < 24) continue
      const tests = sustainedTests(series, now, judged as NonNullable<(typeof last)[number]>[], usual, {
        other: 1,
        person: Infinity,
      })
      const key = `sustained ${series.family} ${series.value} ${hour}`
      if (tests.some(([a, b]) => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1e-6)))
        doubtful.add(key)
      if (tests.every(([a, b]) => a > b) && !flags.has(key)) flags.set(key, { key, strength: null })
    }
  }
  return { flags: [...flags.values()], doubtful }
}
