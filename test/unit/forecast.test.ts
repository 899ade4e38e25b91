/** The forecast as a pure function: what must hold of any history, and what it does on shapes that are known. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backtest, trials } from '../../src/forecast/backtest.js'
import { addDays, periodOf, periods, type DailyCost, type DayRange } from '../../src/forecast/days.js'
import { dayReached, forecastCost, type Forecast } from '../../src/forecast/forecast.js'
import { beginningOf, dailySeries, nowOf } from '../../src/forecast/series.js'

/** Whole days from a first one on. */
const series = (first: string, costs: readonly number[]): DailyCost[] =>
  costs.map((cost_usd, i) => ({ day: addDays(first, i), cost_usd, complete: 1 }))

const repeat = (count: number, cost: (i: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => cost(i))

const october: DayRange = { since: '2026-10-01', until: '2026-11-01' }

const costs = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.double({ min: 1e-9, max: 1e6, noNaN: true }) },
  ),
  { maxLength: 130 },
)
const begin = fc.integer({ min: 0, max: 400 }).map((days) => addDays('2025-06-15', days))
const share = fc.constantFrom(0.01, 0.25, 0.5, 0.99, 1)

/** A history whose last day may be running, with the costs by this time of earlier days. */
const histories = fc
  .tuple(costs, begin, share)
  .map(([list, first, complete]) =>
    series(first, list).map((day, i) =>
      i < list.length - 1
        ? { ...day, cost_by_now_usd: day.cost_usd * 0.4 }
        : { ...day, complete, cost_by_now_usd: day.cost_usd },
    ),
  )
const anyPeriod = fc.constantFrom(...periods)
const runs = { numRuns: 300 }

/** Sum of doubles, as the path adds them up. */
const sumOf = (days: readonly DailyCost[]): number => days.reduce((sum, day) => sum + day.cost_usd, 0)

describe('any history', () => {
  test('the interval holds the mean, and neither end is below what is known', () => {
    fc.assert(
      fc.property(histories, anyPeriod, (history, name) => {
        const period = periodOf(history.at(-1)?.day ?? '2026-10-05', name)
        const forecast = forecastCost(history, period)
        const first = history.findIndex(({ cost_usd: cost }) => cost > 0)
        // Only part of one day, or nothing at all, is known.
        if (first < 0 || history[first]!.complete < 1) {
          expect(forecast).toBeNull()
          return
        }
        const known = sumOf(history.filter(({ day }) => day >= period.since))
        expect(forecast!.soFar).toBe(known)
        for (const { mean, low, high } of [forecast!, ...forecast!.daily]) {
          expect([mean, low, high].every(Number.isFinite)).toBe(true)
          expect(low).toBeLessThanOrEqual(mean)
          expect(mean).toBeLessThanOrEqual(high)
        }
        expect(forecast!.low).toBeGreaterThanOrEqual(known)
      }),
      runs,
    )
  })

  test('the path ends at the forecast, grows, and its days add up', () => {
    fc.assert(
      fc.property(histories, anyPeriod, (history, name) => {
        const period = periodOf(history.at(-1)?.day ?? '2026-10-05', name)
        const forecast = forecastCost(history, period)
        if (forecast === null) return
        const { daily } = forecast
        expect(daily[0]?.day).toBe(period.since)
        expect(addDays(daily.at(-1)!.day, 1)).toBe(period.until)
        expect([daily.at(-1)!.mean, daily.at(-1)!.low, daily.at(-1)!.high]).toEqual([
          forecast.mean,
          forecast.low,
          forecast.high,
        ])
        let total = 0
        for (const day of daily) {
          total += day.cost
          expect(day.mean).toBeCloseTo(total, -Math.log10(1e-9 * Math.max(1, total)))
          expect(day.cost).toBeGreaterThanOrEqual(0)
        }
      }),
      runs,
    )
  })

  test('costs in another unit give the same forecast in that unit', () => {
    fc.assert(
      fc.property(histories, fc.constantFrom(1e-6, 0.37, 1e5), (history, factor) => {
        const period = periodOf(history.at(-1)?.day ?? '2026-10-05', 'month')
        const scaled = history.map((day) => ({
          ...day,
          cost_usd: day.cost_usd * factor,
          cost_by_now_usd: (day.cost_by_now_usd ?? 0) * factor,
        }))
        const [one, two] = [forecastCost(history, period), forecastCost(scaled, period)]
        for (const key of ['mean', 'low', 'high'] as const) {
          expect(Math.abs((two?.[key] ?? 0) - (one?.[key] ?? 0) * factor)).toBeLessThanOrEqual(
            1e-6 * Math.abs(two?.[key] ?? 0),
          )
        }
      }),
      runs,
    )
  })

  test('the same history gives the same forecast; leading days without cost change nothing', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 60 }), (history, empty) => {
        const last = history.at(-1)?.day ?? '2026-10-05'
        const period = periodOf(last, 'month')
        const first = addDays(history[0]?.day ?? last, -empty)
        const longer = [
          ...series(
            first,
            repeat(empty, () => 0),
          ),
          ...history,
        ]
        const plain = (forecast: Forecast | null) => forecast && { ...forecast, daily: [] }
        expect(plain(forecastCost(longer, period))).toEqual(plain(forecastCost(history, period)))
      }),
      runs,
    )
  })

  test('a period that is over is known, and one to come is all forecast', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const last = history.at(-1)
        if (last === undefined || last.complete < 1) return
        const over = forecastCost(history, { since: addDays(last.day, -2), until: addDays(last.day, 1) })
        if (over === null) return
        expect([over.mean, over.low, over.high]).toEqual([over.soFar, over.soFar, over.soFar])
        const next = forecastCost(history, { since: addDays(last.day, 8), until: addDays(last.day, 15) })!
        expect(next.soFar).toBe(0)
        expect(next.daily.every(({ known }) => !known)).toBe(true)
        expect(next.mean).toBeGreaterThan(0)
      }),
      runs,
    )
  })
})

