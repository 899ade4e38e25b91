/**
 * The calls that strategies look at, as one CTE, and arithmetic on their costs: DECIMAL(18,12), USD. A
 * share of an amount is a product and a whole quotient of 10^-12 USD, so that it is exact and rounded down once.
 */
import { callColumns, usageFields } from '../domain/call.js'
import { fingerprint, kept, wholeRatio } from '../metrics/dialect.js'
import { isCall } from '../metrics/measures/aggregates.js'
import type { Param } from '../metrics/query.js'
import { inScope, type Condition } from '../metrics/scope.js'
import type { Scope } from '../domain/scope.js'

const money = 'DECIMAL(18,12)'
/** SQL: 0 as money. A plain 0 beside money would make it twice as wide, and slow. */
export const noMoney = `CAST(0 AS ${money})`

/** USD as a whole number of 10^-12 USD. */
export const picosOf = (amount: string): string => `CAST(${amount} * 1000000000000 AS HUGEINT)`

const usdOfPicos = (whole: string): string =>
  `CAST(CAST(${whole} AS DECIMAL(18,0)) * CAST(0.000000000001 AS DECIMAL(12,12)) AS DECIMAL(18,12))`

/** The share of an amount that `part` is of `whole`, rounded down; both whole numbers. NULL where the whole is 0. */
export const portion = (amount: string, part: string, whole: string): string =>
  usdOfPicos(portionInPicos(amount, part, whole))

/** The same as a whole number of 10^-12 USD. */
function portionInPicos(amount: string, part: string, whole: string): string {
  const exact = wholeRatio(`${picosOf(amount)} * ${part}`, `nullif(${whole}, 0)`)
  const fast = wholeRatio(`${smallPicos(amount)} * ${part}`, `nullif(${whole}, 0)`)
  return `CASE WHEN ${amount} < 1 AND ${part} <= 1000000 THEN ${fast} ELSE CAST(${exact} AS BIGINT) END`
}

/**
 * The same of at most $100, ten times as fast: a double is off by less than 0.1 then, and rounded it is the very number.
 * That of less than a dollar fits 64 bits times a million.
 */
const smallPicos = (amount: string): string =>
  `CAST(round(CAST(${amount} AS DOUBLE) * CAST(1000000000000 AS DOUBLE)) AS BIGINT)`

/**
 * A quotient of 128 bits, five times as fast: of less than $100 a double is off by less than 0.1 of 10^-12 USD, so that
 * rounded it is the quotient or one more, which its product tells.
 * @param amount, part, whole SQL, whole numbers of 10^-12 USD; the part is not above the whole
 */
function nearRatio(amount: string, part: string, whole: string): string {
  const near = `CAST(round(CAST(${amount} AS DOUBLE) * CAST(${part} AS DOUBLE) / CAST(${whole} AS DOUBLE)) AS HUGEINT)`
  return `(${near} - CASE WHEN ${near} * ${whole} > CAST(${amount} AS HUGEINT) * ${part} THEN 1 ELSE 0 END)`
}

/** The same where part and whole are amounts. */
export function portionOfAmounts(amount: string, part: string, whole: string): string {
  const exact = wholeRatio(`${picosOf(amount)} * ${picosOf(part)}`, `nullif(${picosOf(whole)}, 0)`)
  const isSmall = `${amount} BETWEEN 0 AND 100 AND ${whole} > 0 AND ${whole} <= 100 AND ${part} BETWEEN 0 AND ${whole}`
  return usdOfPicos(
    `CASE WHEN ${isSmall} THEN ${nearRatio(smallPicos(amount), smallPicos(part), smallPicos(whole))} ELSE ${exact} END`,
  )
}

/** The same where part and whole are sums of amounts, as whole numbers of 10^-12 USD (`picosOf`). */
export function portionOfSums(amount: string, part: string, whole: string): string {
  const exact = wholeRatio(`${picosOf(amount)} * ${part}`, `nullif(${whole}, 0)`)
  const isSmall = `${amount} BETWEEN 0 AND 100 AND ${whole} BETWEEN 1 AND 1000000000000000000 AND ${part} BETWEEN 0 AND ${whole}`
  return usdOfPicos(
    `CASE WHEN ${isSmall} THEN ${nearRatio(smallPicos(amount), part, whole)} ELSE ${exact} END`,
  )
}

