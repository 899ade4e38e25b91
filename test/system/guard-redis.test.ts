/**
 * The guard on a real Redis, with both clients: what it counts is what memory counts; sixteen processes on one user's
 * last dollar spend not a nano-dollar more; what a killed process held comes back; and a Redis that restarts, forgets,
 * is slow or away.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import {
  createGuard,
  redisStore,
  type Guard,
  type GuardConfigObject,
  type GuardEvent,
  type RedisClient,
} from '../../src/guard/index.js'
import { answerText, PlainModel, settlementFor, steps } from '../property/guard-world.js'
import { emptyFolder, programPath, sharedFolder } from '../e2e/program.js'
import { RedisServer } from './redis-server.js'

const modules = join(fileURLToPath(new URL('../..', import.meta.url)), 'node_modules')
const home = sharedFolder()
const kept = ['--appendonly', 'yes', '--appendfsync', 'always']
const server = new RedisServer(join(home, 'redis'), kept)
const clusterServer = new RedisServer(join(home, 'cluster'), [
  '--cluster-enabled',
  'yes',
  '--cluster-announce-ip',
  '127.0.0.1',
])
let ioredis: Redis
let nodeRedis: ReturnType<typeof createClient>

beforeAll(async () => {
  await server.start()
  ioredis = new Redis(server.port)
  ioredis.on('error', () => undefined)
  nodeRedis = createClient({ url: `redis://127.0.0.1:${server.port}` })
  nodeRedis.on('error', () => undefined)
  await nodeRedis.connect()
})

afterAll(async () => {
  ioredis.disconnect()
  nodeRedis.destroy()
  await server.kill()
  await clusterServer.kill()
})
afterEach(() => vi.restoreAllMocks())

const clients: readonly (readonly [string, () => RedisClient])[] = [
  ['ioredis', () => ioredis],
  ['redis', () => nodeRedis],
]

/** Both clients have found their server again; what was asked of the one before may never be answered. */
const isBack = (): Promise<unknown> =>
  vi.waitFor(
    () =>
      Promise.all(
        [() => ioredis.ping(), () => nodeRedis.ping()].map((ping) =>
          Promise.race([ping(), sleep(300).then(() => Promise.reject(new Error('no answer')))]),
        ),
      ),
    { timeout: 10_000 },
  )

/** At 2.50 and 10 USD a million tokens: 0.0125 USD at most. */
const call = { user: 'ada', model: 'gpt-4o', inputTokens: 1000, maxOutputTokens: 1000 } as const
const used = { inputTokens: 1000, outputTokens: 1000 }

let prefixes = 0
const freshPrefix = (): string => `t${prefixes++}`

async function guarded(
  client: RedisClient,
  config: GuardConfigObject,
  prefix = freshPrefix(),
): Promise<{ guard: Guard; events: GuardEvent[]; prefix: string }> {
  const events: GuardEvent[] = []
  const store = redisStore(client, { prefix })
  // A busy machine answers late: where that is not the question, it is waited for.
  const patient = { ...config, guard: { store_timeout: '20s', ...config.guard } }
  const guard = await createGuard({ config: patient, store, onEvent: (event) => events.push(event) })
  return { guard, events, prefix }
}

test.each(clients)('%s: counters are what memory and lists add up to', async (_, client) => {
  const always = { since: 0, until: Number.MAX_SAFE_INTEGER }
  await fc.assert(
    fc.asyncProperty(
      // Where reservations end soon, the model is told the moments that Redis told.
      fc
        .constantFrom(8, 60_000)
        .chain((lastsMs) =>
          fc.tuple(
            steps({ far: Date.now() + 1e7, lastsMs }, fc.constantFrom(0, 0, 0, lastsMs > 8 ? 0 : 9), 'r'),
          ),
        ),
      async ([some]) => {
        const store = redisStore(client(), { prefix: freshPrefix() })
        const model = new PlainModel()
        for (const step of some) {
          if (step.after > 0) await sleep(step.after)
          if (step.kind === 'reserve') {
            const answer = await store.reserve(step.request, always)
            if ('isStale' in answer) throw new Error('stale')
            expect(answerText(answer)).toBe(model.reserve(step.request, answer.now))
          } else {
            const settlement = settlementFor(step, model.chosenOf(step.request.id))
            await store.settle(settlement)
            model.settle(settlement)
          }
        }
      },
    ),
    { numRuns: 60 },
  )
})

