/** Whether the weeks of all calls rise: proven against their own noise, or steadily. */
import type { FlagRow } from '../../metrics/anomalies/flags.js'
import type { AccountDay } from './account-days.js'
import { bounds } from './bounds.js'
import type { Calendar } from './calendar.js'
import type { History } from './history.js'
import { median } from './quantiles.js'

/** Bounds of drift proven against its own noise: the last week against that of three weeks before, without the dearest days of each. */
const proven = {
  dearestDays: 2,
  calls: { growth: 1.35, errors: 2, cost: 1.25 },
  cost: { growth: 1.4, errors: 2.5 },
  /** Growth that must be beyond doubt, each week's least step, and the largest step over the smallest. */
  least: 1.2,
  step: 1.02,
  steps: 1.3,
  mostSpread: 0.5,
} as const

interface Week {
  readonly days: number
  readonly usd: number
  readonly calls: number
  /** Without the dearest days, or those with the most calls. */
  readonly rest: {
    readonly units: bigint
    readonly usd: number
    readonly calls: number
    readonly squareUsd: number
  }
}

/** The seven days that end so many weeks before a day. */
function weekOf(
  account: History,
  days: ReadonlyMap<number, AccountDay>,
  last: number,
  weeksBefore: number,
  dearestDays: number,
): Week {
  const until = last - 7 * weeksBefore
  const own = Array.from({ length: 7 }, (_, i) => days.get(until - 6 + i)).filter((day) => day !== undefined)
  const byCost = own.toSorted((a, b) => (a.units === b.units ? a.day - b.day : a.units > b.units ? -1 : 1))
  const byCalls = own.toSorted((a, b) => b.calls - a.calls || a.day - b.day)
  const kept = byCost.slice(dearestDays)
  const units = kept.reduce((sum, day) => sum + day.units, 0n)
  return {
    days: own.length,
    usd: account.toUsd(own.reduce((sum, day) => sum + day.units, 0n)),
    calls: own.reduce((sum, { calls }) => sum + calls, 0),
    rest: {
      units,
      usd: account.toUsd(units),
      calls: byCalls.slice(dearestDays).reduce((sum, { calls }) => sum + calls, 0),
      squareUsd: kept.reduce((sum, { squareUsd }) => sum + squareUsd, 0),
    },
  }
}

const driftRow = (
  account: History,
  day: number,
  [cost, norm]: readonly [Week, Week],
  usualUsd: number,
  strength: number | null,
): FlagRow => ({
  kind: 'drift',
  family: 0,
  value: '',
  hour: 24 * day + 23,
  span_hours: 168,
  cost_usd: cost.usd,
  norm_usd: norm.usd,
  noise_usd: null,
  usual_usd: usualUsd,
  history_hours: 24 * (day + 1) - account.firstHour,
  strength,
})

/** The days whose last hour is judged. */
const judgedDays = (days: readonly AccountDay[], { since, until }: Calendar['span']): number[] =>
  days.map(({ day }) => day).filter((day) => 24 * day + 23 >= since && 24 * day + 23 < until)

/**
 * The days on which drift of all calls together is proven against its own noise: weeks of calls, or of cost, that rise
 * one after another by more than their days' spread explains.
 */
export function provenDrifts(
  account: History,
  days: readonly AccountDay[],
  usual: ReadonlyMap<number, number>,
  { span }: Calendar,
  minUsd: number,
): FlagRow[] {
  const byDay = new Map(days.map((day) => [day.day, day]))
  return judgedDays(days, span).flatMap((day) => {
    const weeks = [0, 1, 2, 3].map((before) => weekOf(account, byDay, day, before, proven.dearestDays))
    const [now, , , then] = weeks
    const usualUsd = usual.get(day)
    const spread = spreadUpTo(byDay, day)
    if (
      now === undefined ||
      then === undefined ||
      then.days < 7 ||
      usualUsd === undefined ||
      spread === undefined
    )
      return []
    if (now.usd - then.usd < minUsd) return []
    if (!weeks.every(({ rest }) => Math.min(rest.calls, rest.usd) > 0)) return []
    const ofCalls = rises(
      weeks.map(({ rest }) => rest.calls),
      proven.calls,
      spread,
      1 / now.rest.calls + 1 / then.rest.calls,
    )
    const error = (week: Week): number => week.rest.squareUsd / (week.rest.usd * week.rest.usd)
    const ofCost = rises(
      weeks.map(({ rest }) => rest.usd),
      proven.cost,
      spread,
      error(now) + error(then),
    )
    if (!((ofCalls && now.rest.usd > proven.calls.cost * then.rest.usd) || ofCost)) return []
    return [
      { ...driftRow(account, day, [now, then], usualUsd, null), calls: now.calls, norm_calls: then.calls },
    ]
  })
}

function rises(
  weeks: readonly number[],
  { growth, errors }: { readonly growth: number; readonly errors: number },
  spread: number,
  error: number,
): boolean {
  const [now = 0, , , then = 0] = weeks
  const steps = weeks.slice(1).map((week, i) => (weeks[i] ?? 0) / week)
  const kept = 7 - proven.dearestDays
  return (
    now > growth * then &&
    Math.min(...steps) > proven.step &&
    Math.max(...steps) < proven.steps * Math.min(...steps) &&
    Math.log(now / then) > Math.log(proven.least) + errors * Math.sqrt((2 * spread * spread) / kept + error)
  )
}

/** How far the days of three weeks vary beside the days a week before them; undefined where there are none. */
function spreadUpTo(days: ReadonlyMap<number, AccountDay>, last: number): number | undefined {
  const ratios: number[] = []
  for (let day = last - 20; day <= last; day++) {
    const [now, before] = [days.get(day), days.get(day - 7)]
    if (now === undefined || before === undefined) continue
    ratios.push(Math.log(Math.max(now.calls, 1) / Math.max(before.calls, 1)))
  }
  if (ratios.length === 0) return undefined
  const middle = median(ratios)
  const far = median(ratios.map((ratio) => Math.abs(ratio - middle)))
  return Math.min(proven.mostSpread, (1.4826 * far) / Math.sqrt(2))
}

/**
 * Weeks of the account that rise steadily, day by day. The dearest days of each week do not count, and no week's step
 * is far above another's: one jump is no drift. The account's alone: the weeks of one user or feature rise by
 * chance too often.
 */
export function steadyDrifts(
  account: History,
  days: readonly AccountDay[],
  usual: ReadonlyMap<number, number>,
  { span }: Calendar,
): FlagRow[] {
  const byDay = new Map(days.map((day) => [day.day, day]))
  return judgedDays(days, span).flatMap((day) => {
    const usualUsd = usual.get(day)
    if (usualUsd === undefined || account.firstHour > 24 * (day - 27)) return []
    const weeks = [0, 1, 2, 3].map((before) => weekOf(account, byDay, day, before, bounds.drift.dearestDays))
    const [now, , , then] = weeks
    if (now === undefined || then === undefined || !(then.rest.usd > 0)) return []
    const [w0, w3] = [now.rest.usd, then.rest.usd]
    const steps = weeks.slice(1).map((week, i) => (weeks[i]?.rest.usd ?? 0) / week.rest.usd)
    const isRising = weeks.slice(1).every((week, i) => (weeks[i]?.rest.units ?? 0n) > week.rest.units)
    if (!(w0 > bounds.drift.growth * w3 && isRising)) return []
    if (!(Math.max(...steps) < bounds.drift.steps * Math.min(...steps))) return []
    return [driftRow(account, day, [now, then], usualUsd, w0 / (bounds.drift.growth * w3))]
  })
}
