/** Calls of an office in another zone are told from calls round the clock, nightly jobs and offices at home. */
import { describe, expect, test } from 'vitest'
import { officeElsewhere } from '../../../src/anomalies/office-hours.js'
import { officeFinding } from '../../../src/reports/anomalies/office-finding.js'

/** Calls by hour since Monday 00:00 of a report that is so many hours behind the clocks of those who call. */
const week = (ahead: number, calls: (day: number, hour: number) => number): number[] =>
  Array.from({ length: 168 }, (_, i) => {
    const there = (i + ahead + 168) % 168
    return calls(Math.floor(there / 24), there % 24)
  })

/** Nine to six with a lunch break, few on weekends, hardly any at night. */
const office = (day: number, hour: number): number =>
  day > 4 ? 1 : hour === 12 ? 20 : hour >= 9 && hour < 18 ? 40 : hour === 8 || hour === 18 ? 12 : 1

describe('an office in another zone', () => {
  test.each([
    [9, 'Etc/GMT-9'],
    [8, 'Etc/GMT-8'],
    [-7, 'Etc/GMT+7'],
    [-8, 'Etc/GMT+8'],
    [12, 'Etc/GMT-12'],
  ])('%i hours ahead of UTC', (ahead, zone) => {
    const found = officeElsewhere(week(ahead, office))
    expect(found?.shift).toBe(ahead)
    expect(found?.share).toBeGreaterThan(0.85)
    const { text, severity } = officeFinding(found!, 'UTC', Date.parse('2026-10-05T00:00:00Z'))
    expect(text).toContain(`--tz ${zone}`)
    expect(severity).toBe('info')
  })

  test('is told by its offset from UTC, whatever the zone of the report', () => {
    // Tokyo read in New York in summer, 13 hours behind.
    const found = officeElsewhere(week(13, office))
    const { text } = officeFinding(found!, 'America/New_York', Date.parse('2026-07-05T00:00:00Z'))
    expect(text).toContain('at about UTC+9')
    expect(text).toContain('--tz Etc/GMT-9')
  })
})

describe('no hint', () => {
  test.each([-3, -2, -1, 0, 1, 2, 3])('for an office within a few hours: %i', (ahead) => {
    expect(officeElsewhere(week(ahead, office))).toBeUndefined()
  })

  test('for calls round the clock', () => {
    expect(officeElsewhere(week(9, () => 20))).toBeUndefined()
    // A consumers' product: evenings and weekends.
    expect(officeElsewhere(week(9, (_, hour) => 5 + 15 * Math.sin((hour / 24) * Math.PI)))).toBeUndefined()
  })

  test('for a job of some hours every night, or on working days', () => {
    const nightly = (_: number, hour: number): number => (hour >= 1 && hour < 9 ? 50 : 1)
    expect(officeElsewhere(week(0, nightly))).toBeUndefined()
    const workdays = (day: number, hour: number): number => (day < 5 && hour >= 1 && hour < 6 ? 80 : 1)
    expect(officeElsewhere(week(0, workdays))).toBeUndefined()
  })

  test('for few calls', () => {
    expect(officeElsewhere(week(9, office).map((calls) => calls / 20))).toBeUndefined()
  })
})