/**
 * A process that calls as long as it is let, first as one that honours its output limits, then as one that does not; a
 * line for each call, with what it reserved and what it cost (nano-dollars), and an empty one between the rounds.
 */
const caller = (kind: string, port: number, prefix: string): string => `
import { createGuard, redisStore } from 'llmcost/guard'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { createInterface } from 'node:readline'
const client = '${kind}' === 'ioredis' ? new Redis(${port}) : await createClient({ url: 'redis://127.0.0.1:${port}' }).connect()
let seed = Number(process.argv[2]) + 1
const random = (most) => (seed = (seed * 48271) % 2147483647) % most
const pause = (ms) => new Promise((done) => setTimeout(done, ms))
const begins = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
for (const round of [0, 1]) {
  const guard = await createGuard({
    config: { user_caps: { monthly_usd: 1 }, guard: { on_store_failure: 'closed', store_timeout: '20s' } },
    store: redisStore(client, { prefix: '${prefix}-' + round }),
  })
  console.log('[]')
  await begins.next()
  for (let refused = 0; refused < 3; ) {
    const input = 500 + random(1000)
    const max = 1 + random(1500)
    const { allowed, reservation } = await guard.check({ user: 'ada', model: 'gpt-4o', inputTokens: input, maxOutputTokens: max })
    if (!allowed) { refused++; await pause(random(20)); continue }
    await pause(random(4))
    // Who honours the limit uses all of it, or less; who does not goes beyond.
    const output = round === 0 ? max - (random(2) ? 0 : random(max)) : Math.floor(max * (0.5 + random(150) / 100))
    console.log(JSON.stringify([Number(reservation.amount), input * 2500 + output * 10000]))
    await guard.settle(reservation, { inputTokens: input, outputTokens: output })
  }
  console.log('[]')
}
process.exit(0)
`

/** A folder with the packed program and both clients installed. */
function application(source: string): string {
  const folder = emptyFolder()
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(dirname(dirname(programPath())), join(folder, 'node_modules', 'llmcost'))
  for (const name of ['ioredis', 'redis'])
    symlinkSync(join(modules, name), join(folder, 'node_modules', name))
  writeFileSync(join(folder, 'app.mjs'), source)
  return folder
}

const linesOf = (child: ChildProcess): AsyncIterableIterator<string> =>
  createInterface({ input: child.stdout! })[Symbol.asyncIterator]()

interface Made {
  readonly reserved: number
  readonly cost: number
}

/** What the next lines say up to the empty one. */
async function roundOf(lines: AsyncIterableIterator<string>): Promise<Made[]> {
  const calls: Made[] = []
  for (;;) {
    const { value = '[]' } = (await lines.next()) as { value?: string }
    const [reserved, cost] = JSON.parse(value) as number[]
    if (reserved === undefined || cost === undefined) return calls
    calls.push({ reserved, cost })
  }
}

/** The calls of both rounds of many processes, which begin each of them at once. */
async function together(processes: number): Promise<Made[][]> {
  const folders = clients.map(([kind]) => application(caller(kind, server.port, 'together')))
  const children = Array.from({ length: processes }, (_, i) => {
    const cwd = folders[i % 2]!
    const child = spawn(process.execPath, ['app.mjs', String(i)], { cwd, stdio: ['pipe', 'pipe', 'inherit'] })
    return { child, lines: linesOf(child) }
  })
  const rounds: Made[][] = []
  for (const _ of [0, 1]) {
    for (const { lines } of children) expect(await roundOf(lines)).toEqual([])
    for (const { child } of children) child.stdin.write('go\n')
    const all = await Promise.all(children.map(({ lines }) => roundOf(lines)))
    expect(all.filter((calls) => calls.length > 0).length).toBeGreaterThan(processes / 2)
    rounds.push(all.flat())
  }
  return rounds
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0)
const dollar = 1e9

