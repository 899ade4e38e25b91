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
import type { CostBasis } from '../domain/costs/basis.js'
import { callColumns, pricingFields, usageFields } from '../domain/call.js'
import { unknownModes } from '../domain/modes.js'
import { rateJoin, unitRates } from '../domain/costs/rate-sql.js'
import { priceNames, rateColumns, type PriceName } from '../domain/costs/rate.js'

const money = 'DECIMAL(18,12)'

export interface PricedQuery {
  /** Relation with the columns of `calls`; those that pricing fills may be absent. */
  readonly calls: string
  /** Relation with the columns of `rates`. */
  readonly rates: string
  /** Columns to pass on, as SQL of a SELECT list in which the call is `c`: `c.call_id, c.ts`. */
  readonly keep: string
  readonly basis: CostBasis
  /** Columns that none of the calls has: nothing is worked out with them. */
  readonly absent?: ReadonlySet<string>
  /** Prices that one of the rates has; default all. */
  readonly priced?: ReadonlySet<PriceName>
}

/**
 * A query that prices every call: the kept columns, then the priced ones. It is built in layers, each of
 * which names what the next one needs, so that nothing is computed twice.
 */
export function pricedQuery({ calls, rates, keep, basis, absent, priced }: PricedQuery): string {
  const terms = new Terms(absent ?? new Set(), priced ?? new Set(priceNames))
  const outcome = outcomes(terms, basis)
  const counted = counts(terms)
  const costs = listCosts(terms)
  const own = [...terms.columns, ...terms.rateFields, 'rated', 'is_covered', ...Object.keys(counted)]
  if (terms.media) own.push('is_text')
  return /* sql */ `SELECT * EXCLUDE (${own.map((name) => `p_${name}`).join(', ')}),
    ${outcome.cost} AS cost_usd,
    ${outcome.basis} AS cost_basis,
    CASE WHEN p_unpriced IS NULL AND ${terms.of('unread_usage')} IS NULL THEN false
      ELSE coalesce(${outcome.basis} = 'list', false) AND (p_unpriced IS NOT NULL OR ${unread(terms)}) END AS partly_priced,
    CASE WHEN p_unpriced IS NULL THEN NULL WHEN ${outcome.basis} = 'list' THEN p_unpriced END AS unpriced_usage
  FROM (SELECT *, TRY(CAST(${listParts.join(' + ')} AS ${money})) AS list_cost_usd
  FROM (SELECT *, ${costs}
  FROM (SELECT *, ${Object.entries(counted)
    .map(([name, sql]) => `${sql} AS p_${name}`)
    .join(', ')}
  FROM (SELECT ${keep},
    ${terms.columns.map((name) => `c.${name} AS p_${name},`).join(' ')}
    ${terms.rateFields.map((name) => `r.${name} AS p_${name},`).join(' ')}
    ${terms.media ? `${isText(terms)} AS p_is_text, ` : ''}r.provider IS NOT NULL AS p_rated, ${isCovered(terms)} AS p_is_covered
  FROM ${calls} c LEFT JOIN (${unitRates(rates)}) r ON ${rateJoin('c', 'r', terms.has)}))))`
}

/** A column of the call that pricing reads; within the query it carries the prefix `p_`. */
type UsedCall = (typeof pricingFields)[number]

/** Counts of what is not text, and the price of each. */
const media = [
  ['input_audio_tokens', 'input_audio_price'],
  ['output_audio_tokens', 'output_audio_price'],
  ['cache_read_audio_input_tokens', 'cache_read_audio_price'],
  ['input_image_tokens', 'input_image_price'],
  ['input_video_tokens', 'input_video_price'],
  ['output_image_tokens', 'output_image_price'],
] as const
const mediaCounts = media.map(([count]) => count)
const mediaPrices: ReadonlySet<PriceName> = new Set(media.map(([, price]) => price))

/** Names of what a query reads. What no call or no rate has is NULL or 0 there, and takes no time. */
class Terms {
  readonly #absent: ReadonlySet<string>
  readonly columns: readonly UsedCall[]
  /** Columns of the rates, made ready by `unitRates`. */
  readonly rateFields: readonly string[]
  /** Whether any call may count other things than text. */
  readonly media: boolean
  /** Whether any call may write to the prompt cache. */
  readonly writes: boolean

