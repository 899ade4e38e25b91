/** What a body says of money beside tokens: its own cost, paid tools, tier, speed and place. */
import type { CallField } from '../../domain/call.js'
import type { ReadPlan } from '../importer.js'
import { absent, absentList, firstThere, type Body } from './body-places.js'
import { quoteText } from '../../domain/words/quoting.js'

/** xAI states what it charged in ticks, 10,000,000,000 to the dollar (docs.x.ai, cost tracking). */
const fromTicks = (ticks: string): string =>
  `CAST(TRY_CAST(${ticks} AS DECIMAL(18,0)) * CAST(0.0000000001 AS DECIMAL(11,10)) AS VARCHAR)`

/** Wide enough for the sum of any two that are believed, and of any two that are not. */
const dollars = (text: string): string => `TRY_CAST(${text} AS DECIMAL(24,12))`

/**
 * SQL for the cost that a body states, USD. OpenRouter's credits are dollars; under one's own key the
 * provider charges the rest, which stands beside it.
 */
export function statedCost(body: Body): string {
  const cost = body.text('usage', 'cost')
  const upstream = body.text('usage', 'cost_details', 'upstream_inference_cost')
  const ownKey = `${body.text('usage', 'is_byok')} = 'true' AND ${dollars(cost)} IS NOT NULL`
  const ticks = body.text('usage', 'cost_in_usd_ticks')
  const stated = `CASE WHEN starts_with(${cost}, '{') AND json_valid(${cost}) THEN json_extract_string(${cost}, '/total_cost')
      WHEN ${ownKey} THEN CAST(${dollars(cost)} + coalesce(${dollars(upstream)}, 0) AS VARCHAR) ELSE ${cost} END`
  return firstThere(
    cost === absent ? absent : stated,
    body.text('usage', 'total_cost'),
    ticks === absent ? absent : fromTicks(ticks),
    body.text('response_cost'),
    body.text('_hidden_params', 'response_cost'),
  )
}

/** SQL for the number of items of a type in the Responses API's output; NULL for none. */
function items(body: Body, type: string, which = 'true'): string {
  if (body.list(['output'], 'type') === absentList) return absent
  const found = `list_filter(list_zip(${body.list(['output'], 'type')}, ${body.list(['output'], 'action')}), lambda z: z[1] = ${quoteText(type)} AND ${which})`
  return `CASE WHEN len(${found}) > 0 THEN CAST(len(${found}) AS VARCHAR) END`
}

/** Tools that the provider ran during the call. Of web searches only the action search is charged. */
export const toolCalls = (body: Body): ReadPlan['fields'] => ({
  web_search_requests: items(
    body,
    'web_search_call',
    `(z[2] IS NULL OR coalesce(json_extract_string(z[2], '/type'), 'search') = 'search')`,
  ),
  file_search_requests: items(body, 'file_search_call'),
})

/**
 * SQL for the names of what was used and has no count that a price covers: containers of code, pictures
 * made by a tool, seconds of speech, passes of a call that its counts leave out; NULL where nothing.
 */
export function unreadTools(body: Body, output: string): string {
  const outputs = body.list(['usage', 'iterations'], 'output_tokens')
  const passes = `list_sum(list_transform(${outputs}, lambda x: TRY_CAST(x AS BIGINT)))`
  const named = [
    ...['code_interpreter_call', 'image_generation_call'].map(
      (type) => `CASE WHEN ${items(body, type)} IS NOT NULL THEN 'output.${type}' END`,
    ),
    `CASE WHEN ${body.text('usage', 'type')} = 'duration' AND TRY_CAST(${body.text('usage', 'seconds')} AS DOUBLE) > 0 THEN 'usage.seconds' END`,
    // What a rerank is billed by.
    `CASE WHEN TRY_CAST(${firstThere(body.text('meta', 'billed_units', 'search_units'), body.text('usage', 'billed_units', 'search_units'))} AS DOUBLE) > 0 THEN 'search_units' END`,
    `CASE WHEN TRY_CAST(${body.text('usage', 'citation_tokens')} AS DOUBLE) > 0 THEN 'usage.citation_tokens' END`,
    `CASE WHEN ${passes} <> TRY_CAST(${output} AS BIGINT) THEN 'usage.iterations' END`,
    `CASE WHEN regexp_matches(${body.text('model')}, '-search-(preview|api)') AND ${body.text('object')} = 'chat.completion' THEN 'web searches of a search model' END`,
  ]
  return `nullif(concat_ws('; ', ${named.join(', ')}), '')`
}

