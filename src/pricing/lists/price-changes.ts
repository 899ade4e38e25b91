/** Prices of one name at moments, and what becomes which from one to the next. */
import type { PriceSpan, UnitPrices } from '../../domain/costs/rate.js'
import { toBillionths } from '../billionths.js'
import { noPrices } from '../rates.js'
import type { UpdateSpan } from './updates.js'

/** Prices of a name from a day on, in all bands and hours. */
export interface Step {
  readonly from: string
  readonly spans: readonly UpdateSpan[]
}

/** One unit price that becomes another. */
export interface PriceChange {
  readonly provider: string
  readonly model: string
  readonly unit: keyof UnitPrices
  /** Input tokens above which it holds; 0: from the start. */
  readonly above: number
  /** Minutes of the UTC day, 0 to 1440. */
  readonly minutes: readonly [number, number]
  /** Null: none was known. */
  readonly before: string | null
  /** Null: none any more. */
  readonly after: string | null
  /** `YYYY-MM-DD` */
  readonly from: string
  /** No price of the model was known. */
  readonly isNew: boolean
}

const unitNames = Object.keys(noPrices) as (keyof UnitPrices)[]

/** What is in force at the beginning of a day. */
export function at(spans: readonly PriceSpan[], day: string): readonly UpdateSpan[] {
  const moment = `${day} 00:00:00`
  return spans
    .filter((span) => span.valid_from <= moment && moment < span.valid_to)
    .map(({ band_lo, band_hi, minute_lo, minute_hi, ...prices }) => ({
      band_lo,
      band_hi,
      minute_lo,
      minute_hi,
      ...(Object.fromEntries(unitNames.map((unit) => [unit, prices[unit]])) as unknown as UnitPrices),
    }))
    .toSorted((a, b) => a.minute_lo - b.minute_lo || a.band_lo - b.band_lo)
}

export const same = (a: readonly UpdateSpan[], b: readonly UpdateSpan[]): boolean => {
  const text = (spans: readonly UpdateSpan[]): string =>
    JSON.stringify(
      spans.map((span) => [
        span.band_lo,
        span.band_hi,
        span.minute_lo,
        span.minute_hi,
        ...unitNames.map((unit) => span[unit]),
      ]),
    )
  return text(a) === text(b)
}

/**
 * Every unit price that becomes another, step by step.
 * @param before what was known
 */
export function changesOf({
  provider,
  model,
  steps,
  before,
}: {
  readonly provider: string
  readonly model: string
  readonly steps: readonly Step[]
  readonly before: readonly PriceSpan[]
}): readonly PriceChange[] {
  return steps.flatMap(({ from, spans }, i) => {
    const old = i === 0 ? at(before, from) : (steps[i - 1]?.spans ?? [])
    const changes = spans.flatMap((span) => {
      const was = old.find((one) => holds(one, span))
      return unitNames
        .filter((unit) => differs(unit, was, span))
        .map((unit): PriceChange => ({
          provider,
          model,
          unit,
          above: Math.max(0, span.band_lo),
          minutes: [span.minute_lo, span.minute_hi],
          before: was?.[unit] ?? null,
          after: span[unit],
          from,
          isNew: before.length === 0,
        }))
    })
    // What does not depend on size or hour stands in every band; once is enough.
    const seen = new Set<string>()
    return changes.filter(({ unit, before: b, after: a }) => {
      const key = `${unit} ${b} ${a}`
      return !seen.has(key) && seen.add(key)
    })
  })
}

const holds = (old: UpdateSpan, { band_lo, minute_lo }: UpdateSpan): boolean =>
  old.band_lo <= band_lo && band_lo < old.band_hi && old.minute_lo <= minute_lo && minute_lo < old.minute_hi

/** Whether a unit's price is another one, and not only because it is that of input. */
function differs(unit: keyof UnitPrices, was: UpdateSpan | undefined, now: UpdateSpan): boolean {
  const old = was?.[unit] ?? null
  if (old === now[unit]) return false
  const follows = unit.startsWith('cache_') && now[unit] === now.input_price
  return !(follows && old === (was?.input_price ?? null))
}

/** A change by more than ten times, either way, or from or to nothing: rather a fault than a price. */
export function isJump({ before, after }: PriceChange): boolean {
  if (before === null || after === null) return false
  const [old, now] = [toBillionths(before), toBillionths(after)]
  return now > 10n * old || old > 10n * now
}
