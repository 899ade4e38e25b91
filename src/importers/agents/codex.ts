import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Home, Importer, Machine } from '../importer.js'
import { codexRecords } from './codex-records.js'
import { folderName, foldersOf, tagsOf } from '../made-records.js'

function homes({ home, env }: Machine): readonly Home[] {
  return foldersOf(env['CODEX_HOME'], home, [`${home}/.codex`]).flatMap((folder) =>
    ['sessions', 'archived_sessions'].map((name) => ({
      folder: `${folder}/${name}`,
      files: /\.jsonl(?:\.zst)?$/,
    })),
  )
}

/** Lines of which a session is made. */
const types = [
  'session_meta',
  'turn_context',
  'event_msg',
  'response_item',
  'compacted',
  'token_usage_record',
]

/**
 * Sessions of Codex. Running totals, repeats of an event, and the lines of a parent that a fork begins with are
 * no calls; see codex-records.ts.
 */
export const codex: Importer = {
  id: 'codex',
  writer: 'agent',
  about: 'sessions of Codex, JSONL, and what `codex exec --json` prints; repeated events count once',
  example: '~/.codex/sessions/**/*.jsonl, ~/.codex/archived_sessions',
  recognisedBy: 'lines of type `session_meta`, `turn_context`, `event_msg` with `payload`',
  lacks: 'what was paid; latency; why an answer ended',
  detects: ({ kind, records }) =>
    kind === 'json' &&
    records.some(
      (r) =>
        (types.includes(String(r['type'])) && isObject(r['payload'])) ||
        (r['type'] === 'turn.completed' && isObject(r['usage'])) ||
        (r['type'] === 'thread.started' && typeof r['thread_id'] === 'string'),
    ),
  isCertain: ({ records }) =>
    records.some((r) => types.includes(String(r['type'])) && isObject(at(r, 'payload'))),
  homes,
  records: codexRecords,
  statesTotals: true,
  plan() {
    const doc = new Document()
    /** The usage of an event, of a record of an answer, of a run, and of an event of the oldest builds. */
    const places = [['payload', 'info', 'last_token_usage'], ['payload', 'usage'], ['usage'], ['payload']]
    const usage = (name: string): string => firstOf(...places.map((place) => doc.text(...place, name)))!
    const call = (name: string): string => doc.text('call', name)
    return {
      document: doc,
      cacheTokens: 'included',
      cacheTokensCertain: true,
      othersAreNoCalls: true,
      isCall: `${call('id')} IS NOT NULL`,
      totalTokens: usage('total_tokens'),
      // Some searches are answered from an index of its own, which has no published price.
      unread: `CASE WHEN TRY_CAST(${call('searches')} AS BIGINT) > 0 THEN 'web_search_call' END`,
      fields: {
        call_id: `nullif(${call('id')}, '')`,
        ts: doc.text('timestamp'),
        provider: call('provider'),
        response_model: call('model'),
        operation: `coalesce(${call('operation')}, 'chat')`,
        feature: folderName(call('cwd')),
        project: folderName(call('cwd')),
        session_id: call('session_id'),
        root_session_id: call('root_session_id'),
        input_tokens: usage('input_tokens'),
        cache_read_input_tokens: usage('cached_input_tokens'),
        cache_creation_input_tokens: usage('cache_write_input_tokens'),
        output_tokens: usage('output_tokens'),
        reasoning_output_tokens: usage('reasoning_output_tokens'),
        // Its fast mode asks for the tier that the provider calls priority.
        service_tier: `CASE ${call('tier')} WHEN 'fast' THEN 'priority' ELSE ${call('tier')} END`,
      },
      tags: tagsOf({
        git_branch: call('git_branch'),
        version: call('version'),
        originator: call('originator'),
        agent_role: call('agent_role'),
        effort: call('effort'),
      }),
    }
  },
}
