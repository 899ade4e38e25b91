import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Importer, ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import { standsForItself, tagsOf } from '../made-records.js'

type Values = Readonly<Record<string, unknown>>

const isGeneration = (r: unknown): boolean => isObject(r) && 'native_tokens_prompt' in r && 'id' in r

/** The answer of the generation interface is wrapped in `data`, one or a list of them. */
const generationsIn = (r: Values): readonly unknown[] => {
  const data = r['data']
  return Array.isArray(data) ? data : [isObject(data) ? data : r]
}

/** Each generation without what wraps it. */
const records = (lines: string): string => `
  WITH told AS MATERIALIZED (
    SELECT line, text, CASE WHEN (json_valid(text) AND starts_with(ltrim(text), '{')) THEN json_type(text, '/data') END AS wrapped FROM ${lines})
  SELECT line, CAST(json_extract(text, '/data') AS VARCHAR) AS text FROM told WHERE wrapped = 'OBJECT'
  UNION ALL
  SELECT line, CAST(json_extract(text, '/data/' || i) AS VARCHAR) FROM (
    SELECT line, text, unnest(range(CAST(json_array_length(text, '/data') AS BIGINT))) AS i FROM told WHERE wrapped = 'ARRAY')
  UNION ALL
  SELECT line, CASE WHEN json_type(CASE WHEN json_valid(text) THEN text END, '/native_tokens_prompt') IS NULL THEN ${standsForItself('text')} ELSE text END
  FROM told WHERE wrapped IS NULL OR wrapped NOT IN ('OBJECT', 'ARRAY') OR (wrapped = 'ARRAY' AND json_array_length(text, '/data') = 0)`

const common = {
  cacheTokens: 'included',
  cacheTokensCertain: true,
} as const

/** SQL: the names of amounts and counts that are more than 0. */
const beyond = (amounts: readonly (readonly [name: string, sql: string])[]): string =>
  `nullif(concat_ws('; ', ${amounts.map(([name, sql]) => `CASE WHEN TRY_CAST(${sql} AS DECIMAL(24, 12)) > 0 THEN '${name}' END`).join(', ')}), '')`

/** What a model's own provider was paid by a key of the user's is beside what the gateway took. */
const ownKey = 'paid to the provider by a key of the user, who sees it in the bill of the provider'

function planOfTable(survey: Survey): ReadPlan {
  const doc = Document.for(survey)
  const cell = (name: string): string => `nullif(trim(${doc.text(name)}), '')`
  const isTrue = (name: string): string => `lower(${cell(name)}) = 'true'`
  const parts = ['cost_web_search', 'cost_cache', 'cost_file_processing']
  return {
    ...common,
    document: doc,
    // What is beyond tokens stands in the gateway's total alone; no list has a price for it.
    unread: beyond(['cost_web_search', 'cost_file_processing'].map((name) => [name, cell(name)])),
    moneyFree: [
      ...parts.map((name) => ({ path: [name], reason: 'a part of the total that counts' })),
      { path: ['byok_usage_inference'], reason: ownKey },
    ],
    fields: {
      call_id: cell('generation_id'),
      ts: cell('created_at'),
      provider: `'openrouter'`,
      // A variant that costs nothing is sold under a name of its own.
      response_model: `${cell('model_permaslug')} || CASE WHEN ${cell('variant')} = 'free' THEN ':free' ELSE '' END`,
      operation: `CASE WHEN contains(${cell('model_permaslug')}, 'embedding') THEN 'embedding' ELSE 'chat' END`,
      feature: cell('app_name'),
      user_id: firstOf(cell('user'), cell('external_user'))!,
      input_tokens: cell('tokens_prompt'),
      output_tokens: cell('tokens_completion'),
      reasoning_output_tokens: cell('tokens_reasoning'),
      cache_read_input_tokens: cell('tokens_cached'),
      reported_cost_usd: cell('cost_total'),
      latency_ms: cell('generation_time_ms'),
      ttft_ms: cell('time_to_first_token_ms'),
      finish_reason: firstOf(cell('finish_reason_normalized'), cell('finish_reason_raw'))!,
    },
    tags: tagsOf({
      key_name: cell('api_key_name'),
      upstream_provider: cell('provider_name'),
      variant: `nullif(${cell('variant')}, 'standard')`,
      cancelled: `CASE WHEN ${isTrue('cancelled')} THEN 'true' END`,
      byok: `CASE WHEN TRY_CAST(${cell('byok_usage_inference')} AS DECIMAL(24, 12)) > 0 THEN 'true' END`,
      web_search_usd: `CASE WHEN TRY_CAST(${cell('cost_web_search')} AS DECIMAL(24, 12)) <> 0 THEN ${cell('cost_web_search')} END`,
    }),
  }
}

