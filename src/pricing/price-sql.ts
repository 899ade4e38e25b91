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

/**
 * The priced columns of a call that was LEFT JOINed to its rate.
 * @param call SQL alias of a relation with the columns of `calls`
 * @param rate SQL alias of `rates`, joined on `rateJoin`
 */
export function pricedColumns(call: string, rate: string, basis: CostBasis): Record<PricedColumn, string> {
  const list = listCosts(call, rate)
  const outcome = outcomes(call, list.list_cost_usd, basis)
  return {
    ...list,
    cost_usd: outcome.cost,
    cost_basis: outcome.basis,
    partly_priced: `coalesce(${outcome.basis} = 'list' AND (${unpricedUse(call, rate)}), false)`,
  }
}

/**
 * A query that prices every call of a relation: the columns `keep`, then the priced columns.
 * @param from relation with the columns of `calls`, save the priced ones
 * @param keep SQL of the columns to pass on, as they stand in a SELECT list with alias `c`
 */
export function pricedQuery(from: string, rates: string, keep: string, basis: CostBasis): string {
  const columns = pricedColumns('c', 'r', basis)
  const list = pricedColumnNames.map((name) => `${columns[name]} AS ${name}`).join(',\n    ')
  return /* sql */ `SELECT ${keep},\n    ${list}\n  FROM ${from} c LEFT JOIN ${rates} r ON ${rateJoin('c', 'r')}`
}

type ListColumn = Exclude<PricedColumn, 'cost_usd' | 'cost_basis' | 'partly_priced'>

function listCosts(c: string, r: string): Record<ListColumn, string> {
  const n = counts(c)
  const tier = multiplier(c, r)
  const known = `${r}.provider IS NOT NULL AND (${c}.input_tokens IS NOT NULL OR ${c}.output_tokens IS NOT NULL OR (${r}.request_price IS NOT NULL AND NOT ${unanswered(c)}))`
  const part = (...products: string[]): string => `CASE WHEN ${known} THEN TRY_CAST(${products.join(' + ')} AS ${money}) END`
  const tokens = (count: string, price: string): string => product(count, price, tier)
  const output = `coalesce(${r}.output_price, 0)`
  const parts = {
    list_input_cost_usd: part(tokens(n.textIn, `coalesce(${r}.input_price, 0)`)),
    list_cache_read_cost_usd: part(tokens(n.cacheRead, `coalesce(${r}.cache_read_price, 0)`)),
    list_cache_write_cost_usd: part(
      tokens(n.write5m, `coalesce(${r}.cache_write_price, 0)`),
      tokens(n.write1h, `coalesce(${r}.cache_write_1h_price, 0)`),
    ),
    list_output_cost_usd: part(
      tokens(`${n.textOut} - ${n.reasoning}`, output),
      tokens(n.reasoning, `coalesce(${r}.reasoning_output_price, ${output})`),
    ),
    // Audio without a price of its own is priced as text: a floor, and the call counts as partly priced.
    list_other_cost_usd: part(
      tokens(n.audioIn, `coalesce(${r}.input_audio_price, ${r}.input_price, 0)`),
      tokens(n.audioOut, `coalesce(${r}.output_audio_price, ${output})`),
      product(`CASE WHEN ${unanswered(c)} THEN 0 ELSE 1 END`, `coalesce(${r}.request_price, 0)`, perThousand),
      product(n.searches, `coalesce(${r}.web_search_price, 0)`, perThousand),
    ),
  }
  return { ...parts, list_cost_usd: `TRY_CAST(${Object.values(parts).join(' + ')} AS ${money})` }
}

/** Prices of requests and searches are per thousand, and no service tier changes them. */
const perThousand = 'CAST(0.001 AS DECIMAL(18,12))'

/**
 * Count × unit price × scale, exact. The count is made DECIMAL(19,0) first: a product of two decimals of
 * 18 digits or fewer would be held in 18, and overflow.
 */
function product(count: string, price: string, scale: string): string {
  return `CASE WHEN ${count} > 0 THEN CAST(${count} AS DECIMAL(19,0)) * CAST(${price} AS DECIMAL(18,9)) * ${scale} ELSE 0 END`
}

