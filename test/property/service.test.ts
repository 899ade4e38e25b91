/** Latency, errors, retries and hits against the same figures worked out call by call. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { latencyPart } from '../../src/questions/report/latency.js'
import type { Question } from '../../src/questions/question.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { defaultBounds } from '../../src/domain/bounds.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { Scope } from '../../src/domain/scope.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import { errorKind } from '../../src/metrics/failures/error-kind.js'
import { errorKinds } from '../../src/metrics/failures/error-kinds.js'
import type { MeasureName } from '../../src/metrics/measures/registry.js'
import type { Query } from '../../src/metrics/query.js'
import { responseCache } from '../../src/metrics/caching/response-cache.js'
import { retries } from '../../src/metrics/failures/retries.js'
import { withRetries } from '../../src/reports/failures/retries.js'
import {
  ageOf,
  expectedService,
  groupedBy,
  load,
  present,
  quantile,
  retriesOf,
  serviceLogs,
  total,
  type Retry,
  type ServiceCall,
} from './service-model.js'
import { tries } from './seed.js'

let db: Database
beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const everything: Scope = { since: null, until: '2027-01-01T00:00:00Z', tz: 'UTC', filters: [] }
const runs = { numRuns: tries(24, 120) }

const rowsOf = async <R>({ sql, params }: Query<R>): Promise<readonly R[]> =>
  (await db.query<R>(sql, params)).rows

function expectFigures(
  row: object | undefined,
  expected: Readonly<Record<string, string | number | null>>,
): void {
  for (const [name, value] of Object.entries(expected)) {
    const got = (row as Record<string, unknown> | undefined)?.[name] ?? null
    if (typeof value === 'number' && got !== null)
      expect(Math.abs(Number(got) - value), name).toBeLessThanOrEqual(1e-9 + Math.abs(value) * 1e-12)
    else expect(got, name).toBe(value)
  }
}

test('latency, first token, speed, failures and ages of every group', async () => {
  const names = Object.keys(expectedService([])) as MeasureName[]
  await fc.assert(
    fc.asyncProperty(serviceLogs, async (calls) => {
      await load(db, calls)
      const rows = await rowsOf(breakdown({ scope: everything, by: [dimensionOf('model')], measures: names }))
      const models = new Set(calls.map(({ model }) => model))
      expect(rows.filter((row) => !row.is_total)).toHaveLength(models.size)
      for (const model of models) {
        const row = rows.find((one) => !one.is_total && one.d0 === model)
        expectFigures(row, expectedService(calls.filter((one) => one.model === model)))
      }
      expectFigures(
        rows.find((row) => row.is_total),
        expectedService(calls),
      )
    }),
    runs,
  )
})

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Bucket of a time in India, where days begin at 18:30 UTC and no clock ever changes. */
function bucketIn(every: string, ts: number): string {
  const local = ts + 5.5 * hourMs
  const iso = (at: number): string => new Date(at).toISOString()
  if (every === 'hour') return `${iso(local).slice(0, 13)}:00:00+05:30`
  if (every === 'day') return iso(local).slice(0, 10)
  if (every === 'month') return iso(local).slice(0, 7)
  return iso(local - ((new Date(local).getUTCDay() + 6) % 7) * dayMs).slice(0, 10)
}

test('latency over time, call by call', async () => {
  const lengths = { hour: 2 * dayMs, day: 20 * dayMs, week: 90 * dayMs, month: 400 * dayMs }
  await fc.assert(
    fc.asyncProperty(
      serviceLogs,
      fc.constantFrom(...(Object.keys(lengths) as (keyof typeof lengths)[])),
      fc.integer({ min: 1, max: 40 }),
      async (made, every, step) => {
        const [begin, length] = [Date.UTC(2025, 5, 1), lengths[every]]
        // Some lie before the window, and some buckets have no call.
        const calls = made.map((one, i) => ({
          ...one,
          ts: begin - dayMs + (((i * step) % 43) * (length + dayMs)) / 43 + (one.ts % 60_000),
        }))
        await load(db, calls)
        const [since, until] = [begin, begin + length].map((at) => new Date(at).toISOString())
        const first = calls.length === 0 ? null : new Date(Math.min(...calls.map(({ ts }) => ts)))
        const { sections } = await latencyPart({
          db,
          scope: { since, until, tz: 'Asia/Kolkata', filters: [] },
          asOf: new Date(begin + length),
          history: { first_ts: first?.toISOString() ?? null },
          settings: { config: { bounds: defaultBounds } },
        } as unknown as Question)
        const within = calls.filter(({ ts }) => ts >= begin && ts < begin + length)
        const buckets = groupedBy(within, ({ ts }) => bucketIn(every, ts))
        const timed = expectedService(within)['max_provider_latency_ms'] !== null
        const section = sections.find(({ id }) => id === `latency_by_${every}`)
        expect(section !== undefined).toBe(timed)
        if (section === undefined) return
        const known = section.rows.map(({ bucket }) => bucket)
        expect([...buckets.keys()].filter((bucket) => !known.includes(bucket))).toEqual([])
        for (const row of [...section.rows, { ...section.totals, bucket: null }]) {
          const { p50_provider_latency_ms, p95_provider_latency_ms } = expectedService(
            row.bucket === null ? within : (buckets.get(String(row.bucket)) ?? []),
          )
          expectFigures(row, {
            p50_provider_latency_ms: p50_provider_latency_ms ?? null,
            p95_provider_latency_ms: p95_provider_latency_ms ?? null,
          })
        }
        expect(section.chart).toMatchObject({
          kind: 'line',
          x: 'bucket',
          y: 'p95_provider_latency_ms',
          expected: 'p50_provider_latency_ms',
        })
      },
    ),
    runs,
  )
})

