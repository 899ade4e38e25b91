/**
 * How each figure and each column of `calls` is shown: its heading, its kind, and how soon a narrow
 * terminal leaves it out.
 */
import type { Better } from '../domain/better.js'
import { callColumns, type ColumnType } from '../domain/call.js'
import { dimensionNoun, type Dimension } from '../domain/dimensions.js'
import type { MeasureName } from '../metrics/measures.js'
import type { Column, ColumnKind } from './report.js'

/** `better`: whether a user is better off with more of it or with less; with calls, for one, neither. */
type Look = readonly [title: string, kind: ColumnKind, better: Better | 'neither', optional?: number]

const looks: Readonly<Record<MeasureName, Look>> = {
  calls: ['calls', 'count', 'neither'],
  priced_calls: ['priced calls', 'count', 'neither', 6],
  unpriced_calls: ['unpriced', 'count', 'less', 1],
  partly_priced_calls: ['partly priced', 'count', 'less', 2],
  users: ['users', 'count', 'neither', 3],
  cost_per_1k_tokens_usd: ['cost per 1k tokens', 'usd', 'less', 4],
  cost_per_1k_output_usd: ['cost per 1k output', 'usd', 'less', 3],
  cost_per_successful_call_usd: ['cost per success', 'usd', 'less', 3],
  later_attempt_calls: ['later attempts', 'count', 'less', 5],
  later_attempt_cost_usd: ['cost of later attempts', 'usd', 'less', 4],
  input_tokens: ['input tokens', 'count', 'less', 3],
  output_tokens: ['output tokens', 'count', 'less', 3],
  total_tokens: ['total tokens', 'count', 'less', 3],
  reasoning_output_tokens: ['reasoning tokens', 'count', 'less', 6],
  cache_read_input_tokens: ['cache reads', 'count', 'more', 6],
  cache_creation_input_tokens: ['cache writes', 'count', 'less', 6],
  cost_usd: ['cost', 'usd', 'less'],
  cost_share: ['share', 'share', 'neither'],
  list_cost_usd: ['list cost', 'usd', 'less', 4],
  reported_cost_usd: ['reported cost', 'usd', 'less', 4],
  mean_cost_usd: ['mean cost', 'usd', 'less', 1],
  p50_cost_usd: ['p50 cost', 'usd', 'less', 5],
  p95_cost_usd: ['p95 cost', 'usd', 'less', 2],
  p99_cost_usd: ['p99 cost', 'usd', 'less', 5],
  max_cost_usd: ['max cost', 'usd', 'less', 4],
  stddev_cost_usd: ['std dev of cost', 'usd', 'less', 6],
  mean_input_tokens: ['mean input', 'number', 'less'],
  p50_input_tokens: ['p50 input', 'number', 'less', 5],
  p95_input_tokens: ['p95 input', 'number', 'less', 2],
  mean_output_tokens: ['mean output', 'number', 'less'],
  p50_output_tokens: ['p50 output', 'number', 'less', 5],
  p95_output_tokens: ['p95 output', 'number', 'less', 2],
  mean_output_input_ratio: ['out/in', 'number', 'neither', 1],
  output_input_ratio: ['sum out/in', 'number', 'neither', 5],
  input_token_calls: ['calls with input', 'count', 'neither', 6],
  output_input_calls: ['calls with both', 'count', 'neither', 6],
  p95_input_over_mean: ['p95/mean input', 'number', 'less', 4],
  max_tokens_calls: ['calls with max_tokens', 'count', 'neither', 6],
  p50_output_of_max_tokens: ['p50 of max_tokens', 'rate', 'less', 4],
  p95_output_of_max_tokens: ['p95 of max_tokens', 'rate', 'less', 3],
  sent_input_calls: ['sent calls', 'count', 'neither', 5],
  repeated_input_tokens: ['repeated input', 'number', 'less', 2],
  repeated_input_share: ['share of input', 'rate', 'less', 3],
  repeated_input_cost_usd: ['cost of it', 'usd', 'less', 3],
  finish_reason_calls: ['with a reason', 'count', 'neither', 2],
  no_finish_reason_calls: ['without', 'count', 'neither', 2],
  stop_rate: ['stop', 'rate', 'neither', 1],
  truncation_rate: ['truncated', 'rate', 'less'],
  context_exceeded_rate: ['context exceeded', 'rate', 'less', 4],
  tool_calls_rate: ['tool calls', 'rate', 'neither', 2],
  content_filter_rate: ['content filter', 'rate', 'less', 3],
  error_finish_rate: ['error', 'rate', 'less', 3],
  other_finish_rate: ['other', 'rate', 'neither', 4],
  truncated_calls: ['truncated calls', 'count', 'less', 4],
  error_rate: ['errors', 'rate', 'less', 3],
  status_calls: ['calls with a status', 'count', 'neither', 6],
  failed_calls: ['failed calls', 'count', 'less', 4],
  failed_cost_usd: ['cost of failed calls', 'usd', 'less', 4],
  cache_hits: ['cache hits', 'count', 'more', 4],
  exact_cache_hits: ['exact hits', 'count', 'more', 5],
  semantic_cache_hits: ['semantic hits', 'count', 'more', 5],
  cache_hit_rate: ['cache hit rate', 'rate', 'more', 2],
  avoided_cost_usd: ['avoided cost', 'usd', 'more', 3],
  cache_read_share: ['cache read share', 'rate', 'more', 4],
  p50_cache_age_ms: ['p50 cache age', 'ms', 'neither', 5],
  p95_cache_age_ms: ['p95 cache age', 'ms', 'neither', 5],
  max_cache_age_ms: ['max cache age', 'ms', 'neither', 5],
  mean_latency_ms: ['mean latency', 'ms', 'less', 3],
  p50_latency_ms: ['p50 latency', 'ms', 'less', 5],
  p95_latency_ms: ['p95 latency', 'ms', 'less', 3],
  p99_latency_ms: ['p99 latency', 'ms', 'less', 5],
  max_latency_ms: ['max latency', 'ms', 'less', 5],
  untimed_calls: ['calls without latency', 'count', 'neither', 4],
  timed_provider_calls: ['timed provider calls', 'count', 'neither', 4],
  p50_provider_latency_ms: ['p50 provider latency', 'ms', 'less', 3],
  p95_provider_latency_ms: ['p95 provider latency', 'ms', 'less', 3],
  p99_provider_latency_ms: ['p99 provider latency', 'ms', 'less', 4],
  max_provider_latency_ms: ['max provider latency', 'ms', 'less', 4],
  p50_hit_latency_ms: ['p50 latency of hits', 'ms', 'less', 5],
  p50_failed_latency_ms: ['p50 latency of failed calls', 'ms', 'less', 5],
  p95_failed_latency_ms: ['p95 latency of failed calls', 'ms', 'less', 5],
  ttft_calls: ['calls with time to first token', 'count', 'neither', 6],
  p50_ttft_ms: ['p50 first token', 'ms', 'less', 3],
  p95_ttft_ms: ['p95 first token', 'ms', 'less', 4],
  p50_output_tokens_per_second: ['p50 output tokens/s', 'number', 'more', 4],
  mean_quality_score: ['mean quality', 'number', 'more', 1],
  mean_groundedness: ['mean groundedness', 'number', 'more', 3],
  mean_retrieval_score: ['mean retrieval', 'number', 'more', 3],
  mean_user_feedback: ['mean feedback', 'number', 'more', 2],
  quality_score_calls: ['scored calls', 'count', 'neither', 4],
  user_feedback_calls: ['calls with feedback', 'count', 'neither', 4],
  first_ts: ['first call', 'time', 'neither', 6],
  last_ts: ['last call', 'time', 'neither', 6],
}

export function column(key: string, title: string, kind: ColumnKind, optional?: number): Column {
  return { key, title, kind, ...(optional === undefined ? {} : { optional }) }
}

/** A column for programs alone. */
export const dataColumn = (key: string, title: string, kind: ColumnKind): Column => ({
  ...column(key, title, kind),
  dataOnly: true,
})

/** A figure's column; always shown where it was asked for by name. */
export function measureColumn(name: MeasureName, shown: 'always' | 'whereWide' = 'whereWide'): Column {
  const [title, kind, , optional] = looks[name]
  return { ...column(name, title, kind, shown === 'always' ? undefined : optional), ...betterOf(name) }
}

/** Whether more of it is for the better, for its own column and for that of its change. */
export function betterOf(name: MeasureName): Pick<Column, 'better'> {
  const better = looks[name][2]
  return better === 'neither' ? {} : { better }
}

/** The relative change of a measure. */
export function changeColumn(key: string, title: string, of: MeasureName, optional?: number): Column {
  return { ...column(key, title, 'change', optional), ...betterOf(of) }
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
