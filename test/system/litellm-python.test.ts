/** What LiteLLM tells its callbacks of calls to a provider on loopback, written a line each, as people log to files. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sharedFolder } from '../e2e/program.js'
import { fakeProvider, type FakeProvider } from './fake-provider.js'
import { pythonWith } from './python-env.js'
import { answered, callsIn, clients, costOf, counts, runPython, type LoggedCall, type Told } from './python-logs.js' // prettier-ignore

/** Without what it needs for other clouds, which is a quarter of a gigabyte. */
const python = await pythonWith([
  ...clients.filter((one) => !one.startsWith('anthropic')),
  'PyYAML==6.0.4',
  'aiohappyeyeballs==2.7.1',
  'aiohttp==3.14.5',
  'aiosignal==1.4.0',
  'attrs==26.1.0',
  'charset-normalizer==3.5.3',
  'click==8.5.1',
  'fastuuid==0.14.0',
  'frozenlist==1.8.0',
  'h2==4.4.1',
  'hpack==4.2.0',
  'hyperframe==6.1.0',
  'importlib-metadata==8.9.0',
  'Jinja2==3.1.6',
  'jsonschema==4.26.0',
  'jsonschema-specifications==2025.9.1',
  'litellm==1.110.2',
  'MarkupSafe==3.0.4',
  'multidict==7.2.1',
  'packaging==26.4',
  'propcache==0.5.4',
  'pydantic-settings==2.16.3',
  'python-dotenv==1.2.4',
  'referencing==0.37.0',
  'regex==2026.11.19',
  'requests==2.34.2',
  'rpds-py==2026.9.1',
  'tiktoken==0.14.0',
  'tqdm==4.70.1',
  'urllib3==2.8.0',
  'yarl==1.25.1',
  'zipp==4.1.2',
])

describe.skipIf(python === undefined)('payloads for logging', () => {
  const cwd = sharedFolder()
  const log = join(cwd, 'payloads.jsonl')
  let provider: FakeProvider
  let calls: readonly LoggedCall[]

  beforeAll(async () => {
    provider = await fakeProvider()
    await runPython(python!, 'litellm_calls.py', [provider.url, log])
    calls = await callsIn(cwd, [log])
  }, 300_000)

  afterAll(() => provider.close())

  test('each call is one, with the tokens and the cost that the provider counted', () => {
    // Asked for a stream, it asks for the usage by itself: all that was answered is told.
    const told: readonly Told[] = answered(provider).map((call) => ({ ...call, cost: costOf(call) }))
    expect(told).toHaveLength(9)
    expect(counts(calls.filter((call) => call.status === 'ok'))).toEqual(counts(told))
    expect(calls.filter((call) => call.operation === 'embedding')).toHaveLength(1)
  })

  test('the kit counts the same costs', () => {
    const reported = calls.filter((call) => call.status === 'ok')
    expect(reported.map((call) => call.reported)).toEqual(reported.map((call) => call.cost))
    expect(calls.map((call) => call.partly)).toEqual(calls.map(() => false))
  })

  test('what failed costs nothing, and of tries that came to an answer none is a call', () => {
    const failed = calls.filter((call) => call.status === 'error')
    expect(failed.map((call) => call.cost)).toEqual(['0', '0', '0'])
    expect(provider.calls.filter((call) => call.failed)).toHaveLength(5)
  })

  test('nothing that was asked or answered is in the store', () => {
    expect(readFileSync(log, 'utf8')).toContain('MARKER-SECRET')
    expect(JSON.stringify(calls)).not.toContain('MARKER-SECRET')
  })
})
