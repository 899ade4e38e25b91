/** The lines of docs/python.md, run as they stand: what they write is the tracker's record, however the process ends. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTracker, withCost } from '../../src/track/index.js'
import { emptyFolder } from '../e2e/program.js'
import { runWarmWell } from '../e2e/together.js'
import { ask } from '../property/ingesting.js'
import { Provider, secret } from '../unit/track/provider.js'
import { pythonWith } from './python-env.js'
import { clients } from './python-logs.js'

const page = readFileSync(new URL('../../docs/python.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```python\n([\s\S]*?)^```$/gm)].map(([, text]) => text!)
const [tracker = '', ofClients = '', example = ''] = blocks
const program = join(import.meta.dirname, 'python', 'tracking.py')

/** A folder with what the page says to copy. */
function application(): string {
  const folder = emptyFolder()
  writeFileSync(join(folder, 'llmcost_track.py'), tracker)
  writeFileSync(join(folder, 'llmcost_clients.py'), ofClients)
  return folder
}

const started = (cwd: string, args: readonly string[], python = 'python3'): ChildProcess =>
  spawn(python, [program, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '', PYTHONWARNINGS: 'ignore' },
  })

const ended = (child: ChildProcess): Promise<number | NodeJS.Signals | null> =>
  new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)))

interface Line {
  readonly tracked_by: string
  readonly call_id?: string
  readonly dropped_calls?: number
  readonly feature?: string
  readonly user_id?: string
}

/** The log; every line is whole. */
function logOf(cwd: string): Line[] {
  const folder = join(cwd, 'llm-calls')
  return readdirSync(folder).flatMap((name) => {
    expect(name).toMatch(/^calls-\d{4}-\d\d-\d\d-\d+-[0-9a-f]{8}\.jsonl$/)
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    const text = readFileSync(join(folder, name), 'utf8')
    expect(text).toMatch(/\n$/)
    return text.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Line) // prettier-ignore
  })
}

/** Numbers of the calls, in order. */
const numbers = (lines: readonly Line[]): number[] => lines.flatMap(({ call_id }) => call_id === undefined ? [] : [Number(call_id.slice(5))]).toSorted((a, b) => a - b) // prettier-ignore
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

test('no more than sixty lines, which Python 3.9 understands', () => {
  const lines = (text: string): number => text.split('\n').filter((line) => line.trim() !== '').length
  expect(lines(tracker)).toBeLessThanOrEqual(60)
  const check = 'import ast, sys\nfor text in sys.argv[1:]: ast.parse(text, feature_version=(3, 9))'
  execFileSync('python3', ['-c', check, tracker, ofClients, example])
  expect(tracker.match(/^(?:import|from) .*/gm)).toHaveLength(1)
})

test('threads and coroutines: every call once, each with its own labels', async () => {
  const cwd = application()
  expect(await ended(started(cwd, ['many']))).toBe(0)
  expect(numbers(logOf(cwd))).toEqual([...upTo(400), ...upTo(40).map((n) => 1000 + n)])
  await runWarmWell(['ingest', 'llm-calls', '--db', 'calls.duckdb'], { cwd })
  const sql = 'SELECT feature, count(*) AS calls, count(DISTINCT user_id) AS users, sum(input_tokens) AS input, min(tags[\'tier\']) AS tier FROM calls GROUP BY ALL ORDER BY feature' // prettier-ignore
  const rows = await ask(join(cwd, 'calls.duckdb'), sql)
  const input = (first: number, n: number): number => upTo(n).reduce((sum, i) => sum + 1000 + first + i, 0)
  expect(rows.map((row) => ({ ...row, input: Number(row['input']) }))).toEqual([
    { feature: 'async', calls: 40, users: 40, input: input(1000, 40), tier: null },
    ...upTo(8).map((n) => ({ feature: `thread-${n}`, calls: 50, users: 2, input: input(n * 50, 50), tier: 'pro' })),
  ]) // prettier-ignore
})

test('SIGTERM, and the end of a child that was forked: all is written, and nothing twice', async () => {
  const cwd = application()
  const child = started(cwd, ['end'])
  await new Promise((up) => child.stdout!.once('data', up))
  child.kill('SIGTERM')
  expect(await ended(child)).toBe('SIGTERM')
  expect(numbers(logOf(cwd))).toEqual(upTo(5))
  const other = application()
  expect(await ended(started(other, ['fork']))).toBe(0)
  expect(numbers(logOf(other))).toEqual([0, 1, 2])
})

