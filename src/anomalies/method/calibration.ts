/**
 * How surprising the hours of a day's own history were by its norm: where they go far, the bound rises with them.
 */
import type { CallNorm } from './call-norms.js'
import { slotOf, type Calendar } from './calendar.js'
import { ascending, quantileOf } from './quantiles.js'
import type { History } from './history.js'
import { surprise, type Width } from './widths.js'

/** How far a history's own surprises may go. */
const calibration = { hourly: 2.1, share: 0.98, daily: 4, days: 6, most: 8 } as const

/** What a surprise of each width is divided by, at least 1. */
export type Calibration = Readonly<Record<Width, { readonly calls: number; readonly money: number }>>

/** Without a history of its own, nothing is divided. */
export const uncalibrated: Calibration = {
  1: { calls: 1, money: 1 },
  3: { calls: 1, money: 1 },
  6: { calls: 1, money: 1 },
  24: { calls: 1, money: 1 },
}

interface Judging {
  readonly history: History
  readonly norm: CallNorm
  readonly shape: number
  /** Of the norm's history. */
  readonly hours: readonly number[]
}

interface Surprises {
  readonly day: number
  readonly isAbove: boolean
  readonly calls: number
  readonly money: number
}

export function calibrationOf(
  history: History,
  norm: CallNorm,
  shape: number,
  calendar: Calendar,
): Calibration {
  const judging = { history, norm, shape, hours: calendar.shown(norm.since, 24 * norm.day) }
  const hourly = surprisesOf(judging, 1)
  const baseOf = (values: readonly number[]): number =>
    Math.max(1, quantileOf(ascending(values), calibration.share) / calibration.hourly)
  const base = {
    calls: baseOf(hourly.map(({ calls }) => calls)),
    money: baseOf(hourly.map(({ money }) => money)),
  }
  const calibrated = (width: Width): { calls: number; money: number } => {
    const days = daily(width === 1 ? hourly : surprisesOf(judging, width))
    return {
      calls: Math.max(base.calls, ofDays(days.map(({ calls }) => calls))),
      money: Math.max(base.money, ofDays(days.map(({ money }) => money))),
    }
  }
  return { 1: calibrated(1), 3: calibrated(3), 6: calibrated(6), 24: calibrated(24) }
}

/** By the second worst day: one day may have been an incident. */
function ofDays(values: readonly number[]): number {
  if (values.length < calibration.days) return 1
  const second = values.toSorted((a, b) => b - a)[1] ?? 0
  return Math.min(calibration.most, second / calibration.daily)
}

/** The largest of each day, of hours above their pattern. */
function daily(hours: readonly Surprises[]): { readonly calls: number; readonly money: number }[] {
  const days = new Map<number, { calls: number; money: number }>()
  for (const { day, isAbove, calls, money } of hours) {
    const own = days.get(day) ?? { calls: 0, money: 0 }
    if (isAbove) {
      own.calls = Math.max(own.calls, calls)
      own.money = Math.max(own.money, money)
    }
    days.set(day, own)
  }
  return [...days.values()]
}

/** Of each hour of the history, the surprise of the last hours of a width; fewer at its beginning. */
function surprisesOf({ history, norm, shape, hours }: Judging, width: Width): Surprises[] {
  const { callUsd, unitUsd, patterns } = norm
  return hours.map((hour, at) => {
    let calls = 0
    let pattern = 0
    let usd = 0
    let squares = 0
    for (let i = Math.max(0, at - width + 1); i <= at; i++) {
      const own = hours[i] ?? 0
      calls += history.calls(own)
      pattern += patterns[slotOf(own)] ?? 0
      usd += history.usd(own)
      squares += history.squares(own)
    }
    const unit = Math.max(unitUsd, usd > 1e-12 ? squares / usd : 0)
    return {
      day: Math.floor(hour / 24),
      isAbove: history.usd(hour) > (patterns[slotOf(hour)] ?? 0) * callUsd,
      calls: surprise(calls, pattern, shape),
      money: surprise(usd / unit, (pattern * callUsd) / unit, shape),
    }
  })
}
