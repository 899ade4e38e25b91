/**
 * Latency, failures, retries and hits of a log worked out again in plain TypeScript over single calls, from
 * the definitions that `--help` gives and not from the SQL.
 */
import fc from 'fast-check'
import type { Database } from '../../src/db/database.js'
import { callColumns } from '../../src/domain/call.js'

export interface ServiceCall {
  readonly call_id: string
  /** ms since 1970 */
  readonly ts: number
  readonly feature: string | null
  readonly model: string | null
  readonly user_id: string | null
  readonly prompt_hash: string | null
  readonly status: string | null
  readonly error: string | null
  readonly attempt: number | null
  readonly latency_ms: number | null
  readonly ttft_ms: number | null
  readonly output_tokens: number | null
  readonly cache_hit: boolean | null
  readonly cache_type: string | null
  /** A tag that tells the age of what was served. */
  readonly age: readonly [name: string, value: string] | null
  /** USD × 10^12 */
  readonly cost: bigint | null
  readonly list: bigint | null
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 4 })
const start = Date.UTC(2026, 9, 2)

const errors = [
  'rate_limit_exceeded',
  'timeout after 30000 ms',
  'timeout after 1500 ms',
  "Error code: 429 - {'id': 'req_1a2b'}",
  "it's '; DROP TABLE calls; --",
  '',
]

const call = fc.record({
  // Whole seconds and few of them: ties and gaps of exactly the bound are frequent.
  ts: fc.oneof(
    fc.integer({ min: 0, max: 12 }).map((n) => start + n * 5_000),
    fc.integer({ min: 0, max: 15 }).map((n) => start + n * 50_000),
    fc.integer({ min: 0, max: 3_000_000 }).map((n) => start + n),
  ),
  feature: fc.constantFrom('chat', 'chat', 'chat', 'search', '(others)', null),
  model: maybe(fc.constantFrom('gpt-4o', 'claude')),
  // Mostly one request again and again: it takes two calls of it to make a retry.
  user_id: fc.constantFrom('u1', 'u1', 'u1', 'u1', 'u2', null),
  prompt_hash: fc.constantFrom('h1', 'h1', 'h1', 'h1', 'h2', null),
  status: maybe(fc.constantFrom('ok', 'error', 'error')),
  error: maybe(fc.constantFrom(...errors)),
  attempt: fc.constantFrom(null, null, null, null, null, 1, 2, 3),
  latency_ms: maybe(fc.oneof(fc.constantFrom(0, 0, 5_000, 700_000), fc.integer({ min: 0, max: 60_000 }))),
  ttft_ms: maybe(fc.oneof(fc.constantFrom(0, 5_000), fc.integer({ min: 0, max: 60_000 }))),
  output_tokens: maybe(fc.constantFrom(0, 1, 7, 1_000)),
  cache_hit: maybe(fc.boolean()),
  cache_type: maybe(fc.constantFrom('exact', 'Semantic', 'l2')),
  age: maybe(
    fc.tuple(
      fc.constantFrom('cache_age_ms', 'cache_age_s', 'cache_age', 'cacheAge', 'age'),
      fc.constantFrom('0', '12', '0.5', '-3', 'nan', 'inf', 'soon'),
    ),
  ),
  cost: maybe(fc.bigInt(0n, 10n ** 13n)),
  list: maybe(fc.bigInt(0n, 10n ** 13n)),
})

/** Logs with no call, one call, and many with ties; ids in no order of time. */
export const serviceLogs: fc.Arbitrary<readonly ServiceCall[]> = fc
  .oneof(
    // Without a size most would have three calls.
    fc.array(call, { maxLength: 40, size: 'max' }),
    fc.array(call, { maxLength: 40, size: 'max' }),
    fc.array(call, { maxLength: 1 }),
    fc
      .tuple(call, fc.integer({ min: 2, max: 6 }))
      .map(([one, times]) => Array.from({ length: times }, () => one)),
  )
  .map((calls) => calls.map((one, i): ServiceCall => ({ ...one, call_id: `c${(i * 7) % 41}` })))

const types = Object.fromEntries(callColumns.map(({ name, type }) => [name, type]))

/** Replaces all calls of the store by these rows, by their columns' names; money and numbers as texts. */
export async function insertCalls(
  db: Database,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  await db.run('DELETE FROM calls')
  const [first] = rows
  if (first === undefined) return
  const shape = Object.fromEntries(Object.keys(first).map((name) => [name, types[name]]))
  await db.run(
    `INSERT INTO calls BY NAME SELECT unnest(from_json(CAST($rows AS JSON), '[${JSON.stringify(shape)}]'), recursive := true)`,
    { rows: JSON.stringify(rows) },
  )
}

export function load(db: Database, calls: readonly ServiceCall[]): Promise<void> {
  const time = (ts: number): string => new Date(ts).toISOString().replace('T', ' ').replace('Z', '')
  return insertCalls(
    db,
    calls.map(({ age, cost, list, ts, ...rest }) => ({
      ...rest,
      source: 'test',
      ts: time(ts),
      tags: age === null ? null : { [age[0]]: age[1] },
      cost_usd: cost === null ? null : money(cost),
      list_cost_usd: list === null ? null : money(list),
    })),
  )
}

