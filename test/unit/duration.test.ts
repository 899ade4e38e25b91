/** Lengths of time and dates: one grammar, wherever they are written. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { durationOf, readDuration, waitOf } from '../../src/domain/time/duration.js'
import { instantFrom, resolveWindow } from '../../src/domain/time/periods.js'

const seconds = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const

test('a number and a unit', () => {
  fc.assert(
    fc.property(
      fc.nat(100_000),
      fc.constantFrom('', '.5', '.25'),
      fc.constantFrom(...(Object.keys(seconds) as (keyof typeof seconds)[])),
      fc.constantFrom('', ' '),
      (whole, part, unit, space) => {
        const ms = Math.round(Number(`${whole}${part}`) * seconds[unit] * 1000)
        expect(readDuration(`${whole}${part}${space}${unit}`)?.ms).toBe(ms)
        if (ms > 0) expect(durationOf(` ${whole}${part}${unit.toUpperCase()} `, 'x')).toBe(ms)
      },
    ),
  )
})

test.each(['', '5', 'h', '-1h', '1e3s', '1 h 5 m', '5 min', '0s', '1y', '٣h', 'soon', '1..5h'])(
  '%j is none',
  (text) => {
    expect(() => durationOf(text, '--gap')).toThrow(/is not a length of time/)
  },
)

test('a time to wait may be 0, and is seconds without a unit', () => {
  expect([waitOf('30', 'x'), waitOf('0', 'x'), waitOf('250ms', 'x')]).toEqual([30_000, 0, 250])
  expect(() => waitOf('soon', 'x')).toThrow(/is not a length of time/)
})

test('--since 90m is an hour and a half before as-of', () => {
  const asOf = new Date('2026-10-05T08:00:00Z')
  expect(resolveWindow({ since: '90m', tz: 'UTC' }, asOf)).toEqual({
    since: '2026-10-05T06:30:00.000Z',
    until: '2026-10-05T08:00:00.000Z',
  })
})

describe('a day that does not exist is no date', () => {
  test.each([
    '2026-02-31',
    '2026-02-31T08:00Z',
    '2026-04-31T00:00:00+02:00',
    '2026-13-01',
    '2025-02-29',
    '2026-10-02T24:00Z',
    '2026-10-02T08:60Z',
    '2026-10-02T08:00+99:00',
  ])('%s', (text) => {
    expect(instantFrom(text)).toBeUndefined()
  })

  test('and one that does is', () => {
    expect(instantFrom('2024-02-29')).toBe(Date.UTC(2024, 1, 29))
    expect(instantFrom('2026-10-02T08:00+02:00')).toBe(Date.UTC(2026, 9, 2, 6))
  })
})
