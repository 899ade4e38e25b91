/**
 * The billed basis: what was billed goes to the calls by their tokens, and all adds up to the bill, to the last digit,
 * for every dimension. Each call's part is compared with arithmetic of whole numbers of its own.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { countAs } from '../../src/bases/count.js'
import { openStoreForReading } from '../../src/db/store.js'
import { besideCalls } from '../../src/domain/costs/basis.js'
import { modelKey, modelKeySql } from '../../src/domain/costs/billed.js'
import { moneyOf, moneyText } from '../../src/domain/costs/units.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { Scope } from '../../src/domain/scope.js'
import { breakdown, type BreakdownRow } from '../../src/metrics/breakdown.js'
import type { Database } from '../../src/db/database.js'
import { ingestInto, Workshop, write } from './ingesting.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const models = ['gpt-4o', 'gpt-4o-mini'] as const
const kinds = ['input', 'cached input', 'output'] as const
type Kind = (typeof kinds)[number]

interface Call {
  readonly id: string
  readonly day: number
  readonly model: (typeof models)[number]
  readonly project: string | null
  readonly feature: string
  readonly input: number
  readonly cached: number
  readonly output: number
}

interface Line {
  readonly day: number
  readonly model: (typeof models)[number]
  readonly kind: Kind
  readonly project: string | null
  /** In whole 1e-12 USD. */
  readonly amount: bigint
  readonly quantity: number | null
}

const day = fc.integer({ min: 0, max: 2 })
const project = fc.constantFrom('proj_a', 'proj_b', null)
const call = fc
  .record({
    day,
    model: fc.constantFrom(...models),
    project,
    feature: fc.constantFrom('search', 'chat'),
    input: fc.integer({ min: 0, max: 100_000 }),
    share: fc.integer({ min: 0, max: 4 }),
    output: fc.integer({ min: 0, max: 5000 }),
  })
  .map(({ share, ...rest }) => ({ ...rest, cached: Math.floor((rest.input * share) / 4) }))
const line = fc.record({
  day,
  model: fc.constantFrom(...models),
  kind: fc.constantFrom(...kinds),
  project,
  amount: fc.bigInt({ min: -3_000_000_000_000n, max: 90_000_000_000_000n }),
  quantity: fc.option(fc.integer({ min: 0, max: 400_000 })),
})

const dateOf = (n: number): string => `2026-09-0${n + 2}`

