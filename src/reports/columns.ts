/**
 * How each figure and each column of `calls` is shown: its heading, its kind, and how soon a narrow
 * terminal leaves it out.
 */
import { callColumns, type ColumnType } from '../domain/call.js'
import { dimensionNoun, type Dimension } from '../domain/dimensions.js'
import type { MeasureName } from '../metrics/measures.js'
import type { Column, ColumnKind } from './report.js'

type Look = readonly [title: string, kind: ColumnKind, optional?: number]

const looks: Readonly<Record<MeasureName, Look>> = {
  calls: ['calls', 'count'],
  priced_calls: ['priced calls', 'count', 6],
  unpriced_calls: ['unpriced', 'count', 1],
  partly_priced_calls: ['partly priced', 'count', 2],
  users: ['users', 'count', 3],
  cost_per_1k_tokens_usd: ['cost per 1k tokens', 'usd', 4],
  cost_per_1k_output_usd: ['cost per 1k output', 'usd', 3],
  cost_per_successful_call_usd: ['cost per success', 'usd', 3],
  later_attempt_calls: ['later attempts', 'count', 5],
  later_attempt_cost_usd: ['cost of later attempts', 'usd', 4],
  input_tokens: ['input tokens', 'count', 3],
  output_tokens: ['output tokens', 'count', 3],
  total_tokens: ['total tokens', 'count', 3],
  reasoning_output_tokens: ['reasoning tokens', 'count', 6],
  cache_read_input_tokens: ['cache reads', 'count', 6],
  cache_creation_input_tokens: ['cache writes', 'count', 6],
  cost_usd: ['cost', 'usd'],
  cost_share: ['share', 'share'],
  list_cost_usd: ['list cost', 'usd', 4],
  reported_cost_usd: ['reported cost', 'usd', 4],
  mean_cost_usd: ['mean cost', 'usd', 1],
  p50_cost_usd: ['p50 cost', 'usd', 5],
  p95_cost_usd: ['p95 cost', 'usd', 2],
  p99_cost_usd: ['p99 cost', 'usd', 5],
  max_cost_usd: ['max cost', 'usd', 4],
  stddev_cost_usd: ['std dev of cost', 'usd', 6],
  mean_input_tokens: ['mean input', 'number'],
  p50_input_tokens: ['p50 input', 'number', 5],
  p95_input_tokens: ['p95 input', 'number', 2],
  mean_output_tokens: ['mean output', 'number'],
  p50_output_tokens: ['p50 output', 'number', 5],
  p95_output_tokens: ['p95 output', 'number', 2],
  mean_output_input_ratio: ['out/in', 'number', 1],
  output_input_ratio: ['sum out/in', 'number', 5],
  input_token_calls: ['calls with input', 'count', 6],
  output_input_calls: ['calls with both', 'count', 6],
  p95_input_over_mean: ['p95/mean input', 'number', 4],
  max_tokens_calls: ['calls with max_tokens', 'count', 6],
  p50_output_of_max_tokens: ['p50 of max_tokens', 'rate', 4],
  p95_output_of_max_tokens: ['p95 of max_tokens', 'rate', 3],
  sent_input_calls: ['sent calls', 'count', 5],
  repeated_input_tokens: ['repeated input', 'number', 2],
  repeated_input_share: ['share of input', 'rate', 3],
  repeated_input_cost_usd: ['cost of it', 'usd', 3],
  finish_reason_calls: ['with a reason', 'count', 2],
  no_finish_reason_calls: ['without', 'count', 2],
  stop_rate: ['stop', 'rate', 1],
  truncation_rate: ['truncated', 'rate'],
  context_exceeded_rate: ['context exceeded', 'rate', 4],
  tool_calls_rate: ['tool calls', 'rate', 2],
  content_filter_rate: ['content filter', 'rate', 3],
  error_finish_rate: ['error', 'rate', 3],
  other_finish_rate: ['other', 'rate', 4],
  truncated_calls: ['truncated calls', 'count', 4],
  error_rate: ['errors', 'rate', 3],
  status_calls: ['calls with a status', 'count', 6],
  failed_calls: ['failed calls', 'count', 4],
  failed_cost_usd: ['cost of failed calls', 'usd', 4],
  cache_hits: ['cache hits', 'count', 4],
  exact_cache_hits: ['exact hits', 'count', 5],
  semantic_cache_hits: ['semantic hits', 'count', 5],
  cache_hit_rate: ['cache hit rate', 'rate', 2],
  avoided_cost_usd: ['avoided cost', 'usd', 3],
  cache_read_share: ['cache read share', 'rate', 4],
  p50_cache_age_ms: ['p50 cache age', 'ms', 5],
  p95_cache_age_ms: ['p95 cache age', 'ms', 5],
  max_cache_age_ms: ['max cache age', 'ms', 5],
  mean_latency_ms: ['mean latency', 'ms', 3],
  p50_latency_ms: ['p50 latency', 'ms', 5],
  p95_latency_ms: ['p95 latency', 'ms', 3],
  p99_latency_ms: ['p99 latency', 'ms', 5],
  max_latency_ms: ['max latency', 'ms', 5],
  untimed_calls: ['calls without latency', 'count', 4],
  timed_provider_calls: ['timed provider calls', 'count', 4],
  p50_provider_latency_ms: ['p50 provider latency', 'ms', 3],
  p95_provider_latency_ms: ['p95 provider latency', 'ms', 3],
  p99_provider_latency_ms: ['p99 provider latency', 'ms', 4],
  max_provider_latency_ms: ['max provider latency', 'ms', 4],
  p50_hit_latency_ms: ['p50 latency of hits', 'ms', 5],
  p50_failed_latency_ms: ['p50 latency of failed calls', 'ms', 5],
  p95_failed_latency_ms: ['p95 latency of failed calls', 'ms', 5],
  ttft_calls: ['calls with time to first token', 'count', 6],
  p50_ttft_ms: ['p50 first token', 'ms', 3],
  p95_ttft_ms: ['p95 first token', 'ms', 4],
  p50_output_tokens_per_second: ['p50 output tokens/s', 'number', 4],
  mean_quality_score: ['mean quality', 'number', 1],
  mean_groundedness: ['mean groundedness', 'number', 3],
  mean_retrieval_score: ['mean retrieval', 'number', 3],
  mean_user_feedback: ['mean feedback', 'number', 2],
  quality_score_calls: ['scored calls', 'count', 4],
  user_feedback_calls: ['calls with feedback', 'count', 4],
  first_ts: ['first call', 'time', 6],
  last_ts: ['last call', 'time', 6],
}

