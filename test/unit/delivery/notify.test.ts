/** Alerts in a real store, told to real servers: order, failures, two runs at once, deaths in between. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { Database } from '../../../src/db/database.js'
import { writeStore } from '../../../src/db/store.js'
import { notify, type Notified } from '../../../src/delivery/notify.js'
import type { Limits } from '../../../src/delivery/limits.js'
import { leaseMs } from '../../../src/delivery/limits.js'
import type { ChannelConfig } from '../../../src/domain/rules/channels.js'
import type { FiredRule } from '../../../src/rules/fired.js'
import { emptyFolder } from '../../e2e/program.js'
import { closedPort, receiver, type Receiver } from './receiver.js'

const rule: FiredRule = {
  key: 'hourly-cost/feature=search',
  rule: 'hourly-cost',
  kind: 'cost_per_hour',
  severity: 'critical',
  dimension: 'feature',
  value: 'search',
  measured: '12.50',
  bound: '5',
  since: '2026-10-05T07:00:00.000Z',
  text: 'search cost $12.50 in an hour, above $5.00',
}
const other: FiredRule = {
  ...rule,
  key: 'errors',
  rule: 'errors',
  severity: 'warning',
  dimension: null,
  value: null,
}

const secretKey = 'R0UT1NGK3Y0123456789abcdefABCDEF'
const signing = `whsec_${Buffer.from('a signing secret of 24 b').toString('base64')}`
const limits = (): Limits => ({ attempts: 2, attemptMs: 20_000, deadline: Date.now() + 50_000, pauseMs: 5 })

/** For servers that hang; long enough for a request to arrive there. */
const hasty = 2000

const channel = (
  name: string,
  kind: ChannelConfig['kind'],
  more: Partial<ChannelConfig> = {},
): ChannelConfig => ({
  name,
  kind,
  severity: 'info',
  remindMs: 3_600_000,
  to: [],
  urlEnv: `${name.toUpperCase()}_URL`,
  keyEnv: 'PAGER_KEY',
  secretEnv: 'HOOK_SECRET',
  ...more,
})

class Store {
  readonly path = join(emptyFolder(), 'costs.duckdb')
  readonly env: Record<string, string> = { PAGER_KEY: secretKey, HOOK_SECRET: signing }
  readonly channels: ChannelConfig[] = []

  add(config: ChannelConfig, url: string): this {
    this.channels.push(config)
    this.env[config.urlEnv ?? ''] = url
    return this
  }

  #queue: Promise<unknown> = Promise.resolve()

  /** One after the other, as processes are by the lock on the file, which does not hold within one. */
  readonly writing = <T>(work: (db: Database) => Promise<T>): Promise<T> => {
    const result = this.#queue.then(() => this.#write(work))
    this.#queue = result.catch(() => undefined)
    return result
  }

  async #write<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const db = await Database.open(':memory:', 'write', { threads: 1 })
    try {
      return await writeStore(db, this.path, { lockTimeoutMs: 20_000 }, () => work(db))
    } finally {
      db.close()
    }
  }

  /** A check at so many minutes after eight. */
  check(
    minutes: number,
    fired: readonly FiredRule[],
    dies?: 'unsent' | 'unrecorded',
    unjudged: readonly string[] = [],
    attemptMs = 20_000,
  ): Promise<Notified> {
    let writes = 0
    const writing: typeof this.writing = async (work) => {
      writes++
      if (dies !== undefined && writes > 1) throw new Error('died')
      const result = await this.writing(work)
      if (dies === 'unsent') throw new Error('died')
      return result
    }
    const at = new Date(Date.parse('2026-10-05T08:00:00Z') + minutes * 60_000)
    return notify({
      fired,
      unjudged,
      at,
      channels: this.channels,
      env: this.env,
      version: '0',
      writing,
      limits: { ...limits(), attemptMs },
    })
  }

  async all(table: string): Promise<readonly Record<string, unknown>[]> {
    return this.writing(async (db) => (await db.query(`SELECT * FROM store.${table} ORDER BY ALL`)).rows)
  }

  /** As if the lease of a dead run were over. */
  async later(): Promise<void> {
    await this.writing((db) =>
      db.run(`UPDATE store.deliveries SET claimed_until = claimed_until - INTERVAL (${leaseMs}) MILLISECOND`),
    )
  }
}

