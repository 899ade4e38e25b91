/** What the guard says and does beyond its arithmetic: reasons, waiting, settlements, events, a store that fails, configs that are wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Reservations, type Settlement } from '../../src/domain/budgets/reservations.js'
import {
  createGuard,
  memoryStore,
  redisStore,
  type GuardConfigObject,
  type GuardEvent,
  type GuardStore,
} from '../../src/guard/index.js'
import { UserError } from '../../src/errors.js'

const folder = mkdtempSync(join(tmpdir(), 'llmcost-guard-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** At 2.50 and 10 USD a million tokens: 0.0025 + 0.0100 USD at most. */
const call = { user: 'ada', model: 'gpt-4o', inputTokens: 1000, maxOutputTokens: 1000 } as const
const noon = new Date('2026-11-10T12:20:30Z')

async function made(config: GuardConfigObject, store?: GuardStore) {
  const events: GuardEvent[] = []
  const guard = await createGuard({ config, ...(store && { store }), onEvent: (event) => events.push(event) })
  return { guard, events }
}

describe('a refusal', () => {
  test('names the cap, what is spent and held, and when the span is over', async () => {
    const { guard } = await made({ user_caps: { hourly_usd: 0.02 } })
    const first = await guard.check({ ...call, at: noon })
    expect(first).toMatchObject({ allowed: true, reason: null, retryAfterSeconds: null, model: 'gpt-4o' })
    // Only what is under way stands in the way: soon there may be room.
    const second = await guard.check({ ...call, at: noon })
    expect(second).toMatchObject({ allowed: false, reservation: null, retryAfterSeconds: 1 })
    await guard.settle(first.reservation!, { inputTokens: 1000, outputTokens: 1000, at: noon })
    const third = await guard.check({ ...call, at: noon })
    expect(third.retryAfterSeconds).toBe(39 * 60 + 30)
    expect(third.reason).toEqual({
      kind: 'cap',
      name: 'hourly_usd',
      action: 'block',
      message:
        'hourly_usd: $0.0125 of $0.02 an hour is spent and $0.00 reserved; this call could go beyond it',
      spentUsd: '0.012500000000',
      heldUsd: '0.000000000000',
      limitUsd: '0.020000000000',
    })
    expect(await guard.check({ ...call, at: new Date('2026-11-10T13:00Z') })).toMatchObject({ allowed: true })
  })

  test('waits for the longest of the spans that are full, and for none that could never hold the call', async () => {
    const { guard } = await made({ tz: 'Europe/Berlin', user_caps: { hourly_usd: 0.02, daily_usd: 0.02 } })
    const first = await guard.check({ ...call, at: noon })
    await guard.settle(first.reservation!, { costUsd: '0.02', at: noon })
    const { reason, retryAfterSeconds } = await guard.check({ ...call, at: noon })
    expect([reason?.name, retryAfterSeconds]).toEqual(['hourly_usd', 10 * 3600 + 39 * 60 + 30])
    const large = { ...call, maxOutputTokens: 5000, at: noon }
    expect((await guard.check(large)).retryAfterSeconds).toBeNull()
  })

  test.each([
    ['request_input_tokens', { request_input_tokens: 999 }],
    ['request_output_tokens', { request_output_tokens: 999 }],
    ['request_tokens', { request_tokens: 1999 }],
    ['request_usd', { request_usd: '0.012499999999' }],
  ])('of a request by %s helps no waiting', async (name, user_caps) => {
    const { guard } = await made({ user_caps })
    expect(await guard.check(call)).toMatchObject({
      allowed: false,
      retryAfterSeconds: null,
      reason: { name },
    })
    expect(await guard.check({ ...call, user: undefined })).toMatchObject({ allowed: true })
  })

  test('of a model without a price only where the config says so', async () => {
    const unknown = { ...call, model: 'nobody-knows-it' }
    const { guard, events } = await made({ user_caps: { daily_usd: 1 } })
    const { allowed, reservation } = await guard.check(unknown)
    await guard.check(unknown)
    expect([allowed, events]).toEqual([true, [{ kind: 'unpriced', model: 'nobody-knows-it' }]])
    await guard.settle(reservation!, { reportedCostUsd: 0.995 })
    expect((await guard.check(call)).allowed).toBe(false)
    const { guard: strict } = await made({ guard: { unpriced: 'block' } })
    expect(await strict.check(unknown)).toMatchObject({ allowed: false, reason: { kind: 'unpriced' } })
  })
})

