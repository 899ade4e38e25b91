/**
 * The calls of a session of Codex, told in several of its lines: who it is (`session_meta`), what was set
 * (`turn_context`, `thread_settings_applied`), and what was used. That is told by `token_count` events, which
 * repeat and carry running totals, and in newer builds by a `token_usage_record` for each answer too.
 */
import { says, standsForItself } from './lines.js'

/** Counts of a usage object. */
const counts = [
  'input_tokens',
  'cached_input_tokens',
  'cache_write_input_tokens',
  'output_tokens',
  'reasoning_output_tokens',
  'total_tokens',
] as const

const words = [
  'session_meta',
  'turn_context',
  'token_count',
  'token_usage_record',
  'task_started',
  'thread_settings_applied',
  'web_search_call',
  'thread.started',
  'turn.completed',
]

/** What is read of a line. */
const structure = JSON.stringify({
  timestamp: 'VARCHAR',
  type: 'VARCHAR',
  ordinal: 'BIGINT',
  thread_id: 'VARCHAR',
  model: 'VARCHAR',
  usage: 'JSON',
  payload: {
    type: 'VARCHAR',
    id: 'VARCHAR',
    session_id: 'VARCHAR',
    thread_id: 'VARCHAR',
    parent_thread_id: 'VARCHAR',
    forked_from_id: 'VARCHAR',
    response_id: 'VARCHAR',
    timestamp: 'VARCHAR',
    cwd: 'VARCHAR',
    model: 'VARCHAR',
    model_provider: 'VARCHAR',
    cli_version: 'VARCHAR',
    originator: 'VARCHAR',
    effort: 'VARCHAR',
    service_tier: 'VARCHAR',
    agent_role: 'VARCHAR',
    source: 'JSON',
    git: { branch: 'VARCHAR' },
    subagent_history_start_ordinal: 'BIGINT',
    started_at: 'DOUBLE',
    thread_settings: {
      model: 'VARCHAR',
      model_provider_id: 'VARCHAR',
      service_tier: 'VARCHAR',
      cwd: 'VARCHAR',
      reasoning_effort: 'VARCHAR',
    },
    action: { type: 'VARCHAR' },
    info: 'JSON',
    usage: 'JSON',
    thread_token_usage: 'JSON',
  },
})

const kind = `CASE r.type
  WHEN 'session_meta' THEN 'meta'
  WHEN 'turn_context' THEN 'context'
  WHEN 'token_usage_record' THEN 'record'
  WHEN 'thread.started' THEN 'thread'
  WHEN 'turn.completed' THEN 'turn'
  WHEN 'event_msg' THEN CASE r.payload.type
    WHEN 'token_count' THEN CASE WHEN CAST(r.payload.info AS VARCHAR) <> 'null' THEN 'count' END
    WHEN 'task_started' THEN 'started'
    WHEN 'thread_settings_applied' THEN 'settings' END
  WHEN 'response_item' THEN CASE WHEN r.payload.type = 'web_search_call' AND coalesce(r.payload.action.type, 'search') = 'search' THEN 'search' END
  END`

const at = (json: string, key: string): string => `json_extract_string(${json}, '/${key}')`
const countsOf = (json: string): string =>
  `[${counts.map((name) => `coalesce(${at(json, name)}, '0')`).join(', ')}]`
const numbers = (list: string): string => `list_transform(${list}, lambda x: TRY_CAST(x AS BIGINT))`

/** The value that stood last before a line, or in it. */
const latest = (value: string): string => `last_value(${value} IGNORE NULLS) OVER before AS`

/** Seconds since 1970 of a time as a line writes it; whole, as those of a turn's start are. */
const second = (time: string): string => `floor(epoch(TRY_CAST(${time} AS TIMESTAMPTZ)))`

/**
 * SQL for the records of Codex: a `call` for each answer, and nothing for each other line.
 * @param lines FROM item with `file`, `line` and `text`
 */
