import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Importer, ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import { labelColumns, labelNamed, labelTags, pairsOf } from '../records/label-pairs.js'
import { standsForItself } from '../made-records.js'

type Values = Readonly<Record<string, unknown>>

/** A row of the export tool, by its keys. */
const isRow = (keys: readonly string[]): boolean =>
  keys.includes('request_created_at') &&
  ['response_status', 'response_created_at', 'request_id'].some((key) => keys.includes(key))

/** A request with its response beside it, as pages have it. */
const isPair = (record: unknown): boolean => {
  const [asked, answered] = [at(record, 'request'), at(record, 'response')]
  if (!isObject(asked) || !isObject(answered)) return false
  return (
    'helicone_user' in asked ||
    ('created_at' in asked && 'id' in asked && ('delay_ms' in answered || 'completion_tokens' in answered))
  )
}

const isRequest = (record: Values): boolean => isRow(Object.keys(record)) || isPair(record)

const requestsIn = (record: Values): readonly Values[] => {
  const data = record['data']
  return Array.isArray(data) ? data.filter(isObject) : [record]
}

/** What people wrote and were answered, and where that is kept. */
const content = ['request_body', 'response_body', 'signed_body_url', 'asset_urls', 'assets', 'llmSchema']
const inPairs = ['body', 'prompt', 'messages', 'signed_body_url', 'inputs', 'text', 'content']
const gone = (names: readonly string[]): Record<string, null> =>
  Object.fromEntries(names.map((name) => [name, null]))
const without = JSON.stringify({ ...gone(content), request: gone(inPairs), response: gone(inPairs) })
const withoutBodies = JSON.stringify(gone(content))

/** SQL: a row without its bodies, of which the counts and settings stay under names of their own. */
function bare(row: string): string {
  const body = (name: string, side: string, key: string): string =>
    `coalesce(json_extract(${row}, '/${name}/${key}'), json_extract(${row}, '/${side}/body/${key}'))`
  const asked = ['max_tokens', 'max_completion_tokens', 'max_output_tokens', 'temperature', 'service_tier']
  const answered = ['usage', 'service_tier', 'stop_reason', 'choices/0/finish_reason']
  const object = (name: string, side: string, keys: readonly string[]): string =>
    `json_object(${keys.map((key) => `'${key.split('/').at(-1)}', ${body(name, side, key)}`).join(', ')})`
  const kept = `json_object('asked', ${object('request_body', 'request', asked)}, 'answered', ${object('response_body', 'response', answered)})`
  const isPaired = `json_type(${row}, '/request') = 'OBJECT' AND json_type(${row}, '/response') = 'OBJECT'`
  const patch = `CASE WHEN ${isPaired} THEN '${without}' ELSE '${withoutBodies}' END`
  return `CAST(json_merge_patch(json_merge_patch(${row}, CAST(${patch} AS JSON)), ${kept}) AS VARCHAR)`
}

/** Each request of a page, or the row itself. */
const records = (lines: string): string => `
  WITH told AS MATERIALIZED (
    SELECT line, text, is_object, is_object AND json_type(CASE WHEN is_object THEN text END, '/data') = 'ARRAY' AS is_page FROM (
      SELECT line, text, coalesce(json_valid(text) AND starts_with(ltrim(text), '{'), false) AS is_object FROM ${lines})),
  parts AS (
    SELECT line, json_extract(text, '/data/' || i) AS one FROM (
      SELECT line, text, unnest(range(CAST(json_array_length(text, '/data') AS BIGINT))) AS i FROM told WHERE is_page)
    UNION ALL
    SELECT line, CAST(text AS JSON) FROM told WHERE is_object AND is_page IS NOT TRUE)
  SELECT line, CASE WHEN json_type(one) = 'OBJECT' THEN ${bare('one')} ELSE '{}' END AS text FROM parts
  UNION ALL
  SELECT line, ${standsForItself('text')} FROM told WHERE NOT is_object
  UNION ALL
  SELECT line, '{}' FROM told WHERE is_page AND json_array_length(text, '/data') = 0`