/** A part of the list cost, as the same share of the cost that counts where that is another. */
const partOf = (column: string): string =>
  `CASE WHEN cost_basis = 'list' THEN coalesce(${column}, ${noMoney})
          WHEN list_cost_usd > 0 THEN ${portionOfAmounts('cost_usd', `coalesce(${column}, ${noMoney})`, 'list_cost_usd')} END`

/** SQL over `calls`: they are of the scope; totals of sessions are none. */
export function inWindow(scope: Scope): Condition {
  const { sql, params } = inScope(scope)
  return { sql: `${sql} AND ${isCall}`, params }
}

/** Columns of words of which a log has few: who groups by them compares short texts, or numbers. */
export const wordColumns = [
  'provider',
  'model',
  'feature',
  'user_id',
  'environment',
  'operation',
  'service_tier',
  'speed',
  'region',
] as const

/** Columns that a log may lack. */
const plainColumns = [
  ...wordColumns,
  ...usageFields,
  'total_tokens',
  'reported_cost_usd',
  'unread_usage',
  'unpriced_usage',
  'latency_ms',
  'ttft_ms',
  'temperature',
  'max_tokens',
  'attempt',
  'cache_hit',
] as const

/**
 * What is told of columns by yes and no, which is quicker to keep and to ask than words: its name, SQL, the column, and what
 * holds where no call has that.
 */
const flags = [
  ['is_listed', `coalesce(cost_basis = 'list', FALSE)`, 'cost_basis', 'FALSE'],
  ['is_error', `coalesce(status = 'error', FALSE)`, 'status', 'FALSE'],
  [
    'is_cut_off',
    `coalesce(finish_reason IN ('length', 'context_exceeded'), FALSE)`,
    'finish_reason',
    'FALSE',
  ],
  ['has_ended', `coalesce(finish_reason, 'stop') = 'stop'`, 'finish_reason', 'TRUE'],
  ['has_prompt', 'prompt_hash IS NOT NULL', 'prompt_hash', 'FALSE'],
  ['has_session', 'session_id IS NOT NULL', 'session_id', 'FALSE'],
  ['has_trace', 'trace_id IS NOT NULL', 'trace_id', 'FALSE'],
] as const

/** Texts that are told apart by numbers. */
const numbers = [
  ['prompt_no', 'prompt_hash'],
  ['session_no', 'session_id'],
] as const

export const optionalColumns: readonly string[] = [
  ...new Set([...plainColumns, ...flags.map(([, , column]) => column)]),
]

/** Columns that only tables of `--explain` read. */
const detailColumns = [
  'call_id',
  'source',
  'endpoint',
  'prompt_name',
  'trace_id',
  'quality_score',
  'user_feedback',
]

/** The calls that strategies look at, in the form in which their statements name them. */
export interface ScopedCalls {
  /** A CTE, `scoped_calls`. */
  readonly cte: string
  readonly params: Readonly<Record<string, Param>>
  /** Columns that no call has: nothing need be worked out with them. */
  readonly absent: ReadonlySet<string>
}

/** What is known of the calls before they are read. */
interface Reading {
  readonly absent: ReadonlySet<string>
  readonly withDetails?: boolean
  /** How a column of words is read, as SQL; absent: as it is. */
  readonly word?: (column: string) => string
  /** Whether a column is read at all; absent: all are. */
  readonly isNamed?: (column: string) => boolean
}

