/** Whose body a record holds, by marks in SQL: a file may hold those of several providers. */
import { absent, firstThere, type Body } from './body-places.js'

/** As importer, condition and provider; the first that fits counts. */
export function kindsOf(body: Body, model: string): readonly (readonly [string, string, string?])[] {
  const has = (...paths: readonly string[][]): string => {
    const found = firstThere(...paths.map((path) => body.text(...path)))
    return found === absent ? 'false' : `${found} IS NOT NULL`
  }
  const message = `coalesce(${body.text('type')} = 'message', false)`
  return [
    [
      'gemini',
      has(
        ['usageMetadata', 'totalTokenCount'],
        ['usage_metadata', 'total_token_count'],
        ['usageMetadata', 'promptTokenCount'],
        ['usage_metadata', 'prompt_token_count'],
        ['modelVersion'],
      ),
      'google',
    ],
    ['anthropic', `${message} AND coalesce(${model} ILIKE '%claude%', true)`, 'anthropic'],
    ['anthropic', message],
    [
      'bedrock-converse',
      `${has(['usage', 'inputTokens'])} AND ${has(['stopReason'], ['metrics', 'latencyMs'], ['usage', 'cacheReadInputTokens'])}`,
      'aws',
    ],
    [
      'cohere',
      has(
        ['meta', 'billed_units', 'input_tokens'],
        ['usage', 'billed_units', 'input_tokens'],
        ['meta', 'tokens', 'input_tokens'],
        ['usage', 'tokens', 'input_tokens'],
      ),
      'cohere',
    ],
    ['bedrock', has(['prompt_token_count'], ['inputTextTokenCount']), 'aws'],
    ['ollama', has(['prompt_eval_count'], ['eval_count']), 'ollama'],
    ['openai', has(['usage', 'prompt_tokens'], ['usage', 'input_tokens_details', 'cached_tokens'])],
    ...unmarked(body, model, has),
  ]
}

/** Usage objects without any mark of the API that wrote them: names of counts decide. */
function unmarked(
  body: Body,
  model: string,
  has: (...paths: readonly string[][]) => string,
): readonly (readonly [string, string, string?])[] {
  const cached = `${has(['usage', 'cache_read_input_tokens'], ['usage', 'cache_creation_input_tokens'])} AND ${has(['usage', 'input_tokens'])}`
  return [
    ['anthropic', `${cached} AND coalesce(${model} ILIKE '%claude%', false)`, 'anthropic'],
    ['anthropic', cached],
    [
      'openai',
      `${has(['usage', 'input_tokens'])} OR coalesce(${body.text('object')} LIKE '%response', false)`,
    ],
  ]
}
