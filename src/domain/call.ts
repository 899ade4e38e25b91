/**
 * domain: what calls, money, time and dimensions are, in names and pure functions; no input or output happens
 * in this folder.
 *
 * This file is the one list of the columns of `calls`, the table with one row for each provider call.
 * The schema, the dimensions, the importers and the documentation derive from it. Names follow
 * OpenTelemetry's GenAI conventions where they have one, and FinOps FOCUS for money.
 */

export type ColumnType =
  | 'VARCHAR'
  | 'TIMESTAMP'
  | 'BIGINT'
  | 'DOUBLE'
  | 'BOOLEAN'
  | 'DECIMAL(18,12)'
  | 'MAP(VARCHAR, VARCHAR)'

export interface CallColumn {
  readonly name: string
  readonly type: ColumnType
  /** One line for documentation: what it holds, with its unit. */
  readonly about: string
  readonly required?: true
  /** Schema version that brought it; absent: the first. */
  readonly since?: number
  /** All words that it may hold: the store keeps their numbers, which is quicker to write than text. */
  readonly words?: readonly string[]
}

const column = <N extends string>(
  name: N,
  type: ColumnType,
  about: string,
): CallColumn & { readonly name: N } => ({ name, type, about })

const since4 = <N extends string>(
  name: N,
  type: ColumnType,
  about: string,
): CallColumn & { readonly name: N } => ({ ...column(name, type, about), since: 4 })

const since5 = <N extends string>(
  name: N,
  type: ColumnType,
  about: string,
): CallColumn & { readonly name: N } => ({ ...column(name, type, about), since: 5 })

/**
 * The operation of a row that is no call: a source that tells no calls states what a session used in all. Its
 * tokens and dollars count, it does not.
 */
export const sessionTotal = 'session_total'

/** What a call used. */
const usageColumns = [
  column('input_tokens', 'BIGINT', 'input tokens, cache reads and writes included'),
  column('cache_read_input_tokens', 'BIGINT', 'share of input_tokens read from the prompt cache'),
  column('cache_creation_input_tokens', 'BIGINT', 'share of input_tokens written to the prompt cache'),
  column(
    'cache_creation_1h_input_tokens',
    'BIGINT',
    'share of cache_creation_input_tokens kept for one hour',
  ),
  column('output_tokens', 'BIGINT', 'output tokens, reasoning included'),
  column('reasoning_output_tokens', 'BIGINT', 'share of output_tokens spent on reasoning'),
  column('input_audio_tokens', 'BIGINT', 'share of input_tokens that is audio'),
  column('output_audio_tokens', 'BIGINT', 'share of output_tokens that is audio'),
  column('web_search_requests', 'BIGINT', 'web searches run by the provider during the call'),
  since4('cache_read_audio_input_tokens', 'BIGINT', 'share of cache_read_input_tokens that is audio'),
  since4('input_image_tokens', 'BIGINT', 'share of input_tokens that is images'),
  since4('input_video_tokens', 'BIGINT', 'share of input_tokens that is video'),
  since4('output_image_tokens', 'BIGINT', 'share of output_tokens that is images'),
  since4('file_search_requests', 'BIGINT', 'file searches run by the provider during the call'),
] as const satisfies readonly CallColumn[]

/** Who asked, and what for: labels of the user's own. */
const contextColumns = [
  column('feature', 'VARCHAR', 'product feature; falls back to endpoint'),
  column('endpoint', 'VARCHAR', 'API route or URL path'),
  column('user_id', 'VARCHAR', 'user'),
  column('customer', 'VARCHAR', 'customer, tenant or end user'),
  column('session_id', 'VARCHAR', 'conversation or session'),
  since4(
    'root_session_id',
    'VARCHAR',
    'session that this one was started by, such as that of an agent of its sub-agents; NULL where it stands for itself',
  ),
  since4('project', 'VARCHAR', 'project; of an agent the name of the folder that it worked in'),
  column('trace_id', 'VARCHAR', 'trace'),
  column('team', 'VARCHAR', 'team'),
  column('environment', 'VARCHAR', 'deployment environment'),
  column('prompt_hash', 'VARCHAR', 'hash of the prompt, where the source logs one'),
  column('prompt_name', 'VARCHAR', 'name or version of the prompt template'),
] as const satisfies readonly CallColumn[]

