/**
 * The calls of a session of Codex, told in several of its lines: who it is (`session_meta`), what was set
 * (`turn_context`, `thread_settings_applied`), and what was used. That is told by `token_count` events, which
 * repeat and carry running totals, and in newer builds by a `token_usage_record` for each answer too.
 */
import { quoteText } from '../../domain/words/quoting.js'
import { says, standsForItself } from '../made-records.js'

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

const texts = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, 'VARCHAR']))
const sqlOf = (structure: unknown): string => quoteText(JSON.stringify(structure))

/** What is read of a line, of one that says who the session is, and of one that tells usage. */
const lineStructure = {
  ...texts(['timestamp', 'type', 'thread_id', 'model']),
  ordinal: 'BIGINT',
  payload: {
    ...texts(['type', 'model', 'model_provider', 'cwd', 'effort', 'service_tier', 'id', 'session_id']),
    started_at: 'DOUBLE',
    thread_settings: texts(['model', 'model_provider_id', 'service_tier', 'cwd', 'reasoning_effort']),
    action: texts(['type']),
  },
}
const sessionStructure = {
  payload: {
    ...texts([
      'id',
      'session_id',
      'parent_thread_id',
      'forked_from_id',
      'timestamp',
      'cli_version',
      'originator',
    ]),
    ...texts(['agent_role']),
    git: texts(['branch']),
    source: { subagent: { thread_spawn: texts(['parent_thread_id', 'agent_role']) } },
    subagent_history_start_ordinal: 'BIGINT',
  },
}
const usage = texts(counts)
const usageStructure = {
  usage,
  payload: {
    ...texts(['response_id', 'thread_id', 'model']),
    ...usage,
    info: { total_token_usage: usage, last_token_usage: usage, ...texts(['model', 'model_name']) },
    usage,
    thread_token_usage: usage,
  },
}

const kind = `CASE r.type
  WHEN 'session_meta' THEN 'meta'
  WHEN 'turn_context' THEN 'context'
  WHEN 'token_usage_record' THEN 'record'
  WHEN 'thread.started' THEN 'thread'
  WHEN 'turn.completed' THEN 'turn'
  WHEN 'event_msg' THEN CASE r.payload.type
    -- The oldest builds write the counts of one answer beside the type, and no running total.
    WHEN 'token_count' THEN CASE WHEN json_type(text, '/payload/info') <> 'NULL' OR NOT json_exists(text, '/payload/info') AND json_exists(text, '/payload/input_tokens') THEN 'count' END
    WHEN 'task_started' THEN 'started'
    WHEN 'thread_settings_applied' THEN 'settings' END
  WHEN 'response_item' THEN CASE WHEN r.payload.type = 'web_search_call' AND coalesce(r.payload.action.type, 'search') = 'search' THEN 'search' END
  END`

/** The counts of a usage object, in one order; NULL where it has none of them. */
const countsOf = (object: string): string =>
  `CASE WHEN coalesce(${counts.map((name) => `${object}.${name}`).join(', ')}) IS NOT NULL THEN [${counts.map((name) => `coalesce(${object}.${name}, '0')`).join(', ')}] END`

/** The value that stood last before a line, or in it. */
const latest = (value: string): string => `last_value(${value} IGNORE NULLS) OVER before AS ${value}`

/** Seconds since 1970 of a time as a line writes it; whole, as those of a turn's start are. */
const second = (time: string): string => `floor(TRY(epoch(TRY_CAST(${time} AS TIMESTAMPTZ))))`

const isEvent = `kind IN ('count', 'record', 'turn')`

/** SQL for each line, with what it sets for those after it. */
const seen = (lines: string): string => `
  SELECT file, line, kind, own, CASE WHEN ${isEvent} OR kind = 'meta' THEN text END AS text, r.timestamp AS ts, r.ordinal AS ordinal,
    CASE kind WHEN 'settings' THEN r.payload.thread_settings.model WHEN 'context' THEN r.payload.model WHEN 'meta' THEN r.payload.model WHEN 'thread' THEN r.model WHEN 'turn' THEN r.model END AS model,
    CASE kind WHEN 'settings' THEN r.payload.thread_settings.model_provider_id WHEN 'meta' THEN r.payload.model_provider END AS provider,
    CASE kind WHEN 'settings' THEN coalesce(r.payload.thread_settings.service_tier, 'default') WHEN 'context' THEN r.payload.service_tier END AS tier,
    CASE kind WHEN 'settings' THEN r.payload.thread_settings.reasoning_effort WHEN 'context' THEN r.payload.effort END AS effort,
    CASE kind WHEN 'settings' THEN r.payload.thread_settings.cwd WHEN 'context' THEN r.payload.cwd WHEN 'meta' THEN r.payload.cwd END AS cwd,
    CASE kind WHEN 'thread' THEN r.thread_id WHEN 'meta' THEN coalesce(r.payload.id, r.payload.session_id) END AS thread,
    CASE kind WHEN 'started' THEN CASE WHEN r.payload.started_at > 1e11 THEN r.payload.started_at / 1e3 ELSE r.payload.started_at END END AS turn_started
  FROM (SELECT *, ${kind} AS kind FROM (
    SELECT file, line, text, ${standsForItself('text')} AS own,
      CASE WHEN ${says('text', words)} AND json_valid(text) THEN json_transform(text, ${sqlOf(lineStructure)}) END AS r
    FROM ${lines} l))`

