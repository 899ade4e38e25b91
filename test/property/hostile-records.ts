/**
 * Records as real logs have them, with one thing wrong: made of the fixtures of every importer, so that what is
 * wrong stands where an importer looks. Lines are texts, for what no JSON.stringify would write.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { edgeCells, edgeValues } from './hostile-values.js'

const fixtures = join(import.meta.dirname, '../../fixtures')

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Place = readonly (string | number)[]

/** Records of one kind of log, one line each. */
export interface Seed {
  readonly name: string
  /** The importer that reads them. */
  readonly importer: string
  readonly records: readonly Json[]
}

/** Fixtures, by the importer that reads them. */
const files: readonly (readonly [importer: string, path: string])[] = [
  ['anthropic', 'anthropic/messages/wrapped.jsonl'],
  ['anthropic', 'anthropic/batch/results.jsonl'],
  ['bedrock', 'bedrock/shapes/log.jsonl'],
  ['claude-code', 'claude-code/current/s-2.jsonl'],
  ['claude-code', 'claude-code/streaming/s-1.jsonl'],
  ['codex', 'codex/settings/rollout-a.jsonl'],
  ['codex', 'codex/usage-records/rollout-i.jsonl'],
  ['gemini-cli', 'gemini-cli/set-messages/session-a.jsonl'],
  ['pi', 'pi/openclaw/abc.jsonl'],
  ['kimi', 'kimi/wire/wire.jsonl'],
  ['qwen-code', 'qwen-code/chat/d96bf338.jsonl'],
  ['gemini', 'gemini/chunks/chunks.jsonl'],
  ['gemini', 'gemini/batch/results.jsonl'],
  ['litellm', 'litellm/spend-logs/rows.jsonl'],
  ['litellm', 'litellm/standard-payload/payload.jsonl'],
  ['openai', 'openai/chat/responses.jsonl'],
  ['openai', 'openai/responses/responses.jsonl'],
  ['openai', 'openai/wrapped/wrapped.jsonl'],
  ['openai', 'openai/batch/output.jsonl'],
  ['otel', 'otel/spellings/1-camel.jsonl'],
  ['otel', 'otel/access-log/access.jsonl'],
  ['openrouter', 'openrouter/generations/generation.jsonl'],
  ['langfuse', 'langfuse/blob/observations.jsonl'],
  ['langsmith', 'langsmith/dump/runs.jsonl'],
  ['azure-apim', 'azure-apim/diagnostics/PT1H.json'],
  ['vercel-ai', 'vercel-ai/shapes/lines.jsonl'],
  ['mooncake', 'mooncake/conversation/conversation_trace.jsonl'],
  ['mlflow', 'mlflow/client/traces.jsonl'],
  ['mlflow', 'mlflow/mlflow-2/traces.jsonl'],
  ['mlflow', 'mlflow/flavours/traces.jsonl'],
  ['llmcost', 'llmcost/shapes/lines.jsonl'],
  ['llmcost', 'sameness/trace/spans.jsonl'],
  ['llmcost', 'sameness/web-request/app.jsonl'],
]

/** Bodies that stand alone, a record a file; each is also put into a record of a file of one's own. */
const bodies: readonly (readonly [importer: string, name: string])[] = [
  ['cohere', 'cohere-v2'],
  ['cohere', 'cohere-v1'],
  ['ollama', 'ollama'],
  ['bedrock-converse', 'bedrock-converse'],
  ['openai', 'openrouter'],
  ['openai', 'groq'],
  ['gemini', 'gemini-audio'],
]

/** A record with all that the fields of a file of one's own may be. */
const own: Json = {
  ts: '2026-09-05T08:00:00Z',
  call_id: 'call-1',
  provider: 'openai',
  model: 'gpt-4o',
  operation: 'chat',
  input_tokens: 100,
  output_tokens: 20,
  total_tokens: 120,
  cached_tokens: 10,
  cache_creation_tokens: 5,
  reasoning_tokens: 3,
  audio_input_tokens: 1,
  cost_usd: 0.5,
  input_cost: 0.2,
  output_cost: 0.3,
  latency_ms: 120.5,
  ttft_ms: 20,
  temperature: 0.7,
  max_tokens: 500,
  attempt: 1,
  finish_reason: 'stop',
  status: 'ok',
  error: null,
  cache_hit: false,
  service_tier: 'standard',
  tier: 'gold',
  speed: 'standard',
  region: 'eu-west-1',
  currency: 'USD',
  user: 'u1',
  feature: 'chat',
  session_id: 's1',
  trace_id: 't1',
  user_feedback: 'up',
  quality_score: 0.5,
  tags: { team: 'a', n: 1 },
  metadata: { customer: 'c', cost: 1, nested: { deep: 2 } },
  usage: { prompt_tokens_details: { cached_tokens: 10 }, web_search_requests: 1 },
}