/** Columns that are filled from the source. */
const sourceColumns = [
  {
    ...column('call_id', 'VARCHAR', "the source's own id, or a hash of the line and its ordinal"),
    required: true,
  },
  { ...column('source', 'VARCHAR', 'importer id'), required: true },
  { ...column('ts', 'TIMESTAMP', 'when the call was made, UTC'), required: true },
  column(
    'provider',
    'VARCHAR',
    'provider id, as in the price data (openai, anthropic, aws, azure, google …)',
  ),
  column('request_model', 'VARCHAR', 'model asked for'),
  column('response_model', 'VARCHAR', 'model that answered'),
  column('model', 'VARCHAR', 'response_model, else request_model: what the call is priced as'),
  column('operation', 'VARCHAR', 'chat, completion, embedding …'),
  ...contextColumns,
  ...usageColumns,
  since4('total_tokens', 'BIGINT', "input and output tokens; the log's own total where that is all it has"),
  column('reported_cost_usd', 'DECIMAL(18,12)', 'cost that the source reported, USD'),
  column('latency_ms', 'DOUBLE', 'duration of the call, ms'),
  column('ttft_ms', 'DOUBLE', 'time to first token, ms'),
  column('temperature', 'DOUBLE', 'sampling temperature'),
  column('max_tokens', 'BIGINT', 'output limit that was asked for, tokens'),
  column(
    'finish_reason',
    'VARCHAR',
    'stop, length, context_exceeded, tool_calls, content_filter, error, other; NULL when not logged',
  ),
  column('status', 'VARCHAR', 'ok or error'),
  column('error', 'VARCHAR', 'error kind or message, cut to 200 characters'),
  column('attempt', 'BIGINT', 'number of the attempt, from 1'),
  column(
    'cache_hit',
    'BOOLEAN',
    "answered from the application's or gateway's response cache: no provider call",
  ),
  column('cache_type', 'VARCHAR', 'kind of response-cache hit: exact or semantic'),
  column('service_tier', 'VARCHAR', 'standard, batch, flex or priority'),
  since4('speed', 'VARCHAR', "the provider's speed mode, where it is not the standard one: fast"),
  since4('region', 'VARCHAR', 'where the call was served, as logged: a cloud region, us, eu …'),
  column('quality_score', 'DOUBLE', 'quality score, where the source has one'),
  column('groundedness', 'DOUBLE', 'groundedness score, where the source has one'),
  column('retrieval_score', 'DOUBLE', 'retrieval score, where the source has one'),
  column('user_feedback', 'DOUBLE', 'user feedback, where the source has one'),
  column('tags', 'MAP(VARCHAR, VARCHAR)', 'every other short label'),
  since4(
    'unread_usage',
    'VARCHAR',
    'what the record says of usage, tier, speed, place or money that the reader did not use, by name',
  ),
  since4(
    'cache_shape',
    'VARCHAR',
    'names under which the record has its input and cached tokens, where these may stand inside or beside it',
  ),
  {
    ...since4(
      'cache_reading',
      'VARCHAR',
      'of such a record, whether input includes cached tokens, and what shows it: included, excluded (its own counts), cost included, cost excluded (its own cost), habit included, habit excluded (other records of its shape), open (nothing; the usual reading was taken)',
    ),
    words: [
      'included',
      'excluded',
      'cost included',
      'cost excluded',
      'habit included',
      'habit excluded',
      'open',
    ],
  },
] as const satisfies readonly CallColumn[]

