/**
 * What the real kits write: OpenTelemetry's SDK for JavaScript with its instrumentation of OpenAI's client, and
 * Vercel's AI SDK, ask a provider on loopback; their log must hold the calls as the provider counted them.
 */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runWell, sharedFolder } from '../e2e/program.js'
import { fakeProvider, type CountedCall, type FakeProvider } from './fake-provider.js'

const slow = 300_000
const cwd = sharedFolder()
let provider: FakeProvider
let log: string

beforeAll(async () => {
  provider = await fakeProvider()
  const kit = join(cwd, 'kit')
  cpSync(join(import.meta.dirname, 'otel-js'), kit, { recursive: true })
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], { cwd: kit, stdio: 'inherit', timeout: slow }) // prettier-ignore
  const child = spawn(process.execPath, ['calls.cjs', provider.url, provider.url], { cwd: kit, stdio: 'inherit' }) // prettier-ignore
  expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0)
  log = join(cwd, 'traces.jsonl')
  writeFileSync(log, provider.sent.map((line) => `${line}\n`).join(''))
  await runWell(['ingest', log, '--db', join(cwd, 'costs.duckdb')], { cwd })
}, slow)

afterAll(() => provider.close())

interface Row {
  readonly status: string
  readonly operation: string
  readonly model: string
  readonly feature: string | null
  readonly user_id: string | null
  readonly input_tokens: number | null
  readonly cache_read_input_tokens: number | null
  readonly output_tokens: number | null
  readonly finish_reason: string | null
}

async function callsRead(): Promise<readonly Row[]> {
  const sql = 'SELECT * FROM calls ORDER BY ts, call_id'
  const args = ['sql', sql, '--json', '--db', join(cwd, 'costs.duckdb')]
  return (JSON.parse(await runWell(args, { cwd })) as { rows: readonly Row[] }).rows
}

const told = (calls: readonly CountedCall[]): readonly CountedCall[] => calls.filter((call) => call.told)

test('each call of the provider is one, with the tokens that it counted and told', async () => {
  expect(provider.calls).toHaveLength(8)
  const calls = await callsRead()
  expect(calls).toHaveLength(provider.calls.length)
  const counted = calls.filter((call) => call.input_tokens !== null)
  const pairs = (list: readonly (readonly number[])[]): readonly string[] =>
    list.map((pair) => pair.join('/')).toSorted()
  expect(pairs(counted.map((call) => [call.input_tokens ?? 0, call.output_tokens ?? 0]))).toEqual(
    pairs(told(provider.calls).map((call) => [call.input, call.output])),
  )
  expect(calls.filter((call) => call.status === 'error')).toHaveLength(1)
  expect(calls.filter((call) => call.operation === 'embedding')).toHaveLength(2)
}) // prettier-ignore

test("the kit's outer spans count nothing again, and its labels are read", async () => {
  const kit = (await callsRead()).filter((call) => call.feature === 'kit')
  expect(kit).toHaveLength(3)
  expect(kit.map((call) => call.user_id)).toEqual(['u-1', 'u-1', 'u-1'])
  expect(kit.map((call) => call.cache_read_input_tokens ?? 0)).toEqual([1024, 1024, 0])
})

test('nothing that was asked or answered is in the store', async () => {
  const calls = await callsRead()
  expect(provider.sent.join()).toContain('MARKER-SECRET')
  expect(JSON.stringify(calls)).not.toContain('MARKER-SECRET')
})
