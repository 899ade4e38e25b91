/**
 * Pricing in SQL, written once: which rate a call falls under, and what it costs.
 *
 * Money stays DECIMAL from the first product to the last sum, so that it is exact and the same whatever
 * the order of threads: tokens × price × multiplier × 0.000001 (a division would make it a double), each
 * part rounded once to twelve places, the whole the sum of the rounded parts. A part beyond what
 * DECIMAL(18,12) holds (a million dollars) is NULL, and the call unpriced, rather than wrong.
 */
import type { CostBasis } from '../domain/basis.js'
import { rateColumns } from '../domain/rate.js'

/** Columns of `calls` that pricing fills, in stored order. */
export const pricedColumnNames = [
  'list_input_cost_usd',
  'list_cache_read_cost_usd',
  'list_cache_write_cost_usd',
  'list_output_cost_usd',
  'list_other_cost_usd',
  'list_cost_usd',
  'cost_usd',
  'cost_basis',
  'partly_priced',
] as const

export type PricedColumn = (typeof pricedColumnNames)[number]

const money = 'DECIMAL(18,12)'

/**
 * The ON clause that gives a call its one rate, or none.
 * @param call SQL alias of a relation with the columns of `calls`
 * @param rate SQL alias of `rates`
 */
export function rateJoin(call: string, rate: string): string {
  const size = `coalesce(${call}.input_tokens, 0)`
  const minute = `epoch_us(${call}.ts) // 60000000 % 1440`
  return /* sql */ `${call}.provider = ${rate}.provider AND ${call}.model = ${rate}.model
    AND ${call}.ts >= ${rate}.valid_from AND ${call}.ts < ${rate}.valid_to
    AND ${size} > ${rate}.band_lo AND ${size} <= ${rate}.band_hi
    AND (${rate}.minute_hi - ${rate}.minute_lo = 1440 OR (${minute} >= ${rate}.minute_lo AND ${minute} < ${rate}.minute_hi))`
}

export interface PricedQuery {
  /** Relation with the columns of `calls`; those that pricing fills may be absent. */
  readonly calls: string
  /** Relation with the columns of `rates`. */
  readonly rates: string
  /** Columns to pass on, as SQL of a SELECT list in which the call is `c`: `c.*`, `c.call_id, c.ts`. */
  readonly keep: string
  readonly basis: CostBasis
}

/**
 * A query that prices every call: the kept columns, then the priced ones. It is built in layers, each of
 * which names what the next one needs, so that nothing is computed twice.
 */
export function pricedQuery({ calls, rates, keep, basis }: PricedQuery): string {
  const outcome = outcomes(basis)
  return /* sql */ `SELECT * EXCLUDE (${[...usedColumns, ...layerColumns].map((name) => `p_${name}`).join(', ')}),
    ${outcome.cost} AS cost_usd,
    ${outcome.basis} AS cost_basis,
    p_partly AND coalesce(${outcome.basis} = 'list', false) AS partly_priced
  FROM (SELECT *, TRY_CAST(${listParts.join(' + ')} AS ${money}) AS list_cost_usd
  FROM (SELECT *, ${named(costs())}
  FROM (SELECT *, ${named(counts())}
  FROM (SELECT ${keep},
    ${usedCalls.map((name) => `c.${name} AS p_${name}`).join(', ')},
    ${usedRates.map((name) => `r.${name} AS p_${name}`).join(', ')},
    r.provider IS NOT NULL AS p_rated
  FROM ${calls} c LEFT JOIN ${rates} r ON ${rateJoin('c', 'r')}))))`
}

const listParts = [
  'list_input_cost_usd',
  'list_cache_read_cost_usd',
  'list_cache_write_cost_usd',
  'list_output_cost_usd',
  'list_other_cost_usd',
] as const
type ListPart = (typeof listParts)[number]

/** Columns of the call and of its rate that pricing reads; within the query they carry the prefix `p_`. */
const usedCalls = [
  'input_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'cache_creation_1h_input_tokens',
  'output_tokens',
  'reasoning_output_tokens',
  'input_audio_tokens',
  'output_audio_tokens',
  'web_search_requests',
  'reported_cost_usd',
  'status',
  'cache_hit',
  'service_tier',
] as const
const usedRates = [
  'input_price',
  'cache_read_price',
  'cache_write_price',
  'cache_write_1h_price',
  'output_price',
  'reasoning_output_price',
  'input_audio_price',
  'output_audio_price',
  'request_price',
  'web_search_price',
  'batch_multiplier',
  'flex_multiplier',
  'priority_multiplier',
] as const
const usedColumns = [...usedCalls, ...usedRates, 'rated'] as const

const named = (columns: Readonly<Record<string, string>>): string =>
  Object.entries(columns)
    .map(([name, sql]) => `${sql} AS ${name}`)
    .join(',\n    ')

const known = (name: (typeof usedCalls)[number]): string => `coalesce(p_${name}, 0)`

/** The call's tokens in disjoint kinds, so that none is billed twice; counts that overlap are cut. */
function counts(): Record<string, string> {
  const writes = `greatest(${known('cache_creation_input_tokens')}, ${known('cache_creation_1h_input_tokens')})`
  const uncached = `greatest(${known('input_tokens')} - ${known('cache_read_input_tokens')} - ${writes}, 0)`
  const audioOut = `least(${known('output_audio_tokens')}, ${known('output_tokens')})`
  const without = (count: string, price: string): string => `(p_${count} > 0 AND p_${price} IS NULL)`
  const uses = [
    without('input_audio_tokens', 'input_audio_price'),
    without('output_audio_tokens', 'output_audio_price'),
    without('web_search_requests', 'web_search_price'),
    without('input_tokens', 'input_price'),
    without('output_tokens', 'output_price'),
    ...['batch', 'flex', 'priority'].map(
      (tier) => `(p_service_tier = '${tier}' AND p_${tier}_multiplier IS NULL)`,
    ),
  ]
  return {
    p_uncached: uncached,
    p_write_5m: `${writes} - ${known('cache_creation_1h_input_tokens')}`,
    p_audio_out: audioOut,
    p_scale: multiplier(),
    p_unanswered: `coalesce(p_status = 'error', false) AND ${known('input_tokens')} = 0 AND ${known('output_tokens')} = 0`,
    p_partly: `coalesce(${uses.join(' OR ')}, false)`,
  }
}