describe('known shapes', () => {
  test.each([20, 47, 76, 200])('a cost that never changes goes on, after %i days', (days) => {
    const forecast = forecastCost(
      series(
        addDays('2026-10-16', -days),
        repeat(days, () => 10),
      ),
      october,
    )!
    expect(forecast.mean).toBeCloseTo(10 * Math.min(days, 15) + 160, 6)
    expect(forecast.weeklyGrowth).toBeCloseTo(0, 9)
    expect(forecast.weekdayFactors).toEqual([1, 1, 1, 1, 1, 1, 1].map((one) => expect.closeTo(one, 9)))
    expect(forecast.high - forecast.low).toBeLessThan(40)
  })

  test('weekdays repeat, days without cost among them', () => {
    // From a Monday on: 5 workdays of 10, nothing at weekends.
    const days = series(
      '2026-07-06',
      repeat(101, (i) => (i % 7 < 5 ? 10 : 0)),
    )
    const forecast = forecastCost(days, october)!
    expect(days.at(-1)?.day).toBe('2026-10-14')
    expect(forecast.soFar).toBe(100)
    // 15, 16, 19–23 and 26–30 October are workdays to come.
    expect(forecast.mean).toBeCloseTo(220, 6)
    const saturday = forecast.daily.find(({ day }) => day === '2026-10-17')!
    expect(saturday.cost).toBeCloseTo(0, 9)
  })

  test('steady growth goes on for a fortnight', () => {
    const grown = (i: number): number => 10 * 1.05 ** (i / 7)
    const forecast = forecastCost(series('2026-06-01', repeat(137, grown)), october)!
    const outcome = repeat(31, (i) => grown(122 + i)).reduce((a, b) => a + b, 0)
    expect(Math.abs(forecast.mean / outcome - 1)).toBeLessThan(0.01)
    expect(forecast.weeklyGrowth).toBeCloseTo(0.05, 2)
  })

  test.each([0.05, 0.1, 0.15])('growth of %d a week, weekends and all, goes on', (rate) => {
    const grown = (i: number): number =>
      (i % 7 < 5 ? 10 : 3) * (1 + rate) ** (i / 7) * (1 + ((i * 7919) % 13) / 60)
    // 2026-06-01 is a Monday; the history ends before October begins, on its 7th and on its 15th day.
    for (const days of [122, 129, 137]) {
      const forecast = forecastCost(series('2026-06-01', repeat(days, grown)), october)!
      const outcome = repeat(31, (i) => grown(122 + i)).reduce((a, b) => a + b, 0)
      expect(Math.abs(forecast.mean / outcome - 1)).toBeLessThan(days === 122 ? 0.08 : 0.04)
      expect(forecast.low).toBeLessThan(outcome)
      expect(forecast.high).toBeGreaterThan(outcome)
    }
  })

  test('growth that began four weeks ago is seen', () => {
    const late = (i: number): number => 10 * 1.1 ** (Math.max(0, i - 101) / 7) * (1 + ((i * 7919) % 13) / 60)
    const forecast = forecastCost(series('2026-06-01', repeat(129, late)), october)!
    expect(forecast.weeklyGrowth).toBeGreaterThan(0.06)
    const outcome = repeat(31, (i) => late(122 + i)).reduce((a, b) => a + b, 0)
    expect(Math.abs(forecast.mean / outcome - 1)).toBeLessThan(0.06)
  })

  test.each([3, 5, 7])('a launch that doubled the cost is followed after %i days', (ago) => {
    const days = repeat(107, (i) => (i >= 107 - ago ? 20 : 10) * (1 + ((i * 7919) % 13) / 60))
    const forecast = forecastCost(series('2026-07-01', days), october)!
    const usual = 20 * (1 + 6 / 60)
    const rest = (forecast.mean - forecast.soFar) / 16
    expect(Math.abs(rest / usual - 1)).toBeLessThan(0.1)
    expect(forecast.low).toBeLessThan(forecast.soFar + 16 * usual)
    expect(forecast.high).toBeGreaterThan(forecast.soFar + 16 * usual)
  })

  test('earlier forecasts that were too sure widen the interval', () => {
    // Weeks that are all dear or all cheap, in no order, which no level, growth or weekday tells.
    const dear = (week: number): number => [1, 3, 1, 1, 3, 3, 1, 3, 1, 3, 3, 1, 1, 3, 1, 3][week % 16]!
    const weeks = repeat(105, (i) => 10 * dear(Math.floor(i / 7)))
    const days = repeat(105, (i) => 10 * dear((i * 5) % 16))
    const width = (costs: readonly number[]): number => {
      const { low, high, mean } = forecastCost(series('2026-07-01', costs), october)!
      return (high - low) / mean
    }
    expect(width(weeks)).toBeGreaterThan(1.5 * width(days))
  })

  test.each([80, 90, 100])('one bad day, day %i of 107, is not carried on', (spike) => {
    const usual = repeat(107, (i) => 10 + (i % 3))
    const calm = forecastCost(series('2026-07-01', usual), october)!
    const spiked = forecastCost(series('2026-07-01', usual.with(spike, 200)), october)!
    const extra = spike >= 92 ? 200 - usual[spike]! : 0
    expect(Math.abs(spiked.mean - extra - calm.mean)).toBeLessThan(0.03 * calm.mean)
  })

  test('a change that lasts is followed', () => {
    const days = series(
      '2026-07-01',
      repeat(107, (i) => (i < 93 ? 10 : 30) + (i % 3)),
    )
    expect(forecastCost(days, october)!.mean).toBeGreaterThan(31 * 29)
  })

  test('fewer than 7 whole days: their mean, a wide interval, and little confidence', () => {
    const forecast = forecastCost(series('2026-10-01', [8, 12, 10]), october)!
    expect(forecast).toMatchObject({ method: 'flat', lowConfidence: true, learnedDays: 3, naive: null })
    expect(forecast.mean).toBeCloseTo(310, 9)
    expect(forecast.low).toBeLessThan(200)
    expect(forecast.high).toBeGreaterThan(420)
  })

  test('one day with a cost, long ago: its mean over all days since goes on', () => {
    const forecast = forecastCost(series('2026-10-01', [14, ...repeat(13, () => 0)]), october)!
    expect(forecast.method).toBe('flat')
    expect(forecast.mean).toBeCloseTo(14 + 17, 9)
    expect(forecast.high).toBeGreaterThan(35)
  })

  test('part of one day is nothing to go by', () => {
    expect(forecastCost([{ day: '2026-10-01', cost_usd: 5, complete: 0.9 }], october)).toBeNull()
    expect(forecastCost([], october)).toBeNull()
  })

  test('the running day: what usually comes after this hour is still to come', () => {
    const whole = series(
      '2026-08-01',
      repeat(75, () => 10),
    ).map((day) => ({ ...day, cost_by_now_usd: 8 }))
    const today = { day: '2026-10-15', cost_usd: 50, complete: 0.5, cost_by_now_usd: 50 }
    const forecast = forecastCost([...whole, today], october)!
    expect(forecast.soFar).toBe(190)
    // 28 days of 0.8, and three that spend evenly; half of the day has gone.
    const gone = (28 * 0.8 + 3 * 0.5) / 31
    expect(forecast.mean).toBeCloseTo(190 + 10 * (1 - gone) + 160, 6)
  })

  test('the naive figure is the last 7 whole days for each day of the period', () => {
    const forecast = forecastCost(
      series(
        '2026-08-01',
        repeat(70, (i) => i),
      ),
      october,
    )!
    expect(forecast.naive).toBeCloseTo(((63 + 64 + 65 + 66 + 67 + 68 + 69) * 31) / 7, 9)
  })

  test('days before learnSince count as known, and teach nothing', () => {
    const days = series(
      '2026-07-01',
      repeat(107, (i) => (i < 95 ? 100 : 10)),
    )
    const forecast = forecastCost(days, october, '2026-10-04')!
    expect(forecast.soFar).toBe(420)
    expect(forecast.mean).toBeCloseTo(420 + 160, 6)
  })

  test('the day by which an amount is reached', () => {
    const forecast = forecastCost(
      series(
        '2026-08-01',
        repeat(76, () => 10),
      ),
      october,
    )!
    expect(dayReached(forecast, 200).mean).toBe('2026-10-20')
    expect(dayReached(forecast, 90)).toEqual({
      mean: '2026-10-09',
      earliest: '2026-10-09',
      latest: '2026-10-09',
    })
    expect(dayReached(forecast, 500)).toEqual({ mean: null, earliest: null, latest: null })
    const { earliest, mean, latest } = dayReached(forecast, 300)
    expect(earliest! <= mean! && (latest === null || mean! <= latest)).toBe(true)
  })
})