test('killed at any moment: what was written is there, and no line is torn', async () => {
  const cwd = application()
  let sure = 0
  for (const delay of [80, 150]) {
    const child = started(cwd, ['loop'])
    let told = ''
    child.stdout!.on('data', (bytes) => (told += String(bytes)))
    while (told === '') await sleep(5)
    await sleep(delay)
    child.kill('SIGKILL')
    await ended(child)
    sure += Number(told.trim().split('\n').at(-1))
  }
  expect(sure).toBeGreaterThan(400)
  const lines = logOf(cwd)
  expect(lines.length).toBeGreaterThanOrEqual(sure)
  expect(lines.length).toBeLessThanOrEqual(sure + 2 * 200)
})

test('a full disk: nothing torn, what may wait is written later, and of what may not the number', async () => {
  const cwd = application()
  expect(await ended(started(cwd, ['full']))).toBe(0)
  const lines = logOf(cwd)
  const kept = numbers(lines)
  expect(kept.slice(0, 120)).toEqual(upTo(120))
  // What the writing thread has in hand at the moment is not counted among what waits.
  expect(kept.length).toBeLessThanOrEqual(125)
  const dropped = lines.reduce((sum, line) => sum + (line.dropped_calls ?? 0), 0)
  expect(kept.length + dropped).toBe(150)
  await runWarmWell(['ingest', 'llm-calls', '--db', 'calls.duckdb', '--max-rejects', '100%'], { cwd })
  const reasons = await ask(join(cwd, 'calls.duckdb'), 'SELECT reason FROM rejects ORDER BY line')
  const told = lines.filter((line) => line.dropped_calls !== undefined)
  expect(reasons).toEqual(told.map(() => ({ reason: expect.stringContaining('left calls out') as unknown })))
})

const python = await pythonWith([...clients, 'opentelemetry-api==1.45.2'])

describe.skipIf(python === undefined)('the clients of OpenAI and Anthropic', () => {
  let provider: Provider
  beforeAll(async () => {
    provider = await new Provider().start()
  })
  afterAll(() => provider.stop())

  test('the same calls as of the tracker for JavaScript; no word of a prompt', async () => {
    const cwd = application()
    expect(await ended(started(cwd, ['clients', provider.url], python))).toBe(0)
    const own = createTracker({ folder: join(cwd, 'of-javascript') })
    const messages = [{ role: 'user' as const, content: secret }]
    const openai = own.track(new OpenAI({ apiKey: 'none', baseURL: `${provider.url}/v1`, maxRetries: 0 }))
    const anthropic = own.track(new Anthropic({ apiKey: 'none', baseURL: provider.url, maxRetries: 0 }))
    await withCost({ feature: 'chat', user: 'u42', tags: { tier: 'pro' } }, async () => {
      await openai.chat.completions.create({ model: 'gpt-4o', temperature: 0.5, max_completion_tokens: 300, messages }) // prettier-ignore
      await anthropic.messages.create({ model: 'claude-opus-4-6', max_tokens: 200, messages })
      await openai.chat.completions.create({ model: 'broken', messages }).catch(() => undefined)
    })
    await own.close()
    const read = async (folder: string): Promise<readonly object[]> => {
      const db = join(cwd, `${folder}.duckdb`)
      await runWarmWell(['ingest', folder, '--db', db], { cwd })
      // Times, the hash of ids without one and the words for an error are each one's own.
      return ask(db, "SELECT * EXCLUDE (file_id, line, ts, latency_ms, ttft_ms, attempt, error, provider) REPLACE (CASE WHEN status = 'ok' THEN call_id END AS call_id) FROM calls ORDER BY request_model") // prettier-ignore
    }
    const calls = await read('llm-calls')
    expect(calls).toHaveLength(3)
    expect(calls).toEqual(await read('of-javascript'))
    const text = readdirSync(join(cwd, 'llm-calls')).map((name) => readFileSync(join(cwd, 'llm-calls', name), 'utf8')).join('') // prettier-ignore
    expect(text).not.toContain(secret)
    expect(text).toContain('"error": "InternalServerError"')
  })

  test("the page's own example", async () => {
    const cwd = application()
    writeFileSync(join(cwd, 'example.py'), example)
    const keys = { OPENAI_API_KEY: 'none', OPENAI_BASE_URL: `${provider.url}/v1`, ANTHROPIC_API_KEY: 'none', ANTHROPIC_BASE_URL: provider.url } // prettier-ignore
    const child = spawn(python!, ['example.py'], { cwd, stdio: 'inherit', env: keys })
    expect(await ended(child)).toBe(0)
    const told = logOf(cwd).map(({ call_id, feature, user_id }) => [call_id, feature, user_id])
    expect(told).toEqual([
      ['chatcmpl-1', 'chat', 'u42'],
      ['msg_1', 'chat', 'u42'],
    ])
  })
})
