/** The test of an hour by likelihood: its terms, the conditions that it must pass, and the flags of a window. */
import { reached, surpriseBounds, type Condition } from '../../domain/surprise.js'
import type { FlagRow } from '../../metrics/anomalies/flags.js'
import type { Materiality } from '../../domain/materiality.js'
import type { CallNorms } from './call-norms.js'
import { calibrationOf, uncalibrated, type Calibration } from './calibration.js'
import {
  isWhole,
  leastUsd,
  shapeOf,
  termOf,
  timesOf,
  widths,
  type ExpectedHour,
  type Term,
  type Width,
} from './widths.js'

/** A term beside its bound, its surprises lessened by those of the day's own history. */
export interface Judged {
  readonly term: Term
  readonly callsCalibration: number
  readonly moneyCalibration: number
  readonly callsSurprise: number
  readonly moneySurprise: number
  /** The bound of surprise before the discount. */
  readonly wholeBound: number
  readonly seriesCount: number
  /** Each condition: what was measured and what it must be above (or reach: `stake`, `explained`). */
  readonly conditions: Readonly<Record<Condition, readonly [number, number]>>
}

function judged(
  term: Term,
  calibration: Calibration,
  seriesCount: number,
  { noiseScale }: Materiality,
): Judged {
  const { calls, money } = calibration[term.width]
  const found = {
    term,
    callsCalibration: calls,
    moneyCalibration: money,
    callsSurprise: term.callsSurprise / calls,
    moneySurprise: term.moneySurprise / money,
    wholeBound: surpriseBounds.surprise * noiseScale + Math.log(seriesCount),
    seriesCount,
  }
  return { ...found, conditions: conditionsOf(found) }
}

function conditionsOf({
  term,
  callsSurprise,
  moneySurprise,
  wholeBound,
}: Omit<Judged, 'conditions'>): Judged['conditions'] {
  const { width, last, spanUsd, spanNormUsd, recentExcessUsd } = term
  const excess = spanUsd - spanNormUsd
  const bound = wholeBound - term.discount
  return {
    above: [last.usd, last.normUsd],
    stake: [excess, term.leastUsd],
    times: [spanUsd, timesOf(width) * spanNormUsd],
    rest: width === 1 ? [excess, 0] : [excess - term.worstExcessUsd, surpriseBounds.rest * excess],
    recent: recentExcessUsd === undefined ? [excess, 0] : [recentExcessUsd, surpriseBounds.recent * excess],
    money: [moneySurprise, bound],
    calls: [callsSurprise, bound],
    dearest: [excess - term.dearestUsd, surpriseBounds.dearest * excess],
    explained: [(term.allCalls - term.allNormCalls) * last.norm.callUsd, surpriseBounds.explained * excess],
  }
}

type Conditions = Pick<Judged, 'conditions'>

export const holds = ({ conditions }: Conditions, ...names: readonly Condition[]): boolean =>
  names.every((name) => {
    const [measured, bound] = conditions[name]
    return reached.includes(name) ? measured >= bound : measured > bound
  })

/** The money is worth telling. */
const matters = (one: Conditions): boolean => holds(one, 'above', 'stake', 'times', 'rest', 'recent')
/** More calls than chance brings, which explain the money. */
const byCalls = (one: Conditions): boolean => holds(one, 'calls', 'dearest', 'explained')
/** More money than chance brings, counted in calls of its size; or more calls. */
export const isFlagged = (one: Conditions): boolean => matters(one) && (holds(one, 'money') || byCalls(one))

/** A series of which an hour of the window costs enough beyond its norm: the others, most, are done with. */
export interface LoudSeries {
  readonly norms: CallNorms
  readonly hours: readonly ExpectedHour[]
  readonly isPerson: boolean
}

/** A sum of doubles may be a hair off: what is close is looked at. */
const hair = 1e-9

