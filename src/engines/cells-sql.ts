/**
 * The parts of cells as every engine can add them up: whole numbers, each of the smallest unit of the part's column.
 * `parts` of `rollups` says what a part is, over calls in DuckDB; what stands here has the same digits.
 */
import type { PartName } from '../rollups/parts.js'
import { hourMicros, layered, quarterMicros, roundedWhole } from './calls-sql.js'
import type { Dialect } from './dialect.js'

interface Fold {
  readonly fold: 'count' | 'sum' | 'min' | 'max'
  /** SQL of a value, or of a count's condition. */
  readonly of: string
  /** A sum that passes 64 bits. */
  readonly wide?: true
}

const counted = (condition: string): Fold => ({ fold: 'count', of: condition })
const present = (name: string): Fold => counted(`${name} IS NOT NULL`)
const added = (of: string, where?: string): Fold => ({
  fold: 'sum',
  of: where === undefined ? of : `CASE WHEN ${where} THEN ${of} END`,
})
const money = (of: string, where?: string): Fold => ({ ...added(of, where), wide: true })

const anyTokens = '(t_input IS NOT NULL OR t_output IS NOT NULL)'

/** How each part is folded. */
export function folds(dialect: Dialect): Readonly<Record<PartName, Fold>> {
  /** Rounded to units, and told in 1e-12 as all decimals are. */
  const measure = (field: string, units: '1e3' | '1e9'): Fold => ({
    fold: 'sum',
    of: `CASE WHEN a_${field} IS NOT NULL THEN ${dialect.asWide(roundedWhole(dialect, `(a_${field} * ${units})`))} * ${dialect.asWide(units === '1e3' ? '1000000000' : '1000')} END`,
    wide: true,
  })
  const isRatio = 't_input > 0 AND t_output IS NOT NULL'
  const nine = dialect.asWide(dialect.divided('t_output * 1000000000', 't_input'))
  const eighth = dialect.wideDivided('c_cost + 5000', 10_000)
  return {
    rows: counted('1 = 1'),
    priced_rows: present('c_cost'),
    partly_priced_rows: counted('c_partly = 1'),
    first_ts: { fold: 'min', of: 'a_us' },
    last_ts: { fold: 'max', of: 'a_us' },
    cost_usd: money('c_cost'),
    min_cost_usd: { fold: 'min', of: 'c_cost' },
    max_cost_usd: { fold: 'max', of: 'c_cost' },
    squared_cost: money(
      `CASE WHEN c_cost < 3000000000 THEN ${dialect.wideDivided('c_cost * c_cost + 5000', 10_000)}
        ELSE ${eighth} * (c_cost + c_cost - ${eighth} * ${dialect.asWide('10000')}) END`,
    ),
    list_cost_usd: money('c_list'),
    reported_cost_usd: money('a_cost'),
    reported_cost_rows: counted('a_cost > 0'),
    token_cost_usd: money('c_cost', anyTokens),
    priced_tokens: added(
      'coalesce(t_input, 0) + coalesce(t_output, 0)',
      `c_cost IS NOT NULL AND ${anyTokens}`,
    ),
    output_cost_usd: money('c_cost', 't_output IS NOT NULL'),
    priced_output_tokens: added('t_output', 'c_cost IS NOT NULL'),
    input_tokens: added('t_input'),
    output_tokens: added('t_output'),
    total_tokens: added('t_total'),
    reasoning_output_tokens: added('a_reasoning_output_tokens'),
    cache_read_input_tokens: added('a_cache_read_input_tokens'),
    cache_creation_input_tokens: added('t_creation'),
    input_rows: present('t_input'),
    output_rows: present('t_output'),
    cache_logged_input_tokens: added('t_input', 'a_cache_read_input_tokens IS NOT NULL'),
    output_beside_input_tokens: added('t_output', 't_input IS NOT NULL'),
    input_beside_output_tokens: added('t_input', 't_output IS NOT NULL'),
    output_input_rows: counted(isRatio),
    output_input_ratio: {
      fold: 'sum',
      of: `CASE WHEN ${isRatio} THEN ${nine} * ${dialect.asWide('1000')} + ${dialect.asWide(dialect.divided('mod(t_output * 1000000000, t_input) * 2000 + t_input', '2 * t_input'))} END`,
      wide: true,
    },
    output_input_ratio_rows: counted(isRatio),
    sent_rows: counted('t_input > 0'),
    max_tokens_rows: counted('t_max_tokens > 0 AND t_output IS NOT NULL'),
    attempt_rows: present('t_attempt'),
    later_attempt_rows: counted('t_attempt > 1'),
    later_attempt_cost_usd: money('c_cost', 't_attempt > 1'),
    cache_type_rows: counted("a_cache_type <> ''"),
    exact_hits: counted("a_cache_hit = 1 AND lower(a_cache_type) = 'exact'"),
    semantic_hits: counted("a_cache_hit = 1 AND lower(a_cache_type) = 'semantic'"),
    latency_ms: measure('latency_ms', '1e3'),
    latency_rows: present('a_latency_ms'),
    max_latency_ms: { fold: 'max', of: 'a_latency_ms' },
    ttft_rows: present('a_ttft_ms'),
    quality_score: measure('quality_score', '1e9'),
    quality_score_rows: present('a_quality_score'),
    groundedness: measure('groundedness', '1e9'),
    groundedness_rows: present('a_groundedness'),
    retrieval_score: measure('retrieval_score', '1e9'),
    retrieval_score_rows: present('a_retrieval_score'),
    user_feedback: measure('user_feedback', '1e9'),
    user_feedback_rows: present('a_user_feedback'),
  }
}

