/**
 * By which marks the body of a provider's response is known, and which importer reads it. Strict marks are
 * those that no record of one's own has; wrapped, or without a time beside it, a bare usage object will do.
 */
import { isObject } from '../sample-values.js'

type Value = Readonly<Record<string, unknown>>

const openaiObjects = [
  'chat.completion',
  'chat.completion.chunk',
  'response',
  'realtime.response',
  'text_completion',
]

const usageOf = (value: Value): Value => (isObject(value['usage']) ? value['usage'] : {})

export const isAnthropic = (value: Value): boolean =>
  value['type'] === 'message' && 'input_tokens' in usageOf(value)

export const isOpenai = (value: Value): boolean =>
  openaiObjects.includes(String(value['object'])) ||
  (Array.isArray(value['choices']) && isObject(value['usage'])) ||
  (value['object'] === 'list' && ['prompt_tokens', 'total_tokens'].some((name) => name in usageOf(value))) ||
  isObject(usageOf(value)['input_tokens_details'])

/** Counts as the Gemini API names them, in either case. */
const geminiCounts = /^(?:prompt|candidates|total|thoughts|response)_?token_?count$/i

export const isGemini = (value: Value): boolean =>
  [value['usageMetadata'], value['usage_metadata']].some(
    (usage) => isObject(usage) && Object.keys(usage).some((key) => geminiCounts.test(key)),
  )

export const isConverse = (value: Value): boolean =>
  'inputTokens' in usageOf(value) &&
  ('stopReason' in value || isObject(value['metrics']) || 'cacheReadInputTokens' in usageOf(value))

export const isCohere = (value: Value): boolean =>
  (isObject(value['meta']) &&
    (isObject(value['meta']['billed_units']) || isObject(value['meta']['tokens']))) ||
  isObject(usageOf(value)['billed_units']) ||
  isObject(usageOf(value)['tokens'])

/** The last line of an answer of Ollama, or an embedding. */
export const isOllama = (value: Value): boolean =>
  typeof value['model'] === 'string' &&
  (('done' in value && ('created_at' in value || 'eval_count' in value)) ||
    ('prompt_eval_count' in value && ('embeddings' in value || 'total_duration' in value)))

/** Answers of Llama and Titan on Bedrock, which have their counts at the top. */
const isBedrockNative = (value: Value): boolean =>
  ('prompt_token_count' in value && 'generation_token_count' in value) ||
  ('inputTextTokenCount' in value && Array.isArray(value['results']))

export const isStrictBody = (value: Value): boolean =>
  [isBedrockNative, isAnthropic, isOpenai, isGemini, isConverse, isCohere, isOllama].some((is) => is(value))

/** The first event of a stream of Anthropic's, whose usage the last ones complete. */
export const isMessageStart = (value: Value): boolean =>
  value['type'] === 'message_start' && isObject(value['message'])

/** A usage object as the APIs of all providers write it. */
export const counts = [
  'prompt_tokens',
  'completion_tokens',
  'input_tokens',
  'output_tokens',
  'inputTokens',
  'outputTokens',
  'promptTokens',
  'completionTokens',
  // As gateways of Kong write them.
  'prompt_token',
  'completion_token',
]

/** The answer of a transcription that is billed by its seconds. */
const isSpoken = (value: Value): boolean =>
  usageOf(value)['type'] === 'duration' && 'seconds' in usageOf(value)

export const isBody = (value: Value): boolean =>
  isStrictBody(value) ||
  isSpoken(value) ||
  counts.some((name) => name in usageOf(value)) ||
  (isObject(value['usage_metadata']) && counts.some((name) => name in (value['usage_metadata'] as Value)))
