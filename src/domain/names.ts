/**
 * Names close to a mistyped one, for hints in errors.
 */
import { distance } from 'fastest-levenshtein'

/** Up to `count` of `names`, the closest to `typed` first; names that contain it count as close. */
export function closestNames(typed: string, names: readonly string[], count = 3): string[] {
  const wanted = typed.toLowerCase()
  const score = (name: string): number => {
    const candidate = name.toLowerCase()
    return candidate.includes(wanted) && wanted.length > 2 ? 1 : distance(wanted, candidate)
  }
  return names
    .map((name) => ({ name, score: score(name) }))
    .toSorted((a, b) => a.score - b.score || a.name.localeCompare(b.name))
    .slice(0, count)
    .map(({ name }) => name)
}
