import { number } from '../bodies/counts.js'
import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Home, Importer, Machine } from '../importer.js'
import { says, standsForItself, tagsOf } from '../made-records.js'

/** Extensions of the family, by the folder in which an editor keeps what is theirs. */
const extensions = ['saoudrizwan.claude-dev', 'rooveterinaryinc.roo-cline', 'kilocode.kilo-code']

function homes({ home, env, platform }: Machine): readonly Home[] {
  const settings =
    platform === 'darwin'
      ? `${home}/Library/Application Support`
      : platform === 'win32'
        ? (env['APPDATA'] ?? `${home}/AppData/Roaming`)
        : env['XDG_CONFIG_HOME'] || `${home}/.config`
  const stores = [
    ...['Code', 'Code - Insiders', 'VSCodium', 'Cursor'].map(
      (name) => `${settings}/${name}/User/globalStorage`,
    ),
    `${home}/.vscode-server/data/User/globalStorage`,
  ]
  return [
    ...stores.flatMap((store) => extensions.map((name) => `${store}/${name}/tasks`)),
    `${home}/.cline/data/tasks`,
  ]
    .map((folder) => ({ folder, files: /^[^/]+\/ui_messages\.json$/ }))
    .concat({ folder: `${home}/.cline/data/sessions`, files: /^[^/]+\/[^/]+\.messages\.json$/ })
}

/** Messages whose text tells counts: of a request, and sums of requests that were taken out or that sub-agents made. */
const counted = ['api_req_started', 'deleted_api_reqs', 'subagent_usage']
const words = [...counted, 'condense_context', 'metrics']

const text = (json: string, path: string): string => `json_extract_string(${json}, '${path}')`

/** SQL: what a message tells of usage, as the text of an object; NULL where it tells nothing. */
const told = `CASE
      WHEN ${text('text', '/say')} IN (${counted.map((word) => `'${word}'`).join(', ')}) THEN ${text('text', '/text')}
      WHEN ${text('text', '/say')} = 'condense_context' THEN CAST(json_object('cost', json_extract(text, '/contextCondense/cost')) AS VARCHAR)
      WHEN ${text('text', '/ask')} = 'tool' AND json_valid(${text('text', '/text')}) THEN CAST(json_extract(${text('text', '/text')}, '/fastApplyResult') AS VARCHAR) END`

/** SQL for the usage of an answer of the command line, whose input includes what was cached. */
const ofMetrics = `json_object('tokensIn', json_extract(m, '/metrics/inputTokens'), 'tokensOut', json_extract(m, '/metrics/outputTokens'),
      'cacheReads', json_extract(m, '/metrics/cacheReadTokens'), 'cacheWrites', json_extract(m, '/metrics/cacheWriteTokens'), 'cost', json_extract(m, '/metrics/cost'))`

/**
 * SQL for the records of a task: what a request used stands as JSON in a text, beside the request itself. A session
 * of the command line is one object with its messages.
 */
const records = (lines: string): string => `
WITH parsed AS MATERIALIZED (
  SELECT line, ${standsForItself('text')} AS own, CASE WHEN (${says('text', words)} OR contains(text, 'fastApplyResult')) AND json_valid(text) THEN text END AS text FROM ${lines} l
), seen AS (
  SELECT line, text, ${told} AS told FROM parsed WHERE text IS NOT NULL
), messages AS (
  SELECT line, ${text('text', '/sessionId')} AS session, unnest(CAST(json_extract(text, '/messages') AS JSON[])) AS m
  FROM parsed WHERE json_type(text, '/messages') = 'ARRAY' AND json_type(text, '/sessionId') = 'VARCHAR'
), made AS (
  SELECT line, json_merge_patch(text, '{"text":null,"images":null,"contextCondense":null}', json_object('usage',
    json_merge_patch(told, '{"request":null,"description":null,"summary":null}'))) AS text
  FROM seen WHERE json_valid(told) AND json_type(told) = 'OBJECT'
  UNION ALL
  SELECT line, json_object('type', 'say', 'say', 'answer', 'ts', json_extract(m, '/ts'), 'session', session, 'id', ${text('m', '/id')},
    'modelInfo', json_object('modelId', ${text('m', '/modelInfo/id')}, 'providerId', ${text('m', '/modelInfo/provider')}), 'usage', ${ofMetrics}) AS text
  FROM messages WHERE ${text('m', '/role')} = 'assistant' AND json_type(m, '/metrics') = 'OBJECT'
)
SELECT s.line, coalesce(CAST(m.text AS VARCHAR), s.own) AS text FROM parsed s LEFT JOIN made m ON s.line = m.line`

