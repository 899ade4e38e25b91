/**
 * Pricing in SQL, written once: which rate a call falls under, and what it costs.
 *
 * Money stays DECIMAL from the first product to the last sum, so that it is exact and the same whatever
 * the order of threads: tokens × price × 0.000001 (a division would make it a double), each part rounded
 * once to twelve places, the whole the sum of the rounded parts. A part beyond what
 * DECIMAL(18,12) holds (a million dollars) is NULL, and the call unpriced, rather than wrong.
 *
 * DuckDB divides 128-bit decimals a million times a second, too slow for every part of every call. So a
 * price becomes a whole number of 1e-15 dollars a token, once for each rate; count × price then is one
 * 64-bit product, and rounding one 64-bit division. Calls that do not fit (over a million tokens, prices
 * above $1000 a million) take the slow way, to the same result.
 */
import type { CostBasis } from '../domain/basis.js'
import { usageFields } from '../domain/call.js'
import { unknownModes } from '../domain/modes.js'
import { rateJoin, unitRates } from '../domain/rate-sql.js'
import { priceNames, rateColumns, type PriceName } from '../domain/rate.js'

const money = 'DECIMAL(18,12)'

export interface PricedQuery {
  /** Relation with the columns of `calls`; those that pricing fills may be absent. */
  readonly calls: string
  /** Relation with the columns of `rates`. */
  readonly rates: string
  /** Columns to pass on, as SQL of a SELECT list in which the call is `c`: `c.call_id, c.ts`. */
  readonly keep: string
  readonly basis: CostBasis
}

/**
 * A query that prices every call: the kept columns, then the priced ones. It is built in layers, each of
 * which names what the next one needs, so that nothing is computed twice.
 */
export function pricedQuery({ calls, rates, keep, basis }: PricedQuery): string {
  const outcome = outcomes(basis)
  const counted = counts()
  const own = [...usedCalls, ...rateFields, 'rated', 'is_text', 'is_covered', ...Object.keys(counted)]
  return /* sql */ `SELECT * EXCLUDE (${own.map((name) => `p_${name}`).join(', ')}),
    ${outcome.cost} AS cost_usd,
    ${outcome.basis} AS cost_basis,
    CASE WHEN p_unpriced IS NULL AND p_unread_usage IS NULL THEN false
      ELSE coalesce(${outcome.basis} = 'list', false) AND (p_unpriced IS NOT NULL OR ${unread}) END AS partly_priced,
    CASE WHEN p_unpriced IS NULL THEN NULL WHEN ${outcome.basis} = 'list' THEN p_unpriced END AS unpriced_usage
  FROM (SELECT *, TRY(CAST(${listParts.join(' + ')} AS ${money})) AS list_cost_usd
  FROM (SELECT *, ${listCosts()}
  FROM (SELECT *, ${Object.entries(counted)
    .map(([name, sql]) => `${sql} AS p_${name}`)
    .join(', ')}
  FROM (SELECT ${keep},
    ${usedCalls.map((name) => `c.${name} AS p_${name}`).join(', ')},
    ${rateFields.map((name) => `r.${name} AS p_${name}`).join(', ')},
    r.provider IS NOT NULL AS p_rated, ${isText} AS p_is_text, ${isCovered} AS p_is_covered
  FROM ${calls} c LEFT JOIN (${unitRates(rates)}) r ON ${rateJoin('c', 'r')}))))`
}

/** SQL: something was not read that may cost. A cost in a currency without a rate is left out beside the price. */
const unread = `(p_unread_usage IS NOT NULL AND NOT regexp_full_match(p_unread_usage, 'currency=[^;]*'))`

/** Columns of the call that pricing reads; within the query they carry the prefix `p_`. */
const usedCalls = [
  ...usageFields,
  'total_tokens',
  'reported_cost_usd',
  'status',
  'cache_hit',
  'service_tier',
  'speed',
  'region',
  'unread_usage',
] as const

const rateFields = [...priceNames.flatMap((name) => [`u_${name}`, `n_${name}`]), 'exact', 'lacks']

const known = (name: (typeof usedCalls)[number]): string => `coalesce(p_${name}, 0)`

/** Tokens that cost something: a tier, speed or place would have moved their price. */
const paid = `((${known('input_tokens')} > 0 AND p_u_input_price > 0) OR (${known('output_tokens')} > 0 AND p_u_output_price > 0))`

