import { Document, firstOf } from '../document.js'
import type { Importer } from '../importer.js'
import type { Survey } from '../survey.js'
import { mapSql, tagListSql } from '../records/tag-sql.js'

/** What stands beside the cost that the gateway counts: parts of it, and what was taken off or put on. */
const brokenDown = [
  'input_cost',
  'cache_read_cost',
  'cache_creation_cost',
  'output_cost',
  'reasoning_cost',
  'total_cost',
  'tool_usage_cost',
  'guardrail_cost',
  'additional_costs',
  'original_cost',
  'discount_percent',
  'discount_amount',
  'margin_percent',
  'margin_fixed_amount',
  'margin_total_amount',
]

/**
 * LiteLLM spend logs (table rows as JSON or CSV) and standard logging payloads. Tokens include cached
 * ones for every provider. `cache_hit` is the gateway's response cache; `response_time` is not a latency.
 */
export const litellm: Importer = {
  id: 'litellm',
  writer: 'gateway',
  about: 'LiteLLM spend logs (JSON, CSV) and standard logging payloads',
  example: 'a dump of LiteLLM_SpendLogs, or what an S3 / GCS callback writes',
  recognisedBy: '`request_id`, `spend` and `startTime`, or `call_type` with `response_cost`',
  lacks: 'nothing that prices need',
  detects: (sample) => {
    const looks = (keys: readonly string[]): boolean => {
      const has = (...names: string[]): boolean => names.every((name) => keys.includes(name))
      return (
        has('request_id', 'spend', 'startTime') ||
        has('call_type', 'response_cost') ||
        has('model_map_information') ||
        has('hidden_params', 'call_type')
      )
    }
    return sample.kind === 'csv' ? looks(sample.header) : sample.records.some((r) => looks(Object.keys(r)))
  },
  plan(survey: Survey) {
    const doc = Document.for(survey)
    const top = (key: string): string => `nullif(${doc.text(key)}, '')`
    const metadata = doc.embedded('metadata')
    const hidden = doc.embedded('hidden_params')
    const response = doc.embedded('response')
    const parameters = doc.embedded('model_parameters')
    const request = doc.embedded('proxy_server_request')
    const errors = doc.embedded('error_information')
    /** The provider's usage, wherever this version of the payload keeps it. */
    const usage = (...path: string[]): string[] => [
      metadata.text('usage_object', ...path),
      hidden.text('usage_object', ...path),
      response.text('usage', ...path),
      metadata.text('additional_usage_values', ...path),
    ]
    const labels = (key: string): string[] => [
      metadata.text('spend_logs_metadata', key),
      metadata.text('requester_metadata', key),
    ]
    const tagged = (name: string): string =>
      `list_filter(${tagListSql(doc.text('request_tags'))}, lambda t: t.key = '${name}')[1].value`
    const epoch = (key: string): string =>
      `coalesce(epoch(TRY_CAST(${doc.text(key)} AS TIMESTAMPTZ)), TRY_CAST(${doc.text(key)} AS DOUBLE))`
    const between = (from: string, to: string): string =>
      `CAST(round((${epoch(to)} - ${epoch(from)}) * 1000, 3) AS VARCHAR)`
    const error = firstOf(
      `nullif(${errors.text('error_class')}, '')`,
      `nullif(${errors.text('error_code')}, '')`,
      `nullif(${metadata.text('error_information', 'error_class')}, '')`,
      `nullif(${metadata.text('error_information', 'error_code')}, '')`,
      top('error_str'),
    )!
    const reasons = response.list(['choices'], 'finish_reason')
    return {
      document: doc,
      cacheTokens: 'included',
      cacheTokensCertain: true,
      // One web request to the gateway may be several calls of different types.
      idKind: "'operation'",
      totalTokens: doc.text('total_tokens'),
      fields: {
        call_id: firstOf(top('request_id'), top('id'), top('call_id'))!,
        ts: doc.text('startTime'),
        provider: top('custom_llm_provider'),
        request_model: firstOf(top('model_group'), top('model'))!,
        response_model: firstOf(top('model'), hidden.text('litellm_model_name'))!,
        operation: `CASE WHEN ${doc.text('call_type')} LIKE '%embedding%' THEN 'embedding' WHEN ${doc.text('call_type')} LIKE '%completion%' THEN 'chat' ELSE ${top('call_type')} END`,
        feature: firstOf(...labels('feature'), tagged('feature'))!,
        user_id: firstOf(top('user'), metadata.text('user_api_key_user_id'))!,
        customer: firstOf(top('end_user'), parameters.text('user'))!,
        session_id: top('session_id'),
        trace_id: top('trace_id'),
        team: firstOf(
          metadata.text('user_api_key_team_alias'),
          top('team_id'),
          metadata.text('user_api_key_team_id'),
        )!,
        environment: firstOf(...labels('environment'), tagged('env'), tagged('environment'))!,
        prompt_name: metadata.text('prompt_management_metadata', 'prompt_id'),
        input_tokens: doc.text('prompt_tokens'),
        cache_read_input_tokens: firstOf(
          ...usage('prompt_tokens_details', 'cached_tokens'),
          ...usage('cache_read_input_tokens'),
          ...usage('input_tokens_details', 'cached_tokens'),
        )!,
        cache_creation_input_tokens: firstOf(
          ...usage('cache_creation_input_tokens'),
          ...usage('prompt_tokens_details', 'cache_creation_tokens'),
        )!,
        cache_creation_1h_input_tokens: firstOf(
          ...usage('prompt_tokens_details', 'cache_creation_token_details', 'ephemeral_1h_input_tokens'),
          ...usage('cache_creation', 'ephemeral_1h_input_tokens'),
        )!,
        output_tokens: doc.text('completion_tokens'),
        reasoning_output_tokens: firstOf(
          ...usage('completion_tokens_details', 'reasoning_tokens'),
          ...usage('output_tokens_details', 'reasoning_tokens'),
        )!,
        input_audio_tokens: firstOf(...usage('prompt_tokens_details', 'audio_tokens'))!,
        output_audio_tokens: firstOf(...usage('completion_tokens_details', 'audio_tokens'))!,
        web_search_requests: firstOf(
          ...usage('server_tool_use', 'web_search_requests'),
          ...usage('prompt_tokens_details', 'web_search_requests'),
        )!,
        reported_cost_usd: firstOf(doc.text('spend'), doc.text('response_cost'))!,
        latency_ms: firstOf(doc.text('request_duration_ms'), between('startTime', 'endTime'))!,
        ttft_ms: `CASE WHEN ${doc.text('completionStartTime')} IS DISTINCT FROM ${doc.text('endTime')} THEN ${between('startTime', 'completionStartTime')} END`,
        temperature: firstOf(
          parameters.text('temperature'),
          request.text('body', 'temperature'),
          request.text('temperature'),
        )!,
        max_tokens: firstOf(
          parameters.text('max_tokens'),
          parameters.text('max_completion_tokens'),
          request.text('body', 'max_tokens'),
          request.text('max_tokens'),
        )!,
        finish_reason: `CASE WHEN len(${reasons}) > 0 THEN CAST(to_json(list_filter(${reasons}, lambda x: x IS NOT NULL)) AS VARCHAR) END`,
        status: top('status'),
        error,
        cache_hit: doc.text('cache_hit'),
        service_tier: `CASE WHEN ${doc.text('call_type')} LIKE '%batch%' THEN 'batch' ELSE ${firstOf(response.text('service_tier'), doc.text('cost_breakdown', 'service_tier'), hidden.text('service_tier'), parameters.text('service_tier'))!} END`,
      },
      moneyFree: [
        { path: ['metadata', 'user_api_key_spend'], reason: 'what its key has spent so far' },
        { path: ['hidden_params', 'response_cost'], reason: 'the cost again' },
        ...[['cost_breakdown'], ['metadata', 'cost_breakdown']].flatMap((place) => [
          ...brokenDown.map((name) => ({
            path: [...place, name],
            reason: 'a part of the cost, or how it came to be',
          })),
          ...(survey.shape.get(JSON.stringify([...place, 'additional_costs'])) ?? []).map((name) => ({
            path: [...place, 'additional_costs', name],
            reason: 'a part of the cost',
          })),
        ]),
      ],
      tags: mapSql(tagListSql(doc.text('request_tags'))),
    }
  },
}