  constructor(absent: ReadonlySet<string>, priced: ReadonlySet<PriceName>) {
    this.#absent = absent
    this.columns = pricingFields.filter(this.has)
    this.media = mediaCounts.some(this.has)
    this.writes = this.has('cache_creation_input_tokens') || this.has('cache_creation_1h_input_tokens')
    const read = priceNames.filter((name) => priced.has(name) && (this.media || !mediaPrices.has(name)))
    this.rateFields = [...read.flatMap((name) => [`u_${name}`, `n_${name}`]), 'exact', 'lacks']
  }

  readonly has = (name: string): boolean => !this.#absent.has(name)

  /** SQL of the call's own value. */
  of(name: UsedCall): string {
    return this.has(name) ? `p_${name}` : `CAST(NULL AS ${types.get(name)})`
  }

  /** SQL of a count, 0 where it is not known. */
  known(name: UsedCall): string {
    return this.has(name) ? `coalesce(p_${name}, 0)` : '0'
  }

  /** SQL of a price: the unit price (`u`) or the whole number of 1e-15 USD (`n`). */
  price(name: PriceName, form: 'u' | 'n'): string {
    return this.rateFields.includes(`u_${name}`) ? `p_${form}_${name}` : 'CAST(NULL AS BIGINT)'
  }
}

const types = new Map<string, string>(callColumns.map(({ name, type }) => [name, type]))

/** SQL: what was not read of a call is about currencies alone. */
export const currencyOnly = (usage: string): string =>
  `regexp_full_match(${usage}, 'currency(?:=| in doubt: )[^;]*(?:; currency(?:=| in doubt: )[^;]*)*')`

/** SQL: something was not read that may cost. What is in doubt about a currency is the logged cost, not the price. */
function unread(terms: Terms): string {
  const usage = terms.of('unread_usage')
  return terms.has('unread_usage') ? `(${usage} IS NOT NULL AND NOT ${currencyOnly(usage)})` : 'false'
}

/** What a price may not cover: when, and its name in `unpriced_usage`, as SQL. */
function uncovered(terms: Terms): readonly (readonly [when: string, name: string])[] {
  // Tokens that cost something: a tier, speed or place would have moved their price.
  const costs = (count: UsedCall, price: PriceName): string =>
    `(${terms.known(count)} > 0 AND ${terms.price(price, 'u')} > 0)`
  const paid = `(${costs('input_tokens', 'input_price')} OR ${costs('output_tokens', 'output_price')})`
  const named = (
    [
      ...media,
      ['web_search_requests', 'web_search_price'],
      ['file_search_requests', 'file_search_price'],
      ['input_tokens', 'input_price'],
      ['output_tokens', 'output_price'],
    ] as const
  ).filter(([count]) => terms.has(count))
  return [
    // A place is named in the rate by a star: the call has the word.
    [
      `p_lacks IS NOT NULL AND ${paid}`,
      `replace(p_lacks, '=*', '=' || coalesce(${terms.of('region')}, 'unknown'))`,
    ],
    ...(terms.has('service_tier') || terms.has('speed')
      ? unknownModes(terms.of('service_tier'), terms.of('speed'))
      : []
    ).map(([when, name]) => [`${when} AND ${paid}`, name] as const),
    ...named.map(
      ([count, price]) => [`p_${count} > 0 AND ${terms.price(price, 'u')} IS NULL`, `'${count}'`] as const,
    ),
  ]
}

/** The call's tokens in disjoint kinds, so that none is billed twice; counts that overlap are cut. */
function counts(terms: Terms): Record<string, string> {
  const known = (name: UsedCall): string => terms.known(name)
  const [input, output] = [known('input_tokens'), known('output_tokens')]
  const [cacheRead, oneHour] = [known('cache_read_input_tokens'), known('cache_creation_1h_input_tokens')]
  const writes = `greatest(${known('cache_creation_input_tokens')}, ${oneHour})`
  const uncached = `greatest(${input} - ${cacheRead} - ${writes}, 0)`
  const notCovered = uncovered(terms)
  return {
    uncached,
    ...(terms.writes ? { write_5m: `${writes} - ${oneHour}` } : {}),
    ...(terms.media ? mediaTokens(known, uncached) : {}),
    unanswered: `coalesce(${terms.of('status')} = 'error', false) AND ${input} = 0 AND ${output} = 0`,
    // Nearly all calls are covered by the first test, which is cheap.
    unpriced: `CASE WHEN p_is_covered THEN NULL WHEN ${notCovered.map(([when]) => `(${when})`).join(' OR ')} THEN concat_ws('; ', ${notCovered
      .map(([when, name]) => `CASE WHEN ${when} THEN ${name} END`)
      .join(', ')}) END`,
    fast: `coalesce(p_exact, false) AND greatest(${input}, ${output}, ${cacheRead}, ${writes}) <= 1000000
      AND greatest(${known('web_search_requests')}, ${known('file_search_requests')}) <= 1000`,
  }
}

