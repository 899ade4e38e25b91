/** What a request to a provider says of the call: where it goes, and the fields of its body. */
import { createHash } from 'node:crypto'
import type { CallRecord } from './record.js'
import { isObject } from './usage.js'

/** Ends of the paths of calls of models, and what they ask for. */
const operations: readonly (readonly [path: RegExp, operation: string])[] = [
  [/\/chat\/completions$/, 'chat'],
  [/\/completions$/, 'completion'],
  [/\/responses$/, 'chat'],
  [/\/messages$/, 'chat'],
  [/\/embeddings$/, 'embedding'],
  [/\/images\/(?:generations|edits|variations)$/, 'image'],
  [/\/audio\/(?:transcriptions|translations)$/, 'transcription'],
  [/\/audio\/speech$/, 'speech'],
]

const providers: readonly (readonly [host: RegExp, provider: string])[] = [
  [/(?:^|\.)openai\.com$/, 'openai'],
  [/\.(?:openai|services\.ai|cognitiveservices)\.azure\.com$/, 'azure'],
  [/(?:^|\.)anthropic\.com$/, 'anthropic'],
  [/(?:^|\.)openrouter\.ai$/, 'openrouter'],
  [/(?:^|\.)googleapis\.com$/, 'google'],
  [/(?:^|\.)amazonaws\.com$/, 'aws'],
  [/(?:^|\.)x\.ai$/, 'x-ai'],
  [/(?:^|\.)groq\.com$/, 'groq'],
  [/(?:^|\.)mistral\.ai$/, 'mistral'],
  [/(?:^|\.)deepseek\.com$/, 'deepseek'],
  [/(?:^|\.)together\.(?:xyz|ai)$/, 'together'],
  [/(?:^|\.)fireworks\.ai$/, 'fireworks'],
  [/(?:^|\.)cerebras\.ai$/, 'cerebras'],
  [/(?:^|\.)perplexity\.ai$/, 'perplexity'],
  [/(?:^|\.)cohere\.(?:com|ai)$/, 'cohere'],
]

/** The call that a request makes; undefined where it makes none: files, batches, lists of models. */
export function callAt(url: string, method: string | undefined): Place | undefined {
  if ((method ?? 'GET').toUpperCase() !== 'POST') return undefined
  if (!placesKnown.has(url)) {
    // Applications ask few places, again and again.
    if (placesKnown.size >= 1000) placesKnown.clear()
    placesKnown.set(url, placeOf(url))
  }
  return placesKnown.get(url)
}

type Place = Pick<CallRecord, 'operation' | 'provider'>

const placesKnown = new Map<string, Place | undefined>()

function placeOf(url: string): Place | undefined {
  if (!URL.canParse(url)) return undefined
  const { pathname, hostname } = new URL(url)
  const operation = operations.find(([path]) => path.test(pathname))?.[1]
  if (operation === undefined) return undefined
  const provider = providers.find(([host]) => host.test(hostname))?.[1]
  return { operation, ...(provider === undefined ? {} : { provider }) }
}

/** Fields of a request's body; none where it is no JSON object. */
export function requestFields(body: string): Partial<CallRecord> {
  const asked = parsed(body)
  if (!isObject(asked)) return {}
  const { model, temperature, service_tier: tier, max_tokens: most } = asked
  const limit = [asked['max_completion_tokens'], asked['max_output_tokens'], most].find(
    (one): one is number => typeof one === 'number',
  )
  const hash = promptHash(asked)
  return {
    ...(typeof model === 'string' ? { request_model: model.slice(0, 200) } : {}),
    ...(typeof temperature === 'number' ? { temperature } : {}),
    ...(limit === undefined ? {} : { max_tokens: limit }),
    // What was asked for, unless the answer says what it was.
    ...(typeof tier === 'string' && tier !== 'auto' ? { service_tier: tier } : {}),
    ...(hash === undefined ? {} : { prompt_hash: hash }),
  }
}

/** The system prompt's: equal in all calls that begin alike. */
function promptHash(asked: Readonly<Record<string, unknown>>): string | undefined {
  const { system, instructions, messages, input } = asked
  const turns = [messages, input].find((list): list is unknown[] => Array.isArray(list)) ?? []
  const told = turns.filter(
    (turn) => isObject(turn) && (turn['role'] === 'system' || turn['role'] === 'developer'),
  )
  const prompt =
    system ??
    instructions ??
    (told.length === 0 ? undefined : told.map((turn) => isObject(turn) && turn['content']))
  if (prompt === undefined || prompt === null) return undefined
  return hashOf(prompt)
}

/** Of a prompt, whatever it is made of: 16 digits. */
export const hashOf = (prompt: unknown): string =>
  createHash('sha256')
    .update(typeof prompt === 'string' ? prompt : JSON.stringify(prompt))
    .digest('hex')
    .slice(0, 16)

export function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