/** Columns that pricing fills. */
const pricedColumns = [
  column('list_input_cost_usd', 'DECIMAL(18,12)', 'list cost of the uncached input, USD'),
  column('list_cache_read_cost_usd', 'DECIMAL(18,12)', 'list cost of the cache reads, USD'),
  column('list_cache_write_cost_usd', 'DECIMAL(18,12)', 'list cost of the cache writes, USD'),
  column('list_output_cost_usd', 'DECIMAL(18,12)', 'list cost of the output, USD'),
  column('list_other_cost_usd', 'DECIMAL(18,12)', 'list cost of requests, searches and audio, USD'),
  column(
    'list_cost_usd',
    'DECIMAL(18,12)',
    'list cost: the sum of its parts; NULL when no price is known, USD',
  ),
  column('cost_usd', 'DECIMAL(18,12)', 'the cost that counts; NULL when unpriced, USD'),
  column(
    'cost_basis',
    'VARCHAR',
    'where cost_usd comes from: list, reported, response_cache, no_usage; NULL when unpriced',
  ),
  column(
    'partly_priced',
    'BOOLEAN',
    'true when the call used something that no known price covers: see unread_usage and unpriced_usage',
  ),
  since4('unpriced_usage', 'VARCHAR', 'what the call used that its price does not cover, by name'),
] as const satisfies readonly CallColumn[]

/** Columns that say where the row came from. */
const originColumns = [
  column('revision_id', 'VARCHAR', 'id of the log line among repeats of one call; the smallest wins a tie'),
  {
    ...since4(
      'id_kind',
      'VARCHAR',
      "any: the log's id may name several calls (request_id, id …); operation: one call an operation; NULL: it is the id of one call",
    ),
    words: ['any', 'operation'],
  },
  since4(
    'logged_id',
    'VARCHAR',
    'the id as logged, where several calls carry it: call_id then is that id, ~ and a hash',
  ),
  since5(
    'request_ids',
    'VARCHAR',
    "ids of the provider's requests, joined by a space, where a source knows them beside the id of the call: others name the call by them",
  ),
  column('file_id', 'BIGINT', 'the file it came from'),
  column('line', 'BIGINT', 'line (or record, in CSV and JSON arrays) within that file, from 1'),
] as const satisfies readonly CallColumn[]

/** All columns of `calls`, in the order in which they are shown; a store has those of later schemas last. */
export const callColumns: readonly CallColumn[] = [...sourceColumns, ...pricedColumns, ...originColumns]

/** Source columns that follow from others, or take what no field claims. */
const derived = [
  'source',
  'model',
  'tags',
  'unread_usage',
  'total_tokens',
  'cache_shape',
  'cache_reading',
] as const

/** Fields that an importer, `--map` or `--set` may fill. */
export type CallField = Exclude<(typeof sourceColumns)[number]['name'], (typeof derived)[number]>

export const callFields: readonly CallField[] = sourceColumns
  .map(({ name }) => name)
  .filter((name): name is CallField => !derived.some((one) => one === name))

/** Fields that count what a call used. */
export type UsageField = (typeof usageColumns)[number]['name']

export const usageFields: readonly UsageField[] = usageColumns.map(({ name }) => name)

/** What pricing reads of a call beside its time, provider and model. */
export const pricingFields = [
  ...usageFields,
  'total_tokens',
  'reported_cost_usd',
  'status',
  'cache_hit',
  'service_tier',
  'speed',
  'region',
  'unread_usage',
] as const

export type ContextField = (typeof contextColumns)[number]['name']

/** Labels of the user's own: who asked, and what for. */
export const contextFields: readonly ContextField[] = contextColumns.map(({ name }) => name)

/** Texts whose words nobody has agreed upon, which are stored as they are logged. */
export const labelFields: readonly CallField[] = callFields.filter(
  (field) =>
    callColumns.find(({ name }) => name === field)?.type === 'VARCHAR' &&
    !['finish_reason', 'status', 'service_tier'].includes(field),
)

/** Columns that pricing fills, in stored order. */
export const pricedColumnNames = pricedColumns.map(({ name }) => name)

/** Columns that are known before a call is priced, in stored order. */
export const readColumns: readonly CallColumn[] = callColumns.filter(
  ({ name }) => !pricedColumnNames.some((priced) => priced === name),
)