const actions = (from: Receiver): unknown[] =>
  from.received.map(({ body }) => {
    const { event_action: action, type, text } = JSON.parse(body) as Record<string, string>
    return action ?? type ?? text
  })

test('a start, reminders at their interval, an end; then it begins anew', async () => {
  const chat = await receiver(200)
  const pager = await receiver(202)
  const store = new Store()
    .add(channel('chat', 'slack'), chat.url)
    .add(channel('pager', 'pagerduty', { remindMs: null, severity: 'critical' }), pager.url)
  for (const minutes of [0, 10, 59]) await store.check(minutes, [rule, other])
  expect(chat.received).toHaveLength(2)
  await store.check(60, [rule])
  await store.check(70, [])
  await store.check(80, [])
  await store.check(90, [rule])
  expect(actions(chat)).toEqual([
    'Critical: search cost $12.50 in an hour, above $5.00',
    'Warning: search cost $12.50 in an hour, above $5.00',
    'Still critical: search cost $12.50 in an hour, above $5.00',
    'Over: search cost $12.50 in an hour, above $5.00',
    'Over: search cost $12.50 in an hour, above $5.00',
    'Critical: search cost $12.50 in an hour, above $5.00',
  ])
  expect(actions(pager)).toEqual(['trigger', 'resolve', 'trigger'])
  const keys = pager.received.map(({ body }) => (JSON.parse(body) as { dedup_key: string }).dedup_key)
  expect(keys[0]).toBe(keys[1])
  expect(keys[2]).not.toBe(keys[0])
  expect((await store.all('alerts')).map(({ alert_id: id }) => id)).toEqual([1, 2, 3])
})

test('a webhook is signed so that a library of the standard takes it, and refuses it when it was changed', async () => {
  const hook = await receiver({ status: 500 }, 200)
  const store = new Store().add(channel('hook', 'webhook'), hook.url)
  await store.check(0, [rule])
  expect(hook.received).toHaveLength(2)
  const [first, second] = hook.received
  expect(first!.headers['webhook-id']).toBe(second!.headers['webhook-id'])
  const check = new Webhook(signing)
  const { body, headers } = second!
  const signed = headers as Record<string, string>
  expect(check.verify(body, signed)).toMatchObject({ type: 'alert.start', data: { key: rule.key, alert: 1 } })
  expect(() => check.verify(body.replace('12.50', '0.01'), signed)).toThrow()
  const old = String(Number(signed['webhook-timestamp']) - 3600)
  expect(() => check.verify(body, { ...signed, 'webhook-timestamp': old })).toThrow()
  expect(() => check.verify(body, { ...signed, 'webhook-id': 'msg_other' })).toThrow()
})

