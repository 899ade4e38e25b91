/**
 * Records of MLflow's traces: each span becomes one, with what its trace says of all of them, and with the counts
 * and settings of what was asked and answered. What people and models wrote stays behind.
 */
import { firstOf } from '../document.js'
import { standsForItself } from '../made-records.js'

/** Tables of a tracking server's database that bear on calls; the rows of the first are spans. */
export const tables = ['spans', 'trace_info', 'trace_request_metadata', 'trace_tags'] as const

const lists = ['/data/spans', '/spans'] as const

/** SQL for the text of an attribute: written as JSON, in an export inside of a text. */
const attribute = (name: string): string => `json_extract_string(attributes, '/${name}')`

/** SQL for an attribute that is a word; a text has its quotation marks around it. */
const word = (name: string): string => `trim(${attribute(name)}, '"')`

/** SQL for an attribute that is an object; NULL where it is anything else. */
const object = (name: string): string =>
  `CASE WHEN coalesce(json_valid(${attribute(name)}), false) AND starts_with(${attribute(name)}, '{') THEN CAST(${attribute(name)} AS JSON) END`

/** SQL for an id in hexadecimal digits: exports have it in base64, older ones after `0x`. */
const idOf = (id: string): string =>
  `CASE WHEN ${id} = '' THEN NULL WHEN regexp_full_match(${id}, '[A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{11}=') THEN lower(hex(from_base64(${id}))) ELSE regexp_replace(lower(${id}), '^0x', '') END`

/** What was asked for, by the names of the interfaces. */
const settings = ['model', 'temperature', 'max_tokens', 'max_completion_tokens', 'max_output_tokens', 'service_tier'] as const // prettier-ignore

const firstSetting = (name: string): string =>
  firstOf(
    `json_extract_string(inputs, '/${name}')`,
    `json_extract_string(inputs, '/config/${name}')`,
    `json_extract_string(invocation, '/${name}')`,
    word(name),
  )!

/** SQL for an object of the values of these names at paths of an answer. */
const kept = (paths: Readonly<Record<string, readonly string[]>>): string =>
  `json_object(${Object.entries(paths)
    .map(
      ([name, from]) => `'${name}', ${firstOf(...from.map((path) => `json_extract(outputs, '/${path}')`))}`,
    )
    .join(', ')})`

/** What an answer says beside its text and its usage. */
const answer = kept({
  id: ['id', 'response_id'],
  type: ['type'],
  object: ['object'],
  model: ['model', 'model_version', 'modelVersion'],
  service_tier: ['service_tier'],
  stop_reason: [
    'choices/0/finish_reason',
    'stop_reason',
    'stopReason',
    'body/stop_reason',
    'candidates/0/finish_reason',
    'incomplete_details/reason',
    'status',
  ],
})

/** Counts of an answer by the names of all providers, to tell whether it is what the span is said to have used. */
const counts = {
  input: ['prompt_tokens', 'input_tokens', 'inputTokens', 'prompt_token_count', 'promptTokenCount'],
  output: ['completion_tokens', 'output_tokens', 'outputTokens', 'candidates_token_count', 'candidatesTokenCount'], // prettier-ignore
  read: ['cache_read_input_tokens', 'cacheReadInputTokens'],
  written: ['cache_creation_input_tokens', 'cacheWriteInputTokens'],
} as const

const countIn = (usage: string, names: readonly string[]): string =>
  `TRY_CAST(${firstOf(...names.map((name) => `json_extract_string(${usage}, '/${name}')`))} AS DOUBLE)`

/**
 * SQL: true where the usage of the answer is that of the span, with cached tokens or without. What a span is said to
 * have used counts before an answer in it, which may be the last of several.
 */
const agrees = `(raw_input IS NOT NULL AND coalesce(${countIn('stated', ['input_tokens'])} IN (raw_input, raw_input + raw_cached, raw_input - raw_cached), json_extract(stated, '/input_tokens') IS NULL)
  AND coalesce(${countIn('stated', ['output_tokens'])} = coalesce(raw_output, 0), json_extract(stated, '/output_tokens') IS NULL))`

/** SQL for the usage of a provider's answer, or what a flavour keeps of it in an attribute. */
const rawUsage = firstOf(
  ...['/usage', '/body/usage', '/usage_metadata', '/usageMetadata'].map(
    (path) => `CASE WHEN json_type(outputs, '${path}') = 'OBJECT' THEN json_extract(outputs, '${path}') END`,
  ),
  object('usage'),
)!

