/** `llmcost metrics` as cron and Prometheus meet it: files, membership, the server, a database in use. */
import { execFile, execFileSync, type ChildProcess } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { parseExposition } from '../property/exposed-model.js'
import { ask } from '../property/ingesting.js'
import { emptyFolder, pinnedEnv, programPath, start } from './program.js'
import { runWarm, runWarmWell } from './together.js'

let written = 0

/** A log of calls of these features, each once. */
function log(cwd: string, name: string, features: readonly string[]): void {
  const lines = features.map((feature, i) =>
    JSON.stringify({
      request_id: `r${written++}`,
      timestamp: `2026-10-05T08:00:${String(i % 60).padStart(2, '0')}Z`,
      model: 'gpt-4o',
      feature,
      input_tokens: 1000 * (features.length - i),
      output_tokens: 10,
      latency_ms: 500,
    }),
  )
  writeFileSync(join(cwd, name), `${lines.join('\n')}\n`)
}

async function store(features: readonly string[]): Promise<{ cwd: string; db: string }> {
  const cwd = emptyFolder()
  log(cwd, 'log.jsonl', features)
  await runWarmWell(['ingest', 'log.jsonl', '--db', 'calls.duckdb'], { cwd })
  return { cwd, db: join(cwd, 'calls.duckdb') }
}

const byFeature = ['metrics', '--by', 'feature', '--db', 'calls.duckdb'] as const

/** Requests by feature. */
function requests(text: string): Record<string, string> {
  const found = text.matchAll(/^llmcost_requests_total\{feature="([^"]*)"\} (\d+)$/gm)
  return Object.fromEntries([...found].map(([, feature = '', count = '']) => [feature, count]))
}

const members = (db: string): Promise<unknown> =>
  ask(db, 'SELECT label, value FROM label_members ORDER BY label, value NULLS FIRST')

test('what labels name is kept: nothing is written when nothing is new, and no series gives calls away', async () => {
  const { cwd, db } = await store(['a', 'b'])
  const scrape = async (top: string): Promise<Record<string, string>> =>
    requests(await runWarmWell([...byFeature, '--top', top], { cwd }))
  expect(await scrape('3')).toEqual({ a: '1', b: '1' })
  const [before, time] = [readFileSync(db), statSync(db).mtimeMs]
  expect(await scrape('3')).toEqual({ a: '1', b: '1' })
  expect([readFileSync(db).equals(before), statSync(db).mtimeMs]).toEqual([true, time])
  // One place is left, and from then on there are others.
  log(cwd, 'more.jsonl', ['c', 'd', 'a'])
  await runWarmWell(['ingest', 'more.jsonl', '--db', db], { cwd })
  expect(await scrape('3')).toEqual({ a: '2', b: '1', c: '1', other: '1' })
  expect(await members(db)).toEqual([
    { label: 'feature', value: null },
    { label: 'feature', value: 'a' },
    { label: 'feature', value: 'b' },
    { label: 'feature', value: 'c' },
  ])
  log(cwd, 'last.jsonl', ['e', 'd', 'd'])
  await runWarmWell(['ingest', 'last.jsonl', '--db', db], { cwd })
  const others = { a: '2', b: '1', c: '1', other: '4' }
  expect(await scrape('3')).toEqual(others)
  expect(await scrape('1')).toEqual(others)
  expect(await scrape('20')).toEqual(others)
  const anew = await runWarmWell([...byFeature, '--top', '20', '--renew'], { cwd })
  expect(requests(anew)).toEqual({ a: '2', b: '1', c: '1', d: '3', e: '1' })
})

test('gauges say what the commands say', async () => {
  const cwd = emptyFolder()
  const demo = fileURLToPath(new URL('../../fixtures/demo', import.meta.url))
  await runWarmWell(['ingest', demo, '--db', 'calls.duckdb'], { cwd })
  const now = ['--as-of', '2026-09-25T12:00', '--db', 'calls.duckdb']
  const text = await runWarmWell(['metrics', '--budget', '100', ...now], { cwd })
  const gauge = (name: string): string | undefined => new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]
  const json = async (...args: string[]): Promise<Answered> =>
    JSON.parse(await runWarmWell([...args, ...now, '--json'], { cwd })) as Answered
  const [budget] = (await json('budget', '--budget', '100')).rows
  const named = String.raw`\{budget="monthly",period="monthly"\}`
  expect(Number(gauge(`llmcost_budget_spent_usd${named}`))).toBe(Number(budget?.['cost_usd']))
  expect(Number(gauge(`llmcost_budget_forecast_usd${named}`))).toBeCloseTo(
    Number(budget?.['forecast_cost_usd']),
    6,
  )
  const [forecast] = (await json('forecast')).rows
  expect(Number(gauge('llmcost_month_forecast_usd'))).toBeCloseTo(Number(forecast?.['forecast_cost_usd']), 6)
  const { incidents } = await json('anomalies', '--since', '7d')
  expect(gauge('llmcost_anomaly_open_incidents')).toBe(String(incidents?.length))
  for (const dimension of [null, 'feature', 'user_id']) {
    const own = incidents?.flatMap(({ series }) => series.filter((one) => one.dimension === dimension))
    expect(own).toHaveLength(1)
    expect(Number(gauge(String.raw`llmcost_anomaly_excess_usd\{series="${dimension ?? 'all'}"\}`))).toBe(
      Number(own?.[0]?.excess_usd),
    )
  }
})

