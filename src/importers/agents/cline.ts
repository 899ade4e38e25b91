import { Document, firstOf } from '../document.js'
import { at } from '../sample-values.js'
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
  ].map((folder) => ({ folder, files: /^[^/]+\/ui_messages\.json$/ }))
}

/** SQL for the records of a task: what a request used stands as JSON in a text, beside the request itself. */
const records = (lines: string): string => `
WITH seen AS (
  SELECT line, text, ${standsForItself('text')} AS own,
    CASE WHEN ${says('text', ['api_req_started', 'deleted_api_reqs'])} AND json_valid(text) THEN json_extract_string(text, '/text') END AS told
  FROM ${lines} l
)
SELECT line, CASE WHEN json_valid(told) AND json_type(told) = 'OBJECT'
  THEN CAST(json_merge_patch(text, '{"text":null,"images":null}', json_object('usage', json_merge_patch(told, '{"request":null}'))) AS VARCHAR) ELSE own END AS text
FROM seen`

/**
 * Tasks of Cline, Roo Code and Kilo Code: a list of what was shown, in which the request for an answer is told with
 * its counts, as JSON in a text. Their input is without what was cached, but under the protocol of OpenAI.
 */
export const cline: Importer = {
  id: 'cline',
  writer: 'agent',
  about: 'tasks of Cline, Roo Code and Kilo Code, ui_messages.json',
  example: '…/globalStorage/saoudrizwan.claude-dev/tasks/*/ui_messages.json',
  recognisedBy: 'entries of `ui_messages.json` with `say: api_req_started`',
  lacks: 'the model, where the task does not name it; latency',
  detects: ({ kind, records }) =>
    kind === 'json' &&
    records.some(
      (r) =>
        (r['type'] === 'say' && 'ts' in r && 'say' in r) || (r['type'] === 'ask' && 'ts' in r && 'ask' in r),
    ),
  isCertain: ({ records }) =>
    records.some((r) => r['say'] === 'api_req_started' && typeof at(r, 'text') === 'string'),
  homes,
  records,
  plan() {
    const doc = new Document()
    const usage = (name: string): string => doc.text('usage', name)
    const counts = ['tokensIn', 'tokensOut', 'cacheReads', 'cacheWrites'].map(usage)
    const [input, output, read, written] = counts as [string, string, string, string]
    const say = doc.text('say')
    const cost = usage('cost')
    return {
      document: doc,
      cacheTokens: 'included',
      cacheTokensCertain: true,
      cacheTokensBeside: `${usage('apiProtocol')} IS DISTINCT FROM 'openai'`,
      othersAreNoCalls: true,
      // Without counts it is still under way or failed; one that was cancelled at once has none but zeros.
      isCall: `${say} IN ('api_req_started', 'deleted_api_reqs') AND coalesce(${counts.join(', ')}, ${cost}) IS NOT NULL
        AND NOT (${[...counts, cost].map((one) => `coalesce(${one}, '0') = '0'`).join(' AND ')})`,
      fields: {
        call_id: `concat_ws('-', ${doc.text('ts')}, ${counts.map((one) => `coalesce(${one}, '0')`).join(', ')})`,
        ts: doc.text('ts'),
        provider: doc.text('modelInfo', 'providerId'),
        response_model: firstOf(doc.text('modelInfo', 'modelId'), usage('model'))!,
        // What was taken out of a task was paid all the same; it stands in it as one sum.
        operation: `CASE ${say} WHEN 'deleted_api_reqs' THEN 'session_total' ELSE 'chat' END`,
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
