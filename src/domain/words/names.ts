/**
 * Names close to a mistyped one, for hints in errors.
 */
import { distance } from 'fastest-levenshtein'

/** Up to `count` of `names`, the closest to `typed` first; names that contain it or begin alike count as close. */
export function closestNames(typed: string, names: readonly string[], count = 3): string[] {
  const wanted = typed.toLowerCase()
  const score = (name: string): number => {
    const candidate = name.toLowerCase()
    // Of names that contain it, the one with the least around it.
    if (candidate.includes(wanted) && wanted.length > 2) return -wanted.length + candidate.length / 1000
    return distance(wanted, candidate) - sameStart(wanted, candidate)
  }
  return names
    .map((name) => ({ name, score: score(name) }))
    .toSorted((a, b) => a.score - b.score || a.name.localeCompare(b.name))
    .slice(0, count)
    .map(({ name }) => name)
}

/** Whether a name was meant that was typed with a slip or two; a short name has room for one alone. */
export function isSlipOf(typed: string, name: string): boolean {
  return distance(typed.toLowerCase(), name.toLowerCase()) <= Math.min(2, Math.floor(name.length / 2))
}

/** Letters that both begin with: a slip comes late in a name more often than early. */
function sameStart(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}
