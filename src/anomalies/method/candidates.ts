/**
 * The days on which a series may be flagged. One on which it costs too little to be told of is left out before any norm
 * is worked out: all costs are at least 0, so no excess is above the cost itself.
 */
import { shareTimes } from '../../domain/materiality.js'
import { historyNeeded } from '../../domain/surprise.js'
import type { AnomalyRequest } from '../../metrics/anomalies/flags.js'
import type { LeastDay } from '../../metrics/anomalies/judged-hours.js'
import { bounds, sustainedBounds } from './bounds.js'
import { leastGrowth as leastCostGrowth } from './cost-norms.js'
import { leastGrowth as leastCallGrowth } from './call-norms.js'
import { costKinds, isPerson, judgedDays, likelyKinds, type Ground } from './ground.js'
import type { History } from './history.js'
import { leastUsd, shareOf, timesOf, widths, type Width } from './widths.js'
import { WeekdayMedians } from './weekday-medians.js'

/**
 * What a series must come to in two days to be flagged by any test of rises, or as one that began to cost, by judged
 * day; none for a day without a usual one before it, or where the account itself spent nothing.
 */
export function leastDays({ request, usual, account }: Ground): LeastDay[] {
  const { minUsd, minShare } = request
  const times = shareTimes(minShare)
  const kinds = costKinds(request)
  const first = Math.min(sustainedBounds(true, times).day, sustainedBounds(false, times).day)
  return judgedDays(request).flatMap((day) => {
    const usd = usual.get(day)
    if (usd === undefined || !spends(account, day)) return []
    const least = [
      first * Math.min(usd, usual.get(day - 1) ?? usd),
      ...(likelyKinds(request).length > 0 ? [Math.max(minShare * usd, minUsd)] : []),
      ...(kinds.includes('spike') ? [bounds.spike.day * times * usd] : []),
    ]
    // A double may be a hair off.
    return [{ day, least_usd: Math.min(...least) * (1 - 1e-9) }]
  })
}

/** Whether a day or the one before it has a call that cost something. */
function spends(account: History, day: number): boolean {
  for (let hour = 24 * (day - 1); hour < 24 * (day + 1); hour++) if (account.calls(hour) > 0) return true
  return false
}

/** A norm is at most 1.5 times the dearest hour of the history, growth and all; the norm of three hours must be worth a fall. */
const mayDrop = (dearestUsd: number): number => 3 * 1.5 * dearestUsd

const leastFall = ({ minShare }: AnomalyRequest, usualUsd: number): number =>
  bounds.drop.day * shareTimes(minShare) * usualUsd

/** What a series must come to on one day of the span for a fall to matter; undefined where none is asked for. */
export function leastOfDay({ request, usual }: Ground): number | undefined {
  if (!request.kinds.includes('drop')) return undefined
  const falls = judgedDays(request).flatMap((day) => {
    const usd = usual.get(day)
    return usd === undefined ? [] : [leastFall(request, usd)]
  })
  return falls.length === 0 ? undefined : (Math.min(...falls) / mayDrop(1)) * (1 - 1e-9)
}

/** What a day and the hours before it came to. USD. */
interface DayCost {
  readonly day: number
  readonly usualUsd: number
  readonly maxHourUsd: number
  readonly twoDayUsd: number
}

function dayCosts({ request, usual }: Ground, history: History): DayCost[] {
  return judgedDays(request).flatMap((day) => {
    const usualUsd = usual.get(day)
    if (usualUsd === undefined) return []
    const twoDayUsd = history.sum(Math.max(24 * (day - 1), request.span.first), 24 * day + 24)
    return [{ day, usualUsd, maxHourUsd: maxHour(history, day, day), twoDayUsd }]
  })
}

function maxHour(history: History, first: number, last: number): number {
  let most = 0
  for (let hour = 24 * first; hour < 24 * last + 24; hour++) most = Math.max(most, history.usd(hour))
  return most
}

