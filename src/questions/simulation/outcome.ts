/**
 * What a scenario comes to, from the sums of its patterns, exactly: shares, rates and factors are fractions, and
 * only the result is rounded.
 *
 * The levers take effect in one order, whatever the order they are typed in: tokens, moves, prices, cache hits,
 * volume; new users come on top, as users of today in the scenario without its volume, then the fixed money.
 */
import { picos } from '../../domain/costs/amount.js'
import {
  compare,
  fromPicos,
  least,
  less,
  one,
  over,
  plus,
  times,
  whole,
  zero,
  type Fraction,
} from '../../domain/costs/fraction.js'
import type { Outcome } from '../../domain/scenarios/answer.js'
import type { Lever } from '../../domain/scenarios/lever.js'
import { isModel } from '../../domain/scenarios/models.js'
import type { ScenarioCostsRow } from '../../metrics/simulation/scenario-costs.js'

export interface Measured {
  readonly rows: readonly ScenarioCostsRow[]
  /** Where the moves lead, in their order. */
  readonly targets: readonly { readonly provider: string | null; readonly model: string }[]
  /** Users that each lever's calls have, by the lever's place; asked for where new users are among the levers. */
  readonly users: ReadonlyMap<number, bigint>
  /** What makes a month of the window: 30 days measured are 365/360 of a month. */
  readonly toMonth: Fraction
  /** The same of the count of calls, where it differs. */
  readonly toMonthOfCalls?: Fraction | undefined
}

const usd = (value: string | null | undefined): Fraction =>
  value === null || value === undefined ? zero : fromPicos(picos(value))

/** The cost of the calls of a pattern after moves and prices. */
function costOf(row: ScenarioCostsRow, levers: readonly Lever[], { targets }: Measured): Fraction {
  let left = one
  let sum = zero
  let move = -1
  for (const [i, lever] of levers.entries()) {
    if (lever.kind !== 'move') continue
    move += 1
    if (!row[`f${i}`] || !row[`m${i}`]) continue
    const share = least(lever.share, left)
    left = less(left, share)
    const target = targets[move]!
    const price = priceFactor(row, levers, (pattern) => isModel(pattern, target.provider, target.model))
    sum = plus(sum, times(share, usd(row.moved_usd[move]), price))
  }
  const price = priceFactor(row, levers, (_, i) => row[`m${i}`] === true)
  return plus(sum, times(left, usd(row.stay_usd), price))
}

/** Of all price changes that hold for a model. */
function priceFactor(
  row: ScenarioCostsRow,
  levers: readonly Lever[],
  holds: (pattern: string, lever: number) => boolean,
): Fraction {
  const factors = levers.flatMap((lever, i) =>
    lever.kind === 'price-change' && row[`f${i}`] && holds(lever.model, i) ? [lever.factor] : [],
  )
  return times(...factors)
}

const callsOf = (rows: readonly ScenarioCostsRow[]): Fraction =>
  rows.reduce((sum, { calls }) => plus(sum, whole(BigInt(calls))), zero)

/** Share of a lever's calls that the response cache answers today; 0 where there are none. */
function hitRate(rows: readonly ScenarioCostsRow[], lever: number): Fraction {
  const own = rows.filter((row) => row[`f${lever}`])
  const calls = callsOf(own)
  return compare(calls, zero) === 0 ? zero : over(callsOf(own.filter(({ is_hit: hit }) => hit)), calls)
}

/** What a scenario comes to by the month. Without levers: what is today. */
export function outcomeOf(levers: readonly Lever[], measured: Measured): Outcome {
  const { rows, users, toMonth } = measured
  const misses = levers.map((lever, i): Fraction => {
    if (lever.kind !== 'cache-hit') return one
    const now = hitRate(rows, i)
    return compare(now, one) === 0 ? one : over(less(one, lever.rate), less(one, now))
  })
  const figures = rows.map((row) => {
    const factor = times(...misses.filter((_, i) => row[`f${i}`]))
    const volume = times(
      ...levers.flatMap((lever, i) => (lever.kind === 'volume' && row[`f${i}`] ? [lever.factor] : [])),
    )
    return {
      row,
      cost: times(costOf(row, levers, measured), factor),
      calls: whole(BigInt(row.calls)),
      volume,
    }
  })
  let [cost, calls] = [zero, zero]
  for (const one of figures) {
    cost = plus(cost, times(one.cost, one.volume))
    calls = plus(calls, times(one.calls, one.volume))
  }
  for (const [i, lever] of levers.entries()) {
    if (lever.kind !== 'new-users') continue
    const today = whole(users.get(i) ?? 0n)
    if (compare(today, zero) === 0) continue
    const share = over(whole(lever.users), today)
    for (const one of figures.filter(({ row }) => row[`f${i}`] && row.has_user)) {
      cost = plus(cost, times(one.cost, share))
      calls = plus(calls, times(one.calls, share))
    }
  }
  const fixed = plus(...levers.map((lever) => (lever.kind === 'fixed' ? lever.perMonth : zero)))
  return {
    calls: times(calls, measured.toMonthOfCalls ?? toMonth),
    cost: plus(times(cost, toMonth), fixed),
    fixed,
  }
}

/** The same lever at half its strength: half the way from what is today. */
export function halved(lever: Lever, rows: readonly ScenarioCostsRow[], place: number): Lever {
  const half = (from: Fraction, to: Fraction): Fraction => over(plus(from, to), whole(2))
  switch (lever.kind) {
    case 'price-change':
    case 'input-tokens':
    case 'output-tokens':
    case 'volume':
      return { ...lever, factor: half(one, lever.factor) }
    case 'move':
      return { ...lever, share: half(zero, lever.share) }
    case 'cache-hit':
      return { ...lever, rate: half(hitRate(rows, place), lever.rate) }
    case 'new-users':
      return { ...lever, users: lever.users / 2n }
    case 'fixed':
      return { ...lever, perMonth: half(zero, lever.perMonth) }
  }
}

/**
 * At how many times today's volume a scenario costs what today's way does: fixed money / (today's cost of the
 * calls − the scenario's). Null where nothing is fixed, or where the calls cost no less.
 * @param now measured without levers
 */
export function breakEven(levers: readonly Lever[], now: Measured, measured: Measured): Fraction | null {
  const growth = new Set(['volume', 'new-users'])
  // Levers keep their places: the flags of the rows are by them.
  const steady = levers.map((lever): Lever => {
    if (!growth.has(lever.kind)) return lever
    return { kind: 'fixed', perMonth: zero, filters: [], said: lever.said }
  })
  const today = outcomeOf([], now)
  const then = outcomeOf(steady, measured)
  const saved = less(today.cost, less(then.cost, then.fixed))
  if (compare(then.fixed, zero) <= 0 || compare(saved, zero) <= 0) return null
  return over(then.fixed, saved)
}
