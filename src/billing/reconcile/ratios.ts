/** Amounts of a bill beside what they should be, and the ratios that hold between the two, but for rounding. */
import { about, absolute, groupBy, share, sumOf } from './cells.js'
import type { Money } from '../../domain/costs/units.js'
import type { Cell } from './tables.js'

/** An amount beside what it should be. */
export interface Pair {
  readonly bucket: string
  readonly model: string
  readonly kind: Cell['kind']
  readonly region: string
  readonly billed: Money
  readonly expected: Money
  readonly charges: number
}

/** Half of the last digit of amounts, at most of a cent: what rounding may take away or add to each. */
export function halfDigit(amounts: readonly Money[]): Money {
  let unit = 10n ** 16n
  for (const amount of amounts) while (unit > 1n && absolute(amount) % unit !== 0n) unit /= 10n
  return unit / 2n
}

/** How far an amount may be off by rounding: half a digit a charge, and the last digits of a computed amount. */
const slack = ({ charges, expected }: Pair, half: Money): number =>
  about(half) * Math.max(1, charges) + Math.abs(about(expected)) * 2e-6 + 1e-11

export const fitsAt = (pairs: readonly Pair[], ratio: number, half: Money): boolean =>
  pairs.every(
    (pair) =>
      Math.abs(about(pair.billed) - ratio * about(pair.expected)) <= slack(pair, half) * Math.max(1, ratio),
  )

export const ratioOf = (pairs: readonly Pair[]): number =>
  about(sumOf(pairs, ({ billed }) => billed)) / about(sumOf(pairs, ({ expected }) => expected))

export const rest = (pairs: readonly Pair[]): Money =>
  sumOf(pairs, ({ billed, expected }) => billed - expected)

/** Cells as pairs, by region where the bill tells amounts by it. */
export function pairsOf(cells: readonly Cell[]): Pair[] {
  return cells.flatMap((cell): Pair[] => {
    const { bucket, model, kind, charges } = cell
    const whole: Pair = {
      bucket,
      model,
      kind,
      region: '',
      billed: cell.billed,
      expected: cell.computed,
      charges,
    }
    const regions = [...cell.regions]
    const counted = sumOf(regions, ([, { tokens }]) => tokens)
    if (regions.length < 2 || counted === 0n || counted !== cell.billedTokens)
      return [{ ...whole, region: regions.length === 1 ? regions[0]![0] : '' }]
    let left = cell.computed
    return regions.map(([region, one], i) => {
      const expected = i === regions.length - 1 ? left : share(cell.computed, one.tokens, counted)
      left -= expected
      return { ...whole, region, billed: one.billed, expected, charges: one.charges }
    })
  })
}

/** What a ratio adds to an amount; rounded to the unit. */
export const scaledBy = (expected: Money, ratio: number): Money =>
  ratio === 1 ? 0n : share(expected, BigInt(Math.round((ratio - 1) * 1e12)), 10n ** 12n)

/** The ratio that most models have, where two do, or 1 where any does. */
export function baseOf(
  models: readonly (readonly [string, readonly Pair[]])[],
  half: Money,
): number | undefined {
  if (models.some(([, own]) => fitsAt(own, 1, half))) return 1
  const tried = models
    .map(([, own]) => ratioOf(own))
    .map((ratio) => ({ ratio, n: models.filter(([, own]) => fitsAt(own, ratio, half)).length }))
    .toSorted((a, b) => b.n - a.n)
  const [best] = tried
  if (best !== undefined && best.n >= 2) return best.ratio
  // Of one model, kinds of tokens or regions at 1 show that there is no contract.
  const kinds = models.flatMap(([, own]) => [
    ...groupBy(own, ({ kind, region }) => `${kind} ${region}`).values(),
  ])
  if (kinds.some((own) => fitsAt(own, 1, half))) return 1
  return models.some(([, own]) => stepOf(own, half) !== undefined) ? 1 : undefined
}

/** The region that all deviating amounts are of, and no other. */
export function regionOf(pairs: readonly Pair[], off: readonly Pair[]): string | undefined {
  const [first] = off
  if (first === undefined || first.region === '' || off.some(({ region }) => region !== first.region))
    return undefined
  const own = pairs.filter(({ region }) => region === first.region)
  return own.length === off.length && own.length < pairs.length ? first.region : undefined
}

/** A day from which on, or until which, one ratio holds, and none before or after. */
export function stepOf(
  pairs: readonly Pair[],
  half: Money,
): { day: string; isFrom: boolean; ratio: number } | undefined {
  const days = [...new Set(pairs.map(({ bucket }) => bucket))].toSorted()
  for (const day of days.slice(1)) {
    const [before, after] = [
      pairs.filter(({ bucket }) => bucket < day),
      pairs.filter(({ bucket }) => bucket >= day),
    ]
    if (fitsAt(before, 1, half) && fitsAt(after, ratioOf(after), half))
      return { day, isFrom: true, ratio: ratioOf(after) }
    if (fitsAt(after, 1, half) && fitsAt(before, ratioOf(before), half))
      return { day, isFrom: false, ratio: ratioOf(before) }
  }
  return undefined
}
