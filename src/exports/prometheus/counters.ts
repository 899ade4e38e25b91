/** Sums over all calls as counters and a histogram, one set for each combination of labels. */
import { plain, readDecimal, shifted } from '../../domain/costs/decimal.js'
import type { ExposedSums, SeriesRow } from '../../metrics/exports/exposed-calls.js'
import type { Family, Sample } from './text.js'

export interface ExposedCalls {
  /** Names of the labels, in the order of `l0`, `l1` … */
  readonly labels: readonly string[]
  readonly rows: readonly SeriesRow[]
  /** Upper bounds of the buckets of latency, ms. */
  readonly bounds: readonly number[]
}

/** What calls used, by the value of the label `type`. */
const tokenTypes = {
  input: 'input_tokens',
  output: 'output_tokens',
  cache_read: 'cache_read_input_tokens',
  cache_write: 'cache_creation_input_tokens',
  reasoning: 'reasoning_output_tokens',
} as const

/** Counters fall only when calls are corrected: priced anew, forgotten, replaced. */
export function callFamilies(calls: ExposedCalls): Family[] {
  const counter = (name: string, help: string, of: (row: SeriesRow) => Sample[]): Family => ({
    name,
    type: 'counter',
    help,
    samples: calls.rows.flatMap(of),
  })
  const sum = (name: keyof ExposedSums, known?: keyof ExposedSums) => (row: SeriesRow) =>
    row[name] === null || (known !== undefined && Number(row[known]) === 0)
      ? []
      : [{ labels: labelsOf(calls, row), value: amount(row[name]) }]
  return [
    counter('llmcost_requests_total', 'Calls, hits of the response cache included.', sum('requests')),
    counter(
      'llmcost_tokens_total',
      'Tokens by type. cache_read and cache_write are part of input, reasoning is part of output: add up input and output alone.',
      (row) =>
        Object.entries(tokenTypes).flatMap(([type, column]) =>
          row[column] === null
            ? []
            : [{ labels: { ...labelsOf(calls, row), type }, value: String(row[column]) }],
        ),
    ),
    counter('llmcost_cost_usd_total', 'Cost of the calls that have a price, USD.', sum('cost_usd')),
    counter(
      'llmcost_errors_total',
      'Calls that failed; absent where no call says whether it did.',
      sum('failed_calls', 'status_calls'),
    ),
    counter(
      'llmcost_outcomes_total',
      'Calls that say whether they failed: what errors are a share of.',
      sum('status_calls', 'status_calls'),
    ),
    counter(
      'llmcost_cache_hits_total',
      'Calls that the response cache answered; absent where no call says so.',
      sum('cache_hits', 'cache_hit_calls'),
    ),
    counter(
      'llmcost_cache_lookups_total',
      'Calls that say whether the response cache answered: what hits are a share of.',
      sum('cache_hit_calls', 'cache_hit_calls'),
    ),
    {
      name: 'llmcost_request_duration_seconds',
      type: 'histogram',
      help: 'Latency of calls that a provider answered: neither hits of the response cache nor failed.',
      samples: calls.rows.flatMap((row) => histogram(calls, row)),
    },
    {
      name: 'llmcost_unpriced_requests',
      type: 'gauge',
      help: 'Calls without a price: they are missing in every cost.',
      samples: calls.rows.flatMap(sum('unpriced_calls')),
    },
  ]
}

const amount = (value: ExposedSums[keyof ExposedSums]): string => {
  const decimal = readDecimal(value ?? 0)
  if (decimal === undefined) throw new Error(`${String(value)} is no decimal`)
  return plain(decimal)
}

function labelsOf({ labels }: ExposedCalls, row: SeriesRow): Record<string, string | null> {
  return Object.fromEntries(labels.map((name, i) => [name, row[`l${i}`] ?? null]))
}

/** Counts of buckets are cumulative; the last has no bound. */
function histogram(calls: ExposedCalls, row: SeriesRow): Sample[] {
  if (Number(row.timed_calls) === 0) return []
  const labels = labelsOf(calls, row)
  let count = 0n
  const buckets = calls.bounds.map((bound, i): Sample => {
    count += BigInt(row[`bucket_${i}`] ?? 0)
    return { suffix: '_bucket', labels: { ...labels, le: seconds(bound) }, value: String(count) }
  })
  const whole = String(row.timed_calls)
  return [
    ...buckets,
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: whole },
    { suffix: '_sum', labels, value: seconds(row.latency_ms ?? 0) },
    { suffix: '_count', labels, value: whole },
  ]
}

/** ms as exact seconds: `0.01`, `1.28`. */
function seconds(ms: number | string): string {
  const decimal = readDecimal(ms)
  if (decimal === undefined) throw new Error(`${ms} is no decimal`)
  return plain(shifted(decimal, -3))
}
