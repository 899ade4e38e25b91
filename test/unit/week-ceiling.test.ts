/** Which unusual hours send a message of their own. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toldHours, type UnusualHour } from '../../src/anomalies/week-ceiling.js'

const monday = Date.parse('2026-09-21T00:00:00Z') / 3_600_000
const one = (
  subject: string,
  hour: number,
  excessUsd: number,
  more: Partial<UnusualHour> = {},
): UnusualHour => ({
  subject,
  hour: monday + hour,
  excessUsd,
  strength: 1.5,
  dayUsd: 1000,
  ...more,
})
const told = (...unusual: UnusualHour[]): string[] =>
  [...toldHours(unusual)].map(({ subject, hour }) => `${subject} ${hour - monday}`)

describe('a message of its own', () => {
  test('have the three most unusual so far, and none that is smaller', () => {
    const four = [one('a', 1, 9), one('b', 1, 8), one('c', 1, 7), one('d', 1, 6)]
    expect(told(...four)).toEqual(['a 1', 'b 1', 'c 1'])
    // It grows, and is no longer the smallest.
    expect(told(...four, one('d', 2, 60))).toEqual(['a 1', 'b 1', 'c 1', 'd 2'])
  })
  test('has what is large, and the dearest however unsure', () => {
    const three = [
      one('a', 1, 9, { strength: 9 }),
      one('b', 1, 8, { strength: 9 }),
      one('c', 1, 7, { strength: 9 }),
    ]
    expect(told(...three, one('d', 5, 10, { strength: 1 }))).toContain('d 5')
    expect(told(...three, one('d', 5, 6), one('e', 5, 6, { dayUsd: 20 }))).not.toContain('d 5')
    expect(told(...three, one('d', 5, 6), one('e', 5, 6, { dayUsd: 20 }))).toContain('e 5')
  })
  test('once told, its further hours are, though others become larger', () => {
    const larger = ['x', 'y', 'z'].map((name) => one(name, 3, 50))
    expect(told(one('a', 1, 2), ...larger, one('a', 4, 2))).toContain('a 4')
    // After a pause it is another one.
    expect(told(one('a', 1, 2), ...larger, one('a', 12, 2))).not.toContain('a 12')
  })
  test('each week begins anew', () => {
    const last = ['x', 'y', 'z'].map((name) => one(name, 160, 50))
    expect(told(...last, one('a', 167, 2), one('b', 168, 2))).toEqual(['x 160', 'y 160', 'z 160', 'b 168'])
  })
  test('is told by the hours up to it alone, in any order', () => {
    const some = fc.array(
      fc
        .tuple(
          fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
          fc.integer({ min: 0, max: 60 }),
          fc.integer({ min: 1, max: 400 }),
        )
        .map(([subject, hour, usd]) => one(subject, hour, usd)),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(some, fc.integer({ min: 0, max: 60 }), (unusual, until) => {
        const all = toldHours(unusual)
        const then = unusual.filter(({ hour }) => hour <= monday + until)
        const early = toldHours(then.toReversed())
        for (const each of then) expect(early.has(each)).toBe(all.has(each))
        const subjects = new Set(unusual.map(({ subject }) => subject))
        if (subjects.size <= 1) expect(all.size).toBe(unusual.length)
      }),
    )
  })
})
