/** The counts of a body, under the names of all providers. Where they are no sums, the first that is there counts. */
import type { UsageField } from '../../domain/call.js'
import { absent, absentList, firstThere, type Body } from './body-places.js'
import { allWrites, number, sumOf, sumOfList } from './counts.js'
import { plainOnly } from '../document.js'

type Path = readonly string[]

const under = (...containers: string[]) => {
  return (...paths: string[]): Path[] =>
    containers.flatMap((container) => paths.map((path) => [container, ...path.split('.')]))
}
const usage = under('usage')
const langchain = under('usage_metadata')
const google = (camel: string, snake: string): Path[] => [
  ['usageMetadata', camel],
  ['usage_metadata', snake],
]

/** Paths of a count that every API but Google's states as one number. */
const paths = {
  input_tokens: [
    ...usage('prompt_tokens', 'input_tokens', 'inputTokens', 'promptTokens', 'prompt_token'),
    ...langchain('input_tokens'),
    ['meta', 'billed_units', 'input_tokens'],
    ...usage('billed_units.input_tokens'),
    ['meta', 'tokens', 'input_tokens'],
    ...usage('tokens.input_tokens'),
    ['prompt_eval_count'],
    ['prompt_token_count'],
    ['inputTextTokenCount'],
  ],
  output_tokens: [
    ...usage('completion_tokens', 'output_tokens', 'outputTokens', 'completionTokens', 'completion_token'),
    ...langchain('output_tokens'),
    ['meta', 'billed_units', 'output_tokens'],
    ...usage('billed_units.output_tokens'),
    ['meta', 'tokens', 'output_tokens'],
    ...usage('tokens.output_tokens'),
    ['eval_count'],
    ['generation_token_count'],
  ],
  cache_read_input_tokens: [
    ...usage(
      'prompt_tokens_details.cached_tokens',
      'input_tokens_details.cached_tokens',
      'input_token_details.cached_tokens',
      'cache_read_input_tokens',
      'cacheReadInputTokens',
      'cacheReadInputTokenCount',
      'prompt_cache_hit_tokens',
      'prompt_cache_read_tokens',
      'cached_tokens',
      'cached_input_tokens',
      'cachedInputTokens',
      'cached_prompt_text_tokens',
      'input_token_details.cache_read',
      'inputTokenDetails.cacheReadTokens',
      'inputTokens.cacheRead',
      'num_cached_tokens',
      'prompt_token_details.cached_tokens',
      'promptTokensDetails.cachedTokens',
    ),
    ...langchain(
      'input_token_details.cache_read',
      'input_token_details.priority_cache_read',
      'input_token_details.flex_cache_read',
    ),
    ...google('cachedContentTokenCount', 'cached_content_token_count'),
  ],
  cache_creation_input_tokens: [
    ...usage(
      'cache_creation_input_tokens',
      'cacheWriteInputTokens',
      'cacheWriteInputTokenCount',
      'prompt_tokens_details.cache_write_tokens',
      'prompt_tokens_details.cache_creation_tokens',
      'input_tokens_details.cache_write_tokens',
      'input_token_details.cache_creation',
      'inputTokenDetails.cacheWriteTokens',
      'inputTokens.cacheWrite',
    ),
    ...langchain('input_token_details.cache_creation'),
  ],
  reasoning_output_tokens: [
    ...usage(
      'completion_tokens_details.reasoning_tokens',
      'output_tokens_details.reasoning_tokens',
      'output_tokens_details.thinking_tokens',
      'reasoning_tokens',
      'reasoningTokens',
      'output_token_details.reasoning',
      'outputTokenDetails.reasoningTokens',
      'outputTokens.reasoning',
      'completionTokensDetails.reasoningTokens',
    ),
    ...langchain(
      'output_token_details.reasoning',
      'output_token_details.priority_reasoning',
      'output_token_details.flex_reasoning',
    ),
    ...google('thoughtsTokenCount', 'thoughts_token_count'),
  ],
  input_audio_tokens: [
    ...usage(
      'prompt_tokens_details.audio_tokens',
      'input_tokens_details.audio_tokens',
      'input_token_details.audio_tokens',
      'input_token_details.audio',
    ),
    ...langchain('input_token_details.audio'),
  ],
  output_audio_tokens: [
    ...usage(
      'completion_tokens_details.audio_tokens',
      'output_tokens_details.audio_tokens',
      'output_token_details.audio_tokens',
      'output_token_details.audio',
    ),
    ...langchain('output_token_details.audio'),
  ],
  cache_read_audio_input_tokens: usage(
    'input_token_details.cached_tokens_details.audio_tokens',
    'input_tokens_details.cached_tokens_details.audio_tokens',
    'prompt_tokens_details.cached_tokens_details.audio_tokens',
  ),
  input_image_tokens: usage(
    'prompt_tokens_details.image_tokens',
    'input_tokens_details.image_tokens',
    'input_token_details.image_tokens',
  ),
  input_video_tokens: usage('prompt_tokens_details.video_tokens', 'input_tokens_details.video_tokens'),
  output_image_tokens: usage(
    'completion_tokens_details.image_tokens',
    'output_tokens_details.image_tokens',
    'output_token_details.image_tokens',
  ),
  web_search_requests: usage(
    'server_tool_use.web_search_requests',
    'server_side_tool_usage_details.web_search_calls',
    'num_search_queries',
  ),
  file_search_requests: usage('server_side_tool_usage_details.file_search_calls'),
} as const satisfies Partial<Record<UsageField, readonly Path[]>>