export const codexRecords = (lines: string): string => `
WITH parsed AS (
  SELECT file, line, text, ${standsForItself('text')} AS own,
    CASE WHEN ${says('text', words)} AND json_valid(text) THEN json_transform(text, '${structure}') END AS r
  FROM ${lines} l
), seen AS MATERIALIZED (
  SELECT file, line, kind, own, CASE WHEN kind IS NOT NULL THEN r END AS r, CASE WHEN kind IN ('count', 'record', 'turn') THEN text END AS text
  FROM (SELECT *, ${kind} AS kind FROM parsed)
), sessions AS (
  -- The first session_meta is the session's own; a second one of another id comes with the lines of a parent.
  SELECT file, arg_min(r.payload, line) FILTER (kind = 'meta') AS meta,
    arg_min(r.timestamp, line) FILTER (kind = 'meta') AS started,
    count(DISTINCT coalesce(r.payload.id, r.payload.session_id)) FILTER (kind = 'meta') > 1 AS is_copied,
    max(r.payload.started_at) FILTER (kind = 'started') AS last_started,
    arg_max(coalesce(r.payload.id, r.payload.session_id), line) FILTER (kind = 'meta') AS copied_from
  FROM seen WHERE kind IN ('meta', 'started') GROUP BY file
), threads AS (
  SELECT *, coalesce(meta.id, meta.session_id) AS session_id,
    coalesce(nullif(meta.session_id, meta.id), meta.parent_thread_id, ${at('meta.source', 'subagent/thread_spawn/parent_thread_id')}) AS root,
    ${at('meta.source', 'subagent/thread_spawn')} IS NOT NULL AS is_spawned,
    coalesce(${second('meta.timestamp')}, ${second('started')}) AS start_second
  FROM sessions
), ruled AS (
  -- When a turn began tells a fork's own turns from its parent's. A sub-agent that is no fork may write that in
  -- another unit and another zone; where nothing tells, the parent's name keeps what both have from counting twice.
  SELECT *, is_copied AND last_started IS NOT NULL AND (NOT is_spawned OR meta.forked_from_id IS NOT NULL) AS is_told FROM threads
), told AS (
  SELECT file, line, kind, text, r.timestamp AS ts, r,
    ${latest(`CASE kind WHEN 'settings' THEN r.payload.thread_settings.model WHEN 'thread' THEN r.model ELSE CASE WHEN kind IN ('context', 'meta') THEN r.payload.model END END`)} model,
    ${latest(`CASE kind WHEN 'settings' THEN r.payload.thread_settings.model_provider_id WHEN 'meta' THEN r.payload.model_provider END`)} provider,
    ${latest(`CASE kind WHEN 'settings' THEN coalesce(r.payload.thread_settings.service_tier, 'default') WHEN 'context' THEN r.payload.service_tier END`)} tier,
    ${latest(`CASE kind WHEN 'settings' THEN r.payload.thread_settings.reasoning_effort WHEN 'context' THEN r.payload.effort END`)} effort,
    ${latest(`CASE kind WHEN 'settings' THEN r.payload.thread_settings.cwd ELSE CASE WHEN kind IN ('context', 'meta') THEN r.payload.cwd END END`)} cwd,
    ${latest(`CASE kind WHEN 'thread' THEN r.thread_id END`)} thread,
    max(CASE kind WHEN 'started' THEN CASE WHEN r.payload.started_at > 1e11 THEN r.payload.started_at / 1e3 ELSE r.payload.started_at END END) OVER before AS turn_started,
    count(CASE kind WHEN 'search' THEN 1 END) OVER before AS searches
  FROM seen WHERE kind IS NOT NULL
  WINDOW before AS (PARTITION BY file ORDER BY line ROWS UNBOUNDED PRECEDING)
), used AS (
  SELECT t.*, s.* EXCLUDE (file),
    nullif(CAST(CASE kind WHEN 'count' THEN json_extract(r.payload.info, '/last_token_usage') WHEN 'record' THEN r.payload.usage ELSE r.usage END AS VARCHAR), 'null') AS last,
    nullif(CAST(CASE kind WHEN 'count' THEN json_extract(r.payload.info, '/total_token_usage') WHEN 'record' THEN r.payload.thread_token_usage END AS VARCHAR), 'null') AS total,
    coalesce(CASE WHEN r.ordinal < s.meta.subagent_history_start_ordinal THEN true
      WHEN kind = 'record' AND r.payload.thread_id <> s.session_id THEN true
      WHEN s.is_told AND s.meta.subagent_history_start_ordinal IS NULL THEN coalesce(t.turn_started < s.start_second, true) END, false) AS is_replay
  FROM told t LEFT JOIN ruled s ON t.file = s.file WHERE kind IN ('count', 'record', 'turn')
), counted AS (
  SELECT *, ${countsOf('last')} AS last_counts,
    CASE WHEN total IS NOT NULL THEN array_to_string(${countsOf('total')}, '-') END AS totals,
    ${numbers(countsOf('total'))} AS reached,
    -- The running total before, of those that tell one.
    CASE WHEN total IS NOT NULL THEN lag(${numbers(countsOf('total'))}) OVER (PARTITION BY file, kind, total IS NULL ORDER BY line) END AS reached_before
  FROM used
), grown AS (
  SELECT *, list_transform(list_zip(reached, reached_before), lambda x: coalesce(x[1], 0) - coalesce(x[2], 0)) AS growth FROM counted
), measured AS (
  -- Older lines tell the running total alone: what it grew by was used. One that fell began anew.
  SELECT *, CASE WHEN last IS NOT NULL THEN last WHEN total IS NULL THEN NULL
      WHEN len(list_filter(growth, lambda x: x < 0)) > 0 THEN total
      ELSE CAST(json_merge_patch(total, json_object(${counts.map((name, i) => `'${name}', CASE WHEN ${at('total', name)} IS NOT NULL THEN growth[${i + 1}] END`).join(', ')})) AS VARCHAR) END AS usage
  FROM grown
), answers AS (
  -- The first line of a total is the answer; whatever repeats it, however late, is none.
  SELECT *, row_number() OVER (PARTITION BY file, kind, coalesce(totals, CAST(line AS VARCHAR)) ORDER BY line) AS nth,
    bool_or(kind = 'record') OVER (PARTITION BY file, coalesce(totals, CAST(line AS VARCHAR))) AS has_record
  FROM measured WHERE kind <> 'turn' AND NOT coalesce(${at('usage', 'input_tokens')}, '0') IN ('0') OR kind <> 'turn' AND coalesce(${at('usage', 'output_tokens')}, '0') <> '0' OR kind <> 'turn' AND usage IS NULL
), apart AS (
  SELECT *, coalesce(lag(kind) OVER along = 'record' AND lag(last_counts) OVER along = last_counts, false)
      OR coalesce(lead(kind) OVER along = 'record' AND lead(last_counts) OVER along = last_counts, false) AS is_beside
  FROM answers WHERE nth = 1 OR kind = 'record'
  WINDOW along AS (PARTITION BY file ORDER BY line)
), calls AS (
  SELECT *, searches - coalesce(lag(searches) OVER (PARTITION BY file ORDER BY line), 0) AS own_searches
  FROM apart WHERE NOT is_replay AND (kind = 'record' OR NOT has_record AND NOT is_beside)
), runs AS (
  -- What a run without a session prints sums up its thread so far: the last one of a rising row.
  SELECT *, count(CASE WHEN ${at('last', 'input_tokens')} IS NOT NULL AND fell THEN 1 END) OVER (PARTITION BY file, thread ORDER BY line ROWS UNBOUNDED PRECEDING) AS epoch
  FROM (SELECT *, coalesce(TRY_CAST(${at('last', 'input_tokens')} AS BIGINT) < lag(TRY_CAST(${at('last', 'input_tokens')} AS BIGINT)) OVER (PARTITION BY file, thread ORDER BY line), false) AS fell
    FROM counted WHERE kind = 'turn' AND last IS NOT NULL)
), texts AS (
  SELECT line, json_merge_patch(text, CASE kind
      WHEN 'count' THEN CASE WHEN last IS NULL AND usage IS NOT NULL
        THEN json_object('payload', json_object('rate_limits', NULL, 'info', json_object('total_token_usage', NULL, 'last_token_usage', CAST(usage AS JSON))))
        ELSE '{"payload":{"rate_limits":null,"info":{"total_token_usage":null}}}' END
      ELSE '{"payload":{"turn_token_usage":null,"thread_token_usage":null}}' END, json_object('call', json_object(
    'id', CASE WHEN kind = 'record' AND r.payload.response_id <> '' THEN r.payload.response_id
      ELSE concat_ws(':', CASE WHEN is_copied AND NOT is_told AND meta.subagent_history_start_ordinal IS NULL THEN copied_from ELSE session_id END,
        CASE WHEN totals IS NULL THEN concat_ws('-', ts, array_to_string(last_counts, '-')) ELSE totals END) END,
    'session_id', session_id,
    'root_session_id', root,
    'model', coalesce(r.payload.model, ${at('r.payload.info', 'model')}, ${at('r.payload.info', 'model_name')}, model),
    'provider', coalesce(nullif(provider, ''), 'openai'),
    'tier', tier,
    'cwd', cwd,
    'git_branch', meta.git.branch,
    'version', meta.cli_version,
    'originator', meta.originator,
    'agent_role', coalesce(meta.agent_role, ${at('meta.source', 'subagent/thread_spawn/agent_role')}),
    'effort', effort,
    'searches', own_searches))) AS text FROM calls
  UNION ALL
  SELECT line, json_merge_patch(text, json_object('call', json_object(
    'operation', 'session_total', 'id', concat_ws(':', thread, coalesce(r.model, model, 'total'), nullif(epoch, 0)),
    'session_id', thread, 'model', coalesce(r.model, model), 'provider', 'openai'))) AS text
  FROM (SELECT *, lead(line) OVER (PARTITION BY file, thread, epoch ORDER BY line) AS later FROM runs) WHERE later IS NULL
)
SELECT s.line, coalesce(CAST(t.text AS VARCHAR), s.own) AS text FROM seen s LEFT JOIN texts t ON s.line = t.line`
