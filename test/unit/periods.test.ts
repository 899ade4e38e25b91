import fc from 'fast-check'
import { TZDate } from '@date-fns/tz'
import { startOfDay } from 'date-fns/startOfDay'
import { describe, expect, test } from 'vitest'
import {
  isPeriod,
  isPeriodText,
  lastPeriod,
  localDate,
  resolveAsOf,
  resolveWindow,
  wholeDays,
  windowBefore,
} from '../../src/domain/time/periods.js'
import { instantOf, localAt, offsetStretches } from '../../src/domain/time/zones.js'
import { UserError } from '../../src/errors.js'

const now = new Date('2026-10-05T15:30:00Z') // a Monday
const window = (since?: string, until?: string, tz = 'UTC', asOf = now) =>
  resolveWindow({ since, until, tz }, asOf)

describe('windows', () => {
  test.each([
    ['14d', '2026-09-21T15:30:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['36h', '2026-10-04T03:30:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['2w', '2026-09-21T15:30:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['2026-10-02', '2026-10-02T00:00:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['2026-10-02T08:15', '2026-10-02T08:15:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['2026-10-02T08:15:30.250+05:30', '2026-10-02T02:45:30.250Z', '2026-10-05T15:30:00.000Z'],
    ['today', '2026-10-05T00:00:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['yesterday', '2026-10-04T00:00:00.000Z', '2026-10-05T00:00:00.000Z'],
    ['this-week', '2026-10-05T00:00:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['last-week', '2026-09-28T00:00:00.000Z', '2026-10-05T00:00:00.000Z'],
    ['mtd', '2026-10-01T00:00:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['last-month', '2026-09-01T00:00:00.000Z', '2026-10-01T00:00:00.000Z'],
    ['last-year', '2025-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
    ['YTD', '2026-01-01T00:00:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['2026-09', '2026-09-01T00:00:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['7 days ago', '2026-09-28T15:30:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['an hour ago', '2026-10-05T14:30:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['2 Weeks ago', '2026-09-21T15:30:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['1 month ago', '2026-09-05T15:30:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['1 year ago', '2025-10-05T15:30:00.000Z', '2026-10-05T15:30:00.000Z'],
  ])('--since %s', (since, from, to) => {
    expect(window(since)).toEqual({ since: from, until: to })
  })

  test('a word gives way to --until', () => {
    expect(window('last-week', '2026-10-05T12:00Z').until).toBe('2026-10-05T12:00:00.000Z')
    expect(window('last-month', 'yesterday').until).toBe('2026-10-04T00:00:00.000Z')
  })

  test('without --since the window is open', () => {
    expect(window()).toEqual({ since: null, until: now.toISOString() })
    expect(window(undefined, '2026-01-01')).toEqual({ since: null, until: '2026-01-01T00:00:00.000Z' })
  })

  test('dates and words are cut in the zone', () => {
    expect(window('2026-10-02', '2026-10-03', 'Asia/Kolkata')).toEqual({
      since: '2026-10-01T18:30:00.000Z',
      until: '2026-10-02T18:30:00.000Z',
    })
    expect(window('yesterday', undefined, 'America/New_York')).toEqual({
      since: '2026-10-04T04:00:00.000Z',
      until: '2026-10-05T04:00:00.000Z',
    })
    expect(window('2026-10-02T08:00', undefined, 'Europe/Berlin').since).toBe('2026-10-02T06:00:00.000Z')
  })

  test('days of 23 and 25 hours', () => {
    const hours = (day: string, next: string, tz: string): number => {
      const { since, until } = window(day, next, tz)
      return (Date.parse(until ?? '') - Date.parse(since ?? '')) / 3_600_000
    }
    expect(hours('2026-03-29', '2026-03-30', 'Europe/Berlin')).toBe(23)
    expect(hours('2026-10-25', '2026-10-26', 'Europe/Berlin')).toBe(25)
    expect(hours('2026-03-08', '2026-03-09', 'America/New_York')).toBe(23)
    expect(hours('2026-11-01', '2026-11-02', 'America/New_York')).toBe(25)
    expect(hours('2026-04-05', '2026-04-06', 'Australia/Lord_Howe')).toBe(24.5)
    expect(hours('2026-10-25', '2026-10-26', 'Asia/Kolkata')).toBe(24)
  })

  test.each([
    'tomorrowish',
    '2026-13-01',
    '2026-02-30',
    '2026-10-02T25:00',
    '14',
    '14x',
    '',
    '-3d',
    '0015-01-01',
  ])('refuses --since %j', (since) => {
    expect(() => window(since)).toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.stringContaining('14d') }),
    )
  })

  test('refuses a window that ends before it begins', () => {
    expect(() => window('2026-10-06')).toThrow(/the window is empty/)
    expect(() => window('2026-10-02', '2026-10-02')).toThrow(UserError)
  })

  test('names the closest zones', () => {
    expect(() => window('14d', undefined, 'Europe/Berln')).toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.stringContaining('Europe/Berlin') }),
    )
    for (const tz of ['', '+05:30', 'Mars/Base'])
      expect(() => window('14d', undefined, tz)).toThrow(UserError)
  })
})

describe('as-of', () => {
  const asOf = (text: string | undefined, newest: string | null, tz = 'UTC') =>
    resolveAsOf({ asOf: text, tz }, now, newest).toISOString()
  test('is now, a time, or just after the newest call', () => {
    expect(asOf(undefined, null)).toBe(now.toISOString())
    expect(asOf('2026-10-02', null, 'Europe/Berlin')).toBe('2026-10-01T22:00:00.000Z')
    expect(asOf('latest', '2026-10-03T10:00:00.123456Z')).toBe('2026-10-03T10:00:00.124Z')
    expect(asOf('latest', null)).toBe(now.toISOString())
    expect(() => asOf('14d', null)).toThrow(/not a time/)
  })
})

describe('whole periods', () => {
  test('are complete local days', () => {
    const week = lastPeriod('7d', now, 'UTC')
    expect(week).toEqual({ since: '2026-09-28T00:00:00.000Z', until: '2026-10-05T00:00:00.000Z' })
    expect(windowBefore(week, 'UTC')).toEqual({
      since: '2026-09-21T00:00:00.000Z',
      until: '2026-09-28T00:00:00.000Z',
    })
    const berlin = lastPeriod('7d', new Date('2026-10-28T10:00:00Z'), 'Europe/Berlin')
    expect(berlin).toEqual({ since: '2026-10-20T22:00:00.000Z', until: '2026-10-27T23:00:00.000Z' })
    expect(wholeDays(berlin, 'Europe/Berlin')).toBe(7)
    expect(windowBefore(berlin, 'Europe/Berlin')).toEqual({
      since: '2026-10-13T22:00:00.000Z',
      until: '2026-10-20T22:00:00.000Z',
    })
  })

  test.each([
    ['day', '2026-10-26T23:00:00.000Z', '2026-10-27T23:00:00.000Z'],
    ['week', '2026-10-18T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ['month', '2026-08-31T22:00:00.000Z', '2026-09-30T22:00:00.000Z'],
    ['1d', '2026-10-26T23:00:00.000Z', '2026-10-27T23:00:00.000Z'],
    ['30d', '2026-09-27T22:00:00.000Z', '2026-10-27T23:00:00.000Z'],
  ])('the last %s', (period, since, until) => {
    const asOf = new Date('2026-10-28T10:00:00Z')
    expect(lastPeriod(period, asOf, 'Europe/Berlin')).toEqual({ since, until })
  })

  test.each(['', '0d', 'year', 'Week', '-3d', '7', 'constructor'])('%j is no period', (period) => {
    expect(() => lastPeriod(period, now, 'UTC')).toThrow(/is not a period/)
  })

  test('an odd window is compared with as much time before it', () => {
    expect(windowBefore({ since: '2026-10-02T10:00:00Z', until: '2026-10-02T16:00:00Z' }, 'UTC')).toEqual({
      since: '2026-10-02T04:00:00.000Z',
      until: '2026-10-02T10:00:00Z',
    })
    expect(windowBefore({ since: null, until: '2026-10-02T16:00:00Z' }, 'UTC')).toBeNull()
  })
})

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/Havana',
  'Asia/Beirut',
]
const instants = fc
  .integer({ min: Date.UTC(2015, 0, 1) / 60_000, max: Date.UTC(2030, 0, 1) / 60_000 })
  .map((minute) => minute * 60_000)

describe('zones, by property', () => {
  test('a local day begins at its first instant', () => {
    fc.assert(
      fc.property(instants, fc.constantFrom(...zones), (instant, tz) => {
        const midnight = instantOf(Math.floor(localAt(instant, tz) / 86_400_000) * 86_400_000, tz)
        const date = localDate(new Date(instant).toISOString(), tz)
        expect(localDate(new Date(midnight).toISOString(), tz)).toBe(date)
        expect(localDate(new Date(midnight - 1).toISOString(), tz) < date).toBe(true)
        expect(midnight).toBe(startOfDay(new TZDate(instant, tz)).getTime())
      }),
      { numRuns: 500 },
    )
  })

  test('stretches give every instant its own offset', () => {
    fc.assert(
      fc.property(
        fc.array(instants, { minLength: 3, maxLength: 20 }),
        fc.constantFrom(...zones),
        (times, tz) => {
          const sorted = times.toSorted((a, b) => a - b)
          const stretches = offsetStretches(sorted[0] ?? 0, (sorted.at(-1) ?? 0) + 1, tz)
          for (const time of sorted) {
            const offset = stretches.findLast(({ from }) => from <= time)?.offsetMinutes
            expect(offset).toBe((localAt(time, tz) - time) / 60_000)
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('--period by name', () => {
  test.each([
    ['today', '2026-10-05T00:00:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['yesterday', '2026-10-04T00:00:00.000Z', '2026-10-05T00:00:00.000Z'],
    ['mtd', '2026-10-01T00:00:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['2026-09', '2026-09-01T00:00:00.000Z', '2026-10-01T00:00:00.000Z'],
    ['2026-10', '2026-10-01T00:00:00.000Z', '2026-10-05T15:30:00.000Z'],
    ['2026-09-30', '2026-09-30T00:00:00.000Z', '2026-10-01T00:00:00.000Z'],
  ])('%s', (text, since, until) => {
    expect(lastPeriod(text, now, 'UTC')).toEqual({ since, until })
  })

  test('days and months are cut in the zone, over a change of its clocks', () => {
    expect(lastPeriod('2026-03', now, 'Europe/Berlin')).toEqual({
      since: '2026-02-28T23:00:00.000Z',
      until: '2026-03-31T22:00:00.000Z',
    })
    expect(lastPeriod('2026-03-29', now, 'Europe/Berlin')).toEqual({
      since: '2026-03-28T23:00:00.000Z',
      until: '2026-03-29T22:00:00.000Z',
    })
  })

  test('one that has not begun is told', () => {
    expect(() => lastPeriod('2026-11', now, 'UTC')).toThrow(/has not begun/)
    expect(isPeriod('2026-11')).toBe(true)
  })

  test.each(['2026-13', '2026-00', '2026-02-30', 'year', '2026', ''])('%j is none', (text) => {
    expect(isPeriod(text)).toBe(false)
  })

  test('a month is the sum of its days', () => {
    const day = fc.date({ min: new Date('2016-01-01'), max: new Date('2026-09-01'), noInvalidDate: true })
    fc.assert(
      fc.property(day, fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata'), (date, tz) => {
        const month = date.toISOString().slice(0, 7)
        const whole = lastPeriod(month, now, tz)
        const days = wholeDays(whole, tz)!
        const all = Array.from({ length: days }, (_, i) =>
          lastPeriod(`${month}-${String(i + 1).padStart(2, '0')}`, now, tz),
        )
        expect(all[0]!.since).toBe(whole.since)
        expect(all.at(-1)!.until).toBe(whole.until)
        for (const [i, one] of all.slice(1).entries()) expect(one.since).toBe(all[i]!.until)
      }),
    )
  })
})

test('no text for a time or a period throws anything but wrong use', () => {
  const words = fc.oneof(
    fc.string(),
    fc.stringMatching(/^\d{0,5}(-\d{0,3}){0,3}$/),
    fc.stringMatching(/^(an?|\d{1,6}) (minute|hour|day|week|month|year)s? ago$/),
  )
  fc.assert(
    fc.property(words, (text) => {
      for (const asked of [() => window(text), () => lastPeriod(text, now, 'UTC')]) {
        try {
          const { since, until } = asked()
          expect(Date.parse(since!)).toBeLessThan(Date.parse(until!))
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }
      isPeriodText(text)
    }),
  )
})
