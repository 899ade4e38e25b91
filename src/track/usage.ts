/**
 * What answers of providers say that a call used, in the fields of a record. Input includes cache reads and writes,
 * and output reasoning, however the provider counts. A number that no field holds is passed on under its own name.
 */
import type { Usage } from './record.js'

type Json = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads counts of a usage object, and knows which were not read. */
class Counts {
  readonly #found = new Map<string, number>()

  constructor(usage: Json) {
    const walk = (value: Json, path: string): void => {
      for (const [key, inner] of Object.entries(value)) {
        const at = path === '' ? key : `${path}.${key}`
        if (typeof inner === 'number') this.#found.set(at, inner)
        else if (isObject(inner)) walk(inner, at)
      }
    }
    walk(usage, '')
  }

  /** The first of these that is there. */
  of(...paths: readonly string[]): number | undefined {
    const values = paths.map((path) => {
      const value = this.#found.get(path)
      this.#found.delete(path)
      return value
    })
    return values.find((value) => value !== undefined)
  }

  /** Counts above 0 that nobody read, without sums of what was. */
  rest(free: ReadonlySet<string>): Record<string, number> | undefined {
    let left: Record<string, number> | undefined
    for (const [path, value] of this.#found) if (value > 0 && !free.has(path)) (left ??= {})[path] = value
    return left
  }
}

const sum = (...values: readonly (number | undefined)[]): number | undefined =>
  values.every((value) => value === undefined)
    ? undefined
    : values.reduce<number>((total, value) => total + (value ?? 0), 0)

/** Without the fields that are not known. */
function known(fields: { readonly [name in keyof Usage]: Usage[name] | undefined }): Usage {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** A fetched page costs its tokens alone. */
const freeOfAnthropic = new Set(['server_tool_use.web_fetch_requests'])

/** Of Anthropic's Messages, whose input excludes what the cache read and wrote. */
export function anthropicUsage(usage: Json): Usage {
  const counts = new Counts(usage)
  const read = counts.of('cache_read_input_tokens')
  const written = counts.of('cache_creation_input_tokens')
  const [short, hour] = [
    counts.of('cache_creation.ephemeral_5m_input_tokens'),
    counts.of('cache_creation.ephemeral_1h_input_tokens'),
  ]
  const creation = written ?? sum(short, hour)
  return known({
    input_tokens: sum(counts.of('input_tokens'), read, creation),
    cache_read_input_tokens: read,
    cache_creation_input_tokens: creation,
    cache_creation_1h_input_tokens: hour,
    output_tokens: counts.of('output_tokens'),
    reasoning_output_tokens: counts.of('output_tokens_details.thinking_tokens'),
    web_search_requests: counts.of('server_tool_use.web_search_requests'),
    usage: counts.rest(freeOfAnthropic),
  })
}

const inNames = ['prompt_tokens_details', 'input_tokens_details', 'input_token_details']
const outNames = ['completion_tokens_details', 'output_tokens_details', 'output_token_details']

const within = (objects: readonly string[], name: string): readonly string[] =>
  objects.map((object) => `${object}.${name}`)

const inDetails = {
  cached_tokens: within(inNames, 'cached_tokens'),
  cache_write_tokens: within(inNames, 'cache_write_tokens'),
  cache_creation_tokens: within(inNames, 'cache_creation_tokens'),
  audio_tokens: within(inNames, 'audio_tokens'),
  image_tokens: within(inNames, 'image_tokens'),
}
const outDetails = {
  reasoning_tokens: within(outNames, 'reasoning_tokens'),
  audio_tokens: within(outNames, 'audio_tokens'),
  image_tokens: within(outNames, 'image_tokens'),
}

/** Shares of counts that are read, and times that some servers add. */
const freeOfOpenai = new Set([
  'prompt_cache_miss_tokens',
  ...within(inNames, 'text_tokens'),
  ...within(outNames, 'text_tokens'),
  ...within(outNames, 'accepted_prediction_tokens'),
  ...within(outNames, 'rejected_prediction_tokens'),
  'cost_details.upstream_inference_prompt_cost',
  'cost_details.upstream_inference_completions_cost',
  'queue_time',
  'prompt_time',
  'completion_time',
  'total_time',
  'num_sources_used',
])

/** Of OpenAI's APIs and of those that speak like them: chat completions, responses, embeddings, images, audio. */
export function openaiUsage(usage: Json): Usage {
  const counts = new Counts(usage)
  const input = counts.of('prompt_tokens', 'input_tokens')
  const output = counts.of('completion_tokens', 'output_tokens')
  const total = counts.of('total_tokens')
  const cached =
    counts.of(...inDetails.cached_tokens) ?? counts.of('prompt_cache_hit_tokens', 'cached_tokens')
  const reasoning = counts.of(...outDetails.reasoning_tokens) ?? counts.of('reasoning_tokens')
  // Some count reasoning beside the output: the total then shows it.
  // With a key of one's own, OpenRouter's cost is its fee, beside what the provider takes.
  const [cost, upstream] = [counts.of('cost'), counts.of('cost_details.upstream_inference_cost')]
  const isBeside =
    reasoning !== undefined && total !== undefined && total === (sum(input, output) ?? 0) + reasoning
  return known({
    input_tokens: input,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens:
      counts.of(...inDetails.cache_write_tokens) ?? counts.of(...inDetails.cache_creation_tokens),
    output_tokens: isBeside ? sum(output, reasoning) : output,
    reasoning_output_tokens: reasoning,
    input_audio_tokens: counts.of(...inDetails.audio_tokens),
    output_audio_tokens: counts.of(...outDetails.audio_tokens),
    input_image_tokens: counts.of(...inDetails.image_tokens),
    output_image_tokens: counts.of(...outDetails.image_tokens),
    reported_cost_usd: usage['is_byok'] === true ? sum(cost, upstream) : cost,
    usage: counts.rest(freeOfOpenai),
  })
}

const totalOfSdk = new Set(['totalTokens'])

/** Of the AI SDK's models: of the second kind plain counts, from the third on objects. Input includes the cache. */
export function sdkUsage(usage: Json): Usage {
  const counts = new Counts(Object.fromEntries(Object.entries(usage).filter(([key]) => key !== 'raw')))
  const sideOf = (side: 'inputTokens' | 'outputTokens'): number | undefined =>
    counts.of(`${side}.total`, side)
  const read = counts.of('inputTokens.cacheRead', 'cachedInputTokens')
  const written = counts.of('inputTokens.cacheWrite')
  const fresh = counts.of('inputTokens.noCache')
  const [text, reasoning] = [
    counts.of('outputTokens.text'),
    counts.of('outputTokens.reasoning', 'reasoningTokens'),
  ]
  return known({
    input_tokens: sideOf('inputTokens') ?? sum(fresh, read, written),
    cache_read_input_tokens: read,
    cache_creation_input_tokens: written,
    output_tokens: sideOf('outputTokens') ?? sum(text, reasoning),
    reasoning_output_tokens: reasoning,
    usage: counts.rest(totalOfSdk),
  })
}
