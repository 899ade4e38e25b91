/** Alerts through the packed program: checks side by side, checks that are killed, and secrets that stay secret. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { leaseMs } from '../../src/delivery/limits.js'
import { emptyFolder, run, start, type Ran } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const secrets = {
  CHAT_PATH: '/services/T0AB/B0CD/zYxWvUtSrQpOnMlKjIhG',
  HOOK_SECRET: 'whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ=',
  PAGER_KEY: 'R0UT1NGK3Y0123456789abcdefABCDEF',
}

interface Received {
  readonly id: string
  readonly type: string
}

interface World {
  readonly cwd: string
  readonly received: Received[]
  /** Instead of 200 at once. */
  answer: (response: ServerResponse) => void
  /** Before anything is read. */
  connected: (socket: Socket) => void
  readonly check: (minutes: number, ...args: string[]) => Promise<Ran>
  readonly args: (minutes: number) => string[]
  readonly env: Record<string, string>
}

/** A store in which one rule fires at 8:30 and no more at 10:00, and a server for all channels. */
async function world(
  channels: Record<string, object>,
  rules = [{ name: 'dear', kind: 'cost', over: 0.5 }],
): Promise<World> {
  const cwd = emptyFolder()
  const made: World = {
    cwd,
    received: [],
    answer: (response) => void response.writeHead(200).end('ok'),
    connected: () => undefined,
    args: (minutes) => ['check', '--notify', '--as-of', timeOf(minutes)],
    check: (minutes, ...args) => runWarm([...made.args(minutes), ...args], { cwd, env: made.env }),
    env: {},
  }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
    request.on('end', () => {
      const { type = '', text = '' } = JSON.parse(body) as Record<string, string>
      made.received.push({ id: String(request.headers['webhook-id']), type: type || text })
      made.answer(response)
    })
  })
  server.on('connection', (socket) => made.connected(socket))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  Object.assign(made.env, secrets, { CHAT_URL: `http://127.0.0.1:${port}${secrets.CHAT_PATH}` })
  const calls = Array.from({ length: 10 }, (_, i) =>
    JSON.stringify({
      timestamp: `2026-10-05T08:${10 + i}:00Z`,
      request_id: `r${i}`,
      model: 'gpt-4o',
      feature: '<!channel> *x*',
      input_tokens: 100_000,
      output_tokens: 1,
    }),
  )
  writeFileSync(join(cwd, 'calls.jsonl'), `${calls.join('\n')}\n`)
  writeFileSync(
    join(cwd, 'llmcost.config.json'),
    JSON.stringify({ db: 'costs.duckdb', rules, notify: channels }),
  )
  await runWarmWell(['ingest', 'calls.jsonl'], { cwd })
  return made
}

const timeOf = (minutes: number): string =>
  new Date(Date.parse('2026-10-05T08:30:00Z') + minutes * 60_000).toISOString()

const hook = { kind: 'webhook', url_env: 'CHAT_URL', secret_env: 'HOOK_SECRET', remind_every: 'never' }
const chat = { kind: 'slack', url_env: 'CHAT_URL', remind_every: 'never' }
const pager = { kind: 'pagerduty', key_env: 'PAGER_KEY', url_env: 'CHAT_URL' }

/** As if the leases of dead runs were over; says how often the message on its way was cut off by now. */
async function later({ cwd }: World): Promise<number> {
  const db = await Database.open(join(cwd, 'costs.duckdb'), 'write')
  try {
    const tables = await db.query("FROM duckdb_tables() WHERE table_name = 'deliveries'")
    if (tables.rows.length === 0) return 0 // It died before the first record.
    const { attempts } = await db.one<{ attempts: number }>(
      "SELECT coalesce(max(attempts), 0) AS attempts FROM deliveries WHERE state = 'sending'",
    )
    await db.run(`UPDATE deliveries SET claimed_until = claimed_until - INTERVAL (${leaseMs}) MILLISECOND`)
    return attempts
  } finally {
    db.close()
  }
}

/** What the list of alerts says to be wrong. */
async function problems({ cwd }: World): Promise<readonly string[]> {
  const { rows } = JSON.parse(await runWarmWell(['alerts', '--all', '--json'], { cwd })) as {
    rows: { problems: string[] | null }[]
  }
  return rows.flatMap((row) => row.problems ?? [])
}

const inDoubt = 'hook: the start may not have arrived'

test('3 for what fired, 0 when it is over, each told once', async () => {
  const here = await world({ hook })
  const codes: (number | null)[] = []
  for (const minutes of [0, 5, 90, 95]) codes.push((await here.check(minutes)).code)
  expect(codes).toEqual([3, 3, 0, 0])
  expect(here.received.map(({ type }) => type)).toEqual(['alert.start', 'alert.end'])
})