export function column(key: string, title: string, kind: ColumnKind, optional?: number): Column {
  return { key, title, kind, ...(optional === undefined ? {} : { optional }) }
}

/** A figure's column; always shown where it was asked for by name. */
export function measureColumn(name: MeasureName, shown: 'always' | 'whereWide' = 'whereWide'): Column {
  const [title, kind, optional] = looks[name]
  return column(name, title, kind, shown === 'always' ? undefined : optional)
}

export function dimensionColumn(dimension: Dimension): Column {
  return { key: dimension.key, title: dimensionNoun(dimension), kind: 'text', dimension: true }
}

const endings: readonly (readonly [RegExp, ColumnKind])[] = [
  [/_usd$/, 'usd'],
  [/_share$/, 'share'],
  [/_rate$/, 'rate'],
  [/_ms$/, 'ms'],
  [/_price$/, 'price'],
]

/** The kind of a column of any query, by the name it was given and its SQL type. */
export function kindOf(name: string, sqlType: string): ColumnKind {
  const type = sqlType.toUpperCase()
  const numeric = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL.*|DOUBLE|FLOAT)$/.test(type)
  if (numeric) return endings.find(([ending]) => ending.test(name))?.[1] ?? wholeKind(name, type)
  if (type.startsWith('TIMESTAMP')) return 'time'
  if (type === 'BOOLEAN') return 'boolean'
  return /^(MAP|STRUCT|UNION|JSON)|\[\d*\]$/.test(type) ? 'json' : 'text'
}

function wholeKind(name: string, type: string): ColumnKind {
  if (!/INT/.test(type)) return 'number'
  return Object.hasOwn(looks, name) || /(calls|tokens|lines|count)$|^count/.test(name) ? 'count' : 'number'
}

const columnTypes: ReadonlyMap<string, ColumnType> = new Map(
  callColumns.map(({ name, type }) => [name, type]),
)

/** A column of `calls`, with its name in words as heading. */
export function callColumn(name: string, optional?: number): Column {
  const title = name.replace(/_id$|_usd$|_ms$/, '').replaceAll('_', ' ')
  return column(name, title, kindOf(name, columnTypes.get(name) ?? 'VARCHAR'), optional)
}
