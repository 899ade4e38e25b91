/**
 * The prices that follow when a list names a few units and the rest is known: what the list does not speak of
 * stays as it is, and what was priced like input goes on being so.
 */
import type { UnitPrices } from '../../domain/costs/rate.js'
import { multiply } from '../billionths.js'
import type { StatedBand } from './quotes.js'
import { bands, noPrices, wholeDay, withFallbacks } from '../rates.js'
import type { UpdateSpan } from './updates.js'

type Stated = Partial<UnitPrices>

const unitNames = Object.keys(noPrices) as (keyof UnitPrices)[]

/**
 * @param known prices in force, in all bands and parts of the day; empty: none is known
 * @param stated by the list, the band from 0 first
 */
export function quotedPrices(
  known: readonly UpdateSpan[],
  stated: readonly StatedBand[],
): readonly UpdateSpan[] {
  const base = stated[0]?.prices ?? {}
  const parts = new Set(known.map(({ minute_lo }) => minute_lo))
  const day = [...parts].map((minute) => known.filter(({ minute_lo }) => minute_lo === minute))
  // A list without hours names the price of some of them: none has changed if one of them fits.
  if (day.length > 1 && day.some((part) => part[0] !== undefined && agrees(part[0], base))) return known
  const now = widest(day)
  const tiers = stated.slice(1)
  const [first] = now
  // A list without sizes of input says nothing of those either, unless the first price is another one.
  if (first !== undefined && tiers.length === 0 && agrees(first, base))
    return now.length === known.length ? known : now
  return bands(
    tiers.map(({ above }) => above),
    (bandLo) => {
      const reached = tiers.filter(({ above }) => above <= bandLo).map(({ prices }) => prices)
      const at = now.find(({ band_lo, band_hi }) => band_lo <= bandLo && bandLo < band_hi)
      const own: Stated = Object.assign({}, ...reached)
      return { ...filled(at, own, base, bandLo > 0), ...wholeDay }
    },
  )
}

const widest = (parts: readonly (readonly UpdateSpan[])[]): readonly UpdateSpan[] =>
  parts.toSorted((a, b) => minutes(b) - minutes(a))[0] ?? []

const minutes = (part: readonly UpdateSpan[]): number => (part[0]?.minute_hi ?? 0) - (part[0]?.minute_lo ?? 0)

/** Whether every stated price is the known one; a stated 0 for what has no price says nothing. */
const agrees = (known: UnitPrices, stated: Stated): boolean =>
  unitNames.every((unit) => {
    const price = stated[unit] ?? null
    return price === null || price === known[unit] || (price === '0' && known[unit] === null)
  })

/** @param own stated for this band; @param base stated for the first; @param inTier of a band above the first */
function filled(known: UpdateSpan | undefined, own: Stated, base: Stated, inTier: boolean): UnitPrices {
  const input = own.input_price ?? base.input_price ?? known?.input_price ?? null
  const prices: Record<string, string | null> = {}
  for (const unit of unitNames) {
    // In a tier, what is known of the tier is closer than what the list says of small inputs.
    const told = own[unit] ?? (inTier && known !== undefined && known.band_lo > 0 ? undefined : base[unit])
    const said = told === '0' && known !== undefined && known[unit] === null ? undefined : told
    prices[unit] = said ?? following(unit, known, input) ?? base[unit] ?? null
  }
  return withFallbacks(prices as unknown as UnitPrices)
}

/** A price that the list does not state: what was priced as input, or twice as input, goes on being so. */
function following(
  unit: keyof UnitPrices,
  known: UpdateSpan | undefined,
  input: string | null,
): string | null {
  const price = known?.[unit] ?? null
  const was = known?.input_price ?? null
  if (price === null || was === null || input === null || !/^(cache|input)_/.test(unit)) return price
  if (price === was) return input
  return unit === 'cache_write_1h_price' && price === multiply(was, '2') ? multiply(input, '2') : price
}
