/**
 * The figures that a group of calls can have, each an aggregate over `calls`. Sums skip calls without
 * the value; a group where no call has it is NULL, never 0.
 */
import { UserError } from '../errors.js'
import { closestNames } from '../domain/names.js'

type Measure =
  /** An aggregate. */
  | { readonly sql: string }
  /** An exact quantile of a column; quantiles of one column share one sort. */
  | { readonly of: string; readonly at: number }
  /** A group's part of the total of another measure, 0–1. */
  | { readonly shareOf: 'cost_usd' }

const ratio = (part: string, whole: string): string => `CAST(${part} AS DOUBLE) / nullif(${whole}, 0)`
/** The mean of doubles, summed as decimals: a sum of doubles depends on the order in which threads add. */
const exactMean = (value: string): string =>
  ratio(`sum(CAST(${value} AS DECIMAL(28, 12)))`, `count(${value})`)
const where = (condition: string): string => `count(*) FILTER (WHERE ${condition})`

/** Names are `<statistic>_<quantity>`; rates and shares are 0–1. */
export const measures = {
  calls: { sql: 'count(*)' },
  priced_calls: { sql: 'count(cost_usd)' },
  unpriced_calls: { sql: 'count(*) - count(cost_usd)' },
  partly_priced_calls: { sql: where('partly_priced') },
  users: { sql: 'count(DISTINCT user_id)' },
  input_tokens: { sql: 'sum(input_tokens)' },
  output_tokens: { sql: 'sum(output_tokens)' },
  reasoning_output_tokens: { sql: 'sum(reasoning_output_tokens)' },
  cache_read_input_tokens: { sql: 'sum(cache_read_input_tokens)' },
  cache_creation_input_tokens: { sql: 'sum(cache_creation_input_tokens)' },
  cost_usd: { sql: 'sum(cost_usd)' },
  cost_share: { shareOf: 'cost_usd' },
  list_cost_usd: { sql: 'sum(list_cost_usd)' },
  reported_cost_usd: { sql: 'sum(reported_cost_usd)' },
  mean_cost_usd: { sql: ratio('sum(cost_usd)', 'count(cost_usd)') },
  p50_cost_usd: { of: 'cost_usd', at: 0.5 },
  p95_cost_usd: { of: 'cost_usd', at: 0.95 },
  p99_cost_usd: { of: 'cost_usd', at: 0.99 },
  max_cost_usd: { sql: 'max(cost_usd)' },
  mean_input_tokens: { sql: ratio('sum(input_tokens)', 'count(input_tokens)') },
  p50_input_tokens: { of: 'input_tokens', at: 0.5 },
  p95_input_tokens: { of: 'input_tokens', at: 0.95 },
  mean_output_tokens: { sql: ratio('sum(output_tokens)', 'count(output_tokens)') },
  p50_output_tokens: { of: 'output_tokens', at: 0.5 },
  p95_output_tokens: { of: 'output_tokens', at: 0.95 },
  // The mean of each call's own ratio: long inputs do not outweigh short ones.
  mean_output_input_ratio: { sql: exactMean('CAST(output_tokens AS DOUBLE) / nullif(input_tokens, 0)') },
  truncation_rate: { sql: ratio(where("finish_reason = 'length'"), 'count(finish_reason)') },
  context_exceeded_rate: { sql: ratio(where("finish_reason = 'context_exceeded'"), 'count(finish_reason)') },
  truncated_calls: { sql: where("finish_reason IN ('length', 'context_exceeded')") },
  error_rate: { sql: ratio(where("status = 'error'"), 'count(status)') },
  failed_calls: { sql: where("status = 'error'") },
  cache_hits: { sql: where('cache_hit') },
  cache_hit_rate: { sql: ratio(where('cache_hit'), 'count(cache_hit)') },
  avoided_cost_usd: { sql: 'sum(list_cost_usd) FILTER (WHERE cache_hit)' },
  // Over calls that log their prompt cache only: a source that does not must not thin the share.
  cache_read_share: {
    sql: ratio(
      'sum(cache_read_input_tokens)',
      'sum(input_tokens) FILTER (WHERE cache_read_input_tokens IS NOT NULL)',
    ),
  },
  mean_latency_ms: { sql: exactMean('latency_ms') },
  p50_latency_ms: { of: 'latency_ms', at: 0.5 },
  p95_latency_ms: { of: 'latency_ms', at: 0.95 },
  first_ts: { sql: 'min(ts)' },
  last_ts: { sql: 'max(ts)' },
} as const satisfies Readonly<Record<string, Measure>>

export type MeasureName = keyof typeof measures

export const measureNames = Object.keys(measures) as readonly MeasureName[]

export const measureOf = (name: MeasureName): Measure => measures[name]

/** @throws UserError (usage) with the closest names */
export function parseMeasure(text: string, option: string): MeasureName {
  const name = text.trim().toLowerCase().replaceAll('-', '_')
  const found = measureNames.find(
    (known) => known === name || known === `${name}_usd` || known === `cost_${name}`,
  )
  if (found !== undefined) return found
  throw new UserError(`${option} ${text}: no such column`, {
    code: 'usage',
    hint: `The closest: ${closestNames(name, measureNames).join(', ')}. All: ${measureNames.join(', ')}.`,
  })
}
