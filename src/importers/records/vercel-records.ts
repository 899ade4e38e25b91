/** SQL that makes the records of what Vercel's AI SDK gives an application to log: one for each step, which is a call. */
import { isObject } from '../sample-values.js'
import { standsForItself } from '../made-records.js'
import { quoteText } from '../../domain/words/quoting.js'

type Values = Readonly<Record<string, unknown>>

/** Keys of a record under which the event may stand, where it is wrapped. */
const wrappers = ['result', 'event', 'data', 'payload', 'generation', 'completion']

/** Names of a count, one of which every usage has; that of an embedding has the last alone. */
const counts = ['inputTokens', 'promptTokens', 'outputTokens', 'completionTokens', 'totalTokens']

const isUsage = (value: unknown): boolean => isObject(value) && counts.some((name) => name in value)

/** True for a step or an event without steps: what stands beside the usage is the kit's and nobody else's. */
function isStep(value: unknown): boolean {
  if (!isObject(value) || !isObject(value['usage'])) return false
  const { usage, response } = value
  // A provider's own body, whoever added to it.
  if (/^(?:chat\.completion|text_completion|response$|list$)/.test(String(value['object']))) return false
  if ('tokens' in usage && ('embedding' in value || 'embeddings' in value)) return true
  return (
    isUsage(usage) &&
    ((isObject(response) && 'modelId' in response) ||
      isObject(value['providerMetadata']) ||
      isObject(value['experimental_providerMetadata']) ||
      isUsage(value['totalUsage']) ||
      isObject(usage['inputTokenDetails']) ||
      (isObject(usage['inputTokens']) && 'total' in usage['inputTokens']))
  )
}

const isEvent = (value: unknown): boolean =>
  isObject(value) && (isStep(value) || (Array.isArray(value['steps']) && value['steps'].some(isStep)))

/** True for a record that is such an event, or has one inside. */
export const holdsEvent = (record: Values): boolean =>
  isEvent(record) || wrappers.some((key) => isEvent(record[key]))

/** True for a record of another kind that tells usage, too: of a log of one's own, whose records are not the kit's alone. */
export const tellsOtherUsage = (record: Values): boolean =>
  !holdsEvent(record) && /"[a-z_]*(?:usage|tokens?)[a-z_]*"\s*:/i.test(JSON.stringify(record))

/** What people wrote and were answered, and what is read step by step. */
const others = [
  'text', 'content', 'reasoning', 'reasoningText', 'reasoningDetails', 'files', 'sources', 'toolCalls', 'toolResults',
  'staticToolCalls', 'staticToolResults', 'dynamicToolCalls', 'dynamicToolResults', 'request', 'response',
  'responseMessages', 'initialResponseMessages', 'initialMessages', 'steps', 'finalStep', 'messages', 'prompt', 'system',
  'instructions', 'output', '_output', 'resolvedOutput', 'experimental_output', 'object', 'value', 'values',
  'embedding', 'embeddings', 'warnings', 'logprobs', 'rawResponse', 'toolsContext', 'runtimeContext',
  'experimental_context', 'usage', 'totalUsage', 'providerMetadata', 'experimental_providerMetadata',
  'finishReason', 'rawFinishReason', 'performance', 'callId', 'stepNumber', 'stepType', 'isContinued', 'call',
] // prettier-ignore

const gone = (names: readonly string[]): Values => Object.fromEntries(names.map((name) => [name, null]))
const withoutEvent = JSON.stringify(gone(others))
/** Of what providers add, texts and proofs of texts. */
const withoutTexts = JSON.stringify({
  openai: gone(['logprobs', 'responseId']),
  azure: gone(['logprobs']),
  google: gone(['groundingMetadata', 'urlContextMetadata', 'safetyRatings', 'promptFeedback']),
  vertex: gone(['groundingMetadata', 'urlContextMetadata', 'safetyRatings', 'promptFeedback']),
  anthropic: gone(['container', 'contextManagement', 'stopSequence', 'iterations']),
  bedrock: gone(['trace', 'stopSequence']),
  openrouter: gone(['reasoning_details', 'annotations']),
  perplexity: gone(['images']),
})

const isObjectAt = (json: string, path: string): string =>
  `coalesce(json_type(${json}, '${path}') = 'OBJECT', false)`
const metadata = (step: string): string =>
  `coalesce(json_extract(${step}, '/providerMetadata'), json_extract(${step}, '/experimental_providerMetadata'))`

/**
 * SQL for whether the input holds what was cached: the kit from 6 on always says so by its details; before that
 * it passed on what the provider said.
 */
