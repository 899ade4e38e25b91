import { expect, test } from 'vitest'
import { addDays } from '../../src/forecast/days.js'
import { dayReached, forecastCost } from '../../src/forecast/forecast.js'

/** Whole days from a first one on. */
const series = (first: string, costs: readonly number[]) =>
  costs.map((cost_usd, i) => ({ day: addDays(first, i), cost_usd, complete: 1 }))

test('a cost that never changes goes on', () => {
  const october = { since: '2026-10-01', until: '2026-11-01' }
  const forecast = forecastCost(
    series(
      '2026-08-01',
      Array.from({ length: 76 }, () => 10),
    ),
    october,
  )
  expect(forecast?.soFar).toBe(150)
  expect(forecast?.mean).toBeCloseTo(310, 6)
  expect(forecast?.daily).toHaveLength(31)
  expect(dayReached(forecast!, 200).mean).toBe('2026-10-20')
})