test('sixteen processes spend no nano-dollar more than the last dollar of a user, where output limits are honoured', async () => {
  const [honoured = [], beyond = []] = await together(16)
  expect(honoured.every(({ reserved, cost }) => cost <= reserved)).toBe(true)
  const spent = total(honoured.map(({ cost }) => cost))
  expect(spent).toBeLessThanOrEqual(dollar)
  // And hardly less: the largest call reserves 0.0188 USD.
  expect(spent).toBeGreaterThan(dollar - 0.02e9)
  // Where they are not, no more than calls under way cost beyond what they had reserved: each process has one.
  const excess = beyond.map(({ reserved, cost }) => Math.max(0, cost - reserved)).toSorted((a, b) => b - a)
  const over = total(beyond.map(({ cost }) => cost)) - dollar
  expect(over).toBeLessThanOrEqual(total(excess.slice(0, 16)))
  expect(excess[0]).toBeGreaterThan(0)
})

test.each(clients)(
  '%s: what a killed process held comes back, and its settlement still counts',
  async (kind, client) => {
    const prefix = freshPrefix()
    const config = { user_caps: { monthly_usd: 0.02 }, guard: { reservation: '1s' } }
    const source = `
import { createGuard, redisStore } from 'llmcost/guard'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
const client = '${kind}' === 'ioredis' ? new Redis(${server.port}) : await createClient({ url: 'redis://127.0.0.1:${server.port}' }).connect()
const guard = await createGuard({ config: ${JSON.stringify(config)}, store: redisStore(client, { prefix: '${prefix}' }) })
const { reservation } = await guard.check(${JSON.stringify(call)})
console.log(JSON.stringify(reservation))
`
    const child = spawn(process.execPath, ['app.mjs'], {
      cwd: application(source),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const { value: line = '' } = await linesOf(child).next()
    child.kill('SIGKILL')
    const { guard } = await guarded(client(), config, prefix)
    expect(await guard.check(call)).toMatchObject({ allowed: false, retryAfterSeconds: 1 })
    await sleep(1050)
    const next = await guard.check(call)
    expect(next.allowed).toBe(true)
    await guard.release(next.reservation!)
    // It was not dead: only slow.
    for (const _ of [1, 2]) await guard.settle(JSON.parse(line), { costUsd: 0.0101 })
    expect((await guard.check(call)).reason).toMatchObject({
      spentUsd: '0.010100000000',
      heldUsd: '0.000000000000',
    })
  },
)

test.each(clients)(
  '%s: a Redis that is killed and restarted knows what it kept on disk, and says when it lost it',
  async (_, client) => {
    const { guard, events } = await guarded(client(), {
      user_caps: { monthly_usd: 0.03 },
      guard: { store_timeout: '5s' },
    })
    const first = await guard.check(call)
    await guard.settle(first.reservation!, used)
    await guard.check(call)
    await server.kill()
    await server.start()
    await isBack()
    const known = await guard.check(call)
    expect(known.reason).toMatchObject({ spentUsd: '0.012500000000', heldUsd: '0.012500000000' })
    expect(events).toEqual([])
    await server.kill()
    server.forget()
    await server.start()
    await isBack()
    expect((await guard.check(call)).allowed).toBe(true)
    expect(events).toEqual([{ kind: 'store_forgot' }])
    guard.close()
  },
)

test.each(clients)(
  '%s: while Redis is away or slow, calls go by the config in bounded time, and are counted later',
  async (_, client) => {
    const config = { user_caps: { monthly_usd: 0.02 }, guard: { store_timeout: '600ms' } }
    const { guard, events, prefix } = await guarded(client(), config)
    const { guard: closed } = await guarded(client(), { ...config, guard: { ...config.guard, on_store_failure: 'closed' } }, prefix) // prettier-ignore
    const timed = async <T>(work: () => Promise<T>): Promise<T> => {
      const started = performance.now()
      const done = await work()
      expect(performance.now() - started).toBeLessThan(2000)
      return done
    }
    for (const [away, back] of [
      [() => server.kill(), () => server.start()],
      [async () => void server.cli('CLIENT', 'PAUSE', '1900', 'ALL'), () => sleep(2000)],
    ] as const) {
      await guard.check({ ...call, maxOutputTokens: 0 })
      await away()
      const open = await timed(() => guard.check(call))
      expect([open.allowed, events.at(-1)?.kind]).toEqual([true, 'store_failed'])
      expect(await timed(() => closed.check(call))).toMatchObject({
        allowed: false,
        reason: { kind: 'store' },
      })
      await timed(() => guard.settle(open.reservation!, { costUsd: 0.004 }))
      await back()
      await vi.waitFor(() => guard.flush(), { timeout: 10_000, interval: 100 })
      await vi.waitFor(() => closed.flush(), { timeout: 10_000, interval: 100 })
    }
    // Both that were let through count, and none that was refused holds anything; two of 0.0025 USD are under way.
    const last = await guard.check({ ...call, maxOutputTokens: 1100 })
    expect(last.reason).toMatchObject({ spentUsd: '0.008000000000', heldUsd: '0.005000000000' })
    guard.close()
    closed.close()
  },
)

test.each(clients)(
  '%s: hours are those of the clock of Redis, whatever this machine’s shows',
  async (_, client) => {
    const [seconds = ''] = server.cli('TIME').split('\n')
    const hour = Math.floor(Number(seconds) / 3600) * 3_600_000
    const real = Date.now
    for (const off of [-5 * 3_600_000, 7 * 3_600_000 + 1_800_000]) {
      vi.spyOn(Date, 'now').mockImplementation(() => real() + off)
      const { guard, prefix } = await guarded(client(), {
        user_caps: { hourly_usd: 1 },
        guard: { store_timeout: '30s' },
      })
      const { allowed } = await guard.check(call)
      const keys = server.cli('KEYS', `{${prefix}}:sum:*`).trim().split('\n')
      expect([allowed, keys.length]).toEqual([true, 1])
      // A test may see the hour turn.
      expect([hour, hour + 3_600_000].map((begins) => `{${prefix}}:sum:user:hour:${begins}:ada`)).toContain(
        keys[0],
      )
      expect(Number(server.cli('PTTL', keys[0]!))).toBeGreaterThan(0)
      vi.restoreAllMocks()
    }
  },
)

test('on a cluster all keys of a call are in one slot, for both clients', async () => {
  await clusterServer.start()
  clusterServer.cli('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await vi.waitFor(() => expect(clusterServer.cli('CLUSTER', 'INFO')).toContain('cluster_state:ok'), {
    timeout: 10_000,
  })
  const cluster = new Cluster([{ host: '127.0.0.1', port: clusterServer.port }])
  const nodes = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${clusterServer.port}` }] })
  await nodes.connect()
  await cluster.get('x')
  const config = { user_caps: { hourly_usd: 1, daily_usd: 1, monthly_usd: 0.03 }, budgets: [{ daily: 5, block_at: 100 }] } // prettier-ignore
  for (const client of [cluster, nodes]) {
    const { guard, events } = await guarded(client, config)
    for (const user of ['ada', 'a}b{c']) {
      const { reservation } = await guard.check({ ...call, user })
      await guard.settle(reservation!, used)
      expect(events).toEqual([])
      expect((await guard.check({ ...call, user, maxOutputTokens: 2000 })).reason?.name).toBe('monthly_usd')
    }
    expect(events).toEqual([])
    guard.close()
  }
  cluster.disconnect()
  nodes.destroy()
})