/** Tools that the provider ran, of the answer's parts. */
const parts = `CASE WHEN json_type(outputs, '/output') = 'ARRAY' THEN to_json(list_transform(from_json(json_extract(outputs, '/output'), '["JSON"]'), lambda x: json_object('type', json_extract(x, '/type'), 'action', json_object('type', json_extract(x, '/action/type'))))) END`

/** SQL for when the first part of an answer came, of a span's events. */
const firstPart = `list_filter(events, lambda e: regexp_matches(json_extract_string(e, '/name'), '^(?:new_token|mlflow[.]chunk[.]item[.]0)$'))[1]`

/** Version 3.5 writes it in microseconds. */
const firstTime = `coalesce(json_extract_string(${firstPart}, '/time_unix_nano'), json_extract_string(${firstPart}, '/timestamp'))`

const exception = `list_filter(events, lambda e: json_extract_string(e, '/name') = 'exception')[1]`

/** SQL for a name of what went wrong: the message after it may hold what people wrote. */
const failure = `coalesce(json_extract_string(${exception}, '/attributes/exception.type'),
  nullif(regexp_extract(coalesce(json_extract_string(span, '/status/message'), json_extract_string(span, '/status_message')), '^([A-Za-z_.]+(?:Error|Exception))\\b', 1), ''))`

/** SQL: the first of the values at these paths of the span. */
const own = (...paths: readonly string[]): string =>
  firstOf(...paths.map((path) => `json_extract_string(span, '/${path}')`))!

/** SQL for a span's record. */
const record = `json_object(
  'span', json_object('trace', coalesce(trace, ${word('mlflow.traceRequestId')}, ${idOf(own('trace_id', 'context/trace_id'))}),
    'id', ${idOf(own('span_id', 'context/span_id'))}, 'parent', ${idOf(own('parent_span_id', 'parent_id'))},
    'name', left(${own('name')}, 200), 'root', left(coalesce(json_extract_string(tags, '/mlflow.traceName'), root), 200),
    'type', ${word('mlflow.spanType')}, 'start', ${own('start_time_unix_nano', 'start_time')}, 'end', ${own('end_time_unix_nano', 'end_time')},
    'first', CASE WHEN strlen(${firstTime}) = 16 THEN ${firstTime} || '000' ELSE ${firstTime} END,
    'status', ${own('status/code', 'status_code')}, 'failure', left(${failure}, 100), 'format', ${word('mlflow.message.format')},
    'model', ${word('mlflow.llm.model')}, 'provider', ${word('mlflow.llm.provider')},
    'session', ${word('session.id')}, 'user', ${word('user.id')}, 'experiment', experiment,
    'prompt', CASE WHEN starts_with(${attribute('mlflow.linkedPrompts')}, '[') AND json_valid(${attribute('mlflow.linkedPrompts')}) THEN json_extract_string(${attribute('mlflow.linkedPrompts')}, '/0/name') END),
  'usage', CASE WHEN NOT agrees THEN stated END, 'differs', CASE WHEN NOT agrees AND raw_input IS NOT NULL THEN 'true' END,
  'cost', ${object('mlflow.llm.cost')},
  'asked', json_object(${settings.map((name) => `'${name}', left(${firstSetting(name)}, 200)`).join(', ')}),
  'body', json_merge_patch(${answer}, json_object(CASE WHEN is_google THEN 'usage_metadata' ELSE 'usage' END, CASE WHEN agrees THEN raw END, 'output', ${parts})),
  'labels', json_merge_patch(coalesce(metadata, '{}'), coalesce(tags, '{}')))`

/** Columns of a span's row that are read, or tell nothing of usage; another may, and goes along. */
const known = JSON.stringify(
  Object.fromEntries(
    ['$table', 'trace_id', 'experiment_id', 'span_id', 'parent_span_id', 'name', 'type', 'status', 'start_time_unix_nano', 'end_time_unix_nano', 'duration_ns', 'content', 'dimension_attributes', 'input_cost', 'output_cost', 'total_cost', 'model_name', 'model_provider'].map((name) => [name, null]), // prettier-ignore
  ),
)