/**
 * SQL for what is known of each file's session. The first session_meta is its own; a second one of another id
 * comes with the lines of a parent.
 */
const sessions = `
  -- When a turn began tells a fork's own turns from its parent's. A sub-agent that is no fork may write that in
  -- another unit and another zone; where nothing tells, the parent's name keeps what both have from counting twice.
  SELECT *, is_copied AND has_starts AND (NOT is_spawned OR meta.forked_from_id IS NOT NULL) AS is_told,
    meta.subagent_history_start_ordinal AS start_ordinal
  FROM (SELECT file, is_copied, has_starts, copied_from, meta, coalesce(meta.id, meta.session_id) AS session_id,
      coalesce(nullif(meta.session_id, meta.id), meta.parent_thread_id, meta.source.subagent.thread_spawn.parent_thread_id) AS root,
      coalesce(meta.source.subagent.thread_spawn.parent_thread_id, meta.source.subagent.thread_spawn.agent_role) IS NOT NULL AS is_spawned,
      coalesce(${second('meta.timestamp')}, ${second('started')}) AS start_second
    FROM (SELECT * REPLACE (json_transform(meta, ${sqlOf(sessionStructure)}).payload AS meta) FROM (
      SELECT file, arg_min(text, line) FILTER (kind = 'meta') AS meta, arg_min(ts, line) FILTER (kind = 'meta') AS started,
        count(DISTINCT thread) FILTER (kind = 'meta') > 1 AS is_copied, count(turn_started) > 0 AS has_starts,
        arg_max(thread, line) FILTER (kind = 'meta') AS copied_from
      FROM seen WHERE kind IN ('meta', 'started') GROUP BY file)))`

/** SQL for each line that tells usage: what was set before it, what it tells, and whether it is a parent's. */
const events = `
  SELECT *, coalesce(last_counts, growth) AS used_counts, array_to_string(total_counts, '-') AS totals FROM (
    -- Older lines tell the running total alone: what it grew by was used. One that fell began anew.
    SELECT *, CASE WHEN total_counts IS NULL THEN NULL WHEN reached_before IS NULL OR len(list_filter(list_zip(reached, reached_before), lambda x: x[1] < x[2])) > 0 THEN total_counts
        ELSE list_transform(list_zip(reached, reached_before, total_counts), lambda x: coalesce(CAST(x[1] - x[2] AS VARCHAR), x[3])) END AS growth
    FROM (SELECT *, CASE WHEN total_counts IS NOT NULL THEN lag(reached) OVER (PARTITION BY file, kind, total_counts IS NULL ORDER BY line) END AS reached_before
      FROM (SELECT *, list_transform(total_counts, lambda x: CAST(TRY_CAST(x AS BIGINT) AS HUGEINT)) AS reached FROM (
        SELECT file, line, kind, searches, thread, u.payload.response_id AS response_id, coalesce(u.payload.model, u.payload.info.model, u.payload.info.model_name) AS model,
          CASE kind WHEN 'count' THEN coalesce(${countsOf('u.payload.info.last_token_usage')}, CASE WHEN u.payload.info IS NULL THEN ${countsOf('u.payload')} END) WHEN 'record' THEN ${countsOf('u.payload.usage')} ELSE ${countsOf('u.usage')} END AS last_counts,
          CASE kind WHEN 'count' THEN ${countsOf('u.payload.info.total_token_usage')} WHEN 'record' THEN ${countsOf('u.payload.thread_token_usage')} END AS total_counts,
          coalesce(CASE WHEN ordinal < start_ordinal THEN true WHEN kind = 'record' AND u.payload.thread_id <> session_id THEN true
            WHEN is_told AND start_ordinal IS NULL THEN coalesce(turn_started < start_second, true) END, false) AS is_replay
        FROM (SELECT t.*, s.* EXCLUDE (file, meta), json_transform(t.text, ${sqlOf(usageStructure)}) AS u
          FROM (SELECT t.file, t.line, t.kind, t.ordinal, t.thread, t.searches, t.turn_started, e.text FROM told t JOIN seen e ON e.line = t.line WHERE t.${isEvent}) t
          LEFT JOIN sessions s ON t.file = s.file)))))`

/** SQL: true for counts of nothing, such as those of an event that only tells how full the context is. */
const isNothing = `coalesce(used_counts[1] = '0' AND used_counts[4] = '0', false)`

