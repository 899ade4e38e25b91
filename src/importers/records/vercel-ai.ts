import { bodyAt, absent, firstThere } from '../bodies/body-places.js'
import { bodyUsage } from '../bodies/body-usage.js'
import { number, sumOf } from '../bodies/counts.js'
import { Document } from '../document.js'
import { isLongId } from '../call-ids.js'
import type { Importer, ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import { namedFields } from './named-fields.js'
import { holdsEvent, tellsOtherUsage, vercelRecords } from './vercel-records.js'

/** Counts that the provider's own usage has too, or that are parts of others. */
const repeated = [
  'prompt_tokens', 'completion_tokens', 'total_tokens', 'input_tokens', 'output_tokens', 'cache_creation_input_tokens',
  'cache_read_input_tokens', 'cached_tokens', 'reasoning_tokens', 'text_tokens', 'ephemeral_5m_input_tokens',
  'accepted_prediction_tokens', 'rejected_prediction_tokens', 'audio_tokens', 'inputTokens', 'outputTokens',
  'totalTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens', 'promptTokenCount', 'candidatesTokenCount',
  'totalTokenCount', 'thoughtsTokenCount', 'cachedContentTokenCount', 'noCacheTokens', 'textTokens',
  'cachedPromptTokens', 'reasoningTokens', 'cacheCreationInputTokens', 'promptCacheHitTokens',
  'promptCacheMissTokens', 'acceptedPredictionTokens', 'rejectedPredictionTokens', 'noCache', 'text',
] // prettier-ignore

function plan(survey: Survey): ReadPlan {
  const doc = Document.for(survey)
  const body = bodyAt(survey, doc, [{ hops: [['call']], list: false }])
  const added = (...path: string[]): string => body.text('metadata', ...path)
  const raw = (...path: string[]): string => body.text('usage', 'raw', ...path)
  const around = namedFields({ ...survey, keys: survey.keys.filter((key) => key !== 'call') }, doc)
  const model = body.text('response', 'modelId')
  const { fields: counts, totalTokens } = bodyUsage(body, model)
  const reading = body.text('reading')
  const reasoning = firstThere(
    counts.reasoning_output_tokens ?? absent,
    added('openai', 'reasoningTokens'),
    added('azure', 'reasoningTokens'),
  )
  const [input, output] = [
    firstThere(counts.input_tokens ?? absent, body.text('usage', 'tokens')),
    counts.output_tokens ?? absent,
  ]
  // Before 6 the kit passed on Gemini's counts, whose thoughts stand beside the output, as the total shows.
  const isBeside = `coalesce(${number(reasoning)} > 0 AND ${number(totalTokens)} = ${number(input)} + ${number(output)} + ${number(reasoning)}, false)`
  const provider = `nullif(regexp_extract(${body.text('provider')}, '^[^.]+'), 'gateway')`
  const id = `nullif(${body.text('response', 'id')}, '')`
  const isEmbedding = `${body.text('usage', 'tokens')} IS NOT NULL`
  const of = (sql: string | undefined): string => sql ?? absent
  const { fields } = around
  const all: ReadPlan['fields'] = {
    ...fields,
    call_id: id,
    ts: firstThere(body.text('response', 'timestamp'), of(fields.ts)),
    provider: firstThere(provider, of(fields.provider)),
    request_model: firstThere(body.text('asked'), of(fields.request_model)),
    response_model: firstThere(model, of(fields.response_model)),
    operation: `coalesce(${body.text('operation')}, CASE WHEN ${isEmbedding} THEN 'embedding' ELSE 'chat' END)`,
    feature: firstThere(of(fields.feature), body.text('functionId')),
    input_tokens: input,
    output_tokens:
      reasoning === absent || output === absent
        ? output
        : `CASE WHEN ${isBeside} THEN ${sumOf(output, reasoning)} ELSE ${output} END`,
    reasoning_output_tokens: reasoning,
    cache_read_input_tokens: firstThere(
      counts.cache_read_input_tokens ?? absent,
      added('openai', 'cachedPromptTokens'),
      added('azure', 'cachedPromptTokens'),
      added('anthropic', 'cacheReadInputTokens'),
      added('anthropic', 'usage', 'cache_read_input_tokens'),
      added('bedrock', 'usage', 'cacheReadInputTokens'),
      added('deepseek', 'promptCacheHitTokens'),
    ),
    cache_creation_input_tokens: firstThere(
      counts.cache_creation_input_tokens ?? absent,
      added('anthropic', 'cacheCreationInputTokens'),
      added('anthropic', 'usage', 'cache_creation_input_tokens'),
      added('bedrock', 'usage', 'cacheWriteInputTokens'),
    ),
    cache_creation_1h_input_tokens: firstThere(
      raw('cache_creation', 'ephemeral_1h_input_tokens'),
      added('anthropic', 'usage', 'cache_creation', 'ephemeral_1h_input_tokens'),
    ),
    input_audio_tokens: raw('prompt_tokens_details', 'audio_tokens'),
    output_audio_tokens: raw('completion_tokens_details', 'audio_tokens'),
    web_search_requests: firstThere(
      raw('server_tool_use', 'web_search_requests'),
      added('anthropic', 'usage', 'server_tool_use', 'web_search_requests'),
    ),
    reported_cost_usd: firstThere(
      added('gateway', 'cost'),
      added('openrouter', 'usage', 'cost'),
      raw('cost'),
      of(fields.reported_cost_usd),
    ),
    service_tier: firstThere(
      added('openai', 'serviceTier'),
      raw('service_tier'),
      added('anthropic', 'serviceTier'),
      added('anthropic', 'usage', 'service_tier'),
      of(fields.service_tier),
    ),
    latency_ms: firstThere(body.text('performance', 'responseTimeMs'), of(fields.latency_ms)),
    ttft_ms: firstThere(body.text('performance', 'timeToFirstOutputMs'), of(fields.ttft_ms)),
    finish_reason: firstThere(body.text('finish'), of(fields.finish_reason)),
  }
  return {
    document: doc,
    fields: Object.fromEntries(Object.entries(all).filter(([, sql]) => sql !== absent)) as ReadPlan['fields'],
    ...(around.tags === undefined ? {} : { tags: around.tags }),
    idKind: `CASE WHEN ${isLongId(id)} THEN NULL ELSE 'any' END`,
    cacheTokens: 'included',
    cacheTokensCertain: true,
    cacheTokensBeside: `coalesce(${reading} = 'beside', false)`,
    cacheTokensOpen: `coalesce(${reading} = 'open', false)`,
    callsMayLackUsage: true,
    addedUp: ['output_tokens', 'cache_creation_input_tokens'],
    isCall: `${reading} IS NOT NULL`,
    totalTokens: `CASE WHEN ${reading} = 'inside' AND NOT ${isBeside} THEN ${totalTokens} END`,
    uses: [totalTokens],
    moneyFree: free(survey),
  }
}

/** What the kit tells twice: the provider's own counts, and parts of a sum. */
function free({ shape }: Survey): NonNullable<ReadPlan['moneyFree']> {
  const reason = 'another telling of a count, or a part of it'
  const inner = [...shape].flatMap(([place, keys]) => {
    const path = JSON.parse(place) as string[]
    const isTold = path[0] === 'call' && (path[1] === 'usage' || path[1] === 'metadata') && path.length > 1
    return isTold ? keys.filter((key) => repeated.includes(key)).map((key) => [...path, key]) : []
  })
  const speed = (shape.get(JSON.stringify(['call', 'performance'])) ?? []).map((key) => ['call', 'performance', key]) // prettier-ignore
  return [
    ...inner.map((path) => ({ path, reason })),
    ...speed.map((path) => ({ path, reason: 'how long it took' })),
    { path: ['call', 'metadata', 'gateway', 'marketCost'], reason: 'what others would have charged' },
  ]
}

/**
 * What an application logs of Vercel's AI SDK: results and what `onFinish` and `onStepFinish` are given, of the
 * versions 4 to 7, bare or in a record of one's own. A step is a call; what an event sums up counts nothing again.
 */
export const vercelAi: Importer = {
  id: 'vercel-ai',
  writer: 'own',
  about: "what is logged of Vercel's AI SDK, 4 to 7: results, onFinish, onStepFinish, bare or wrapped",
  example: "onFinish: (event) => log.write(JSON.stringify(event) + '\\n')",
  recognisedBy:
    '`usage` with `inputTokens` or `promptTokens`, beside `response.modelId`, `providerMetadata` or `steps`',
  lacks: 'a user and feature, unless they are logged beside it; steps, where a total is logged alone',
  detects: ({ kind, records }) =>
    kind === 'json' && records.some(holdsEvent) && !records.some(tellsOtherUsage),
  records: vercelRecords,
  plan,
}
