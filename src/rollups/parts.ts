/**
 * rollups: sums of calls by quarter-hour and label, kept in the store beside the calls, from which the questions
 * of a large store are answered.
 *
 * This file is the one list of the additive parts that measures are made of. A part of many calls is that of their
 * groups added up (or the least, or the greatest), to the last digit: sums are of whole numbers and decimals, never
 * of doubles. The columns of the cubes are these parts.
 */
import { sessionTotal } from '../domain/call.js'

/** A condition on labels of the cubes, so that it can be asked of a cell as of a call. */
export const conditions = {
  /** A session's total is no call, though its tokens and dollars count. */
  call: `operation IS DISTINCT FROM '${sessionTotal}'`,
  session_total: `operation IS NOT DISTINCT FROM '${sessionTotal}'`,
  ok: "status = 'ok'",
  failed: "status = 'error'",
  with_status: 'status IS NOT NULL',
  hit: 'cache_hit',
  not_hit: 'cache_hit IS NOT TRUE',
  with_cache_hit: 'cache_hit IS NOT NULL',
  /** A provider answered it: neither a hit of the response cache nor failed, which take another time. */
  answered: "cache_hit IS NOT TRUE AND status IS DISTINCT FROM 'error'",
  /** A provider was sent its input: hits of the response cache send none. */
  sent: `operation IS DISTINCT FROM '${sessionTotal}' AND cache_hit IS NOT TRUE`,
  with_finish_reason: 'finish_reason IS NOT NULL',
  stop: "finish_reason = 'stop'",
  length: "finish_reason = 'length'",
  context_exceeded: "finish_reason = 'context_exceeded'",
  tool_calls: "finish_reason = 'tool_calls'",
  content_filter: "finish_reason = 'content_filter'",
  error_finish: "finish_reason = 'error'",
  other_finish: "finish_reason = 'other'",
  truncated: "finish_reason IN ('length', 'context_exceeded')",
} as const satisfies Readonly<Record<string, string>>

export type ConditionName = keyof typeof conditions

export interface Part {
  readonly fold: 'count' | 'sum' | 'min' | 'max'
  /** SQL over a call; of a count: what must not be NULL. Absent: each row counts. */
  readonly value?: string
  /** SQL over a call, true where it takes part; absent: always. */
  readonly where?: string
  /** SQL type of the sum, and of the cube's column. */
  readonly type: string
  /** A column that many logs lack: where no call has it, the part is that of none. */
  readonly rare?: string
}

const count = (value?: string): Part => ({ fold: 'count', type: 'BIGINT', ...(value && { value }) })
const countWhere = (where: string): Part => ({ fold: 'count', where, type: 'BIGINT' })
/** No sum of tokens of a cell passes 64 bits: a call has 1e9 of them at most. */
const tokens = (value: string, where?: string): Part => ({
  fold: 'sum',
  value,
  type: 'BIGINT',
  ...(where && { where }),
})
const money = (value: string, where?: string): Part => ({
  fold: 'sum',
  value,
  type: 'DECIMAL(38,12)',
  ...(where && { where }),
})
/** A whole number of units as a decimal: multiplying by the unit only moves the point. @param unit `0.001` */
const pointMoved = (whole: string, unit: string): string =>
  `CAST(${whole} AS DECIMAL(19,0)) * CAST(${unit} AS DECIMAL(12,12))`

/**
 * Doubles, each rounded to a whole number of units first: the sum of decimals does not depend on the order of
 * adding, and every engine rounds a double to a whole number alike, which it does not to a decimal.
 */
const doubles = (value: string, unit: '0.001' | '0.000000001'): Part => ({
  fold: 'sum',
  value: pointMoved(`CAST(round(${value} * ${unit === '0.001' ? '1e3' : '1e9'}) AS BIGINT)`, unit),
  type: 'DECIMAL(38,12)',
})

/** A part that there is only where calls have a column that many logs lack. */
const rare = (column: string, part: Part): Part => ({ ...part, rare: column })

const anyTokens = '(input_tokens IS NOT NULL OR output_tokens IS NOT NULL)'

/**
 * The square of a cost, with 20 places. Dividing 128-bit numbers takes a hundred times as long as multiplying them,
 * so there is no rounding of the exact square where that is beyond 64 bits: from $0.003 on it is, with c8 for the
 * cost rounded to 8 places, c8 × (2c − c8), which is the square less (c − c8)², at most 2.5e-17. Amounts of another
 * basis or currency have 18 places, of which 12 count here: all would leave too few digits before the point.
 */
