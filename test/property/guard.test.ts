/**
 * The guard against plain models: its counters against lists that are added up anew, and the guard as a whole against
 * a limiter that works out each price, span and level by itself.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Reservations } from '../../src/domain/budgets/reservations.js'
import { CallGuard } from '../../src/guard/guard.js'
import { memoryStore, type CallRequest, type Decision } from '../../src/guard/index.js'
import { readSettings } from '../../src/guard/settings.js'
import { answerText, PlainModel, settlementFor, steps } from './guard-world.js'
import { bucketOf } from './metrics-model.js'
import { tries } from './seed.js'

test('counters are what lists of reservations and settlements add up to', () => {
  fc.assert(
    fc.property(
      steps({ far: 1e15, lastsMs: 100 }, fc.constantFrom(0, 0, 1, 40, 99, 100, 250), 'r'),
      (some) => {
        const store = new Reservations()
        const model = new PlainModel()
        let now = 1_000_000
        for (const step of some) {
          now += step.after
          if (step.kind === 'reserve') {
            expect(answerText(store.reserve(step.request, now))).toBe(model.reserve(step.request, now))
          } else {
            const settlement = settlementFor(step, model.chosenOf(step.request.id))
            store.settle(settlement, now)
            model.settle(settlement)
          }
        }
      },
    ),
    { numRuns: tries(1000, 20_000) },
  )
})

/** USD × 10^9 of a call, at the prices of July 2024 to this day: exact, as all are whole numbers of nano-dollars. */
const prices = { 'gpt-4o': [2500n, 10_000n], 'gpt-4o-mini': [150n, 600n] } as const
type Model = keyof typeof prices
const nanos = (model: Model, input: number, output: number): bigint =>
  BigInt(input) * prices[model][0] + BigInt(output) * prices[model][1]

const usd = (text: string): bigint => {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(9, '0'))
}

const caps = {
  hourly_usd: '0.5',
  daily_usd: '0.8',
  monthly_usd: '1.5',
  request_usd: '0.3',
  request_output_tokens: 9000,
  tiers: { pro: { hourly_usd: 'none', daily_usd: '1.1' } },
  users: { bob: { monthly_usd: '0.9', request_tokens: 20_000 } },
} as const

const budgets = [
  { name: 'all', monthly: '3', warn_at: [50], downgrade_at: 60, block_at: 90 },
  { name: 'dear', daily: '0.7', model: 'gpt-4o', block_at: 100 },
  { name: 'week', weekly: '2', where: ['user!=bob'], block_at: 110 },
  { name: 'free', daily: '0.4', tag: { tier: 'free' }, downgrade_at: 100 },
] as const

/** What a user of a tier may use, by the rules of docs/caps.md. */
function capOf(
  name: 'hourly_usd' | 'daily_usd' | 'monthly_usd',
  user: string,
  tier: string | undefined,
): bigint | null {
  if (user === 'bob' && name === 'monthly_usd') return usd('0.9')
  if (tier === 'pro' && name === 'hourly_usd') return null
  if (tier === 'pro' && name === 'daily_usd') return usd('1.1')
  return usd(caps[name])
}

interface Call {
  readonly ts: number
  readonly user: string | undefined
  readonly tier: string | undefined
  readonly feature: string
  readonly model: Model
  readonly input: number
  readonly max: number
  /** Of what it may use at most. */
  readonly share: number
  /** How many calls later it ends. */
  readonly ends: number
}

const spans = [
  ['hourly_usd', 'hour'],
  ['daily_usd', 'day'],
  ['monthly_usd', 'month'],
] as const

/** A limiter with a list of all that was booked: what counts for a counter is looked for anew each time. */
class Limiter {
  readonly booked: { key: string[]; amount: bigint }[] = []
  readonly #tz: string
  constructor(tz: string) {
    this.#tz = tz
  }

