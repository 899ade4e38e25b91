/**
 * The contract basis, and the plain ones: each call's cost against arithmetic of whole numbers; a fixed amount is
 * spread, or left unused, to the last digit.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { countAs } from '../../src/bases/count.js'
import type { Database } from '../../src/db/database.js'
import { openStoreForReading } from '../../src/db/store.js'
import { besideCalls, type MoneyBasis } from '../../src/domain/costs/basis.js'
import type { ContractTerm } from '../../src/domain/costs/contract.js'
import { moneyOf, moneyText } from '../../src/domain/costs/units.js'
import { metrics } from './metric-samples.js'
import { ingestInto, Workshop, write } from './ingesting.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

interface Call {
  readonly time: string
  readonly provider: 'openai' | 'anthropic'
  readonly model: string
  readonly input: number
  readonly output: number
  readonly reported?: number
  readonly hit?: true
}

/** USD a million tokens, in whole 1e-6 USD: of the list, at that time. */
const prices: Readonly<Record<string, readonly [bigint, bigint]>> = {
  'gpt-4o': [2_500_000n, 10_000_000n],
  'gpt-4o-mini': [150_000n, 600_000n],
  'claude-sonnet-4-5': [3_000_000n, 15_000_000n],
}

/** In whole 1e-12 USD. */
const listed = ({ model, input, output, hit }: Call): bigint => {
  const [price, outPrice] = prices[model]!
  return hit ? 0n : BigInt(input) * price + BigInt(output) * outPrice
}

async function counted<T>(
  calls: readonly Call[],
  basis: MoneyBasis,
  contracts: readonly ContractTerm[],
  asOf: string,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const lines = calls.map((one, i) =>
    JSON.stringify({
      timestamp: one.time,
      call_id: `call-${String(i).padStart(4, '0')}-xxxxxxxxxxxx`,
      provider: one.provider,
      model: one.model,
      input_tokens: one.input,
      output_tokens: one.output,
      ...(one.reported === undefined ? {} : { cost_usd: one.reported }),
      ...(one.hit ? { cache_hit: true } : {}),
    }),
  )
  const store = workshop.store()
  await ingestInto(store, [write(join(workshop.room(), 'calls.jsonl'), `${lines.join('\n')}\n`)])
  const db = await openStoreForReading(store, { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5000 })
  try {
    await countAs(db, basis, { contracts, asOf: new Date(asOf) })
    return await work(db)
  } finally {
    db.close()
  }
}

/** Costs of the calls in 1e-18 USD, in their order, and the amounts of no call by what they are. */
async function costsOf(
  ...[calls, basis, contracts, asOf]: [readonly Call[], MoneyBasis, readonly ContractTerm[], string]
): Promise<{
  readonly costs: readonly (bigint | null)[]
  readonly beside: readonly (readonly [string, string, bigint])[]
}> {
  return counted(calls, basis, contracts, asOf, async (db) => {
    const { rows } = await db.query<{ cost_usd: string | null }>(
      `SELECT cost_usd FROM calls WHERE operation IS DISTINCT FROM 'session_total' ORDER BY call_id`,
    )
    const costs = rows.map(({ cost_usd: cost }) => (cost === null ? null : moneyOf(cost)))
    if (basis !== 'contract' && basis !== 'billed') return { costs, beside: [] }
    const others = await db.query<{ ts: string; what: string; cost_usd: string }>(
      `SELECT strftime(ts, '%Y-%m-%d %H:%M:%S') AS ts, ${besideCalls} AS what, cost_usd FROM calls WHERE ${besideCalls} IS NOT NULL ORDER BY ts, what`,
    )
    return { costs, beside: others.rows.map((row) => [row.ts, row.what, moneyOf(row.cost_usd)] as const) }
  })
}

const two = (day: number): string => String(day).padStart(2, '0')

const call = fc
  .record({
    day: fc.integer({ min: 1, max: 28 }),
    model: fc.constantFrom(...Object.keys(prices)),
    input: fc.integer({ min: 0, max: 200_000 }),
    output: fc.integer({ min: 0, max: 9000 }),
  })
  .map(({ day, ...one }): Call => ({
    ...one,
    time: `2026-09-${two(day)}T10:00:00Z`,
    provider: one.model.startsWith('claude') ? 'anthropic' : 'openai',
  }))

const half = (units: bigint, factor: bigint): bigint => (units * factor * 2n + 1_000_000n) / 2_000_000n

