/** Sound logs of every importer, of which the fuzzed ones are made. */
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'

const fixture = (path: string): string => readFileSync(`fixtures/${path}`, 'utf8')
const linesOf = (...paths: readonly string[]): string[] =>
  paths.flatMap((path) => fixture(path).split('\n')).filter((line) => line.trim() !== '')

/** A document that is printed over many lines, on one. */
const oneLine = (path: string): string => JSON.stringify(JSON.parse(fixture(path)))

/** Responses as a logger of one's own would wrap them. */
const wrapped = (...names: readonly string[]): string[] =>
  names.map((name) =>
    JSON.stringify({
      ts: '2026-09-05T08:00:00Z',
      model: 'command-r-08-2024',
      response: JSON.parse(fixture(`bodies/${name}.json`)) as unknown,
    }),
  )

/** The rows of a table as JSON; times that count from an unknown day count from a known one. */
const asJson = (path: string): string[] =>
  parse<Record<string, string>>(fixture(path), { columns: true }).map((row) =>
    JSON.stringify('Timestamp' in row ? { ...row, Timestamp: 1.7e9 + Number(row['Timestamp']) } : row),
  )

/** Records by importer, one a line. A new importer must be added here. */
export const jsonSamples: Readonly<Record<string, readonly string[]>> = {
  anthropic: linesOf('anthropic/batch/results.jsonl', 'anthropic/messages/wrapped.jsonl'),
  bedrock: linesOf('bedrock/hour/log.jsonl', 'bedrock/shapes/log.jsonl').slice(0, 60),
  'bedrock-converse': wrapped('bedrock-converse'),
  'claude-code': linesOf('claude-code/current/s-2.jsonl', 'claude-code/streaming/s-1.jsonl', 'claude-code/not-billed/x.jsonl'),
  codex: linesOf('codex/settings/rollout-a.jsonl', 'codex/usage-records/rollout-i.jsonl', 'codex/exec/run.jsonl'),
  'gemini-cli': linesOf('gemini-cli/chats/session-2026-05-01T00-00-abc.jsonl', 'gemini-cli/set-messages/session-a.jsonl').filter((line) => line.startsWith('{')),
  pi: linesOf('pi/pi/session.jsonl', 'pi/openclaw/abc.jsonl', 'pi/branch/b.jsonl').filter((line) => line.startsWith('{')),
  kimi: linesOf('kimi/wire/wire.jsonl', 'kimi/steps/wire.jsonl', 'kimi/steps/old.jsonl'),
  'qwen-code': linesOf('qwen-code/chat/d96bf338.jsonl').toReversed(),
  cline: (JSON.parse(fixture('cline/task/ui_messages.json')) as unknown[]).map((one) => JSON.stringify(one)),
  amp: [oneLine('amp/partial/T-partial.json')],
  droid: [oneLine('droid/settings/s1.settings.json')],
  opencode: ['msg_json_only', 'msg_shared_001'].map((name) => oneLine(`opencode/json-and-db/storage/message/ses_001/${name}.json`)),
  copilot: linesOf('copilot/session-state/sess-reset/events.jsonl', 'copilot/otel/copilot-otel.jsonl'),
  cursor: [oneLine('cursor/admin_usage_page.json')],
  helicone: [...linesOf('helicone/costs/requests.jsonl'), ...linesOf('helicone/rows/requests.jsonl').slice(0, 3), oneLine('helicone/page/requests_page.json')],
  openrouter: linesOf('openrouter/generations/generation.jsonl'),
  langfuse: [...linesOf('langfuse/blob/observations.jsonl').filter((line) => line.startsWith('{')), oneLine('langfuse/page/public-api-page.json')],
  langsmith: [...linesOf('langsmith/dump/runs.jsonl'), oneLine('langsmith/page/sample_runs_flat.json')],
  mlflow: [...linesOf('mlflow/client/traces.jsonl').slice(0, 5), ...linesOf('mlflow/mlflow-2/traces.jsonl', 'mlflow/table/traces.jsonl'), oneLine('mlflow/page/search.json')],
  cohere: wrapped('cohere-v1', 'cohere-v2'),
  gemini: [...linesOf('gemini/batch/results.jsonl', 'gemini/chunks/chunks.jsonl'), ...wrapped('gemini', 'gemini-audio')],
  litellm: linesOf('litellm/spend-logs/rows.jsonl', 'litellm/standard-payload/payload.jsonl'),
  llmcost: linesOf('llmcost/shapes/lines.jsonl'),
  ollama: wrapped('ollama'),
  otel: linesOf('otel/instrumentations/traces.jsonl', 'otel/spellings/1-camel.jsonl', 'otel/spellings/3-protojson.jsonl', 'otel/vendors/traces.jsonl', 'otel/claude-code/logs.jsonl', 'otel/gemini-cli/logs.jsonl', 'otel/access-log/access.jsonl'),
  'azure-apim': [...linesOf('azure-apim/diagnostics/PT1H.json').filter((line) => line.trimEnd().endsWith('}')), ...linesOf('azure-apim/events/capture.jsonl'), oneLine('azure-apim/query/answer.json')],
  'vercel-ai': linesOf('vercel-ai/7/calls.jsonl', 'vercel-ai/5/calls.jsonl', 'vercel-ai/shapes/lines.jsonl').filter((line) => !line.includes('"log":"embed"') && line.endsWith('}')),
  'azure-trace': asJson('azure-traces/images/AzureLMMInferenceTrace_multimodal.csv'),
  burstgpt: asJson('burstgpt/sessions/BurstGPT_3.csv'),
  mooncake: linesOf('mooncake/conversation/conversation_trace.jsonl').map((line) => line.replace(/"timestamp": (\d+)/, (_, ms: string) => `"timestamp": ${1.7e12 + Number(ms)}`)),
  openai: [...linesOf('openai/chat/responses.jsonl', 'openai/responses/responses.jsonl', 'openai/batch/output.jsonl', 'openai/wrapped/wrapped.jsonl', 'openai/clones/others.jsonl'), ...wrapped('openrouter', 'xai', 'groq', 'mistral')],
} // prettier-ignore

/** Rows whose cells have no newlines: a row is a line then, and can be counted without a reader. */
const rowsOf = (path: string): string[][] =>
  parse(fixture(path)).map((row: string[]) => row.map((cell) => cell.replaceAll(/[\r\n]+/g, ' ')))

/** Header and rows of CSV files, by importer. */
export const csvSamples: Readonly<Record<string, readonly (readonly string[])[]>> = {
  litellm: rowsOf('litellm/spend-logs-csv/dump.csv'),
  llmcost: rowsOf('llmcost/shapes/comma.csv'),
  cursor: rowsOf('cursor/v2-usage-events-2025-11-13.csv'),
  openrouter: rowsOf('openrouter/logs/openrouter_activity_2026-09-21.csv'),
  langfuse: rowsOf('langfuse/table/observations_with_cost.csv'),
  'azure-apim': rowsOf('azure-apim/table/query_data.csv'),
  'azure-trace': rowsOf('azure-traces/images/AzureLMMInferenceTrace_multimodal.csv'),
}
