/** How noisy days are, seen from the errors of the likeliest answer: see trend.ts. */
import { mean } from './weekdays.js'

/** Errors that say anything about their spread. */
const fewest = 14

/** Part of the noise that is left when the likeliest answer is known: from its squared errors. */
export function noiseLeft(squares: readonly number[]): number {
  if (squares.length < fewest) return 1
  const calm = squares.toSorted((a, b) => a - b).slice(0, squares.length - Math.floor(squares.length / 40))
  const ratio = Math.min(mean(squares), 1.3 * mean(calm), 1)
  // As if seven more days had the noise that was thought at first.
  return (squares.length * ratio + 7) / (squares.length + 7)
}

/** Standard error of the noise over the noise: large where a few days make most of it. At most 1. */
export function unsureness(squares: readonly number[]): number {
  // That of as many normal errors.
  if (squares.length < fewest) return Math.sqrt(2 / fewest)
  const centre = mean(squares)
  const variance = mean(squares.map((square) => (square - centre) ** 2))
  return centre > 0 ? Math.min(1, Math.sqrt(variance / squares.length) / centre) : 0
}
