/** Groups that add up to their total: as forecast, and as shown. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plain, readDecimal, sum } from '../../src/domain/costs/decimal.js'
import { usdScale, inWords } from '../../src/domain/words/wording.js'
import { addDays, type DailyCost, type DayRange } from '../../src/forecast/days.js'
import { forecastCost, type Forecast } from '../../src/forecast/forecast.js'
import type { GroupForecast } from '../../src/forecast/groups.js'
import { reconciled } from '../../src/forecast/reconcile.js'
import { addingUp } from '../../src/reports/budgets/adding-up.js'

const october: DayRange = { since: '2026-10-01', until: '2026-11-01' }
const first = '2026-07-01'

const series = (costs: readonly number[]): DailyCost[] =>
  costs.map((cost_usd, i) => ({ day: addDays(first, i), cost_usd, complete: 1 }))

const group = (costs: readonly number[], isTotal: boolean): GroupForecast => ({
  keys: [],
  isOthers: false,
  isTotal,
  series: series(costs),
  forecast: forecastCost(series(costs), october),
  soFarUsd: null,
  beforeUsd: null,
  calls: 0n,
  unpricedCalls: 0n,
  partlyPricedCalls: 0n,
})

const withTotal = (parts: readonly (readonly number[])[]): readonly GroupForecast[] =>
  reconciled([
    ...parts.map((costs) => group(costs, false)),
    group(
      parts[0]!.map((_, day) => parts.reduce((all, costs) => all + costs[day]!, 0)),
      true,
    ),
  ])

/** Days up to mid-October; some groups rest for long. */
const parts = fc.array(
  fc.array(
    fc.oneof(
      { weight: 1, arbitrary: fc.constant(0) },
      { weight: 3, arbitrary: fc.double({ min: 0.01, max: 1e3, noNaN: true }) },
    ),
    { minLength: 106, maxLength: 106 },
  ),
  { minLength: 1, maxLength: 5 },
)

describe('groups and their total', () => {
  test('add up, day by day; no group is below what it has cost; quantiles stay in order', () => {
    fc.assert(
      fc.property(parts, (costs) => {
        const all = withTotal(costs)
        const total = all.at(-1)!.forecast
        const own = all.slice(0, -1).flatMap(({ forecast }) => forecast ?? [])
        if (total === null) return
        const close = (found: number, wanted: number): void =>
          expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-9 * Math.abs(wanted) + 1e-9)
        close(
          own.reduce((all, { mean }) => all + mean, 0),
          total.mean,
        )
        for (const { mean, low, high, soFar, daily } of own) {
          expect(low).toBeLessThanOrEqual(mean)
          expect(mean).toBeLessThanOrEqual(high)
          expect(low).toBeGreaterThanOrEqual(soFar * (1 - 1e-12))
          expect(daily.at(-1)).toMatchObject({ mean, low, high })
        }
        // Known days are not touched.
        for (const [i, { forecast }] of all.slice(0, -1).entries()) {
          expect(forecast?.soFar).toBe(group(costs[i]!, false).forecast?.soFar)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('a group that is well known moves less than one that is not', () => {
    const calm = Array.from({ length: 106 }, (_, i) => 10 + (i % 2) / 10)
    const wild = Array.from({ length: 106 }, (_, i) => 10 * (1 + ((i * 7919) % 13) / 3))
    const alone = [calm, wild].map((costs) => group(costs, false).forecast!)
    const total = { ...group(calm, true).forecast!, mean: alone[0]!.mean + alone[1]!.mean + 5 }
    const soFar = alone[0]!.soFar + alone[1]!.soFar
    const all = reconciled([
      { ...group(calm, false), forecast: alone[0]! },
      { ...group(wild, false), forecast: alone[1]! },
      { ...group(calm, true), forecast: { ...total, soFar } satisfies Forecast },
    ])
    const [movedCalm, movedWild] = all.map(({ forecast }, i) => forecast!.mean - (alone[i]?.mean ?? 0))
    expect(movedCalm! + movedWild!).toBeCloseTo(5, 9)
    expect(movedCalm).toBeGreaterThanOrEqual(0)
    expect(movedCalm).toBeLessThan(0.2)
  })

  test('without a total, or with nothing to come, nothing moves', () => {
    const only = [
      group(
        Array.from({ length: 106 }, () => 3),
        false,
      ),
    ]
    expect(reconciled(only)).toBe(only)
  })
})

describe('as shown', () => {
  const exact = (texts: readonly (string | null)[]): string =>
    plain(sum(texts.map((text) => readDecimal(text ?? '0')!)))

  test('the texts add up to the total to its last digit, and so do the figures of a table', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.integer({ min: 0, max: 1e9 }).map((n) => n / 977),
          { minLength: 1, maxLength: 12 },
        ),
        fc.constantFrom(1, 1e-3, 1e-6),
        (values, scale) => {
          const costs = values.map((value) => value * scale)
          const total = costs.reduce((all, one) => all + one, 0)
          const shown = addingUp(costs, total)
          expect(exact(shown)).toBe(plain(readDecimal(total)!))
          const table = usdScale([...costs, total])
          const digits = (value: string | number): number =>
            Math.round(Number(inWords(value, { places: table.places })) * 10 ** table.places)
          // Words of numbers have commas from a thousand on: only small ones are read back.
          if (total < 1000) {
            expect(shown.reduce((all, one) => all + digits(one!), 0)).toBe(digits(total))
          }
          for (const [i, text] of shown.entries()) {
            expect(Math.abs(Number(text) - costs[i]!)).toBeLessThanOrEqual(2 * 10 ** -table.places)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('thirds: the missing cent goes to one of them', () => {
    expect(addingUp([10 / 3, 10 / 3, 10 / 3], 10)).toEqual(['3.34', '3.33', '3.33'])
    expect(addingUp([1.5, null, 2.25], 3.75)).toEqual(['1.5', null, '2.25'])
    expect(addingUp([null], 3)).toEqual([null])
    expect(addingUp([0, 0], 0)).toEqual(['0', '0'])
  })
})