const dollars = (units: bigint): string => {
  const digits = (units < 0n ? -units : units).toString().padStart(13, '0')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -12)}.${digits.slice(-12)}`
}

const scope: Scope = { since: null, until: '2027-01-01T00:00:00Z', tz: 'UTC', filters: [], basis: 'billed' }

async function counted<T>(
  calls: readonly Call[],
  lines: readonly Line[],
  extra: readonly string[],
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const room = workshop.room()
  const logs = calls.map((one) =>
    JSON.stringify({
      timestamp: `${dateOf(one.day)}T12:00:00Z`,
      call_id: one.id,
      provider: 'openai',
      model: one.model,
      feature: one.feature,
      ...(one.project === null ? {} : { project: one.project }),
      input_tokens: one.input,
      cached_tokens: one.cached,
      output_tokens: one.output,
    }),
  )
  const time = (n: number): string => {
    const start = Date.parse(dateOf(n)) / 1000
    return `${start},${start + 86_400},${dateOf(n)}T00:00:00+00:00,x`
  }
  const costs = lines.map(
    (one) =>
      `${time(one.day)},${dollars(one.amount)},usd,${one.quantity ?? ''},"${one.model}, ${one.kind}",${one.project ?? ''}`,
  )
  const others = extra.map((amount) => `${time(0)},${amount},usd,,Tax,`)
  const head =
    'start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,line_item,project_id'
  const store = workshop.store()
  const { files } = await ingestInto(store, [
    write(join(room, 'calls.jsonl'), `${logs.join('\n')}\n`),
    write(join(room, 'costs.csv'), `${head}\n${[...costs, ...others].join('\n')}\n`),
  ])
  expect(files.map(({ state, rejected }) => [state, rejected])).toEqual(files.map(() => ['read', 0]))
  const db = await openStoreForReading(store, { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5000 })
  try {
    await countAs(db, 'billed', { contracts: [], asOf: new Date('2027-01-01') })
    return await work(db)
  } finally {
    db.close()
  }
}

const tokensOf = (one: Call, kind: Kind): bigint =>
  BigInt(kind === 'input' ? one.input - one.cached : kind === 'cached input' ? one.cached : one.output)

/** What each call is billed, in whole 1e-18 USD, by plain arithmetic. */
function expected(calls: readonly Call[], lines: readonly Line[]): Map<string, bigint> {
  const costs = new Map<string, bigint>()
  const inLogs = new Set(calls.map((one) => one.project))
  const told = new Set(
    lines.flatMap((one) => (one.project !== null && inLogs.has(one.project) ? [one.project] : [])),
  )
  const ofBill = (name: string | null): string => (told.size === 0 ? '' : (name ?? ''))
  const ofCall = (name: string | null): string => (name !== null && told.has(name) ? name : '')
  const has = (model: string, kind: Kind): boolean =>
    lines.some((one) => one.model === model && one.kind === kind)
  const soldAs = (model: string, kind: Kind): Kind =>
    kind === 'cached input' && !has(model, kind) ? 'input' : kind
  const keys = new Map<string, { amount: bigint; quantity: bigint }>()
  for (const one of lines) {
    const key = [one.day, one.model, one.kind, ofBill(one.project)].join('|')
    const sum = keys.get(key) ?? { amount: 0n, quantity: 0n }
    keys.set(key, {
      amount: sum.amount + one.amount * 1_000_000n,
      quantity: sum.quantity + BigInt(one.quantity ?? 0),
    })
  }
  for (const [key, { amount, quantity }] of keys) {
    const weights = calls.flatMap((one) => {
      const tokens = kinds
        .filter(
          (kind) => [one.day, one.model, soldAs(one.model, kind), ofCall(one.project)].join('|') === key,
        )
        .reduce((sum, kind) => sum + tokensOf(one, kind), 0n)
      return tokens === 0n ? [] : [[one.id, tokens] as const]
    })
    const claimed = weights.reduce((sum, [, tokens]) => sum + tokens, 0n)
    if (claimed === 0n) continue
    const whole = claimed > quantity ? claimed : quantity
    const size = amount < 0n ? -amount : amount
    const given = weights.map(([id, tokens]) => [id, (size * tokens) / whole] as const)
    let left = (size * claimed) / whole - given.reduce((sum, [, part]) => sum + part, 0n)
    for (const [id, part] of given.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const units = part + (left > 0n ? 1n : 0n)
      left -= 1n
      costs.set(id, (costs.get(id) ?? 0n) + (amount < 0n ? -units : units))
    }
  }
  return costs
}

const world = fc.record({
  calls: fc
    .array(call, { minLength: 1, maxLength: 12 })
    .map((all) =>
      all.map((one, i): Call => ({ ...one, id: `call-${String(i).padStart(4, '0')}-${'x'.repeat(12)}` })),
    ),
  lines: fc.array(line, { minLength: 1, maxLength: 14 }),
  extra: fc.array(fc.constantFrom('0.21', '-3.5', '0.000000000000000001'), { maxLength: 2 }),
})

describe('the billed basis', () => {
  test('gives each call its part, and adds up to the bill for every dimension', async () => {
    const run = fc.asyncProperty(world, async ({ calls, lines, extra }) => {
      const bill = lines.reduce((sum, { amount }) => sum + amount * 1_000_000n, 0n)
      const all = bill + extra.reduce((sum, amount) => sum + moneyOf(amount), 0n)
      await counted(calls, lines, extra, async (db) => {
        const { rows } = await db.query<{ call_id: string; cost_usd: string | null }>(
          `SELECT call_id, cost_usd FROM calls WHERE ${besideCalls} IS NULL ORDER BY call_id`,
        )
        const parts = expected(calls, lines)
        expect(
          rows.map((row) => [row.call_id, row.cost_usd === null ? null : moneyOf(row.cost_usd)]),
        ).toEqual(calls.map(({ id }) => [id, parts.get(id) ?? null]))
        for (const by of [
          [],
          ['feature'],
          ['model'],
          ['project', 'feature'],
          ['day'],
          ['provider'],
          ['user'],
        ]) {
          const { sql, params } = breakdown({
            scope,
            by: by.map(dimensionOf),
            measures: ['cost_usd', 'calls'],
          })
          const found = (await db.query<BreakdownRow>(sql, params)).rows as BreakdownRow[]
          const sum = found
            .filter((row) => !row.is_total)
            .reduce((total, row) => total + moneyOf(String(row.cost_usd ?? '0')), 0n)
          const total = found.find((row) => row.is_total)
          expect(Number(total?.calls)).toBe(calls.length)
          expect(moneyText(moneyOf(String(total?.cost_usd ?? '0')))).toBe(moneyText(all))
          if (by.length > 0) expect(moneyText(sum)).toBe(moneyText(all))
        }
      })
    })
    await fc.assert(run, { numRuns: tries(8, 150) })
  })

  test('says of money that no call has what it is, in every text dimension', async () => {
    const calls: Call[] = [
      {
        id: 'call-0000-xxxxxxxxxxxx',
        day: 0,
        model: 'gpt-4o',
        project: null,
        feature: 'search',
        input: 300,
        cached: 0,
        output: 0,
      },
    ]
    const lines: Line[] = [
      { day: 0, model: 'gpt-4o', kind: 'input', project: null, amount: 4_000_000_000_000n, quantity: 400 },
    ]
    await counted(calls, lines, ['0.5'], async (db) => {
      for (const by of ['feature', 'provider', 'model', 'user', 'team', 'tag.x']) {
        const { sql, params } = breakdown({
          scope,
          by: [dimensionOf(by)],
          measures: ['cost_usd', 'calls', 'users'],
        })
        const rows = (await db.query<BreakdownRow>(sql, params)).rows as BreakdownRow[]
        const costs = rows.map((row) => [
          row.is_total ? 'all' : row.d0,
          Number(row.cost_usd),
          Number(row.users),
        ])
        const own =
          by === 'feature' ? 'search' : by === 'provider' ? 'openai' : by === 'model' ? 'gpt-4o' : null
        expect(costs).toEqual(
          expect.arrayContaining([
            [own, 3, 0],
            ['(not in the logs: usage)', 1, 0],
            ['(not in the logs: tax)', 0.5, 0],
            ['all', 4.5, 0],
          ]),
        )
      }
    })
  })

  test('takes a charge by the day of its biller, where that is said', async () => {
    const room = workshop.room()
    const line = (hour: string, id: string): string =>
      JSON.stringify({
        timestamp: `2026-09-${hour}Z`,
        call_id: `call-${id}-xxxxxxxxxxxx`,
        provider: 'openai',
        model: 'gpt-4o',
        input_tokens: 100,
        output_tokens: 0,
      })
    // 2 September of New York: from 04:00 UTC on, for 24 hours.
    const log = [
      line('02T03:59:59', '1'),
      line('02T04:00:00', '2'),
      line('03T03:59:59', '3'),
      line('03T04:00:00', '4'),
    ]
    const start = Date.parse('2026-09-02') / 1000
    const bill = `start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,line_item,project_id\n${start},${start + 86_400},2026-09-02T00:00:00+00:00,x,6,usd,200,"gpt-4o, input",\n`
    const store = workshop.store()
    await ingestInto(store, [
      write(join(room, 'calls.jsonl'), `${log.join('\n')}\n`),
      write(join(room, 'costs.csv'), bill),
    ])
    for (const [zones, costs] of [
      [{}, ['3', '3', null, null]],
      [{ openai: 'America/New_York' }, [null, '3', '3', null]],
      [{ anthropic: 'America/New_York' }, ['3', '3', null, null]],
    ] as const) {
      const db = await openStoreForReading(store, { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5000 })
      try {
        await countAs(db, 'billed', { contracts: [], asOf: new Date('2027-01-01') }, zones)
        const { rows } = await db.query<{ cost_usd: string | null }>(
          'SELECT cost_usd FROM calls ORDER BY call_id',
        )
        expect(rows.map(({ cost_usd: cost }) => (cost === null ? null : moneyText(moneyOf(cost))))).toEqual(
          costs,
        )
      } finally {
        db.close()
      }
    }
  })

  test('knows models by the same names in SQL as in code', async () => {
    const names = [
      'gpt-4o-2024-08-06',
      'openai/GPT-4o',
      ' us.anthropic.claude-sonnet-4-5-20250929-v1:0 ',
      'claude-3-5-sonnet@20240620',
      'deepseek.v3-v1:0',
      'x-latest',
      'anthropic.claude',
      'o1',
    ]
    await counted(
      [
        {
          id: 'call-0',
          day: 0,
          model: 'gpt-4o',
          project: null,
          feature: 'a',
          input: 1,
          cached: 0,
          output: 0,
        },
      ],
      [{ day: 0, model: 'gpt-4o', kind: 'input', project: null, amount: 1n, quantity: 1 }],
      [],
      async (db) => {
        const { rows } = await db.query<{ name: string; key: string }>(
          `SELECT name, ${modelKeySql('name')} AS key FROM (SELECT unnest([${names.map((name) => `'${name}'`).join(', ')}]) AS name)`,
        )
        expect(rows.map(({ name, key }) => [name, key])).toEqual(names.map((name) => [name, modelKey(name)]))
      },
    )
  })
})