const readingOf = (step: string): string => `CASE
  WHEN ${isObjectAt(step, '/usage/inputTokenDetails')} OR ${isObjectAt(step, '/usage/inputTokens')} THEN 'inside'
  WHEN ${isObjectAt(metadata(step), '/openrouter')} THEN 'inside'
  WHEN ${isObjectAt(metadata(step), '/anthropic')} OR ${isObjectAt(metadata(step), '/bedrock')} THEN 'beside'
  WHEN len(json_keys(${metadata(step)})) > 0 THEN 'inside' ELSE 'open' END`

const call = (step: string): string => `json_object(
  'usage', json_extract(${step}, '/usage'), 'finish', json_extract(${step}, '/finishReason'),
  'response', json_object('id', json_extract(${step}, '/response/id'), 'modelId', coalesce(json_extract(${step}, '/response/modelId'), json_extract(${step}, '/response/body/model')),
    'timestamp', json_extract(${step}, '/response/timestamp')),
  'asked', coalesce(json_extract(${step}, '/model/modelId'), CASE WHEN json_type(${step}, '/model') = 'VARCHAR' THEN json_extract(${step}, '/model') END),
  'provider', json_extract(${step}, '/model/provider'), 'operation', operation,
  'functionId', coalesce(json_extract(${step}, '/functionId'), json_extract(event, '/functionId')),
  'performance', json_extract(${step}, '/performance'),
  'metadata', json_merge_patch(${metadata(step)}, '${withoutTexts}'), 'reading', ${readingOf(step)})`

/** SQL: true for a step that says what it used. */
const isCounted = (step: string): string => isObjectAt(step, '/usage')

/**
 * Each step of an event; the event itself where it has none, which then may sum up several: where its total is
 * more than its usage, the total is told as that of a session.
 */
export const vercelRecords = (lines: string): string => `
  WITH told AS MATERIALIZED (
    SELECT line, text, coalesce(json_valid(text) AND starts_with(ltrim(text), '{'), false) AS is_object FROM ${lines}),
  placed AS MATERIALIZED (
    SELECT line, text, coalesce(${wrappers.map((key) => `CASE WHEN json_type(text, '/${key}/usage') = 'OBJECT' OR json_type(text, '/${key}/steps') = 'ARRAY' THEN '${key}' END`).join(', ')}) AS wrapper FROM (
      SELECT line, CASE WHEN is_object THEN text END AS text FROM told WHERE is_object)),
  events AS MATERIALIZED (
    SELECT line, CASE WHEN wrapper IS NULL THEN CAST(text AS JSON) ELSE json_extract(text, '/' || wrapper) END AS event,
      json_merge_patch(json_merge_patch(text, CASE WHEN wrapper IS NULL THEN ${quoteText(withoutEvent)} ELSE '{}' END),
        CASE WHEN wrapper IS NULL THEN CASE WHEN json_type(text, '/model') = 'OBJECT' THEN '{"model":null}' ELSE '{}' END
          ELSE json_object(wrapper, NULL, 'metadata', coalesce(json_extract(text, '/metadata'), json_extract(text, '/' || wrapper || '/metadata'))) END) AS around
    FROM placed),
  counted AS (
    SELECT *, coalesce(json_type(event, '/steps') = 'ARRAY' AND json_array_length(event, '/steps') > 0
      AND len(list_filter(CAST(json_extract(event, '/steps') AS JSON[]), lambda s: NOT (${isCounted('s')}))) = 0, false) AS has_steps
    FROM events),
  steps AS (
    SELECT line, around, event, json_extract(event, '/steps/' || i) AS step, CAST(NULL AS VARCHAR) AS operation, i FROM (
      SELECT *, unnest(range(CAST(json_array_length(event, '/steps') AS BIGINT))) AS i FROM counted WHERE has_steps)
    UNION ALL
    SELECT line, around, event, CASE WHEN is_total OR (NOT (${isCounted('event')}) AND ${isObjectAt('event', '/totalUsage')}) THEN json_merge_patch(event, json_object('usage', json_extract(event, '/totalUsage'))) ELSE event END,
      CASE WHEN is_total THEN 'session_total' END, NULL FROM (
      SELECT *, ${isObjectAt('event', '/totalUsage')} AND coalesce(${['inputTokens', 'outputTokens'].map((name) => `TRY_CAST(json_extract_string(event, '/totalUsage/${name}') AS DOUBLE) > TRY_CAST(json_extract_string(event, '/usage/${name}') AS DOUBLE)`).join(' OR ')}, false) AS is_total
      FROM counted WHERE NOT has_steps))
  SELECT line, CASE WHEN ${isCounted('step')} THEN CAST(json_merge_patch(around, json_object('call', ${call('step')})) AS VARCHAR) ELSE CAST(around AS VARCHAR) END AS text FROM steps
  UNION ALL
  SELECT line, ${standsForItself('text')} FROM told WHERE NOT is_object`