/** What the header of a request put before a property's name. */
const prefix = '^helicone[-_]property[-_]'

/** Where the name of a label begins, of a property as the header of a request names it. */
const ownPrefix = '^helicone_(property_)?'

/** SQL of the pairs of a request's properties; a table has them with their quote marks doubled twice. */
const propertiesOf = (text: string): string =>
  pairsOf(
    `CASE WHEN NOT starts_with(${text}, '{') THEN NULL WHEN json_valid(${text}) THEN ${text} WHEN json_valid(replace(${text}, '""', '"')) THEN replace(${text}, '""', '"') END`,
  )

/** SQL: the first property of one of these names, however it is written. */
const property = (pairs: string, names: readonly string[]): string => labelNamed(pairs, names, ownPrefix)

/** No answer of the gateway's own cache: requests that were not cached have this. */
const noReference = '00000000-0000-0000-0000-000000000000'

function plan(survey: Survey): ReadPlan {
  const doc = Document.for(survey)
  const cell = (...path: string[]): string => `nullif(${doc.text(...path)}, '')`
  /** The value under its name in a row, or on its side of a pair. */
  const asked = (name: string, ...others: string[]): string =>
    firstOf(...[name, ...others].map((key) => cell(key)), cell('request', name))!
  const usage = (...path: string[]): string => doc.text('answered', 'usage', ...path)
  const some = (sql: string): string => `nullif(${sql}, '0')`
  const provider = asked('provider')
  const model = firstOf(
    cell('response_model'),
    cell('response', 'model'),
    cell('model'),
    cell('request', 'model'),
  )!
  const reference = asked('cache_reference_id')
  const isHit = `coalesce(${reference} <> '${noReference}', false)`
  // Rows of its own table count money in billionths of a dollar, and have the status under its short name.
  const isStored = !survey.keys.includes('response_status') && ['latency', 'organization_id'].every((name) => survey.keys.includes(name)) // prettier-ignore
  const status = firstOf(cell('response_status'), cell('response', 'status'), ...(isStored ? [cell('status')] : []))! // prettier-ignore
  const reported = isStored ? inDollars(cost(cell)) : cost(cell)
  const input = firstOf(cell('prompt_tokens'), cell('request', 'prompt_tokens'), cell('response', 'prompt_tokens'))! // prettier-ignore
  const output = firstOf(cell('completion_tokens'), cell('response', 'completion_tokens'))!
  // A request whose usage was not found is counted as 0 and 0.
  const isUnknown = `(NOT ${isHit} AND coalesce(${input}, '0') = '0' AND coalesce(${output}, '0') = '0')`
  // The provider's own answer knows more than the columns, which leave out cached and reasoning tokens by turns.
  const told = (sql: string): string => `CASE WHEN NOT ${isHit} THEN ${sql} END`
  const inside = firstOf(
    usage('prompt_tokens'),
    `CASE WHEN ${usage('input_tokens_details', 'cached_tokens')} IS NOT NULL THEN ${usage('input_tokens')} END`,
  )!
  const isClaude = `coalesce(${provider} ILIKE '%anthropic%' OR ${model} ILIKE '%claude%', false)`
  const saysInside = `(NOT ${isHit} AND ${inside} IS NOT NULL)`
  const total = firstOf(cell('total_tokens'), cell('response', 'total_tokens'))!
  const number = (sql: string): string => `coalesce(TRY_CAST(${sql} AS DOUBLE), 0)`
  const pairs = propertiesOf(firstOf(cell('request_properties'), cell('properties'), cell('request', 'properties'))!) // prettier-ignore
  const started = firstOf(cell('request_created_at'), cell('request', 'created_at'))!
  const ended = firstOf(cell('response_created_at'), cell('response', 'created_at'))!
  const path = firstOf(cell('request_path'), cell('request', 'path'), cell('target_url'))!
  const user = firstOf(cell('request_user_id'), cell('request', 'user_id'))!
  return {
    document: doc,
    cacheTokens: 'included',
    cacheTokensCertain: true,
    cacheTokensBeside: `${isClaude} AND NOT ${saysInside}`,
    cacheTokensOpen: `NOT ${isClaude} AND NOT ${saysInside}`,
    callsMayLackUsage: true,
    othersAreNoCalls: true,
    isCall: `${started} IS NOT NULL`,
    // The platform's total is worked out from the two columns: as their sum it proves nothing of cached tokens.
    totalTokens: `CASE WHEN ${number(total)} <> ${number(input)} + ${number(output)} THEN ${total} END`,
    uses: [input, output, total],
    addedUp: ['input_tokens', 'output_tokens', ...(isStored ? (['reported_cost_usd'] as const) : [])],
    moneyFree: free(survey),
    fields: {
      call_id: firstOf(cell('request_id'), cell('request', 'id'), cell('response_id'))!,
      ts: started,
      provider: `CASE WHEN upper(${provider}) <> 'CUSTOM' THEN lower(${provider}) END`,
      request_model: firstOf(asked('model_override'), cell('request_model'), cell('request', 'model'), cell('model'))!, // prettier-ignore
      response_model: model,
      operation: `CASE WHEN contains(lower(${path}), 'embedding') THEN 'embedding' ELSE 'chat' END`,
      // Absent users are written as words.
      user_id: `CASE WHEN ${user} NOT IN ('null', 'undefined') THEN ${user} END`,
      ...Object.fromEntries(
        Object.entries(labelColumns).map(([field, names]) => [field, property(pairs, names)]),
      ),
      prompt_name: firstOf(asked('prompt_id'), property(pairs, ['prompt_id']))!,
      input_tokens: `CASE WHEN ${told(inside)} IS NOT NULL THEN ${inside} WHEN NOT ${isUnknown} THEN ${input} END`,
      output_tokens: `CASE WHEN ${told(firstOf(usage('completion_tokens'), usage('output_tokens'))!)} IS NOT NULL THEN ${firstOf(usage('completion_tokens'), usage('output_tokens'))!} WHEN NOT ${isUnknown} THEN ${output} END`,
      cache_read_input_tokens: firstOf(
        cell('prompt_cache_read_tokens'),
        cell('response', 'prompt_cache_read_tokens'),
        told(usage('prompt_tokens_details', 'cached_tokens')),
        told(usage('input_tokens_details', 'cached_tokens')),
        told(usage('cache_read_input_tokens')),
      )!,
      cache_creation_input_tokens: firstOf(
        cell('prompt_cache_write_tokens'),
        cell('response', 'prompt_cache_write_tokens'),
        told(usage('cache_creation_input_tokens')),
      )!,
      cache_creation_1h_input_tokens: told(usage('cache_creation', 'ephemeral_1h_input_tokens')),
      reasoning_output_tokens: told(
        firstOf(
          usage('completion_tokens_details', 'reasoning_tokens'),
          usage('output_tokens_details', 'reasoning_tokens'),
        )!,
      ),
      input_audio_tokens: some(cell('prompt_audio_tokens')),
      output_audio_tokens: some(cell('completion_audio_tokens')),
      // 0 is also what was not worked out.
      reported_cost_usd: `CASE WHEN ${isHit} OR ${number(cost(cell))} <> 0 THEN ${reported} END`,
      latency_ms: firstOf(cell('delay_ms'), cell('response', 'delay_ms'), cell('latency'), between(started, ended))!, // prettier-ignore
      ttft_ms: some(firstOf(cell('time_to_first_token'), cell('response', 'time_to_first_token'))!),
      status: `CASE WHEN TRY_CAST(${status} AS INTEGER) < 0 THEN 'error' ELSE ${status} END`,
      error: `coalesce(${cell('response', 'error')}, CASE WHEN TRY_CAST(${status} AS INTEGER) >= 400 OR TRY_CAST(${status} AS INTEGER) < 0 THEN ${status} END)`,
      cache_hit: `CASE WHEN ${isHit} THEN 'true' END`,
      max_tokens: firstOf(...['max_tokens', 'max_completion_tokens', 'max_output_tokens'].map((key) => doc.text('asked', key)))!, // prettier-ignore
      temperature: doc.text('asked', 'temperature'),
      finish_reason: firstOf(doc.text('answered', 'finish_reason'), doc.text('answered', 'stop_reason'))!,
      service_tier: firstOf(doc.text('answered', 'service_tier'), usage('service_tier'), doc.text('asked', 'service_tier'))!, // prettier-ignore
    },
    tags: labelTags(
      pairs,
      { prompt_version: asked('prompt_version'), country: asked('country_code') },
      prefix,
    ),
  }
}