/** SQL for the tier whose share of the input LangChain tells. */
function tierOfPart(body: Body, tier: 'priority' | 'flex'): string {
  const share = body.text('usage_metadata', 'input_token_details', tier)
  return share === absent ? absent : `CASE WHEN TRY_CAST(${share} AS DOUBLE) > 0 THEN ${quoteText(tier)} END`
}

/** Tier, speed and place, as the providers write them; the words are brought to ours where texts become values. */
export function modes(body: Body, batch: string): ReadPlan['fields'] {
  const tier = firstThere(
    body.text('service_tier'),
    body.text('usage', 'service_tier'),
    body.text('usageMetadata', 'serviceTier'),
    body.text('usage_metadata', 'service_tier'),
    body.text('usageMetadata', 'trafficType'),
    body.text('usage_metadata', 'traffic_type'),
    body.text('serviceTier', 'type'),
    ...(['priority', 'flex'] as const).map((name) => tierOfPart(body, name)),
  )
  return {
    service_tier: batch === 'false' ? tier : `CASE WHEN ${batch} THEN 'batch' ELSE ${tier} END`,
    // Bedrock's inference at a lower latency has prices of its own.
    speed: firstThere(
      body.text('usage', 'speed'),
      body.text('performanceConfig', 'latency'),
      body.text('performance_config', 'latency'),
    ),
    region: body.text('usage', 'inference_geo'),
  }
}

/** What stands in a usage object beside what is counted, and why it needs no price. */
const free: readonly (readonly [path: string, reason: string])[] = [
  ['cost.input_tokens_cost', 'a part of the cost'],
  ['cost.output_tokens_cost', 'a part of the cost'],
  ['cost.reasoning_tokens_cost', 'a part of the cost'],
  ['cost.citation_tokens_cost', 'a part of the cost'],
  ['cost.search_queries_cost', 'a part of the cost'],
  ['cost.request_cost', 'a part of the cost'],
  ['cost.total_cost', 'the cost, as it is read'],
  ['cost_details.upstream_inference_prompt_cost', 'a part of the cost'],
  ['cost_details.upstream_inference_input_cost', 'a part of the cost'],
  ['cost_details.upstream_inference_completions_cost', 'a part of the cost'],
  ['cost_details.upstream_inference_output_cost', 'a part of the cost'],
  ['cost_details.upstream_inference_cost', "a part of the cost, or added to it under one's own key"],
  ['tokens.input_tokens', "the model's own count; billed units count"],
  ['tokens.output_tokens', "the model's own count; billed units count"],
  ['iterations', 'the passes that the counts add up, or they are named'],
  ['input_token_details.cached_tokens_details.text_tokens', 'a part of a counted total'],
  ['input_token_details.cached_tokens_details.image_tokens', 'a part of a counted total'],
  ['num_server_side_tools_used', 'the sum of the tools listed beside it'],
  ['inputTokens.noCache', 'a part of a counted total'],
  ['outputTokens.text', 'a part of a counted total'],
]

/** The paths of a body that need no price, as they stand in the record. */
export const freeInBody = (
  places: readonly (readonly string[])[],
): { readonly path: readonly string[]; readonly reason: string }[] =>
  places.flatMap((place) => [
    ...free.map(([path, reason]) => ({ path: [...place, 'usage', ...path.split('.')], reason })),
    ...['priority', 'flex'].map((tier) => ({
      path: [...place, 'usage_metadata', 'output_token_details', tier],
      reason: 'a part of a counted total; the tier is read from the input',
    })),
    ...['input_tokens', 'output_tokens'].map((name) => ({
      path: [...place, 'meta', 'tokens', name],
      reason: "the model's own count; billed units count",
    })),
  ])

/** Fields of a body that add up or convert what stands in it. */
export function addedUp(body: Body): CallField[] {
  const converted = [['cost_in_usd_ticks'], ['cost_details', 'upstream_inference_cost']]
  const isConverted = converted.some((path) => body.text('usage', ...path) !== absent)
  return [
    'input_tokens',
    'output_tokens',
    'cache_creation_input_tokens',
    'input_audio_tokens',
    'input_image_tokens',
    'input_video_tokens',
    ...(isConverted ? (['reported_cost_usd'] as const) : []),
  ]
}
