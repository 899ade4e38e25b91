import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Home, Importer, Machine } from '../importer.js'
import { chatCtes } from './copilot-chats.js'
import { sessionCtes, storeCtes } from './copilot-sessions.js'
import { spanCtes } from './copilot-spans.js'
import { tagsOf } from '../made-records.js'

type Values = Readonly<Record<string, unknown>>

const isEvent = (r: Values): boolean =>
  typeof r['type'] === 'string' &&
  /^(?:session|assistant|user|tool|system|hook|skill)\./.test(r['type']) &&
  isObject(r['data']) &&
  ('timestamp' in r || 'parentId' in r)

const isRow = (r: Values): boolean =>
  (r['$table'] === 'assistant_usage_events' && 'session_id' in r) ||
  (r['$table'] === 'sessions' && 'cwd' in r && 'repository' in r)

const isTime = (value: unknown): boolean => Array.isArray(value) && value.length === 2

/** A span or an event in the exporter's own words; other agents write such files too, and say so. */
const isSpan = (r: Values): boolean =>
  isObject(r['attributes']) &&
  ['startTime', 'endTime', 'hrTime', 'time'].some((key) => isTime(r[key])) &&
  Object.keys(r['attributes']).some((key) => /^(?:gen_ai|github\.copilot|copilot_chat)\./.test(key)) &&
  !/^(?:gemini_cli|qwen-code|iflow)/.test(
    [at(r, 'attributes', 'event.name'), at(r, 'resource', 'attributes', 'service.name')].map(String).join(),
  ) &&
  !String(at(r, 'resource', 'attributes', 'service.name')).startsWith('gemini')

/** Its command line says of each line what it is; the editor's names itself. */
const isCopilots = (r: Values): boolean => r['type'] === 'span' || /copilot/i.test(JSON.stringify(r))

const isChat = (r: Values): boolean =>
  (r['kind'] === 0 && Array.isArray(at(r, 'v', 'requests')) && typeof at(r, 'v', 'sessionId') === 'string') ||
  (Array.isArray(r['requests']) && ('responderUsername' in r || 'requesterUsername' in r))

const isChange = (r: Values): boolean => typeof r['kind'] === 'number' && Array.isArray(r['k'])

/** Where VS Code keeps what is its user's. */
function editors({ home, env, platform }: Machine): readonly string[] {
  const settings =
    platform === 'darwin'
      ? `${home}/Library/Application Support`
      : platform === 'win32'
        ? (env['APPDATA'] ?? `${home}/AppData/Roaming`)
        : env['XDG_CONFIG_HOME'] || `${home}/.config`
  return [
    ...['Code', 'Code - Insiders', 'VSCodium'].map((name) => `${settings}/${name}/User`),
    `${home}/.vscode-server/data/User`,
  ]
}

function homes(machine: Machine): readonly Home[] {
  const { home, env } = machine
  const own = (env['COPILOT_HOME'] || `${home}/.copilot`).replace(/^~(?=\/|$)/, home).replace(/\/+$/, '')
  const exported = /^(.*)\/([^/]+)$/.exec(env['COPILOT_OTEL_FILE_EXPORTER_PATH'] ?? '')
  return [
    {
      folder: own,
      files: /^session-store\.db$|^session-state\/(?:[^/]+\/events|[^/]+)\.jsonl$|^otel\/.*\.jsonl$/,
    },
    ...(exported === null ? [] : [{ folder: exported[1]!, files: exactly(exported[2]!) }]),
    ...editors(machine).flatMap((user) => [
      { folder: `${user}/workspaceStorage`, files: /^[^/]+\/chatSessions\/[^/]+\.jsonl?$/ },
      { folder: `${user}/globalStorage/emptyWindowChatSessions`, files: /^[^/]+\.jsonl?$/ },
    ]),
  ]
}

const exactly = (name: string): RegExp => new RegExp(`^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`)

const records = (lines: string): string => `
  WITH told AS MATERIALIZED (
    SELECT file, line, text, CASE WHEN NOT json_valid(text) OR json_type(text) <> 'OBJECT' THEN NULL
        WHEN json_exists(text, '/$table') THEN 'row'
        WHEN json_type(text, '/attributes') = 'OBJECT' THEN 'span'
        WHEN json_type(text, '/requests') = 'ARRAY' THEN 'chat'
        WHEN json_type(text, '/kind') IN ('UBIGINT', 'BIGINT') THEN 'entry'
        WHEN json_type(text, '/data') = 'OBJECT' THEN 'event' ELSE '' END AS kind
    FROM ${lines}),
  ${[sessionCtes, storeCtes, spanCtes, chatCtes].join(',')},
  made AS (${['session_records', 'row_records', 'span_records', 'chat_records'].map((name) => `SELECT line, text FROM ${name}`).join(' UNION ALL ')})
  SELECT t.line, coalesce(m.text, CASE WHEN t.kind IS NULL THEN t.text ELSE '{}' END) AS text
  FROM told t LEFT JOIN made m ON m.line = t.line`