/** The days of a series on which an hour may be flagged by likelihood, with the days before these. */
export function likelyDays(ground: Ground, history: History): number[] {
  const { minUsd, minShare, historyDays } = ground.request
  const calls = new WeekdayMedians((hour) => history.calls(hour), history.firstHour, ground.calendar)
  const leastNorms = (day: number): Float64Array | undefined => {
    const since = 24 * day - history.hoursBefore(day, historyDays)
    const paidCalls = history.callsIn(since, 24 * day)
    // What cost nothing so far has no norm to be beyond.
    const callUsd = paidCalls > 0 ? history.sum(since, 24 * day) / paidCalls : 0
    return leastOf(ground, history, calls, day)?.map((count) => leastCallGrowth * count * callUsd)
  }
  return dayCosts(ground, history).flatMap(({ day, usualUsd, maxHourUsd, twoDayUsd }) => {
    const share = minShare * usualUsd
    const may = maxHourUsd > Math.max(share, minUsd) || twoDayUsd > Math.max(shareOf(3) * share, minUsd)
    const isLoud = (width: Width, usd: number, norm: number): boolean =>
      usd - norm >= leastUsd(width, usualUsd, ground.request) && usd > timesOf(width) * norm
    return may && mayExceed(ground, history, day, leastNorms, widths, isLoud) ? [day, day - 1] : []
  })
}

/** The days of a series on which an hour may be flagged by medians, with the days before these. */
export function costDays(ground: Ground, history: History, kinds: AnomalyRequest['kinds']): number[] {
  const { request } = ground
  const times = shareTimes(request.minShare)
  const ofWholeDays = request.method === 'likelihood'
  const sustained = sustainedBounds(isPerson(request, history.family), times, ofWholeDays)
  const costs = new WeekdayMedians((hour) => history.usd(hour), history.firstHour, ground.calendar)
  const leastNorms = (day: number): Float64Array | undefined =>
    leastOf(ground, history, costs, day)?.map((usd) => leastCostGrowth * usd)
  return dayCosts(ground, history).flatMap(({ day, usualUsd, maxHourUsd, twoDayUsd }) => {
    const before = maxHourUsd > bounds.spike.day * times * usualUsd && kinds.includes('spike') ? [day] : []
    const lasts = (_: Width, usd: number, norm: number): boolean =>
      usd > sustained.norm * norm && usd - norm > sustained.day * usualUsd
    const whole =
      kinds.includes('sustained') &&
      twoDayUsd > sustained.day * usualUsd &&
      mayExceed(ground, history, day, leastNorms, [24], lasts)
    const falls =
      kinds.includes('drop') &&
      mayDrop(maxHour(history, day - request.historyDays, day - 1)) > leastFall(request, usualUsd)
    return whole || falls ? [...before, day, day - 1] : before
  })
}

/**
 * By hour of a day, the median of the same weekdays before it, of which a norm has at least its least growth; undefined
 * where the history is too short for one.
 */
function leastOf(
  { request }: Ground,
  history: History,
  medians: WeekdayMedians,
  day: number,
): Float64Array | undefined {
  const past = history.hoursBefore(day, request.historyDays)
  if (past < historyNeeded.weekdays) return undefined
  return medians.upTo(day - 7, Math.floor((24 * day - past) / 24)).map((value) => (value > 0 ? value : 0))
}

/**
 * Whether some hours that end on a day may be beyond their norm, by the least that this can be: that is found at little
 * cost, and nearly always enough to say no.
 * @param isBeyond tells it of what hours of a width cost and of the least that is normal
 */
function mayExceed(
  { request: { span } }: Ground,
  history: History,
  day: number,
  leastNorms: (day: number) => Float64Array | undefined,
  ofWidths: readonly Width[],
  isBeyond: (width: Width, usd: number, norm: number) => boolean,
): boolean {
  const [before, own] = [leastNorms(day - 1), leastNorms(day)]
  if (before === undefined || own === undefined) return true
  const sums = new Float64Array(49)
  for (let hour = 0; hour < 48; hour++) {
    sums[hour + 1] = (sums[hour] ?? 0) + ((hour < 24 ? before[hour] : own[hour - 24]) ?? 0)
  }
  for (let at = 24; at < 48; at++) {
    const hour = 24 * (day - 1) + at
    if (hour < span.since || hour >= span.until) continue
    if (history.usd(hour) <= (sums[at + 1] ?? 0) - (sums[at] ?? 0)) continue
    for (const width of ofWidths) {
      // Where the clock skipped hours, those of a width began earlier. A double may be a hair off.
      const usd = history.sum(hour - width + 1 - span.missing.length, hour + 1) * (1 + 1e-9)
      if (isBeyond(width, usd, (sums[at + 1] ?? 0) - (sums[at + 1 - width] ?? 0))) return true
    }
  }
  return false
}
