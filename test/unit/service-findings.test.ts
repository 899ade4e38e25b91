/** What is said of latency, failures and caches, and what is not worth saying. */
import { describe, expect, test } from 'vitest'
import { defaultBounds } from '../../src/domain/bounds.js'
import { sumOf } from '../../src/domain/costs/decimal.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { BreakdownRow } from '../../src/metrics/breakdown.js'
import type { PromptCacheRow } from '../../src/metrics/caching/prompt-cache.js'
import type { ResponseCacheRow } from '../../src/metrics/caching/response-cache.js'
import type { RetryRow } from '../../src/metrics/failures/retries.js'
import { errorFindings } from '../../src/reports/failures/error-findings.js'
import { slowModelFindings, tailFindings } from '../../src/reports/latency/latency.js'
import { cacheFindings } from '../../src/reports/caching/prompt-cache.js'
import { responseNotes } from '../../src/reports/caching/response-cache.js'

const group = (fields: Partial<BreakdownRow>): BreakdownRow => ({
  is_total: false,
  is_others: false,
  d0: 'search',
  ...fields,
})
const feature = [dimensionOf('feature')]

describe('the tail of latency', () => {
  const row = {
    timed_provider_calls: 100,
    p50_provider_latency_ms: 500,
    p99_provider_latency_ms: 5_001,
  }
  test('is named beyond the bound', () => {
    expect(tailFindings(feature, [group(row)], defaultBounds)).toMatchObject([
      { kind: 'latency_tail', dimension: 'feature', value: 'search', bound: 10 },
    ])
  })
  test.each([
    ['at the bound', { p99_provider_latency_ms: 5_000 }],
    ['of too few calls', { timed_provider_calls: 99 }],
    ['of less than a second', { p50_provider_latency_ms: 5, p99_provider_latency_ms: 999 }],
    ['of no calls', { p50_provider_latency_ms: null, p99_provider_latency_ms: null }],
    ['beside a median of nothing', { p50_provider_latency_ms: 0 }],
    ['of the others', { is_others: true }],
  ])('%s is not', (_, fields) => {
    const rows = [group({ ...row, ...fields })]
    expect(tailFindings(feature, rows, defaultBounds)).toEqual([])
  })
})

describe('a slow model', () => {
  const pair = (d0: string, d1: string | null, p50: number, output: number, calls = 100): BreakdownRow =>
    group({
      d0,
      d1,
      timed_provider_calls: calls,
      p50_provider_latency_ms: p50,
      mean_output_tokens: output,
    })
  const found = (rows: readonly BreakdownRow[]) =>
    slowModelFindings(rows, defaultBounds).map(({ value }) => value)

  test('is one beyond the bound for output of like length', () => {
    expect(found([pair('chat', 'slow', 3_001, 200), pair('chat', 'fast', 1_000, 100)])).toEqual([
      ['chat', 'slow'],
    ])
  })
  test.each([
    ['at the bound', [pair('chat', 'slow', 3_000, 100), pair('chat', 'fast', 1_000, 100)]],
    ['that writes more', [pair('chat', 'slow', 9_000, 201), pair('chat', 'fast', 1_000, 100)]],
    ['in another feature', [pair('chat', 'slow', 9_000, 100), pair('search', 'fast', 1_000, 100)]],
    ['beside few calls', [pair('chat', 'slow', 9_000, 100), pair('chat', 'fast', 1_000, 100, 99)]],
    ['without a name', [pair('chat', null, 9_000, 100), pair('chat', 'fast', 1_000, 100)]],
  ])('%s is none', (_, rows) => {
    expect(found(rows)).toEqual([])
  })
})

/** Of all calls of a day, told as they are. */
const asked = {
  scope: { since: '2026-09-21T00:00:00Z', until: '2026-09-22T00:00:00Z', filters: [], tz: 'UTC' },
  typed: (command: string) => `${command} --db x`,
}

