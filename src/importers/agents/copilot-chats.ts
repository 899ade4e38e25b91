/**
 * SQL for the records of VS Code's chats. A chat is a log of changes to one object: 0 states it whole, 1 sets
 * a value, 2 cuts a list off and appends to it. Its requests are the calls, as the last changes leave them.
 */ import { callRecord } from '../made-records.js'

const at = (path: string, x = 'v'): string => `json_extract(${x}, '${path}')`

/** SQL: what is kept of a request, or of a change to one: no word of what was asked and answered. */
const slim = (x: string): string => `json_merge_patch('{}', json_object(
  ${['requestId', 'modelId', 'timestamp', 'elapsedMs'].map((key) => `'${key}', ${at(`/${key}`, x)}`).join(', ')},
  'state', ${at('/modelState/value', x)}, 'resolved', ${at('/result/metadata/resolvedModel', x)}, 'elapsed', ${at('/result/timings/totalElapsed', x)},
  'first', ${at('/result/timings/firstProgress', x)}, 'error', ${at('/result/errorDetails/code', x)},
  'usage', json_object(${['promptTokens', 'completionTokens', 'totalTokens', 'cachedTokens', 'reasoningTokens', 'outputTokens', 'usage', 'modelTotals', 'copilotUsage'].map((key) => `'${key}', ${at(`/${key}`, x)}`).join(', ')})))`

/** CTEs of the chats' requests. */
export const chatCtes = `
  entries AS MATERIALIZED (
    SELECT file, line, CASE WHEN kind = 'chat' THEN 0 ELSE TRY_CAST(json_extract_string(text, '/kind') AS INTEGER) END AS change,
      json_extract(text, '/k') AS k, CASE WHEN kind = 'chat' THEN CAST(text AS JSON) ELSE json_extract(text, '/v') END AS v,
      TRY_CAST(json_extract_string(text, '/i') AS INTEGER) AS cut
    FROM told WHERE kind = 'chat' OR kind = 'entry' AND (json_extract_string(text, '/kind') = '0' OR json_extract_string(text, '/k/0') = 'requests')),
  chats AS (
    SELECT file, arg_max(json_extract_string(v, '/sessionId'), line) AS session, arg_max(json_extract_string(v, '/creationDate'), line) AS created
    FROM entries WHERE change = 0 GROUP BY file),
  lists AS (
    SELECT *, CASE WHEN change < 2 THEN 0 ELSE cut END AS base, CASE WHEN json_type(list) = 'ARRAY' THEN CAST(json_array_length(list) AS BIGINT) ELSE 0 END AS n
    FROM (SELECT file, line, change, cut, CASE WHEN change = 0 THEN json_extract(v, '/requests') ELSE v END AS list FROM entries
      WHERE change = 0 OR change IN (1, 2) AND json_array_length(k) = 1)),
  placed AS (
    SELECT *, coalesce(first_value(base) OVER w, 0) + sum(n) OVER w - n AS first
    FROM (SELECT *, count(base) OVER (PARTITION BY file ORDER BY line) AS stretch FROM lists)
    WINDOW w AS (PARTITION BY file, stretch ORDER BY line)),
  requests AS MATERIALIZED (
    SELECT file, line, first + i AS place, ${slim(`json_extract(list, '/' || i)`)} AS r
    FROM (SELECT *, unnest(range(n)) AS i FROM placed WHERE n > 0)
    UNION ALL
    SELECT file, line, TRY_CAST(json_extract_string(k, '/1') AS BIGINT), ${slim('v')}
    FROM entries WHERE change = 1 AND json_array_length(k) = 2),
  changes AS (
    SELECT file, line, TRY_CAST(json_extract_string(k, '/1') AS BIGINT) AS place, ${slim(`CASE json_array_length(k)
      WHEN 3 THEN json_object(json_extract_string(k, '/2'), v) WHEN 4 THEN json_object(json_extract_string(k, '/2'), json_object(json_extract_string(k, '/3'), v))
      ELSE json_object(json_extract_string(k, '/2'), json_object(json_extract_string(k, '/3'), json_object(json_extract_string(k, '/4'), v))) END`)} AS r
    FROM entries WHERE change = 1 AND json_array_length(k) BETWEEN 3 AND 5),
  changed AS (
    SELECT q.file, q.line, q.place, c.line AS since, c.r FROM changes c ASOF JOIN requests q ON q.file = c.file AND q.place = c.place AND c.line > q.line),
  states AS (
    SELECT file, line, place, list_reduce(list(r ORDER BY since), lambda a, b: json_merge_patch(a, b)) AS r
    FROM (SELECT file, line, place, line AS since, r FROM requests UNION ALL SELECT * FROM changed) GROUP BY file, line, place),
  chat_records AS (
    SELECT s.line, ${callRecord({
      id: `json_extract_string(r, '/requestId')`,
      session: 'c.session',
      model: `regexp_replace(coalesce(json_extract_string(r, '/resolved'), json_extract_string(r, '/modelId')), '^copilot/', '')`,
      request_model: `regexp_replace(json_extract_string(r, '/modelId'), '^copilot/', '')`,
      ts: `coalesce(json_extract_string(r, '/timestamp'), c.created)`,
      latency: `coalesce(json_extract_string(r, '/elapsed'), json_extract_string(r, '/elapsedMs'))`,
      ttft: `json_extract_string(r, '/first')`,
      error: `CASE WHEN json_extract_string(r, '/state') = '3' THEN coalesce(json_extract_string(r, '/error'), 'failed') ELSE json_extract_string(r, '/error') END`,
      usage: `json_extract(r, '/usage')`,
    })} AS text
    FROM states s LEFT JOIN chats c ON c.file = s.file
    QUALIFY row_number() OVER (PARTITION BY s.file, coalesce(json_extract_string(r, '/requestId'), s.line || ' ' || s.place)
      ORDER BY json_extract(r, '/usage') = '{}', s.line DESC, s.place DESC) = 1)`