/** A call as `export calls` writes it. */
const exported: Json = {
  source: 'openai',
  call_id: 'c1',
  ts: '2026-09-05T08:00:00Z',
  provider: 'openai',
  model: 'gpt-4o',
  request_model: 'gpt-4o',
  response_model: null,
  total_tokens: 12,
  input_tokens: 10,
  cache_read_input_tokens: 1,
  cache_creation_input_tokens: 1,
  output_tokens: 2,
  reported_cost_usd: 0.1,
  cost_usd: 0.2,
  cost_basis: 'list',
  list_cost_usd: 0.2,
  unread_usage: 'x',
  revision_id: null,
  file_id: 1,
  line: 2,
  id_kind: 'any',
  logged_id: 'c1',
  request_ids: 'req_1 req_2',
  partly_priced: false,
  tags: { a: 'b' },
}

const readLines = (path: string): Json[] =>
  readFileSync(join(fixtures, path), 'utf8')
    .split('\n')
    // The last line of some was cut short.
    .filter((line) => line.trim().startsWith('{') && line.trim().endsWith('}'))
    .map((line) => JSON.parse(line) as Json)

/** Importers of lines that may hold several records, which are counted then: pages, exports whole, batches of spans. */
export const severalALine: ReadonlySet<string> = new Set([
  'amp',
  'azure-apim',
  'cursor',
  'helicone',
  'langfuse',
  'langsmith',
  'mlflow',
  'openrouter',
  'otel',
  'vercel-ai',
])

/** Real records of every kind of log. */
export function seeds(): readonly Seed[] {
  return [
    ...files.map(([importer, path]) => ({ name: path, importer, records: readLines(path) })),
    ...bodies.flatMap(([importer, name]) => {
      const body = JSON.parse(readFileSync(join(fixtures, `bodies/${name}.json`), 'utf8')) as Json
      return [
        { name, importer, records: [body] },
        {
          name: `${name} in a record`,
          importer: 'llmcost',
          records: [{ timestamp: '2026-09-05T08:00:00Z', feature: 'x', response: body }],
        },
      ]
    }),
    { name: 'own', importer: 'llmcost', records: [own] },
    { name: 'exported', importer: 'llmcost', records: [exported] },
    // Few fields: what the others would prove is open.
    {
      name: 'own, few fields',
      importer: 'llmcost',
      records: [
        { ts: '2026-09-05T08:00:00Z', model: 'claude-haiku-4-5', input_tokens: 10, cached_tokens: 5 },
      ],
    },
  ]
}

/** Where the values of a record stand, itself not among them; of long lists the first three. */
function places(value: Json, above: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return []
  const entries: [string | number, Json][] = Array.isArray(value)
    ? value.slice(0, 3).map((one, i) => [i, one])
    : Object.entries(value)
  return entries.flatMap(([key, inner]) => [[...above, key], ...places(inner, [...above, key])])
}

const marker = '@@edge@@'

function replaced(value: Json, [key, ...rest]: Place, by: Json): Json {
  if (key === undefined) return by
  if (Array.isArray(value)) return value.map((one, i) => (i === key ? replaced(one, rest, by) : one))
  const { [key]: inner = null, ...others } = value as { [key: string]: Json }
  return { ...others, [key]: replaced(inner, rest, by) }
}

/** The line of a record with the text of a JSON value at a place. */
const lineWith = (record: Json, place: Place, text: string): string =>
  JSON.stringify(replaced(record, place, marker)).replace(`"${marker}"`, () => text)

/**
 * Values at the edge at every place of a record.
 * @param stride 1: every value at every place; else every so manieth, each place beginning with another
 */
export function* everyEdge(record: Json, stride = 1): Generator<string> {
  for (const [i, place] of places(record).entries())
    for (let at = i % stride; at < edgeValues.length; at += stride)
      yield lineWith(record, place, edgeValues[at]!)
}

/** Whole numbers from 0 up to, and not with, `below`: the same sequence for the same seed. */
export type Random = (below: number) => number

export function random(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below)
  }
}

const oneOf = <T>(next: Random, list: readonly T[]): T => list[next(list.length)]!