interface Answered {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly incidents?: readonly {
    readonly series: readonly { readonly dimension: string | null; readonly excess_usd: string }[]
  }[]
}

test('logs without a database: nothing is kept', async () => {
  const cwd = emptyFolder()
  log(cwd, 'log.jsonl', ['a', 'b', 'c'])
  const text = await runWarmWell(['metrics', '--input', 'log.jsonl', '--by', 'feature', '--top', '1'], {
    cwd,
  })
  expect(requests(text)).toEqual({ a: '1', other: '2' })
  expect(readdirSync(cwd)).toEqual(['log.jsonl'])
})

test('a database that another program reads: what is new and does not fit counts as other until it can be kept', async () => {
  const { cwd, db } = await store(['a', 'b'])
  await runWarmWell([...byFeature, '--top', '3'], { cwd })
  log(cwd, 'more.jsonl', ['c'])
  await runWarmWell(['ingest', 'more.jsonl', '--db', db], { cwd })
  const reader = await hold(db, 'READ_ONLY')
  const quick = ['--lock-timeout', '200ms']
  // It fits: nothing is among the others yet.
  const fits = await runWarm([...byFeature, '--top', '3', ...quick], { cwd })
  expect([requests(fits.stdout), fits.code]).toEqual([{ a: '1', b: '1', c: '1' }, 0])
  const crowded = await runWarm([...byFeature, '--top', '2', ...quick], { cwd })
  expect([requests(crowded.stdout), crowded.code]).toEqual([{ a: '1', b: '1', other: '1' }, 0])
  expect(crowded.stderr).toContain('count as other')
  expect(await members(db)).toHaveLength(2)
  reader.kill('SIGKILL')
})

test('--output is replaced in one step, through a link too', async () => {
  const { cwd } = await store(['a'])
  mkdirSync(join(cwd, 'collected'))
  writeFileSync(join(cwd, 'collected/llmcost.prom'), 'old\n', { mode: 0o640 })
  symlinkSync('collected/llmcost.prom', join(cwd, 'link.prom'))
  const old = statSync(join(cwd, 'collected/llmcost.prom'))
  expect(await runWarmWell([...byFeature, '--output', 'link.prom'], { cwd })).toBe('')
  const file = statSync(join(cwd, 'collected/llmcost.prom'))
  expect(file.ino).not.toBe(old.ino)
  expect(file.mode).toBe(old.mode)
  expect(lstatSync(join(cwd, 'link.prom')).isSymbolicLink()).toBe(true)
  expect(readdirSync(join(cwd, 'collected'))).toEqual(['llmcost.prom'])
  expect(parseExposition(callsOf(readFileSync(join(cwd, 'link.prom'), 'utf8'))).size).toBeGreaterThan(0)
  const refused = await runWarm([...byFeature, '--output', 'nowhere/llmcost.prom'], { cwd })
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toContain('the output file cannot be written')
  const piped = ['"$0" "$@" --output /dev/stdout | cat', process.execPath, programPath(), ...byFeature]
  const passed = execFileSync('sh', ['-c', ...piped], { cwd, env: pinnedEnv(cwd), encoding: 'utf8' })
  expect(requests(passed)).toEqual({ a: '1' })
})

/** The counters, whose values are exact. */
const callsOf = (text: string): string => text.slice(0, text.indexOf('# HELP llmcost_month'))

test('the server: its paths, methods and names, one reading at a time, and its end', async () => {
  const { cwd } = await store(['a', 'b'])
  const { child, url, ended } = await listening([...byFeature, '--listen', '127.0.0.1:0'], cwd)
  const good = await get(url)
  expect([good.status, good.headers['content-type']]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ])
  expect(requests(good.body)).toEqual({ a: '1', b: '1' })
  const head = await get(url, { method: 'HEAD' })
  expect([head.status, head.body]).toEqual([200, ''])
  const front = await get(url.replace('/metrics', '/'))
  expect([front.status, front.body.includes('href="/metrics"')]).toEqual([200, true])
  for (const path of ['/metrics/', '/etc/passwd', '//metrics', '/metrics%00']) {
    expect((await get(url.replace('/metrics', path))).status, path).toBe(404)
  }
  const post = await get(url, { method: 'POST' })
  expect([post.status, post.headers['allow']]).toEqual([405, 'GET, HEAD'])
  const elsewhere = await get(url, { headers: { host: 'evil.example' } })
  expect([elsewhere.status, elsewhere.body.includes('llmcost_')]).toEqual([403, false])
  expect((await get(url, { headers: { host: 'localhost:9464' } })).status).toBe(200)
  const together = await Promise.all([1, 2, 3, 4].map(() => get(url)))
  const readings = together.map(({ body }) => /^llmcost_read_timestamp_seconds .+$/m.exec(body)?.[0])
  expect(readings[0]).toBeDefined()
  expect(new Set(readings).size).toBe(1)
  // A scrape that is under way is answered before the end.
  const { last, isUnderWay } = getUnderWay(url)
  await isUnderWay
  child.kill('SIGTERM')
  expect((await last).status).toBe(200)
  expect(await ended).toBe(0)
})

