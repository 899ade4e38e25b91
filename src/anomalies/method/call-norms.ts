/**
 * How many calls an hour of a day normally has in a series, and what they cost; from the complete days before the day
 * alone. A series is drawn towards the account's rhythm.
 */
import { historyNeeded } from '../../domain/surprise.js'
import { isWeekend, slotOf, weekdayOf, type Calendar } from './calendar.js'
import { median } from './quantiles.js'
import type { History } from './history.js'
import { WeekdayMedians } from './weekday-medians.js'

/** Constants of the norm. */
const norm = {
  /** Days whose weight the prior has: the account's own rhythm of all days, and the account's for a series. */
  accountPrior: 1,
  prior: 2,
  /** Days from which the largest of them teaches nothing. */
  trimmed: 5,
  /** Of the mean hour: no hour is expected to have less. */
  least: 0.02,
  /** Of the hour beside it: no hour is expected to have less. */
  beside: 0.7,
  growth: { least: 0.8, most: 2, calls: 5, days: 7 },
} as const

/** How far a norm follows the last days at least. */
export const leastGrowth = norm.growth.least

/** Sums of calls are kept to so many places, in whole numbers, so that their order does not matter. */
const places = 1e9

const kept = (value: number): number => Math.round(value * places + 1e-9)

/** What a series normally has, by the history of one day. Calls; by slot: weekday × 24 + hour of the day. */
export interface CallNorm {
  readonly day: number
  readonly historyHours: number
  readonly meanCalls: number
  /** What a call costs on the mean, and the size of call of which the money is so many: Σc² / Σc. USD. */
  readonly callUsd: number
  readonly unitUsd: number
  /** By how much the last days were above the pattern. */
  readonly growth: number
  /** Mean of all days, by hour of the day. */
  readonly all: Float64Array
  /** Mean of such days, by hour of the day, weekdays before weekends; NaN where the history is too short. */
  readonly ofTypes: Float64Array
  /** Median of such weekdays, NaN where the history is too short. */
  readonly ofWeekdays: Float64Array
  /** The rhythm that the series is drawn towards. */
  readonly priors: Float64Array
  /** What these come to, before growth. */
  readonly patterns: Float64Array
  /** First hour of the history. */
  readonly since: number
}

/** What the norm of an hour is made of. Calls. */
export interface Pattern {
  readonly prior: number
  readonly all: number
  readonly ofType: number | undefined
  readonly ofWeekday: number | undefined
  readonly calls: number
}

export function patternAt(norm: CallNorm, hour: number): Pattern {
  const slot = slotOf(hour)
  const known = (value = NaN): number | undefined => (Number.isNaN(value) ? undefined : value)
  const type = 24 * Number(isWeekend(Math.floor(slot / 24))) + (slot % 24)
  return {
    prior: norm.priors[slot] ?? 0,
    all: norm.all[slot % 24] ?? 0,
    ofType: known(norm.ofTypes[type]),
    ofWeekday: known(norm.ofWeekdays[slot]),
    calls: norm.patterns[slot] ?? 0,
  }
}

/** The calls that an hour normally has; offices in another zone begin an hour off. @param slot of the hour */
export function normCalls({ growth, patterns }: CallNorm, slot: number): number {
  const [midnight, hourOfDay] = [slot - (slot % 24), slot % 24]
  const before = patterns[midnight + ((hourOfDay + 23) % 24)] ?? 0
  const after = patterns[midnight + ((hourOfDay + 1) % 24)] ?? 0
  return growth * Math.max(patterns[slot] ?? 0, norm.beside * Math.max(before, after))
}

/** Works out the norms of one series, each once. */
export class CallNorms {
  readonly history: History
  readonly calendar: Calendar
  readonly #account: CallNorms | undefined
  readonly #norms = new Map<number, CallNorm | undefined>()
  readonly #smooth = new Map<number, Float64Array>()
  readonly #profiles = new Map<number, Float64Array>()
  readonly #medians: WeekdayMedians

