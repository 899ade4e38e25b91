/** Scenarios and multipliers against plain arithmetic over single calls, in whole numbers of 10^-12 USD. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { callColumns, pricedColumnNames } from '../../src/domain/call.js'
import {
  fraction,
  one,
  over,
  plus,
  times,
  usdText,
  whole,
  type Fraction,
} from '../../src/domain/costs/fraction.js'
import { noGroups } from '../../src/domain/groups.js'
import { readLever, readPerMonth } from '../../src/domain/scenarios/read-lever.js'
import type { Lever } from '../../src/domain/scenarios/lever.js'
import { readSurcharge, surchargeFactor, surchargeNames } from '../../src/domain/scenarios/surcharges.js'
import { loadPriceBook, type PriceBook } from '../../src/pricing/book.js'
import { pricedQuery, ratesQuery } from '../../src/pricing/price-sql.js'
import { askMultipliers } from '../../src/questions/simulation/multipliers.js'
import { plannedCall } from '../../src/questions/simulation/planned.js'
import { simulate, type SimulationRequest } from '../../src/questions/simulation/simulate.js'
import { insertCalls } from './service-model.js'
import { tries } from './seed.js'

let db: Database
let book: PriceBook
beforeAll(async () => {
  book = await loadPriceBook({ overrideFiles: [] })
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

/** USD × 10^-12 of a token, in and out: what these models cost when the calls were made. */
const prices: Readonly<Record<string, readonly [bigint, bigint]>> = {
  'gpt-4o': [2_500_000n, 10_000_000n],
  'gpt-4o-mini': [150_000n, 600_000n],
}

interface Call {
  readonly ts: string
  readonly model: string
  readonly feature: string
  readonly user_id: string | null
  readonly session_id: string | null
  readonly environment: string | null
  readonly status: string | null
  readonly attempt: number | null
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cache_hit: boolean | null
}

const calls = fc.array(
  fc.record({
    ts: fc
      .integer({ min: 0, max: 20_000 })
      .map((minute) =>
        new Date(Date.UTC(2026, 5, 1) + minute * 60_000).toISOString().replace(/[TZ]/g, ' ').trim(),
      ),
    model: fc.constantFrom('gpt-4o', 'gpt-4o-mini'),
    feature: fc.constantFrom('search', 'chat'),
    user_id: fc.constantFrom('a', 'b', 'c', null),
    session_id: fc.constantFrom('s1', 's2', null),
    environment: fc.constantFrom('production', 'dev', null),
    status: fc.constantFrom('ok', 'error', null),
    attempt: fc.constantFrom(1, 2, null),
    input_tokens: fc.integer({ min: 1, max: 5000 }),
    output_tokens: fc.integer({ min: 0, max: 3000 }),
    cache_hit: fc.constantFrom(true, false, null),
  }) satisfies fc.Arbitrary<Call>,
  { minLength: 1, maxLength: 60 },
)

async function store(rows: readonly Call[]): Promise<void> {
  await insertCalls(
    db,
    rows.map((call, i) => ({ call_id: `c${i}`, source: 'test', provider: 'openai', ...call })),
  )
  const filled = new Set<string>(pricedColumnNames)
  const keep = callColumns
    .filter(({ name }) => !filled.has(name))
    .map(({ name }) => `c.${name}`)
    .join(', ')
  await db.run('CREATE OR REPLACE TEMP TABLE unpriced AS SELECT * FROM calls')
  await db.run('DELETE FROM calls')
  const rates = ['gpt-4o', 'gpt-4o-mini'].flatMap((model) => book.resolve('openai', model).rates)
  const query = pricedQuery({ calls: 'unpriced', rates: `(${ratesQuery})`, keep, basis: 'list-first' })
  await db.run(`INSERT INTO calls BY NAME ${query}`, { rates: JSON.stringify(rates) })
}

const everything = { since: null, until: null, filters: [], tz: 'UTC' }

const ask = (levers: readonly Lever[], more: Partial<SimulationRequest> = {}): ReturnType<typeof simulate> =>
  simulate({
    db,
    scope: everything,
    book,
    scenarios: [{ name: 'it', levers }],
    prices: 'call',
    now: new Date('2026-07-01T00:00:00Z'),
    usersOf: () => [],
    toMonth: one,
    ...more,
  })

const price = (model: string, input: number, output: number): bigint =>
  BigInt(input) * prices[model]![0] + BigInt(output) * prices[model]![1]

const cost = (
  call: Call,
  model = call.model,
  input = call.input_tokens,
  output = call.output_tokens,
): bigint => (call.cache_hit === true ? 0n : price(model, input, output))

const pico = (amount: bigint): Fraction => fraction(amount, 10n ** 12n)
const added = (amounts: readonly Fraction[]): Fraction => plus(...amounts)

