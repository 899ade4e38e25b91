/** What a week has beyond three incidents is folded: never the dearest, and whatever the order. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldedOf, weightOf } from '../../src/anomalies/folding.js'

const monday = Date.parse('2026-09-21T00:00:00Z') / 3_600_000
const one = (hour: number, usd: number, strength: number | null = 1.5) => ({
  hour: monday + hour,
  excess: BigInt(Math.round(usd * 1e12)),
  strength,
})

test('the dearest of a week, and of the others the dearest and surest', () => {
  const week = [
    one(0, 5),
    one(20, 90, 1.01),
    one(30, 8, 3),
    one(40, 10, 1.1),
    one(50, -12, 1.2),
    one(167, 1, null),
  ]
  expect(foldedOf(week)).toEqual([true, false, false, true, false, true])
  // Three are told whole, and the next week begins anew.
  expect(foldedOf([...week.slice(0, 3), one(168, 1)])).toEqual([false, false, false, false])
  expect(weightOf(2, null)).toBe(weightOf(2, 99))
})

test('at most three a week, and of a week that is over for good', () => {
  const some = fc.array(
    fc.record({
      hour: fc.integer({ min: 0, max: 500 }),
      usd: fc.double({ min: -50, max: 50, noNaN: true }),
      strength: fc.option(fc.double({ min: 1, max: 5, noNaN: true })),
    }),
    { maxLength: 30 },
  )
  fc.assert(
    fc.property(some, (drawn) => {
      const incidents = drawn.map(({ hour, usd, strength }) => one(hour, usd, strength))
      const folded = foldedOf(incidents)
      for (const week of [0, 1, 2]) {
        const own = incidents.filter(({ hour }) => Math.floor((hour - monday) / 168) === week)
        const told = own.filter((incident) => !folded[incidents.indexOf(incident)])
        expect(told).toHaveLength(Math.min(3, own.length))
        const size = ({ excess }: { excess: bigint }): number => Math.abs(Number(excess))
        if (own.length > 0) expect(Math.max(...told.map(size))).toBe(Math.max(...own.map(size)))
        const until = incidents.filter(({ hour }) => hour < monday + 168 * (week + 1))
        const then = foldedOf(until)
        until.forEach((incident, i) => expect(then[i]).toBe(folded[incidents.indexOf(incident)]))
      }
    }),
    { numRuns: 100 },
  )
})
