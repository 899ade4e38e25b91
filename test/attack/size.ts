/**
 * How hard the attacks try. `npm test` has a few minutes and the same seed each time; `npm run soak` gives a seed
 * by the environment, and attacks in full unless it is told to keep to the small size.
 */
import { appendFileSync } from 'node:fs'

const seed = Number(process.env['SOAK_SEED'] ?? 20_261_128)
export const isFull = process.env['SOAK_ATTACK'] === 'full'

/** What fits both: the first in `npm test`, the second in full. */
export const sized = (small: number, full: number): number => (isFull ? full : small)

/** Time that an attack may take, ms; a busy machine is slower than the one it was measured on. */
export const attackTimeout = isFull ? 4 * 3_600_000 : 1_200_000

/** Says what was tried: to the terminal, and to the file in which `npm run soak` collects figures. */
export function tell(line: string): void {
  process.stdout.write(`attack, seed ${seed}: ${line}\n`)
  const figures = process.env['SOAK_FIGURES']
  if (figures) appendFileSync(figures, `${line}\n`)
}

export interface Dice {
  /** A whole number from 0 to below `bound`. */
  readonly below: (bound: number) => number
  readonly oneOf: <T>(all: readonly T[]) => T
  /** True with this probability, 0 to 1. */
  readonly chance: (probability: number) => boolean
}

/** The same throws for the same seed (mulberry32); `salt` keeps attacks apart. */
export function dice(salt: number): Dice {
  let state = (seed ^ Math.imul(salt, 0x9e3779b1)) | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  return {
    below,
    oneOf: (all) => all[below(all.length)]!,
    chance: (probability) => next() < probability,
  }
}
