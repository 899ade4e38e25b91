/**
 * What a call's cost is made of, in words and figures: which price, which parts, which rule, which basis.
 */
import type { CostBasis } from '../domain/costs/basis.js'
import { plain, readDecimal } from '../domain/costs/decimal.js'
import type { Rate } from '../domain/costs/rate.js'
import { toBillionths } from './billionths.js'
import type { Typed } from '../domain/words/commands.js'

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
  readonly cache_read_audio_input_tokens: Whole
  readonly input_image_tokens: Whole
  readonly input_video_tokens: Whole
  readonly output_image_tokens: Whole
  readonly file_search_requests: Whole
  readonly unpriced_usage: string | null
  readonly unread_usage?: string | null
  readonly status: string | null
  readonly cache_hit: boolean | null
  readonly reported_cost_usd: string | null
  readonly list_cost_usd: string | null
  readonly cost_usd: string | null
  readonly cost_basis: string | null
  readonly total_tokens?: Whole
  /** How its cached tokens were read; see the column of `calls`. */
  readonly cache_reading?: string | null
  readonly partly_priced: boolean | null
}

/** One product: count × price = cost. */
export interface CostPart {
  readonly part: string
  readonly count: bigint
  /** USD per million tokens, or per thousand requests or searches. */
  readonly price: string
  readonly per: 'million tokens' | 'thousand'
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
  const cachedAudio = least(whole(call.cache_read_audio_input_tokens), cacheRead)
  const audioIn = least(positive(whole(call.input_audio_tokens) - cachedAudio), uncached)
  const imageIn = least(whole(call.input_image_tokens), uncached - audioIn)
  const videoIn = least(whole(call.input_video_tokens), uncached - audioIn - imageIn)
  const audioOut = least(whole(call.output_audio_tokens), whole(call.output_tokens))
  const imageOut = least(whole(call.output_image_tokens), whole(call.output_tokens) - audioOut)
  const text = whole(call.output_tokens) - audioOut - imageOut
  const reasoning =
    rate.reasoning_output_price === null ? 0n : least(whole(call.reasoning_output_tokens), text)
  const unanswered = call.status === 'error' && whole(call.input_tokens) + whole(call.output_tokens) === 0n
  const tokens = (part: string, count: bigint, price: string | null): CostPart =>
    costPart({ part, count, price: price ?? '0', per: 'million tokens' })
  const each = (part: string, count: bigint, price: string | null): CostPart =>
    costPart({ part, count, price: price ?? '0', per: 'thousand' })
  return [
    tokens('input', uncached - audioIn - imageIn - videoIn, rate.input_price),
    tokens('cache read', cacheRead - cachedAudio, rate.cache_read_price),
    tokens('cache read, audio', cachedAudio, rate.cache_read_audio_price ?? rate.cache_read_price),
    tokens('cache write, 5 min', writes - oneHour, rate.cache_write_price),
    tokens('cache write, 1 h', oneHour, rate.cache_write_1h_price),
    tokens('output', text - reasoning, rate.output_price),
    tokens('reasoning output', reasoning, rate.reasoning_output_price),
    tokens('audio input', audioIn, rate.input_audio_price ?? rate.input_price),
    tokens('image input', imageIn, rate.input_image_price ?? rate.input_price),
    tokens('video input', videoIn, rate.input_video_price ?? rate.input_price),
    tokens('audio output', audioOut, rate.output_audio_price ?? rate.output_price),
    tokens('image output', imageOut, rate.output_image_price ?? rate.output_price),
    each('request', rate.request_price === null || unanswered ? 0n : 1n, rate.request_price),
    each('web searches', whole(call.web_search_requests), rate.web_search_price),
    each('file searches', whole(call.file_search_requests), rate.file_search_price),
  ].filter(({ count }) => count > 0n)
}

/** Prices have nine decimals, a token is a millionth of what the price is for. */
function costPart(part: Omit<CostPart, 'cost_usd'>): CostPart {
  const perUnit = part.per === 'thousand' ? 3 : 6
  const digits = part.count * toBillionths(part.price)
  return { ...part, price: plainText(part.price), cost_usd: plain({ digits, places: 9 + perUnit }) }
}

function plainText(decimal: string): string {
  const read = readDecimal(decimal)
  return read === undefined ? decimal : plain(read)
}

/** Tier, speed or place of a rate, and what they do to its prices; null in the standard mode. */
export function modeWords(rate: Rate): string | null {
  if (rate.mode === 'standard') return null
  if (rate.lacks !== null && rate.multiplier_source === null) return `${rate.mode}: priced as standard`
  const times = rate.multiplier === null ? 'prices of its own' : `× ${plainText(rate.multiplier)}`
  return `${rate.mode}: ${times}${rate.multiplier_source === null ? '' : ` (${rate.multiplier_source})`}`
}