/** Tokens that are no text, each in its kind, cut to what there is. */
function mediaTokens(known: (name: UsedCall) => string, uncached: string): Record<string, string> {
  const output = known('output_tokens')
  const cachedAudio = `least(${known('cache_read_audio_input_tokens')}, ${known('cache_read_input_tokens')})`
  // Audio counts those tokens too that came from the cache.
  const audioIn = `least(greatest(${known('input_audio_tokens')} - ${cachedAudio}, 0), ${uncached})`
  const imageIn = `least(${known('input_image_tokens')}, ${uncached} - ${audioIn})`
  const videoIn = `least(${known('input_video_tokens')}, ${uncached} - ${audioIn} - ${imageIn})`
  const audioOut = `least(${known('output_audio_tokens')}, ${output})`
  const imageOut = `least(${known('output_image_tokens')}, ${output} - ${audioOut})`
  // Hardly any call has other things than text: for all others these counts are not worked out.
  const whereSome = (count: string): string => `CASE WHEN p_is_text THEN 0 ELSE ${count} END`
  return {
    cached_audio: whereSome(cachedAudio),
    audio_in: whereSome(audioIn),
    image_in: whereSome(imageIn),
    video_in: whereSome(videoIn),
    audio_out: whereSome(audioOut),
    image_out: whereSome(imageOut),
  }
}

const areNull = (names: readonly UsedCall[], terms: Terms): string =>
  ['true', ...names.filter(terms.has).map((name) => `c.${name} IS NULL`)].join(' AND ')

/** Whether a call counts nothing but text. */
const isText = (terms: Terms): string => areNull(mediaCounts, terms)

/** Whether the rate has a price for all that the call may say: text alone, in the usual way, from anywhere. */
function isCovered(terms: Terms): string {
  const rare = ['web_search_requests', 'file_search_requests', 'service_tier', 'speed', 'region'] as const
  return `(${areNull([...mediaCounts, ...rare], terms)} AND r.lacks IS NULL AND r.u_input_price IS NOT NULL AND r.u_output_price IS NOT NULL)`
}

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
function listCosts(terms: Terms): string {
  const known = (name: UsedCall): string => terms.known(name)
  const textIn = terms.media ? '(p_uncached - p_audio_in - p_image_in - p_video_in)' : 'p_uncached'
  const output = known('output_tokens')
  const textOut = terms.media ? `(${output} - p_audio_out - p_image_out)` : output
  const reasoning = terms.has('reasoning_output_tokens')
    ? `CASE WHEN ${terms.price('reasoning_output_price', 'u')} IS NULL THEN 0 ELSE least(${known('reasoning_output_tokens')}, ${textOut}) END`
    : '0'
  const products: Record<(typeof listParts)[number], Products> = {
    list_input_cost_usd: [[textIn, 'input_price']],
    list_cache_read_cost_usd: terms.media
      ? [
          [`(${known('cache_read_input_tokens')} - p_cached_audio)`, 'cache_read_price'],
          ['p_cached_audio', ['cache_read_audio_price', 'cache_read_price']],
        ]
      : [[known('cache_read_input_tokens'), 'cache_read_price']],
    list_cache_write_cost_usd: [
      [terms.writes ? 'p_write_5m' : '0', 'cache_write_price'],
      [known('cache_creation_1h_input_tokens'), 'cache_write_1h_price'],
    ],
    list_output_cost_usd: [
      [`(${textOut} - ${reasoning})`, 'output_price'],
      [reasoning, 'reasoning_output_price'],
    ],
    list_other_cost_usd: [
      ...(terms.media ? mediaProducts : []),
      ['CASE WHEN p_unanswered THEN 0 ELSE 1 END', 'request_price'],
      [known('web_search_requests'), 'web_search_price'],
      [known('file_search_requests'), 'file_search_price'],
    ],
  }
  const byRequest = `(${terms.price('request_price', 'u')} IS NOT NULL AND NOT p_unanswered)`
  const listed = `p_rated AND (${terms.of('input_tokens')} IS NOT NULL OR ${terms.of('output_tokens')} IS NOT NULL OR ${byRequest})`
  return Object.entries(products)
    .map(
      ([name, all]) =>
        `CASE WHEN NOT (${listed}) THEN NULL WHEN p_fast THEN ${fast(terms, all)} ELSE ${slow(terms, all)} END AS ${name}`,
    )
    .join(',\n    ')
}