describe('failures', () => {
  test('a channel that fails stops no other, is told of, and tried again by the next check', async () => {
    const chat = await receiver(200)
    const pager = await receiver({ status: 500 }, { status: 500 }, 202)
    const store = new Store()
      .add(channel('pager', 'pagerduty'), pager.url)
      .add(channel('chat', 'slack'), chat.url)
    const first = await store.check(0, [rule])
    expect(first.told.map(({ delivery, result }) => [delivery.channel, result.ok])).toEqual([
      ['pager', false],
      ['chat', true],
    ])
    const second = await store.check(1, [rule])
    expect(second.told.map(({ delivery, result }) => [delivery.channel, delivery.event, result.ok])).toEqual([
      ['pager', 'start', true],
    ])
    expect(chat.received).toHaveLength(1)
    expect((await store.check(2, [rule])).told).toEqual([])
  })

  test('what hangs, refuses or lacks its secret holds up nothing else', async () => {
    const chat = await receiver(200)
    const hanging = await receiver(() => undefined)
    const store = new Store()
      .add(channel('hanging', 'teams'), hanging.url)
      .add(channel('closed', 'webhook'), `http://127.0.0.1:${await closedPort()}`)
      .add(channel('plain', 'slack'), 'http://hooks.example.org/services/SECRETPATH1')
      .add(channel('missing', 'pagerduty', { keyEnv: 'NOT_SET' }), 'https://127.0.0.1')
      .add(channel('chat', 'slack'), chat.url)
    const { told } = await store.check(0, [rule, other], undefined, [], hasty)
    const said = told.map(({ delivery, result }) => `${delivery.channel}: ${result.ok ? 'ok' : result.error}`)
    expect(said).toEqual([
      'hanging: did not answer within 2 s',
      'closed: refused the connection (tried 2 times)',
      'plain: the URL in the environment variable PLAIN_URL must begin with https://',
      'missing: the environment variable NOT_SET is not set',
      'chat: ok',
      'hanging: was not tried again: did not answer within 2 s',
      'closed: was not tried again: refused the connection (tried 2 times)',
      'plain: the URL in the environment variable PLAIN_URL must begin with https://',
      'missing: the environment variable NOT_SET is not set',
      'chat: ok',
    ])
    expect(hanging.received).toHaveLength(1)
    // Nobody knows whether the first arrived: the next says so.
    await store.check(1, [rule, other], undefined, [], hasty)
    expect(hanging.received.map(({ body }) => body.includes('Perhaps a repeat'))).toEqual([false, true])
  })

  test('an alert that ended before anyone was told is not told of', async () => {
    const chat = await receiver(500)
    const store = new Store().add(channel('chat', 'slack'), chat.url)
    await store.check(0, [rule])
    const { told } = await store.check(1, [])
    expect(told).toEqual([])
    expect((await store.all('deliveries')).map(({ state }) => state)).toEqual(['dropped'])
  })
})

test('an alert whose rule could not be judged stays as it is, until it can', async () => {
  const chat = await receiver(200)
  const store = new Store().add(channel('chat', 'slack'), chat.url)
  await store.check(0, [rule, other])
  await store.check(90, [other], undefined, [rule.rule])
  expect(actions(chat).slice(2)).toEqual([expect.stringContaining('Still warning')])
  await store.check(100, [rule, other])
  expect(actions(chat).slice(3)).toEqual([expect.stringContaining('Still critical')])
})

test('an end that failed is told though the same rule has fired again since', async () => {
  const pager = await receiver(202, 500, 500, 500, 500, 202)
  const store = new Store().add(channel('pager', 'pagerduty', { remindMs: null }), pager.url)
  await store.check(0, [rule])
  await store.check(1, [])
  await store.check(2, [rule])
  await store.check(3, [rule])
  expect(actions(pager)).toEqual(['trigger', ...Array<string>(5).fill('resolve'), 'trigger'])
  const keys = pager.received.map(({ body }) => (JSON.parse(body) as { dedup_key: string }).dedup_key)
  expect(new Set(keys.slice(0, 6)).size).toBe(1)
  expect(keys[6]).not.toBe(keys[0])
})

test('the end of an alert whose start was still under way when it ended is told by a later check', async () => {
  const answers: (() => void)[] = []
  const slow = await receiver((response) => void answers.push(() => response.writeHead(200).end()), 200)
  const store = new Store().add(channel('hook', 'webhook'), slow.url)
  const first = store.check(0, [rule])
  while (answers.length === 0) await new Promise((done) => setTimeout(done, 10))
  expect((await store.check(1, [])).told).toEqual([])
  await store.check(2, [rule])
  answers[0]?.()
  await first
  await store.check(3, [rule])
  expect(actions(slow)).toEqual(['alert.start', 'alert.start', 'alert.end'])
  expect((JSON.parse(slow.received[2]!.body) as { data: { alert: number } }).data.alert).toBe(1)
})

