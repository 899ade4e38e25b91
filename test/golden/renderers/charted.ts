/** A report with every kind of chart, for the formats that draw. */
import type { Column, Report, Row, Section } from '../../../src/reports/report.js'

const cost: Column = { key: 'cost_usd', title: 'cost', kind: 'usd' }
const day: Column = { key: 'bucket', title: 'day', kind: 'text' }
const dayAt = (index: number): string => new Date(Date.UTC(2026, 8, 1 + index)).toISOString().slice(0, 10)
const wave = (i: number): number => 14 + 5 * Math.sin(i * 0.9) + (i % 7 > 4 ? -7 : 0) + i * 0.2

const days: Section = {
  id: 'days',
  title: 'Cost by day',
  columns: [day, cost, { key: 'cost_usd_change', title: 'change', kind: 'change', better: 'less' }],
  rows: [12.1, 14.25, 11.9, 64.03, 13.3, 6.2, 4.75].map((usd, i, all) => ({
    bucket: dayAt(i + 20),
    cost_usd: usd.toFixed(12),
    cost_usd_change: i === 0 ? null : usd / (all[i - 1] ?? 1) - 1,
    marks: i === 3 ? '4.6 times the usual, most of it user-31' : null,
    partial: i === 6,
  })),
  chart: { kind: 'bars', x: 'bucket', y: 'cost_usd', marks: 'marks', partial: 'partial' },
}

const manyDays: Section = {
  id: 'many_days',
  title: 'Cost by day, eight weeks',
  columns: [day, cost],
  rows: Array.from({ length: 56 }, (_, i) => ({
    bucket: dayAt(i - 29),
    cost_usd: wave(i).toFixed(6),
    norm: (wave(i) * 0.95).toFixed(6),
    unusual: i === 40,
  })),
  chart: { kind: 'bars', x: 'bucket', y: 'cost_usd', expected: 'norm', marks: 'unusual' },
}

const monthSoFar = (i: number): number => 12.4 * (i + 1) + 6 * Math.sin(i)
const forecastDays = Array.from({ length: 30 }, (_, i): Row => {
  const known = i < 18
  return {
    day: dayAt(i),
    so_far: known ? monthSoFar(i).toFixed(2) : null,
    forecast: i >= 17 ? monthSoFar(17) + (i - 17) * 13.1 : null,
    low: i >= 17 ? monthSoFar(17) + (i - 17) * 10.6 : null,
    high: i >= 17 ? monthSoFar(17) + (i - 17) * 15.9 : null,
  }
})

const forecast: Section = {
  id: 'forecast',
  title: 'Forecast for September 2026',
  layout: 'facts',
  columns: [
    { key: 'cost_so_far_usd', title: 'cost since 2026-09-01', kind: 'usd' },
    { key: 'forecast_cost_usd', title: 'forecast', kind: 'usd' },
    { key: 'low_cost_usd', title: 'low end (80%)', kind: 'usd' },
    { key: 'high_cost_usd', title: 'high end (80%)', kind: 'usd' },
  ],
  rows: [{ cost_so_far_usd: '223.20', forecast_cost_usd: 376.4, low_cost_usd: 347.4, high_cost_usd: 410.0 }],
  chart: {
    kind: 'area',
    x: 'day',
    y: 'so_far',
    expected: 'forecast',
    low: 'low',
    high: 'high',
    bound: { value: '400', title: 'Budget $400' },
    columns: [
      { key: 'day', title: 'day', kind: 'text' },
      { key: 'so_far', title: 'cost so far', kind: 'usd' },
      { key: 'forecast', title: 'forecast', kind: 'usd' },
    ],
    points: forecastDays,
  },
}

const latency: Section = {
  id: 'latency_by_hour',
  title: 'P95 latency by hour',
  columns: [
    { key: 'hour', title: 'hour', kind: 'time' },
    { key: 'p95_latency_ms', title: 'p95 latency', kind: 'ms' },
  ],
  rows: Array.from({ length: 48 }, (_, i) => ({
    hour: new Date(Date.UTC(2026, 8, 28, i)).toISOString(),
    p95_latency_ms: i === 20 ? null : 900 + 400 * Math.sin(i / 4) + (i === 33 ? 2600 : 0),
    slow: i === 33,
  })),
  chart: { kind: 'line', x: 'hour', y: 'p95_latency_ms', marks: 'slow' },
}

export const charted: Report = {
  kind: 'report',
  title: 'Charts',
  period: { since: '2026-09-21T00:00:00.000Z', until: '2026-09-28T00:00:00.000Z', tz: 'UTC' },
  sections: [days, manyDays, forecast, latency],
  warnings: [],
  footer: ['prices: genai-prices 0.1.8 (2026-09-23)'],
}