const squaredCost = `CASE WHEN cost_usd < 0.003
  THEN CAST((${units()} * ${units()} + 5000) // 10000 AS DECIMAL(18,0)) * CAST(0.00000000000000000001 AS DECIMAL(20,20))
  ELSE CAST(cost_usd AS DECIMAL(18,8)) * (CAST(cost_usd AS DECIMAL(24,12)) + CAST(cost_usd AS DECIMAL(24,12)) - CAST(cost_usd AS DECIMAL(18,8))) END`

/** A small cost as a whole number of 1e-12 USD. */
function units(): string {
  return 'CAST(round(CAST(cost_usd AS DOUBLE) * 1e12) AS BIGINT)'
}

/**
 * Output over input with 12 places, rounded half up, in 64 bits. One division does it up to 100,000 tokens of output,
 * and the quotient is a decimal of 64 bits then; beyond, where either may have 1e9 tokens, nine places are divided out
 * first, and of what is left over three more.
 */
const outputOverInput = `CASE WHEN output_tokens <= 100000 AND input_tokens > 0
  THEN CAST((output_tokens * 2000000000000 + input_tokens) // (2 * input_tokens) AS DECIMAL(18,0)) * CAST(0.000000000001 AS DECIMAL(12,12))
  ELSE ${pointMoved('(output_tokens * 1000000000 // nullif(input_tokens, 0))', '0.000000001')}
  + ${pointMoved('((output_tokens * 1000000000 % nullif(input_tokens, 0) * 2000 + input_tokens) // (2 * nullif(input_tokens, 0)))', '0.000000000001')} END`

export const parts = {
  /** Calls and session totals. */
  rows: count(),
  priced_rows: count('cost_usd'),
  partly_priced_rows: rare('partly_priced', countWhere('partly_priced')),
  first_ts: { fold: 'min', value: 'ts', type: 'TIMESTAMP' },
  last_ts: { fold: 'max', value: 'ts', type: 'TIMESTAMP' },

  cost_usd: money('cost_usd'),
  min_cost_usd: { fold: 'min', value: 'cost_usd', type: 'DECIMAL(18,12)' },
  max_cost_usd: { fold: 'max', value: 'cost_usd', type: 'DECIMAL(18,12)' },
  squared_cost: {
    fold: 'sum',
    value: squaredCost,
    type: 'DECIMAL(38,20)',
  },
  list_cost_usd: money('list_cost_usd'),
  reported_cost_usd: rare('reported_cost_usd', money('reported_cost_usd')),
  /** Calls of which the log says a cost; 0 is none. */
  reported_cost_rows: rare('reported_cost_usd', countWhere('reported_cost_usd > 0')),
  /** What was paid for counted tokens, and these. */
  token_cost_usd: money('cost_usd', anyTokens),
  priced_tokens: tokens(
    'coalesce(input_tokens, 0) + coalesce(output_tokens, 0)',
    `cost_usd IS NOT NULL AND ${anyTokens}`,
  ),
  /** What was paid where output was counted, and that output where it was paid. */
  output_cost_usd: money('cost_usd', 'output_tokens IS NOT NULL'),
  priced_output_tokens: tokens('output_tokens', 'cost_usd IS NOT NULL'),

  input_tokens: tokens('input_tokens'),
  output_tokens: tokens('output_tokens'),
  total_tokens: tokens('total_tokens'),
  reasoning_output_tokens: rare('reasoning_output_tokens', tokens('reasoning_output_tokens')),
  cache_read_input_tokens: rare('cache_read_input_tokens', tokens('cache_read_input_tokens')),
  cache_creation_input_tokens: rare('cache_creation_input_tokens', tokens('cache_creation_input_tokens')),
  input_rows: count('input_tokens'),
  output_rows: count('output_tokens'),
  /** Input of calls that log their prompt cache. */
  cache_logged_input_tokens: rare(
    'cache_read_input_tokens',
    tokens('input_tokens', 'cache_read_input_tokens IS NOT NULL'),
  ),
  /** Of calls that log both. */
  output_beside_input_tokens: tokens('output_tokens', 'input_tokens IS NOT NULL'),
  input_beside_output_tokens: tokens('input_tokens', 'output_tokens IS NOT NULL'),
  output_input_rows: countWhere('input_tokens > 0 AND output_tokens IS NOT NULL'),
  output_input_ratio: {
    fold: 'sum',
    value: outputOverInput,
    type: 'DECIMAL(38,12)',
  },
  output_input_ratio_rows: count('output_tokens // nullif(input_tokens, 0)'),
  sent_rows: countWhere('input_tokens > 0'),
  max_tokens_rows: rare('max_tokens', countWhere('max_tokens > 0 AND output_tokens IS NOT NULL')),

  attempt_rows: rare('attempt', count('attempt')),
  later_attempt_rows: rare('attempt', countWhere('attempt > 1')),
  later_attempt_cost_usd: rare('attempt', money('cost_usd', 'attempt > 1')),
  cache_type_rows: rare('cache_type', count('cache_type')),
  exact_hits: rare('cache_type', countWhere("cache_hit AND lower(cache_type) = 'exact'")),
  semantic_hits: rare('cache_type', countWhere("cache_hit AND lower(cache_type) = 'semantic'")),

  latency_ms: doubles('latency_ms', '0.001'),
  latency_rows: count('latency_ms'),
  max_latency_ms: { fold: 'max', value: 'latency_ms', type: 'DOUBLE' },
  ttft_rows: rare('ttft_ms', count('ttft_ms')),

  quality_score: rare('quality_score', doubles('quality_score', '0.000000001')),
  quality_score_rows: rare('quality_score', count('quality_score')),
  groundedness: rare('groundedness', doubles('groundedness', '0.000000001')),
  groundedness_rows: rare('groundedness', count('groundedness')),
  retrieval_score: rare('retrieval_score', doubles('retrieval_score', '0.000000001')),
  retrieval_score_rows: rare('retrieval_score', count('retrieval_score')),
  user_feedback: rare('user_feedback', doubles('user_feedback', '0.000000001')),
  user_feedback_rows: rare('user_feedback', count('user_feedback')),
} as const satisfies Readonly<Record<string, Part>>