/** An object with messages, of which answers tell their counts. */
const isSession = (r: Readonly<Record<string, unknown>>): boolean =>
  typeof r['sessionId'] === 'string' &&
  Array.isArray(r['messages']) &&
  r['messages'].some((one) => isObject(one) && at(one, 'metrics', 'inputTokens') !== undefined)

/**
 * Tasks of Cline, Roo Code and Kilo Code: a list of what was shown, in which the request for an answer is told with
 * its counts, as JSON in a text. Their input is without what was cached, but under the protocol of OpenAI.
 */
export const cline: Importer = {
  id: 'cline',
  writer: 'agent',
  about: 'tasks of Cline, Roo Code and Kilo Code, ui_messages.json; sessions of the command line of Cline',
  example: '…/globalStorage/saoudrizwan.claude-dev/tasks/*/ui_messages.json',
  recognisedBy: 'entries of `ui_messages.json` with `say: api_req_started`',
  lacks: 'the model, where the task does not name it; latency',
  detects: ({ kind, records }) =>
    kind === 'json' &&
    records.some(
      (r) =>
        (r['type'] === 'say' && 'ts' in r && 'say' in r) ||
        (r['type'] === 'ask' && 'ts' in r && 'ask' in r) ||
        isSession(r),
    ),
  isCertain: ({ records }) =>
    records.some(
      (r) => (r['say'] === 'api_req_started' && typeof at(r, 'text') === 'string') || isSession(r),
    ),
  homes,
  records,
  plan() {
    const doc = new Document()
    const usage = (name: string): string => doc.text('usage', name)
    const counts = ['tokensIn', 'tokensOut', 'cacheReads', 'cacheWrites'].map(usage)
    const [input, output, read, written] = counts as [string, string, string, string]
    const say = doc.text('say')
    const cost = usage('cost')
    const session = doc.text('session')
    const cached = [read, written].map((one) => `coalesce(${number(one)}, 0)`).join(' + ')
    return {
      document: doc,
      cacheTokens: 'included',
      cacheTokensCertain: true,
      cacheTokensBeside: `CASE WHEN ${session} IS NULL THEN ${usage('apiProtocol')} IS DISTINCT FROM 'openai' ELSE coalesce(${cached} > ${number(input)}, false) END`,
      othersAreNoCalls: true,
      // Without counts it is still under way or failed; one that was cancelled at once has none but zeros.
      isCall: `coalesce(${counts.join(', ')}, ${cost}) IS NOT NULL
        AND NOT (${[...counts, cost].map((one) => `coalesce(${one}, '0') = '0'`).join(' AND ')})`,
      fields: {
        call_id: `coalesce(${session} || ':' || ${doc.text('id')}, concat_ws('-', ${doc.text('ts')}, ${counts.map((one) => `coalesce(${one}, '0')`).join(', ')}))`,
        ts: doc.text('ts'),
        provider: doc.text('modelInfo', 'providerId'),
        response_model: firstOf(doc.text('modelInfo', 'modelId'), usage('model'))!,
        // What was taken out of a task was paid all the same; it stands in it as one sum, as does what sub-agents used.
        operation: `CASE WHEN ${say} IN ('deleted_api_reqs', 'subagent_usage') THEN 'session_total' ELSE 'chat' END`,
        session_id: session,
        input_tokens: input,
        output_tokens: output,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: written,
        reported_cost_usd: cost,
      },
      tags: tagsOf({
        mode: doc.text('modelInfo', 'mode'),
        api_protocol: usage('apiProtocol'),
        cancel_reason: usage('cancelReason'),
      }),
    }
  },
}
