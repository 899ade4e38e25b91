import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Importer } from '../importer.js'
import { folderName, foldersOf, says, standsForItself, tagsOf } from '../made-records.js'

const words = ['session', 'model_change', 'model-snapshot', 'usage']

/**
 * SQL for the records of a session: who it is and which model was chosen stand in lines before the answer. A branch
 * copies the answers before it under their ids and times.
 */
const records = (lines: string): string => `
WITH parsed AS (
  SELECT file, line, ${standsForItself('text')} AS own, CASE WHEN ${says('text', words)} AND json_valid(text) THEN text END AS text
  FROM ${lines} l
), seen AS MATERIALIZED (
  SELECT file, line, own, text, json_extract_string(text, '/type') AS type,
    coalesce(json_extract_string(text, '/modelId'), json_extract_string(text, '/data/modelId')) AS model,
    coalesce(json_extract_string(text, '/provider'), json_extract_string(text, '/data/provider')) AS provider
  FROM parsed
), told AS (
  SELECT line, type, text, last_value(CASE WHEN type = 'session' THEN json_extract_string(text, '/id') END IGNORE NULLS) OVER before AS session,
    last_value(CASE WHEN type = 'session' THEN json_extract_string(text, '/cwd') END IGNORE NULLS) OVER before AS cwd,
    last_value(model IGNORE NULLS) OVER before AS model, last_value(provider IGNORE NULLS) OVER before AS provider
  FROM seen WHERE text IS NOT NULL
  WINDOW before AS (PARTITION BY file ORDER BY line ROWS UNBOUNDED PRECEDING)
), made AS (
  SELECT line, json_merge_patch(text, '{"summary":null,"details":null,"tokensBefore":null,"message":{"content":null,"errorMessage":null}}', CASE WHEN type <> 'message' THEN json_object('message', json_object('usage', json_extract(text, '/usage')), 'usage', NULL) ELSE '{}' END, json_object('call', json_object(
    'id', coalesce(json_extract_string(text, '/message/responseId'),
      concat_ws(':', json_extract_string(text, '/id'), coalesce(json_extract_string(text, '/message/timestamp'), json_extract_string(text, '/timestamp')))),
    'session_id', session, 'cwd', cwd, 'model', model, 'provider', provider))) AS text
  FROM told WHERE type = 'message' AND json_type(text, '/message/usage') = 'OBJECT'
    -- Summing up a conversation, or a branch of it, asks a model too.
    OR type IN ('compaction', 'branch_summary') AND json_type(text, '/usage') = 'OBJECT'
)
SELECT s.line, coalesce(CAST(m.text AS VARCHAR), s.own) AS text FROM seen s LEFT JOIN made m ON s.line = m.line`

/** Sessions of pi, and of OpenClaw, which is built on it. Input is without what was cached. */
export const pi: Importer = {
  id: 'pi',
  writer: 'agent',
  about: 'sessions of pi and OpenClaw, JSONL; answers that a branch copies count once',
  example: '~/.pi/agent/sessions/**/*.jsonl, ~/.openclaw/agents/*/sessions/*.jsonl',
  recognisedBy: '`session` and `model_change` lines, `usage` with `input`, `output`, `totalTokens`',
  lacks: 'latency',
  detects: ({ kind, records: all }) =>
    kind === 'json' &&
    all.some(
      (r) =>
        (r['type'] === 'session' && 'version' in r && 'cwd' in r && 'id' in r) ||
        (r['type'] === 'model_change' && 'modelId' in r) ||
        (r['type'] === 'message' && typeof at(r, 'message', 'usage', 'input') === 'number') ||
        (r['type'] === 'message' && isObject(r['message']) && 'parentId' in r),
    ),
  homes: ({ home, env }) => [
    ...foldersOf(env['PI_CODING_AGENT_DIR'], home, [`${home}/.pi/agent`]).map((folder) => ({
      folder: `${folder}/sessions`,
      files: /\.jsonl$/,
    })),
    ...foldersOf(env['OPENCLAW_STATE_DIR'], home, [`${home}/.openclaw`, `${home}/.clawdbot`]).map(
      (folder) => ({ folder: `${folder}/agents`, files: /(?:^|\/)sessions\/[^/]+\.jsonl$/ }),
    ),
  ],
  records,
  plan() {
    const doc = new Document()
    const message = (...path: string[]): string => doc.text('message', ...path)
    const usage = (...path: string[]): string => message('usage', ...path)
    const call = (name: string): string => doc.text('call', name)
    const counts = [usage('input'), usage('output'), usage('cacheRead'), usage('cacheWrite')]
    const provider = firstOf(message('provider'), call('provider'))!
    return {
      document: doc,
      cacheTokens: 'excluded',
      othersAreNoCalls: true,
      // A row of zeros is an answer that failed before it cost anything.
      isCall: `${call('id')} IS NOT NULL AND NOT (${counts.map((count) => `coalesce(${count}, '0') = '0'`).join(' AND ')})`,
      totalTokens: usage('totalTokens'),
      costParts: ['input', 'output', 'cacheRead', 'cacheWrite'].map((part) => usage('cost', part)),
      fields: {
        call_id: `nullif(${call('id')}, '')`,
        ts: firstOf(message('timestamp'), doc.text('timestamp'))!,
        // The same provider by the way in which one signs in.
        provider: `CASE WHEN ${provider} = 'openai-codex' THEN 'openai' WHEN ${provider} IN ('google-gemini-cli', 'google-antigravity') THEN 'google' ELSE ${provider} END`,
        response_model: firstOf(message('model'), call('model'))!,
        operation: `'chat'`,
        feature: folderName(call('cwd')),
        project: folderName(call('cwd')),
        session_id: call('session_id'),
        input_tokens: counts[0]!,
        output_tokens: counts[1]!,
        cache_read_input_tokens: counts[2]!,
        cache_creation_input_tokens: counts[3]!,
        cache_creation_1h_input_tokens: usage('cacheWrite1h'),
        reasoning_output_tokens: usage('reasoning'),
        reported_cost_usd: usage('cost', 'total'),
        finish_reason: `CASE ${message('stopReason')} WHEN 'toolUse' THEN 'tool_calls' ELSE ${message('stopReason')} END`,
      },
      // Of copies the first session's counts: their names grow with time.
      revisionId: call('session_id'),
      tags: tagsOf({ signed_in_as: `CASE WHEN ${provider} LIKE '%-%' THEN ${provider} END` }),
    }
  },
}