describe('a settlement', () => {
  const spent = async (
    settle: (guard: Awaited<ReturnType<typeof createGuard>>, r: never) => Promise<void>,
  ) => {
    const { guard } = await made({ user_caps: { daily_usd: 1 } })
    const { reservation } = await guard.check(call)
    await settle(guard, reservation as never)
    const large = await guard.check({ ...call, maxOutputTokens: 100_000 })
    return [large.reason?.spentUsd, large.reason?.heldUsd].map(Number)
  }

  test('of usage, a cost, nothing that is known, or a call that was never made', async () => {
    expect(await spent((g, r) => g.settle(r, { inputTokens: 1000, cacheReadInputTokens: 400, outputTokens: 7 }))).toEqual([0.00207, 0]) // prettier-ignore
    expect(await spent((g, r) => g.settle(r, { model: 'gpt-4o-mini', inputTokens: 1000, outputTokens: 7 }))).toEqual([0.0001542, 0]) // prettier-ignore
    expect(await spent((g, r) => g.settle(r, { costUsd: '0.0000000015', inputTokens: 9 }))).toEqual([2e-9, 0])
    expect(await spent((g, r) => g.settle(r))).toEqual([0.0125, 0])
    expect(await spent((g, r) => g.settle(r, { model: 'gpt-4o' }))).toEqual([0.0125, 0])
    expect(await spent((g, r) => g.release(r))).toEqual([0, 0])
  })

  test('a second time changes nothing, and one after the reservation ended still counts', async () => {
    const { guard } = await made({ user_caps: { daily_usd: 0.02 }, guard: { reservation: '1s' } })
    const at = (ms: number): Date => new Date(noon.getTime() + ms)
    const first = await guard.check({ ...call, at: noon })
    expect((await guard.check({ ...call, at: at(999) })).allowed).toBe(false)
    const second = await guard.check({ ...call, at: at(1000) })
    expect(second.allowed).toBe(true)
    for (const _ of [1, 2]) await guard.settle(first.reservation!, { costUsd: 0.01, at: at(1001) })
    await guard.release(second.reservation!, at(1002))
    const third = await guard.check({ ...call, at: at(1003) })
    expect(third.reason).toMatchObject({ spentUsd: '0.010000000000', heldUsd: '0.000000000000' })
  })

  test('what no call can have is refused', async () => {
    const { guard } = await made({ user_caps: { daily_usd: 1 } })
    const { reservation } = await guard.check(call)
    for (const use of [
      { inputTokens: -1 },
      { outputTokens: 1.5 },
      { costUsd: 'x' },
      { costUsd: Number.NaN },
      { costUsd: -1 },
      { inputTokens: '7' as never },
    ])
      // prettier-ignore
      await expect(guard.settle(reservation!, use), JSON.stringify(use)).rejects.toThrow(TypeError)
    for (const wrong of [
      { inputTokens: Number.NaN },
      { model: '' },
      { maxOutputTokens: -1 },
      { at: new Date('x') },
      { inputTokens: undefined as never },
    ])
      // prettier-ignore
      await expect(guard.check({ ...call, ...wrong }), JSON.stringify(wrong)).rejects.toThrow(TypeError)
  })
})