const scopes: readonly (readonly [Partial<Scope>, (call: ServiceCall) => boolean])[] = [
  [{}, () => true],
  [{ since: '2026-10-02T00:00:20Z' }, ({ ts }) => ts >= Date.UTC(2026, 9, 2, 0, 0, 20)],
  [{ filters: [{ dimension: 'model', operator: '=', value: 'gpt-4o' }] }, ({ model }) => model === 'gpt-4o'],
  [
    { until: '2026-10-02T00:00:40Z', filters: [{ dimension: 'status', operator: '!=', value: 'error' }] },
    ({ ts, status }) => ts < Date.UTC(2026, 9, 2, 0, 0, 40) && status !== 'error',
  ],
]

const figuresOf = (found: readonly Retry[]): Record<string, string | number | null> => ({
  retries: found.length,
  retry_cost_usd: total(found.map(({ call }) => call.cost)),
})

describe('retries', () => {
  test('by group, by error and in all, against one pass over the sorted calls', async () => {
    await fc.assert(
      fc.asyncProperty(
        serviceLogs,
        fc.constantFrom(5_000, 10_000, 60_000),
        fc.constantFrom(...scopes),
        async (calls, gapMs, [part, isIn]) => {
          await load(db, calls)
          const by = [dimensionOf('feature')]
          const scope = { ...everything, ...part }
          const rows = await rowsOf(retries({ scope, by, gapMs }))
          const found = retriesOf(calls, gapMs).filter(({ call }) => isIn(call))
          expectFigures(
            rows.find((row) => row.is_total),
            figuresOf(found),
          )
          const features = new Set(found.map(({ call }) => call.feature))
          const groups = rows.filter((row) => !row.is_total && !row.is_kind)
          expect(new Set(groups.map(({ d0 }) => d0))).toEqual(features)
          expect(groups).toHaveLength(features.size)
          for (const row of groups)
            expectFigures(row, figuresOf(found.filter(({ call }) => call.feature === row.d0)))
          const kinds = rows.filter((row) => row.is_kind)
          expect(kinds.reduce((sum, row) => sum + Number(row.retries), 0)).toBe(found.length)
          for (const row of kinds)
            expectFigures(row, figuresOf(found.filter(({ after }) => kindOf(after ?? null) === row.kind)))
        },
      ),
      runs,
    )
  })

  test('those of groups that are not shown go to the others', async () => {
    await fc.assert(
      fc.asyncProperty(serviceLogs, async (calls) => {
        await load(db, calls)
        const by = [dimensionOf('feature')]
        const rows = await rowsOf(
          breakdown({
            scope: everything,
            by,
            measures: ['calls'],
            top: 1,
            sort: { by: 'calls', descending: true },
          }),
        )
        const groups = withRetries(by, rows, await rowsOf(retries({ scope: everything, by, gapMs: 60_000 })))
        const found = retriesOf(calls, 60_000)
        const kept = rows.find((row) => !row.is_total && !row.is_others)
        for (const { row, retries: times, retryCostUsd } of groups) {
          const own = row.is_total
            ? found
            : found.filter(({ call }) => (call.feature === (kept?.d0 ?? null)) !== row.is_others)
          expectFigures({ retries: times, retry_cost_usd: retryCostUsd }, figuresOf(own))
        }
      }),
      { numRuns: tries(14, 60) },
    )
  })
})

/** The kinds of the model's few errors, by hand. */
const kinds: Readonly<Record<string, string>> = {
  rate_limit_exceeded: 'rate_limit_exceeded',
  'timeout after 30000 ms': 'timeout after # ms',
  'timeout after 1500 ms': 'timeout after # ms',
  "Error code: 429 - {'id': 'req_1a2b'}": 'Error code: 429',
  "it's '; DROP TABLE calls; --": "it's '; DROP TABLE calls",
  '': '',
}
const kindOf = (error: string | null): string | null => (error === null ? null : (kinds[error] ?? '?'))

