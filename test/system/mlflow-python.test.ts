/**
 * What the real MLflow writes of the calls of OpenAI's client: its traces and its database must each tell the calls
 * as the provider on loopback counted them.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runWell, sharedFolder } from '../e2e/program.js'
import { fakeProvider, type FakeProvider } from './fake-provider.js'
import { pythonWith } from './python-env.js'

const slow = 300_000
const requirements = readFileSync(join(import.meta.dirname, 'python', 'mlflow-packages.txt'), 'utf8')
  .trim()
  .split('\n')
const python = await pythonWith(requirements)

describe.skipIf(python === undefined)('MLflow', () => {
  const cwd = sharedFolder()
  let provider: FakeProvider

  beforeAll(async () => {
    provider = await fakeProvider()
    await promisify(execFile)(python!, [join(import.meta.dirname, 'python', 'mlflow_calls.py'), provider.url, join(cwd, 'mlflow.db'), join(cwd, 'traces.jsonl')], { cwd, timeout: slow }) // prettier-ignore
  }, slow)

  afterAll(() => provider.close())

  interface Row {
    readonly status: string
    readonly operation: string
    readonly user_id: string | null
    readonly session_id: string | null
    readonly feature: string | null
    readonly input_tokens: number | null
    readonly cache_read_input_tokens: number | null
    readonly output_tokens: number | null
    readonly reasoning_output_tokens: number | null
    readonly cost_usd: string | null
  }

  async function callsOf(file: string): Promise<readonly Row[]> {
    const db = join(cwd, `${file}.duckdb`)
    await runWell(['ingest', join(cwd, file), '--db', db], { cwd })
    const args = ['sql', 'SELECT * FROM calls ORDER BY ts, call_id', '--json', '--db', db]
    return (JSON.parse(await runWell(args, { cwd })) as { rows: readonly Row[] }).rows
  }

  test.each(['traces.jsonl', 'mlflow.db'])(
    '%s: each call of the provider is one, as it counted it',
    async (file) => {
      expect(provider.calls).toHaveLength(6)
      const calls = await callsOf(file)
      expect(calls).toHaveLength(6)
      expect(calls.map((call) => [call.input_tokens, call.cache_read_input_tokens ?? 0, call.output_tokens ?? 0, call.reasoning_output_tokens ?? 0])).toEqual(
        provider.calls.map(({ told, input, cached, output, reasoning }) => told ? [input, cached, output, reasoning] : [null, 0, 0, 0]),
      ) // prettier-ignore
      expect(calls.map((call) => call.operation)).toEqual([
        'chat',
        'chat',
        'chat',
        'chat',
        'embedding',
        'chat',
      ])
      expect(calls.map((call) => call.status)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'error'])
      // GPT-4o mini: 0.15 in, 0.075 cached, 0.60 out per million; the embedding 0.02.
      const { input, cached, output } = provider.calls[0]!
      const dollars = ((input - cached) * 0.15 + cached * 0.075 + output * 0.6) / 1e6
      expect(Number(calls[0]!.cost_usd)).toBeCloseTo(dollars, 12)
      expect(Number(calls[4]!.cost_usd)).toBeCloseTo((provider.calls[4]!.input * 0.02) / 1e6, 12)
      expect(calls.slice(1, 5).map((call) => [call.feature, call.user_id, call.session_id])).toEqual(
        Array.from({ length: 4 }, () => ['answer', 'user-1', 'session-1']),
      )
    },
    slow,
  )
})
