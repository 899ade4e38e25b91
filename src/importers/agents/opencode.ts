import { sumOf } from '../bodies/counts.js'
import { Document } from '../document.js'
import { isObject } from '../sample-values.js'
import type { Home, Importer, Machine } from '../importer.js'
import { callRecord, tagsOf, wholeText } from '../made-records.js'

/** Where the databases are, and the store of single files that was in use before them. */
function homes({ home, env }: Machine): readonly Home[] {
  const data = env['OPENCODE_DATA'] || `${env['XDG_DATA_HOME'] || `${home}/.local/share`}/opencode`
  const folder = data.replace(/^~(?=\/|$)/, home).replace(/\/+$/, '')
  return [{ folder, files: /^opencode[^/]*\.db$|^storage\/message\/.*\.json$/ }]
}

const isMessage = (r: Readonly<Record<string, unknown>>): boolean =>
  'sessionID' in r && ('modelID' in r || 'messageID' in r || 'tokens' in r)

const isRow = (r: Readonly<Record<string, unknown>>): boolean =>
  (['message', 'session_message'].includes(String(r['$table'])) && 'session_id' in r && 'data' in r) ||
  (['session', 'session_v2'].includes(String(r['$table'])) && 'directory' in r && 'parent_id' in r)

/** Text of a value of a message, wherever its version has it. */
const value = (...pointers: readonly string[]): string =>
  pointers.length === 1
    ? `json_extract_string(d, '${pointers[0]}')`
    : `coalesce(${pointers.map((pointer) => `json_extract_string(d, '${pointer}')`).join(', ')})`

/** What people and models wrote in a message: left out. Whatever else it says stays, so that what bears on money is seen. */
const written = JSON.stringify(
  Object.fromEntries(
    [
      'content',
      'parts',
      'text',
      'summary',
      'system',
      'prompt',
      'title',
      'error',
      'structured',
      'metadata',
      'tools',
      'snapshot',
      'message',
      'messages',
    ].map((name) => [name, null]),
  ),
)

/**
 * A message of an assistant is a call. It has its counts beside its session's folder and parent; a fork copies
 * messages under new ids, with all that they say.
 */
const records = (lines: string): string => `
  WITH told AS MATERIALIZED (
    SELECT file, line, text, CASE WHEN json_valid(text) THEN coalesce(json_extract_string(text, '/$table'), '') END AS kind
    FROM ${lines}),
  sessions AS MATERIALIZED (
    SELECT file, json_extract_string(text, '/id') AS id, any_value(json_extract_string(text, '/parent_id')) AS parent,
      any_value(json_extract_string(text, '/directory')) AS directory, any_value(json_extract_string(text, '/version')) AS version,
      any_value(TRY_CAST(json_extract_string(text, '/time_created') AS DOUBLE)) AS created
    FROM told WHERE kind IN ('session', 'session_v2') GROUP BY ALL),
  roots AS (
    WITH RECURSIVE climb(file, id, root, steps) AS (
      SELECT file, id, parent, 1 FROM sessions WHERE parent IS NOT NULL
      UNION ALL SELECT c.file, c.id, s.parent, steps + 1 FROM climb c JOIN sessions s ON s.file = c.file AND s.id = c.root
      WHERE s.parent IS NOT NULL AND steps < 50)
    SELECT file, id, arg_max(root, steps) AS root FROM climb GROUP BY ALL),
  messages AS (
    SELECT *, CASE WHEN kind = '' THEN CAST(text AS JSON) ELSE json_extract(text, '/data') END AS d,
      json_extract_string(text, '/id') AS id,
      coalesce(json_extract_string(text, '/session_id'), json_extract_string(text, '/sessionID')) AS session,
      coalesce(json_extract_string(text, '/type'), '') AS type
    FROM told WHERE kind IN ('message', 'session_message', '') AND contains(text, '"tokens"')),
  calls AS (
    SELECT m.*, ${wholeText(value('/time/created'))} AS created,
      concat_ws(' ', ${value('/providerID', '/model/providerID')}, ${value('/modelID', '/model/id')}, ${[
        '/tokens/input',
        '/tokens/output',
        '/tokens/reasoning',
        '/tokens/cache/read',
        '/tokens/cache/write',
      ]
        .map((pointer) => `coalesce(${value(pointer)}, '-')`)
        .join(', ')}) AS counts
    FROM messages m
    WHERE json_type(d) = 'OBJECT' AND json_type(d, '/tokens') = 'OBJECT' AND (${value('/role')} = 'assistant' OR type = 'assistant')
      AND NOT coalesce(json_exists(d, '/messageID'), false)),
  made AS (
    SELECT c.line, CAST(json_merge_patch(d, '${written}', CAST(${callRecord({
      id: `coalesce(c.created || '-' || left(md5(counts), 16), c.id)`,
      // Of a message and its copies that one is shown which its session is old enough for.
      revision: `CASE WHEN s.created > TRY_CAST(c.created AS DOUBLE) THEN '2 ' ELSE '1 ' END || coalesce(c.id, '')`,
      session: 'c.session',
      root: 'r.root',
      folder: `coalesce(${value('/path/root', '/path/cwd')}, s.directory)`,
      version: 's.version',
      provider: value('/providerID', '/model/providerID'),
      model: value('/modelID', '/model/id'),
      agent: value('/agent', '/mode'),
      created: 'c.created',
      completed: wholeText(value('/time/completed')),
      finish: value('/finish'),
      error: value('/error/name'),
      cost: `json_extract(d, '/cost')`,
      tokens: `json_extract(d, '/tokens')`,
    })} AS JSON)) AS VARCHAR) AS text,
      counts = first_value(counts) OVER (PARTITION BY coalesce(c.id, CAST(c.line AS VARCHAR))
        ORDER BY TRY_CAST(${value('/tokens/output')} AS DOUBLE) DESC NULLS LAST, counts) AS is_last
    FROM calls c LEFT JOIN sessions s ON s.file = c.file AND s.id = c.session LEFT JOIN roots r ON r.file = c.file AND r.id = c.session)
  SELECT t.line, CASE WHEN t.kind IS NULL THEN t.text
      WHEN m.is_last THEN m.text
      WHEN t.kind IN ('message', 'session_message') AND json_type(t.text, '/data') = 'VARCHAR' THEN json_extract_string(t.text, '/data')
      ELSE '{}' END AS text
  FROM told t LEFT JOIN made m ON m.line = t.line`

