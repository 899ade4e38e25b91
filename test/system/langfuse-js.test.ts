/** What Langfuse's client sends of calls to a provider on loopback must hold them as the provider counted them. */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sharedFolder } from '../e2e/program.js'
import { fakeProvider, type FakeProvider } from './fake-provider.js'
import { answered, callsIn, costOf, counts, type LoggedCall, type Told } from './python-logs.js'

const slow = 300_000
const cwd = sharedFolder()
let provider: FakeProvider
let calls: readonly LoggedCall[]

beforeAll(async () => {
  provider = await fakeProvider()
  const kit = join(cwd, 'kit')
  cpSync(join(import.meta.dirname, 'langfuse-js'), kit, { recursive: true })
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], { cwd: kit, stdio: 'inherit', timeout: slow }) // prettier-ignore
  const child = spawn(process.execPath, ['calls.mjs', provider.url, provider.url], { cwd: kit, stdio: 'inherit' }) // prettier-ignore
  expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0)
  const log = join(cwd, 'traces.jsonl')
  writeFileSync(log, provider.sent.map((line) => `${line}\n`).join(''))
  calls = await callsIn(cwd, [log])
}, slow)

afterAll(() => provider.close())

test('each call is one, with the tokens and the cost of those that the client tells', () => {
  // It tells no usage of embeddings.
  const told: readonly Told[] = answered(provider)
    .filter((call) => call.api !== 'embeddings')
    .map((call) => ({ ...call, cost: costOf(call) }))
  expect(told).toHaveLength(4)
  expect(calls).toHaveLength(provider.calls.length)
  expect(counts(calls)).toEqual(counts(told))
})

test('what failed is an error that costs nothing, and who asked is known of each', () => {
  expect(calls.filter((call) => call.status === 'error').map((call) => call.cost)).toEqual(['0'])
  expect(new Set(calls.map((call) => [call.user, call.session, call.feature].join()))).toEqual(new Set(['ada,s-1,shop'])) // prettier-ignore
})

test('nothing that was asked or answered is in the store', () => {
  expect(provider.sent.join()).toContain('MARKER-SECRET')
  expect(JSON.stringify(calls)).not.toContain('MARKER-SECRET')
})