describe('contracts', () => {
  test('a discount is taken off once a call; of a call the first term that fits holds', async () => {
    const run = fc.asyncProperty(
      fc.array(call, { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.integer({ min: 1, max: 28 }),
      async (calls, factor, day) => {
        const since = `2026-09-${two(day)}T00:00:00.000Z`
        const terms: ContractTerm[] = [
          { provider: 'openai', model: 'gpt-4o-*', factor: '0.5' },
          {
            provider: 'openai',
            since,
            factor: `0.${String(factor).padStart(6, '0')}`.replace('0.1000000', '1'),
          },
        ]
        const { costs } = await costsOf(calls, 'contract', terms, '2026-10-01')
        expect(costs).toEqual(
          calls.map((one) => {
            const list = listed(one)
            if (one.model === 'gpt-4o-mini') return half(list, 500_000n) * 1_000_000n
            const isUnder = one.provider === 'openai' && one.time >= since
            return (isUnder ? half(list, BigInt(factor)) : list) * 1_000_000n
          }),
        )
      },
    )
    await fc.assert(run, { numRuns: tries(4, 80) })
  })

  test('an amount for throughput is shared by list cost, to the last digit, by the part of the month that is due', async () => {
    const run = fc.asyncProperty(
      fc.array(call, { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 1, max: 30 }),
      async (calls, until) => {
        const asOf = `2026-09-${two(until)}T12:00:00Z`
        const fixed = { kind: 'provisioned', usd: '1000', per: 'month' } as const
        const terms: ContractTerm[] = [
          { provider: 'openai', since: '2026-08-01T00:00:00.000Z', factor: '1', fixed },
        ]
        const { costs, beside } = await costsOf(calls, 'contract', terms, asOf)
        const due = (moneyOf('1000') * BigInt(until) * 2n + 30n) / 60n
        const covered = calls.map(
          (one) => one.provider === 'openai' && listed(one) > 0n && Date.parse(one.time) < Date.parse(asOf),
        )
        const shared = costs.reduce<bigint>((sum, cost, i) => sum + (covered[i] ? (cost ?? 0n) : 0n), 0n)
        const unused = beside.reduce((sum, [, , amount]) => sum + amount, 0n)
        // August has no calls.
        expect(moneyText(shared + unused)).toBe(moneyText(moneyOf('1000') + due))
        if (covered.includes(true)) {
          expect(shared).toBe(due)
          const whole = calls.reduce((sum, one, i) => sum + (covered[i] ? listed(one) : 0n), 0n)
          for (const [i, one] of calls.entries())
            if (covered[i]) {
              const floor = (due * listed(one)) / whole
              expect([floor, floor + 1n]).toContain(costs[i])
            }
        }
        for (const [i, one] of calls.entries())
          if (one.provider === 'anthropic') expect(costs[i]).toBe(listed(one) * 1_000_000n)
      },
    )
    await fc.assert(run, { numRuns: tries(4, 80) })
  })

  test('what a commitment leaves unused is told when its period is over', async () => {
    const calls: Call[] = [
      { time: '2026-08-05T10:00:00Z', provider: 'openai', model: 'gpt-4o', input: 1_000_000, output: 0 },
      { time: '2026-09-05T10:00:00Z', provider: 'openai', model: 'gpt-4o', input: 4_000_000, output: 0 },
    ]
    const fixed = { kind: 'committed', usd: '3', per: 'month' } as const
    const terms: ContractTerm[] = [
      { provider: 'openai', since: '2026-07-16T00:00:00.000Z', factor: '0.8', fixed },
    ]
    const { costs, beside } = await costsOf(calls, 'contract', terms, '2026-10-10T00:00:00Z')
    expect(costs).toEqual([moneyOf('2'), moneyOf('8')])
    expect(beside).toEqual([
      // Half of July: 3 × 16 / 31.
      ['2026-07-31 23:59:59', '(unused commitment)', (moneyOf('3') * 16n * 2n + 31n) / 62n],
      ['2026-08-31 23:59:59', '(unused commitment)', moneyOf('1')],
    ])
  })

  test('throughput by the day, and for the whole term', async () => {
    const calls: Call[] = [
      { time: '2026-09-02T10:00:00Z', provider: 'openai', model: 'gpt-4o', input: 1000, output: 0 },
    ]
    const of = (per: 'day' | 'term'): ContractTerm[] => [
      {
        provider: 'openai',
        since: '2026-09-01T00:00:00.000Z',
        until: '2026-09-04T00:00:00.000Z',
        factor: '1',
        fixed: { kind: 'provisioned', usd: '24', per },
      },
    ]
    const byDay = await costsOf(calls, 'contract', of('day'), '2026-10-01T00:00:00Z')
    expect(byDay.costs).toEqual([moneyOf('24')])
    expect(byDay.beside.map(([time, , amount]) => [time.slice(0, 10), amount])).toEqual([
      ['2026-09-01', moneyOf('24')],
      ['2026-09-03', moneyOf('24')],
    ])
    expect(await costsOf(calls, 'contract', of('term'), '2026-10-01T00:00:00Z')).toEqual({
      costs: [moneyOf('24')],
      beside: [],
    })
  })
})

describe('plain bases', () => {
  const calls: Call[] = [
    {
      time: '2026-09-01T10:00:00Z',
      provider: 'openai',
      model: 'gpt-4o',
      input: 1000,
      output: 10,
      reported: 0.5,
    },
    // A tracker's zero is none.
    {
      time: '2026-09-01T11:00:00Z',
      provider: 'openai',
      model: 'gpt-4o',
      input: 1000,
      output: 10,
      reported: 0,
    },
    {
      time: '2026-09-01T12:00:00Z',
      provider: 'openai',
      model: 'gpt-4o',
      input: 1000,
      output: 10,
      reported: 0.25,
      hit: true,
    },
    { time: '2026-09-01T13:00:00Z', provider: 'openai', model: 'gpt-4o', input: 1000, output: 10 },
  ]
  test('list and reported cost, whatever counts otherwise', async () => {
    const list = listed(calls[0]!) * 1_000_000n
    expect((await costsOf(calls, 'list', [], '2026-10-01')).costs).toEqual([list, list, 0n, list])
    expect((await costsOf(calls, 'reported', [], '2026-10-01')).costs).toEqual([
      moneyOf('0.5'),
      null,
      moneyOf('0.25'),
      null,
    ])
  })

  test('list and reported cost together are what counts, by either order: the rules are those of pricing', async () => {
    // Every way in which a cost may be there or not.
    const fields = {
      model: ['gpt-4o', 'nobody-knows-1'],
      status: [{}, { status: 'error' }],
      tokens: [{}, { input_tokens: 0, output_tokens: 0 }, { input_tokens: 900, output_tokens: 7 }],
      cost: [{}, { cost_usd: 0 }, { cost_usd: 0.25 }],
      hit: [{}, { cache_hit: true }],
    }
    const lines = fields.model.flatMap((model) =>
      fields.status.flatMap((status) =>
        fields.tokens.flatMap((tokens) =>
          fields.cost.flatMap((cost) =>
            fields.hit.map((hit) => ({ model, ...status, ...tokens, ...cost, ...hit })),
          ),
        ),
      ),
    )
    const log = write(
      join(workshop.room(), 'calls.jsonl'),
      lines
        .map((line, i) =>
          JSON.stringify({
            timestamp: '2026-09-01T10:00:00Z',
            call_id: `call-${String(i).padStart(4, '0')}-xxxxxxxxxxxx`,
            provider: 'openai',
            ...line,
          }),
        )
        .join('\n'),
    )
    for (const costBasis of ['list-first', 'reported-first'] as const) {
      const store = workshop.store()
      await ingestInto(store, [log], { costBasis })
      const columns = async (basis?: MoneyBasis): Promise<readonly Record<string, unknown>[]> => {
        const db = await openStoreForReading(store, {
          threads: 1,
          memoryLimit: '512MiB',
          lockTimeoutMs: 5000,
        })
        try {
          if (basis !== undefined) await countAs(db, basis, { contracts: [], asOf: new Date('2026-10-01') })
          const sql = 'SELECT call_id, cost_usd, cost_basis FROM calls ORDER BY call_id'
          return (await db.query(sql)).rows
        } finally {
          db.close()
        }
      }
      const [usual, list, reported] = [await columns(), await columns('list'), await columns('reported')]
      // A record that says nothing of usage, cost or failure is no call.
      expect(usual).toHaveLength(lines.length - fields.model.length)
      for (const [i, row] of usual.entries()) {
        const one = { list: list[i]!['cost_usd'], reported: reported[i]!['cost_usd'] }
        const which = String(row['cost_basis'])
        const message = JSON.stringify({
          costBasis,
          ...lines[Number(String(row['call_id']).slice(5, 9))],
          ...one,
          ...row,
        })
        if (which === 'list' || which === 'reported') expect(one[which], message).toBe(row['cost_usd'])
        else if (which === 'response_cache')
          expect(costBasis === 'list-first' ? one.list : one.reported, message).toBe(row['cost_usd'])
        else if (which === 'no_usage')
          expect([one.list, one.reported], message).toEqual([row['cost_usd'], row['cost_usd']])
        else expect([one.list, one.reported], message).toEqual([null, null])
      }
    }
  })

  test('every metric can be asked on a basis whose amounts have 18 places, and with money of no call', async () => {
    const terms: ContractTerm[] = [
      {
        provider: 'openai',
        since: '2026-08-01T00:00:00.000Z',
        factor: '1',
        fixed: { kind: 'provisioned', usd: '7', per: 'day' },
      },
    ]
    const basis: MoneyBasis = 'contract'
    await counted(calls, basis, terms, '2026-10-01', async (db) => {
      const scope = {
        since: '2026-08-30T00:00:00Z',
        until: '2026-10-01T00:00:00Z',
        tz: 'UTC',
        filters: [],
        basis,
      }
      for (const { id, sample } of metrics) {
        const { sql, params } = sample(scope)
        await expect(db.query(sql, params), id).resolves.toBeDefined()
      }
    })
  })
})
