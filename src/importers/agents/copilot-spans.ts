/** SQL for the records of Copilot's telemetry as its file exporter writes it: one flat object a line, spans and events mixed. */ import { callRecord } from '../made-records.js'

/** Text of an attribute. */
const said = (name: string): string => `json_extract_string(a, '/${name}')`
const called = (name: string): string => said(`gen_ai.${name}`)

/** SQL: µs since 1970 of a time as `[seconds, nanoseconds]`; a text as it is. */
const microseconds = (key: string): string =>
  `CASE WHEN json_type(text, '/${key}') = 'ARRAY' THEN CAST(CAST(TRY_CAST(json_extract_string(text, '/${key}/0') AS BIGINT) AS HUGEINT) * 1000000 + coalesce(TRY_CAST(json_extract_string(text, '/${key}/1') AS BIGINT), 0) // 1000 AS VARCHAR)
    ELSE json_extract_string(text, '/${key}') END`

const firstTime = (...keys: readonly string[]): string => `coalesce(${keys.map(microseconds).join(', ')})`

/** Whatever of the attributes counts tokens or money, by its name. */
const ofUsage = `regexp_matches(name, '^gen_ai\\.usage\\.|token|cost|credit|aiu|price') AND json_type(value) IN ('UBIGINT', 'BIGINT', 'DOUBLE', 'VARCHAR')`

/**
 * CTEs of spans and events. A model's span is a call, and so is the event of a call that no span tells of. An
 * agent's span adds its calls up, and its turns repeat them: these count where nothing finer stands in the
 * same trace or conversation.
 */
export const spanCtes = `
  spans AS MATERIALIZED (
    SELECT *, CASE WHEN event IS NULL AND (operation IN ('chat', 'text_completion', 'generate_content', 'embeddings') OR name LIKE 'chat %') THEN 1
        WHEN event = 'gen_ai.client.inference.operation.details' THEN 2 WHEN operation = 'invoke_agent' THEN 3 ELSE 4 END AS rank,
      ${called('usage.input_tokens')} IS NOT NULL OR ${called('usage.output_tokens')} IS NOT NULL AS counts
    FROM (
      SELECT file, line, text, a, ${said('event.name')} AS event, ${called('operation.name')} AS operation, json_extract_string(text, '/name') AS name,
        coalesce(json_extract_string(text, '/traceId'), json_extract_string(text, '/spanContext/traceId'), 'line ' || line) AS trace,
        coalesce(json_extract_string(text, '/spanId'), json_extract_string(text, '/spanContext/spanId'), 'line ' || line) AS span,
        coalesce(${called('conversation.id')}, ${said('session.id')}, 'line ' || line) AS conversation
      FROM (SELECT *, json_extract(text, '/attributes') AS a FROM told WHERE kind = 'span' AND contains(text, '"gen_ai.')))),
  finest AS (
    SELECT *, min(CASE WHEN counts THEN rank END) OVER (PARTITION BY file, trace) AS in_trace,
      min(CASE WHEN counts THEN rank END) OVER (PARTITION BY file, conversation) AS in_conversation,
      min(CASE WHEN counts THEN rank END) OVER (PARTITION BY file, trace, span) AS in_span FROM spans),
  span_usage AS (
    SELECT line, json_group_object(name, value) AS usage FROM (SELECT line, name, json_extract(a, '/' || replace(replace(name, '~', '~0'), '/', '~1')) AS value
      FROM (SELECT line, a, unnest(json_keys(a)) AS name FROM spans)) WHERE ${ofUsage} GROUP BY line),
  span_records AS (
    SELECT f.line, ${callRecord({
      id: `CASE WHEN rank > 2 THEN conversation || ':' || coalesce(${called('response.model')}, '') || ':' || span
        ELSE coalesce(${called('response.id')}, CASE WHEN starts_with(conversation, 'line ') THEN trace || ':' || span END) END`,
      operation: `CASE WHEN rank > 2 THEN 'session_total' WHEN operation = 'embeddings' THEN 'embedding' END`,
      session: `coalesce(${called('conversation.id')}, ${said('session.id')})`,
      trace: `CASE WHEN NOT starts_with(trace, 'line ') THEN trace END`,
      version: `json_extract_string(text, '/instrumentationScope/version')`,
      model: called('response.model'),
      request_model: called('request.model'),
      ts: firstTime('startTime', 'endTime', 'hrTime', 'time'),
      latency: `CAST((TRY_CAST(${microseconds('endTime')} AS BIGINT) - TRY_CAST(${microseconds('startTime')} AS BIGINT)) / 1000.0 AS VARCHAR)`,
      finish: `json_extract_string(a, '/gen_ai.response.finish_reasons')`,
      error: said('error.type'),
      usage: 'u.usage',
    })} AS text
    FROM finest f LEFT JOIN span_usage u ON u.line = f.line
    WHERE (counts OR ${said('error.type')} IS NOT NULL AND rank <= 2)
      AND CASE rank WHEN 1 THEN true WHEN 2 THEN in_span IS DISTINCT FROM 1 ELSE rank = least(in_trace, in_conversation) END
    QUALIFY row_number() OVER (PARTITION BY f.file, trace, span, rank ORDER BY f.line) = 1)`