/** Counted up when a part is made otherwise: cubes of another version answer nothing and are built anew. */
export const partsVersion = 2

export type PartName = keyof typeof parts

export const partNames = Object.keys(parts) as readonly PartName[]

const partOf = (name: PartName): Part => parts[name]

/** The column of a part: no name of a column of `calls`, so that none is ever taken for the other. */
export const cellColumn = (name: PartName): string => `cell_${name}`

/**
 * A part as one aggregate, of the rows that meet a condition.
 * @param where another condition, SQL over labels and `ts`
 */
export type PartSql = (name: PartName, of?: ConditionName, where?: string) => string

/** What the condition leaves out is NULL, which no aggregate takes: a third faster than FILTER, which cuts the rows for each. */
const filtered = (
  fold: string,
  value: string | undefined,
  wheres: readonly (string | undefined)[],
): string => {
  const given = wheres.filter((where) => where !== undefined)
  if (given.length === 0) return `${fold}(${value ?? '*'})`
  return `${fold}(CASE WHEN ${given.join(' AND ')} THEN ${value ?? '1'} END)`
}

/** Over the calls themselves. */
export const partOfCalls: PartSql = (name, of, where) => {
  const { fold, value, where: own } = partOf(name)
  return filtered(fold, value, [own, of && conditions[of], where])
}

/** Over rows that have the parts as columns: cells of a cube, or calls as `partOfOne` makes them. */
export const partOfCells: PartSql = (name, of, where) =>
  foldedPart(name, cellColumn(name), [of && conditions[of], where])

/** A part from a column that holds it of each row. @param wheres conditions on the rows */
export function foldedPart(
  name: PartName,
  column: string,
  wheres: readonly (string | undefined)[] = [],
): string {
  const { fold } = partOf(name)
  const folded = filtered(fold === 'count' ? 'sum' : fold, column, wheres)
  // A count of nothing is 0.
  return fold === 'count' ? `CAST(coalesce(${folded}, 0) AS BIGINT)` : folded
}

/** A part of no calls at all. */
export function partOfNone(name: PartName): string {
  const { fold, type } = partOf(name)
  return `CAST(${fold === 'count' ? '0' : 'NULL'} AS ${type})`
}

/** Columns that parts hang on and many logs lack. */
export const rareColumns: readonly string[] = [
  ...new Set(partNames.flatMap((name) => rareColumnOf(name) ?? [])),
]

export function rareColumnOf(name: PartName): string | undefined {
  return partOf(name).rare
}

/** A part of one call as the column of a cell. */
export const partOfOne = (name: PartName): string => `${partOfOneSql(name)} AS ${cellColumn(name)}`

/** A part of one call, which it has where it meets a condition. */
export function partOfOneSql(name: PartName, of?: string): string {
  const { fold, value, where, type } = partOf(name)
  const conditions = [
    ...(of ? [`(${of})`] : []),
    ...(where ? [where] : []),
    ...(fold === 'count' && value ? [`(${value}) IS NOT NULL`] : []),
  ]
  const one = fold === 'count' ? '1' : value!
  const chosen =
    conditions.length === 0
      ? one
      : `CASE WHEN ${conditions.join(' AND ')} THEN ${one}${fold === 'count' ? ' ELSE 0' : ''} END`
  return `CAST(${chosen} AS ${type})`
}
