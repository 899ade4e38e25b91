/** The tracker as an application installs it: both kinds of modules, how processes end, and the log read by the program. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Provider } from '../unit/track/provider.js'
import { emptyFolder, programPath } from './program.js'
import { runWarmWell } from './together.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** An application in a folder of its own, which has the package installed. */
function application(source: string, name = 'app.mjs'): string {
  const folder = emptyFolder()
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(dirname(dirname(programPath())), join(folder, 'node_modules', 'llmcost'))
  writeFileSync(join(folder, name), source)
  return folder
}

const running = (cwd: string, name = 'app.mjs', env = {}): ChildProcess =>
  spawn(process.execPath, [name], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })

const ended = (child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> =>
  new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))

/** The log; every line is whole. */
function logOf(cwd: string): Record<string, unknown>[] {
  const folder = join(cwd, 'llm-calls')
  return readdirSync(folder).flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    if (text === '') return []
    expect(text.endsWith('\n')).toBe(true)
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  })
}

const imported = "import { createTracker, withCost } from 'llmcost/track'\nconst tracker = createTracker()\n"
const recorded = "for (let i = 0; i < 5; i++) tracker.record({ call_id: 'c' + i })\n"

test.each([
  ['by itself', '', { code: 0, signal: null }],
  ['by exit', 'process.exit(3)', { code: 3, signal: null }],
  ['by an error', 'setTimeout(() => { throw new Error("x") })', { code: 1, signal: null }],
  ['by SIGTERM', 'setInterval(() => {}, 1e6); console.log("up")', { code: null, signal: 'SIGTERM' }],
  [
    'by SIGTERM that it listens to',
    'process.on("SIGTERM", () => setTimeout(() => { tracker.record({ call_id: "last" }); process.exit(0) }, 20)); setInterval(() => {}, 1e6); console.log("up")',
    { code: 0, signal: null },
  ],
])('a process that ends %s has written its calls', async (_, rest, how) => {
  const cwd = application(`${imported}${recorded}${rest}\n`)
  const child = running(cwd)
  if (rest.includes('"up"')) child.stdout!.once('data', () => child.kill('SIGTERM'))
  expect(await ended(child)).toEqual(how)
  const ids = logOf(cwd).map(({ call_id: id }) => id)
  expect(ids).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', ...(rest.includes('"last"') ? ['last'] : [])])
})

test('a call under way when the process ends is told as broken off', async () => {
  const cwd = application(`import { createServer } from 'node:http'
${imported}const server = createServer(() => { process.kill(process.pid, 'SIGTERM') }).listen(0, () => {
  const url = 'http://127.0.0.1:' + server.address().port + '/v1/chat/completions'
  withCost({ feature: 'f' }, () => tracker.fetch()(url, { method: 'POST', body: '{"model":"gpt-4o"}' }))
})
`)
  expect(await ended(running(cwd))).toEqual({ code: null, signal: 'SIGTERM' })
  expect(logOf(cwd)).toMatchObject([
    { request_model: 'gpt-4o', feature: 'f', status: 'error', error: 'aborted' },
  ])
})

test('a kill tears no line and costs the last batch at most', async () => {
  const source = `import { createTracker } from 'llmcost/track'
const tracker = createTracker({ flushMs: 5 })
let i = 0
setInterval(() => { for (let n = 0; n < 20; n++) tracker.record({ call_id: 'c' + i++, tags: { text: 'x'.repeat(150) } }); process.stdout.write(i + '\\n') }, 1)
`
  for (const wait of [30, 75, 140]) {
    const cwd = application(source)
    const child = running(cwd)
    let told = 0
    child.stdout!.on('data', (data: Buffer) => (told = Number(data.toString().trim().split('\n').at(-1))))
    await new Promise((resolve) => child.stdout!.once('data', resolve))
    await sleep(wait)
    child.kill('SIGKILL')
    await ended(child)
    const ids = logOf(cwd).map(({ call_id: id }) => Number(String(id).slice(1)))
    expect(ids).toEqual(ids.map((_, i) => i))
    // Two batches: one was being written, one waited.
    expect(ids.length).toBeGreaterThanOrEqual(told - 2 * 256 - 200)
  }
})

test('an application of the other kind of modules has it too, and loads nothing else', async () => {
  const cwd = application(
    `const { createTracker } = require('llmcost/track')
createTracker().record({ call_id: 'r' })
console.log(Object.keys(require.cache).length)
`,
    'app.cjs',
  )
  const child = running(cwd, 'app.cjs')
  let out = ''
  child.stdout!.on('data', (data: Buffer) => (out += data.toString()))
  await ended(child)
  // The application and the tracker.
  expect(out).toBe('2\n')
  expect(logOf(cwd)).toMatchObject([{ call_id: 'r' }])
})