/** The first line of a total is the answer; whatever repeats it, however late, is none. So is the event of a record. */
const calls = `
  SELECT *, searches - coalesce(lag(searches) OVER (PARTITION BY file ORDER BY line), 0) AS own_searches FROM (
    SELECT *, lag(kind) OVER along = 'record' AND lag(last_counts) OVER along = last_counts AS is_after,
      lead(kind) OVER along = 'record' AND lead(last_counts) OVER along = last_counts AS is_before
    FROM (SELECT *, row_number() OVER (same ORDER BY kind = 'count', line) AS nth FROM events WHERE kind <> 'turn' AND NOT ${isNothing}
      WINDOW same AS (PARTITION BY file, coalesce(totals, CAST(line AS VARCHAR))))
    WHERE nth = 1 OR kind = 'record'
    WINDOW along AS (PARTITION BY file ORDER BY line))
  WHERE NOT is_replay AND (kind = 'record' OR NOT coalesce(is_after, false) AND NOT coalesce(is_before, false))`

/** What a run without a session prints sums up its thread so far: the last of a rising row counts. */
const runs = `
  SELECT * FROM (SELECT *, lead(line) OVER (PARTITION BY file, thread, epoch ORDER BY line) AS later FROM (
    SELECT *, count(CASE WHEN fell THEN 1 END) OVER (PARTITION BY file, thread ORDER BY line) AS epoch FROM (
      SELECT *, TRY_CAST(last_counts[1] AS BIGINT) < lag(TRY_CAST(last_counts[1] AS BIGINT)) OVER (PARTITION BY file, thread ORDER BY line) AS fell
      FROM events WHERE kind = 'turn' AND NOT ${isNothing})))
  WHERE later IS NULL`

/** The counts of a call that tells the running total alone, put where others tell theirs. */
const grownInfo = `json_merge_patch(json_extract(text, '/payload/info/total_token_usage'), json_object(${counts.map((name, i) => `'${name}', CASE WHEN json_exists(text, '/payload/info/total_token_usage/${name}') THEN CASE WHEN TRY_CAST(used_counts[${i + 1}] AS BIGINT) IS NULL THEN to_json(used_counts[${i + 1}]) ELSE to_json(CAST(used_counts[${i + 1}] AS BIGINT)) END END`).join(', ')}))`

/**
 * SQL for the records of Codex: a line that is an answer, without what repeats others and with `call`, what
 * they say of it; and nothing for each other line.
 * @param lines FROM item with `file`, `line` and `text`
 */
export const codexRecords = (lines: string): string => `
WITH seen AS MATERIALIZED (${seen(lines)}
), sessions AS MATERIALIZED (${sessions}
), told AS MATERIALIZED (
  SELECT file, line, kind, ts, ordinal, ${['model', 'provider', 'tier', 'effort', 'cwd', 'thread'].map(latest).join(', ')},
    max(turn_started) OVER before AS turn_started, count(CASE kind WHEN 'search' THEN 1 END) OVER before AS searches
  FROM (SELECT * EXCLUDE (own, text) FROM seen WHERE kind IS NOT NULL)
  WINDOW before AS (PARTITION BY file ORDER BY line ROWS UNBOUNDED PRECEDING)
), events AS MATERIALIZED (${events}
), made AS (
  SELECT c.line, json_merge_patch(text, CASE
      WHEN c.kind = 'record' THEN '{"payload":{"turn_token_usage":null,"thread_token_usage":null}}'
      WHEN last_counts IS NULL AND used_counts IS NOT NULL
        THEN json_object('payload', json_object('rate_limits', NULL, 'info', json_object('total_token_usage', NULL, 'last_token_usage', ${grownInfo})))
      ELSE '{"payload":{"rate_limits":null,"info":{"total_token_usage":null}}}' END, json_object('call', json_object(
    'id', CASE WHEN c.kind = 'record' AND response_id <> '' THEN response_id
      ELSE concat_ws(':', CASE WHEN is_copied AND NOT is_told AND start_ordinal IS NULL THEN copied_from ELSE session_id END,
        CASE WHEN totals IS NULL THEN concat_ws('-', t.ts, array_to_string(last_counts, '-')) ELSE totals END) END,
    'session_id', session_id, 'root_session_id', root, 'model', coalesce(c.model, t.model),
    'provider', coalesce(nullif(t.provider, ''), 'openai'), 'tier', t.tier, 'cwd', t.cwd, 'git_branch', meta.git.branch,
    'version', meta.cli_version, 'originator', meta.originator,
    'agent_role', coalesce(meta.agent_role, meta.source.subagent.thread_spawn.agent_role),
    'effort', t.effort, 'searches', own_searches))) AS text
  FROM (${calls}) c JOIN told t ON t.line = c.line JOIN seen l ON l.line = c.line LEFT JOIN sessions s ON s.file = c.file
  UNION ALL
  SELECT c.line, json_merge_patch(text, json_object('call', json_object(
    'operation', 'session_total', 'id', concat_ws(':', c.thread, coalesce(t.model, 'total'), nullif(epoch, 0)),
    'session_id', c.thread, 'model', t.model, 'provider', 'openai'))) AS text
  FROM (${runs}) c JOIN told t ON t.line = c.line JOIN seen l ON l.line = c.line
)
SELECT s.line, coalesce(CAST(t.text AS VARCHAR), s.own) AS text FROM seen s LEFT JOIN made t ON s.line = t.line`