  /** @param account absent for the account itself */
  constructor(history: History, calendar: Calendar, account?: CallNorms) {
    this.history = history
    this.calendar = calendar
    this.#account = account
    this.#medians = new WeekdayMedians((hour) => history.calls(hour), history.firstHour, calendar)
  }

  /** The norm by the days before a day; undefined where they are too few, or cost nothing. */
  before(day: number): CallNorm | undefined {
    if (!this.#norms.has(day)) this.#norms.set(day, this.#learned(day))
    return this.#norms.get(day)
  }

  #learned(day: number): CallNorm | undefined {
    const { history } = this
    const historyHours = history.hoursBefore(day, this.calendar.historyDays)
    if (historyHours < historyNeeded.any) return undefined
    const since = 24 * day - historyHours
    const sum = history.sum(since, 24 * day)
    if (!(sum > 0)) return undefined
    const calls = history.callsIn(since, 24 * day)
    const meanCalls = calls / this.calendar.count(since, 24 * day)
    const means = this.#means(day, since, historyHours >= historyNeeded.dayTypes)
    const ofWeekdays =
      historyHours >= historyNeeded.weekdays ? this.#medians.before(day, Math.floor(since / 24)) : unknown
    const priors = this.#priors(day, meanCalls, means.all)
    const patterns = this.#patterns(means, ofWeekdays, priors, meanCalls)
    return {
      day,
      historyHours,
      since,
      meanCalls,
      callUsd: sum / calls,
      unitUsd: history.squaresIn(since, 24 * day) / sum,
      growth: this.#growth(day, since, patterns),
      all: means.all,
      ofTypes: means.ofTypes,
      ofWeekdays,
      priors,
      patterns,
    }
  }