/**
 * OpenCode: databases of both versions, and the older store of a file a message. Input never includes cached
 * tokens; whether output includes reasoning differs by version, and the total tells.
 */
export const opencode: Importer = {
  id: 'opencode',
  writer: 'agent',
  about: 'sessions of OpenCode: its databases with what is in their write-ahead log, and messages as JSON',
  example: '~/.local/share/opencode/opencode.db, ~/.local/share/opencode/storage/message/**/*.json',
  recognisedBy: 'rows of `message` and `session`, or `sessionID` with `modelID` and `tokens`',
  lacks: 'whether old messages have reasoning in their output, where they have no total',
  detects: ({ kind, records }) =>
    kind === 'json' && records.some((r) => isObject(r) && (isMessage(r) || isRow(r))),
  homes,
  tables: ['message', 'session_message', 'session', 'session_v2'],
  records,
  plan() {
    const doc = new Document()
    const count = (...path: string[]): string => doc.text('tokens', ...path)
    const number = (sql: string): string => `coalesce(TRY_CAST(${sql} AS DOUBLE), 0)`
    const [input, output, reasoning, total] = ['input', 'output', 'reasoning', 'total'].map((key) =>
      count(key),
    ) as [string, string, string, string]
    const [read, write] = [count('cache', 'read'), count('cache', 'write')]
    const counted = [input, output, read, write].map(number).join(' + ')
    const isBeside = `coalesce(${number(reasoning)} > 0 AND TRY_CAST(${total} AS DOUBLE) = ${counted} + ${number(reasoning)}, false)`
    const doubt = `CASE WHEN TRY_CAST(${total} AS DOUBLE) > 0 AND TRY_CAST(${total} AS DOUBLE) NOT IN (${counted}, ${counted} + ${number(reasoning)}) THEN 'tokens.total'
      WHEN ${total} IS NULL AND ${number(reasoning)} > 0 THEN 'tokens.reasoning (in output, or beside it)' END`
    const created = doc.text('created')
    const completed = doc.text('completed')
    return {
      document: doc,
      cacheTokens: 'excluded',
      cacheTokensCertain: true,
      isCall: [input, output, reasoning, read, write]
        .map((sql) => `coalesce(${sql}, '0') NOT IN ('0', '0.0')`)
        .join(' OR '),
      unread: doubt,
      addedUp: ['output_tokens'],
      fields: {
        call_id: doc.text('id'),
        ts: created,
        provider: doc.text('provider'),
        request_model: doc.text('model'),
        operation: `'chat'`,
        feature: doc.text('project'),
        project: doc.text('project'),
        session_id: doc.text('session'),
        root_session_id: doc.text('root'),
        input_tokens: input,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: write,
        output_tokens: `CASE WHEN ${isBeside} THEN ${sumOf(output, reasoning)} ELSE ${output} END`,
        reasoning_output_tokens: reasoning,
        reported_cost_usd: doc.text('cost'),
        latency_ms: `CASE WHEN TRY_CAST(${completed} AS DOUBLE) >= TRY_CAST(${created} AS DOUBLE) THEN CAST(TRY_CAST(${completed} AS DOUBLE) - TRY_CAST(${created} AS DOUBLE) AS VARCHAR) END`,
        finish_reason: doc.text('finish'),
        error: doc.text('error'),
      },
      tags: tagsOf({ agent: doc.text('agent'), version: doc.text('version') }),
      revisionId: doc.text('revision'),
    }
  },
}