/** Labels of a cell, as the layers before have them; `''` for none. */
export const labelSources = {
  provider: 'k_provider',
  model: 'k_model',
  feature: "CASE WHEN a_feature = '' THEN a_endpoint ELSE a_feature END",
  endpoint: 'a_endpoint',
  team: 'a_team',
  environment: 'a_environment',
  project: 'a_project',
  operation: 'a_operation',
  service_tier: 'k_tier',
  source: 'a_source',
  cost_basis: 'c_basis',
  status: 'w_status',
  finish_reason: 'a_finish_reason',
} as const

/** Columns of an answer that say which cell it is. */
export const keyColumns = ['quarter', 'refused', ...Object.keys(labelSources), 'cache_hit'] as const
/** How many rows of the table the cell has, and what its hour is made of, which is the same in all cells of it. */
export const hourColumns = [
  'row_count',
  'hour_rows',
  'hour_cells',
  'hour_version',
  'hour_tokens',
  'hour_cost',
] as const

/**
 * The cells of priced calls. A refused row counts in a cell of its reason, which has no figures: so each row of an
 * hour is in one cell, and who reads them sees whether all are there.
 */
export function cells(dialect: Dialect, calls: string): string {
  const isCall = 'r_refused IS NULL'
  const text = (sql: string): string => `CASE WHEN ${isCall} THEN CASE WHEN ${sql} <> '' THEN ${sql} END END`
  const keyed = layered(
    {
      g_quarter: dialect.divided('a_us', String(quarterMicros)),
      g_refused: 'r_refused',
      ...Object.fromEntries(
        Object.entries(labelSources).map(([name, sql]) => [`g_${name}`, text(`(${sql})`)]),
      ),
      g_cache_hit: `CASE WHEN ${isCall} THEN a_cache_hit END`,
    },
    calls,
  )
  const keys = keyColumns.map((name) => `g_${name}`)
  const figures = Object.entries(folds(dialect)).map(
    ([name, fold]) => `${folded(dialect, fold, isCall)} AS s_${name}`,
  )
  const grouped = `SELECT ${[...keys, ...figures].join(',\n  ')},
  count(*) AS h_rows, max(a_version) AS h_version,
  sum(${fingerprintTokens(dialect)}) AS h_tokens, sum(${fingerprintCost(dialect)}) AS h_cost
FROM (${keyed}) k GROUP BY ${keys.join(', ')}`
  const hour = dialect.divided('g_quarter', String(hourMicros / quarterMicros))
  const over = `OVER (PARTITION BY ${hour})`
  const told = [
    ...keyColumns.map((name) => [`g_${name}`, name]),
    ...Object.keys(folds(dialect)).map((name) => [`s_${name}`, `cell_${name}`]),
    ['h_rows', 'row_count'],
    [`sum(h_rows) ${over}`, 'hour_rows'],
    [`count(*) ${over}`, 'hour_cells'],
    [`max(h_version) ${over}`, 'hour_version'],
    [`sum(h_tokens) ${over}`, 'hour_tokens'],
    [`sum(h_cost) ${over}`, 'hour_cost'],
  ] as const
  return `SELECT ${told.map(([sql = '', name]) => `coalesce(${dialect.asText(sql)}, '') AS ${name}`).join(',\n  ')}\nFROM (${grouped}) c`
}

/** Sums that a fingerprint compares: whatever changed them changed the hour. */
export const fingerprintTokens = (dialect: Dialect): string =>
  dialect.asWide(
    'coalesce(a_input_tokens, 0) + 3 * coalesce(a_output_tokens, 0) + 7 * coalesce(a_total_tokens, 0)',
  )
export const fingerprintCost = (dialect: Dialect): string => `coalesce(a_cost, ${dialect.asWide('0')})`

/** A fold as one aggregate. @param isCall condition: a row takes part */
export function folded(dialect: Dialect, { fold, of, wide }: Fold, isCall: string): string {
  if (fold === 'count') return `count(CASE WHEN ${isCall} AND (${of}) THEN 1 END)`
  const value = `CASE WHEN ${isCall} THEN ${of} END`
  return `${fold}(${wide ? dialect.asWide(value) : value})`
}