  #used(key: string): bigint {
    return this.booked.filter((one) => one.key.includes(key)).reduce((sum, { amount }) => sum + amount, 0n)
  }

  /** The counters of a call on a model, each with its limit and the level of its downgrade. */
  #counters(
    call: Call,
    model: Model,
  ): { name: string; key: string; limit: bigint | null; down: bigint | null }[] {
    const { user, tier, feature, ts } = call
    const at = (kind: string): string => String(bucketOf(kind, ts, this.#tz))
    const critical = feature === 'checkout'
    const own = user === undefined ? [] : spans.flatMap(([cap, kind]) => {
      const limit = capOf(cap, user, tier)
      return limit === null ? [] : [{ name: cap, key: `${cap} ${user} ${at(kind)}`, limit, down: null }]
    }) // prettier-ignore
    const of = (name: string, kind: string, limit: string | null, down: string | null) => ({ name, key: `${name} ${at(kind)}`, limit: critical || limit === null ? null : usd(limit), down: critical || down === null ? null : usd(down) }) // prettier-ignore
    return [
      ...own,
      of('all', 'month', '2.7', '1.8'),
      ...(model === 'gpt-4o' ? [of('dear', 'day', '0.7', null)] : []),
      ...(user === 'bob' ? [] : [of('week', 'week', '2.2', null)]),
      ...(tier === 'free' ? [of('free', 'day', null, '0.4')] : []),
    ]
  }

  ask(call: Call): { allowed: boolean; model: Model; by: string | null; book: (amount: bigint) => void } {
    const { user, feature, input, max } = call
    const beyond = (model: Model, level: 'limit' | 'down'): string | undefined =>
      this.#counters(call, model).find((one) => {
        const most = one[level]
        return most !== null && this.#used(one.key) + nanos(model, input, max) > most
      })?.name
    const routed = call.model === 'gpt-4o' && feature !== 'exact'
    const downBy = routed ? beyond('gpt-4o', 'down') : undefined
    const model = downBy === undefined ? call.model : 'gpt-4o-mini'
    const dear = nanos(model, input, max) > usd('0.3')
    const onRequest = user === undefined ? undefined : user === 'bob' && input + max > 20_000 ? 'request_tokens' : max > 9000 ? 'request_output_tokens' : dear ? 'request_usd' : undefined // prettier-ignore
    const by = onRequest ?? beyond(model, 'limit')
    const key = this.#counters(call, model).map((one) => one.key)
    const entry = { key, amount: nanos(model, input, max) }
    if (by === undefined) this.booked.push(entry)
    return {
      allowed: by === undefined,
      model,
      by: by ?? downBy ?? null,
      book: (amount) => (entry.amount = amount),
    }
  }
}

const starts = ['2026-10-25T00:30Z', '2026-03-29T00:30Z', '2026-04-04T14:45Z', '2026-10-31T22:00Z']
const calls = fc.tuple(fc.constantFrom(...starts), fc.constantFrom(5, 40, 500)).chain(
  ([start, minutes]) =>
  fc.array(
    fc.record({
      user: fc.constantFrom('ada', 'ada', 'bob', 'constructor', undefined),
      tier: fc.constantFrom(undefined, 'pro', 'free', '__proto__'),
      feature: fc.constantFrom('chat', 'chat', 'checkout', 'exact'),
      model: fc.constantFrom<Model>('gpt-4o', 'gpt-4o', 'gpt-4o-mini'),
      input: fc.constantFrom(0, 7, 1000, 15_000, 40_000),
      max: fc.constantFrom(0, 13, 4000, 9000, 9001, 12_000),
      share: fc.constantFrom(0, 0.1, 1, 1, 1.7),
      ends: fc.nat(3),
    }),
    { maxLength: 40 },
  ).map((all) => all.map((call, i): Call => ({ ...call, ts: Date.parse(start) + i * minutes * 60_000 }))), // prettier-ignore
)
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'] as const

const settingsIn = (tz: string): ReturnType<typeof readSettings> =>
  readSettings({
    tz,
    user_caps: caps,
    budgets,
    guard: {
      critical_features: ['checkout'],
      reservation: '24h',
      routes: ['chat', 'checkout'].map((feature) => ({ feature, model: 'gpt-4o', to: 'gpt-4o-mini' })),
    },
  })

test('it lets through, sends elsewhere and refuses what a limiter does that works out everything by itself', async () => {
  const settings = new Map(await Promise.all(zones.map(async (tz) => [tz, await settingsIn(tz)] as const)))
  await fc.assert(
    fc.asyncProperty(calls, fc.constantFrom(...zones), async (some, tz) => {
      const guard = new CallGuard(settings.get(tz)!, memoryStore(), () => undefined)
      const limiter = new Limiter(tz)
      const open: { at: number; end: (ts: number) => Promise<void> }[] = []
      for (const [i, call] of some.entries()) {
        for (const one of open.filter(({ at }) => at === i)) await one.end(call.ts)
        const { ts, user, tier, feature, model, input, max } = call
        const request: CallRequest = { at: new Date(ts), user, tier, feature, model, inputTokens: input, maxOutputTokens: max } // prettier-ignore
        const wanted = limiter.ask(call)
        const got: Decision = await guard.check(request)
        expect({ allowed: got.allowed, model: got.model, by: got.reason?.name ?? null }, `${i} ${got.reason?.message}`).toEqual({ allowed: wanted.allowed, model: wanted.model, by: wanted.by }) // prettier-ignore
        const { reservation } = got
        if (reservation === null) continue
        expect(BigInt(reservation.amount)).toBe(nanos(wanted.model, input, max))
        const end = async (now: number): Promise<void> => {
          const output = Math.round(max * call.share)
          wanted.book(nanos(wanted.model, input, output))
          await guard.settle(reservation, { inputTokens: input, outputTokens: output, at: new Date(now) })
        }
        if (call.ends === 0) await end(ts)
        else open.push({ at: i + call.ends, end })
      }
    }),
    { numRuns: tries(150, 5000) },
  )
})