/** SQL: dollars of a count of billionths of AI units, a hundred of which are a dollar; what is no count as it is. */
const dollars = (nano: string): string =>
  `CASE WHEN TRY_CAST(${nano} AS DECIMAL(24, 0)) IS NULL THEN ${nano} ELSE CAST(TRY_CAST(${nano} AS DECIMAL(24, 0)) * 0.00000000001 AS VARCHAR) END`

/**
 * GitHub Copilot: its command line's sessions and store, its telemetry in a file, and VS Code's chats. Input
 * includes cached tokens in all of them. What a session's end adds up gives way to the session's calls.
 */
export const copilot: Importer = {
  id: 'copilot',
  writer: 'agent',
  about: "GitHub Copilot: sessions and store of its command line, telemetry files, VS Code's chats",
  example:
    '~/.copilot/session-store.db, ~/.copilot/session-state/*/events.jsonl, …/User/workspaceStorage/*/chatSessions/*.jsonl',
  recognisedBy: "events with `modelMetrics`, rows of the session store, VS Code's chat requests",
  lacks: 'single calls, where a session has its totals alone',
  detects: ({ kind, records }) => {
    if (kind !== 'json') return false
    if (
      records.some((r) => isRow(r) || isChat(r) || (isSpan(r) && isCopilots(r))) ||
      (records.length > 0 && records.every(isChange))
    )
      return true
    return (
      records.some((r) => isEvent(r)) &&
      records.some(
        (r) =>
          isObject(at(r, 'data', 'modelMetrics')) ||
          isObject(at(r, 'data', 'copilotUsage')) ||
          'copilotVersion' in ((at(r, 'data') ?? {}) as Values),
      )
    )
  },
  homes,
  tables: ['assistant_usage_events', 'sessions'],
  records,
  statesTotals: true,
  plan() {
    const doc = new Document()
    const usage = (...names: readonly string[]): string =>
      firstOf(...names.map((name) => doc.text('usage', ...name.split('/'))))!
    const counts = {
      input_tokens: usage(
        'inputTokens',
        'input_tokens',
        'gen_ai.usage.input_tokens',
        'promptTokens',
        'usage/promptTokens',
      ),
      output_tokens: usage(
        'outputTokens',
        'output_tokens',
        'gen_ai.usage.output_tokens',
        'completionTokens',
        'usage/completionTokens',
      ),
      cache_read_input_tokens: usage(
        'cacheReadTokens',
        'cache_read_tokens',
        'gen_ai.usage.cache_read.input_tokens',
        'gen_ai.usage.cache_read_input_tokens',
      ),
      cache_creation_input_tokens: usage(
        'cacheWriteTokens',
        'cache_write_tokens',
        'gen_ai.usage.cache_creation.input_tokens',
        'gen_ai.usage.cache_creation_input_tokens',
      ),
      reasoning_output_tokens: usage(
        'reasoningTokens',
        'reasoning_tokens',
        'gen_ai.usage.reasoning.output_tokens',
        'gen_ai.usage.reasoning_tokens',
      ),
    }
    const nano = usage('total_nano_aiu', 'totalNanoAiu', 'copilotUsage/totalNanoAiu')
    const told = [...Object.values(counts), nano].map((sql) => `coalesce(${sql}, '0') NOT IN ('0', '0.0')`)
    const error = doc.text('error')
    return {
      document: doc,
      cacheTokens: 'included',
      cacheTokensCertain: true,
      isCall: `${told.join(' OR ')} OR ${error} IS NOT NULL`,
      totalTokens: usage('totalTokens', 'usage/totalTokens'),
      addedUp: ['reported_cost_usd'],
      // The store and the telemetry tell of the same calls, and name none.
      sameBy: ['session_id', 'input_tokens', 'output_tokens'],
      fields: {
        call_id: doc.text('id'),
        ts: doc.text('ts'),
        request_model: doc.text('request_model'),
        response_model: doc.text('model'),
        operation: `coalesce(${doc.text('operation')}, 'chat')`,
        feature: doc.text('project'),
        project: doc.text('project'),
        session_id: doc.text('session'),
        trace_id: doc.text('trace'),
        ...counts,
        reported_cost_usd: dollars(nano),
        latency_ms: doc.text('latency'),
        ttft_ms: doc.text('ttft'),
        finish_reason: doc.text('finish'),
        error,
      },
      tags: tagsOf({
        git_branch: doc.text('branch'),
        repository: doc.text('repository'),
        version: doc.text('version'),
        premium_units: doc.text('premium_units'),
      }),
    }
  },
}
