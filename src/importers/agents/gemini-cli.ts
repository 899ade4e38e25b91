import { sumOf } from '../bodies/counts.js'
import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Importer } from '../importer.js'
import { geminiCliRecords } from './gemini-cli-records.js'
import { tagsOf } from '../made-records.js'

/**
 * Chats and telemetry of Gemini CLI, and what a run prints. Thoughts are output beside the output, what tools
 * gave is input beside the input.
 */
export const geminiCli: Importer = {
  id: 'gemini-cli',
  writer: 'agent',
  about: 'chats of Gemini CLI (JSONL, JSON), its telemetry file, and the totals that a run prints',
  example: '~/.gemini/tmp/*/chats, telemetry.outfile, gemini --output-format stream-json',
  recognisedBy: "`sessionId` with `projectHash`, `gemini_cli.` events, a run's `stats`",
  lacks: "what was paid; single calls of a run's totals",
  detects: ({ kind, records }) =>
    kind === 'json' &&
    records.some(
      (r) =>
        ('sessionId' in r && 'projectHash' in r) ||
        (r['type'] === 'gemini' && isObject(r['tokens'])) ||
        '$rewindTo' in r ||
        String(at(r, 'attributes', 'event.name')).startsWith('gemini_cli.') ||
        isObject(at(r, 'stats', 'models')) ||
        (r['type'] === 'result' && isObject(r['stats'])),
    ),
  homes: ({ home, env }) => [
    {
      folder: `${(env['GEMINI_CLI_HOME'] || home).replace(/\/+$/, '')}/.gemini/tmp`,
      files: /(?:^|\/)chats\/(?:.*\/)?[^/]+\.jsonl?$/,
    },
  ],
  records: geminiCliRecords,
  statesTotals: true,
  plan() {
    const doc = new Document()
    const call = (name: string): string => doc.text('call', name)
    const event = (name: string): string => doc.text('attributes', name)
    const total = (name: string): string => doc.text('stats', name)
    const ofModel = (name: string): string => doc.text('stats', 'tokens', name)
    const thoughts = firstOf(
      doc.text('tokens', 'thoughts'),
      event('thoughts_token_count'),
      ofModel('thoughts'),
    )!
    const tools = firstOf(doc.text('tokens', 'tool'), event('tool_token_count'), ofModel('tool'))!
    const input = firstOf(
      doc.text('tokens', 'input'),
      event('input_token_count'),
      total('input_tokens'),
      ofModel('prompt'),
    )!
    const output = firstOf(
      doc.text('tokens', 'output'),
      event('output_token_count'),
      total('output_tokens'),
      ofModel('candidates'),
    )!
    return {
      document: doc,
      cacheTokens: 'included',
      cacheTokensCertain: true,
      othersAreNoCalls: true,
      isCall: `${call('id')} IS NOT NULL`,
      totalTokens: firstOf(
        doc.text('tokens', 'total'),
        event('total_token_count'),
        total('total_tokens'),
        ofModel('total'),
      )!,
      addedUp: ['input_tokens', 'output_tokens'],
      uses: [tools, thoughts],
      moneyFree: [
        ['stats', 'input'],
        ['stats', 'tokens', 'input'],
      ].map((path) => ({
        path,
        reason: 'the input without what was cached, which is counted',
      })),
      fields: {
        call_id: `nullif(${call('id')}, '')`,
        ts: firstOf(doc.text('timestamp'), event('event.timestamp'))!,
        provider: `'google'`,
        response_model: firstOf(doc.text('model'), event('model'))!,
        operation: `coalesce(${call('operation')}, 'chat')`,
        user_id: event('user.email'),
        session_id: call('session_id'),
        input_tokens: sumOf(input, tools),
        cache_read_input_tokens: firstOf(
          doc.text('tokens', 'cached'),
          event('cached_content_token_count'),
          total('cached'),
          ofModel('cached'),
        )!,
        output_tokens: sumOf(output, thoughts),
        reasoning_output_tokens: thoughts,
        latency_ms: event('duration_ms'),
        finish_reason: event('finish_reasons'),
      },
      tags: tagsOf({
        project_hash: call('project_hash'),
        agent_kind: call('agent_kind'),
        role: event('role'),
        version: call('version'),
        auth_type: event('auth_type'),
      }),
    }
  },
}
