import { number, sumOf } from '../bodies/counts.js'
import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Importer } from '../importer.js'
import type { Sample } from '../survey.js'
import { folderName, says, standsForItself, tagsOf } from '../made-records.js'

/** True for a session of Qwen Code, whose lines are much like those of Claude Code. */
export const isQwenCode = ({ kind, records }: Sample): boolean =>
  kind === 'json' &&
  records.some(
    (r) =>
      'sessionId' in r &&
      (isObject(r['usageMetadata']) ||
        Array.isArray(at(r, 'message', 'parts')) ||
        isObject(at(r, 'systemPayload', 'uiEvent'))),
  )

const text = (path: string): string => `json_extract_string(text, '${path}')`

/** Where an event of the telemetry stands in its line. */
const event = '/systemPayload/uiEvent'

/** Counts as an answer and as an event name them: both are those of one response. */
const counts = [
  ['promptTokenCount', 'input_token_count'],
  ['candidatesTokenCount', 'output_token_count'],
  ['cachedContentTokenCount', 'cached_content_token_count'],
  ['thoughtsTokenCount', 'thoughts_token_count'],
] as const

const keyOf = (paths: readonly string[]): string =>
  `concat_ws('-', ${paths.map((path) => `coalesce(${text(path)}, '0')`).join(', ')})`

/**
 * SQL for the records of a chat. An answer is told twice, by itself and by an event with the same counts; what
 * sub-agents were answered, and what was asked beside the chat, is told by events alone.
 */
const records = (lines: string): string => `
WITH parsed AS (
  SELECT file, line, ${standsForItself('text')} AS own, CASE WHEN ${says('text', ['usageMetadata', 'qwen-code.api_response'])} AND json_valid(text) THEN text END AS text
  FROM ${lines} l
), seen AS MATERIALIZED (
  SELECT file, line, own, text, CASE WHEN ${text('/type')} = 'assistant' AND json_type(text, '/usageMetadata') = 'OBJECT' THEN 'answer'
      WHEN ${text(`${event}/event.name`)} = 'qwen-code.api_response' THEN 'event' END AS kind
  FROM parsed
), told AS (
  SELECT *, row_number() OVER (PARTITION BY file, kind, key ORDER BY ${text(`${event}/subagent_name`)} IS NOT NULL, line) AS nth
  FROM (SELECT *, CASE kind WHEN 'answer' THEN ${keyOf(counts.map(([name]) => `/usageMetadata/${name}`))}
    ELSE ${keyOf(counts.map(([, name]) => `${event}/${name}`))} END AS key FROM seen WHERE kind IS NOT NULL)
), made AS (
  SELECT line, json_merge_patch(text, '{"message":null}') AS text FROM told WHERE kind = 'answer'
  UNION ALL
  SELECT line, json_object('type', 'assistant', ${['sessionId', 'cwd', 'gitBranch', 'version', 'uuid', 'timestamp'].map((name) => `'${name}', ${text(`/${name}`)}`).join(', ')},
    'model', ${text(`${event}/model`)}, 'agent', ${text(`${event}/subagent_name`)}, 'duration', ${text(`${event}/duration_ms`)},
    'usageMetadata', json_object(${[...counts, ['totalTokenCount', 'total_token_count'] as const].map(([name, from]) => `'${name}', json_extract(text, '${event}/${from}')`).join(', ')})) AS text
  FROM told e WHERE kind = 'event' AND NOT EXISTS (FROM told a WHERE a.kind = 'answer' AND a.file = e.file AND a.key = e.key AND a.nth = e.nth)
)
SELECT s.line, coalesce(CAST(m.text AS VARCHAR), s.own) AS text FROM seen s LEFT JOIN made m ON s.line = m.line`

/**
 * Chats of Qwen Code, with the counts of Gemini's API: what was cached is in the prompt, thoughts are beside the
 * candidates. Some servers behind it tell more cached tokens than the prompt has: they are beside it then.
 */
export const qwenCode: Importer = {
  id: 'qwen-code',
  writer: 'agent',
  about: 'chats of Qwen Code, JSONL',
  example: '~/.qwen/projects/*/chats/*.jsonl',
  recognisedBy: '`sessionId` with `usageMetadata` in lines of type `assistant`',
  lacks: 'what was paid; latency',
  detects: isQwenCode,
  homes: ({ home }) =>
    ['projects', 'tmp'].map((name) => ({
      folder: `${home}/.qwen/${name}`,
      files: /(?:^|\/)chats\/[^/]+\.jsonl$/,
    })),
  records,
  plan() {
    const doc = new Document()
    const count = (name: string): string => doc.text('usageMetadata', `${name}TokenCount`)
    const [prompt, candidates, thoughts, cached, total] = [
      count('prompt'),
      count('candidates'),
      count('thoughts'),
      doc.text('usageMetadata', 'cachedContentTokenCount'),
      count('total'),
    ]
    const tools = count('toolUsePrompt')
    const beside = `coalesce(${number(cached)} > ${number(prompt)}, false)`
    // Some servers count thoughts among the candidates: the total tells.
    const inside = `coalesce(${number(thoughts)} <= ${number(candidates)} AND ${number(total)} = ${number(prompt)} + ${number(candidates)}, false)`
    const all = [prompt, candidates, thoughts, cached]
    return {
      document: doc,
      cacheTokens: 'included',
      cacheTokensCertain: true,
      cacheTokensBeside: beside,
      othersAreNoCalls: true,
      isCall: `${doc.text('type')} = 'assistant' AND coalesce(${all.join(', ')}) IS NOT NULL
        AND NOT (${all.map((one) => `coalesce(${one}, '0') = '0'`).join(' AND ')})`,
      totalTokens: `CASE WHEN NOT ${beside} THEN ${total} END`,
      addedUp: ['input_tokens', 'output_tokens'],
      uses: [tools, thoughts, total],
      unread: `CASE WHEN ${beside} THEN 'usageMetadata.cachedContentTokenCount beyond the prompt' END`,
      fields: {
        call_id: firstOf(
          doc.text('uuid'),
          `concat_ws(':', ${doc.text('sessionId')}, ${doc.text('timestamp')}, ${doc.text('model')}, ${all.join(', ')})`,
        )!,
        ts: doc.text('timestamp'),
        response_model: doc.text('model'),
        operation: `'chat'`,
        feature: folderName(doc.text('cwd')),
        project: folderName(doc.text('cwd')),
        session_id: doc.text('sessionId'),
        input_tokens: sumOf(prompt, tools),
        cache_read_input_tokens: cached,
        output_tokens: `CASE WHEN ${inside} THEN ${candidates} ELSE ${sumOf(candidates, thoughts)} END`,
        reasoning_output_tokens: thoughts,
        latency_ms: doc.text('duration'),
      },
      tags: tagsOf({
        git_branch: doc.text('gitBranch'),
        version: doc.text('version'),
        agent_role: doc.text('agent'),
      }),
    }
  },
}