test('a budget tells of its levels once, and a critical feature passes it', async () => {
  const { guard, events } = await made({
    budgets: [{ name: 'all', daily: 0.05, warn_at: [50, 80], block_at: 100 }],
    guard: { critical_features: ['checkout'] },
  })
  for (let i = 0; i < 6; i++) await guard.check({ ...call, at: noon })
  expect(events.map((event) => event.kind === 'budget' && event.level)).toEqual([0.5, 0.8])
  expect((await guard.check({ ...call, at: noon })).reason).toMatchObject({ kind: 'budget', name: 'all' })
  expect(await guard.check({ ...call, at: noon, feature: 'checkout' })).toMatchObject({
    allowed: true,
    reason: null,
  })
  await guard.check({ ...call, at: new Date(noon.getTime() + 86_400_000) })
  expect(events).toHaveLength(2)
})

test('a call that no cap and no budget covers asks no store', async () => {
  const asked = (): never => {
    throw new Error('asked')
  }
  const store = { takesMoments: true, now: Date.now, reserve: asked, settle: asked }
  const { guard } = await made({ user_caps: { request_tokens: 5000 } }, store)
  const { allowed, reservation } = await guard.check(call)
  await guard.settle(reservation!, { inputTokens: 1 })
  expect(allowed).toBe(true)
})

/** A store that can be away: it then answers never, or with an error; what it heard meanwhile it may yet do. */
class Away implements GuardStore {
  readonly takesMoments = false
  readonly reservations = new Reservations()
  state: 'up' | 'hangs' | 'fails' | 'deaf' = 'up'
  settled: Settlement[] = []
  now = (): number => Date.now()
  reserve: GuardStore['reserve'] = (request) =>
    this.#answer(() => this.reservations.reserve(request, Date.now()))
  settle: GuardStore['settle'] = (settlement) =>
    this.#answer(() => {
      this.settled.push(settlement)
      this.reservations.settle(settlement, Date.now())
      return {}
    })

  async #answer<T>(work: () => T): Promise<T & { now: number; hasForgotten: boolean }> {
    if (this.state === 'fails') throw new Error('connection refused')
    if (this.state === 'hangs') return new Promise(() => undefined)
    const answer = { ...work(), now: Date.now(), hasForgotten: false }
    return this.state === 'deaf' ? new Promise(() => undefined) : answer
  }
}

describe('a store that does not answer', () => {
  const config = { user_caps: { daily_usd: 0.02 }, guard: { store_timeout: '40ms' } }

  test.each(['hangs', 'fails', 'deaf'] as const)(
    '(%s) lets calls through in bounded time, and hears of them later',
    async (state) => {
      const store = new Away()
      const { guard, events } = await made(config, store)
      store.state = state
      const started = performance.now()
      const { allowed, reservation } = await guard.check(call)
      await guard.settle(reservation!, { costUsd: 0.019 })
      expect(performance.now() - started).toBeLessThan(2000)
      expect([allowed, events.map(({ kind }) => kind)]).toEqual([true, ['store_failed', 'store_failed']])
      await expect(guard.flush()).rejects.toThrow('1 calls are not settled')
      store.state = 'up'
      await guard.flush()
      expect((await guard.check(call)).reason).toMatchObject({
        spentUsd: '0.019000000000',
        heldUsd: '0.000000000000',
      })
      guard.close()
    },
  )

  test.each(['hangs', 'fails', 'deaf'] as const)(
    '(%s) refuses calls where the config says so, and nothing stays reserved',
    async (state) => {
      const store = new Away()
      const { guard } = await made(
        { ...config, guard: { ...config.guard, on_store_failure: 'closed' } },
        store,
      )
      store.state = state
      expect(await guard.check(call)).toMatchObject({ allowed: false, reservation: null, retryAfterSeconds: 1, reason: { kind: 'store' } }) // prettier-ignore
      store.state = 'up'
      await guard.flush()
      expect((await guard.check(call)).allowed).toBe(true)
      guard.close()
    },
  )

  test('a cap on requests holds all the same', async () => {
    const store = new Away()
    store.state = 'fails'
    const { guard } = await made({ user_caps: { daily_usd: 1, request_tokens: 5 } }, store)
    expect((await guard.check(call)).reason?.name).toBe('request_tokens')
  })
})