/** SQL of values that stand under names in a table of a trace's, as one object. */
const named = (table: string): string => `
  SELECT file, json_extract_string(text, '/request_id') AS trace, json_group_object(json_extract_string(text, '/key'), json_extract_string(text, '/value')) AS all_values
  FROM told WHERE kind = '${table}' AND json_type(text, '/value') = 'VARCHAR' AND json_extract_string(text, '/key') IS NOT NULL GROUP BY ALL`

const objectAt = (...paths: readonly string[]): string =>
  firstOf(
    ...paths.map(
      (path) => `CASE WHEN json_type(one, '${path}') = 'OBJECT' THEN json_extract(one, '${path}') END`,
    ),
  )!

/**
 * Each span of a trace, wherever the export has them: a trace, a page of traces, a row of a table with the trace as
 * a text in it, an artifact of spans alone, a row of the database.
 * @param lines see Importer
 */
export const records = (lines: string): string => `
  WITH told AS MATERIALIZED (
    -- Conditions may be tried in any order: what is no object is no text of theirs.
    SELECT file, line, text AS given, is_object, CASE WHEN is_object THEN text END AS text, CASE WHEN is_object THEN coalesce(json_extract_string(text, '/$table'), '') END AS kind FROM (
      SELECT file, line, text, coalesce(json_valid(text) AND starts_with(ltrim(text), '{'), false) AS is_object FROM ${lines})),
  pages AS MATERIALIZED (
    SELECT line, text, CASE WHEN json_type(text, '/traces') = 'ARRAY' THEN CAST(json_array_length(text, '/traces') AS BIGINT) END AS n FROM told WHERE kind = ''),
  traces AS MATERIALIZED (
    SELECT line, one, ${firstOf(...lists.map((path) => `CASE WHEN json_type(one, '${path}') = 'ARRAY' THEN '${path}' END`))} AS place FROM (
      SELECT line, json_extract(text, '/traces/' || i) AS one FROM (SELECT line, text, unnest(range(n)) AS i FROM pages WHERE n IS NOT NULL)
      UNION ALL
      SELECT line, CASE WHEN json_type(text, '/spans') IS DISTINCT FROM 'ARRAY' AND json_valid(json_extract_string(text, '/trace')) THEN CAST(json_extract_string(text, '/trace') AS JSON) ELSE CAST(text AS JSON) END AS one
      FROM pages WHERE n IS NULL)),
  metadata_rows AS (${named('trace_request_metadata')}),
  tag_rows AS (${named('trace_tags')}),
  -- Newer stores keep the session in a column of its own.
  session_rows AS (
    SELECT file, json_extract_string(text, '/request_id') AS trace, json_object('mlflow.trace.session', min(json_extract_string(text, '/session_id'))) AS all_values
    FROM told WHERE kind = 'trace_info' AND json_extract_string(text, '/session_id') <> '' GROUP BY ALL),
  root_rows AS (
    SELECT file, json_extract_string(text, '/trace_id') AS trace, min(json_extract_string(text, '/name')) AS root
    FROM told WHERE kind = 'spans' AND json_extract_string(text, '/parent_span_id') IS NULL GROUP BY ALL),
  spans AS (
    SELECT line, json_extract(one, place || '/' || i) AS span,
      coalesce(json_extract_string(one, '/info/trace_id'), json_extract_string(one, '/info/request_id'), json_extract_string(one, '/trace_id'), json_extract_string(one, '/request_id')) AS trace,
      ${objectAt('/info/trace_metadata', '/info/request_metadata', '/trace_metadata', '/request_metadata')} AS metadata,
      ${objectAt('/info/tags', '/tags')} AS tags,
      CASE WHEN coalesce(json_extract_string(one, place || '/0/parent_span_id'), json_extract_string(one, place || '/0/parent_id'), '') = '' THEN json_extract_string(one, place || '/0/name') END AS root,
      coalesce(json_extract_string(one, '/info/trace_location/mlflow_experiment/experiment_id'), json_extract_string(one, '/info/experiment_id')) AS experiment,
      CAST(NULL AS JSON) AS others
    FROM (SELECT *, unnest(range(CAST(json_array_length(one, place) AS BIGINT))) AS i FROM traces WHERE place IS NOT NULL)
    UNION ALL
    SELECT line, json_extract(text, '/content'), json_extract_string(text, '/trace_id'), json_merge_patch(coalesce(o.all_values, '{}'), coalesce(m.all_values, '{}')), t.all_values, r.root, json_extract_string(text, '/experiment_id'), json_merge_patch(text, '${known}')
    FROM (SELECT *, json_extract_string(text, '/trace_id') AS trace FROM told WHERE kind = 'spans') s
      LEFT JOIN metadata_rows m ON m.file = s.file AND m.trace = s.trace LEFT JOIN session_rows o ON o.file = s.file AND o.trace = s.trace LEFT JOIN tag_rows t ON t.file = s.file AND t.trace = s.trace
      LEFT JOIN root_rows r ON r.file = s.file AND r.trace = s.trace),
  opened AS (
    SELECT *, ${object('mlflow.spanInputs')} AS inputs, ${object('mlflow.spanOutputs')} AS outputs, ${object('mlflow.chat.tokenUsage')} AS stated, ${object('invocation_params')} AS invocation FROM (
      SELECT *, CASE WHEN json_type(span, '/attributes') = 'OBJECT' THEN json_extract(span, '/attributes') END AS attributes,
        coalesce(from_json(CASE WHEN json_type(span, '/events') = 'ARRAY' THEN json_extract(span, '/events') END, '["JSON"]'), []) AS events FROM spans)),
  answered AS (
    SELECT *, ${['prompt_token_count', 'promptTokenCount', 'candidates_token_count'].map((name) => `json_exists(raw, '/${name}')`).join(' OR ')} AS is_google,
      ${countIn('raw', counts.input)} AS raw_input, ${countIn('raw', counts.output)} AS raw_output,
      coalesce(${countIn('raw', counts.read)}, 0) + coalesce(${countIn('raw', counts.written)}, 0) AS raw_cached FROM (
      SELECT *, ${rawUsage} AS raw FROM opened)),
  weighed AS MATERIALIZED (SELECT *, ${agrees} AS agrees FROM answered),
  hollow AS (
    SELECT line, contains(coalesce(CAST(${objectAt('/info/trace_metadata', '/info/request_metadata', '/trace_metadata', '/request_metadata')} AS VARCHAR), ''), '"mlflow.trace.tokenUsage"')
      OR (place IS NULL AND coalesce(json_extract_string(one, '/info/trace_id'), json_extract_string(one, '/info/request_id'), CASE WHEN json_type(one, '/trace_metadata') = 'OBJECT' OR json_type(one, '/request_metadata') = 'OBJECT' THEN 'row' END) IS NOT NULL) AS tells
    FROM traces WHERE place IS NULL OR json_array_length(one, place) = 0
    UNION ALL
    SELECT line, m.all_values IS NOT NULL AND json_extract(m.all_values, '/mlflow.trace.tokenUsage') IS NOT NULL
      OR (t.all_values IS NOT NULL AND json_extract_string(t.all_values, '/mlflow.trace.spansLocation') IS DISTINCT FROM 'TRACKING_STORE')
    FROM (SELECT *, json_extract_string(text, '/request_id') AS trace FROM told WHERE kind = 'trace_info') i
      LEFT JOIN metadata_rows m ON m.file = i.file AND m.trace = i.trace LEFT JOIN tag_rows t ON t.file = i.file AND t.trace = i.trace
    WHERE NOT EXISTS (SELECT 1 FROM told s WHERE s.kind = 'spans' AND s.file = i.file AND json_extract_string(s.text, '/trace_id') = i.trace))
  SELECT line, CASE WHEN json_type(span) = 'OBJECT' THEN CAST(CASE WHEN others IS NULL THEN record ELSE json_merge_patch(others, record) END AS VARCHAR) ELSE '{}' END AS text
  FROM (SELECT line, span, others, ${record} AS record FROM weighed)
  UNION ALL SELECT line, CASE WHEN tells THEN '{"span":{"hollow":"true"}}' ELSE '{}' END FROM hollow
  UNION ALL SELECT line, '{}' FROM pages WHERE n = 0
  UNION ALL SELECT line, '{}' FROM told t WHERE kind NOT IN ('', 'spans') AND NOT EXISTS (SELECT 1 FROM hollow h WHERE h.line = t.line)
  UNION ALL SELECT line, ${standsForItself('given')} FROM told WHERE NOT is_object`