const cost = (cell: (...path: string[]) => string): string =>
  firstOf(cell('cost'), cell('cost_usd'), cell('costUSD'), cell('response', 'cost_usd'))!

/** SQL: billionths of a dollar as dollars; what is no number stays as it is, to be refused. */
const inDollars = (billionths: string): string =>
  `coalesce(CAST(TRY_CAST(${billionths} AS DECIMAL(24,6)) * 0.000000001 AS VARCHAR), ${billionths})`

const between = (from: string, to: string): string =>
  `CAST(round((epoch(TRY_CAST(${to} AS TIMESTAMPTZ)) - epoch(TRY_CAST(${from} AS TIMESTAMPTZ))) * 1000, 3) AS VARCHAR)`

/** Labels of users, and other tellings of what counts. */
function free({ shape }: Survey): NonNullable<ReadPlan['moneyFree']> {
  const places = [['request_properties'], ['properties'], ['request', 'properties'], ['scores']]
  const labels = places.flatMap((path) =>
    [[], ...(shape.get(JSON.stringify(path)) ?? []).map((key) => [key])].map((rest) => ({
      path: [...path, ...rest],
      reason: "a label of the user's",
    })),
  )
  const within = 'a part of what counts, or its sum'
  const parts = [
    ['total_tokens'],
    ['input_tokens'],
    ['cache_read_input_tokens'],
    ['cache_creation_input_tokens'],
    ['cache_creation', 'ephemeral_5m_input_tokens'],
    ['prompt_tokens_details', 'cached_tokens'],
    ['input_tokens_details', 'cached_tokens'],
    ['prompt_tokens_details', 'audio_tokens'],
    ['completion_tokens_details', 'audio_tokens'],
    ['completion_tokens_details', 'accepted_prediction_tokens'],
    ['completion_tokens_details', 'rejected_prediction_tokens'],
  ]
  return [
    ...labels,
    ...parts.map((path) => ({ path: ['answered', 'usage', ...path], reason: within })),
    ...['cost', 'cost_usd', 'costUSD'].map((name) => ({
      path: [name],
      reason: 'another telling of the cost',
    })),
    { path: ['cache_enabled'], reason: "the gateway's own cache" },
  ]
}

/**
 * Requests of Helicone: rows of its export tool (JSONL, JSON, CSV) and pages of requests beside their responses.
 * Its columns leave out cached tokens for Claude, for others it depends on their age: their own costs tell.
 */
export const helicone: Importer = {
  id: 'helicone',
  writer: 'gateway',
  about: "Helicone's requests: rows of its export tool (JSONL, JSON, CSV), pages of requests with responses",
  example: 'npx @helicone/export --start-date 2026-01-01 --format jsonl',
  recognisedBy: '`request_created_at` with `response_status` or `request_id`, or `request` beside `response`',
  lacks:
    'how long writes to the cache last, reasoning and the service tier, unless it was exported with bodies',
  detects: ({ kind, records: some, header }) =>
    kind === 'csv' ? isRow(header) : some.some((record) => requestsIn(record).some(isRequest)),
  records,
  plan,
}
