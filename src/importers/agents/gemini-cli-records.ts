/**
 * The calls of Gemini CLI. A chat tells an answer once or, as it is written again, several times; an old chat is one
 * object with all its messages; the telemetry tells each answer in two events and in a metric; and a run
 * prints its totals by model.
 */ import { says, standsForItself } from '../made-records.js'

/** What people and models wrote, and what tools were given. */
const withoutTexts =
  '{"content":null,"displayContent":null,"thoughts":null,"toolCalls":null,"resultDisplay":null,"response":null,"body":null,"error":null}'

/** Attributes of an event, of which some hold texts. */
const withoutAnswers = `{"attributes":{"response_text":null,"request_text":null,"prompt":null,"gen_ai.input.messages":null,"gen_ai.output.messages":null,"gen_ai.system_instructions":null},"body":null,"resource":null,"instrumentationScope":null}`

const words = ['tokens', 'sessionId', 'session_id', 'stats', 'gemini_cli.api_response']

const text = (json: string, path: string): string => `json_extract_string(${json}, '${path}')`
const has = (json: string, path: string): string =>
  `coalesce(json_type(${json}, '${path}') = 'OBJECT', false)`

/**
 * SQL for the records of Gemini CLI: an answer with `call`, what other lines say of it; nothing for each other line.
 * @param lines FROM item with `file`, `line` and `text`
 */
export const geminiCliRecords = (lines: string): string => `
WITH parsed AS (
  SELECT file, line, ${standsForItself('text')} AS own, CASE WHEN ${says('text', words)} AND json_valid(text) THEN text END AS text
  FROM ${lines} l
), seen AS MATERIALIZED (
  SELECT file, line, own, CASE
      WHEN ${text('text', '/attributes/event.name')} = 'gemini_cli.api_response' THEN 'event'
      WHEN ${text('text', '/type')} = 'gemini' AND ${has('text', '/tokens')} THEN 'message'
      WHEN ${has('text', '/stats')} THEN 'total'
      WHEN json_type(text, '/messages') = 'ARRAY' OR json_type(text, '/$set/messages') = 'ARRAY' THEN 'chat' END AS kind,
    coalesce(${text('text', '/sessionId')}, ${text('text', '/session_id')}) AS session, ${text('text', '/kind')} AS agent,
    ${text('text', '/projectHash')} AS hash, ${text('text', '/model')} AS model, ${text('text', '/timestamp')} AS ts, text
  FROM parsed
), told AS (
  SELECT * REPLACE (last_value(session IGNORE NULLS) OVER before AS session, last_value(agent IGNORE NULLS) OVER before AS agent,
    last_value(hash IGNORE NULLS) OVER before AS hash, CASE WHEN kind = 'total' THEN last_value(model IGNORE NULLS) OVER before END AS model)
  FROM (SELECT * EXCLUDE (own) FROM seen WHERE text IS NOT NULL)
  WINDOW before AS (PARTITION BY file ORDER BY line ROWS UNBOUNDED PRECEDING)
), messages AS (
  SELECT file, line, 0 AS nth, session, agent, hash, text AS message FROM told WHERE kind = 'message'
  UNION ALL
  SELECT file, line, nth, session, agent, hash, message FROM (
    SELECT file, line, session, agent, hash, generate_subscripts(m, 1) AS nth, unnest(m) AS message
    FROM (SELECT *, CAST(coalesce(json_extract(text, '/messages'), json_extract(text, '/$set/messages')) AS JSON[]) AS m FROM told WHERE kind = 'chat'))
  WHERE ${text('message', '/type')} = 'gemini' AND ${has('message', '/tokens')}
), answers AS (
  -- A message that is written again says more of the same answer: the last one counts. What was rewound was paid.
  SELECT * FROM messages
  QUALIFY row_number() OVER (PARTITION BY file, session, coalesce(${text('message', '/id')}, CAST(line AS VARCHAR) || '.' || CAST(nth AS VARCHAR)) ORDER BY line DESC, nth DESC) = 1
), totals AS (
  -- Of each model; a run of an older version knows but their sum.
  -- Newer runs tell of each model also what it was asked for (\`roles\`): parts of the same counts.
  SELECT line, session, ts, name, json_merge_patch(json_extract(text, '/stats/models/' || replace(replace(name, '~', '~0'), '/', '~1')), '{"roles":null}') AS stats
  FROM (SELECT *, unnest(json_keys(text, '/stats/models')) AS name FROM told WHERE kind = 'total')
  UNION ALL
  SELECT line, session, ts, model, json_extract(text, '/stats') FROM told
  WHERE kind = 'total' AND coalesce(len(json_keys(text, '/stats/models')), 0) = 0
), made AS (
  SELECT line, json_merge_patch(message, '${withoutTexts}', json_object('call', json_object(
    'id', concat_ws(':', session, ${text('message', '/id')}), 'session_id', session, 'project_hash', hash, 'agent_kind', nullif(agent, 'main')))) AS text
  FROM answers
  UNION ALL
  SELECT line, json_merge_patch(text, '${withoutAnswers}', json_object('call', json_object(
    'id', concat_ws(':', ${text('text', '/attributes/prompt_id')}, ${text('text', '/attributes/event.timestamp')}, ${text('text', '/attributes/model')}),
    'session_id', coalesce(${text('text', '/attributes/session.id')}, ${text('text', '/resource/attributes/session.id')}),
    'version', ${text('text', '/resource/attributes/service.version')}))) AS text
  FROM told WHERE kind = 'event'
  UNION ALL
  SELECT line, json_object('timestamp', ts, 'model', name, 'stats', stats, 'call', json_object(
    'operation', 'session_total', 'id', concat_ws(':', session, name), 'session_id', session)) AS text
  FROM totals
)
SELECT s.line, coalesce(CAST(m.text AS VARCHAR), s.own) AS text FROM seen s LEFT JOIN made m ON s.line = m.line`
