/**
 * The figures of a group of calls worked out again in plain TypeScript, from the definitions in the
 * design and not from the SQL: whole numbers and money as BigInt, quantiles by sorting.
 */
import { TZDate } from '@date-fns/tz'
import { format } from 'date-fns/format'
import { startOfMonth } from 'date-fns/startOfMonth'
import { startOfWeek } from 'date-fns/startOfWeek'
import fc from 'fast-check'
import { quoteText, type Database } from '../../src/db/database.js'
import type { MeasureName } from '../../src/metrics/measures.js'

export interface RawCall {
  /** ms since 1970 */
  readonly ts: number
  readonly feature: string | null
  readonly model: string | null
  readonly user_id: string | null
  readonly region: string | null
  /** USD × 10^12 */
  readonly cost: bigint | null
  readonly list: bigint | null
  readonly input: number | null
  readonly output: number | null
  readonly cacheRead: number | null
  readonly finish: string | null
  readonly status: string | null
  readonly hit: boolean | null
  readonly latency: number | null
  readonly partly: boolean | null
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 4 })
const tokens = fc.oneof(fc.constantFrom(0, 1, 100), fc.nat(1_000_000_000))
const money = fc.oneof(fc.constantFrom(0n, 1n, 225_000_000n), fc.bigInt(0n, 10n ** 17n - 1n))

/** Instants around both clock changes of each zone under test, and any others of two years. */
const changes = [
  '2026-03-29T01:00Z',
  '2026-10-25T01:00Z',
  '2026-03-08T07:00Z',
  '2026-11-01T06:00Z',
  '2026-04-04T15:00Z',
  '2026-10-03T15:30Z',
]
export const instants: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2026, 11, 31) }),
  fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: -5 * 3_600_000, max: 5 * 3_600_000 }))
    .map(([change, away]) => Date.parse(change) + away),
  fc.constantFrom(Date.UTC(2026, 0, 1), Date.UTC(2025, 11, 31, 23, 59, 59, 999)),
)

const call: fc.Arbitrary<RawCall> = fc.record({
  ts: instants,
  feature: maybe(fc.constantFrom('chat', 'search', '(others)', '(none)', '', "'; DROP TABLE calls; --", 'é')),
  model: maybe(fc.constantFrom('gpt-4o', 'claude', 'x')),
  user_id: maybe(fc.constantFrom('u1', 'u2', 'u3', 'u4', 'u5')),
  region: maybe(fc.constantFrom('eu', 'us')),
  cost: maybe(money),
  list: maybe(money),
  input: maybe(tokens),
  output: maybe(tokens),
  cacheRead: maybe(tokens),
  finish: maybe(fc.constantFrom('stop', 'length', 'context_exceeded', 'other')),
  status: maybe(fc.constantFrom('ok', 'error')),
  hit: maybe(fc.boolean()),
  latency: maybe(fc.integer({ min: 0, max: 100_000 })),
  partly: maybe(fc.boolean()),
})

/** Logs with no call, one call, and many with ties. */
export const logs: fc.Arbitrary<readonly RawCall[]> = fc.oneof(
  fc.array(call, { maxLength: 40 }),
  fc.array(call, { maxLength: 1 }),
  fc
    .tuple(call, fc.integer({ min: 2, max: 5 }))
    .map(([one, times]) => Array.from({ length: times }, () => one)),
)

/** Replaces all calls of the store by these. */
export async function load(db: Database, calls: readonly RawCall[]): Promise<void> {
  await db.run('DELETE FROM calls')
  if (calls.length === 0) return
  const literal = (value: string | number | bigint | boolean | null): string =>
    value === null ? 'NULL' : typeof value === 'string' ? quoteText(value) : String(value)
  const dollars = (value: bigint | null): string => (value === null ? 'NULL' : dollarText(value))
  const rows = calls.map((one, i) => {
    const texts = [one.feature, one.model, one.user_id, one.finish, one.status].map(literal)
    const numbers = [one.input, one.output, one.cacheRead, one.hit, one.latency, one.partly].map(literal)
    const tags = one.region === null ? 'NULL' : `MAP {'region': ${literal(one.region)}}`
    return `('c${i}', 'test', epoch_ms(${one.ts}), ${texts.join()}, ${numbers.join()}, ${dollars(one.cost)}, ${dollars(one.list)}, ${tags})`
  })
  await db.run(`INSERT INTO calls (call_id, source, ts, feature, model, user_id, finish_reason, status, input_tokens,
    output_tokens, cache_read_input_tokens, cache_hit, latency_ms, partly_priced, cost_usd, list_cost_usd, tags)
    VALUES ${rows.join(', ')}`)
}

