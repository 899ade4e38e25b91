/** Expected costs of groups, as they are shown: rounded so that they add up to their total. */
import { fixed, plain, readDecimal, sum, type Decimal } from '../../domain/costs/decimal.js'
import { usdScale } from '../../domain/words/wording.js'

/** What costs less than this is nothing: costs are kept to twelve places. */
const mostPlaces = 12

/**
 * Each part is rounded to the places that a table shows of it, and those that lost most by it are given the
 * cents that are missing (largest remainder). What the rounded total hides goes to the dearest part, which
 * still shows the same: the parts add up to the total's own digits exactly, as shown and as data.
 * @param parts USD, 0 or more, in any order; null: not known, and stays so
 * @param total what they add up to, but for the errors of doubles
 * @returns decimals as text, in the order of the parts
 */
export function addingUp(parts: readonly (number | null)[], total: number): (string | null)[] {
  const known = parts.flatMap((part, i) => (part === null ? [] : [{ i, part }]))
  if (known.length === 0) return parts.map(() => null)
  const exact = readDecimal(total)!
  const scale = usdScale([...known.map(({ part }) => part), total])
  const places = Math.min(scale.places, mostPlaces)
  const unit = 10n ** BigInt(places)
  const scaled = known.map(({ i, part }) => ({ i, part, value: part * Number(unit) }))
  const floors = new Map(scaled.map(({ i, value }) => [i, BigInt(Math.floor(value))]))
  const whole = BigInt(fixed(exact, places).replace('.', ''))
  let missing = whole - [...floors.values()].reduce((all, one) => all + one, 0n)
  const lost = ({ value }: { readonly value: number }): number => value - Math.floor(value)
  for (const { i } of scaled.toSorted((a, b) => lost(b) - lost(a))) {
    if (missing-- <= 0n) break
    floors.set(i, floors.get(i)! + 1n)
  }
  const dearest = scaled.reduce((most, one) => (one.part > most.part ? one : most)).i
  const hidden = sum([exact, { digits: -whole, places }])
  return parts.map((part, i) => {
    if (part === null) return null
    const shown: Decimal = { digits: floors.get(i)!, places }
    return plain(i === dearest ? sum([shown, hidden]) : shown)
  })
}