/** Counts of what is not text, and the price of each. */
const mediaCounts = [
  ['input_audio_tokens', 'input_audio_price'],
  ['output_audio_tokens', 'output_audio_price'],
  ['cache_read_audio_input_tokens', 'cache_read_audio_price'],
  ['input_image_tokens', 'input_image_price'],
  ['input_video_tokens', 'input_video_price'],
  ['output_image_tokens', 'output_image_price'],
] as const

/** What a price may not cover: when, and its name in `unpriced_usage`, as SQL. */
const uncovered: readonly (readonly [when: string, name: string])[] = [
  // A place is named in the rate by a star: the call has the word.
  [`p_lacks IS NOT NULL AND ${paid}`, "replace(p_lacks, '=*', '=' || coalesce(p_region, 'unknown'))"],
  ...unknownModes('p_service_tier', 'p_speed').map(([when, name]) => [`${when} AND ${paid}`, name] as const),
  ...(
    [
      ...mediaCounts,
      ['web_search_requests', 'web_search_price'],
      ['file_search_requests', 'file_search_price'],
      ['input_tokens', 'input_price'],
      ['output_tokens', 'output_price'],
    ] as const
  ).map(([count, price]) => [`p_${count} > 0 AND p_u_${price} IS NULL`, `'${count}'`] as const),
]

/** The call's tokens in disjoint kinds, so that none is billed twice; counts that overlap are cut. */
function counts(): Record<string, string> {
  const [input, output] = [known('input_tokens'), known('output_tokens')]
  const [cacheRead, oneHour] = [known('cache_read_input_tokens'), known('cache_creation_1h_input_tokens')]
  const writes = `greatest(${known('cache_creation_input_tokens')}, ${oneHour})`
  const uncached = `greatest(${input} - ${cacheRead} - ${writes}, 0)`
  const cachedAudio = `least(${known('cache_read_audio_input_tokens')}, ${cacheRead})`
  // Audio counts those tokens too that came from the cache.
  const audioIn = `least(greatest(${known('input_audio_tokens')} - ${cachedAudio}, 0), ${uncached})`
  const imageIn = `least(${known('input_image_tokens')}, ${uncached} - ${audioIn})`
  const videoIn = `least(${known('input_video_tokens')}, ${uncached} - ${audioIn} - ${imageIn})`
  const audioOut = `least(${known('output_audio_tokens')}, ${output})`
  const imageOut = `least(${known('output_image_tokens')}, ${output} - ${audioOut})`
  // Hardly any call has other things than text: for all others these counts are not worked out.
  const media = (count: string): string => `CASE WHEN p_is_text THEN 0 ELSE ${count} END`
  return {
    uncached,
    write_5m: `${writes} - ${oneHour}`,
    cached_audio: media(cachedAudio),
    audio_in: media(audioIn),
    image_in: media(imageIn),
    video_in: media(videoIn),
    audio_out: media(audioOut),
    image_out: media(imageOut),
    unanswered: `coalesce(p_status = 'error', false) AND ${input} = 0 AND ${output} = 0`,
    // Nearly all calls are covered by the first test, which is cheap.
    unpriced: `CASE WHEN p_is_covered THEN NULL WHEN ${uncovered.map(([when]) => `(${when})`).join(' OR ')} THEN concat_ws('; ', ${uncovered
      .map(([when, name]) => `CASE WHEN ${when} THEN ${name} END`)
      .join(', ')}) END`,
    fast: `coalesce(p_exact, false) AND greatest(${input}, ${output}, ${cacheRead}, ${writes}) <= 1000000
      AND greatest(${known('web_search_requests')}, ${known('file_search_requests')}) <= 1000`,
  }
}

/** Whether a call counts nothing but text. */
const isText = mediaCounts.map(([count]) => `c.${count} IS NULL`).join(' AND ')

/** Whether the rate has a price for all that the call may say: text alone, in the usual way, from anywhere. */
const isCovered = `(${isText} AND c.web_search_requests IS NULL AND c.file_search_requests IS NULL AND c.service_tier IS NULL
      AND c.speed IS NULL AND c.region IS NULL AND r.lacks IS NULL AND r.u_input_price IS NOT NULL AND r.u_output_price IS NOT NULL)`

const listParts = [
  'list_input_cost_usd',
  'list_cache_read_cost_usd',
  'list_cache_write_cost_usd',
  'list_output_cost_usd',
  'list_other_cost_usd',
] as const

/** Counts and the price of each, added up to one part of the list cost. */
type Products = readonly (readonly [count: string, price: PriceName | readonly [PriceName, PriceName]])[]