test('kinds of error: every failed call once, with its cost, its times and an example', async () => {
  await fc.assert(
    fc.asyncProperty(serviceLogs, fc.integer({ min: 1, max: 4 }), async (calls, top) => {
      await load(db, calls)
      const rows = await rowsOf(errorKinds(everything, top))
      const failed = calls.filter(({ status }) => status === 'error')
      const groups = groupedBy(failed, ({ error }) => kindOf(error))
      const ranked = [...groups].toSorted(([a, one], [b, two]) => two.length - one.length || byKind(a, b))
      const figures = (some: readonly ServiceCall[]) => ({
        failed_calls: some.length,
        failed_cost_usd: total(some.map(({ cost }) => cost)),
        messages: new Set(present(some.map(({ error }) => error))).size,
        unfollowed_calls: some.filter((one) => one.user_id === null || one.prompt_hash === null).length,
      })
      const named = rows.filter((row) => !row.is_total && !row.is_others)
      expect(named.map(({ kind }) => kind)).toEqual(ranked.slice(0, top).map(([kind]) => kind))
      for (const row of named) {
        const own = groups.get(row.kind) ?? []
        expectFigures(row, figures(own))
        expect(Date.parse(String(row.first_ts))).toBe(Math.min(...own.map(({ ts }) => ts)))
        expect(Date.parse(String(row.last_ts))).toBe(Math.max(...own.map(({ ts }) => ts)))
        expect(own.some(({ error }) => error === row.example_error)).toBe(true)
      }
      const others = ranked.slice(top).flatMap(([, some]) => some)
      expect(rows.filter((row) => row.is_others)).toHaveLength(others.length > 0 ? 1 : 0)
      if (others.length > 0)
        expectFigures(
          rows.find((row) => row.is_others),
          figures(others),
        )
      expectFigures(
        rows.find((row) => row.is_total),
        figures(failed),
      )
    }),
    runs,
  )
})

const byKind = (a: string | null, b: string | null): number =>
  a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1

test('hits by kind and source, with their ages', async () => {
  await fc.assert(
    fc.asyncProperty(serviceLogs, async (calls) => {
      await load(db, calls)
      const rows = await rowsOf(responseCache(everything))
      const hits = calls.filter(({ cache_hit: hit }) => hit)
      const logged = calls.filter(({ cache_hit: hit }) => hit !== null)
      const figures = (some: readonly ServiceCall[]) => ({
        cache_hits: some.length,
        avoided_cost_usd: total(some.map(({ list }) => list)),
        cache_age_hits: present(some.map(ageOf)).length,
        p50_cache_age_ms: quantile(some.map(ageOf), 0.5),
        p95_cache_age_ms: quantile(some.map(ageOf), 0.95),
        max_cache_age_ms: quantile(some.map(ageOf), 1),
      })
      const groups = groupedBy(hits, ({ cache_type: type }) => type?.toLowerCase() ?? null)
      const found = rows.filter(({ row }) => row === 'kind')
      expect(found).toHaveLength(groups.size)
      for (const row of found) expectFigures(row, figures(groups.get(row.cache_type) ?? []))
      const all = {
        ...figures(hits),
        calls: calls.length,
        cache_logging_calls: logged.length,
        cache_hit_rate: logged.length === 0 ? null : hits.length / logged.length,
        unpriced_calls: calls.filter(({ cost }) => cost === null).length,
      }
      expectFigures(
        rows.find(({ row }) => row === 'total'),
        all,
      )
      const sources = rows.filter(({ row }) => row === 'source')
      expect(sources).toHaveLength(calls.length === 0 ? 0 : 1)
      if (calls.length > 0) expectFigures(sources[0], all)
      const onlyHits = hits.length > 0 && hits.length === logged.length && calls.length > hits.length
      expect(sources.reduce((sum, row) => sum + Number(row.hits_only_files), 0)).toBe(onlyHits ? 1 : 0)
      if (onlyHits)
        expect(sources[0]).toMatchObject({ hits_only_calls: calls.length, hits_only_hits: hits.length })
    }),
    runs,
  )
})

test.each([
  ['429', '429'],
  ['HTTP 500', 'HTTP 500'],
  ['http_429_too_many', 'http_429_too_many'],
  ['status 5003', 'status #'],
  [
    'RateLimitError: Error code: 429 - {"error": {"message": "Limit 30000"}}',
    'RateLimitError: Error code: 429',
  ],
  [
    'Rate limit reached for gpt-4o in organization org-1a2b3c on tokens per min: Limit 30000, Used 29,713',
    'Rate limit reached for gpt-#o in organization org-# on tokens per min: Limit #',
  ],
  ['Connection to 10.0.0.3:443 reset', 'Connection to # reset'],
  ['request 123e4567-e89b-12d3-a456-426614174000 not found', 'request # not found'],
  ['No answer since 2026-10-02T08:15:30Z', 'No answer since #Z'],
  ['{"code": 12}', '{"code": #}'],
  ['12345', '#'],
  ['...', '...'],
  ['line one\n  line two', 'line one line two'],
  [null, null],
])('%j is of the kind %j', async (error, kind) => {
  const row = await db.one<{ kind: string | null }>(
    `SELECT ${errorKind('error')} AS kind FROM (SELECT $error AS error)`,
    {
      error,
    },
  )
  expect(row.kind).toBe(kind)
})