/** What has no price of its own is priced as text: a floor, and the call counts as partly priced. */
const mediaProducts: Products = [
  ['p_audio_in', ['input_audio_price', 'input_price']],
  ['p_image_in', ['input_image_price', 'input_price']],
  ['p_video_in', ['input_video_price', 'input_price']],
  ['p_audio_out', ['output_audio_price', 'output_price']],
  ['p_image_out', ['output_image_price', 'output_price']],
]

/** Counts with their prices, without those that are 0 for every call. */
function factors(terms: Terms, products: Products, form: 'u' | 'n'): (readonly [string, string])[] {
  return products
    .map(
      ([count, price]) =>
        [count, [price].flat().filter((name) => terms.rateFields.includes(`u_${name}`))] as const,
    )
    .filter(([count, names]) => count !== '0' && names.length > 0)
    .map(([count, names]) => [
      count,
      `coalesce(${names.map((name) => terms.price(name, form)).join(', ')}, 0)`,
    ])
}

/** 64-bit products in 1e-15 USD, rounded to 1e-12 USD half up; multiplying by 1e-12 only moves the point. */
function fast(terms: Terms, products: Products): string {
  const sum = factors(terms, products, 'n').map(([count, price]) => `${count} * ${price}`)
  if (sum.length === 0) return `CAST(0 AS ${money})`
  return `CAST((${sum.join(' + ')} + 500) // 1000 AS DECIMAL(18,0)) * CAST(0.000000000001 AS DECIMAL(12,12))`
}

/** 128-bit decimals; the cast rounds half away from zero. The count is made DECIMAL(19,0) because a product of two shorter decimals would be held in 18 digits. */
function slow(terms: Terms, products: Products): string {
  const sum = factors(terms, products, 'u').map(
    ([count, price]) => `CAST(${count} AS DECIMAL(19,0)) * ${price} * 0.000001`,
  )
  return sum.length === 0 ? `CAST(0 AS ${money})` : `TRY(CAST(${sum.join(' + ')} AS ${money}))`
}

/** What counts as the call's cost, and on which basis; NULL both when nothing is known. */
function outcomes(terms: Terms, basis: CostBasis): { cost: string; basis: string } {
  const known = (name: UsedCall): string => terms.known(name)
  const cost = terms.of('reported_cost_usd')
  const used = `(${known('input_tokens')} > 0 OR ${known('output_tokens')} > 0 OR ${known('total_tokens')} > 0)`
  // Trackers write 0 for what they can't price; it is believed where nothing was used, or what was used is free.
  const reported = `(${cost} <> 0 OR (${cost} = 0 AND (NOT ${used} OR list_cost_usd = 0)))`
  // Gateways log speech, images and transcription with a cost and no tokens: a price a token says nothing then.
  // Hardly any call is such, so it is looked at step by step: a CASE asks no further where it need not.
  const uncounted = terms.has('reported_cost_usd')
    ? `CASE WHEN list_cost_usd = 0 THEN CASE WHEN ${cost} > 0 THEN greatest(${usageFields.map(known).join(', ')}) = 0 ELSE false END ELSE false END`
    : 'false'
  const whenListed = [
    `CASE WHEN list_cost_usd IS NULL THEN false ELSE NOT ${uncounted} END`,
    'list_cost_usd',
    "'list'",
  ] as const
  const whenReported = [reported, cost, "'reported'"] as const
  const cases = [
    [
      terms.of('cache_hit'),
      basis === 'list-first' ? '0' : `coalesce(${cost}, 0)`,
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