function planOfGenerations(): ReadPlan {
  const doc = new Document()
  const text = (name: string): string => doc.text(name)
  const several = (name: string): string =>
    `CASE WHEN TRY_CAST(${text(name)} AS BIGINT) > 0 THEN ${text(name)} END`
  return {
    ...common,
    document: doc,
    isCall: `${text('native_tokens_prompt')} IS NOT NULL OR ${text('total_cost')} IS NOT NULL`,
    othersAreNoCalls: true,
    unread: beyond(['num_search_results', 'num_fetches'].map((name) => [name, text(name)])),
    moneyFree: [
      { path: ['usage'], reason: 'the same sum as total_cost' },
      { path: ['cache_discount'], reason: 'within the total that counts' },
      { path: ['upstream_inference_cost'], reason: ownKey },
      { path: ['is_byok'], reason: 'a label' },
      {
        path: ['tokens_prompt'],
        reason: "counted by one reader for all; the model's own count is what is billed",
      },
      {
        path: ['tokens_completion'],
        reason: "counted by one reader for all; the model's own count is what is billed",
      },
      { path: ['native_tokens_completion_images'], reason: 'a part of the output' },
      ...[
        'num_media_prompt',
        'num_media_completion',
        'num_input_audio_prompt',
        'num_search_results',
        'num_fetches',
      ].map((name) => ({
        path: [name],
        reason: 'pieces, not tokens: the total that counts has what they cost',
      })),
    ],
    fields: {
      call_id: text('id'),
      ts: text('created_at'),
      provider: `'openrouter'`,
      response_model: text('model'),
      operation: `CASE WHEN contains(${text('model')}, 'embedding') THEN 'embedding' ELSE 'chat' END`,
      user_id: text('external_user'),
      session_id: text('session_id'),
      input_tokens: text('native_tokens_prompt'),
      output_tokens: text('native_tokens_completion'),
      reasoning_output_tokens: text('native_tokens_reasoning'),
      cache_read_input_tokens: text('native_tokens_cached'),
      reported_cost_usd: firstOf(text('total_cost'), text('usage'))!,
      latency_ms: text('generation_time'),
      ttft_ms: `CASE WHEN ${text('streamed')} = 'true' THEN ${text('latency')} END`,
      finish_reason: firstOf(text('finish_reason'), text('native_finish_reason'))!,
      service_tier: text('service_tier'),
      region: text('data_region'),
    },
    tags: tagsOf({
      upstream_provider: text('provider_name'),
      upstream_id: text('upstream_id'),
      cancelled: `CASE WHEN ${text('cancelled')} = 'true' THEN 'true' END`,
      byok: `CASE WHEN ${text('is_byok')} = 'true' THEN 'true' END`,
      search_results: several('num_search_results'),
    }),
  }
}

/**
 * OpenRouter's log of single generations: the CSV of its Logs page, and answers of its generation interface. Both
 * name a generation by the same id, so that it counts once. The native counts are those that are billed.
 */
export const openrouter: Importer = {
  id: 'openrouter',
  writer: 'gateway',
  about: "OpenRouter's generations: the CSV of its Logs page, answers of its generation interface",
  example: 'openrouter.ai → Logs → Export; GET /api/v1/generation?id=…',
  recognisedBy: '`generation_id` and `cost_total`, or `native_tokens_prompt`',
  lacks: 'a session, in the table; what searches were made',
  detects: ({ kind, records: some, header }) =>
    kind === 'csv'
      ? header.includes('generation_id') && header.includes('cost_total')
      : some.some((r) => generationsIn(r).some(isGeneration) && !isObject(at(r, 'usage'))),
  records,
  plan: (survey) => (survey.sample.kind === 'csv' ? planOfTable(survey) : planOfGenerations()),
}