/** A millionth, times the multiplier of the call's service tier; unknown multipliers count as 1. */
function multiplier(c: string, r: string): string {
  const times = (name: string): string => `coalesce(${r}.${name}_multiplier, 1)`
  return `CAST(CASE ${c}.service_tier WHEN 'batch' THEN ${times('batch')} WHEN 'flex' THEN ${times('flex')}
      WHEN 'priority' THEN ${times('priority')} ELSE 1 END * 0.000001 AS DECIMAL(18,12))`
}

/** A failed call without a token: no answer came, and nothing is billed. */
function unanswered(c: string): string {
  return `(coalesce(${c}.status = 'error', false) AND coalesce(${c}.input_tokens, 0) = 0 AND coalesce(${c}.output_tokens, 0) = 0)`
}

/** The call's tokens in disjoint kinds, so that none is billed twice. Counts that overlap are cut. */
function counts(c: string) {
  const known = (name: string): string => `coalesce(${c}.${name}, 0)`
  const cacheRead = known('cache_read_input_tokens')
  const oneHour = known('cache_creation_1h_input_tokens')
  const writes = `greatest(${known('cache_creation_input_tokens')}, ${oneHour})`
  const uncached = `greatest(${known('input_tokens')} - ${cacheRead} - ${writes}, 0)`
  const audioIn = `least(${known('input_audio_tokens')}, ${uncached})`
  const output = known('output_tokens')
  const audioOut = `least(${known('output_audio_tokens')}, ${output})`
  const textOut = `(${output} - ${audioOut})`
  return {
    textIn: `(${uncached} - ${audioIn})`,
    audioIn,
    cacheRead,
    write5m: `(${writes} - ${oneHour})`,
    write1h: oneHour,
    textOut,
    audioOut,
    reasoning: `least(${known('reasoning_output_tokens')}, ${textOut})`,
    searches: known('web_search_requests'),
  }
}

/** What counts as the call's cost, and on which basis; NULL both when nothing is known. */
function outcomes(c: string, list: string, basis: CostBasis): { cost: string; basis: string } {
  const hit = `coalesce(${c}.cache_hit, false)`
  const used = `(coalesce(${c}.input_tokens, 0) > 0 OR coalesce(${c}.output_tokens, 0) > 0)`
  // Trackers write 0 for models they do not know.
  const reported = `(${c}.reported_cost_usd <> 0 OR (${c}.reported_cost_usd = 0 AND NOT (${used} AND ${list} IS NULL)))`
  const whenListed = [`${list} IS NOT NULL`, list, "'list'"] as const
  const whenReported = [reported, `${c}.reported_cost_usd`, "'reported'"] as const
  const cases = [
    [hit, basis === 'list-first' ? '0' : `coalesce(${c}.reported_cost_usd, 0)`, "'response_cache'"] as const,
    ...(basis === 'list-first' ? [whenListed, whenReported] : [whenReported, whenListed]),
    [unanswered(c), '0', "'no_usage'"] as const,
  ]
  const choose = (pick: 1 | 2): string => cases.map((one) => `WHEN ${one[0]} THEN ${one[pick]}`).join(' ')
  return { cost: `CAST(CASE ${choose(1)} END AS ${money})`, basis: `CASE ${choose(2)} END` }
}

/** The call used something that the rate has no price for. */
function unpricedUse(c: string, r: string): string {
  const without = (count: string, price: string): string => `(${c}.${count} > 0 AND ${r}.${price} IS NULL)`
  const tier = (name: string): string => `(${c}.service_tier = '${name}' AND ${r}.${name}_multiplier IS NULL)`
  const uses = [
    without('input_audio_tokens', 'input_audio_price'),
    without('output_audio_tokens', 'output_audio_price'),
    without('web_search_requests', 'web_search_price'),
    without('input_tokens', 'input_price'),
    without('output_tokens', 'output_price'),
    ...['batch', 'flex', 'priority'].map(tier),
  ]
  return uses.map((use) => `coalesce(${use}, false)`).join(' OR ')
}

/**
 * A query whose rows are rates, given as one parameter `$rates`: `JSON.stringify(rates)`. Prices pass from
 * text to DECIMAL without becoming doubles, and no value becomes SQL.
 */
export const ratesQuery = /* sql */ `SELECT unnest(from_json(CAST($rates AS JSON), '[${JSON.stringify(
  Object.fromEntries(rateColumns.map(({ name, type }) => [name, type])),
)}]'), recursive := true)`