test('its log is read by the program: every call, its labels, and what it costs', async () => {
  const cwd = application(`${imported}
const models = [['gpt-4o', 2.5, 1.25, 10], ['gpt-4o-mini', 0.15, 0.075, 0.6]]
let usd = 0n
for (let i = 0; i < 600; i++) {
  const [model, fresh, cached, output] = models[i % 2]
  withCost({ feature: 'f' + (i % 3), user: 'u' + (i % 7), tier: 'pro' }, () => tracker.record({
    provider: 'openai', request_model: model, input_tokens: 100 + i, cache_read_input_tokens: i % 50, output_tokens: i,
    finish_reason: 'stop', latency_ms: i + 0.5, attempt: 1,
  }))
  const price = (usdPerMillion) => BigInt(Math.round(usdPerMillion * 1e6))
  usd += BigInt(100 + i - (i % 50)) * price(fresh) + BigInt(i % 50) * price(cached) + BigInt(i) * price(output)
}
tracker.record({ provider: 'openai', request_model: 'gpt-4o', status: 'error', error: 'http_429' })
tracker.record({ provider: 'openai', request_model: 'gpt-4o', finish_reason: 'stop' })
console.log(String(usd))
`)
  const child = running(cwd)
  let out = ''
  child.stdout!.on('data', (data: Buffer) => (out += data.toString()))
  await ended(child)
  await runWarmWell(['ingest', 'llm-calls', '--db', 'calls.duckdb'], { cwd })
  const stdout = await runWarmWell(
    ['sql', 'SELECT count(*) AS calls, sum(cost_usd) AS usd, count(DISTINCT user_id) AS users, count(*) FILTER (tags[\'tier\'] = \'pro\') AS pro, count(*) FILTER (status = \'error\') AS failed, sum(latency_ms) AS ms, count(*) FILTER (partly_priced) AS partly FROM calls', '--db', 'calls.duckdb', '--format', 'csv'], // prettier-ignore
    { cwd },
  )
  const [, row = ''] = stdout.trim().split('\n')
  const [calls, usd = '', users, pro, failed, ms, partly] = row.split(',')
  expect([calls, users, pro, failed, partly]).toEqual(['602', '7', '600', '1', '0'])
  expect(Number(ms)).toBe((599 * 600) / 2 + 300)
  // Whole 1e-12 dollars.
  const [whole = '', cents = ''] = usd.split('.')
  expect(BigInt(whole + cents.padEnd(12, '0'))).toBe(BigInt(out.trim()))
  const again = await runWarmWell(['ingest', 'llm-calls', '--db', 'calls.duckdb', '--json'], { cwd })
  expect(JSON.parse(again)).toMatchObject({ totals: { imported: 0 } })
})

test('calls of a server that gives every answer one id are kept apart, each once', async () => {
  const cwd = application(`${imported}
for (let i = 0; i < 4; i++) tracker.record({ call_id: 'chatcmpl-1', request_model: 'gpt-4o', input_tokens: 10 + i, output_tokens: 5 })
`)
  expect(await ended(running(cwd))).toEqual({ code: 0, signal: null })
  const ingested = async (): Promise<unknown> =>
    (
      JSON.parse(await runWarmWell(['ingest', 'llm-calls', '--db', 'calls.duckdb', '--json'], { cwd })) as {
        totals: { imported: unknown }
      }
    ).totals.imported
  expect([await ingested(), await ingested()]).toEqual([4, 0])
  // Read again under another name.
  const [name] = readdirSync(join(cwd, 'llm-calls'))
  writeFileSync(join(cwd, 'llm-calls', 'copy.jsonl'), readFileSync(join(cwd, 'llm-calls', name!)))
  expect(await ingested()).toBe(0)
})

test('the examples of its page write down what they call', async () => {
  const page = readFileSync(join(root, 'docs/track.md'), 'utf8')
  const examples = [...page.matchAll(/```js\n(.*?)```/gs)].map(([, source]) => source!)
  const provider = await new Provider().start()
  const env = {
    OPENAI_API_KEY: 'k',
    ANTHROPIC_API_KEY: 'k',
    OPENAI_BASE_URL: `${provider.url}/v1`,
    ANTHROPIC_BASE_URL: provider.url,
  }
  const logs = await Promise.all(
    examples.map(async (source) => {
      const cwd = application(source)
      for (const name of ['openai', '@anthropic-ai', '@ai-sdk', 'ai'])
        symlinkSync(join(root, 'node_modules', name), join(cwd, 'node_modules', name))
      expect(await ended(running(cwd, 'app.mjs', env))).toEqual({ code: 0, signal: null })
      return logOf(cwd)
    }),
  )
  provider.stop()
  expect(logs).toMatchObject([
    [
      {
        request_model: 'gpt-4o',
        user_id: 'u42',
        environment: 'production',
        tags: { tier: 'pro' },
        input_tokens: 1200,
      },
    ],
    [{ request_model: 'claude-opus-4-6', max_tokens: 200, input_tokens: 1000, status: 'ok' }],
    [{ request_model: 'gpt-4o', provider: 'openai', input_tokens: 1200, status: 'ok' }],
    [{ request_model: 'claude-sonnet-4-5', provider: 'aws', input_tokens: 812, status: 'ok' }],
  ])
})
