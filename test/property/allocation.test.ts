/**
 * Cost centers against a plain loop over the calls in whole numbers: what each gets, and that no sum by any label, in any
 * window, is another for it but for the monthly costs that were added, to the last digit.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allocate, allocatedWords } from '../../src/bases/allocate.js'
import { countAs } from '../../src/bases/count.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import type { Allocation, MonthlyCost, ShareBasis, Sharing } from '../../src/domain/costs/allocation.js'
import { hasMoneyBeside, type MoneyBasis } from '../../src/domain/costs/basis.js'
import type { ContractTerm } from '../../src/domain/costs/contract.js'
import { moneyOf, type Money } from '../../src/domain/costs/units.js'
import { parseDimensionsAndCenters } from '../../src/domain/dimensions.js'
import type { Scope, Window } from '../../src/domain/scope.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import { inScope } from '../../src/metrics/scope.js'
import { ask } from '../../src/questions/question.js'
import { tries } from './seed.js'

interface Row {
  readonly ts: string
  readonly model: string
  readonly feature: string | null
  readonly team: string | null
  readonly squad: string | null
  readonly tokens: number | null
  /** 1e-12 USD; null: unpriced. */
  readonly cost: bigint | null
  readonly operation: string
}

const dayMs = 86_400_000
const at = (ms: number): string => new Date(ms).toISOString()
const first = Date.parse('2026-08-20T00:00:00Z')

const row: fc.Arbitrary<Row> = fc.record({
  ts: fc.noBias(fc.integer({ min: 0, max: 75 * 86_400 })).map((second) => at(first + second * 1000)),
  model: fc.constantFrom('a', 'b'),
  feature: fc.constantFrom('chat', 'gateway', null),
  team: fc.constantFrom('blue', 'green', 'red', 'rose', "o'hara", '(shared)', null, null),
  squad: fc.constantFrom('x', 'y', null),
  tokens: fc.option(fc.integer({ min: 0, max: 1_000_000 })),
  cost: fc.option(
    fc.oneof(
      fc.bigInt({ min: 0n, max: 20_000_000_000n }),
      fc.bigInt({ min: 0n, max: 7n }),
      fc.bigInt({ min: -5_000_000n, max: 900_000_000_000_000_000n }),
    ),
  ),
  operation: fc.constantFrom('chat', 'chat', 'chat', 'session_total'),
})

const by = fc.constantFrom<ShareBasis>('cost', 'tokens', 'calls')
const sharing: fc.Arbitrary<Sharing> = fc.oneof(
  by.map((one) => ({ by: one })),
  by.map((one) => ({ by: one })),
  fc.integer({ min: 1, max: 999_999 }).map((part) => ({
    to: { green: BigInt(part), 'a new one': 1_000_000n - BigInt(part) },
  })),
  fc.constant({ to: { platform: 1_000_000n } }),
)

const cost: fc.Arbitrary<MonthlyCost> = fc.record(
  {
    name: fc.constantFrom('GPU', "Ann's gateway"),
    usd: fc.constantFrom('4200', '0.000000000000000029', '99999999.99', '100.1'),
    since: fc.constantFrom(
      '2026-09-01T00:00:00.000Z',
      '2026-08-30T00:00:00.000Z',
      '2026-07-01T00:00:00.000Z',
    ),
    until: fc.constantFrom('2026-09-30T00:00:00.000Z', '2027-01-01T00:00:00.000Z'),
    sharing,
  },
  { requiredKeys: ['name', 'usd', 'since', 'sharing'] },
)

const allocation: fc.Arbitrary<Allocation> = fc.record({
  from: fc.constantFrom('team', 'tag.squad'),
  centers: fc.constantFrom<Allocation['centers']>({}, { warm: ['red', 'rose'], x: ['y'] }),
  shared: fc.array(
    fc.record(
      {
        sharing,
        where: fc.constantFrom(
          [{ dimension: 'feature', operator: '=' as const, value: 'gateway' }],
          [
            { dimension: 'model', operator: '=' as const, value: 'a' },
            { dimension: 'feature', operator: '!=' as const, value: 'chat' },
          ],
        ),
      },
      { requiredKeys: ['sharing'] },
    ),
    { minLength: 1, maxLength: 3 },
  ),
  costs: fc.array(cost, { maxLength: 2 }),
})

