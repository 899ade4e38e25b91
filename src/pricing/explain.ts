/**
 * What a call's cost is made of, in words and figures: which price, which parts, which rule, which basis.
 */
import type { CostBasis } from '../domain/basis.js'
import { plain, readDecimal } from '../domain/decimal.js'
import type { Rate } from '../domain/rate.js'
import { toBillionths } from './decimal.js'

type Whole = number | bigint | null

/** The columns of `calls` that a cost is explained from; decimals as texts. */
export interface CostedCall {
  readonly input_tokens: Whole
  readonly cache_read_input_tokens: Whole
  readonly cache_creation_input_tokens: Whole
  readonly cache_creation_1h_input_tokens: Whole
  readonly output_tokens: Whole
  readonly reasoning_output_tokens: Whole
  readonly input_audio_tokens: Whole
  readonly output_audio_tokens: Whole
  readonly web_search_requests: Whole
  readonly service_tier: string | null
  readonly status: string | null
  readonly cache_hit: boolean | null
  readonly reported_cost_usd: string | null
  readonly list_cost_usd: string | null
  readonly cost_usd: string | null
  readonly cost_basis: string | null
  readonly partly_priced: boolean | null
}

/** One product: count × price × multiplier = cost. */
export interface CostPart {
  readonly part: string
  readonly count: bigint
  /** USD per million tokens, or per thousand requests or searches. */
  readonly price: string
  readonly per: 'million tokens' | 'thousand'
  readonly multiplier: string
  /** USD, exact, not rounded. */
  readonly cost_usd: string
}

const whole = (value: Whole): bigint => BigInt(value ?? 0)
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const positive = (value: bigint): bigint => (value > 0n ? value : 0n)

/** The products that the list cost adds up, those of count 0 left out. */
export function costParts(call: CostedCall, rate: Rate): CostPart[] {
  const cacheRead = whole(call.cache_read_input_tokens)
  const oneHour = whole(call.cache_creation_1h_input_tokens)
  const writes = [whole(call.cache_creation_input_tokens), oneHour].reduce((a, b) => (a > b ? a : b))
  const uncached = positive(whole(call.input_tokens) - cacheRead - writes)
  const audioIn = least(whole(call.input_audio_tokens), uncached)
  const audioOut = least(whole(call.output_audio_tokens), whole(call.output_tokens))
  const text = whole(call.output_tokens) - audioOut
  const reasoning =
    rate.reasoning_output_price === null ? 0n : least(whole(call.reasoning_output_tokens), text)
  const multiplier = multiplierOf(call, rate) ?? '1'
  const unanswered = call.status === 'error' && whole(call.input_tokens) + whole(call.output_tokens) === 0n
  const tokens = (part: string, count: bigint, price: string | null): CostPart =>
    costPart({ part, count, price: price ?? '0', per: 'million tokens', multiplier })
  const each = (part: string, count: bigint, price: string | null): CostPart =>
    costPart({ part, count, price: price ?? '0', per: 'thousand', multiplier: '1' })
  return [
    tokens('input', uncached - audioIn, rate.input_price),
    tokens('cache read', cacheRead, rate.cache_read_price),
    tokens('cache write, 5 min', writes - oneHour, rate.cache_write_price),
    tokens('cache write, 1 h', oneHour, rate.cache_write_1h_price),
    tokens('output', text - reasoning, rate.output_price),
    tokens('reasoning output', reasoning, rate.reasoning_output_price),
    tokens('audio input', audioIn, rate.input_audio_price ?? rate.input_price),
    tokens('audio output', audioOut, rate.output_audio_price ?? rate.output_price),
    each('request', rate.request_price === null || unanswered ? 0n : 1n, rate.request_price),
    each('web searches', whole(call.web_search_requests), rate.web_search_price),
  ].filter(({ count }) => count > 0n)
}

/** Prices have nine decimals, multipliers six, a token is a millionth of what the price is for. */
function costPart(part: Omit<CostPart, 'cost_usd'>): CostPart {
  const perUnit = part.per === 'thousand' ? 3 : 6
  const digits = part.count * toBillionths(part.price) * toBillionths(part.multiplier)
  return {
    ...part,
    price: plainText(part.price),
    multiplier: plainText(part.multiplier),
    cost_usd: plain({ digits, places: 18 + perUnit }),
  }
}