describe('a config', () => {
  const error = async (config: string | GuardConfigObject): Promise<UserError> => {
    try {
      await createGuard({ config })
    } catch (caught) {
      if (caught instanceof UserError) return caught
      throw caught
    }
    throw new Error('it was read')
  }

  test.each([
    [{ user_cap: { daily_usd: 1 } }, 'user_cap is not a key that llmcost knows'],
    [{ user_caps: { daily_used: 1 } }, 'user_caps.daily_used is not a key'],
    [{ tz: 'Nowhere/At' }, 'tz Nowhere/At is not a time zone'],
    [{ guard: { routes: [{ model: 'gpt-4o' }] } }, 'guard.routes[0] has no to'],
    [{ guard: { reservation: '2d' } }, 'guard.reservation must be a length of time up to a day'],
    [{ budgets: [{ daily: 5, where: ['status=ok'], block_at: 100 }] }, 'status is not known before a call'],
    [
      { user_caps: { users: { ada: { monthly_usd: 9_000_001 } } } },
      'monthly_usd of user_caps is more than a guard counts',
    ],
    [{ budgets: [{ monthly: 9_000_001 }] }, 'budget monthly is more than a guard counts'],
    [{ user_tiers: 'no-such.csv' }, 'the file of user tiers cannot be read'],
  ])('%j is refused', async (config, said) => {
    expect((await error(config)).message).toContain(said)
  })

  test('of a file is read as the program reads it, what is for the program alone beside it', async () => {
    writeFileSync(join(folder, 'tiers.csv'), 'user_id,tier\nada,pro\n')
    const path = join(folder, 'llmcost.config.yaml')
    const text = 'db: x.duckdb\nformat: csv\nrules: []\nuser_tiers: tiers.csv\nuser_caps:\n  daily_usd: 0.01\n  tiers:\n    pro: { daily_usd: 0.02 }\n' // prettier-ignore
    writeFileSync(path, text)
    const guard = await createGuard({ config: path })
    expect((await guard.check(call)).allowed).toBe(true)
    expect((await guard.check({ ...call, user: 'bob' })).allowed).toBe(false)
    expect((await guard.check({ ...call, user: 'bob', tier: 'pro' })).allowed).toBe(true)
    expect((await guard.check({ ...call, user: 'eve', tier: 'none such' })).allowed).toBe(false)
    writeFileSync(path, `${text}budget: 5\n`)
    expect(await error(path)).toMatchObject({ code: 'usage', location: `${path}:9` })
    expect((await error(join(folder, 'none.yaml'))).message).toBe('there is no such config file')
  })

  test('budgets on what is known only after a call are left to the program', async () => {
    const guard = await createGuard({
      config: { budgets: [{ daily: 0.001, where: ['finish_reason=length'] }] },
    })
    expect((await guard.check(call)).allowed).toBe(true)
  })
})

test('prices and counts are those of the moment that is given, and Redis has a moment of its own', async () => {
  const { guard } = await made({ user_caps: { request_usd: '0.012499999' } })
  // gpt-4o cost 5 and 15 USD a million tokens before August 2024.
  const { reason } = await guard.check({ ...call, at: new Date('2024-06-01T00:00Z') })
  expect(reason?.message).toContain('$0.02 at most')
  const client = { evalsha: async () => [], eval: async () => [] }
  const { guard: other } = await made({ user_caps: { daily_usd: 1 } }, redisStore(client))
  await expect(other.check({ ...call, at: noon })).rejects.toThrow('Redis has a clock of its own')
  expect(() => redisStore(client, { prefix: '{a}' })).toThrow(TypeError)
  expect(() => redisStore({} as never)).toThrow('no client of Redis')
  expect(memoryStore(() => 5).now()).toBe(5)
})
