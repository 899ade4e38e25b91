/**
 * What LangSmith's client sends of calls to a provider on loopback, by its wrappers and from LangChain; a run is what
 * was sent at its start and its end, as an export has it.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sharedFolder } from '../e2e/program.js'
import { fakeProvider, type FakeProvider } from './fake-provider.js'
import { pythonWith } from './python-env.js'
import { answered, callsIn, clients, costOf, counts, runPython, silent, type LoggedCall, type Told } from './python-logs.js' // prettier-ignore

const python = await pythonWith([
  ...clients,
  'PyYAML==6.0.4',
  'charset-normalizer==3.5.3',
  'jsonpatch==1.48',
  'jsonpointer==3.12',
  'langchain-anthropic==1.7.10',
  'langchain-core==1.8.3',
  'langchain-openai==1.7.4',
  'langchain-protocol==0.0.20',
  'langsmith==0.15.1',
  'opentelemetry-api==1.45.2',
  'orjson==3.13.0',
  'packaging==26.4',
  'regex==2026.11.19',
  'requests==2.34.2',
  'requests-toolbelt==1.0.0',
  'tenacity==9.2.1',
  'tiktoken==0.14.0',
  'urllib3==2.8.0',
  'uuid-utils==0.19.0',
  'websockets==17.4',
  'xxhash==4.1.0',
  'zstandard==0.25.0',
])

type Run = Readonly<Record<string, unknown>>

/** The runs as the platform gives them: it adds how each ended, and what those below a chain count. */
function runsOf(sent: readonly string[]): readonly Run[] {
  const runs = new Map<unknown, Run>()
  for (const text of sent.filter((body) => body.startsWith('{'))) {
    const body = JSON.parse(text) as Run
    if (body['id'] === undefined) continue
    const told = Object.entries(body).filter(([, value]) => value !== null)
    runs.set(body['id'], { parent_run_id: null, ...runs.get(body['id']), ...Object.fromEntries(told) })
  }
  return [...runs.values()].map((run) => ({
    ...run,
    status: run['error'] === undefined ? 'success' : 'error',
    ...(run['run_type'] === 'chain'
      ? { prompt_tokens: 9_000_000, completion_tokens: 9_000_000, total_tokens: 18_000_000 }
      : {}),
  }))
}

describe.skipIf(python === undefined)('runs', () => {
  const cwd = sharedFolder()
  let provider: FakeProvider
  let runs: readonly Run[]
  let calls: readonly LoggedCall[]

  beforeAll(async () => {
    provider = await fakeProvider()
    await runPython(python!, 'langsmith_calls.py', [provider.url, provider.url])
    runs = runsOf(provider.sent)
    const log = join(cwd, 'runs.jsonl')
    writeFileSync(log, runs.map((run) => `${JSON.stringify(run)}\n`).join(''))
    calls = await callsIn(cwd, [log])
  }, 500_000)

  afterAll(() => provider.close())

  test('each call is one, with the tokens and the cost that the provider counted, and chains are none', () => {
    expect(runs.filter((run) => run['run_type'] === 'chain').length).toBeGreaterThan(1)
    const told: readonly Told[] = answered(provider).map((call) => ({ ...call, cost: costOf(call) }))
    expect(counts(calls)).toEqual(counts(told))
    const unknown = calls.filter((call) => call.status === 'ok' && call.input === null)
    expect(unknown.map((call) => call.cost)).toEqual(silent(provider).map(() => null))
    expect(calls.map((call) => call.partly)).toEqual(calls.map(() => false))
  })

  test('what failed costs nothing, and of tries that came to an answer none is a call', () => {
    const failed = calls.filter((call) => call.status === 'error')
    expect(failed.map((call) => call.cost)).toEqual(['0', '0', '0'])
  })

  test('nothing that was asked or answered is in the store', () => {
    expect(JSON.stringify(runs)).toContain('MARKER-SECRET')
    expect(JSON.stringify(calls)).not.toContain('MARKER-SECRET')
  })
})
