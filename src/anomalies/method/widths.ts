/**
 * The hours of some days beside their norm, and what the last 1, 3, 6 or 24 of them came to: were so many calls, or
 * so much money, still chance?
 */
import type { Materiality } from '../../domain/materiality.js'
import { surpriseBounds } from '../../domain/surprise.js'
import { normCalls, patternAt, type CallNorm, type CallNorms } from './call-norms.js'
import { slotOf, type Calendar } from './calendar.js'

/** Hours over which calls and money are counted together, up to and with the judged one. */
export const widths = [1, 3, 6, 24] as const
export type Width = (typeof widths)[number]

/** Multiplicative noise of hourly calls: of all calls and of features, and of people. */
const noise = { group: 0.1, person: 0.3 } as const

/** κ of a series, the inverse of its noise. */
export const shapeOf = (isPerson: boolean): number => 1 / (isPerson ? noise.person : noise.group)

/**
 * The log-likelihood ratio of a negative binomial by which `found` is beyond `expected`, 0 where it is not; the
 * chance of as many or more is at most e to the power of minus it (Chernoff).
 * @param shape κ: the variance is expected + expected² / κ
 */
export function surprise(found: number, expected: number, shape: number): number {
  if (found <= expected) return 0
  const mean = Math.max(expected, 1e-9)
  return found * Math.log(found / mean) - (found + shape) * Math.log((found + shape) / (mean + shape))
}

/** Between the value over one hour (0) and over a day (1). */
const reach = (width: Width): number => Math.log(width) / Math.log(24)

/** Shares of a usual day grow with the hours: this many times over a day. */
const dayShare = 6

/** Smallest excess over so many hours, as a multiple of the share of one hour. */
export const shareOf = (width: Width): number => 1 + (dayShare - 1) * reach(width)

export const timesOf = (width: Width): number =>
  surpriseBounds.times.hour + (surpriseBounds.times.day - surpriseBounds.times.hour) * reach(width)

/** An hour that has a norm. USD, calls. */
export interface ExpectedHour {
  readonly hour: number
  readonly position: number
  readonly norm: CallNorm
  /** Median daily cost of the account before the day. */
  readonly usualUsd: number
  readonly usd: number
  readonly calls: number
  readonly dearestUsd: number
  readonly squareUsd: number
  readonly normCalls: number
  readonly normUsd: number
}

/** The hours of these days that have a norm, ascending. @param days ascending */
export function expectedHours(
  norms: CallNorms,
  days: readonly number[],
  calendar: Calendar,
  usual: ReadonlyMap<number, number>,
): ExpectedHour[] {
  const { history } = norms
  return days.flatMap((day) => {
    const norm = norms.before(day)
    const usualUsd = usual.get(day)
    if (norm === undefined || usualUsd === undefined) return []
    return calendar.hoursOf(day).map((hour) => {
      const calls = normCalls(norm, slotOf(hour))
      return {
        hour,
        position: calendar.position(hour),
        norm,
        usualUsd,
        usd: history.usd(hour),
        calls: history.calls(hour),
        dearestUsd: history.dearest(hour),
        squareUsd: history.squares(hour),
        normCalls: calls,
        normUsd: calls * norm.callUsd,
      }
    })
  })
}

/** The smallest excess of a width that matters. */
export const leastUsd = (width: Width, usualUsd: number, { minShare, minUsd }: Materiality): number =>
  Math.max(shareOf(width) * minShare * usualUsd, minUsd)

/** Whether the hours of a width end at an index: all of them have a norm. */
export function isWhole(hours: readonly { readonly position: number }[], at: number, width: number): boolean {
  const [first, last] = [hours[at - width + 1], hours[at]]
  return first !== undefined && last !== undefined && last.position - first.position === width - 1
}

/** What the hours of a width came to, and what they normally come to. */
function spanOf(
  { history }: CallNorms,
  hours: readonly ExpectedHour[],
  at: number,
  width: Width,
): { readonly usd: number; readonly normUsd: number } {
  const [first, last] = [hours[at - width + 1], hours[at]]
  let normUsd = 0
  for (let i = at - width + 1; i <= at; i++) normUsd += hours[i]?.normUsd ?? 0
  return { usd: first && last ? history.sum(first.hour, last.hour + 1) : 0, normUsd }
}

