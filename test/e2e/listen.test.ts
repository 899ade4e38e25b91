/** `llmcost listen` as programs meet it: the SDK's exporters, both encodings, kills in the middle, a second listener. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request as ask } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { expect, onTestFinished, test } from 'vitest'
import { ask as askStore } from '../property/ingesting.js'
import { emptyFolder, pinnedEnv, programPath, run } from './program.js'
import { runWarmWell } from './together.js'

const marker = 'MARKER-SECRET'

interface Listener {
  readonly child: ChildProcess
  readonly url: string
  /** How it ended, and what it said. */
  readonly end: (signal: NodeJS.Signals) => Promise<{ code: number | null; stdout: string; stderr: string }>
}

async function listener(cwd: string, ...args: string[]): Promise<Listener> {
  const child = spawn(process.execPath, [programPath(), 'listen', '--port', '0', ...args], { cwd, env: pinnedEnv(cwd) }) // prettier-ignore
  onTestFinished(() => void child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (bytes) => (stdout += String(bytes)))
  child.stderr.on('data', (bytes) => (stderr += String(bytes)))
  const closed = new Promise<number | null>((done) => child.on('close', done))
  while (!/listening at \S+,/.test(stderr)) {
    if (child.exitCode !== null) throw new Error(stderr)
    await sleep(20)
  }
  return {
    child,
    url: /listening at (\S+),/.exec(stderr)![1]!,
    end: async (signal) => {
      child.kill(signal)
      return { code: await closed, stdout, stderr }
    },
  }
}

const resource = resourceFromAttributes({ 'service.name': 'shop', 'deployment.environment.name': 'production' }) // prettier-ignore

/** One for all: the SDK tells scopes apart by what they are in memory. */
const instrumentationScope = { name: 'kit', version: '1.0' }

/** A call of gpt-4o, with what was asked and answered. @param id of the call, and its count of tokens */
const spanOf = (id: number): ReadableSpan => ({
  name: 'chat gpt-4o',
  kind: SpanKind.CLIENT,
  spanContext: () => ({ traceId: id.toString(16).padStart(32, 'a'), spanId: id.toString(16).padStart(16, 'b'), traceFlags: 1 }),
  startTime: [1_790_931_600 + (id % 1000), 1],
  endTime: [1_790_931_602 + (id % 1000), 500_000_001],
  status: { code: SpanStatusCode.UNSET },
  attributes: {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.request.temperature': 0.7,
    'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.usage.input_tokens': 1000 + id,
    'gen_ai.usage.output_tokens': 100,
    'gen_ai.input.messages': JSON.stringify([{ role: 'user', content: marker }]),
    'user.id': `u${id % 3}`,
    plan: 'pro',
  },
  events: [{ name: 'gen_ai.choice', time: [1_790_931_602, 0], attributes: { message: marker } }],
  links: [], duration: [2, 500_000_000], ended: true, resource, instrumentationScope,
  droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0,
}) // prettier-ignore

function post(url: string, body: Uint8Array | string, headers: Record<string, string>, agent?: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = ask(url, { method: 'POST', headers, ...(agent === undefined ? {} : { agent }) }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!)).on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
} // prettier-ignore

const protobuf = { 'Content-Type': 'application/x-protobuf' }
const json = { 'Content-Type': 'application/json' }
const gzip = { 'Content-Encoding': 'gzip' }

const spoolOf = (cwd: string): string =>
  readdirSync(join(cwd, 'otlp'))
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readFileSync(join(cwd, 'otlp', name), 'utf8'))
    .join('')

async function callsOf(cwd: string, source: string): Promise<readonly object[]> {
  const db = join(cwd, `${source}.duckdb`)
  await runWarmWell(['ingest', source, '--db', db], { cwd })
  return askStore(db, 'SELECT * EXCLUDE (file_id, line) FROM calls ORDER BY call_id')
}