test('checks side by side tell each channel once', async () => {
  const here = await world({ hook, chat })
  here.answer = (response) => void setTimeout(() => response.writeHead(200).end(), 500)
  const ran = await Promise.all([0, 0, 1, 2].map((minutes) => run(here.args(minutes), here)))
  expect(ran.map(({ code }) => code)).toEqual([3, 3, 3, 3])
  expect(here.received).toHaveLength(2)
})

test('killed while a message is under way: quiet until its lease is over, then sent once more under the same id', async () => {
  const here = await world({ hook })
  const arrived = new Promise<void>((done) => {
    here.answer = () => done()
  })
  const child = start(here.args(0), { cwd: here.cwd, env: here.env })
  await arrived
  child.kill('SIGKILL')
  await new Promise((done) => child.on('close', done))
  here.answer = (response) => void response.writeHead(200).end()
  expect((await here.check(1)).code).toBe(3)
  expect(here.received).toHaveLength(1)
  await later(here)
  expect((await here.check(2)).code).toBe(3)
  expect((await here.check(3)).code).toBe(3)
  expect(here.received.map(({ id }) => id)).toEqual([here.received[0]!.id, here.received[0]!.id])
})

test('killed twice before a message left: it is given up, and neither the check nor the list hides that', async () => {
  const here = await world({ hook })
  for (const [minutes, cutOff] of [
    [0, 1],
    [1, 2],
  ] as const) {
    const child = start(here.args(minutes), { cwd: here.cwd, env: here.env })
    here.connected = (socket) => {
      child.kill('SIGKILL')
      socket.destroy()
    }
    await new Promise((done) => child.on('close', done))
    expect(await later(here)).toBe(cutOff)
  }
  here.connected = () => undefined
  const ran = await here.check(2)
  expect(ran.code).toBe(1)
  expect(ran.stderr).toContain('hook: it is not known whether the start of alert 1 arrived')
  expect(await problems(here)).toEqual([inDoubt])
  expect((await here.check(90)).code).toBe(0)
  expect(here.received.map(({ type }) => type)).toEqual(['alert.end'])
  expect(await problems(here)).toEqual([inDoubt])
})

test('killed at any moment, the start is told once and at most once more for a kill on its way, and the end too', async () => {
  const here = await world({ hook })
  let minutes = 0
  let cutOff = 0
  for (const ms of [250, 400, 500, 600, 700, 900]) {
    const child = start(here.args(minutes++), { cwd: here.cwd, env: here.env })
    const dead = new Promise((done) => child.on('close', done))
    setTimeout(() => child.kill('SIGKILL'), ms)
    await dead
    cutOff = Math.max(cutOff, await later(here))
  }
  await here.check(minutes++)
  await later(here)
  await here.check(90)
  await here.check(91)
  const starts = here.received.filter(({ type }) => type === 'alert.start')
  const ends = here.received.filter(({ type }) => type === 'alert.end')
  expect(new Set(starts.map(({ id }) => id)).size).toBeLessThanOrEqual(1)
  // Cut off twice on its way, the start is given up. On a slow machine two kills may both come before it left.
  expect(cutOff).toBeLessThanOrEqual(2)
  expect(starts.length).toBeLessThanOrEqual(Math.min(1 + cutOff, 2))
  if (cutOff < 2) expect(starts.length).toBeGreaterThanOrEqual(1)
  expect(await problems(here)).toEqual(cutOff < 2 ? [] : [inDoubt])
  expect(ends).toHaveLength(1)
})

describe('what fails', () => {
  test('is said, ends with 1 though a rule fires, and is tried again', async () => {
    const here = await world({ hook, nowhere: { ...chat, url_env: 'NOT_SET' } })
    here.answer = (response) => void response.writeHead(400).end('bad')
    const first = await here.check(0, '--json')
    expect(first.code).toBe(1)
    expect(first.stderr).toContain('hook: start of alert 1 was not delivered: answered 400: bad')
    expect(first.stderr).toContain('the environment variable NOT_SET is not set')
    const answer = JSON.parse(first.stdout) as { rows: unknown[]; notifications: { messages: unknown[] } }
    expect(answer.rows).toHaveLength(1)
    expect(answer.notifications.messages).toMatchObject([
      { channel: 'hook', event: 'start', delivered: false },
      { channel: 'nowhere', event: 'start', delivered: false },
    ])
    here.answer = (response) => void response.writeHead(200).end()
    Object.assign(here.env, { NOT_SET: here.env['CHAT_URL'] })
    expect((await here.check(1)).code).toBe(3)
    expect((await here.check(2)).code).toBe(3)
    expect(here.received).toHaveLength(3)
  })

  test('a rule that cannot be judged does not end its alert', async () => {
    const sql = { name: 'odd', kind: 'sql', sql: "SELECT 1 AS measured, 'odd' AS value" }
    const here = await world({ hook }, [{ name: 'dear', kind: 'cost', over: 0.5 }])
    expect((await here.check(0)).code).toBe(3)
    const config = {
      db: 'costs.duckdb',
      rules: [{ ...sql, name: 'dear', sql: 'SELECT nothing FROM nowhere' }],
      notify: { hook },
    }
    writeFileSync(join(here.cwd, 'llmcost.config.json'), JSON.stringify(config))
    const ran = await here.check(5)
    expect(ran.code).toBe(1)
    expect(here.received.map(({ type }) => type)).toEqual(['alert.start'])
  })

  test.each([
    [['--where', 'feature=x'], '--notify goes without --where'],
    [['--dry-run'], '--notify goes without --dry-run'],
    [['--input', 'calls.jsonl'], '--notify goes without --input'],
  ])('%j is refused', async (args, said) => {
    const here = await world({ hook })
    const ran = await here.check(0, ...args)
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain(said)
    expect(here.received).toEqual([])
  })

  test('without a channel it says so', async () => {
    const ran = await (await world({})).check(0)
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('--notify has no channel to tell')
  })
})