/** What the hours of one width are judged by. USD, calls; surprise in nats, before the history's own. */
export interface Term {
  readonly width: Width
  /** The last of its hours. */
  readonly last: ExpectedHour
  readonly foundCalls: number
  readonly expectedCalls: number
  readonly foundUsd: number
  readonly expectedUsd: number
  readonly allCalls: number
  readonly allNormCalls: number
  readonly spanUsd: number
  readonly spanNormUsd: number
  readonly dearestUsd: number
  /** The largest excess of one of the hours, and the excess of the last quarter of a day. */
  readonly worstExcessUsd: number
  readonly recentExcessUsd: number | undefined
  /** USD of a call of the size of which the money is so many. */
  readonly unit: number
  readonly callsSurprise: number
  readonly moneySurprise: number
  readonly discount: number
  readonly leastUsd: number
}

/** @param at index of the last hour; the width is whole there */
export function termOf(
  norms: CallNorms,
  hours: readonly ExpectedHour[],
  at: number,
  width: Width,
  shape: number,
  materials: Materiality,
): Term {
  const last = hours[at] as ExpectedHour
  const { usd: spanUsd, normUsd: spanNormUsd } = spanOf(norms, hours, at, width)
  const sums = sumsOf(hours, at, width)
  const isTrimmed = width >= surpriseBounds.trimmed
  const { ofCalls, ofMoney } = sums
  const foundCalls = sums.calls - (isTrimmed ? ofCalls.calls : 0)
  const expectedCalls = sums.normCalls - (isTrimmed ? ofCalls.normCalls : 0)
  const foundUsd = spanUsd - (isTrimmed ? ofMoney.usd : 0)
  const expectedUsd = spanNormUsd - (isTrimmed ? ofMoney.normUsd : 0)
  const squareUsd = sums.squareUsd - (isTrimmed ? ofMoney.squareUsd : 0)
  const unit = Math.max(last.norm.unitUsd, foundUsd > 1e-12 ? squareUsd / foundUsd : 0)
  const { stake } = surpriseBounds
  const excess = spanUsd - spanNormUsd
  const large = stake.day * last.usualUsd
  return {
    width,
    last,
    foundCalls,
    expectedCalls,
    foundUsd,
    expectedUsd,
    allCalls: sums.calls,
    allNormCalls: sums.normCalls,
    spanUsd,
    spanNormUsd,
    dearestUsd: sums.dearestUsd,
    worstExcessUsd: Math.max(ofMoney.usd - ofMoney.normUsd, 0),
    recentExcessUsd: width === 24 ? recentExcess(hours, at, width / 4) : undefined,
    unit,
    callsSurprise: surprise(foundCalls, expectedCalls, shape),
    moneySurprise: surprise(foundUsd / unit, expectedUsd / unit, shape),
    discount: Math.min(
      stake.most,
      Math.max(0, excess > large ? stake.weight * Math.log(excess / Math.max(large, 1e-9)) : 0),
    ),
    leastUsd: leastUsd(width, last.usualUsd, materials),
  }
}

/** Sums over the hours of a width, with its worst hour of calls and of money. */
function sumsOf(
  hours: readonly ExpectedHour[],
  at: number,
  width: Width,
): {
  readonly calls: number
  readonly normCalls: number
  readonly squareUsd: number
  readonly dearestUsd: number
  readonly ofCalls: ExpectedHour
  readonly ofMoney: ExpectedHour
} {
  let ofCalls = hours[at - width + 1] as ExpectedHour
  let ofMoney = ofCalls
  let [calls, normal, squareUsd, dearestUsd] = [0, 0, 0, 0]
  for (let i = at - width + 1; i <= at; i++) {
    const own = hours[i] as ExpectedHour
    calls += own.calls
    normal += own.normCalls
    squareUsd += own.squareUsd
    dearestUsd = Math.max(dearestUsd, own.dearestUsd)
    if (own.calls - own.normCalls > ofCalls.calls - ofCalls.normCalls) ofCalls = own
    if (own.usd - own.normUsd > ofMoney.usd - ofMoney.normUsd) ofMoney = own
  }
  return { calls, normCalls: normal, squareUsd, dearestUsd, ofCalls, ofMoney }
}

function recentExcess(hours: readonly ExpectedHour[], at: number, count: number): number {
  let sum = 0
  for (let i = at - count + 1; i <= at; i++) sum += (hours[i]?.usd ?? 0) - (hours[i]?.normUsd ?? 0)
  return sum
}

/** The pattern behind an hour's norm. */
export const patternOf = ({ norm, hour }: ExpectedHour): ReturnType<typeof patternAt> => patternAt(norm, hour)
