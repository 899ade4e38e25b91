/**
 * The difference between what was billed and what the calls were worth, in parts that add up to it exactly. A cause
 * is named only where the bill's own data tell it; else all that fit are, each with the whole amount.
 */
import type { CauseId, Part } from './cause.js'
import { groupBy, sumOf, type BilledRow, type LoggedRow } from './cells.js'
import type { Money } from '../../domain/costs/units.js'
import { moveCached, moveTiers, shiftOf, type PriceOf } from './moves.js'
import { halfDigit } from './ratios.js'
import { priceParts } from './prices.js'
import { cellsOf, type Cell } from './tables.js'
import { moveVolumes } from './volumes.js'

export interface Side {
  readonly billed: readonly BilledRow[]
  /** What was logged, a day beyond the window on both sides. */
  readonly logged: readonly LoggedRow[]
}

/** What the list says of a model's tokens, where no call tells: an amount, and of how many. */
export type ListPrice = (
  provider: string,
  model: string,
  kind: Cell['kind'],
) => readonly [Money, bigint] | undefined

/**
 * The parts of one provider's difference.
 * @param dayOf the bucket of a quarter-hour; undefined outside the window
 */
export function partsOf(
  provider: string,
  { billed, logged: wide }: Side,
  dayOf: (quarter: number) => string | undefined,
  listPrice: ListPrice,
): readonly Part[] {
  const shifted = shiftOf(provider, billed, wide, dayOf)
  const logged = shifted?.logged ?? wide.filter(({ quarter }) => dayOf(quarter) !== undefined)
  const { cells, told } = cellsOf(billed, logged)
  const priceOf = pricesIn(provider, cells, listPrice)
  const money = billed.flatMap(({ cost, category, kind }) =>
    cost === null || category !== 'Usage' || kind === 'other' ? [] : [cost],
  )
  const parts = [
    ...(shifted === undefined ? [] : [shifted.part]),
    ...moveTiers(provider, cells, priceOf),
    ...moveCached(provider, cells, priceOf),
    ...moveVolumes(provider, cells, priceOf, { billed, logged }),
    ...priceParts(cells, { provider, told, half: halfDigit(money) }),
    ...besides(provider, billed, logged),
  ]
  // What cells do not hold, such as charges that name no model, must be in some part all the same.
  const whole =
    sumOf(billed, ({ cost }) => cost ?? 0n) -
    sumOf(
      wide.filter(({ quarter }) => dayOf(quarter) !== undefined),
      ({ cost }) => cost,
    )
  const left = whole - sumOf(parts, ({ amount }) => amount)
  if (left !== 0n)
    parts.push({
      provider,
      model: null,
      amount: left,
      cause: 'unexplained',
      evidence: 'charges or calls that name no model',
    })
  return parts.filter(({ amount }) => amount !== 0n)
}

/** Prices by what was logged before anything is moved; by the list where nothing was. */
function pricesIn(provider: string, cells: readonly Cell[], listPrice: ListPrice): PriceOf {
  const sums = new Map<string, readonly [Money, bigint]>()
  for (const [key, own] of groupBy(cells, ({ model, kind, tier }) => JSON.stringify([model, kind, tier])))
    sums.set(key, [sumOf(own, ({ computed }) => computed), sumOf(own, ({ tokens }) => tokens)])
  return (model, kind, tier) => {
    const known = sums.get(JSON.stringify([model, kind, tier]))
    if (known !== undefined && known[1] > 0n && known[0] > 0n) return known
    return tier === 'standard' || tier === 'any' ? listPrice(provider, model, kind) : undefined
  }
}

/** Charges that are not for tokens, against what the calls cost beside tokens. */
function besides(provider: string, billed: readonly BilledRow[], logged: readonly LoggedRow[]): Part[] {
  const of = (cause: CauseId, rows: readonly BilledRow[], computed: Money, evidence: string): Part => ({
    provider,
    model: null,
    amount: sumOf(rows, ({ cost }) => cost ?? 0n) - computed,
    cause,
    evidence,
  })
  const isCredit = ({ category }: BilledRow): boolean => category === 'Credit' || category === 'Adjustment'
  const other = billed.filter(
    ({ category, kind, model }) => category === 'Usage' && (kind === 'other' || model === null),
  )
  const beside = sumOf(
    logged.filter(({ kind }) => kind === 'other'),
    ({ cost }) => cost,
  )
  return [
    of(
      'taxes',
      billed.filter(({ category }) => category === 'Tax'),
      0n,
      'rows of the bill',
    ),
    of('credits', billed.filter(isCredit), 0n, 'rows of the bill'),
    of(
      'other_charges',
      other,
      beside,
      beside === 0n
        ? 'rows of the bill that count no tokens: tools, searches, storage'
        : 'rows of the bill that count no tokens, less what the calls cost beside tokens',
    ),
  ]
}