test('the server while another program has the database: the last figures, or why there are none', async () => {
  const { cwd, db } = await store(['a'])
  const { child, url, ended } = await listening(
    [...byFeature, '--listen', 'localhost:0', '--lock-timeout', '200ms'],
    cwd,
  )
  const before = await get(url)
  const writer = await hold(db, 'READ_WRITE')
  const during = await get(url)
  expect([during.status, during.body]).toEqual([200, before.body])
  const other = await listening([...byFeature, '--listen', '0', '--lock-timeout', '200ms'], cwd)
  const none = await get(other.url)
  expect([none.status, none.body]).toEqual([
    503,
    `llmcost: the database is in use by process ${writer.pid}\n`,
  ])
  const gone = new Promise((done) => writer.once('exit', done))
  writer.kill('SIGKILL')
  await gone
  // Between scrapes the database is free for whoever writes.
  log(cwd, 'more.jsonl', ['b'])
  await runWarmWell(['ingest', 'more.jsonl', '--db', db, '--lock-timeout', '0s'], { cwd })
  expect(requests((await get(url)).body)).toEqual({ a: '1', b: '1' })
  expect((await get(other.url)).status).toBe(200)
  child.kill('SIGINT')
  other.child.kill('SIGINT')
  expect([await ended, await other.ended]).toEqual([0, 0])
})

test('what cannot be served is said at once', async () => {
  const { cwd } = await store(['a'])
  const { child, url, ended } = await listening([...byFeature, '--listen', '127.0.0.1:0'], cwd)
  const taken = await runWarm([...byFeature, '--listen', new URL(url).host], { cwd })
  expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining('another program listens there')])
  child.kill('SIGTERM')
  await ended
  for (const [args, words] of [
    [['--listen', 'here'], '--listen here is not an address'],
    [['--listen', '127.0.0.1:70000'], 'is not an address'],
    [['--listen', '9464', '--output', 'x.prom'], '--listen does not go with --output'],
    [['--by', 'day'], 'time is no label'],
    [['--by', 'tag.a-b,tag.a.b'], 'two labels would be named tag_a_b'],
    [['--top', '0'], '--top 0 is not a whole number'],
    [['--as-of', 'soon'], '--as-of soon'],
  ] as const) {
    const ran = await runWarm(['metrics', '--db', 'calls.duckdb', ...args], { cwd })
    expect([args.join(' '), ran.code, ran.stdout]).toEqual([args.join(' '), 2, ''])
    expect(ran.stderr).toContain(words)
  }
})

interface Got {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Asks with any host and path, as they are. */
function get(
  url: string,
  options: { method?: string; headers?: Record<string, string> } = {},
  onContinue?: () => void,
): Promise<Got> {
  const { hostname, port } = new URL(url)
  const path = url.slice(url.indexOf('/', 'http://'.length))
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, ...options }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () =>
        resolve({
          status: answer.statusCode,
          headers: answer.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    asked.on('error', reject)
    if (onContinue) asked.on('continue', onContinue)
    asked.end()
  })
}

/** Asks, and tells when the server has taken the question: it says "continue" to who waits for that. */
function getUnderWay(url: string): { readonly last: Promise<Got>; readonly isUnderWay: Promise<void> } {
  let onContinue = (): void => undefined
  const isUnderWay = new Promise<void>((resolve) => (onContinue = resolve))
  return { last: get(url, { headers: { expect: '100-continue' } }, () => onContinue()), isUnderWay }
}

interface Listening {
  readonly child: ChildProcess
  readonly url: string
  readonly ended: Promise<number | null>
}

async function listening(args: readonly string[], cwd: string): Promise<Listening> {
  const child = start(args, { cwd })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stderr!.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
      const found = /listening on (http:\S+)/.exec(text)?.[1]
      if (found !== undefined) resolve(found)
    })
    void ended.then(() => reject(new Error(text)))
  })
  return { child, url, ended }
}

/** Another process that has the store open for as long as it lives. */
async function hold(db: string, mode: 'READ_ONLY' | 'READ_WRITE'): Promise<ChildProcess> {
  const script = `import { DuckDBInstance } from '@duckdb/node-api'
    const db = await DuckDBInstance.create(process.argv[1], { access_mode: process.argv[2] })
    await (await db.connect()).run('SELECT 1')
    console.log('held')
    setInterval(() => db, 1000)`
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const child = execFile(process.execPath, ['--input-type=module', '-e', script, db, mode], { cwd: root })
  onTestFinished(() => void child.kill('SIGKILL'))
  await new Promise((resolve) => child.stdout!.once('data', resolve))
  return child
}
