/**
 * The figures that a group of calls can have, each an aggregate over `calls`. Sums skip calls without
 * the value; a group where no call has it is NULL, never 0.
 */
import { UserError } from '../errors.js'
import { closestNames } from '../domain/words/names.js'
import { serviceQuantities } from './service-quantities.js'

interface QuantileMeasure {
  /** A column of `calls`, or one of `quantities`. */
  readonly of: string
  readonly at: number
  /** Aggregates that the figure needs beside the quantile, by name; absent: the quantile is the figure. */
  readonly parts?: Readonly<Record<string, string>>
  /** The figure from the quantile and those aggregates. */
  readonly figure?: (quantile: string, part: (name: string) => string) => string
}

/**
 * What a figure is. The whole of a count or a sum is that of its parts added up; a count of nothing is 0, or
 * NULL where no call logs what is counted, and a sum of nothing NULL. A `distinct` count has overlapping parts.
 */
type Statistic =
  | 'count'
  | 'sum'
  | 'distinct'
  | 'mean'
  | 'quantile'
  | 'extreme'
  | 'deviation'
  /** A part of all, 0–1. */
  | 'rate'
  /** A group's part of the total. */
  | 'share'
  /** One amount over another. */
  | 'ratio'

interface Meaning {
  readonly is: Statistic
  /** Of a count: NULL, not 0, where no call logs what is counted. */
  readonly nullable?: true
}

type Measure = Meaning &
  /** An aggregate. */
  (
    | { readonly sql: string }
    /** An exact quantile of a column or a quantity; quantiles of one share one sort. */
    | QuantileMeasure
    /** A group's part of the total of another measure, 0–1. */
    | { readonly shareOf: 'cost_usd' }
  )

const ratio = (part: string, whole: string): string => `CAST(${part} AS DOUBLE) / nullif(${whole}, 0)`
/** The mean of doubles, summed as decimals: a sum of doubles depends on the order in which threads add. */
const exactMean = (value: string): string =>
  ratio(`sum(CAST(${value} AS DECIMAL(28, 12)))`, `count(${value})`)
/**
 * Standard deviation of a sample, USD. Squares of doubles are summed as decimals, so that the digits do not
 * depend on the order of adding; the relative error of the variance is some 1e-16 × (1 + mean² / variance).
 */
const exactStddev = (value: string): string => {
  const double = `CAST(${value} AS DOUBLE)`
  const squares = `CAST(sum(CAST(${double} * ${double} AS DECIMAL(38, 20))) AS DOUBLE)`
  const total = `CAST(sum(${value}) AS DOUBLE)`
  const variance = `(${squares} - ${total} * ${total} / count(${value})) / nullif(count(${value}) - 1, 0)`
  // Values all alike have none; what the subtraction leaves of them is noise.
  return `CASE WHEN count(${value}) > 1 AND min(${value}) = max(${value}) THEN 0.0 ELSE sqrt(CASE WHEN ${variance} < 0 THEN 0.0 ELSE ${variance} END) END`
}
const where = (condition: string): string => `count(*) FILTER (WHERE ${condition})`

/** NULL where no call names the kind of its hit. */
const hitsOfKind = (kind: string): string =>
  `CASE WHEN count(cache_type) > 0 THEN ${where(`cache_hit AND lower(cache_type) = '${kind}'`)} END`
const reason = (name: string): string => ratio(where(`finish_reason = '${name}'`), 'count(finish_reason)')

/** What one call has, where that is no column: quantiles are asked of these too. */
export const quantities: Readonly<Record<string, string>> = {
  output_of_max_tokens: 'CASE WHEN max_tokens > 0 THEN CAST(output_tokens AS DOUBLE) / max_tokens END',
  // What a provider was sent: failed calls log no input, and hits of the response cache send none.
  sent_input_tokens: 'CASE WHEN input_tokens > 0 AND cache_hit IS NOT TRUE THEN input_tokens END',
  ...serviceQuantities,
}
const anyTokens = '(input_tokens IS NOT NULL OR output_tokens IS NOT NULL) AND cache_hit IS NOT TRUE'
const sent = quantities['sent_input_tokens']

/**
 * Input that repeats: what 19 of 20 calls carry at least. So a share of 0.95 × p5 × calls of all input is
 * no more than the truth.
 */