describe('scenarios', () => {
  test('come to what each call would cost, added up one by one', async () => {
    const levers = [
      readLever('move', 'gpt-4o=gpt-4o-mini,share=80%,feature=search', noGroups),
      readLever('move', 'openai/*=gpt-4o,share=1/3'.replace('1/3', '0.3'), noGroups),
      readLever('input-tokens', '-30%,feature=search', noGroups),
      readLever('price-change', 'gpt-4o=-20%', noGroups),
      readLever('cache-hit', '0.4,feature=chat', noGroups),
      readLever('volume', '4x', noGroups),
      readLever('fixed', '2000/month', noGroups),
      readLever('new-users', '10@feature=chat', noGroups),
    ]
    await fc.assert(
      fc.asyncProperty(
        calls.filter((rows) => rows.some((row) => row.feature === 'chat' && row.user_id !== null)),
        async (rows) => {
          await store(rows)
          const { scenarios, today } = await ask(levers)
          const chat = rows.filter(({ feature }) => feature === 'chat')
          const hits = chat.filter(({ cache_hit: hit }) => hit === true).length
          const misses =
            chat.length === hits
              ? one
              : over(fraction(6n, 10n), fraction(BigInt(chat.length - hits), BigInt(chat.length)))
          const costs = rows.map((call) => {
            const isSearch = call.feature === 'search'
            // Half up, as the engine rounds.
            const input = isSearch ? Number((BigInt(call.input_tokens) * 7n + 5n) / 10n) : call.input_tokens
            const cheap = isSearch && call.model === 'gpt-4o' ? fraction(8n, 10n) : whole(0)
            const dear = isSearch && call.model === 'gpt-4o' ? fraction(2n, 10n) : fraction(3n, 10n)
            const stay = plus(one, times(whole(-1), cheap), times(whole(-1), dear))
            const less = fraction(8n, 10n)
            const sum = added([
              times(cheap, pico(cost(call, 'gpt-4o-mini', input))),
              times(dear, less, pico(cost(call, 'gpt-4o', input))),
              times(stay, call.model === 'gpt-4o' ? less : one, pico(cost(call, call.model, input))),
            ])
            return { call, cost: isSearch ? sum : times(sum, misses) }
          })
          const users = new Set(chat.flatMap(({ user_id: user }) => user ?? [])).size
          const more = costs.filter(({ call }) => call.feature === 'chat' && call.user_id !== null)
          const expected = added([
            ...costs.map((one) => times(one.cost, whole(4))),
            ...more.map((one) => times(one.cost, fraction(10n, BigInt(users)))),
            whole(2000),
          ])
          expect(usdText(scenarios[0]!.outcome.cost)).toBe(usdText(expected))
          expect(usdText(today.cost)).toBe(usdText(added(rows.map((call) => pico(cost(call))))))
        },
      ),
      { numRuns: tries(4, 150) },
    )
  })

  test('without levers, and with levers that change nothing, are what is today', async () => {
    await fc.assert(
      fc.asyncProperty(calls, async (rows) => {
        await store(rows)
        const same = [
          readLever('move', '*=gpt-4o,share=0', noGroups),
          readLever('price-change', '*=+0%', noGroups),
          readLever('volume', '1x', noGroups),
          readLever('input-tokens', '-0%', noGroups),
        ]
        const { today, scenarios } = await ask(same)
        expect(usdText(scenarios[0]!.outcome.cost)).toBe(usdText(today.cost))
        const again = await ask([], { prices: 'today' })
        expect(usdText(again.today.cost)).toBe(usdText(today.cost))
      }),
      { numRuns: tries(2, 60) },
    )
  })

  test('leave calls as they are whose price elsewhere is not known, and count them', async () => {
    await store([
      {
        ts: '2026-06-01 00:00:00',
        model: 'gpt-4o',
        feature: 'a',
        user_id: null,
        session_id: null,
        environment: null,
        status: null,
        attempt: null,
        input_tokens: 1000,
        output_tokens: 10,
        cache_hit: null,
      },
    ])
    // No price is known for a search of GPT-4's.
    await db.run('UPDATE calls SET web_search_requests = 2')
    const { scenarios, today } = await ask([readLever('move', 'gpt-4o=gpt-4', noGroups)])
    expect(usdText(scenarios[0]!.outcome.cost)).toBe(usdText(today.cost))
    expect(scenarios[0]!.unknown).toMatchObject([{ to: 'gpt-4', calls: 1n }])
    await expect(ask([readLever('move', 'gpt-4o=gpt-4,to_tier=flex', noGroups)])).rejects.toThrow(
      'no flex price is known for gpt-4',
    )
    await expect(ask([readLever('move', 'gpt-4o=no-such-thing', noGroups)])).rejects.toThrow(
      'no price is known',
    )
    await expect(ask([readLever('new-users', '5', noGroups)])).rejects.toThrow('names such a user')
  })

  test('break even where fixed money is what the calls save', async () => {
    const call = {
      ts: '2026-06-01 00:00:00',
      model: 'gpt-4o',
      feature: 'a',
      user_id: null,
      session_id: null,
      environment: null,
      status: null,
      attempt: null,
      cache_hit: null,
    }
    await store([{ ...call, input_tokens: 4000, output_tokens: 0 }])
    // $0.01 of calls, of which 40 % go: $1 a month pays from 250 times the volume on, whatever --volume says.
    const levers = [
      readLever('cache-hit', '40%', noGroups),
      readLever('fixed', '$1/month', noGroups),
      readLever('volume', '3x', noGroups),
    ]
    expect((await ask(levers)).scenarios[0]!.breakEven).toEqual(whole(250))
    expect((await ask(levers.slice(1))).scenarios[0]!.breakEven).toBeNull()
  })
})

