import { Document, firstOf } from '../document.js'
import { isLongId } from '../call-ids.js'
import type { Importer, ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import { azureRecords, isGatewayLog, isGatewayTable, spellings } from './azure-records.js'
import { tagsOf, wholeText } from '../made-records.js'

function plan(survey: Survey): ReadPlan {
  const doc = Document.for(survey)
  const isThere = (name: string): boolean => survey.keys.includes(name)
  const cell = (name: string): string =>
    firstOf(
      ...spellings(name)
        .filter(isThere)
        .map((key) => `nullif(${doc.text(key)}, '')`),
    ) ?? 'CAST(NULL AS VARCHAR)'
  const count = (name: string): string => wholeText(cell(name))
  const [prompt, completion, total] = [count('PromptTokens'), count('CompletionTokens'), count('TotalTokens')]
  const [cached, model, deployment] = [count('PromptCachedTokens'), cell('ModelName'), cell('DeploymentName')]
  const isNone = (sql: string): string => `coalesce(TRY_CAST(${sql} AS DOUBLE), 0) = 0`
  const named = `coalesce(${model}, ${deployment})`
  const isClaude = `coalesce(${named} ILIKE '%claude%', false)`
  // Of a call that failed, or whose counts the gateway missed, all are 0; of some streams the output alone.
  const isUnknown = `(${isNone(prompt)} AND ${isNone(completion)})`
  const isLost = `(lower(${cell('IsStreamCompletion')}) = 'true' AND ${isNone(completion)} AND NOT ${isUnknown}) IS TRUE`
  const id = cell('RequestId')
  const region = cell('Region')
  return {
    document: doc,
    cacheTokens: 'included',
    cacheTokensBeside: `${isClaude} AND ${cached} IS NOT NULL`,
    callsMayLackUsage: true,
    othersAreNoCalls: true,
    // Messages stand in records of their own, in pieces, under the id of the call and without its counts.
    isCall: `${named} IS NOT NULL OR NOT ${isUnknown}`,
    totalTokens: `CASE WHEN NOT ${isUnknown} AND NOT ${isLost} THEN ${total} END`,
    uses: [total],
    addedUp: ['input_tokens', 'output_tokens', 'cache_read_input_tokens'],
    unread: `CASE WHEN ${isLost} THEN 'CompletionTokens of a stream that was not counted' END`,
    moneyFree: ['_BilledSize', '_IsBillable', 'BilledSize', 'IsBillable', 'region', 'Region', 'location'].map(
      (name) => ({ path: [name], reason: 'of the gateway and its log, not of the model' }),
    ),
    fields: {
      call_id: `coalesce(${id}, ${cell('CorrelationId')})`,
      ts: firstOf(...['time', 'Time'].filter(isThere).map((key) => `nullif(${doc.text(key)}, '')`), cell('TimeGenerated'))!, // prettier-ignore
      provider: `CASE WHEN regexp_matches(lower(${named}), '^(gpt|o[0-9]|chatgpt|text-embedding|codex|dall-e)') AND ${deployment} IS NOT NULL THEN 'azure' END`,
      request_model: deployment,
      response_model: model,
      operation: `CASE WHEN ${named} ILIKE '%embed%' THEN 'embedding' ELSE 'chat' END`,
      trace_id: cell('CorrelationId'),
      input_tokens: `CASE WHEN NOT ${isUnknown} THEN ${prompt} END`,
      output_tokens: `CASE WHEN NOT ${isUnknown} AND NOT ${isLost} THEN ${completion} END`,
      cache_read_input_tokens: cached,
    },
    idKind: `CASE WHEN ${isLongId(id)} THEN NULL ELSE 'any' END`,
    tags: tagsOf({ deployment, gateway_region: region, api_version: cell('ApiVersion') }),
  }
}

/**
 * Azure API Management's log of language models: rows of Log Analytics as its portal exports them and its query
 * interface answers, and lines of an export to storage or an event hub. The id of the model's answer is its own.
 */
export const azureApim: Importer = {
  id: 'azure-apim',
  writer: 'gateway',
  about:
    "Azure API Management's log of language models: exports of Log Analytics (CSV, JSON), diagnostic settings (JSONL)",
  example:
    'ApiManagementGatewayLlmLog → Export to CSV; az monitor log-analytics query; insights-logs-gatewayllmlogs',
  recognisedBy:
    '`CorrelationId`, `PromptTokens`, `CompletionTokens` and `DeploymentName`; `category: GatewayLlmLogs`',
  lacks:
    'a user, latency and errors; writes to the cache, in tables of Log Analytics reads too; output of some streams',
  detects: ({ kind, records, header }) =>
    kind === 'csv' ? isGatewayTable(header) : records.some(isGatewayLog),
  records: azureRecords,
  plan,
}