describe('two runs at once', () => {
  test('send each message once', async () => {
    const slow = await receiver((response) => setTimeout(() => response.writeHead(200).end(), 300))
    const store = new Store().add(channel('chat', 'slack'), slow.url)
    const both = await Promise.all([0, 1, 2].map((minutes) => store.check(minutes, [rule, other])))
    expect(slow.received).toHaveLength(2)
    expect(both.flatMap(({ told }) => told)).toHaveLength(2)
  })

  test('the later check has the last word: an earlier one that comes late tells nothing', async () => {
    const chat = await receiver(200)
    const store = new Store().add(channel('chat', 'slack'), chat.url)
    await store.check(10, [])
    const late = await store.check(9, [rule])
    expect(late).toEqual({ told: [], unknown: [], overtakenBy: '2026-10-05T08:10:00.000Z' })
    expect(chat.received).toEqual([])
  })
})

describe('a run that dies', () => {
  test('before it sends: the message leaves once its lease is over, perhaps a repeat', async () => {
    const chat = await receiver(200)
    const store = new Store().add(channel('chat', 'slack'), chat.url)
    await expect(store.check(0, [rule], 'unsent')).rejects.toThrow('died')
    expect(chat.received).toHaveLength(0)
    expect((await store.check(1, [rule])).told).toEqual([])
    await store.later()
    expect((await store.check(3, [rule])).told).toHaveLength(1)
    expect(chat.received).toHaveLength(1)
    expect((await store.check(4, [rule])).told).toEqual([])
  })

  test('after it sent: the same id goes out once more and says so, and then no more', async () => {
    const hook = await receiver(200)
    const chat = await receiver(200)
    const store = new Store()
      .add(channel('hook', 'webhook'), hook.url)
      .add(channel('chat', 'slack'), chat.url)
    await expect(store.check(0, [rule], 'unrecorded')).rejects.toThrow('died')
    await store.later()
    await store.check(3, [rule])
    await store.check(4, [rule])
    const ids = hook.received.map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual([ids[0], ids[0]])
    expect(chat.received.map(({ body }) => body.includes('Perhaps a repeat'))).toEqual([false, true])
  })

  test('twice: the message is given up, and said to be in doubt', async () => {
    const chat = await receiver(200)
    const store = new Store().add(channel('chat', 'slack'), chat.url)
    for (const minutes of [0, 3]) {
      await expect(store.check(minutes, [rule], 'unrecorded')).rejects.toThrow('died')
      await store.later()
    }
    const { told, unknown } = await store.check(6, [rule])
    expect(told).toEqual([])
    expect(unknown.map(({ delivery }) => delivery.event)).toEqual(['start'])
    expect(chat.received).toHaveLength(2)
    await store.check(7, [])
    expect(actions(chat).at(-1)).toContain('Over')
  })
})

test('no secret is in the store or in what is said', async () => {
  const path = '/services/T0SECRET/B0SECRET/xSecretXsecretXsecret'
  const rude = await receiver((response) => {
    response.writeHead(418).end(`I know ${path} and ${secretKey} and ${signing}`)
  })
  const store = new Store()
    .add(channel('chat', 'slack'), `${rude.url}${path}`)
    .add(channel('pager', 'pagerduty'), `${rude.url}${path}`)
    .add(channel('hook', 'webhook'), `${rude.url}${path}?key=QuerySecret9`)
    .add(channel('odd', 'slack'), `http://user:PassSecret1@hooks.example.org${path}`)
  const notified = await store.check(0, [rule])
  await store.check(1, [])
  const tables = await Promise.all(['alerts', 'deliveries', 'meta'].map((table) => store.all(table)))
  const file = readFileSync(store.path).toString('latin1')
  for (const text of [JSON.stringify(notified), JSON.stringify(tables), file])
    for (const secret of [
      'T0SECRET',
      'xSecretX',
      secretKey,
      signing,
      signing.slice(6),
      'QuerySecret9',
      'PassSecret1',
    ])
      expect(text.includes(secret)).toBe(false)
  expect(file.includes('hourly-cost')).toBe(true)
})
