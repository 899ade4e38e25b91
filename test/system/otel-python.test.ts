/**
 * What OpenTelemetry's SDK for Python writes with three makers' instrumentations of the clients of OpenAI and
 * Anthropic, which ask a provider on loopback: its log must hold the calls as the provider counted them.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sharedFolder } from '../e2e/program.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeProvider, type CountedCall, type FakeProvider } from './fake-provider.js'
import { pythonWith } from './python-env.js'
import { answered, callsIn, clients, costOf, counts, runPython, silent, type LoggedCall, type Told } from './python-logs.js' // prettier-ignore

const slow = 300_000

const python = await pythonWith([
  ...clients,
  'googleapis-common-protos==1.76.0',
  'openinference-instrumentation==0.1.72',
  'openinference-instrumentation-anthropic==3.1.0',
  'openinference-instrumentation-openai==0.1.66',
  'openinference-semantic-conventions==0.1.42',
  'opentelemetry-api==1.45.2',
  'opentelemetry-exporter-http-transport==0.66b1',
  'opentelemetry-exporter-otlp-common==0.66b1',
  'opentelemetry-exporter-otlp-json-common==0.66b1',
  'opentelemetry-exporter-otlp-json-file==0.66b1',
  'opentelemetry-instrumentation==0.66b2',
  'opentelemetry-instrumentation-anthropic==0.62.4',
  'opentelemetry-instrumentation-openai==0.62.4',
  'opentelemetry-instrumentation-openai-v2==2.4b0',
  'opentelemetry-proto-json==0.66b1',
  'opentelemetry-sdk==1.45.2',
  'opentelemetry-semantic-conventions==0.66b2',
  'opentelemetry-semantic-conventions-ai==0.5.1',
  'opentelemetry-util-genai==1.0b0',
  'packaging==26.4',
  'wrapt==2.5.2',
])

/** What a kit tells of calls, where it is not what the provider counted. */
interface Kit {
  readonly tells: (call: CountedCall) => CountedCall
  /** How often it tells of calls that failed in the end. */
  readonly errors: number
}

const kits: Readonly<Record<string, Kit>> = {
  // It knows no part of the input or output: its calls cost as if nothing had been cached.
  'openai-v2': { tells: (call) => ({ ...call, cached: 0, reasoning: 0 }), errors: 2 },
  openllmetry: {
    tells: (call) => {
      if (!call.streamed) return call
      // To a message it adds the one token that its stream is said to begin with; of a chat it loses the reasoning.
      if (call.api === 'messages') return { ...call, output: call.output + 1 }
      return call.api === 'completions' ? { ...call, reasoning: 0 } : call
    },
    // Anthropic's client tells its failure too, in a span beside it, and nothing says that the two are one.
    errors: 4,
  },
  openinference: { tells: (call) => call, errors: 3 },
}

describe.skipIf(python === undefined).each(Object.entries(kits))('%s', (kit, { tells, errors }) => {
  const cwd = sharedFolder()
  let provider: FakeProvider
  let calls: readonly LoggedCall[]
  let logged: string

  beforeAll(async () => {
    provider = await fakeProvider()
    const log = join(cwd, 'traces.jsonl')
    await runPython(python!, 'otel_calls.py', [kit, provider.url, log])
    const logs = [log, `${log}.events`].filter((path) => existsSync(path))
    logged = logs.map((path) => readFileSync(path, 'utf8')).join('')
    calls = await callsIn(cwd, logs)
  }, slow)

  afterAll(() => provider.close())

  test('each call is one, with the tokens and the cost that the provider counted', () => {
    const told: readonly Told[] = answered(provider).map(tells).map((call) => ({ ...call, cost: costOf(call) })) // prettier-ignore
    expect(told).toHaveLength(kit === 'openai-v2' ? 6 : 13)
    expect(counts(calls)).toEqual(counts(told))
    // A stream that was not asked for its usage: the call is there, and nobody knows its tokens.
    const unknown = calls.filter((call) => call.status === 'ok' && call.input === null)
    expect(unknown.map((call) => call.cost)).toEqual(silent(provider).map(() => null))
    expect(silent(provider)).toHaveLength(1)
    expect(calls.filter((call) => call.operation === 'embedding')).toHaveLength(1)
  })

  test('what failed costs nothing, and of tries that came to an answer none is a call', () => {
    const failed = calls.filter((call) => call.status === 'error')
    expect(failed.map((call) => [call.input, call.cost])).toEqual(failed.map(() => [null, '0']))
    expect(failed).toHaveLength(errors)
    expect(provider.calls.filter((call) => call.failed).length).toBeGreaterThan(errors)
  })

  test('nothing that was asked or answered is in the store', () => {
    expect(logged).toContain('MARKER-SECRET')
    expect(JSON.stringify(calls)).not.toContain('MARKER-SECRET')
    expect(calls.map((call) => call.feature)).toEqual(calls.map(() => 'shop'))
  })
})