test('protobuf, JSON, packed or not: the same calls; what nobody reads is not on the disk', async () => {
  const cwd = emptyFolder()
  const spans = [1, 2, 3].map(spanOf)
  const bodies: readonly (readonly [Uint8Array, Record<string, string>])[] = [
    [ProtobufTraceSerializer.serializeRequest(spans)!, protobuf],
    [gzipSync(ProtobufTraceSerializer.serializeRequest(spans)!), { ...protobuf, ...gzip }],
    [JsonTraceSerializer.serializeRequest(spans)!, json],
    [gzipSync(JsonTraceSerializer.serializeRequest(spans)!), { ...json, ...gzip }],
  ]
  const { url, end } = await listener(cwd, '--spool', 'otlp')
  for (const [body, headers] of bodies) expect(await post(`${url}/v1/traces`, body, headers)).toBe(200)
  const lines = spoolOf(cwd).split('\n').slice(0, -1)
  expect([...new Set(lines)]).toEqual([lines[0]])
  expect(lines).toHaveLength(4)
  expect(spoolOf(cwd)).not.toContain(marker)
  // A second one on the same spool is refused, and this one goes on.
  const second = await run(['listen', '--port', '0', '--spool', 'otlp'], { cwd })
  expect([second.code, second.stderr]).toEqual([1, expect.stringContaining('another listener has this spool')]) // prettier-ignore
  const ended = await end('SIGTERM')
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Ended\. 4 requests brought 12 spans and 0 log records\.\n/) as unknown }) // prettier-ignore
  const calls = await callsOf(cwd, 'otlp')
  expect(calls).toHaveLength(3)
  expect(calls[0]).toMatchObject({ model: 'gpt-4o', user_id: 'u1', feature: 'shop', environment: 'production', input_tokens: 1001, output_tokens: 100, temperature: 0.7, finish_reason: 'stop' }) // prettier-ignore
}, 60_000)

test("the SDK's own exporters of traces and logs are answered as they expect", async () => {
  const cwd = emptyFolder()
  const { url, end } = await listener(cwd, '--spool', 'otlp', '--host', 'localhost')
  const exported = async (exporter: {
    export: (items: never, done: (result: { code: number }) => void) => void
    shutdown: () => Promise<void>
  }, items: unknown): Promise<number> => {
    const code = await new Promise<number>((done) => exporter.export(items as never, (result) => done(result.code)))
    await exporter.shutdown()
    return code
  } // prettier-ignore
  expect(await exported(new ProtobufExporter({ url: `${url}/v1/traces` }), [spanOf(1)])).toBe(0)
  expect(await exported(new JsonExporter({ url: `${url}/v1/traces`, compression: 'gzip' as never }), [spanOf(2)])).toBe(0) // prettier-ignore
  const event = {
    hrTime: [1_790_931_600, 5],
    hrTimeObserved: [1_790_931_600, 6],
    body: 'claude_code.api_request',
    attributes: { 'event.name': 'api_request', 'session.id': 's-1', model: 'claude-haiku-4-5-20251001', input_tokens: 310, output_tokens: 42, cost_usd: 0.00052, prompt: marker, request_id: 'req_0123456789abcdef' },
    resource, instrumentationScope: { name: 'com.anthropic.claude_code.events' }, droppedAttributesCount: 0,
  } as unknown as ReadableLogRecord // prettier-ignore
  expect(await exported(new OTLPLogExporter({ url: `${url}/v1/logs` }), [event])).toBe(0)
  expect((await end('SIGINT')).stdout).toMatch(/^Ended\. 3 requests brought 2 spans and 1 log record\.\n/)
  expect(spoolOf(cwd)).not.toContain(marker)
  const calls = (await callsOf(cwd, 'otlp')) as { input_tokens: bigint | number }[]
  expect(calls.map((call) => Number(call.input_tokens)).toSorted((a, b) => a - b)).toEqual([310, 1001, 1002])
}, 60_000)