export interface BodyUsage {
  readonly fields: Partial<Record<UsageField, string>>
  readonly totalTokens: string
  /** SQL: true where input excludes cached tokens. */
  readonly cacheTokensBeside: string
}

const totals: readonly Path[] = [
  ...usage('total_tokens', 'totalTokens', 'total_token'),
  ...langchain('total_tokens'),
  ...google('totalTokenCount', 'total_token_count'),
]

/**
 * The counts of a body, wherever it stands.
 * @param model SQL for the model, for those whose output leaves reasoning out
 */
export function bodyUsage(body: Body, model: string): BodyUsage {
  const of = (all: readonly Path[]): string => firstThere(...all.map((path) => body.text(...path)))
  const fields: Partial<Record<UsageField, string>> = {}
  for (const [field, list] of Object.entries(paths)) fields[field as UsageField] = of(list)
  const totalTokens = of(totals)
  for (const [field, key] of [
    ['input_tokens', 'inputTokens'],
    ['output_tokens', 'outputTokens'],
  ] as const) {
    const split = body.text('usage', key, 'total')
    // The whole object stands where other records have the number.
    if (split !== absent) fields[field] = firstThere(split, plainOnly(fields[field] ?? absent))
  }
  fields.input_tokens = ofEmbedding(body, fields.input_tokens ?? absent, totalTokens)
  fields.output_tokens = firstThere(fields.output_tokens ?? absent, ofTitan(body))
  const oneHour = firstThere(
    body.text('usage', 'cache_creation', 'ephemeral_1h_input_tokens'),
    hourOf(body, ['usage', 'cacheDetails']),
    ...[...langchain('input_token_details.ephemeral_1h_input_tokens')].map((path) => body.text(...path)),
  )
  const fiveMinutes = firstThere(
    body.text('usage', 'cache_creation', 'ephemeral_5m_input_tokens'),
    ...[...langchain('input_token_details.ephemeral_5m_input_tokens')].map((path) => body.text(...path)),
  )
  return {
    fields: {
      ...fields,
      cache_creation_input_tokens: allWrites(
        fields.cache_creation_input_tokens ?? absent,
        fiveMinutes,
        oneHour,
      ),
      cache_creation_1h_input_tokens: oneHour,
      output_tokens: withReasoning(body, fields, totalTokens, model),
    },
    totalTokens,
    cacheTokensBeside: `(${body.text('usage', 'prompt_tokens')} IS NULL AND coalesce(${[
      'cache_read_input_tokens',
      'cache_creation_input_tokens',
      'cacheReadInputTokens',
      'cacheWriteInputTokens',
    ]
      .map((name) => body.text('usage', name))
      .join(', ')}) IS NOT NULL AND ${body.text('usage', 'input_tokens_details', 'cached_tokens')} IS NULL)`,
  }
}

/** SQL for the input; some APIs of embeddings state the total alone. */
const ofEmbedding = (body: Body, input: string, total: string): string =>
  body.text('object') === absent || total === absent
    ? input
    : firstThere(input, `CASE WHEN ${body.text('object')} = 'list' THEN ${total} END`)

/** SQL for the output of Titan, which has a count for each of its results. */
function ofTitan(body: Body): string {
  const counts = body.list(['results'], 'tokenCount')
  return body.text('inputTextTokenCount') === absent || counts === absentList
    ? absent
    : `CASE WHEN ${body.text('inputTextTokenCount')} IS NOT NULL THEN ${sumOfList(counts)} END`
}

/** SQL for the tokens of a list of `{ttl, inputTokens}` that are kept for an hour. */
function hourOf(body: Body, path: readonly string[]): string {
  if (body.list(path, 'ttl') === absentList) return absent
  const pairs = `list_filter(list_zip(${body.list(path, 'ttl')}, ${body.list(path, 'inputTokens')}), lambda z: z[1] = '1h')`
  return sumOfList(`list_transform(${pairs}, lambda z: z[2])`)
}

/**
 * SQL for the output with its reasoning. xAI and Perplexity count reasoning beside the output, as the total
 * shows where there is one; Gemini's counts are read elsewhere.
 */
function withReasoning(
  body: Body,
  fields: Partial<Record<UsageField, string>>,
  total: string,
  model: string,
): string {
  const output = fields.output_tokens ?? absent
  const reasoning = firstThere(
    body.text('usage', 'completion_tokens_details', 'reasoning_tokens'),
    body.text('usage', 'reasoning_tokens'),
  )
  if (reasoning === absent) return output
  const perplexity = ['num_search_queries', 'citation_tokens', 'search_context_size'].map(
    (name) => `${body.text('usage', name)} IS NOT NULL`,
  )
  const inside = `coalesce(${number(total)} = ${number(fields.input_tokens ?? absent)} + ${number(output)}, false)`
  const beside = `(${perplexity.join(' OR ')} OR (${model} ILIKE '%grok%' AND NOT ${inside}))`
  return `CASE WHEN ${number(reasoning)} > 0 AND ${beside} THEN ${sumOf(output, reasoning)} ELSE ${output} END`
}
