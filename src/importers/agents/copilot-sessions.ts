/** SQL for the records of Copilot's command line: what its sessions used in all, and its store of calls. */ import { callRecord } from '../made-records.js'

/** Counts of a model in a session's end, as the events name them. */
const counts = [
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'reasoningTokens',
  'totalNanoAiu',
]

/** SQL for a count of a model's figures `m`: those of tokens stand in `usage`, units beside it or in it. */
const figure = (name: string): string =>
  `coalesce(json_extract_string(m, '/usage/${name}'), json_extract_string(m, '/${name}'))`

const number = (name: string): string => `TRY_CAST(${figure(name)} AS DOUBLE)`

/** SQL: the sum of the last figures of all runs; what is no count is passed on, so that the record is refused. */
function summed(name: string): string {
  const odd = `${figure(name)} IS NOT NULL AND coalesce(${number(name)} < 0 OR ${number(name)} > 1e15 OR ${number(name)} <> trunc(${number(name)}), true)`
  return `coalesce(to_json(any_value(${figure(name)}) FILTER (${odd})), to_json(sum(TRY_CAST(${number(name)} AS BIGINT))))`
}

/**
 * CTEs of the events of sessions. What a session's end says of a model counts on over resumed runs, until it
 * begins anew: the last figures of each such stretch are added up.
 */
export const sessionCtes = `
  events AS MATERIALIZED (
    SELECT file, line, json_extract_string(text, '/type') AS type, json_extract(text, '/data') AS d,
      json_extract_string(text, '/id') AS id, json_extract_string(text, '/timestamp') AS ts
    FROM told WHERE kind = 'event' AND regexp_matches(text, '"(?:session\\.(?:start|resume|shutdown|context_changed)|assistant\\.usage)"')),
  origins AS MATERIALIZED (
    SELECT file, arg_min(json_extract_string(d, '/sessionId'), line) FILTER (json_exists(d, '/sessionId')) AS session,
      arg_max(coalesce(json_extract_string(d, '/context/cwd'), json_extract_string(d, '/cwd')), line) AS folder,
      arg_max(coalesce(json_extract_string(d, '/context/branch'), json_extract_string(d, '/branch')), line) AS branch,
      arg_max(coalesce(json_extract_string(d, '/context/repository'), json_extract_string(d, '/repository')), line) AS repository,
      arg_max(json_extract_string(d, '/copilotVersion'), line) AS version
    FROM events WHERE type <> 'assistant.usage' GROUP BY file),
  ends AS (
    SELECT file, line, ts, dense_rank() OVER (PARTITION BY file ORDER BY line) AS nth, json_extract(d, '/modelMetrics') AS metrics
    FROM events WHERE type = 'session.shutdown' AND json_type(d, '/modelMetrics') = 'OBJECT'),
  models AS MATERIALIZED (
    SELECT file, line, ts, nth, model, json_extract(metrics, '/' || replace(replace(model, '~', '~0'), '/', '~1')) AS m
    FROM (SELECT *, unnest(json_keys(metrics)) AS model FROM ends)),
  compared AS (
    SELECT *, lag(nth) OVER w IS NOT DISTINCT FROM nth - 1 AS goes_on,
      ${['inputTokens', 'outputTokens', 'cacheReadTokens', 'cacheWriteTokens'].map((name) => `coalesce(${number(name)} < lag(${number(name)}) OVER w, false)`).join(' OR ')} AS fell
    FROM models WINDOW w AS (PARTITION BY file, model ORDER BY line)),
  runs AS (
    SELECT file, nth, sum(anew::INTEGER) OVER (PARTITION BY file ORDER BY nth) AS run FROM (
      SELECT file, nth, bool_or(fell) OR count(*) FILTER (goes_on) < coalesce(lag(count(*)) OVER (PARTITION BY file ORDER BY nth), 0) AS anew
      FROM compared GROUP BY file, nth)),
  lasts AS (
    SELECT m.file, m.model, r.run, max(m.line) AS line, arg_max(m.ts, m.line) AS ts, arg_max(m.m, m.line) AS m
    FROM models m JOIN runs r ON r.file = m.file AND r.nth = m.nth GROUP BY ALL),
  totals AS (
    SELECT file, model, max(line) AS line, arg_max(ts, line) AS ts, arg_max(m, line) AS m,
      json_merge_patch(CASE WHEN json_type(arg_max(m, line), '/usage') = 'OBJECT' THEN json_extract(arg_max(m, line), '/usage') ELSE '{}' END,
        json_object(${counts.map((name) => `'${name}', ${summed(name)}`).join(', ')})) AS usage,
      CAST(sum(TRY_CAST(json_extract_string(m, '/requests/cost') AS DECIMAL(18, 3))) AS VARCHAR) AS premium
    FROM lasts GROUP BY file, model),
  session_records AS (
    SELECT t.line, ${callRecord({
      id: `coalesce(o.session || ':' || t.model, 'total:' || md5(concat_ws(' ', t.ts, t.model, t.usage)))`,
      operation: `'session_total'`,
      session: 'o.session',
      folder: 'o.folder',
      branch: 'o.branch',
      repository: 'o.repository',
      version: 'o.version',
      premium_units: `rtrim(rtrim(t.premium, '0'), '.')`,
      model: 't.model',
      ts: 't.ts',
      usage: 't.usage',
    })} AS text
    FROM totals t LEFT JOIN origins o ON o.file = t.file
    UNION ALL
    SELECT e.line, ${callRecord({
      id: `coalesce(json_extract_string(e.d, '/apiCallId'), json_extract_string(e.d, '/providerCallId'), e.id)`,
      session: 'o.session',
      folder: 'o.folder',
      branch: 'o.branch',
      repository: 'o.repository',
      version: 'o.version',
      premium_units: `json_extract_string(e.d, '/cost')`,
      model: `json_extract_string(e.d, '/model')`,
      ts: 'e.ts',
      latency: `json_extract_string(e.d, '/duration')`,
      usage: `json_merge_patch(e.d, '{"cost": null, "quotaSnapshots": null, "copilotUsage": {"tokenDetails": null}}')`,
    })} AS text
    FROM events e LEFT JOIN origins o ON o.file = e.file WHERE e.type = 'assistant.usage' AND json_type(e.d) = 'OBJECT')`

/** CTEs of the store's rows, one a call. */
export const storeCtes = `
  folders AS (
    SELECT file, json_extract_string(text, '/id') AS session, any_value(json_extract_string(text, '/cwd')) AS folder,
      any_value(json_extract_string(text, '/branch')) AS branch, any_value(json_extract_string(text, '/repository')) AS repository
    FROM told WHERE kind = 'row' AND json_extract_string(text, '/$table') = 'sessions' GROUP BY ALL),
  row_records AS (
    SELECT line, ${callRecord({
      id: `CASE WHEN r.session IS NULL THEN '/' || json_extract_string(text, '/id') END`,
      session: 'r.session',
      folder: 'f.folder',
      branch: 'f.branch',
      repository: 'f.repository',
      model: `coalesce(nullif(json_extract_string(text, '/copilot_usage_model'), ''), json_extract_string(text, '/model'))`,
      request_model: `json_extract_string(text, '/model')`,
      ts: `json_extract_string(text, '/created_at')`,
      latency: `json_extract_string(text, '/duration_ms')`,
      usage: 'CAST(text AS JSON)',
    })} AS text
    FROM (SELECT *, json_extract_string(text, '/session_id') AS session FROM told
      WHERE kind = 'row' AND json_extract_string(text, '/$table') = 'assistant_usage_events') r
    LEFT JOIN folders f ON f.file = r.file AND f.session = r.session)`