const repeatedInput = { of: 'sent_input_tokens', at: 0.05 } as const
const repeatedParts = {
  sent_calls: `count(${sent})`,
  sent_tokens: `CAST(sum(${sent}) AS DOUBLE)`,
} as const
const repeatedShare = (p5: string, part: (name: string) => string): string =>
  `0.95 * ${p5} * ${part('sent_calls')} / ${part('sent_tokens')}`
const inputCost = 'list_input_cost_usd + list_cache_read_cost_usd + list_cache_write_cost_usd'

/** Names are `<statistic>_<quantity>`; rates and shares are 0–1. */
export const measures = {
  calls: { is: 'count', sql: 'count(*)' },
  priced_calls: { is: 'count', sql: 'count(cost_usd)' },
  unpriced_calls: { is: 'count', sql: 'count(*) - count(cost_usd)' },
  partly_priced_calls: { is: 'count', sql: where('partly_priced') },
  users: { is: 'distinct', sql: 'count(DISTINCT user_id)' },
  // Blended: input and output at what they cost together; a hit of the response cache costs nothing.
  cost_per_1k_tokens_usd: {
    is: 'ratio',
    sql: ratio(
      `1000 * sum(cost_usd) FILTER (WHERE ${anyTokens})`,
      `(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) FILTER (WHERE cost_usd IS NOT NULL AND ${anyTokens}))`,
    ),
  },
  cost_per_1k_output_usd: {
    is: 'ratio',
    sql: ratio(
      '1000 * sum(cost_usd) FILTER (WHERE output_tokens IS NOT NULL)',
      'sum(output_tokens) FILTER (WHERE cost_usd IS NOT NULL)',
    ),
  },
  // What failed calls cost is part of it.
  cost_per_successful_call_usd: {
    is: 'ratio',
    sql: ratio(
      'sum(cost_usd) FILTER (WHERE status IS NOT NULL)',
      "count(cost_usd) FILTER (WHERE status = 'ok')",
    ),
  },
  // Attempts after the first, where the log counts them.
  later_attempt_calls: {
    is: 'count',
    nullable: true,
    sql: `CASE WHEN count(attempt) > 0 THEN ${where('attempt > 1')} END`,
  },
  later_attempt_cost_usd: { is: 'sum', sql: 'sum(cost_usd) FILTER (WHERE attempt > 1)' },
  input_tokens: { is: 'sum', sql: 'sum(input_tokens)' },
  output_tokens: { is: 'sum', sql: 'sum(output_tokens)' },
  // Calls that log a total alone have no other tokens.
  total_tokens: { is: 'sum', sql: 'sum(total_tokens)' },
  reasoning_output_tokens: { is: 'sum', sql: 'sum(reasoning_output_tokens)' },
  cache_read_input_tokens: { is: 'sum', sql: 'sum(cache_read_input_tokens)' },
  cache_creation_input_tokens: { is: 'sum', sql: 'sum(cache_creation_input_tokens)' },
  cost_usd: { is: 'sum', sql: 'sum(cost_usd)' },
  cost_share: { is: 'share', shareOf: 'cost_usd' },
  list_cost_usd: { is: 'sum', sql: 'sum(list_cost_usd)' },
  reported_cost_usd: { is: 'sum', sql: 'sum(reported_cost_usd)' },
  mean_cost_usd: { is: 'mean', sql: ratio('sum(cost_usd)', 'count(cost_usd)') },
  p50_cost_usd: { is: 'quantile', of: 'cost_usd', at: 0.5 },
  p95_cost_usd: { is: 'quantile', of: 'cost_usd', at: 0.95 },
  p99_cost_usd: { is: 'quantile', of: 'cost_usd', at: 0.99 },
  max_cost_usd: { is: 'extreme', sql: 'max(cost_usd)' },
  stddev_cost_usd: { is: 'deviation', sql: exactStddev('cost_usd') },
  mean_input_tokens: { is: 'mean', sql: ratio('sum(input_tokens)', 'count(input_tokens)') },
  p50_input_tokens: { is: 'quantile', of: 'input_tokens', at: 0.5 },
  p95_input_tokens: { is: 'quantile', of: 'input_tokens', at: 0.95 },
  mean_output_tokens: {
    is: 'mean',
    sql: ratio('sum(output_tokens)', 'count(output_tokens)'),
  },
  p50_output_tokens: { is: 'quantile', of: 'output_tokens', at: 0.5 },
  p95_output_tokens: { is: 'quantile', of: 'output_tokens', at: 0.95 },
  // The mean of each call's own ratio: long inputs do not outweigh short ones.
  mean_output_input_ratio: {
    is: 'mean',
    sql: exactMean('CAST(output_tokens AS DOUBLE) / nullif(input_tokens, 0)'),
  },
  // The ratio of sums: what all output is to all input, over calls that log both.
  output_input_ratio: {
    is: 'ratio',
    sql: ratio(
      'sum(output_tokens) FILTER (WHERE input_tokens IS NOT NULL)',
      'sum(input_tokens) FILTER (WHERE output_tokens IS NOT NULL)',
    ),
  },
  input_token_calls: { is: 'count', sql: 'count(input_tokens)' },
  output_input_calls: { is: 'count', sql: where('input_tokens > 0 AND output_tokens IS NOT NULL') },
  p95_input_over_mean: {
    is: 'quantile',
    of: 'input_tokens',
    at: 0.95,
    parts: { input_calls: 'count(input_tokens)', input_sum: 'CAST(sum(input_tokens) AS DOUBLE)' },
    figure: (p95, part) => `${p95} * ${part('input_calls')} / nullif(${part('input_sum')}, 0)`,
  },
  max_tokens_calls: { is: 'count', sql: where('max_tokens > 0 AND output_tokens IS NOT NULL') },
  p50_output_of_max_tokens: { is: 'quantile', of: 'output_of_max_tokens', at: 0.5 },
  p95_output_of_max_tokens: { is: 'quantile', of: 'output_of_max_tokens', at: 0.95 },
  sent_input_calls: { is: 'count', sql: `count(${sent})` },
  repeated_input_tokens: { ...repeatedInput, is: 'quantile' },
  repeated_input_share: {
    is: 'quantile',
    ...repeatedInput,
    parts: repeatedParts,
    figure: repeatedShare,
  },
  // At what the input of these calls cost, its cached part included.
  repeated_input_cost_usd: {
    is: 'quantile',
    ...repeatedInput,
    parts: {
      ...repeatedParts,
      sent_input_cost: `CAST(sum(${inputCost}) FILTER (WHERE ${sent} IS NOT NULL) AS DOUBLE)`,
    },
    figure: (p5, part) => `${repeatedShare(p5, part)} * ${part('sent_input_cost')}`,
  },
  finish_reason_calls: { is: 'count', sql: 'count(finish_reason)' },
  no_finish_reason_calls: { is: 'count', sql: 'count(*) - count(finish_reason)' },
  stop_rate: { is: 'rate', sql: reason('stop') },
  truncation_rate: { is: 'rate', sql: reason('length') },
  context_exceeded_rate: { is: 'rate', sql: reason('context_exceeded') },
  tool_calls_rate: { is: 'rate', sql: reason('tool_calls') },
  content_filter_rate: { is: 'rate', sql: reason('content_filter') },
  error_finish_rate: { is: 'rate', sql: reason('error') },
  other_finish_rate: { is: 'rate', sql: reason('other') },
  truncated_calls: {
    is: 'count',
    sql: where("finish_reason IN ('length', 'context_exceeded')"),
  },
  error_rate: { is: 'rate', sql: ratio(where("status = 'error'"), 'count(status)') },
  status_calls: { is: 'count', sql: 'count(status)' },
  failed_calls: { is: 'count', sql: where("status = 'error'") },
  failed_cost_usd: { is: 'sum', sql: "sum(cost_usd) FILTER (WHERE status = 'error')" },
  cache_hits: { is: 'count', sql: where('cache_hit') },
  exact_cache_hits: { is: 'count', nullable: true, sql: hitsOfKind('exact') },
  semantic_cache_hits: { is: 'count', nullable: true, sql: hitsOfKind('semantic') },
  cache_hit_rate: { is: 'rate', sql: ratio(where('cache_hit'), 'count(cache_hit)') },
  avoided_cost_usd: { is: 'sum', sql: 'sum(list_cost_usd) FILTER (WHERE cache_hit)' },
  // Over provider calls that log their prompt cache only: a source that does not must not thin the share,
  // and a hit of the response cache read nothing from a provider's. As prompt_cache_read_share of the cache.
  cache_read_share: {
    is: 'rate',
    sql: ratio(
      'sum(cache_read_input_tokens) FILTER (WHERE cache_hit IS NOT TRUE)',
      'sum(input_tokens) FILTER (WHERE cache_read_input_tokens IS NOT NULL AND cache_hit IS NOT TRUE)',
    ),
  },
  p50_cache_age_ms: { is: 'quantile', of: 'cache_age_ms', at: 0.5 },
  p95_cache_age_ms: { is: 'quantile', of: 'cache_age_ms', at: 0.95 },
  max_cache_age_ms: { is: 'extreme', sql: `max(${quantities['cache_age_ms']})` },
  mean_latency_ms: { is: 'mean', sql: exactMean('latency_ms') },
  p50_latency_ms: { is: 'quantile', of: 'latency_ms', at: 0.5 },
  p95_latency_ms: { is: 'quantile', of: 'latency_ms', at: 0.95 },
  p99_latency_ms: { is: 'quantile', of: 'latency_ms', at: 0.99 },
  max_latency_ms: { is: 'extreme', sql: 'max(latency_ms)' },
  untimed_calls: { is: 'count', sql: 'count(*) - count(latency_ms)' },
  timed_provider_calls: { is: 'count', sql: `count(${quantities['provider_latency_ms']})` },
  p50_provider_latency_ms: { is: 'quantile', of: 'provider_latency_ms', at: 0.5 },
  p95_provider_latency_ms: { is: 'quantile', of: 'provider_latency_ms', at: 0.95 },
  p99_provider_latency_ms: { is: 'quantile', of: 'provider_latency_ms', at: 0.99 },
  max_provider_latency_ms: {
    is: 'extreme',
    sql: `max(${quantities['provider_latency_ms']})`,
  },
  p50_hit_latency_ms: { is: 'quantile', of: 'hit_latency_ms', at: 0.5 },
  p50_failed_latency_ms: { is: 'quantile', of: 'failed_latency_ms', at: 0.5 },
  p95_failed_latency_ms: { is: 'quantile', of: 'failed_latency_ms', at: 0.95 },
  ttft_calls: { is: 'count', sql: `count(${quantities['provider_ttft_ms']})` },
  p50_ttft_ms: { is: 'quantile', of: 'provider_ttft_ms', at: 0.5 },
  p95_ttft_ms: { is: 'quantile', of: 'provider_ttft_ms', at: 0.95 },
  p50_output_tokens_per_second: { is: 'quantile', of: 'output_tokens_per_second', at: 0.5 },
  mean_quality_score: { is: 'mean', sql: exactMean('quality_score') },
  mean_groundedness: { is: 'mean', sql: exactMean('groundedness') },
  mean_retrieval_score: { is: 'mean', sql: exactMean('retrieval_score') },
  mean_user_feedback: { is: 'mean', sql: exactMean('user_feedback') },
  quality_score_calls: { is: 'count', sql: 'count(quality_score)' },
  user_feedback_calls: { is: 'count', sql: 'count(user_feedback)' },
  first_ts: { is: 'extreme', sql: 'min(ts)' },
  last_ts: { is: 'extreme', sql: 'max(ts)' },
} as const satisfies Readonly<Record<string, Measure>>

