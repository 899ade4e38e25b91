/**
 * What makes two records of one source the same call, in SQL. The id of a call says it alone; an id that
 * may name several calls (`id_kind` any: request_id, id, … in a record of one's own) says it only together
 * with the fields of the fields below; an id of kind `operation` together with the operation.
 */

import { cachedOf, loggedInput } from './cache-reading.js'

/** A staged record that is still in the running. */
export const isKept = (i: string): string =>
  `${i}.state = 'call' AND ${i}.row NOT IN (SELECT row FROM verdicts)`

/**
 * In what records under anybody's id must agree to be one call: SQL for each, of the alias of a relation.
 * The input stands as it was logged, whatever was found out of its cached tokens since.
 */
const sameCall: readonly ((x: string) => string)[] = [
  ...['provider', 'model', 'operation', 'attempt', 'ts', 'output_tokens'].map(
    (name) => (x: string) => `${x}.${name}`,
  ),
  // What counts a call that has neither input nor output.
  (x) => `CASE WHEN ${uncounted(x)} THEN ${x}.total_tokens END`,
  (x) => `CASE WHEN ${uncounted(x)} THEN ${x}.reported_cost_usd END`,
]

const uncounted = (x: string): string => `${x}.input_tokens IS NULL AND ${x}.output_tokens IS NULL`

const agree = (a: string, b: string): string =>
  sameCall.map((of) => `${of(a)} IS NOT DISTINCT FROM ${of(b)}`).join(' AND ')

/** SQL: true where two records of one run under one id of kind `any` are one call. */
export const fieldsAgree = (a: string, b: string): string =>
  `${agree(a, b)} AND ${a}.input_tokens IS NOT DISTINCT FROM ${b}.input_tokens`

/**
 * SQL: true where staged record `i` is stored call `c` of the same id of kind `any`. The input may be told as
 * it was logged, or with the cached tokens that stood beside it, as an exported call has it.
 */
export const isStored = (i: string, c: string): string => {
  const inputs = [
    `${i}.input_tokens IS NOT DISTINCT FROM ${loggedInput(c)}`,
    `${i}.input_tokens = ${c}.input_tokens`,
    `(${i}.cache_reading = 'open' AND ${i}.input_tokens + ${cachedOf(i)} = ${c}.input_tokens)`,
  ]
  return `${agree(i, c)} AND (${inputs.join(' OR ')})`
}

/** SQL: what tells a record from others of its source and id, as text; NULL where the id says all. */
export const keyOf = (x: string): string =>
  `CASE ${x}.id_kind WHEN 'any' THEN concat_ws(chr(31), ${[...sameCall, loggedInput]
    .map((of) => `coalesce(CAST(${of(x)} AS VARCHAR), '')`)
    .join(', ')}) WHEN 'operation' THEN coalesce(${x}.operation, '') END`

/** SQL: the call_id of a record that shares its id with others: never a matter of their order. */
export const apartId = (id: string, x: string): string => `${id} || '~' || left(md5(${keyOf(x)}), 12)`

/** SQL: how little the id alone says; of two records of one call the lower counts. */
const looseness = (x: string): string =>
  `CASE ${x}.id_kind WHEN 'any' THEN 2 WHEN 'operation' THEN 1 ELSE 0 END`

/** Columns by which copies are told apart when output, time and revision are the same. */
const content = [
  'input_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'reported_cost_usd',
  'finish_reason',
  'latency_ms',
  'ttft_ms',
  'request_model',
  'response_model',
  'user_id',
  'feature',
  'endpoint',
  'customer',
  'session_id',
  'root_session_id',
  'project',
  'trace_id',
  'team',
  'environment',
  'status',
  'error',
  'max_tokens',
  'temperature',
  'attempt',
  'cache_hit',
  'service_tier',
  'prompt_hash',
  'prompt_name',
  'quality_score',
  'user_feedback',
  'operation',
  'cache_creation_1h_input_tokens',
  'reasoning_output_tokens',
  'input_audio_tokens',
  'output_audio_tokens',
  'cache_read_audio_input_tokens',
  'input_image_tokens',
  'input_video_tokens',
  'output_image_tokens',
  'web_search_requests',
  'file_search_requests',
  'speed',
  'region',
  'unread_usage',
  'cache_type',
  'groundedness',
  'retrieval_score',
  'tags',
]

/** What a copy says, as a hash: the last resort, so that never the order of files decides. */
const contentHash = (x: string): string =>
  `md5(concat_ws(chr(31), ${content.map((name) => `coalesce(CAST(${name === 'input_tokens' ? loggedInput(x) : `${x}.${name}`} AS VARCHAR), '')`).join(', ')}))`

/** How a call's copies rank within a run; the first is the call. */
export const ranking = (x: string): string =>
  `coalesce(${x}.output_tokens, -1) DESC, ${x}.ts DESC, ${x}.revision_id ASC NULLS LAST, ${contentHash(x)}`

/** SQL: true where copy `a` of a call ranks before copy `b`. */
export const ranksBefore = (a: string, b: string): string => {
  const output = (x: string): string => `coalesce(${x}.output_tokens, -1)`
  return `CASE
      WHEN ${looseness(a)} <> ${looseness(b)} THEN ${looseness(a)} < ${looseness(b)}
      WHEN ${output(a)} <> ${output(b)} THEN ${output(a)} > ${output(b)}
      WHEN ${a}.ts <> ${b}.ts THEN ${a}.ts > ${b}.ts
      WHEN ${a}.revision_id IS DISTINCT FROM ${b}.revision_id THEN coalesce(${a}.revision_id < ${b}.revision_id, ${b}.revision_id IS NULL)
      ELSE ${contentHash(a)} < ${contentHash(b)} END`
}
