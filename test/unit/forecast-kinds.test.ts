/** The forecast on kinds of accounts it was not tuned on, beside the best of the simple methods. */
import { describe, expect, test } from 'vitest'
import {
  heldOutSeed,
  isForeseeable,
  kindPoints,
  scoreKind,
  type KindScore,
} from '../bench/forecast-kind-score.js'
import { kinds } from '../bench/forecast-kinds.js'
import { simpleMethods } from '../bench/simple-forecasts.js'

/** Months a kind and point; the bench takes more. */
const months = 60
const ratio = ({ error, simple, best }: KindScore): number => error / simple[best]!
const scores: KindScore[] = Object.keys(kinds)
  .flatMap((kind) => kindPoints.map((point) => scoreKind(kind, point, months, heldOutSeed)))
  .filter(isForeseeable)

test('on the mean over all kinds it is no worse than the best simple method of each', () => {
  const mean = scores.reduce((sum, score) => sum + ratio(score), 0) / scores.length
  expect(mean).toBeLessThan(1)
})

describe.each(Object.keys(kinds))('%s', (kind) => {
  const own = scores.filter((score) => score.kind === kind)

  // So few months scatter: the bench holds it to 1.25.
  test('hardly worse than the best of the simple methods', () => {
    for (const score of own) expect(ratio(score)).toBeLessThan(1.4)
  })

  test('the 80 % interval holds 70 to 90 of 100 outcomes, as far as so few months tell', () => {
    for (const { held } of own) {
      const scatter = 1.96 * Math.sqrt((held * (1 - held)) / months) + 0.02
      expect(held + scatter).toBeGreaterThan(0.7)
      expect(held - scatter).toBeLessThan(0.9)
    }
  })
})

describe('simple methods on what they can do', () => {
  const lastDay = 20_000
  test.each(Object.keys(simpleMethods))('%s: a cost that never changes, and weekdays that repeat', (name) => {
    const method = simpleMethods[name]!
    const even = method(
      Array.from({ length: 84 }, () => 10),
      lastDay,
      14,
    )
    for (const cost of even) expect(cost).toBeCloseTo(10, 6)
    const week = [12, 11, 10, 9, 8, 1, 1]
    const costs = Array.from({ length: 84 }, (_, i) => week[i % 7]!)
    for (const [i, cost] of method(costs, lastDay, 14).entries()) expect(cost).toBeCloseTo(week[i % 7]!, 1)
  })
})
