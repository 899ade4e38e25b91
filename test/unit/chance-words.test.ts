/** How seldom chance is said to bring what was found. */
import { expect, test } from 'vitest'
import { chanceText } from '../../src/anomalies/chance-words.js'

/** Surprise at which eight tests an hour of so many series pass by chance once in this many years. */
const surpriseOf = (years: number, series: number): number => Math.log(years * 8766 * 8 * series)

test.each([
  [11, 'chance does that less than once in ten years'],
  [1_000_000, 'chance does that less than once in ten years'],
  [9, 'chance does that less than once a year'],
  [1.01, 'chance does that less than once a year'],
  [0.9, 'chance does that less than once a month'],
  [0.05, 'chance seldom does that'],
])('once in %s years', (years, words) => {
  for (const series of [1, 47, 5000]) expect(chanceText(surpriseOf(years, series), series)).toBe(words)
})

test('the more series, the more chance brings', () => {
  const surprise = surpriseOf(20, 10)
  expect(chanceText(surprise, 10)).toMatch(/ten years/)
  expect(chanceText(surprise, 1000)).not.toMatch(/ten years/)
})
