/**
 * The figures of a group of calls worked out again in plain TypeScript, from the definitions in the
 * design and not from the SQL: whole numbers and money as BigInt, quantiles by sorting.
 */
import { TZDate } from '@date-fns/tz'
import { format } from 'date-fns/format'
import { startOfMonth } from 'date-fns/startOfMonth'
import { startOfWeek } from 'date-fns/startOfWeek'
import fc from 'fast-check'
import { type Database } from '../../src/db/database.js'
import type { MeasureName } from '../../src/metrics/measures/registry.js'
import { quoteText } from '../../src/domain/words/quoting.js'

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
  /** What the log says of all tokens, where that is all it has. */
  readonly total?: number | null
  readonly cacheRead: number | null
  readonly finish: string | null
  readonly status: string | null
  readonly hit: boolean | null
  readonly latency: number | null
  readonly partly: boolean | null
  readonly maxTokens: number | null
  readonly attempt: number | null
  readonly session: string | null
  readonly promptName: string | null
  readonly promptHash: string | null
  /** List cost of the input: uncached, read from and written to the prompt cache; USD × 10^12. */
  readonly inputParts: readonly [bigint, bigint, bigint] | null
  readonly quality: number | null
  readonly groundedness: number | null
  readonly retrieval: number | null
  readonly feedback: number | null
}

/** A call of which nothing is known but its time. */
export const bareCall: RawCall = {
  ts: Date.UTC(2026, 9, 2),
  feature: null,
  model: null,
  user_id: null,
  region: null,
  cost: null,
  list: null,
  input: null,
  output: null,
  cacheRead: null,
  finish: null,
  status: null,
  hit: null,
  latency: null,
  partly: null,
  maxTokens: null,
  attempt: null,
  session: null,
  promptName: null,
  promptHash: null,
  inputParts: null,
  quality: null,
  groundedness: null,
  retrieval: null,
  feedback: null,
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 4 })
const tokens = fc.oneof(fc.constantFrom(0, 1, 100), fc.nat(1_000_000_000))
const money = fc.oneof(fc.constantFrom(0n, 1n, 225_000_000n), fc.bigInt(0n, 10n ** 17n - 1n))

/** Scores of every usual scale, with ties on the scale's ends. */
const score = fc.oneof(
  fc.constantFrom(0, 0.5, 0.8, 1, 4, 5, 8, 10, 80, 100),
  fc.integer({ min: -400, max: 400 }).map((eighths) => eighths / 8),
)

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
  total: maybe(tokens),
  cacheRead: maybe(tokens),
  finish: maybe(
    fc.constantFrom('stop', 'length', 'context_exceeded', 'tool_calls', 'content_filter', 'error', 'other'),
  ),
  status: maybe(fc.constantFrom('ok', 'error')),
  hit: maybe(fc.boolean()),
  latency: maybe(fc.integer({ min: 0, max: 100_000 })),
  partly: maybe(fc.boolean()),
  maxTokens: maybe(fc.oneof(fc.constantFrom(0, 1, 100), fc.nat(1_000_000))),
  attempt: maybe(fc.integer({ min: 1, max: 3 })),
  session: maybe(fc.constantFrom('s1', 's2', 's3', "s'4")),
  promptName: maybe(fc.constantFrom('v1', 'v2')),
  promptHash: maybe(fc.constantFrom('a', 'b')),
  inputParts: maybe(fc.tuple(money, money, money)),
  quality: maybe(score),
  groundedness: maybe(score),
  retrieval: maybe(score),
  feedback: maybe(fc.oneof(fc.constantFrom(-1, 0, 1), score)),
})

/** Logs with no call, one call, and many with ties. */
export const logs: fc.Arbitrary<readonly RawCall[]> = fc.oneof(
  fc.array(call, { maxLength: 40 }),
  fc.array(call, { maxLength: 1 }),
  fc
    .tuple(call, fc.integer({ min: 2, max: 5 }))
    .map(([one, times]) => Array.from({ length: times }, () => one)),
)