/** USD × 10^12 with all twelve places. */
export function money(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(13, '0')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -12)}.${digits.slice(-12)}`
}

export const present = <T>(values: readonly (T | null)[]): T[] => values.filter((value) => value !== null)

export const total = (values: readonly (bigint | null)[]): string | null => {
  const found = present(values)
  return found.length === 0 ? null : money(found.reduce((a, b) => a + b, 0n))
}

/** The value at rank (n - 1) × at of the sorted values, on the line between its two neighbours. */
export function quantile(values: readonly (number | null)[], at: number): number | null {
  const sorted = present(values).toSorted((a, b) => a - b)
  if (sorted.length === 0) return null
  const rank = (sorted.length - 1) * at
  const [low, high] = [sorted[Math.floor(rank)] ?? 0, sorted[Math.ceil(rank)] ?? 0]
  return low + (high - low) * (rank - Math.floor(rank))
}

const isAnswered = (one: ServiceCall): boolean => one.cache_hit !== true && one.status !== 'error'

function speed({ output_tokens: output, latency_ms: latency, ttft_ms: first }: ServiceCall): number | null {
  if (output === null || output === 0 || latency === null) return null
  const seconds = (latency - (first ?? 0)) / 1000
  return seconds > 0 ? output / seconds : null
}

/** ms; only of hits. */
export function ageOf({ age, cache_hit: hit }: ServiceCall): number | null {
  if (age === null || hit !== true || age[0] === 'age') return null
  const value = Number(age[1])
  if (!Number.isFinite(value) || value < 0) return null
  return age[0] === 'cache_age_ms' ? value : value * 1000
}

const max = (values: readonly (number | null)[]): number | null => {
  const found = present(values)
  return found.length === 0 ? null : Math.max(...found)
}

/** Every measure of latency, failure and hits of a group. */
export function expectedService(calls: readonly ServiceCall[]): Record<string, string | number | null> {
  const answered = calls.filter(isAnswered)
  const failed = calls.filter(({ status }) => status === 'error')
  const hits = calls.filter(({ cache_hit: hit }) => hit)
  const latencies = (some: readonly ServiceCall[]): (number | null)[] => some.map((one) => one.latency_ms)
  const own = latencies(answered)
  const firsts = answered.map((one) => one.ttft_ms)
  const ages = calls.map(ageOf)
  const named = calls.some((one) => one.cache_type !== null)
  const typed = (kind: string): number | null =>
    named ? hits.filter((one) => one.cache_type?.toLowerCase() === kind).length : null
  return {
    p99_latency_ms: quantile(latencies(calls), 0.99),
    max_latency_ms: max(latencies(calls)),
    untimed_calls: calls.length - present(latencies(calls)).length,
    timed_provider_calls: present(own).length,
    p50_provider_latency_ms: quantile(own, 0.5),
    p95_provider_latency_ms: quantile(own, 0.95),
    p99_provider_latency_ms: quantile(own, 0.99),
    max_provider_latency_ms: max(own),
    p50_hit_latency_ms: quantile(latencies(hits), 0.5),
    p50_failed_latency_ms: quantile(latencies(failed), 0.5),
    p95_failed_latency_ms: quantile(latencies(failed), 0.95),
    ttft_calls: present(firsts).length,
    p50_ttft_ms: quantile(firsts, 0.5),
    p95_ttft_ms: quantile(firsts, 0.95),
    p50_output_tokens_per_second: quantile(answered.map(speed), 0.5),
    status_calls: calls.filter(({ status }) => status !== null).length,
    failed_cost_usd: total(failed.map(({ cost }) => cost)),
    exact_cache_hits: typed('exact'),
    semantic_cache_hits: typed('semantic'),
    p50_cache_age_ms: quantile(ages, 0.5),
    p95_cache_age_ms: quantile(ages, 0.95),
    max_cache_age_ms: max(ages),
  }
}

/** A retry with the error that it follows; undefined where none is seen. */
export interface Retry {
  readonly call: ServiceCall
  readonly after: string | null | undefined
}

/** One pass over the calls in order of time, keeping the last call of each request. */
export function retriesOf(calls: readonly ServiceCall[], gapMs: number): Retry[] {
  const failedFirst = (one: ServiceCall): number => (one.status === 'error' ? 0 : 1)
  const sorted = calls.toSorted(
    (a, b) =>
      a.ts - b.ts ||
      (a.attempt ?? 1) - (b.attempt ?? 1) ||
      failedFirst(a) - failedFirst(b) ||
      (a.call_id < b.call_id ? -1 : 1),
  )
  const last = new Map<string, ServiceCall>()
  const found: Retry[] = []
  for (const one of sorted) {
    const known = one.user_id !== null && one.prompt_hash !== null
    const key = JSON.stringify([one.user_id, one.feature, one.prompt_hash])
    const before = known ? last.get(key) : undefined
    const follows =
      before?.status === 'error' && one.ts <= before.ts + Math.min(before.latency_ms ?? 0, 600_000) + gapMs
    if (follows) found.push({ call: one, after: before.error })
    else if ((one.attempt ?? 1) > 1) found.push({ call: one, after: undefined })
    if (known) last.set(key, one)
  }
  return found
}

export function groupedBy<T, K>(values: readonly T[], key: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value])
  return groups
}
