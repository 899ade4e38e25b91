/** `llmcost listen` and its readers against OpenTelemetry's SDK for Python and Google's own library of protobuf. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { fromJson } from '../../src/listen/from-json.js'
import { fromProtobuf } from '../../src/listen/from-protobuf.js'
import { logsRequest, traceRequest } from '../../src/listen/otlp-messages.js'
import { pinnedEnv, programPath, runWell, sharedFolder } from '../e2e/program.js'
import { pythonWith } from './python-env.js'

const python = await pythonWith([
  'certifi==2026.10.19.post1',
  'charset-normalizer==3.5.3',
  'googleapis-common-protos==1.76.0',
  'idna==3.20',
  'opentelemetry-api==1.45.2',
  'opentelemetry-exporter-http-transport==0.66b2',
  'opentelemetry-exporter-otlp-common==0.66b2',
  'opentelemetry-exporter-otlp-proto-common==1.45.2',
  'opentelemetry-exporter-otlp-proto-http==1.45.2',
  'opentelemetry-proto==1.45.2',
  'opentelemetry-sdk==1.45.2',
  'opentelemetry-semantic-conventions==0.66b2',
  'protobuf==7.36.2',
  'requests==2.34.2',
  'typing-extensions==4.16.0',
  'urllib3==2.8.0',
])

describe.skipIf(python === undefined)("OpenTelemetry's SDK for Python", () => {
  const cwd = sharedFolder()
  let requests: { kind: 'traces' | 'logs'; protobuf: string; json: string }[]
  let ended: string

  beforeAll(async () => {
    const listener = spawn(process.execPath, [programPath(), 'listen', '--port', '0', '--spool', 'otlp'], { cwd, env: pinnedEnv(cwd) }) // prettier-ignore
    let [stdout, stderr] = ['', '']
    listener.stdout.on('data', (bytes) => (stdout += String(bytes)))
    listener.stderr.on('data', (bytes) => (stderr += String(bytes)))
    while (!stderr.includes('listening at ')) await sleep(20)
    const url = /listening at (\S+),/.exec(stderr)![1]!
    const program = join(import.meta.dirname, 'python', 'otlp_sends.py')
    const sender = spawn(python!, [program, url], { env: { PATH: process.env['PATH'] ?? '' }, stdio: ['ignore', 'pipe', 'inherit'] }) // prettier-ignore
    const parts: Buffer[] = []
    sender.stdout.on('data', (part: Buffer) => parts.push(part))
    expect(await new Promise((resolve) => sender.on('close', resolve))).toBe(0)
    requests = Buffer.concat(parts).toString().trim().split('\n').map((line) => JSON.parse(line) as (typeof requests)[number]) // prettier-ignore
    const closed = new Promise((resolve) => listener.on('close', resolve))
    listener.kill('SIGTERM')
    await closed
    ended = stdout
  }, 300_000)

  test('its calls are in the store, each once', async () => {
    expect(ended).toMatch(/^Ended\. 2 requests brought 22 spans and 0 log records\.\n/)
    await runWell(['ingest', 'otlp', '--db', 'calls.duckdb'], { cwd })
    const sql = 'SELECT feature, finish_reason, input_tokens, count(*) AS calls FROM calls GROUP BY ALL ORDER BY input_tokens' // prettier-ignore
    const answer = await runWell(['sql', sql, '--json', '--db', 'calls.duckdb'], { cwd })
    expect((JSON.parse(answer) as { rows: unknown }).rows).toEqual(
      Array.from({ length: 10 }, (_, i) => ({ feature: 'shop', finish_reason: 'stop', input_tokens: 1000 + i, calls: 2 })), // prettier-ignore
    )
  })

  test('any request is read as Google reads it, to the last digit', () => {
    expect(requests).toHaveLength(600)
    for (const { kind, protobuf, json } of requests) {
      const message = kind === 'logs' ? logsRequest : traceRequest
      expect(fromProtobuf(Buffer.from(protobuf, 'base64'), message)).toEqual(fromJson(json, message))
    }
    const all = requests.map(({ json }) => json).join()
    for (const told of ['9223372036854775807', '18446744073709551615', 'NaN', 'kvlistValue'])
      expect(all).toContain(told)
  })
})
