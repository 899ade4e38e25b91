/** The forecast on generated months of many shapes: how far off, and how often its interval holds. */
import { describe, expect, test } from 'vitest'
import { shapes } from '../bench/forecast-months.js'
import { tries } from '../property/seed.js'
import { points, scoreShape, type Score } from '../bench/forecast-score.js'

const months = tries(60, 150)
/** Month after month by chance; the bench takes many more. */
const scores = new Map<string, Score[]>()
const scoresOf = (shape: string): Score[] => {
  const found = scores.get(shape) ?? points.map((point) => scoreShape(shape, point, months))
  scores.set(shape, found)
  return found
}
const seasonal = ['weekly season', 'season and growth', 'season and decline']

describe('weekly season and growth', () => {
  test.each(seasonal)('%s: at mid-month at most half of the naive error', (shape) => {
    const middle = scoresOf(shape).find(({ point }) => point === 15)!
    expect(middle.error).toBeLessThanOrEqual(0.5 * middle.naiveError)
  })

  test.each(seasonal)('%s: the 80%% interval holds 70 to 90 of 100 outcomes', (shape) => {
    const held = scoresOf(shape).reduce((sum, score) => sum + score.held, 0) / points.length
    expect(held).toBeGreaterThanOrEqual(0.7)
    expect(held).toBeLessThanOrEqual(0.9)
  })
})

describe('other shapes', () => {
  // Changes that come after the forecast was made cannot be foretold: there, less holds.
  const unforeseen = new Set(['level shift', 'new product', 'one spike', 'sparse'])
  const others = Object.keys(shapes).filter((shape) => !seasonal.includes(shape))

  test.each(others)('%s: nearer than the naive figure at and after mid-month', (shape) => {
    for (const score of scoresOf(shape).slice(1)) expect(score.error).toBeLessThan(score.naiveError * 1.05)
  })

  test.each(others)('%s: the interval holds most outcomes', (shape) => {
    const held = scoresOf(shape).reduce((sum, score) => sum + score.held, 0) / points.length
    expect(held).toBeGreaterThanOrEqual(unforeseen.has(shape) ? 0.62 : 0.7)
    expect(held).toBeLessThanOrEqual(0.92)
  })
})