/** When a rate holds, in words: unlike `rateConditions`, never empty. */
export function holdsWords(rate: Rate): string {
  const isOpen = rate.valid_from <= '1970-01-02' && rate.doubt?.includes('since') !== true
  const isListed = rate.price_source.startsWith('genai-prices')
  const conditions = rateConditions(rate)
  if (isOpen && isListed)
    return [conditions, 'since when is not known'].filter((one) => one !== '').join('; ')
  return conditions === '' ? 'always' : conditions
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
export function explainOutcome(
  call: CostedCall,
  rate: Rate | undefined,
  basis: CostBasis,
  typed: Typed,
): string[] {
  return [
    basisSentence(call, rate, basis, typed),
    ...readingSentences(call),
    ...doubts(call, rate),
    ...namesIn(call.unread_usage).map(unreadSentence),
  ]
}

/** How cached tokens were read, where the log leaves that open. */
const readings: Readonly<Record<string, string>> = {
  excluded: "Cached tokens are beside the logged input, by the record's own counts; they were added.",
  'cost excluded': "Cached tokens are beside the logged input, by the record's own cost; they were added.",
  'habit excluded':
    'Cached tokens are beside the logged input, as other calls of its log show; they were added.',
  open: 'Nothing shows whether the logged input includes cached tokens; it was taken that it does.',
}

function readingSentences({ cache_reading: reading }: CostedCall): string[] {
  const sentence = reading == null ? undefined : readings[reading]
  return sentence === undefined ? [] : [sentence]
}

const money = (value: string | null): string => {
  const read = readDecimal(value ?? '')
  return read === undefined ? 'none' : `$${plain(read)}`
}

function basisSentence(call: CostedCall, rate: Rate | undefined, basis: CostBasis, typed: Typed): string {
  const reported =
    call.reported_cost_usd === null
      ? `the source reported none${namesIn(call.unread_usage).some((name) => name.startsWith('currency=')) ? ' in US dollars' : ''}`
      : `the source reported ${money(call.reported_cost_usd)}`
  switch (call.cost_basis) {
    case 'list':
      return `The list cost counts; ${reported}.`
    case 'reported':
      return basis === 'reported-first' && call.list_cost_usd !== null
        ? `The reported cost counts, as the config says (cost_basis: reported-first); the list cost is ${money(call.list_cost_usd)}.`
        : call.list_cost_usd === null
          ? 'The reported cost counts: no list price is known.'
          : 'The reported cost counts: nothing was counted that has a list price.'
    case 'response_cache':
      return `Answered from a response cache: nothing was bought; ${call.list_cost_usd === null ? 'what was avoided is not known' : `${money(call.list_cost_usd)} was avoided`}.`
    case 'no_usage':
      return 'The call failed and used no tokens: it cost nothing.'
    case null:
    default:
      return unpricedSentence(call, rate, typed)
  }
}

function unpricedSentence(call: CostedCall, rate: Rate | undefined, typed: Typed): string {
  if (call.input_tokens === null && call.output_tokens === null && (call.total_tokens ?? null) !== null)
    return 'No cost: only a total of tokens was logged, and input and output have prices of their own.'
  if (call.input_tokens === null && call.output_tokens === null)
    return 'No cost: neither tokens nor a cost were logged.'
  if (rate !== undefined)
    return `No cost yet, though a price is known by now: ${typed('llmcost reprice')} fills it in.`
  if (call.reported_cost_usd === null) return 'No cost: no price is known, and the source reported none.'
  return 'No cost: no price is known, and a reported 0 for a call with tokens counts as not reported.'
}

/** Usage that pricing says it left out or priced as something else, each in a sentence. */
const leftOut: Readonly<Record<string, string>> = {
  input_audio_tokens: 'Audio input has no price of its own: priced as text, which is too low.',
  output_audio_tokens: 'Audio output has no price of its own: priced as text, which is too low.',
  cache_read_audio_input_tokens: 'Cached audio has no price of its own: priced as cached text.',
  input_image_tokens: 'Image input has no price of its own: priced as text.',
  input_video_tokens: 'Video input has no price of its own: priced as text.',
  output_image_tokens: 'Image output has no price of its own: priced as text, which is too low.',
  web_search_requests: 'Web searches have no known price: left out.',
  file_search_requests: 'File searches have no known price: left out.',
  input_tokens: 'Input tokens have no known price: left out.',
  output_tokens: 'Output tokens have no known price: left out.',
}

function doubts(call: CostedCall, rate: Rate | undefined): string[] {
  if (rate === undefined) return []
  return [
    ...(rate.doubt === null ? [] : [`The price is doubtful: ${rate.doubt}.`]),
    ...namesIn(call.unpriced_usage).map((name) => leftOut[name] ?? modeSentence(name)),
  ]
}

const namesIn = (list: string | null | undefined): string[] =>
  (list ?? '').split('; ').filter((name) => name !== '')

/** What the record says and the reader did not use. */
function unreadSentence(name: string): string {
  const [, currency] = /^currency=(.*)$/.exec(name) ?? []
  if (currency !== undefined) return `A cost in ${currency} was logged, and is left out: no rate was given.`
  const [, doubt] = /^currency in doubt: (.*)$/.exec(name) ?? []
  if (doubt !== undefined) return `The reported cost was read as US dollars, though the record says ${doubt}.`
  return `The record says ${name}: not read, and in no figure.`
}

function modeSentence(name: string): string {
  const [what = '', word = ''] = name.split('=')
  return `No price is known for ${what.replace('_', ' ')} ${word}: priced as standard.`
}
