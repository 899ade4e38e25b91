/** The tests of an hour against its median: docs/anomaly-method.md tells what each is for. */
import type { AnomalyKind, FlagRow } from '../../metrics/anomalies/flags.js'
import { bounds, sustainedBounds } from './bounds.js'
import { costNorm, costNormAt, type CostNorm } from './cost-norms.js'
import type { Calendar } from './calendar.js'
import type { History } from './history.js'
import { isWhole } from './widths.js'

/** An hour that has a norm. USD. */
export interface CostHour {
  readonly hour: number
  readonly position: number
  readonly norm: CostNorm
  /** Median daily cost of the account before the day. */
  readonly usualUsd: number
  readonly usd: number
  readonly normUsd: number
  readonly noiseUsd: number
  readonly excessUsd: number
}

/** The hours of these days that have a norm, ascending. @param days ascending */
export function costHours(
  history: History,
  days: readonly number[],
  calendar: Calendar,
  usual: ReadonlyMap<number, number>,
): CostHour[] {
  return days.flatMap((day) => {
    const norm = costNorm(history, calendar, day)
    const usualUsd = usual.get(day)
    if (norm === undefined || usualUsd === undefined) return []
    return calendar.hoursOf(day).map((hour) => {
      const usd = history.usd(hour)
      const { normUsd, noiseUsd } = costNormAt(norm, hour)
      return {
        hour,
        position: calendar.position(hour),
        norm,
        usualUsd,
        usd,
        normUsd,
        noiseUsd,
        excessUsd: usd - normUsd,
      }
    })
  })
}

/** Sums over the last hours, where all of them have a norm. USD. */
export interface Trailing {
  readonly usd: number
  readonly normUsd: number
  readonly noiseUsd: number
  readonly maxExcessUsd: number
  readonly squareUsd: number
  readonly isWhole: boolean
}

/** @param hours those whose history costs something; @param at index of the last one */
export function trailing(history: History, hours: readonly CostHour[], at: number, width: number): Trailing {
  const own = hours.slice(Math.max(0, at - width + 1), at + 1)
  const [from, to] = [own[0], own.at(-1)]
  const whole = isWhole(hours, at, width)
  return {
    usd: whole && from && to ? history.sum(from.hour, to.hour + 1) : sumOf(history, own),
    normUsd: own.reduce((sum, { normUsd }) => sum + normUsd, 0),
    noiseUsd: Math.sqrt(own.reduce((sum, { noiseUsd }) => sum + noiseUsd * noiseUsd, 0)),
    maxExcessUsd: Math.max(...own.map(({ excessUsd }) => excessUsd)),
    squareUsd: own.reduce((sum, { hour }) => sum + history.squares(hour), 0),
    isWhole: whole,
  }
}

const sumOf = (history: History, hours: readonly CostHour[]): number =>
  history.toUsd(hours.reduce((sum, { hour }) => sum + history.units(hour, hour + 1), 0n))

export interface CostTests {
  readonly kinds: readonly AnomalyKind[]
  /** First hour that is judged. */
  readonly since: number
  readonly noiseScale: number
  /** What shares of a usual day are multiplied by. */
  readonly timesShare: number
  readonly isPerson: boolean
  /** A sustained excess is what comes to a whole usual day alone, and never a person's. */
  readonly ofWholeDays: boolean
}

/** The flags of a series. @param hours ascending */
export function costFlags(history: History, hours: readonly CostHour[], tests: CostTests): FlagRow[] {
  const own = hours.filter(({ norm }) => norm.meanUsd > 0)
  return own.flatMap((hour, at) => {
    if (hour.hour < tests.since) return []
    const flags: FlagRow[] = []
    if (tests.kinds.includes('spike') && isSpike(history, hour, tests)) {
      flags.push(flagOf(history, hour, 'spike', 1, hour, bounds.spike.noise))
    }
    if (tests.kinds.includes('sustained') && mayLast(history, own, at, tests)) {
      const span = trailing(history, own, at, 24)
      if (isSustained(hour, span, tests)) {
        flags.push(flagOf(history, hour, 'sustained', 24, span, bounds.sustained.noise))
      }
    }
    if (tests.kinds.includes('drop')) {
      const span = trailing(history, own, at, 3)
      if (span.isWhole && isDrop(hour, span, tests)) {
        flags.push(flagOf(history, hour, 'drop', 3, span, bounds.drop.noise))
      }
    }
    return flags
  })
}

function isSpike(history: History, hour: CostHour, { noiseScale, timesShare }: CostTests): boolean {
  const { noise, norm, day, rest, calls } = bounds.spike
  const { usd, normUsd, noiseUsd, excessUsd, usualUsd } = hour
  return (
    excessUsd > noise * noiseScale * noiseUsd &&
    usd > norm * normUsd &&
    excessUsd > day * timesShare * usualUsd &&
    excessUsd - history.dearest(hour.hour) > rest * excessUsd &&
    usd * usd > calls * history.squares(hour.hour)
  )
}

/** An excess is no more than the cost itself: most hours need no sums of their norms. */
function mayLast(history: History, hours: readonly CostHour[], at: number, tests: CostTests): boolean {
  const [first, last] = [hours[at - 23], hours[at]]
  if (first === undefined || last === undefined || last.usd <= last.normUsd) return false
  const { day } = sustainedBounds(tests.isPerson, tests.timesShare, tests.ofWholeDays)
  return isWhole(hours, at, 24) && history.sum(first.hour, last.hour + 1) > day * last.usualUsd
}

function isSustained({ usualUsd }: CostHour, span: Trailing, tests: CostTests): boolean {
  const { noise, rest, calls } = bounds.sustained
  const { norm, day } = sustainedBounds(tests.isPerson, tests.timesShare, tests.ofWholeDays)
  const excess = span.usd - span.normUsd
  return (
    excess > noise * tests.noiseScale * span.noiseUsd &&
    span.usd > norm * span.normUsd &&
    excess > day * usualUsd &&
    excess - span.maxExcessUsd > rest * excess &&
    span.usd * span.usd > calls * span.squareUsd
  )
}

function isDrop({ usualUsd }: CostHour, span: Trailing, { timesShare }: CostTests): boolean {
  const { noise, norm, day } = bounds.drop
  const loss = span.normUsd - span.usd
  return span.usd < norm * span.normUsd && loss > noise * span.noiseUsd && loss > day * timesShare * usualUsd
}

function flagOf(
  history: History,
  { hour, usualUsd, norm }: CostHour,
  kind: AnomalyKind,
  hours: number,
  span: Pick<Trailing, 'usd' | 'normUsd' | 'noiseUsd'>,
  bound: number,
): FlagRow {
  const { usd, normUsd, noiseUsd } = span
  return {
    kind,
    family: history.family,
    value: history.value,
    hour,
    span_hours: hours,
    cost_usd: usd,
    norm_usd: normUsd,
    noise_usd: noiseUsd,
    usual_usd: usualUsd,
    history_hours: norm.historyHours,
    strength: noiseUsd === 0 ? null : Math.abs(usd - normUsd) / (bound * noiseUsd),
  }
}