describe('failures', () => {
  const retries: readonly RetryRow[] = [
    {
      is_total: true,
      is_others: false,
      is_kind: false,
      kind: null,
      retries: 7,
      retry_cost_usd: '0.060000000000',
    },
  ]
  const answer = (rows: readonly BreakdownRow[], some: readonly RetryRow[] = []) => ({
    by: feature,
    rows,
    retries: some,
    kinds: [],
    gapText: '1 min',
  })
  test('above the bound are named, far above it as critical', () => {
    const rows = [
      group({ status_calls: 100, error_rate: 0.051, failed_cost_usd: '1.5' }),
      group({ d0: "it's", status_calls: 100, error_rate: 0.25 }),
      group({ d0: 'rare', status_calls: 99, error_rate: 1 }),
      group({ d0: 'fine', status_calls: 5_000, error_rate: 0.05 }),
    ]
    const found = errorFindings(answer(rows), defaultBounds, asked)
    expect(found.map(({ value, severity }) => [value, severity])).toEqual([
      ['search', 'warning'],
      ["it's", 'critical'],
    ])
    expect(found[0]?.text).toContain(
      'which cost $1.50; llmcost calls --sort failed --since 2026-09-21 --until 2026-09-22 --where feature=search --db x lists them',
    )
    expect(found[1]?.text).toContain(String.raw`--where 'feature=it'\''s'`)
  })
  test('cost by their retries', () => {
    const total = (cost: string) => [group({ is_total: true, cost_usd: cost })]
    expect(errorFindings(answer(total('1.199'), retries), defaultBounds, asked)).toMatchObject([
      { kind: 'retry_cost', details: { retries: 7 } },
    ])
    expect(errorFindings(answer(total('1.2'), retries), defaultBounds, asked)).toEqual([])
    expect(errorFindings(answer(total('0'), retries), defaultBounds, asked)).toEqual([])
  })
})

test('a prompt cache that does not pay is named with its amount', () => {
  const pair = (net: string | null, fields: Partial<PromptCacheRow> = {}): PromptCacheRow => ({
    is_total: false,
    is_others: false,
    is_pair: true,
    feature: 'support',
    model: null,
    prompt_cache_calls: 3,
    prompt_cache_read_tokens: 1,
    prompt_cache_write_tokens: 1,
    prompt_cache_read_share: 0,
    prompt_cache_read_cost_usd: '0',
    prompt_cache_write_cost_usd: '0',
    prompt_cache_saving_usd: '0.01',
    prompt_cache_write_extra_usd: '0.11',
    prompt_cache_net_saving_usd: net,
    prompt_cache_unvalued_calls: 0,
    prompt_cache_undiscounted_calls: 0,
    prompt_cache_unlogged_write_calls: 0,
    ...fields,
  })
  const rows = [
    pair('-0.100000000000'),
    pair('-0.099999999999'),
    pair('5'),
    pair(null),
    pair('-9', { is_pair: false }),
    pair('-2', { feature: 'chat' }),
  ]
  const found = cacheFindings(rows, defaultBounds)
  expect(found.map(({ value, measured }) => [value, measured])).toEqual([
    [['chat', null], '2'],
    [['support', null], '0.100000000000'],
  ])
  expect(found[1]?.text).toMatch(/^support on \(none\): the prompt cache costs \$0.10 more than it saves/)
})

test('a log that tells of hits only has no hit rate', () => {
  const source = (calls: number, logging: number, hits: number, files = 0): ResponseCacheRow => ({
    row: 'source',
    cache_type: null,
    source: 'llmcost',
    calls,
    cache_logging_calls: logging,
    cache_hits: hits,
    cache_hit_rate: 1,
    avoided_cost_usd: null,
    cache_age_hits: 0,
    p50_cache_age_ms: null,
    p95_cache_age_ms: null,
    max_cache_age_ms: null,
    hits_only_files: files,
    hits_only_calls: 60,
    hits_only_hits: 15,
    unpriced_calls: 0,
    partly_priced_calls: 0,
  })
  expect(responseNotes([source(60, 15, 15)])[0]).toContain('of all its 60 calls they are 25%')
  expect(responseNotes([source(15, 15, 15)])[0]).toContain('misses may not be logged')
  expect(responseNotes([source(500, 455, 165, 1)])[0]).toContain('1 file of llmcost logs hits')
  expect(responseNotes([source(500, 500, 165)])).toEqual([])
  expect(responseNotes([source(500, 0, 0)])).toEqual([])
})

test('sums of amounts are exact', () => {
  expect(sumOf(['0.1', '0.200000000000', null, undefined, 1])).toBe('1.300000000000')
  expect(sumOf(['-0.1', '0.3'])).toBe('0.2')
  expect(sumOf([null])).toBeNull()
})
