/** What the spool keeps of a request: of its calls all that is read, of what was asked and answered nothing. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { knownNames } from '../../../src/importers/platforms/otel-names.js'
import { fromJson } from '../../../src/listen/from-json.js'
import { keptLines } from '../../../src/listen/kept-lines.js'
import { logsRequest, traceRequest } from '../../../src/listen/otlp-messages.js'
import { fixtures, marker, readFiles, workshop, type Read } from '../../golden/importers/reading.js'
import { write } from '../../property/ingesting.js'

afterAll(() => workshop.close())

/** The spool's lines for a request in JSON, whichever it is. */
function spooled(line: string): string {
  const traces = keptLines(fromJson(line, traceRequest), 'spans')
  const logs = keptLines(fromJson(line, logsRequest), 'logRecords')
  return traces.text + logs.text
}

/** Calls of requests as they came, and as the spool has them. */
async function bothOf(requests: readonly string[], kept: string): Promise<readonly [Read, Read]> {
  const room = workshop.room()
  const whole = write(join(room, 'whole.jsonl'), requests.map((line) => `${line}\n`).join(''))
  return [await readFiles([whole]), await readFiles([write(join(room, 'kept.jsonl'), kept)])]
}

const sorted = ({ calls }: Read): string[] => calls.map((call) => JSON.stringify(call)).toSorted()

test('of real traces and events, the same calls are read', async () => {
  const requests = readdirSync(join(fixtures, 'otel'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.jsonl?$/.test(name))
    .flatMap((name) => {
      const text = readFileSync(join(fixtures, 'otel', name), 'utf8')
      return name.endsWith('.json') ? [JSON.stringify(JSON.parse(text))] : text.split('\n')
    })
    .filter((line) => /"resource_?(?:Spans|Logs)"/i.test(line))
  const kept = requests.map(spooled).join('')
  expect(requests.join()).toContain(marker)
  expect(kept).not.toContain(marker)
  const [whole, left] = await bothOf(requests, kept)
  expect(whole.calls.length).toBeGreaterThan(70)
  expect(sorted(left)).toEqual(sorted(whole))
})

/** Names under which instrumentations write what was asked and answered. */
const contentNames = [
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'gen_ai.system_instructions',
  'gen_ai.tool.definitions',
  'gen_ai.tool.call.arguments',
  'gen_ai.prompt.0.content',
  'gen_ai.completion.0.content',
  'gen_ai.prompt',
  'gen_ai.completion',
  'llm.input_messages.0.message.content',
  'llm.output_messages.3.message.tool_calls.0.tool_call.function.arguments',
  'llm.prompts',
  'input.value',
  'traceloop.entity.input',
  'traceloop.entity.output',
  'ai.prompt.messages',
  'ai.response.text',
  'ai.response.toolCalls',
  'langfuse.observation.input',
  'langfuse.observation.output',
  'langfuse.observation.status_message',
  'langsmith.metadata.question',
  'retrieval.documents.0.document.content',
  'mlflow.spanInputs',
  'prompt',
  'userPrompt',
  'http.request.body',
  'db.statement',
  'exception.message',
  'tool_input',
  'response.body',
]

const secret = fc.constantFrom(marker, `${marker} `.repeat(40), `{"messages":[{"content":"${marker}"}]}`)

const textual = (value: fc.Arbitrary<string>): fc.Arbitrary<object> => value.map((stringValue) => ({ stringValue })) // prettier-ignore
const nested = (value: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc.oneof(
    value,
    value.map((one) => ({ arrayValue: { values: [one, one] } })),
    value.map((one) => ({ kvlistValue: { values: [{ key: 'content', value: one }] } })),
  )
const count = fc.nat(5000)
const plain = fc.oneof(
  textual(fc.constantFrom('', '-', 'shop', 'gpt-4o', 'ünïcode 😀', 'x'.repeat(150), 'y'.repeat(350), '1.5', 'Infinity', '{"a":1}', '["b"]')),
  count.map((n) => ({ intValue: String(n) })),
  fc.double({ min: 0, max: 9, noNaN: true }).map((doubleValue) => ({ doubleValue })),
  fc.boolean().map((boolValue) => ({ boolValue })),
  fc.constant({ arrayValue: { values: [{ stringValue: 'stop' }, { stringValue: 'length' }] } }),
) // prettier-ignore

const labels = fc.constantFrom('plan', 'myLabel', 'status_of_work', 'langsmith.metadata.plan', 'metadata.tenant_name', 'tag.team', 'Überschrift', 'weird key/~"', 'prompt_version', 'cached', 'cost_center', 'credits_used', 'note', 'gen_ai.usage.new_tokens', 'http.url') // prettier-ignore

const attribute = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...knownNames), plain) },
  { weight: 2, arbitrary: fc.tuple(labels, plain) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...contentNames), nested(textual(secret))) },
  { weight: 1, arbitrary: fc.constant(['output.value', { stringValue: `{"id":"chatcmpl-0123456789abcdef","choices":["${marker}"]}` }] as const) },
  { weight: 1, arbitrary: fc.constant(['llm.invocation_parameters', { stringValue: `{"max_tokens":77,"temperature":0.70,"messages":"${marker}"}` }] as const) },
) // prettier-ignore