/** The parts of the list cost, as a SELECT list. */
function listCosts(): string {
  const textIn = '(p_uncached - p_audio_in - p_image_in - p_video_in)'
  const textOut = `(${known('output_tokens')} - p_audio_out - p_image_out)`
  const reasoning = `CASE WHEN p_u_reasoning_output_price IS NULL THEN 0 ELSE least(${known('reasoning_output_tokens')}, ${textOut}) END`
  const products: Record<(typeof listParts)[number], Products> = {
    list_input_cost_usd: [[textIn, 'input_price']],
    list_cache_read_cost_usd: [
      [`(${known('cache_read_input_tokens')} - p_cached_audio)`, 'cache_read_price'],
      ['p_cached_audio', ['cache_read_audio_price', 'cache_read_price']],
    ],
    list_cache_write_cost_usd: [
      ['p_write_5m', 'cache_write_price'],
      [known('cache_creation_1h_input_tokens'), 'cache_write_1h_price'],
    ],
    list_output_cost_usd: [
      [`(${textOut} - ${reasoning})`, 'output_price'],
      [reasoning, 'reasoning_output_price'],
    ],
    // What has no price of its own is priced as text: a floor, and the call counts as partly priced.
    list_other_cost_usd: [
      ['p_audio_in', ['input_audio_price', 'input_price']],
      ['p_image_in', ['input_image_price', 'input_price']],
      ['p_video_in', ['input_video_price', 'input_price']],
      ['p_audio_out', ['output_audio_price', 'output_price']],
      ['p_image_out', ['output_image_price', 'output_price']],
      ['CASE WHEN p_unanswered THEN 0 ELSE 1 END', 'request_price'],
      [known('web_search_requests'), 'web_search_price'],
      [known('file_search_requests'), 'file_search_price'],
    ],
  }
  const listed = `p_rated AND (p_input_tokens IS NOT NULL OR p_output_tokens IS NOT NULL OR (p_u_request_price IS NOT NULL AND NOT p_unanswered))`
  return Object.entries(products)
    .map(
      ([name, terms]) =>
        `CASE WHEN NOT (${listed}) THEN NULL WHEN p_fast THEN ${fast(terms)} ELSE ${slow(terms)} END AS ${name}`,
    )
    .join(',\n    ')
}

function priceOf(price: Products[number][1], prefix: 'u' | 'n'): string {
  return `coalesce(${[price]
    .flat()
    .map((name) => `p_${prefix}_${name}`)
    .join(', ')}, 0)`
}

/** 64-bit products in 1e-15 USD, rounded to 1e-12 USD half up; multiplying by 1e-12 only moves the point. */
function fast(terms: Products): string {
  const sum = terms.map(([count, price]) => `${count} * ${priceOf(price, 'n')}`).join(' + ')
  return `CAST((${sum} + 500) // 1000 AS DECIMAL(18,0)) * CAST(0.000000000001 AS DECIMAL(12,12))`
}

/** 128-bit decimals; the cast rounds half away from zero. The count is made DECIMAL(19,0) because a product of two shorter decimals would be held in 18 digits. */
function slow(terms: Products): string {
  const sum = terms
    .map(([count, price]) => `CAST(${count} AS DECIMAL(19,0)) * ${priceOf(price, 'u')} * 0.000001`)
    .join(' + ')
  return `TRY(CAST(${sum} AS ${money}))`
}

/** What counts as the call's cost, and on which basis; NULL both when nothing is known. */
function outcomes(basis: CostBasis): { cost: string; basis: string } {
  const used = `(${known('input_tokens')} > 0 OR ${known('output_tokens')} > 0 OR ${known('total_tokens')} > 0)`
  // Trackers write 0 for what they can't price; it is believed where nothing was used, or what was used is free.
  const reported = `(p_reported_cost_usd <> 0 OR (p_reported_cost_usd = 0 AND (NOT ${used} OR list_cost_usd = 0)))`
  // Gateways log speech, images and transcription with a cost and no tokens: a price a token says nothing then.
  // Hardly any call is such, so it is looked at step by step: a CASE asks no further where it need not.
  const uncounted = `CASE WHEN list_cost_usd = 0 THEN CASE WHEN p_reported_cost_usd > 0 THEN greatest(${usageFields.map(known).join(', ')}) = 0 ELSE false END ELSE false END`
  const whenListed = [
    `CASE WHEN list_cost_usd IS NULL THEN false ELSE NOT ${uncounted} END`,
    'list_cost_usd',
    "'list'",
  ] as const
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
