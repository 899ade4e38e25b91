/** The generated logs of products that the bench scores anomalies on: what their labels say is what was put in. */
import { describe, expect, test } from 'vitest'
import { generatedLog } from '../bench/product-log.js'
import { mixedPlan, outagePlan, product, rampPlan } from '../bench/products.js'

const size = { scale: 'medium', users: 8, features: 6, callsADay: 400 } as const
const of = product(size, 2)
const logOf = (plans: Parameters<typeof generatedLog>[2]) => generatedLog(of, 'any', plans)
const micros = (line: string): number => Math.round(Number(line.slice(line.lastIndexOf(',') + 1)) * 1e6)
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const costOf = (lines: readonly string[]): number => sum(lines.slice(1).map(micros)) / 1e6

const clean = logOf([])

describe.each([
  ['mixed', mixedPlan(of)],
  ['ramp', rampPlan],
  ['outage', outagePlan(of)],
] as const)('%s', (name, plans) => {
  const { lines, labels } = logOf(plans)

  test('is the same each time', () => {
    expect(logOf(plans)).toEqual({ lines, labels })
  })

  test('costs what the clean twin does and what its events are said to', () => {
    const excess = sum(labels.events.map((event) => event.excess_usd))
    expect(costOf(lines) - costOf(clean.lines)).toBeCloseTo(excess, 4)
    for (const event of labels.events) {
      expect(event.excess_usd * (name === 'outage' ? -1 : 1), event.kind).toBeGreaterThan(0)
    }
  })

  test('differs from the clean twin within its events alone', () => {
    const outside = (some: readonly string[]): string[] =>
      some.slice(1).filter((line) => {
        const time = line.slice(0, line.indexOf(','))
        return labels.events.every(({ start_iso: start, end_iso: end }) => time < start || time >= end)
      })
    expect(outside(lines)).toEqual(outside(clean.lines))
  })
})

test('events of one log are judged, and apart by more than an alarm of one reaches', () => {
  const { events, eval_from: from, eval_to: to } = logOf(mixedPlan(of)).labels
  expect(events.map(({ kind }) => kind).toSorted()).toEqual([
    'levelshift',
    'nightbatch',
    'nightbatch',
    'poweruser',
    'retrystorm',
    'spike',
    'spike',
  ])
  let before = Date.parse(from)
  for (const { start_iso: start, end_iso: end } of events) {
    expect(Date.parse(start)).toBeGreaterThanOrEqual(before)
    before = Date.parse(end) + 20 * 3_600_000
  }
  expect(events.at(-1)!.end_iso).toBe(to)
})