/** What may be done to a line. */
const faults: readonly ((next: Random, record: Json) => string)[] = [
  // Most of the time: a value at the edge, in one place or in several.
  ...Array.from({ length: 6 }, () => (next: Random, record: Json) => {
    const edges = new Map<string, string>(
      Array.from({ length: 1 + next(4) }, (_, i) => [`@@${i}@@`, oneOf(next, edgeValues)]),
    )
    let spoiled = record
    for (const mark of edges.keys()) {
      const all = places(spoiled)
      if (all.length > 0) spoiled = replaced(spoiled, oneOf(next, all), mark)
    }
    return JSON.stringify(spoiled).replaceAll(
      /"(@@\d+@@)"/g,
      (whole, mark: string) => edges.get(mark) ?? whole,
    )
  }),
  (next, record) => {
    const line = JSON.stringify(record)
    return line.slice(0, next(line.length))
  },
  (next, record) => {
    const line = JSON.stringify(record)
    const at = next(line.length)
    return (
      line.slice(0, at) +
      oneOf(next, ['"', '{', '}', ',', ':', '\\', '\u0000', '\u0001', '\u001f', '\r']) +
      line.slice(at)
    )
  },
  (next, record) => {
    // A key twice.
    const line = JSON.stringify(record)
    const keys = typeof record === 'object' && record !== null ? Object.keys(record) : []
    if (keys.length === 0) return line
    return `{${JSON.stringify(oneOf(next, keys))}:${oneOf(next, edgeValues)},${line.slice(1)}`
  },
  (next, record) => {
    const key = oneOf(next, [
      '',
      ' ',
      'constructor',
      '__proto__',
      "a'b",
      'a"b',
      'a.b',
      'a/b',
      'a~b',
      '$',
      '*',
      '#-1',
      'a\u0000b',
      '\ud800',
      'input_tokens',
      'INPUT_TOKENS',
      'é'.repeat(70),
      'k'.repeat(next(5000)),
    ])
    return `{${JSON.stringify(key)}:${oneOf(next, edgeValues)},${JSON.stringify(record).slice(1)}`
  },
  (next, record) => {
    const depth = 1 + next(1500)
    const [open, close] = oneOf(next, [
      ['[', ']'],
      ['{"usage":', '}'],
      ['{"a":', '}'],
    ] as const)
    return `{"x":${open.repeat(depth)}1${close.repeat(depth)},${JSON.stringify(record).slice(1)}`
  },
  (next) =>
    oneOf(next, [
      '',
      ' ',
      '\t',
      'null',
      '[]',
      '{}',
      '1',
      '"x"',
      '[{}]',
      '[1,',
      '\u001freject:x',
      '\u001f',
      '{"a":1}{"b":2}',
      'not json',
    ]),
  // A fine one.
  (_, record) => JSON.stringify(record),
]

/** A line of a log of this kind, spoiled or fine. Bytes: some are no UTF-8. */
export function hostileLine(next: Random, seed: Seed): Buffer {
  const line = Buffer.from(oneOf(next, faults)(next, oneOf(next, seed.records)))
  if (next(40) > 0 || line.length === 0) return line
  const at = next(line.length)
  return Buffer.concat([
    line.subarray(0, at),
    Buffer.from(oneOf(next, [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xfe, 0xff], [0]])),
    line.subarray(at),
  ])
}

const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`

/** The fields of a record of JSON as the columns of CSV: what is no plain value becomes JSON in its cell. */
export function csvOf(seed: Seed): {
  readonly header: readonly string[]
  readonly rows: readonly string[][]
} {
  const objects = seed.records as readonly { [key: string]: Json }[]
  const header = [...new Set(objects.flatMap((one) => Object.keys(one)))]
  const text = (value: Json | undefined): string =>
    value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  return { header, rows: objects.map((one) => header.map((name) => text(one[name]))) }
}

/** Values at the edge in every cell; `stride` as above. */
export function* everyCell(row: readonly string[], stride = 1): Generator<string> {
  for (const at of row.keys())
    for (const text of edgeCells.filter((_, i) => i % stride === at % stride))
      yield row.map((own, i) => cell(i === at ? text.replaceAll(/[\r\n]/g, ' ') : own)).join(',')
}

/** A record of CSV, spoiled or fine: ragged, with stray quotes, with JSON that is not quoted. */
export function hostileRow(next: Random, row: readonly string[]): string {
  const cells = row.map((text) => (next(3) === 0 && !/[",\r\n]/.test(text) ? text : cell(text)))
  const put = (text: string): string => {
    cells[next(cells.length)] = text
    return cells.join(',')
  }
  switch (next(9)) {
    case 0:
      return put(oneOf(next, edgeCells).replaceAll(/[\r\n]/g, ' '))
    case 1:
      return put(cell(oneOf(next, edgeCells)))
    case 2:
      return put(`{"usage": {"input_tokens": ${next(99)}, "cached_tokens": 2}}`)
    case 3:
      return cells.slice(0, next(cells.length + 1)).join(',')
    case 4:
      return [...cells, oneOf(next, ['', 'x', '"x"', '{"a": 1, "b": 2}'])].join(',')
    case 5:
      return put('a"b')
    case 6:
      return put(`"two\nlines"`)
    case 7:
      return put(oneOf(next, ['\u0000', '\u0001', '\u001freject:x', '""', '"', ' "x" ']))
    default:
      return cells.join(',')
  }
}