describe('calendar', () => {
  test.each([
    ['2026-02-10', 'month', '2026-02-01', '2026-03-01'],
    ['2028-02-29', 'month', '2028-02-01', '2028-03-01'],
    ['2026-12-31', 'month', '2026-12-01', '2027-01-01'],
    ['2026-12-31', 'quarter', '2026-10-01', '2027-01-01'],
    ['2027-01-01', 'week', '2026-12-28', '2027-01-04'],
    ['2026-10-05', 'week', '2026-10-05', '2026-10-12'],
    ['2026-10-11', 'week', '2026-10-05', '2026-10-12'],
  ] as const)('%s is in the %s from %s', (day, name, since, until) => {
    expect(periodOf(day, name)).toEqual({ since, until })
  })

  test.each([
    ['UTC', '2026-10-25T06:00Z', '2026-10-25', 0.25, 6],
    // 25 hours: the clock goes back at 3; 06:00 on the clock is seven hours in.
    ['Europe/Berlin', '2026-10-25T05:00Z', '2026-10-25', 7 / 25, 6],
    // 23 hours: the clock goes forward at 2.
    ['Europe/Berlin', '2026-03-29T04:00Z', '2026-03-29', 5 / 23, 6],
    ['Asia/Kolkata', '2026-10-24T18:30Z', '2026-10-25', 0, 0],
    ['Asia/Kolkata', '2026-10-25T18:29:59.999Z', '2026-10-25', 0.99999998, 23.9999997],
  ])('%s at %s', (tz, at, day, complete, hours) => {
    const now = nowOf(new Date(at), tz)
    expect(now.day).toBe(day)
    expect(now.complete).toBeCloseTo(complete, 7)
    expect(now.clockMs / 3_600_000).toBeCloseTo(hours, 6)
    expect(nowOf(new Date(beginningOf(day, tz)), tz)).toEqual({ day, complete: 0, clockMs: 0 })
  })

  test('a series has every day, and the running one only once it has begun', () => {
    const rows = [{ day: '2026-10-02', cost_usd: '1.5', cost_by_now_usd: null }]
    const now = { day: '2026-10-03', complete: 0.5, clockMs: 43_200_000 }
    expect(dailySeries(rows, '2026-10-01', now)).toEqual([
      { day: '2026-10-01', cost_usd: 0, complete: 1, cost_by_now_usd: 0 },
      { day: '2026-10-02', cost_usd: 1.5, complete: 1, cost_by_now_usd: 0 },
      { day: '2026-10-03', cost_usd: 0, complete: 0.5, cost_by_now_usd: 0 },
    ])
    expect(dailySeries(rows, '2026-10-01', { ...now, complete: 0 })).toHaveLength(2)
  })
})