/** A SELECT of all that has to be read of `calls`; `scopedCte` adds what follows from it. */
export function readCalls(scope: Scope, reading: Reading): Condition {
  const { absent, withDetails = false, word = String, isNamed = () => true } = reading
  const { sql: condition, params } = inWindow(scope)
  const joined = numbers.filter(([name, column]) => isNamed(name) && !absent.has(column))
  const columns: (readonly [name: string, sql: string])[] = [
    ['mark', fingerprint(['call_id', 'source'])],
    ...plainColumns
      .filter((name) => !absent.has(name))
      .map((name) => [name, isWord(name) ? word(name) : name] as const),
    ...flags.filter(([, , column]) => !absent.has(column)).map(([name, sql]) => [name, sql] as const),
    ['list_cost_usd', 'list_cost_usd'],
    ['uncached_cost', partOf('list_input_cost_usd')],
    ['read_cost', partOf('list_cache_read_cost_usd')],
    ['write_cost', partOf('list_cache_write_cost_usd')],
  ]
  // Worked out before the joins, where a column's words are still read by their places in its dictionary.
  const read = [
    'ts',
    'cost_usd AS cost',
    `coalesce(${partOf('list_output_cost_usd')}, ${noMoney}) AS output_cost`,
    ...columns.filter(([name]) => isNamed(name)).map(([name, sql]) => `${sql} AS ${name}`),
    ...joined.map(([, column]) => column),
    ...(withDetails ? detailColumns : []),
  ].join(', ')
  const own = `SELECT ${read} FROM calls WHERE ${condition}`
  if (joined.length === 0) return { sql: own, params }
  const sql = /* sql */ `SELECT * EXCLUDE (${joined.map(([, column]) => `${column}, own_${column}`).join(', ')})
      FROM (${own})
      ${joined.map(([name, column]) => numbered(column, name, condition)).join('\n      ')}`
  return { sql, params }
}

/** Numbers for the texts of a column that several calls have: what comes once is joined to nothing. */
const numbered = (column: string, number: string, condition: string): string =>
  `LEFT JOIN (SELECT ${column} AS own_${column}, row_number() OVER () AS ${number} FROM calls
        WHERE ${condition} AND ${column} IS NOT NULL GROUP BY ${column} HAVING count(*) > 1) ON ${column} = own_${column}`

const isWord = (name: string): boolean => wordColumns.some((one) => one === name)

const types = new Map<string, string>(callColumns.map(({ name, type }) => [name, type]))

/**
 * `scoped_calls` over what `readCalls` read: every call of the scope with its columns (those that only details read,
 * where they were asked for; not the texts of `prompt_hash` and `session_id`), and
 * - `call_no`: tells it from all others
 * - `mark`: a number made of its ids, to put calls of one moment into an order
 * - `is_listed`: its cost is that of the list; `is_error`; `is_cut_off`; `has_ended` by itself, or nothing says so
 * - `has_prompt`, `has_session`, `has_trace`; `prompt_no`, `session_no`: NULL where no other call has the same
 * - `cost`: NULL without a price
 * - `uncached_cost`, `read_cost`, `write_cost`: of the input that was not cached, read from and written to the
 *   provider's prompt cache; NULL where the log says the cost as one number and no list price parts it
 * - `output_cost`, 0 in that case, and `input_cost`: all but that
 */
export function scopedCte({ relation, callNo, absent, how, isNamed = () => true }: Shape): string {
  const columns: (readonly [name: string, sql: string])[] = [
    ['call_no', callNo],
    ['input_cost', 'CAST(cost - output_cost AS DECIMAL(18,12))'],
    ['cost_usd', 'cost'],
    ['cost_basis', `CASE WHEN ${absent.has('cost_basis') ? 'FALSE' : 'is_listed'} THEN 'list' END`],
    ['status', `CASE WHEN ${absent.has('status') ? 'FALSE' : 'is_error'} THEN 'error' END`],
    ...plainColumns
      .filter((name) => absent.has(name))
      .map((name) => [name, `CAST(NULL AS ${types.get(name)})`] as const),
    ...flags
      .filter(([, , column]) => absent.has(column))
      .map(([name, , , nothing]) => [name, nothing] as const),
    ...numbers
      .filter(([, column]) => absent.has(column))
      .map(([name]) => [name, 'CAST(NULL AS BIGINT)'] as const),
    // Of those before that are missing, too.
    ...tokens,
  ]
  const named = columns.filter(([name]) => isNamed(name)).map(([name, sql]) => `${sql} AS ${name}`)
  return /* sql */ `scoped_calls AS ${how} (
      SELECT *, ${named.join(', ')}
      FROM ${relation}
    )`
}

