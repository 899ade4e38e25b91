import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Home, Importer, Machine } from '../importer.js'
import { isQwenCode } from './qwen-code.js'
import { folderName, foldersOf, tagsOf } from '../made-records.js'

/** Where sessions are: below the folders that are named, with commas; else below those of both layouts that were in use. */
function homes({ home, env }: Machine): readonly Home[] {
  const config = env['XDG_CONFIG_HOME'] || `${home}/.config`
  const usual = [`${home}/.claude`, `${config}/claude`]
  return foldersOf(env['CLAUDE_CONFIG_DIR'], home, usual).map((folder) => ({
    folder: `${folder}/projects`,
    files: /\.jsonl$/,
  }))
}

/**
 * Session files of the coding agent: one line a streamed content block, all repeating the message's id
 * with a growing output; the largest is the call. Copies stand in resumed and forked sessions too.
 */
export const claudeCode: Importer = {
  id: 'claude-code',
  writer: 'agent',
  about: 'sessions of Claude Code, JSONL; repeats of a streamed message count once',
  example: '~/.claude/projects/**/*.jsonl',
  recognisedBy: "`sessionId` with `requestId`, `uuid` or `parentUuid`, and a message's `usage`",
  lacks: 'output of versions 2.1.39 to 2.1.96 may be incomplete; no latency; what was paid',
  detects: (sample) =>
    sample.kind === 'json' &&
    !isQwenCode(sample) &&
    sample.records.some(
      (r) =>
        'sessionId' in r &&
        ('requestId' in r || 'uuid' in r) &&
        (isObject(at(r, 'message', 'usage')) || isObject(at(r, 'data', 'message')) || 'parentUuid' in r),
    ),
  homes,
  plan() {
    const doc = new Document()
    /** The message stands at `message`, or in agent-progress lines at `data.message` or one deeper. */
    const places = [['message'], ['data', 'message'], ['data', 'message', 'message']]
    const message = (...path: string[]): string =>
      firstOf(...places.map((place) => doc.text(...place, ...path)))!
    const id = message('id')
    const request = firstOf(doc.text('requestId'), doc.text('data', 'message', 'requestId'))!
    const error = doc.text('isApiErrorMessage')
    const project = folderName(doc.text('cwd'))
    const iterations = places.map((place) => [...place, 'usage', 'iterations'])
    /** Passes of another kind, as those that compact the conversation or ask an adviser, are billed beside the counts. */
    const others = iterations.map(
      (path) =>
        `list_filter(coalesce(${doc.list(path, 'type')}, []), lambda x: coalesce(x, 'message') <> 'message')`,
    )
    const kinds = `list_transform(list_sort(list_distinct(${others.reduce((all, list) => `list_concat(${all}, ${list})`)})), lambda x: regexp_replace(left(x, 40), '[^A-Za-z0-9_-]', '?', 'g'))`
    return {
      document: doc,
      cacheTokens: 'excluded',
      moneyFree: iterations.map((path) => ({
        path,
        reason: 'the passes that the counts add up, or they are named',
      })),
      unread: `CASE WHEN len(${kinds}) > 0 THEN 'usage.iterations (' || array_to_string(${kinds}, ', ') || ')' END`,
      othersAreNoCalls: true,
      isCall: `coalesce(${message('usage', 'input_tokens')}, ${message('usage', 'output_tokens')}) IS NOT NULL
        AND ${message('model')} IS DISTINCT FROM '<synthetic>' AND ${error} IS DISTINCT FROM 'true'`,
      fields: {
        // The message's id alone: progress lines carry no request id, and replays in other sessions a new one.
        call_id: firstOf(id, request)!,
        ts: firstOf(doc.text('timestamp'), doc.text('data', 'message', 'timestamp'))!,
        provider: `'anthropic'`,
        response_model: message('model'),
        operation: `'chat'`,
        feature: project,
        project,
        session_id: doc.text('sessionId'),
        input_tokens: message('usage', 'input_tokens'),
        cache_read_input_tokens: message('usage', 'cache_read_input_tokens'),
        cache_creation_input_tokens: message('usage', 'cache_creation_input_tokens'),
        cache_creation_1h_input_tokens: message('usage', 'cache_creation', 'ephemeral_1h_input_tokens'),
        output_tokens: message('usage', 'output_tokens'),
        reasoning_output_tokens: message('usage', 'output_tokens_details', 'thinking_tokens'),
        web_search_requests: message('usage', 'server_tool_use', 'web_search_requests'),
        reported_cost_usd: doc.text('costUSD'),
        finish_reason: message('stop_reason'),
        service_tier: message('usage', 'service_tier'),
        speed: message('usage', 'speed'),
        region: message('usage', 'inference_geo'),
      },
      tags: tagsOf({
        git_branch: doc.text('gitBranch'),
        agent_id: doc.text('agentId'),
        sidechain: `nullif(${doc.text('isSidechain')}, 'false')`,
        version: doc.text('version'),
      }),
      requestIds: request,
      revisionId: firstOf(doc.text('uuid'), doc.text('data', 'message', 'uuid'))!,
    }
  },
}
