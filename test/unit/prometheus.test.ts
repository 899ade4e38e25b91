import { describe, expect, test } from 'vitest'
import type { Incident } from '../../src/anomalies/build.js'
import type { BudgetState } from '../../src/domain/budgets/budget-state.js'
import {
  anomalyFamilies,
  budgetFamilies,
  freshnessFamilies,
  monthFamilies,
  openIncidents,
} from '../../src/exports/prometheus/gauges.js'
import { isLoopback } from '../../src/machine/loopback.js'
import { parseAddress } from '../../src/exports/prometheus/server.js'
import { exposition, labelName, type Family } from '../../src/exports/prometheus/text.js'

/** The samples alone. */
const lines = (families: readonly Family[]): string[] =>
  exposition(families)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

test('the text format: help, type, samples; what has none is left out', () => {
  const text = exposition([
    {
      name: 'a_total',
      type: 'counter',
      help: 'Back\\slash,\nnew line.',
      samples: [
        { labels: {}, value: '1' },
        { labels: { x: 'q"\\\n', none: null, empty: '' }, value: '0.000000000001' },
      ],
    },
    { name: 'b', type: 'gauge', help: 'Nothing.', samples: [] },
  ])
  expect(text).toBe(
    [
      '# HELP a_total Back\\\\slash,\\nnew line.',
      '# TYPE a_total counter',
      'a_total 1',
      'a_total{x="q\\"\\\\\\n"} 0.000000000001',
      '',
    ].join('\n'),
  )
})

test('names of labels', () => {
  expect(['user_id', 'tag.plan-b', 'tag.größe'].map(labelName)).toEqual([
    'user_id',
    'tag_plan_b',
    'tag_gr__e',
  ])
})

describe('budgets', () => {
  const state = (name: string, spentUsd: string | null, usd: number | null): BudgetState =>
    ({
      budget: { name, period: 'monthly', usd: '100', filters: [], warnAt: [] },
      spentUsd,
      spentShare: spentUsd === null ? null : Number(spentUsd) / 100,
      outlook: usd === null ? null : { usd },
    }) as unknown as BudgetState

  test('what is not known is not there', () => {
    expect(lines(budgetFamilies([state('m', '12.500000000000', 80), state('n', null, null)]))).toEqual([
      'llmcost_budget_limit_usd{budget="m",period="monthly"} 100',
      'llmcost_budget_limit_usd{budget="n",period="monthly"} 100',
      'llmcost_budget_spent_usd{budget="m",period="monthly"} 12.5',
      'llmcost_budget_spent_ratio{budget="m",period="monthly"} 0.125',
      'llmcost_budget_forecast_usd{budget="m",period="monthly"} 80',
    ])
  })

  test('of one name are two series', () => {
    const [first, second] = lines(budgetFamilies([state('m', null, null), state('m', null, null)]))
    expect([first, second]).toEqual([
      'llmcost_budget_limit_usd{budget="m",period="monthly"} 100',
      'llmcost_budget_limit_usd{budget="m (2)",period="monthly"} 100',
    ])
  })
})

describe('incidents', () => {
  const incident = (until: string, kind: string): Incident =>
    ({
      until,
      kinds: [kind],
      series: [
        { dimension: null, value: null, excess: 2_500_000_000_000n },
        { dimension: 'user_id', value: 'u1', excess: 2n },
        { dimension: 'user_id', value: 'u2', excess: 1n },
      ],
    }) as unknown as Incident

  test('are open for six hours after their last abnormal hour, a drift for a day', () => {
    const asOf = new Date('2026-10-05T12:00:00Z')
    const open = (until: string, kind: string): boolean =>
      openIncidents([incident(until, kind)], asOf).length > 0
    expect(open('2026-10-05T06:00:01Z', 'spike')).toBe(true)
    expect(open('2026-10-05T06:00:00Z', 'spike')).toBe(false)
    expect(open('2026-10-04T12:00:01Z', 'drift')).toBe(true)
    expect(open('2026-10-04T12:00:00Z', 'drift')).toBe(false)
  })

  test('add up exactly within one kind of series', () => {
    const open = [incident('2026-10-05T12:00:00Z', 'spike')]
    expect(lines(anomalyFamilies(open, ['feature', 'user_id']))).toEqual([
      'llmcost_anomaly_open_incidents 1',
      'llmcost_anomaly_excess_usd{series="all"} 2.5',
      'llmcost_anomaly_excess_usd{series="feature"} 0',
      'llmcost_anomaly_excess_usd{series="user_id"} 0.000000000003',
    ])
  })
})

test('a month without a forecast, a store without a call', () => {
  expect(
    lines(monthFamilies({ forecast: null, soFarUsd: null } as Parameters<typeof monthFamilies>[0])),
  ).toEqual([])
  const readAt = new Date('2026-10-05T12:00:00.250Z')
  expect(lines(freshnessFamilies({ newestCall: null, lastIngest: null, readAt, version: '1.2.3' }))).toEqual([
    'llmcost_read_timestamp_seconds 1791201600.25',
    'llmcost_build_info{version="1.2.3"} 1',
  ])
})

test('addresses', () => {
  const of = (text: string): string => {
    const address = parseAddress(text)
    return `${address.host} ${address.port}${isLoopback(address.host) ? '' : ' open'}`
  }
  expect(['9464', ':9464', 'localhost:9464', '127.0.0.1:0', '[::1]:9464'].map(of)).toEqual([
    '127.0.0.1 9464',
    '127.0.0.1 9464',
    'localhost 9464',
    '127.0.0.1 0',
    '::1 9464',
  ])
  expect(['0.0.0.0:80', '[::]:80', 'metrics.internal:80', '127.0.0.1.evil:80'].map(of)).toEqual([
    '0.0.0.0 80 open',
    ':: 80 open',
    'metrics.internal 80 open',
    '127.0.0.1.evil 80 open',
  ])
  for (const wrong of ['', 'host', 'host:', '65536', '[::1:9464', 'a b:1', '1.2.3.4:5:6', '[zz]:1']) {
    expect(() => parseAddress(wrong), wrong).toThrow('is not an address')
  }
})