const layerColumns = ['uncached', 'write_5m', 'audio_out', 'scale', 'unanswered', 'partly'] as const

/** A millionth, times the multiplier of the call's service tier; unknown multipliers count as 1. */
function multiplier(): string {
  const times = (tier: string): string => `coalesce(p_${tier}_multiplier, 1)`
  return `CASE WHEN p_service_tier IS NULL OR p_service_tier = 'standard' THEN CAST(0.000001 AS DECIMAL(18,12)) ELSE
      CAST(CASE p_service_tier WHEN 'batch' THEN ${times('batch')} WHEN 'flex' THEN ${times('flex')}
      WHEN 'priority' THEN ${times('priority')} ELSE 1 END * 0.000001 AS DECIMAL(18,12)) END`
}

function costs(): Record<ListPart, string> {
  const listed = `p_rated AND (p_input_tokens IS NOT NULL OR p_output_tokens IS NOT NULL OR (p_request_price IS NOT NULL AND NOT p_unanswered))`
  const part = (...products: string[]): string =>
    `CASE WHEN ${listed} THEN TRY_CAST(${products.join(' + ')} AS ${money}) END`
  const tokens = (count: string, price: string): string => product(count, price, 'p_scale')
  const audioIn = `least(${known('input_audio_tokens')}, p_uncached)`
  const textOut = `(${known('output_tokens')} - p_audio_out)`
  const reasoning = `least(${known('reasoning_output_tokens')}, ${textOut})`
  return {
    list_input_cost_usd: part(tokens(`(p_uncached - ${audioIn})`, 'p_input_price')),
    list_cache_read_cost_usd: part(tokens(known('cache_read_input_tokens'), 'p_cache_read_price')),
    list_cache_write_cost_usd: part(
      tokens('p_write_5m', 'p_cache_write_price'),
      tokens(known('cache_creation_1h_input_tokens'), 'p_cache_write_1h_price'),
    ),
    list_output_cost_usd: `CASE WHEN p_reasoning_output_price IS NULL THEN ${part(tokens(textOut, 'p_output_price'))}
      ELSE ${part(tokens(`(${textOut} - ${reasoning})`, 'p_output_price'), tokens(reasoning, 'p_reasoning_output_price'))} END`,
    // Audio without a price of its own is priced as text: a floor, and the call counts as partly priced.
    list_other_cost_usd: part(
      tokens(audioIn, 'coalesce(p_input_audio_price, p_input_price)'),
      tokens('p_audio_out', 'coalesce(p_output_audio_price, p_output_price)'),
      product('CASE WHEN p_unanswered THEN 0 ELSE 1 END', 'p_request_price', perThousand),
      product(known('web_search_requests'), 'p_web_search_price', perThousand),
    ),
  }
}

/** Prices of requests and searches are per thousand, and no service tier changes them. */
const perThousand = 'CAST(0.001 AS DECIMAL(18,12))'

/**
 * Count × unit price × scale, exact; 0 where the count is 0 or no price is known. The count is made
 * DECIMAL(19,0) first: a product of two decimals of 18 digits or fewer would be held in 18, and overflow.
 */
function product(count: string, price: string, scale: string): string {
  return `CASE WHEN ${count} > 0 AND ${price} > 0 THEN CAST(${count} AS DECIMAL(19,0)) * ${price} * ${scale} ELSE 0 END`
}

/** What counts as the call's cost, and on which basis; NULL both when nothing is known. */
function outcomes(basis: CostBasis): { cost: string; basis: string } {
  const used = `(${known('input_tokens')} > 0 OR ${known('output_tokens')} > 0)`
  // Trackers write 0 for models they do not know.
  const reported = `(p_reported_cost_usd <> 0 OR (p_reported_cost_usd = 0 AND NOT (${used} AND list_cost_usd IS NULL)))`
  const whenListed = ['list_cost_usd IS NOT NULL', 'list_cost_usd', "'list'"] as const
  const whenReported = [reported, 'p_reported_cost_usd', "'reported'"] as const
  const cases = [
    [
      'p_cache_hit',
      basis === 'list-first' ? '0' : 'coalesce(p_reported_cost_usd, 0)',
      "'response_cache'",
    ] as const,
    ...(basis === 'list-first' ? [whenListed, whenReported] : [whenReported, whenListed]),
    ['p_unanswered', '0', "'no_usage'"] as const,
  ]
  const choose = (pick: 1 | 2): string => cases.map((one) => `WHEN ${one[0]} THEN ${one[pick]}`).join(' ')
  return { cost: `CAST(CASE ${choose(1)} END AS ${money})`, basis: `CASE ${choose(2)} END` }
}

/**
 * A query whose rows are rates, given as one parameter `$rates`: `JSON.stringify(rates)`. Prices pass from
 * text to DECIMAL without becoming doubles, and no value becomes SQL.
 */
export const ratesQuery = /* sql */ `SELECT unnest(from_json(CAST($rates AS JSON), '[${JSON.stringify(
  Object.fromEntries(rateColumns.map(({ name, type }) => [name, type])),
)}]'), recursive := true)`