/** What a call has in all; what its log says of that where it is all that the log has. */
const totalOf = ({ input, output, total }: RawCall): number | null =>
  input === null && output === null ? (total ?? null) : (input ?? 0) + (output ?? 0)

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
    const more = [totalOf(one), one.session, one.promptName, one.promptHash, one.maxTokens, one.attempt]
    const scores = [one.quality, one.groundedness, one.retrieval, one.feedback]
    const parts = [0, 1, 2].map((part) => dollars(one.inputParts?.[part] ?? null))
    return `('c${i}', 'test', epoch_ms(${one.ts}), ${texts.join()}, ${numbers.join()}, ${dollars(one.cost)}, ${dollars(one.list)}, ${tags},
      ${[...more, ...scores].map(literal).join()}, ${parts.join()})`
  })
  await db.run(`INSERT INTO calls (call_id, source, ts, feature, model, user_id, finish_reason, status, input_tokens,
    output_tokens, cache_read_input_tokens, cache_hit, latency_ms, partly_priced, cost_usd, list_cost_usd, tags,
    total_tokens, session_id, prompt_name, prompt_hash, max_tokens, attempt, quality_score, groundedness, retrieval_score,
    user_feedback, list_input_cost_usd, list_cache_read_cost_usd, list_cache_write_cost_usd)
    VALUES ${rows.join(', ')}`)
}