/** How `scoped_calls` is made. */
interface Shape extends Pick<Reading, 'absent' | 'isNamed'> {
  /** What was read, in brackets or by its name. */
  readonly relation: string
  /** SQL. */
  readonly callNo: string
  /** What stands after AS. */
  readonly how: string
}

/**
 * The same read by the statement itself, for who has nothing but the store.
 * @param named SQL: only columns that it names are read; absent: all
 */
export function scopedCalls(
  scope: Scope,
  absent: ReadonlySet<string> = new Set(),
  named?: string,
): ScopedCalls {
  const words = new Set(named?.match(/\w+/g))
  const derived = [...tokens, ['cost_basis', 'is_listed'], ['status', 'is_error']] as const
  for (const [name, from] of derived)
    if (words.has(name)) for (const word of from.match(/\w+/g) ?? []) words.add(word)
  const isNamed = (column: string): boolean => named === undefined || words.has(column)
  const { sql, params } = readCalls(scope, { absent, isNamed })
  const cte = scopedCte({ relation: `(${sql})`, callNo: 'row_number() OVER ()', how: kept, absent, isNamed })
  return { cte, params, absent }
}

/** SQL over `calls`: its cost is known as parts, so that a share of the tokens is a share of the cost. */
export const hasParts = `(cost_usd IS NULL OR cost_usd = 0 OR cost_basis = 'list' OR coalesce(list_cost_usd > 0, FALSE))`

/** Columns of `scoped_calls`: tokens of the input by how they were priced; 0 where nothing is logged. */
export const inputTokens = {
  read: 'tokens_read',
  write: 'tokens_written',
  uncached: 'tokens_uncached',
} as const

const read = 'coalesce(cache_read_input_tokens, 0)'
const written =
  'greatest(coalesce(cache_creation_input_tokens, 0), coalesce(cache_creation_1h_input_tokens, 0))'
const tokens = [
  [inputTokens.read, read],
  [inputTokens.write, written],
  [inputTokens.uncached, `greatest(coalesce(input_tokens, 0) - ${read} - ${written}, 0)`],
] as const

/**
 * What a call's input would have cost less without some of its tokens: those go first that were read from the
 * provider's cache, as they cost least, then those that were not cached, then those that were written. NULL where the
 * cost is not parted.
 * @param tokens SQL, a whole number that is not negative; a column's name, as it stands in many places
 */
export function inputTaken(tokens: string): string {
  const { read, write, uncached } = inputTokens
  const part = (cost: string, taken: string, of: string): string =>
    `CASE WHEN ${of} > 0 AND ${taken} > 0 THEN ${portionInPicos(cost, `least(${taken}, ${of})`, of)} ELSE 0 END`
  const picos = `${part('read_cost', tokens, read)}
      + ${part('uncached_cost', `(${tokens} - ${read})`, uncached)}
      + ${part('write_cost', `(${tokens} - ${read} - ${uncached})`, write)}`
  return `CASE WHEN uncached_cost IS NOT NULL AND ${tokens} > 0 THEN ${usdOfPicos(picos)} END`
}

/** SQL: the order of calls in time, the same whatever the threads; at one moment by their ids. */
export const inTime = 'ts, mark'

/** SQL over `scoped_calls`: a provider was reached. */
export const reached = 'NOT coalesce(cache_hit, FALSE)'

/** SQL over `scoped_calls`: it did not fail. */
export const succeeded = 'NOT is_error'

/** What tokens cost at a price per million, USD. @param price SQL, a column of `rates` or a difference of two */
export const tokenCost = (tokens: string, price: string): string =>
  `CAST(CAST(${tokens} AS DECIMAL(10,0)) * CAST(${price} AS DECIMAL(18,9)) * 0.000001 AS DECIMAL(18,12))`