describe('back-test', () => {
  test('every figure, worked out again from the plain list of costs', () => {
    const list = repeat(70, (i) => (i < 5 ? 0 : (i % 7 < 5 ? 10 : 3) * (1 + ((i * 7919) % 13) / 20)))
    const days = series('2026-06-03', list)
    const found = backtest(days, 'month')
    for (const [index, gone] of [7, 15, 22].entries()) {
      const results: { error: number; naive: number; held: boolean }[] = []
      // The first day with a cost is the sixth.
      for (let start = 5; start + 30 <= list.length; start++) {
        if (start - 5 + gone < 14) continue
        const outcome = list.slice(start, start + 30).reduce((a, b) => a + b, 0)
        const forecast = forecastCost(days.slice(5, start + gone), {
          since: days[start]!.day,
          until: addDays(days[start]!.day, 30),
        })!
        const week = list.slice(start + gone - 7, start + gone).reduce((a, b) => a + b, 0)
        results.push({
          error: Math.abs(forecast.mean - outcome) / outcome,
          naive: Math.abs((week * 30) / 7 - outcome) / outcome,
          held: forecast.low <= outcome && outcome <= forecast.high,
        })
      }
      const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
      const got = found.accuracy[index]!
      expect(got).toMatchObject({ days_gone: gone, forecasts: results.length })
      expect(got.error).toBeCloseTo(mean(results.map(({ error }) => error)), 12)
      expect(got.naive_error).toBeCloseTo(mean(results.map(({ naive }) => naive)), 12)
      expect(got.held_rate).toBeCloseTo(mean(results.map(({ held }) => (held ? 1 : 0))), 12)
    }
    // Days run from 8 June to 11 August: July is the one whole month.
    expect(found.past.map(({ period }) => period.since)).toEqual(['2026-07-01'])
    const july = found.past[0]!
    expect(july.days_gone).toBe(15)
    expect(july.outcome).toBeCloseTo(
      list.slice(28, 59).reduce((a, b) => a + b, 0),
      9,
    )
    expect(july.naive).toBeCloseTo((list.slice(36, 43).reduce((a, b) => a + b, 0) * 31) / 7, 9)
    expect(july.mean).toBe(forecastCost(days.slice(5, 43), july.period)!.mean)
  })

  test('with too few days there is nothing to tell', () => {
    for (const list of [[], [1, 2, 3], repeat(29, () => 5)]) {
      const found = backtest(series('2026-06-01', list), 'month')
      expect(found.accuracy.map(({ forecasts, error }) => [forecasts, error])).toEqual([
        [0, null],
        [0, null],
        [0, null],
      ])
      expect(found.past).toEqual([])
    }
  })

  test('weeks and quarters have points of their own', () => {
    const days = series(
      '2026-01-01',
      repeat(150, (i) => 5 + (i % 4)),
    )
    for (const name of periods) {
      const found = backtest(days, name)
      expect(found.accuracy.map(({ days_gone: gone }) => gone)).toEqual(trials[name].points)
      expect(found.accuracy.every(({ forecasts }) => forecasts > 0)).toBe(true)
      expect(found.past.length).toBeGreaterThan(0)
    }
  })
})