  /** The account's rhythm; of the account itself, that of all its days. */
  #priors(day: number, meanCalls: number, all: Float64Array): Float64Array {
    const profile = this.#account?.profileBefore(day)
    const priors = new Float64Array(7 * 24)
    for (let slot = 0; slot < priors.length; slot++) {
      priors[slot] = this.#account === undefined ? (all[slot % 24] ?? 0) : meanCalls * (profile?.[slot] ?? 1)
    }
    return priors
  }

  #patterns(means: Means, ofWeekdays: Float64Array, priors: Float64Array, meanCalls: number): Float64Array {
    const weight = this.#account === undefined ? norm.accountPrior : norm.prior
    const patterns = new Float64Array(7 * 24)
    for (let slot = 0; slot < patterns.length; slot++) {
      const type = (slot % 24) + (isWeekend(Math.floor(slot / 24)) ? 24 : 0)
      const ofType = means.ofTypes[type] ?? NaN
      const days = means.days[type] ?? 0
      const prior = weight * (priors[slot] ?? 0)
      const drawn = Number.isNaN(ofType)
        ? (2 * (means.all[slot % 24] ?? 0) + prior) / (2 + weight)
        : (days * ofType + prior) / (days + weight)
      const ofWeekday = ofWeekdays[slot] ?? NaN
      patterns[slot] = Math.max(drawn, ofWeekday > 0 ? ofWeekday : 0, norm.least * meanCalls)
    }
    return patterns
  }

  /** Mean calls of an hour of the day with its neighbours, on all days and on such days, without the largest day. */
  #means(day: number, since: number, knowsTypes: boolean): Means {
    const [sums, most, days] = [new Float64Array(48), new Float64Array(48), new Float64Array(48)]
    for (let past = Math.floor(since / 24); past < day; past++) {
      const smooth = this.#smoothDay(past)
      const from = isWeekend(weekdayOf(past)) ? 24 : 0
      for (let hour = 0; hour < 24; hour++) {
        const calls = smooth[hour] ?? NaN
        if (Number.isNaN(calls)) continue
        const at = from + hour
        sums[at] = (sums[at] ?? 0) + calls
        days[at] = (days[at] ?? 0) + 1
        if (calls > (most[at] ?? 0)) most[at] = calls
      }
    }
    const all = new Float64Array(24).map((_, hour) => {
      const [one, other] = [hour, hour + 24]
      const count = (days[one] ?? 0) + (days[other] ?? 0)
      return count === 0
        ? 0
        : meanOf((sums[one] ?? 0) + (sums[other] ?? 0), Math.max(most[one] ?? 0, most[other] ?? 0), count)
    })
    const ofTypes = sums.map((sum, at) =>
      knowsTypes && (days[at] ?? 0) > 0 ? meanOf(sum, most[at] ?? 0, days[at] ?? 0) : NaN,
    )
    return { all, ofTypes, days }
  }

  /** Calls of each hour of a day, the hours beside it counted half; NaN where none of them is known. */
  #smoothDay(day: number): Float64Array {
    const known = this.#smooth.get(day)
    if (known !== undefined) return known
    const { history } = this
    const first = Math.max(history.firstHour, this.calendar.span.first)
    const smooth = new Float64Array(24)
    for (let hourOfDay = 0; hourOfDay < 24; hourOfDay++) {
      let sum = 0
      let count = 0
      for (let beside = -1; beside <= 1; beside++) {
        const hour = 24 * day + ((hourOfDay + beside + 24) % 24)
        if (hour < first || !this.calendar.isShown(hour)) continue
        const weight = beside === 0 ? 2 : 1
        sum += weight * history.calls(hour)
        count += weight
      }
      smooth[hourOfDay] = count === 0 ? NaN : kept(sum / count)
    }
    this.#smooth.set(day, smooth)
    return smooth
  }

  /** The account's pattern as a share of its mean hour; undefined where it has none. */
  profileBefore(day: number): Float64Array | undefined {
    const known = this.#profiles.get(day)
    const found = this.before(day)
    if (known !== undefined || found === undefined) return known
    const mean = this.#meanOf(found)
    const profile = found.patterns.map((calls) => calls / mean)
    this.#profiles.set(day, profile)
    return profile
  }

  /** The mean of the pattern over the hours of the history. */
  #meanOf({ since, day, patterns }: CallNorm): number {
    let sum = 0
    for (let hour = since; hour < 24 * day; hour++) {
      if (this.calendar.isShown(hour)) sum += patterns[slotOf(hour)] ?? 0
    }
    return sum / this.calendar.count(since, 24 * day)
  }

  /** Few calls say little, and follow the account. */
  #growth(day: number, since: number, patterns: Float64Array): number {
    const { least, most, calls: weight, days } = norm.growth
    const ofAccount = this.#account?.before(day)?.growth ?? 1
    const ratios: number[] = []
    for (let past = day - 1; past >= day - days && 24 * past + 23 >= since; past--) {
      const first = Math.max(24 * past, since)
      let pattern = 0
      for (let hour = first; hour < 24 * past + 24; hour++) {
        if (this.calendar.isShown(hour)) pattern += kept(patterns[slotOf(hour)] ?? 0)
      }
      const calls = this.history.callsIn(first, 24 * past + 24)
      ratios.push(
        this.#account === undefined
          ? calls / (pattern / places + 1e-12)
          : (calls + weight * ofAccount) / (pattern / places + weight),
      )
    }
    return Math.min(most, Math.max(least, median(ratios)))
  }
}

/** By slot, for a history that is too short. */
const unknown = new Float64Array(7 * 24).fill(NaN)

interface Means {
  readonly all: Float64Array
  readonly ofTypes: Float64Array
  /** How many days of a type have the hour. */
  readonly days: Float64Array
}

const meanOf = (sum: number, most: number, days: number): number =>
  days >= norm.trimmed ? (sum - most) / places / (days - 1) : sum / places / days