export type MeasureName = keyof typeof measures

export const measureNames = Object.keys(measures) as readonly MeasureName[]

export const measureOf = (name: MeasureName): Measure => measures[name]

/**
 * What a measure is over no calls at all: counts and sums are nothing, a share is nothing of something,
 * and there is no mean, quantile or rate.
 */
export type Emptiness = 'zero' | 'share' | 'none'

export function emptinessOf(name: MeasureName): Emptiness {
  const { is } = measureOf(name)
  if (is === 'share') return 'share'
  return is === 'count' || is === 'sum' || is === 'distinct' ? 'zero' : 'none'
}

/** Whether the whole is the sum of its parts: a count or a sum, not of distinct values. */
export function addsUp(name: MeasureName): boolean {
  const { is } = measureOf(name)
  return is === 'count' || is === 'sum'
}

/** @throws UserError (usage) with the closest names */
export function parseMeasure(text: string, option: string): MeasureName {
  const name = text.trim().toLowerCase().replaceAll('-', '_')
  const found = measureNames.find(
    (known) => known === name || known === `${name}_usd` || known === `cost_${name}`,
  )
  if (found !== undefined) return found
  throw new UserError(`${option} ${text}: no such column`, {
    code: 'usage',
    hint: `The closest: ${closestNames(name, measureNames).join(', ')}. llmcost breakdown --help lists all ${measureNames.length}.`,
  })
}