/** @param since first hour that is judged */
export function isLoud({ hours }: LoudSeries, since: number, materials: Materiality): boolean {
  const [usdBefore, normBefore] = [new Float64Array(hours.length + 1), new Float64Array(hours.length + 1)]
  for (const [at, { usd, normUsd }] of hours.entries()) {
    usdBefore[at + 1] = (usdBefore[at] ?? 0) + usd
    normBefore[at + 1] = (normBefore[at] ?? 0) + normUsd
  }
  return hours.some(
    (hour, at) =>
      hour.hour >= since &&
      hour.usd > hour.normUsd &&
      widths.some((width) => {
        if (at < width - 1) return false
        const usd = (usdBefore[at + 1] ?? 0) - (usdBefore[at + 1 - width] ?? 0)
        const normUsd = (normBefore[at + 1] ?? 0) - (normBefore[at + 1 - width] ?? 0)
        const off = hair * (usdBefore[at + 1] ?? 0)
        return (
          usd - normUsd + off >= leastUsd(width, hour.usualUsd, materials) &&
          usd + off > timesOf(width) * normUsd
        )
      }),
  )
}

/**
 * The flags of a series, one an hour and kind: of its widths the one whose surprise is furthest beyond its bound.
 * The history's own surprises can only lessen one, and cost the most to work out: what is not flagged without them
 * goes without.
 * @param counts series judged beside each other, by day
 */
export function likelihoodFlags(
  series: LoudSeries,
  since: number,
  materials: Materiality,
  counts: ReadonlyMap<number, number>,
): FlagRow[] {
  const { norms, hours } = series
  const shape = shapeOf(series.isPerson)
  const calibrations = new Map<number, Calibration>()
  const best = new Map<string, FlagRow>()
  for (const [at, hour] of hours.entries()) {
    if (hour.hour < since || hour.usd <= hour.normUsd) continue
    const { day } = hour.norm
    for (const width of widths) {
      if (!isWhole(hours, at, width)) continue
      const term = termOf(norms, hours, at, width, shape, materials)
      const count = counts.get(day) ?? 1
      if (!isFlagged(judged(term, uncalibrated, count, materials))) continue
      const calibration =
        calibrations.get(day) ?? calibrationOf(norms.history, hour.norm, shape, norms.calendar)
      calibrations.set(day, calibration)
      const one = judged(term, calibration, count, materials)
      if (!isFlagged(one)) continue
      const flag = flagOf(norms, one)
      const id = `${flag.kind} ${hour.hour}`
      const before = best.get(id)
      if (before === undefined || (flag.strength ?? 0) > (before.strength ?? 0)) best.set(id, flag)
    }
  }
  return [...best.values()]
}

/** The last digits of a norm, a sum of doubles, are not told. */
const told = (usd: number): number => Math.round(usd * 1e12) / 1e12

function flagOf({ history }: CallNorms, one: Judged): FlagRow {
  const { term, callsSurprise, moneySurprise } = one
  const surprise = Math.max(byCalls(one) ? callsSurprise : 0, moneySurprise)
  return {
    kind: term.width < 24 ? 'spike' : 'sustained',
    family: history.family,
    value: history.value,
    hour: term.last.hour,
    span_hours: term.width,
    cost_usd: term.spanUsd,
    norm_usd: told(term.spanNormUsd),
    noise_usd: null,
    usual_usd: term.last.usualUsd,
    history_hours: term.last.norm.historyHours,
    strength: surprise / Math.max(one.wholeBound - term.discount, 1),
    calls: term.allCalls,
    norm_calls: term.allNormCalls,
    surprise,
    is_of_calls: byCalls(one) && callsSurprise >= moneySurprise,
    is_spread: holds(one, 'dearest'),
    series_count: one.seriesCount,
  }
}

/** Every width of one hour, with the calibration of its day. */
export function judgedWidths(
  series: LoudSeries,
  hour: number,
  materials: Materiality,
  seriesCount: number,
): Judged[] {
  const { norms, hours } = series
  const at = hours.findIndex((one) => one.hour === hour)
  const found = hours[at]
  if (found === undefined) return []
  const shape = shapeOf(series.isPerson)
  const calibration = calibrationOf(norms.history, found.norm, shape, norms.calendar)
  return widths
    .filter((width: Width) => isWhole(hours, at, width))
    .map((width) =>
      judged(termOf(norms, hours, at, width, shape, materials), calibration, seriesCount, materials),
    )
}
