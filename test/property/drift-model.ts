/**
 * Drift of all calls together worked out again in plain TypeScript over raw calls, from docs/anomaly-method.md and not
 * from the SQL.
 */
import { dayOf, interpolated, sum, type Comparison, type Model } from './anomaly-model.js'

interface Day {
  readonly cost: number
  readonly calls: number
  readonly squares: number
}

/** Four weeks up to a day, the last first, and what is left of each without its two greatest days. */
interface Week {
  readonly whole: Day
  /** Without the two days with the most calls, and without the two dearest. */
  readonly calls: number
  readonly cost: number
  readonly squares: number
}

export interface DriftFlag {
  readonly day: number
  readonly cost: number
  readonly norm: number
  readonly calls: number
  readonly normCalls: number
}

export interface JudgedDrift {
  readonly flag: DriftFlag
  readonly flagged: boolean
  /** So near a bound that the last digit of a sum decides. */
  readonly isDoubtful: boolean
}

/** Every day from `since` on that has four weeks up to it. */
export function judgedDrifts({ series, until }: Model, since: number, minUsd: number): JudgedDrift[] {
  const account = series.find(({ family }) => family === 0)
  if (account === undefined) return []
  const first = dayOf(account.first)
  const days = new Map<number, Day>()
  for (let day = first; day <= dayOf(until); day++) {
    const hours = Array.from({ length: 24 }, (_, i) => account.hours.get(24 * day + i))
    const total = (of: 'cost' | 'paid' | 'squares'): number => sum(hours.map((hour) => hour?.[of] ?? 0))
    days.set(day, { cost: total('cost'), calls: total('paid'), squares: total('squares') })
  }
  const judged: JudgedDrift[] = []
  // A day is told of at its end.
  for (let last = Math.max(dayOf(since), first + 27); 24 * last + 23 < until; last++) {
    judged.push(judgeDay(days, last, minUsd))
  }
  return judged
}

function weekOf(days: ReadonlyMap<number, Day>, end: number): Week {
  const own = Array.from({ length: 7 }, (_, i) => days.get(end - 6 + i) ?? { cost: 0, calls: 0, squares: 0 })
  // Sorting keeps the order of equal days: of these the earliest is left out.
  const cheaper = own.toSorted((a, b) => b.cost - a.cost).slice(2)
  const quieter = own.toSorted((a, b) => b.calls - a.calls).slice(2)
  const total = (of: keyof Day, some: readonly Day[]): number => sum(some.map((day) => day[of]))
  return {
    whole: { cost: total('cost', own), calls: total('calls', own), squares: total('squares', own) },
    calls: total('calls', quieter),
    cost: total('cost', cheaper),
    squares: total('squares', cheaper),
  }
}

function judgeDay(days: ReadonlyMap<number, Day>, last: number, minUsd: number): JudgedDrift {
  const weeks = [0, 1, 2, 3].map((back) => weekOf(days, last - 7 * back))
  const [w0, , , w3] = weeks as [Week, Week, Week, Week]
  const ratios = Array.from({ length: 21 }, (_, i) => last - i).map((day) =>
    Math.log(Math.max(1, days.get(day)?.calls ?? 0) / Math.max(1, days.get(day - 7)?.calls ?? 0)),
  )
  const middle = interpolated(ratios, 0.5)
  const deviation = interpolated(
    ratios.map((one) => Math.abs(one - middle)),
    0.5,
  )
  const spread = Math.min(0.5, (1.4826 * deviation) / Math.SQRT2)
  const rises = (of: 'calls' | 'cost', growth: number, errors: number, own: number): Comparison[] => {
    const [now = 0, one = 0, two = 0, three = 0] = weeks.map((week) => week[of])
    const steps = [now / one, one / two, two / three]
    const error = Math.sqrt((2 * spread ** 2) / 5 + own)
    return [
      [now, growth * three],
      [Math.min(...steps), 1.02],
      [1.3 * Math.min(...steps), Math.max(...steps)],
      [Math.log(now / three), Math.log(1.2) + errors * error],
    ]
  }
  const flag = {
    day: last,
    cost: w0.whole.cost,
    norm: w3.whole.cost,
    calls: w0.whole.calls,
    normCalls: w3.whole.calls,
  }
  const hasAll = weeks.every((week) => week.calls > 0 && week.cost > 0)
  if (!hasAll) return { flag, flagged: false, isDoubtful: false }
  const matters: Comparison[] = [[w0.whole.cost - w3.whole.cost, minUsd]]
  const byCalls: Comparison[] = [
    ...rises('calls', 1.35, 2, 1 / w0.calls + 1 / w3.calls),
    [w0.cost, 1.25 * w3.cost],
  ]
  const byCost = rises('cost', 1.4, 2.5, w0.squares / w0.cost ** 2 + w3.squares / w3.cost ** 2)
  const all = (tests: readonly Comparison[]): boolean => tests.every(([a, b]) => a > b)
  const near = ([a, b]: Comparison): boolean => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))
  return {
    flag,
    flagged: all(matters) && (all(byCalls) || all(byCost)),
    isDoubtful: [...matters, ...byCalls, ...byCost].some(near),
  }
}