function plainText(decimal: string): string {
  const read = readDecimal(decimal)
  return read === undefined ? decimal : plain(read)
}

/** The multiplier of the call's service tier; null when the tier has one and it is not known. */
function multiplierOf(call: CostedCall, rate: Rate): string | null {
  if (call.service_tier === 'batch') return rate.batch_multiplier
  if (call.service_tier === 'flex') return rate.flex_multiplier
  return call.service_tier === 'priority' ? rate.priority_multiplier : '1'
}

/** When, for which input sizes and in which hours a rate holds, in words; empty for always. */
export function rateConditions(rate: Rate): string {
  const clock = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
  const size = (tokens: number): string => String(tokens).replaceAll(/\B(?=(\d{3})+$)/g, ',')
  const [from, to] = [rate.valid_from, rate.valid_to].map((time) => time.slice(0, 10))
  return [
    rate.valid_from > '1970-01-02' ? `from ${from}` : '',
    rate.valid_to < '9999' ? `until ${to}` : '',
    rate.band_lo > 0 ? `above ${size(rate.band_lo)} input tokens` : '',
    rate.band_hi < 1e15 ? `up to ${size(rate.band_hi)} input tokens` : '',
    rate.minute_hi - rate.minute_lo < 1440 ? `${clock(rate.minute_lo)}–${clock(rate.minute_hi)} UTC` : '',
  ]
    .filter((part) => part !== '')
    .join(', ')
}

/** Which basis the cost stands on and why, and what in it is doubtful: one sentence each. */
export function explainOutcome(call: CostedCall, rate: Rate | undefined, basis: CostBasis): string[] {
  return [basisSentence(call, rate, basis), ...doubts(call, rate)]
}

const money = (value: string | null): string => {
  const read = readDecimal(value ?? '')
  return read === undefined ? 'none' : `$${plain(read)}`
}

function basisSentence(call: CostedCall, rate: Rate | undefined, basis: CostBasis): string {
  const reported =
    call.reported_cost_usd === null
      ? 'the source reported none'
      : `the source reported ${money(call.reported_cost_usd)}`
  switch (call.cost_basis) {
    case 'list':
      return `The list cost counts; ${reported}.`
    case 'reported':
      return basis === 'reported-first' && call.list_cost_usd !== null
        ? `The reported cost counts, as the config says (cost_basis: reported-first); the list cost is ${money(call.list_cost_usd)}.`
        : 'The reported cost counts: no list price is known.'
    case 'response_cache':
      return `Answered from a response cache: nothing was bought; ${call.list_cost_usd === null ? 'what was avoided is not known' : `${money(call.list_cost_usd)} was avoided`}.`
    case 'no_usage':
      return 'The call failed and used no tokens: it cost nothing.'
    case null:
    default:
      return unpricedSentence(call, rate)
  }
}

function unpricedSentence(call: CostedCall, rate: Rate | undefined): string {
  if (call.input_tokens === null && call.output_tokens === null)
    return 'No cost: neither tokens nor a cost were logged.'
  if (rate !== undefined) return 'No cost yet, though a price is known by now: llmcost reprice fills it in.'
  if (call.reported_cost_usd === null) return 'No cost: no price is known, and the source reported none.'
  return 'No cost: no price is known, and a reported 0 for a call with tokens counts as not reported.'
}

function doubts(call: CostedCall, rate: Rate | undefined): string[] {
  if (rate === undefined) return []
  const lacks = (count: Whole, price: string | null): boolean => whole(count) > 0n && price === null
  return [
    lacks(call.input_audio_tokens, rate.input_audio_price)
      ? 'Audio input has no price of its own: priced as text, which is too low.'
      : '',
    lacks(call.output_audio_tokens, rate.output_audio_price)
      ? 'Audio output has no price of its own: priced as text, which is too low.'
      : '',
    lacks(call.web_search_requests, rate.web_search_price)
      ? 'Web searches have no known price: left out.'
      : '',
    lacks(call.input_tokens, rate.input_price) ? 'Input tokens have no known price: left out.' : '',
    lacks(call.output_tokens, rate.output_price) ? 'Output tokens have no known price: left out.' : '',
    multiplierOf(call, rate) === null
      ? `No multiplier is known for service tier ${call.service_tier}: priced as standard.`
      : '',
  ].filter((sentence) => sentence !== '')
}