const contracts: readonly ContractTerm[] = [
  {
    provider: 'openai',
    model: 'a',
    factor: '0.870001',
    since: '2026-09-01T00:00:00.000Z',
    fixed: { kind: 'committed', usd: '1000000.07', per: 'month' },
  },
  {
    provider: 'openai',
    factor: '1',
    since: '2026-09-05T00:00:00.000Z',
    fixed: { kind: 'provisioned', usd: '31.7', per: 'day' },
  },
]

async function withRows<T>(rows: readonly Row[], work: (db: Database) => Promise<T>): Promise<T> {
  const db = await Database.open(':memory:', 'write', { threads: 1 })
  try {
    await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
    await db.run('USE store')
    const text = (value: string | null): string =>
      value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`
    const values = rows.map((one, i) => {
      const usd = one.cost === null ? 'NULL' : `CAST(${one.cost} AS DECIMAL(18,0)) * 0.000000000001`
      const tags = one.squad === null ? 'NULL' : `MAP {'squad': ${text(one.squad)}}`
      return `('c${String(i).padStart(3, '0')}', 'test', TIMESTAMP '${one.ts.replace('T', ' ').replace('Z', '')}', 'openai', '${one.model}', ${text(one.feature)}, ${text(one.team)}, ${tags}, ${one.tokens}, ${usd}, ${usd}, ${text(one.operation)})`
    })
    if (values.length > 0)
      await db.run(
        `INSERT INTO store.main.calls (call_id, source, ts, provider, model, feature, team, tags, total_tokens, list_cost_usd, cost_usd, operation) VALUES ${values.join(', ')}`,
      )
    return await work(db)
  } finally {
    db.close()
  }
}

/** Sums of cost in 1e-18 USD by the words of a group. */
type Sums = Map<string, Money>

function add(sums: Sums, key: readonly (string | null)[], amount: Money): void {
  const text = JSON.stringify(key)
  sums.set(text, (sums.get(text) ?? 0n) + amount)
}

const isNothing = (sums: Sums): Sums => new Map([...sums].filter(([, amount]) => amount !== 0n))

/** By a list of dimensions; groups that come to nothing are left out. */
async function sumsBy(db: Database, names: string, scope: Scope): Promise<Sums> {
  const dimensions = parseDimensionsAndCenters(names)
  const rows = await ask(db, breakdown({ scope, by: dimensions, measures: ['cost_usd'] }))
  const sums: Sums = new Map()
  for (const one of rows)
    if (one.is_total === (dimensions.length === 0) && one.cost_usd !== null)
      add(
        sums,
        dimensions.map((_, i) => one[`d${i}`] as string | null),
        moneyOf(String(one.cost_usd)),
      )
  return isNothing(sums)
}

/** What counts before anything is allocated, as the database has it. */
interface Counted extends Row {
  readonly units: Money | null
  readonly beside: string | null
}

async function countedRows(db: Database, basis: MoneyBasis | undefined): Promise<readonly Counted[]> {
  const { rows } = await db.query<Counted & { cost_usd: string | null }>(
    `SELECT strftime(ts, '%Y-%m-%dT%H:%M:%S.%gZ') AS ts, model, feature, team, tags['squad'] AS squad, total_tokens AS tokens, operation, cost_usd,
      ${hasMoneyBeside(basis) ? 'beside_calls' : 'NULL'} AS beside FROM calls`,
  )
  return rows.map((one) => ({ ...one, units: one.cost_usd === null ? null : moneyOf(one.cost_usd) }))
}

interface Part {
  readonly ts: string
  readonly center: string
  readonly model: string | null
  readonly feature: string | null
  readonly amount: Money
}

const monthOf = (ts: string): string => ts.slice(0, 7)

const down = (amount: Money, times: bigint, over: bigint): Money => {
  const size = ((amount < 0n ? -amount : amount) * times) / over
  return amount < 0n ? -size : size
}

/** All amounts with their center, by the description of the config file alone. */
function expectedParts(rows: readonly Counted[], terms: Allocation, asOf: number): readonly Part[] {
  const centerOf = (one: Counted): string | null => {
    const value = terms.from === 'team' ? one.team : one.squad
    if (value === null || value === '(shared)') return null
    return Object.entries(terms.centers).find(([, values]) => values.includes(value))?.[0] ?? value
  }
  const ruleOf = (one: Counted): Sharing | undefined =>
    terms.shared.find(({ where }) =>
      where === undefined
        ? centerOf(one) === null
        : where.every(({ dimension, operator, value }) => {
            const own = dimension === 'feature' ? one.feature : one.model
            return operator === '=' ? own === value : own !== value
          }),
    )?.sharing
  const own = rows.filter(
    (one) => centerOf(one) !== null && ruleOf(one) === undefined && Date.parse(one.ts) < asOf,
  )
  const weightsIn = (month: string, sharing: Sharing): readonly (readonly [string, bigint])[] => {
    const found = new Map<string, bigint>()
    if ('to' in sharing) for (const [center, part] of Object.entries(sharing.to)) found.set(center, part)
    else
      for (const one of own.filter(({ ts }) => monthOf(ts) === month)) {
        const center = centerOf(one)!
        const weight = {
          calls: one.operation === 'session_total' ? 0n : 1n,
          tokens: BigInt(one.tokens ?? 0),
          cost: one.units ?? 0n,
        }[sharing.by]
        found.set(center, (found.get(center) ?? 0n) + weight)
      }
    const rounded = [...found].map(([center, weight]): [string, bigint] => [
      center,
      'by' in sharing && sharing.by === 'cost' ? (weight + 500_000n) / 1_000_000n : weight,
    ])
    return rounded.filter(([, weight]) => weight > 0n).toSorted(([a], [b]) => (a < b ? -1 : 1))
  }
  const split = (amount: Money, ts: string, sharing: Sharing): readonly (readonly [string, Money])[] => {
    const weights = weightsIn(monthOf(ts), sharing)
    if (weights.length === 0) return [['(shared)', amount]]
    const all = weights.reduce((sum, [, weight]) => sum + weight, 0n)
    let [before, from] = [0n, 0n]
    return weights.map(([center, weight]) => {
      const to = ((before + weight) * 2n ** 60n) / all
      const part = down(amount, to, 2n ** 60n) - down(amount, from, 2n ** 60n)
      ;[before, from] = [before + weight, to]
      // Whatever the way there: it is the share, but for less than its quintillionth and a unit either side.
      const off = part * all - amount * weight
      const size = amount < 0n ? -amount : amount
      expect((off < 0n ? -off : off) <= all * (1n + size / 2n ** 60n + 1n)).toBe(true)
      return [center, part] as const
    })
  }
  const ofCalls = rows.flatMap((one): readonly Part[] => {
    const { ts, model, feature, beside } = one
    if (one.units === null) return []
    const label = { ts, model: beside ?? model, feature: beside ?? feature }
    const rule = ruleOf(one)
    if (rule === undefined) return [{ ...label, center: centerOf(one) ?? '(shared)', amount: one.units }]
    return split(one.units, ts, rule).map(([center, amount]) => ({ ...label, center, amount }))
  })
  const ofMonths = terms.costs.flatMap(({ name, usd, since, until, sharing }): readonly Part[] => {
    const end = Math.min(asOf, until === undefined ? Infinity : Date.parse(until))
    const parts: Part[] = []
    for (let day = Date.parse(since); day < end; day += dayMs) {
      const date = new Date(day)
      const days = BigInt(new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate())
      const extra = BigInt(date.getUTCDate()) <= moneyOf(usd) % days ? 1n : 0n
      const label = { ts: at(day), model: `(${name})`, feature: `(${name})` }
      for (const [center, amount] of split(moneyOf(usd) / days + extra, at(day), sharing))
        parts.push({ ...label, center, amount })
    }
    return parts
  })
  return [...ofCalls, ...ofMonths]
}

const seconds = (from: number, to: number): fc.Arbitrary<number> =>
  fc.noBias(fc.integer({ min: from * 86_400, max: to * 86_400 }))

const windows: fc.Arbitrary<Window> = fc.oneof(
  fc.constant({ since: null, until: null }),
  fc.tuple(seconds(-10, 60), fc.option(seconds(1, 60))).map(([since, length]) => ({
    since: at(first + since * 1000),
    until: length === null ? null : at(first + (since + length) * 1000),
  })),
)

const labels = [
  'none',
  'model',
  'feature',
  'team',
  'tag.squad',
  'feature,team',
  'customer',
  'prompt_version',
  'month',
]
const centerLabels = ['cost_center', 'cost_center,feature', 'cost_center,month,model']

describe('allocated cost', () => {
  test('is what each center has by the rules, and adds up by every label in every window', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.array(row, { maxLength: 5 }), fc.array(row, { minLength: 15, maxLength: 40 })),
        allocation,
        fc.array(windows, { minLength: 1, maxLength: 2 }),
        fc.shuffledSubarray(labels, { minLength: 2, maxLength: 2 }),
        fc.shuffledSubarray(centerLabels, { minLength: 1, maxLength: 1 }),
        seconds(10, 80),
        fc.constantFrom<MoneyBasis | undefined>(undefined, 'list', 'contract'),
        async (rows, terms, asked, names, centers, asOfSeconds, basis) => {
          const asOf = first + asOfSeconds * 1000
          await withRows(rows, async (db) => {
            if (basis !== undefined) await countAs(db, basis, { contracts, asOf: new Date(asOf) })
            const counted = await countedRows(db, basis)
            const scopeOf = (window: Window, allocated?: true): Scope => ({
              ...window,
              filters: [],
              tz: 'UTC',
              ...(basis && { basis }),
              ...(allocated && { allocated }),
            })
            const before = new Map<string, Sums>()
            for (const [i, window] of asked.entries())
              for (const label of names) before.set(`${label} ${i}`, await sumsBy(db, label, scopeOf(window)))

            await allocate(db, terms, { asOf: new Date(asOf), hasBeside: hasMoneyBeside(basis) })
            const parts = expectedParts(counted, terms, asOf)
            for (const [i, window] of asked.entries()) {
              const within = ({ ts }: Part): boolean =>
                (window.since === null || ts >= window.since) && (window.until === null || ts < window.until)
              const inWindow = parts.filter(within)
              const added = inWindow.filter((one) =>
                terms.costs.some(({ name }) => one.model === `(${name})`),
              )
              for (const label of names) {
                const want = new Map(before.get(`${label} ${i}`))
                for (const one of added)
                  add(
                    want,
                    label === 'none'
                      ? []
                      : label.split(',').map((name) => (name === 'month' ? monthOf(one.ts) : one.model)),
                    one.amount,
                  )
                const found = await sumsBy(db, label, scopeOf(window, true))
                expect(found).toEqual(isNothing(want))
              }
              for (const label of centers) {
                const want: Sums = new Map()
                for (const one of inWindow)
                  add(
                    want,
                    label
                      .split(',')
                      .map((name) =>
                        name === 'cost_center'
                          ? one.center
                          : name === 'month'
                            ? monthOf(one.ts)
                            : one[name as 'model'],
                      ),
                    one.amount,
                  )
                expect(await sumsBy(db, label, scopeOf(window, true))).toEqual(isNothing(want))
              }
            }
          })
        },
      ),
      { numRuns: tries(12, 1000) },
    )
  })
})

describe('what is said', () => {
  const call = (ts: string, more: Partial<Row>): Row => ({
    ts,
    model: 'a',
    feature: 'chat',
    team: null,
    squad: null,
    tokens: 10,
    cost: 1_000_000_000_000n,
    operation: 'chat',
    ...more,
  })
  const wordsOf = async (rows: readonly Row[], terms: Allocation): ReturnType<typeof allocatedWords> =>
    withRows(rows, async (db) => {
      await allocate(db, terms, { asOf: new Date('2026-10-16T12:00:00Z'), hasBeside: false })
      return allocatedWords(db, inScope({ since: null, until: null, filters: [], tz: 'UTC' }))
    })

  test('of rules and monthly costs, and of months without a weight', async () => {
    const terms: Allocation = {
      from: 'team',
      centers: {},
      shared: [
        {
          sharing: { to: { blue: 1_000_000n } },
          where: [{ dimension: 'feature', operator: '=', value: 'gateway' }],
        },
        { sharing: { by: 'tokens' } },
      ],
      costs: [
        { name: 'GPU', usd: '31', since: '2026-10-01T00:00:00.000Z', sharing: { to: { blue: 1_000_000n } } },
      ],
    }
    const rows = [
      call('2026-09-03T10:00:00.000Z', {}),
      call('2026-10-03T10:00:00.000Z', {}),
      call('2026-10-03T10:00:00.000Z', { team: 'blue' }),
      call('2026-10-03T10:00:00.000Z', { feature: 'gateway' }),
      call('2026-10-03T10:00:00.000Z', { feature: 'gateway', cost: null }),
    ]
    expect(await wordsOf(rows, terms)).toEqual({
      note: '$1.00 of shared cost allocated in fixed parts, $1.00 by tokens; $16.00 of monthly cost added',
      warnings: ['$1.00 stays (shared): in 2026-09 no cost center has calls of its own to share it by'],
    })
    expect(await wordsOf(rows.slice(2, 3), { ...terms, costs: [] })).toEqual({
      note: undefined,
      warnings: [],
    })
  })
})