/** USD × 10^12 with all twelve places. */
export function dollarText(value: bigint): string {
  const digits = value.toString().padStart(13, '0')
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`
}

export const present = <T>(values: readonly (T | null)[]): T[] => values.filter((value) => value !== null)
export const sum = (values: readonly (number | bigint | null)[]): bigint | null => {
  const found = present(values)
  return found.length === 0 ? null : found.reduce<bigint>((total, value) => total + BigInt(value), 0n)
}
export const ratio = (part: number | bigint | null, whole: number | bigint | null): number | null =>
  part === null || whole === null || Number(whole) === 0 ? null : Number(part) / Number(whole)
export const mean = (values: readonly (number | null)[]): number | null =>
  ratio(
    present(values).reduce((a, b) => a + b, 0),
    present(values).length,
  )

/** The value at rank (n - 1) × at of the sorted values, on the line between its two neighbours. */
export function quantile(values: readonly (number | bigint | null)[], at: number): number | null {
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
  const asked = calls.filter(({ hit, cacheRead }) => hit !== true && cacheRead !== null)
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
    total_tokens: number(sum(calls.map(totalOf))),
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
    ...expectedEfficiency(calls),
    truncation_rate: ratio(times('finish', 'length'), present(of('finish')).length),
    context_exceeded_rate: ratio(times('finish', 'context_exceeded'), present(of('finish')).length),
    truncated_calls: times('finish', 'length') + times('finish', 'context_exceeded'),
    truncated_cost_usd: exact(
      sum(
        calls
          .filter(({ finish }) => finish === 'length' || finish === 'context_exceeded')
          .map(({ cost }) => cost),
      ),
    ),
    error_rate: ratio(times('status', 'error'), present(of('status')).length),
    failed_calls: times('status', 'error'),
    cache_hits: times('hit', true),
    cache_hit_rate: ratio(times('hit', true), present(of('hit')).length),
    avoided_cost_usd: exact(sum(calls.filter(({ hit }) => hit).map(({ list }) => list))),
    // A hit of the response cache reached no provider, and read no prompt cache.
    cache_read_share: ratio(
      sum(asked.map(({ cacheRead }) => cacheRead)),
      sum(asked.map(({ input }) => input)),
    ),
    mean_latency_ms: mean(of('latency')),
    p50_latency_ms: quantile(of('latency'), 0.5),
    p95_latency_ms: quantile(of('latency'), 0.95),
    first_ts: calls.length === 0 ? null : Math.min(...of('ts')),
    last_ts: calls.length === 0 ? null : Math.max(...of('ts')),
  }
}

/** Measures of efficiency, from their definitions. */
function expectedEfficiency(calls: readonly RawCall[]): Partial<Record<MeasureName, Expected>> {
  const known = calls.filter(({ finish }) => finish !== null)
  const ended = (reason: string): number | null =>
    ratio(known.filter(({ finish }) => finish === reason).length, known.length)
  const both = calls.filter(({ input, output }) => input !== null && output !== null)
  const inputs = calls.map(({ input }) => input)
  const limited = calls.filter(({ maxTokens, output }) => (maxTokens ?? 0) > 0 && output !== null)
  const used = limited.map(({ output, maxTokens }) => output! / maxTokens!)
  const [meanInput, p95Input] = [mean(inputs), quantile(inputs, 0.95)]
  const priced = calls.filter(({ cost }) => cost !== null)
  const usd = (some: readonly RawCall[]): bigint | null => sum(some.map(({ cost }) => cost))
  const perUnit = (some: readonly RawCall[], units: number | bigint | null, scale = 1): number | null => {
    const found = ratio(usd(some), units)
    return found === null ? null : (found * scale) / 1e12
  }
  const answered = priced.filter(({ output }) => output !== null)
  const paid = priced.filter(({ input, output, hit }) => (input ?? output) !== null && hit !== true)
  const judged = priced.filter(({ status }) => status !== null)
  const again = calls.filter(({ attempt }) => (attempt ?? 0) > 1)
  const againCost = usd(again)
  return {
    later_attempt_calls: calls.some(({ attempt }) => attempt !== null) ? again.length : null,
    later_attempt_cost_usd: againCost === null ? null : dollarText(againCost),
    output_input_ratio: ratio(sum(both.map(({ output }) => output)), sum(both.map(({ input }) => input))),
    input_token_calls: present(inputs).length,
    output_input_calls: both.filter(({ input }) => input !== 0).length,
    p95_input_over_mean: meanInput === null || meanInput === 0 ? null : p95Input! / meanInput,
    max_tokens_calls: limited.length,
    p50_output_of_max_tokens: quantile(used, 0.5),
    p95_output_of_max_tokens: quantile(used, 0.95),
    ...expectedRepeats(calls),
    finish_reason_calls: known.length,
    no_finish_reason_calls: calls.length - known.length,
    stop_rate: ended('stop'),
    tool_calls_rate: ended('tool_calls'),
    content_filter_rate: ended('content_filter'),
    error_finish_rate: ended('error'),
    other_finish_rate: ended('other'),
    cost_per_1k_output_usd: perUnit(answered, sum(answered.map(({ output }) => output)), 1000),
    cost_per_1k_tokens_usd: perUnit(
      paid,
      sum(paid.map(({ input, output }) => (input ?? 0) + (output ?? 0))),
      1000,
    ),
    cost_per_successful_call_usd: perUnit(judged, judged.filter(({ status }) => status === 'ok').length),
    mean_quality_score: mean(calls.map(({ quality }) => quality)),
    mean_groundedness: mean(calls.map(({ groundedness }) => groundedness)),
    mean_retrieval_score: mean(calls.map(({ retrieval }) => retrieval)),
    mean_user_feedback: mean(calls.map(({ feedback }) => feedback)),
    quality_score_calls: present(calls.map(({ quality }) => quality)).length,
    user_feedback_calls: present(calls.map(({ feedback }) => feedback)).length,
  }
}

/** What 19 of 20 calls carry at least, of the input that providers were sent. */
function expectedRepeats(calls: readonly RawCall[]): Partial<Record<MeasureName, Expected>> {
  const sent = calls.filter(({ input, hit }) => (input ?? 0) > 0 && hit !== true)
  const p5 = quantile(
    sent.map(({ input }) => input),
    0.05,
  )
  if (p5 === null) {
    return {
      sent_input_calls: 0,
      repeated_input_tokens: null,
      repeated_input_share: null,
      repeated_input_cost_usd: null,
    }
  }
  const share = (0.95 * p5 * sent.length) / Number(sum(sent.map(({ input }) => input)))
  const costs = sum(sent.flatMap(({ inputParts }) => inputParts ?? []))
  const cost = costs === null ? null : (share * Number(costs)) / 1e12
  return {
    sent_input_calls: sent.length,
    repeated_input_tokens: p5,
    repeated_input_share: share,
    repeated_input_cost_usd: cost,
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