test('doctor --live tries each channel side by side: what fails or hangs holds up none of the others', async () => {
  const here = await world({ hook, chat, pager, deaf: { ...chat, url_env: 'DEAF_URL' } })
  const deaf = createServer(() => undefined)
  await new Promise<void>((done) => deaf.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    deaf.closeAllConnections()
    deaf.close()
  })
  here.env['DEAF_URL'] = `http://127.0.0.1:${(deaf.address() as AddressInfo).port}${secrets.CHAT_PATH}`
  Object.assign(here.env, { LLMCOST_DEBUG: '1' })
  const offline = await runWarm(['doctor', '--json'], here)
  expect(offline).toMatchObject({ code: 0 })
  expect(here.received).toEqual([])
  const started = Date.now()
  const ran = await runWarm(['doctor', '--live', '--json'], here)
  // One that hangs is given ten seconds; the rest is what a busy machine needs to start.
  expect(Date.now() - started).toBeLessThan(120_000)
  expect(ran).toMatchObject({ code: 1, stderr: '' })
  const { rows } = JSON.parse(ran.stdout) as { rows: { check: string; health: string; found: string }[] }
  const found = Object.fromEntries(rows.map((row) => [row.check, `${row.health}: ${row.found}`]))
  expect(found['channel hook']).toMatch(/^ok: webhook, 127\.0\.0\.1:\d+: took a test message$/)
  expect(found['channel chat']).toMatch(/^ok: slack, .*: took a test message$/)
  expect(found['channel pager']).toMatch(/^ok: pagerduty, .*: took an event that opens no incident$/)
  expect(found['channel deaf']).toMatch(/^problem: slack, .*: did not answer within 10 s$/)
  expect(here.received).toHaveLength(3)
  here.answer = (response) =>
    void response.writeHead(403).end(`${Object.values(secrets).join(' ')} ${here.env['CHAT_URL']}`)
  deaf.close()
  deaf.closeAllConnections()
  const refused = await runWarm(['doctor', '--live'], here)
  expect(refused.code).toBe(1)
  expect(refused.stdout).toContain('answered 403')
  for (const said of [offline, ran, refused].map(({ stdout, stderr }) => stdout + stderr))
    for (const secret of [...Object.values(secrets), 'zYxWvUtSrQpOnMlKjIhG'])
      expect(said.includes(secret)).toBe(false)
})

test('no secret is printed, not even for those who look for errors, and none is in the store', async () => {
  const here = await world({ hook, chat, pager })
  Object.assign(here.env, { LLMCOST_DEBUG: '1' })
  here.answer = (response) =>
    void response.writeHead(500).end(`${Object.values(secrets).join(' ')} ${here.env['CHAT_URL']}`)
  const said: string[] = []
  for (const args of [[], ['--json'], ['--format', 'markdown']]) {
    const ran = await here.check(said.length, ...args)
    expect(ran.code).toBe(1)
    said.push(ran.stdout, ran.stderr)
  }
  for (const args of [['alerts'], ['alerts', '--all', '--json'], ['sql', 'SELECT * FROM deliveries']])
    said.push(await runWarmWell(args, { cwd: here.cwd, env: here.env }))
  said.push(readFileSync(join(here.cwd, 'costs.duckdb')).toString('latin1'))
  const all = said.join('\n')
  expect(all).toContain('was not delivered')
  for (const secret of [...Object.values(secrets), secrets.HOOK_SECRET.slice(6), 'zYxWvUtSrQpOnMlKjIhG'])
    expect(all.includes(secret)).toBe(false)
})