const hex = (digits: number): fc.Arbitrary<string> =>
  fc.bigInt(1n, 16n ** BigInt(digits) - 1n).map((n) => n.toString(16).padStart(digits, '0'))

/** No key stands twice: OTLP forbids it. */
const attributes = fc
  .uniqueArray(attribute, { selector: ([key]) => key, maxLength: 12 })
  .map((pairs) => pairs.map(([key, value]) => ({ key, value })))

const usage = fc.tuple(count, count).map(([input, output]) => [
  { key: 'gen_ai.request.model', value: { stringValue: 'gpt-4o' } },
  { key: 'gen_ai.usage.input_tokens', value: { intValue: input } },
  { key: 'gen_ai.usage.output_tokens', value: { intValue: output } },
])

const ids = { traceId: hex(32), spanId: hex(16) }
const nanos = fc.integer({ min: 1, max: 999_999_999 }).map((n) => `1790931600${String(n).padStart(9, '0')}`)
const unique = (list: { key: string }[]): { key: string }[] => [...new Map(list.map((one) => [one.key, one])).values()] // prettier-ignore

const span = fc.record({
  ...ids,
  parentSpanId: fc.constant(''),
  name: fc.constantFrom('chat gpt-4o', 'ai.generateText', 'ai.generateText.doGenerate', 'GET /', 'claude_code.llm_request'),
  startTimeUnixNano: nanos,
  endTimeUnixNano: fc.constant('1790931601999999999'),
  attributes: fc.tuple(attributes, fc.option(usage, { nil: [] })).map(([own, used]) => unique([...own, ...used])),
  events: fc.subarray([
    { name: 'gen_ai.user.message', timeUnixNano: '1790931601000000000', attributes: [{ key: 'content', value: { stringValue: marker } }] },
    { name: 'First Token Received', timeUnixNano: '1790931601100000000' },
    { name: 'exception', attributes: [{ key: 'exception.message', value: { stringValue: marker } }, { key: 'exception.type', value: { stringValue: 'RateLimit' } }] },
  ]),
  status: fc.constantFrom({}, { code: 2, message: 'overloaded' }, { code: 1 }, { message: marker }, { code: 2 }),
}) // prettier-ignore

const event = fc.record({
  ...ids,
  timeUnixNano: nanos,
  body: fc.constantFrom(
    { stringValue: 'claude_code.api_request' },
    { stringValue: 'Hello' },
    { stringValue: marker },
    { stringValue: `${marker} asked` },
    { kvlistValue: { values: [{ key: 'content', value: { stringValue: marker } }] } },
  ),
  attributes: fc.tuple(attributes, fc.option(usage, { nil: [] })).map(([own, used]) => unique([...own, ...used])),
}) // prettier-ignore

const ofProcess = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }, { key: 'deployment.environment.name', value: { stringValue: 'production' } }, { key: 'process.command_line', value: { stringValue: marker } }] } // prettier-ignore

test('of any spans and events, the same calls are read, and no text of a prompt is kept', async () => {
  const spans = fc.sample(fc.array(span, { minLength: 6, maxLength: 6 }), { numRuns: 40, seed: 7 })
  const events = fc.sample(fc.array(event, { minLength: 6, maxLength: 6 }), { numRuns: 16, seed: 8 })
  const requests = [
    ...spans.map((list) => ({
      resourceSpans: [{ resource: ofProcess, scopeSpans: [{ scope: { name: 'kit' }, spans: list }] }],
    })),
    ...events.map((list) => ({
      resourceLogs: [{ resource: ofProcess, scopeLogs: [{ scope: { name: 'kit' }, logRecords: list }] }],
    })),
  ].map((request) => JSON.stringify(request))
  const kept = requests.map(spooled).join('')
  expect(kept).not.toContain(marker)
  const [whole, left] = await bothOf(requests, kept)
  expect(whole.calls.length).toBeGreaterThan(100)
  const fields = new Set(whole.calls.flatMap((call) => Object.keys(call)))
  expect(fields).toContain('tags')
  expect(sorted(left)).toEqual(sorted(whole))
  const told = (doubts: readonly string[]): string[] => doubts.map((one) => one.replace(/\w+\.jsonl/, 'log'))
  expect(told(left.doubts)).toEqual(told(whole.doubts))
})