/** USD × 10^12 with all twelve places. */
export function dollarText(value: bigint): string {
  const digits = value.toString().padStart(13, '0')
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`
}

const present = <T>(values: readonly (T | null)[]): T[] => values.filter((value) => value !== null)
const sum = (values: readonly (number | bigint | null)[]): bigint | null => {
  const found = present(values)
  return found.length === 0 ? null : found.reduce<bigint>((total, value) => total + BigInt(value), 0n)
}
const ratio = (part: number | bigint | null, whole: number | bigint | null): number | null =>
  part === null || whole === null || Number(whole) === 0 ? null : Number(part) / Number(whole)
const mean = (values: readonly (number | null)[]): number | null =>
  ratio(
    present(values).reduce((a, b) => a + b, 0),
    present(values).length,
  )

/** The value at rank (n - 1) × at of the sorted values, on the line between its two neighbours. */
function quantile(values: readonly (number | bigint | null)[], at: number): number | null {
  const sorted = present(values)
    .map(Number)
    .toSorted((a, b) => a - b)
  if (sorted.length === 0) return null
  const rank = (sorted.length - 1) * at
  const [low, high] = [sorted[Math.floor(rank)] ?? 0, sorted[Math.ceil(rank)] ?? 0]
  return low + (high - low) * (rank - Math.floor(rank))
}

type Expected = string | number | null

/** Every measure of a group; money that must be exact as text. `totalCost` for the share. */
export function expected(
  calls: readonly RawCall[],
  totalCost: bigint | null,
): Partial<Record<MeasureName, Expected>> {
  const of = <K extends keyof RawCall>(key: K): RawCall[K][] => calls.map((one) => one[key])
  const number = (value: bigint | null): number | null => (value === null ? null : Number(value))
  const exact = (value: bigint | null): string | null => (value === null ? null : dollarText(value))
  const dollars = (value: number | null): number | null => (value === null ? null : value / 1e12)
  const times = <K extends keyof RawCall>(key: K, value: RawCall[K]): number =>
    of(key).filter((one) => one === value).length
  const costs = of('cost')
  const priced = present(costs).length
  const ratios = calls.map(({ input, output }) =>
    input === null || output === null || input === 0 ? null : output / input,
  )
  const max = present(costs).reduce<bigint | null>((a, b) => (a === null || b > a ? b : a), null)
  return {
    calls: calls.length,
    priced_calls: priced,
    unpriced_calls: calls.length - priced,
    partly_priced_calls: times('partly', true),
    users: new Set(present(of('user_id'))).size,
    input_tokens: number(sum(of('input'))),
    output_tokens: number(sum(of('output'))),
    cache_read_input_tokens: number(sum(of('cacheRead'))),
    cost_usd: exact(sum(costs)),
    cost_share: ratio(sum(costs), totalCost),
    list_cost_usd: exact(sum(of('list'))),
    mean_cost_usd: dollars(ratio(sum(costs), priced)),
    p50_cost_usd: dollars(quantile(costs, 0.5)),
    p95_cost_usd: dollars(quantile(costs, 0.95)),
    p99_cost_usd: dollars(quantile(costs, 0.99)),
    max_cost_usd: exact(max),
    mean_input_tokens: mean(of('input')),
    p50_input_tokens: quantile(of('input'), 0.5),
    p95_input_tokens: quantile(of('input'), 0.95),
    mean_output_tokens: mean(of('output')),
    p50_output_tokens: quantile(of('output'), 0.5),
    p95_output_tokens: quantile(of('output'), 0.95),
    mean_output_input_ratio: mean(ratios),
    truncation_rate: ratio(times('finish', 'length'), present(of('finish')).length),
    context_exceeded_rate: ratio(times('finish', 'context_exceeded'), present(of('finish')).length),
    truncated_calls: times('finish', 'length') + times('finish', 'context_exceeded'),
    error_rate: ratio(times('status', 'error'), present(of('status')).length),
    failed_calls: times('status', 'error'),
    cache_hits: times('hit', true),
    cache_hit_rate: ratio(times('hit', true), present(of('hit')).length),
    avoided_cost_usd: exact(sum(calls.filter(({ hit }) => hit).map(({ list }) => list))),
    cache_read_share: ratio(
      sum(of('cacheRead')),
      sum(calls.filter(({ cacheRead }) => cacheRead !== null).map(({ input }) => input)),
    ),
    mean_latency_ms: mean(of('latency')),
    p50_latency_ms: quantile(of('latency'), 0.5),
    p95_latency_ms: quantile(of('latency'), 0.95),
    first_ts: calls.length === 0 ? null : Math.min(...of('ts')),
    last_ts: calls.length === 0 ? null : Math.max(...of('ts')),
  }
}

/** The label of a call's bucket, by date-fns. */
export function bucketOf(bucket: string, ts: number, tz: string): string | number {
  const local = new TZDate(ts, tz)
  switch (bucket) {
    case 'hour':
      return format(local, tz === 'UTC' ? "yyyy-MM-dd'T'HH:00:00'Z'" : "yyyy-MM-dd'T'HH:00:00xxx")
    case 'day':
      return format(local, 'yyyy-MM-dd')
    case 'week':
      return format(startOfWeek(local, { weekStartsOn: 1 }), 'yyyy-MM-dd')
    case 'month':
      return format(startOfMonth(local), 'yyyy-MM')
    case 'weekday':
      return format(local, 'EEEE')
    default:
      return local.getHours()
  }
}
