/** The layer in which token conventions and costs are brought to ours, each by a named rule. */
import type { CallField } from '../domain/call.js'
import type { ReadPlan } from '../importers/importer.js'
import * as casts from './casts.js'
import type { Columns } from './columns.js'
import type { ReadOptions } from './options.js'
import { labels, limits, measures } from './typed-columns.js'

/** Token conventions and costs brought to ours, each by a named rule. */
export function ruledColumns(
  plan: ReadPlan,
  options: ReadOptions,
  has: (field: CallField) => boolean,
): Columns {
  const given = options.cacheTokens
  const read = 'coalesce(cache_read_input_tokens, 0)'
  const write =
    'greatest(coalesce(cache_creation_input_tokens, 0), coalesce(cache_creation_1h_input_tokens, 0))'
  const input = 'coalesce(input_tokens, 0)'
  const output = 'coalesce(output_tokens, 0)'
  const cached =
    has('cache_read_input_tokens') ||
    has('cache_creation_input_tokens') ||
    has('cache_creation_1h_input_tokens')
  const habit = given ?? plan.cacheTokens
  const beyond = `${read} + ${write} > ${input}`
  const saysExcluded = `total_tokens = ${input} + ${read} + ${write} + ${output} AND ${read} + ${write} > 0`
  const saysIncluded = `total_tokens = ${input} + ${output} AND ${read} + ${write} > 0`
  const excluded = !cached
    ? 'false'
    : habit === 'excluded'
      ? given === 'excluded'
        ? 'true'
        : `NOT coalesce(${saysIncluded} AND NOT (${beyond}), false)`
      : `coalesce(${beyond} OR ${given === 'included' ? 'false' : saysExcluded}, false)`
  // No total and no impossible sum decides: the importer's habit is taken, unless a reported cost knows better.
  const open =
    cached && habit === 'included' && given === undefined && plan.cacheTokensCertain !== true
      ? `${read} + ${write} > 0 AND NOT ${excluded} AND NOT coalesce(${saysIncluded}, false)`
      : 'false'
  const reasoningApart = has('reasoning_output_tokens')
    ? `coalesce(reasoning_output_tokens > ${output} OR (reasoning_output_tokens > 0 AND total_tokens = ${input} + ${output} + reasoning_output_tokens), false)`
    : 'false'
  const kept = [
    'text',
    'skip',
    'refusal',
    'tags',
    'revision_id',
    'ts',
    'ts_problem',
    'value_problem',
    'measure_dropped',
    'label_cut',
    ...labels.filter((l) => l !== 'feature' && l !== 'error'),
    ...Object.keys(measures),
    ...limits,
    'user_feedback',
    'cache_read_input_tokens',
    'cache_creation_1h_input_tokens',
    'reasoning_output_tokens',
    'input_audio_tokens',
    'output_audio_tokens',
    'web_search_requests',
    'service_tier',
    'finish_comparable',
    'total_tokens',
    'unread_usage',
    'cost_parts',
    'cache_read_audio_input_tokens',
    'input_image_tokens',
    'input_video_tokens',
    'output_image_tokens',
    'file_search_requests',
  ]
  const addsReasoning = `CASE WHEN ${reasoningApart} THEN reasoning_output_tokens ELSE 0 END`
  const addsCached = `CASE WHEN ${excluded} THEN ${read} + ${write} ELSE 0 END`
  const oneHour = has('cache_creation_1h_input_tokens')
  return [
    ...kept.map((name): [string, string] => [name, name]),
    ['feature', 'coalesce(feature, endpoint)'],
    ['error', "CASE WHEN lower(error) = 'false' THEN NULL ELSE left(error, 200) END"],
    ['cache_hit', 'cache_hit'],
    [
      'input_tokens',
      cached
        ? `CASE WHEN input_tokens IS NULL AND ${read} + ${write} = 0 THEN NULL ELSE ${input} + ${addsCached} END`
        : 'input_tokens',
    ],
    [
      'cache_creation_input_tokens',
      oneHour
        ? `CASE WHEN cache_creation_input_tokens IS NULL AND cache_creation_1h_input_tokens IS NULL THEN NULL ELSE ${write} END`
        : 'cache_creation_input_tokens',
    ],
    ['output_tokens', has('reasoning_output_tokens') ? `output_tokens + ${addsReasoning}` : 'output_tokens'],
    [
      'reported_cost_usd',
      plan.costParts?.length ? 'coalesce(reported_cost_usd, cost_parts)' : 'reported_cost_usd',
    ],
    [
      'status',
      casts.status(
        'raw_status',
        "CASE WHEN lower(error) = 'false' THEN NULL ELSE error END",
        (has('status') || has('error')) && plan.settled !== true,
      ),
    ],
    ['cache_tokens_added', habit === 'excluded' ? 'false' : `${excluded} AND ${read} + ${write} > 0`],
    ['cache_tokens_included', habit === 'excluded' && cached ? `NOT (${excluded})` : 'false'],
    [
      'cache_reading_open',
      open === 'false' || !has('reported_cost_usd') ? 'false' : `${open} AND reported_cost_usd > 0`,
    ],
    [
      'cache_tokens_assumed',
      open === 'false'
        ? 'false'
        : `${open} AND coalesce(coalesce(response_model, request_model) ILIKE '%claude%' OR provider ILIKE '%anthropic%', false)`,
    ],
    ['reasoning_added', reasoningApart],
    [
      'total_tokens_differ',
      plan.totalTokens === undefined
        ? 'false'
        : `coalesce(total_tokens NOT IN (${input} + ${output}, ${input} + ${output} + ${read} + ${write}, ${input} + ${output} + coalesce(reasoning_output_tokens, 0)) AND (input_tokens IS NOT NULL OR output_tokens IS NOT NULL), false)`,
    ],
    [
      'cost_from_parts',
      plan.costParts?.length ? 'reported_cost_usd IS NULL AND cost_parts IS NOT NULL' : 'false',
    ],
    [
      'cost_parts_differ',
      plan.costParts?.length
        ? 'coalesce(abs(reported_cost_usd - cost_parts) > 0.000001 + 0.01 * reported_cost_usd, false)'
        : 'false',
    ],
  ]
}
