/** What a change sounds like is said by the measure, not guessed from its name. */
import { expect, test } from 'vitest'
import { measureNames, type MeasureName } from '../../src/metrics/measures/registry.js'
import { toneOf } from '../../src/renderers/cells.js'
import { changeColumn, measureColumn } from '../../src/reports/columns.js'

const tone = (name: MeasureName, change: string): string | undefined =>
  toneOf(changeColumn(`${name}_change`, '', name), change).tone

test.each([
  ['p50_output_tokens_per_second', '0.5', 'good'],
  ['p50_output_tokens_per_second', '-0.5', 'bad'],
  ['p95_provider_latency_ms', '-0.1', 'good'],
  ['cost_usd', '0.1', 'caution'],
  ['cost_usd', '0.2', 'bad'],
  ['cost_usd', '0.004', undefined],
  ['cache_read_share', '0.3', 'good'],
  ['unpriced_calls', '0.3', 'bad'],
  ['calls', '3', undefined],
  ['stop_rate', '-0.5', undefined],
] as const)('%s by %s is %s', (name, change, expected) => {
  expect(tone(name, change)).toBe(expected)
})

test('costs, waits and failures are never better for being more', () => {
  const more = measureNames.filter((name) => measureColumn(name).better === 'more')
  expect(more.filter((name) => /latency|ttft|failed|error|trunc|unpriced/.test(name))).toEqual([])
  expect(more.filter((name) => name.endsWith('_usd'))).toEqual(['avoided_cost_usd'])
})

test('digits of a query of one’s own are those that SQL gave', async () => {
  const { columnWords } = await import('../../src/renderers/cells.js')
  const { sqlReport } = await import('../../src/reports/sql.js')
  const names = ['cost_usd', 'calls', 'error_rate'] as const
  const types = ['DECIMAL(18,12)', 'BIGINT', 'DOUBLE']
  const row = { cost_usd: '0.000001234000', calls: 1_234_567n, error_rate: 102.15388865 }
  const [section] = sqlReport({
    columns: names.map((name, i) => ({ name, type: types[i]! })),
    rows: [row],
  }).sections
  const words = section!.columns.map((column, i) => columnWords(column, [row[names[i]!]], 'UTC')[0]?.text)
  expect(words).toEqual(['0.000001234', '1234567', '102.15388865'])
})