describe('planned calls', () => {
  test('with the usual surcharges: $330 becomes $858', async () => {
    const planned = await plannedCall(book, {
      model: 'gpt-4',
      inputTokens: 500,
      outputTokens: 300,
      now: new Date('2026-07-01T00:00:00Z'),
    })
    try {
      const shares = new Map(
        surchargeNames.map((name, i) => [name, readSurcharge(name, ['40%', '15%', '25%', '30%', '50%'][i]!)]),
      )
      const monthly = readPerMonth('--calls', '10000')
      const naive = await ask([], { db: planned, toMonth: monthly })
      expect(usdText(naive.today.cost)).toBe('330.000000000000')
      const whole = await ask([], { db: planned, toMonth: times(monthly, surchargeFactor(shares)) })
      expect(usdText(whole.today.cost)).toBe('858.000000000000')
    } finally {
      planned.close()
    }
  })
})

describe('multipliers', () => {
  test('multiply to the actual cost exactly, and each step is what the calls cost without one thing', async () => {
    // Enough calls of each feature on a model to have instructions.
    const many = fc.array(calls, { minLength: 2, maxLength: 3 }).map((all) => all.flat())
    await fc.assert(
      fc.asyncProperty(many, async (rows) => {
        await store(rows)
        const row = await askMultipliers({ db, scope: everything }, book)
        const model = modelled(rows)
        const found = [
          row.naive_usd,
          row.without_instructions_usd,
          row.without_history_usd,
          row.production_usd,
          row.actual_usd,
        ]
        expect(found.map((value) => BigInt((value ?? '0').replace('.', '')))).toEqual(model)
        if (model[0] === 0n) return
        const factors = model
          .slice(1)
          .flatMap((after, i) => (model[i] === 0n ? [] : [fraction(after, model[i]!)]))
        expect(times(pico(model[0]!), ...factors)).toEqual(pico(model.at(-1)!))
      }),
      { numRuns: tries(6, 150) },
    )
  })
})

/** Naive, with retries, with instructions, with history, with development. */
function modelled(rows: readonly Call[]): bigint[] {
  const ordered = rows.map((call, i) => ({ call, id: `c${i}` }))
  ordered.sort((a, b) => (a.call.ts === b.call.ts ? (a.id < b.id ? -1 : 1) : a.call.ts < b.call.ts ? -1 : 1))
  const firsts = new Map<string, number>()
  for (const { call } of ordered) {
    const key = [call.session_id, call.feature, call.model].join()
    if (!firsts.has(key)) firsts.set(key, call.input_tokens)
  }
  const alike = (one: Call): Call[] =>
    rows.filter((two) => two.feature === one.feature && two.model === one.model)
  const sums = [0n, 0n, 0n, 0n, 0n]
  for (const call of rows) {
    const first = firsts.get([call.session_id, call.feature, call.model].join())!
    const history = call.session_id === null ? 0 : Math.max(call.input_tokens - first, 0)
    const group = alike(call)
    const smallest = group.length >= 20 ? Math.min(...group.map((one) => one.input_tokens)) : 0
    const short = call.input_tokens - history
    const bare = short - Math.min(smallest, short)
    const isDevelopment = call.environment === 'dev'
    const isAgain = call.status === 'error' || (call.attempt ?? 1) > 1
    const costs = [bare, bare, short, call.input_tokens, call.input_tokens].map((input) =>
      cost(call, call.model, input),
    )
    for (const [i, amount] of costs.entries()) {
      if (isDevelopment && i < 4) continue
      if (isAgain && i === 0) continue
      sums[i] = sums[i]! + amount
    }
  }
  return sums
}