test('killed at any moment while many send: all that was answered is there, once, and nothing torn', async () => {
  const cwd = emptyFolder()
  const answered = new Set<number>()
  let sent = 0
  for (const delay of [150, 400, 90]) {
    const { url, child } = await listener(cwd, '--spool', 'otlp')
    const agent = new Agent({ keepAlive: true, maxSockets: 24 })
    const ids: number[] = []
    const sender = async (): Promise<void> => {
      for (;;) {
        // What got no answer is sent again, as exporters do.
        const id = ids.pop() ?? sent++
        const body = ProtobufTraceSerializer.serializeRequest([spanOf(2 * id), spanOf(2 * id + 1)])!
        const status = await post(`${url}/v1/traces`, gzipSync(body), { ...protobuf, ...gzip }, agent).catch(() => 0) // prettier-ignore
        if (status === 200) answered.add(id)
        else {
          ids.push(id)
          if (child.signalCode !== null || child.killed) return
        }
      }
    }
    const senders = Promise.all(Array.from({ length: 24 }, sender))
    await sleep(delay)
    child.kill('SIGKILL')
    await senders
    agent.destroy()
  }
  expect(answered.size).toBeGreaterThan(20)
  // The next one finds the spool in order.
  const { end } = await listener(cwd, '--spool', 'otlp')
  await end('SIGTERM')
  for (const line of spoolOf(cwd).split('\n').slice(0, -1)) JSON.parse(line)
  const calls = (await callsOf(cwd, 'otlp')) as { call_id: string; input_tokens: bigint }[]
  const counts = calls.map((call) => Number(call.input_tokens) - 1000)
  expect(new Set(counts).size).toBe(counts.length)
  expect([...answered].filter((id) => !counts.includes(2 * id) || !counts.includes(2 * id + 1))).toEqual([])
}, 120_000)

test('what it cannot do is told in one line, and what it does on an open address, too', async () => {
  const cwd = emptyFolder()
  const refusals = []
  writeFileSync(join(cwd, 'file'), '')
  for (const args of [['--port', '99999'], ['--port', 'x'], ['--spool', 'file/otlp'], ['--spool', '/proc/none'], ['--host', '203.0.113.1', '--port', '0']]) {
    const { code, stderr } = await run(['listen', ...args], { cwd })
    refusals.push([code, stderr.split('\n').find((line) => line.startsWith('llmcost: '))])
  }
  expect(refusals).toEqual([
    [2, 'llmcost: --port 99999 is no port'],
    [2, 'llmcost: --port x is no port'],
    [1, `llmcost: ${join(cwd, 'file/otlp')}: a part of the path is a file, not a folder`],
    [1, 'llmcost: /proc/none: no such file or folder'],
    [1, 'llmcost: 203.0.113.1:0: no program can listen there (EADDRNOTAVAIL)'],
  ])
  const { end } = await listener(cwd, '--db', 'calls.duckdb', '--host', '0.0.0.0')
  expect((await end('SIGTERM')).stderr).toContain('0.0.0.0 can be reached from other machines, and asks for no password') // prettier-ignore
  expect(readdirSync(join(cwd, 'calls.duckdb.otlp'))).toEqual([])
}, 60_000) // prettier-ignore

test('with watch beside it, what is sent is in the database a moment later', async () => {
  const cwd = emptyFolder()
  const watch = spawn(process.execPath, [programPath(), 'watch', 'otlp', '--db', 'w.duckdb'], { cwd, env: pinnedEnv(cwd) }) // prettier-ignore
  onTestFinished(() => void watch.kill('SIGKILL'))
  let said = ''
  watch.stderr.on('data', (bytes) => (said += String(bytes)))
  // Whichever of the two begins first.
  while (!said.includes('otlp')) await sleep(20)
  const { url, end } = await listener(cwd, '--spool', 'otlp')
  const cameIn = (): number => [...said.matchAll(/(\d+) calls? came in/g)].reduce((sum, [, n]) => sum + Number(n), 0) // prettier-ignore
  for (const id of [1, 2, 3]) {
    const body = ProtobufTraceSerializer.serializeRequest([spanOf(id)])!
    expect(await post(`${url}/v1/traces`, body, protobuf)).toBe(200)
    while (cameIn() < id) {
      if (watch.exitCode !== null) throw new Error(said)
      await sleep(50)
    }
  }
  await end('SIGTERM')
  const closed = new Promise((done) => watch.on('close', done))
  watch.kill('SIGTERM')
  expect(await closed).toBe(0)
}, 60_000)
