/** Which findings the first page has: laws of the ranking, and the words of its news. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { daysWords, memberWords, rangeUsd, shortChange, shortUsd } from '../../src/domain/words/subjects.js'
import { leastWorth, ranked, type Ranked } from '../../src/reports/weekly/ranked-findings.js'

const finding: fc.Arbitrary<Ranked> = fc.record(
  {
    touchedUsd: fc.option(fc.double({ min: 0, max: 1000, noNaN: true })),
    isRule: fc.constant(true as const),
    mayBeChance: fc.constant(true as const),
    severity: fc.constantFrom('critical', 'warning', 'info'),
  },
  { requiredKeys: ['severity'] },
)
const worth = ({ touchedUsd }: Ranked): number => touchedUsd ?? 0

describe('the ranking of findings', () => {
  test('keeps its laws whatever is found', () => {
    fc.assert(
      fc.property(
        fc.array(finding, { maxLength: 20 }),
        fc.integer({ min: 0, max: 6 }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        (findings, most, least) => {
          const { shown, left } = ranked(findings, most, least)
          const real = findings.filter(({ mayBeChance }) => mayBeChance !== true)
          const rules = real.filter(({ isRule }) => isRule === true)
          // Nothing is lost, and nothing is told twice.
          expect(new Set([...shown, ...left])).toEqual(new Set(real))
          expect(shown.length + left.length).toBe(real.length)
          // A rule that the user wrote is never dropped.
          expect(rules.every((rule) => shown.includes(rule))).toBe(true)
          expect(shown.length).toBeLessThanOrEqual(Math.max(most, rules.length))
          // In order of dollars.
          expect(shown.map(worth)).toEqual(shown.map(worth).toSorted((a, b) => b - a))
          // What is left out beside rules is worth no more than what is shown, or too little.
          const told = shown.filter((one) => one.isRule !== true)
          expect(told.every((one) => worth(one) >= least || one.severity === 'critical')).toBe(true)
          const bar = Math.min(...told.map(worth))
          if (told.length > 0) expect(left.every((one) => worth(one) <= bar || worth(one) < least)).toBe(true)
        },
      ),
    )
  })
  test('what may be chance is no finding', () => {
    const chance = { severity: 'info', touchedUsd: 900, mayBeChance: true } as const
    expect(ranked([chance], 5, 1)).toEqual({ shown: [], left: [] })
  })
  test('the bound is the larger of $1 and 1% of the cost of the period', () => {
    expect([leastWorth(1, 83.23), leastWorth(1, 100), leastWorth(1, 450)]).toEqual([1, 1, 4.5])
    const small = { severity: 'warning', touchedUsd: 4.49 } as const
    expect(ranked([small], 5, leastWorth(1, 450)).shown).toEqual([])
    expect(ranked([small], 5, leastWorth(1, 449)).shown).toEqual([small])
  })
})

describe('the words of the news', () => {
  test('say a name once', () => {
    expect(memberWords('user_id', 'user-31')).toBe('user-31')
    expect(memberWords('user_id', 'ann')).toBe('user ann')
    expect(memberWords('feature', 'search')).toBe('feature search')
    expect(memberWords('feature', null)).toBe('no feature')
    expect(memberWords(null, null)).toBe('all calls')
  })
  test('name the days of a window', () => {
    const of = (since: string, until: string, tz = 'UTC'): string =>
      daysWords(`${since}T00:00:00Z`, `${until}T00:00:00Z`, tz)
    expect(of('2026-09-21', '2026-09-28')).toBe('21–27 Sep')
    expect(of('2026-09-28', '2026-10-05')).toBe('28 Sep – 4 Oct')
    expect(of('2026-09-27', '2026-09-28')).toBe('27 Sep')
    expect(of('2026-09-27', '2026-09-28', 'Asia/Kolkata')).toBe('27–28 Sep')
  })
  test('round amounts', () => {
    expect([shortUsd(64.3248), shortUsd(9.5), shortUsd(1204.4), shortUsd(0.02)]).toEqual([
      '$64',
      '$9.50',
      '$1,204',
      '$0.02',
    ])
    expect([rangeUsd(148.36, 243.11), rangeUsd(10.1, 10.2)]).toEqual(['$148–243', '$10'])
    expect([shortChange(3.775), shortChange(-0.125), shortChange(0.0235)]).toEqual([
      '+378%',
      '-12.5%',
      '+2.4%',
    ])
  })
})
