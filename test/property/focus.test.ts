/** FOCUS charges against the raw calls and the rules of the specification. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { parseDimensions } from '../../src/domain/dimensions.js'
import type { ContractTerm } from '../../src/domain/costs/contract.js'
import type { Scope } from '../../src/domain/scope.js'
import type { ExportFormat } from '../../src/exports/columns.js'
import { writeExport } from '../../src/exports/write.js'
import { focusColumns, focusVersions, type FocusVersion } from '../../src/metrics/exports/focus-columns.js'
import { focus } from '../../src/metrics/exports/focus.js'
import { pricedQuery } from '../../src/pricing/price-sql.js'
import { notShown, ownChecks } from './focus-beyond.js'
import { blindChecks, brokenRules, verdictOf } from './focus-checks.js'
import { callsAtMost, exact, type FocusFile, type FocusRow } from './focus-file.js'
import { leftOut, modelRules, specColumns } from './focus-model.js'
import { dollarText } from './metrics-model.js'
import { tries } from './seed.js'

let db: Database
const folder = mkdtempSync(join(tmpdir(), 'llmcost-focus-'))
let files = 0

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
  await db.run('CREATE TABLE memory.raw AS SELECT * FROM calls')
})
afterAll(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Call {
  readonly ts: number
  readonly provider: string | null
  readonly model: string | null
  readonly team: string | null
  readonly region: string | null
  readonly tier: string | null
  readonly input: number | null
  readonly output: number | null
  readonly read: number
  readonly write: number
  readonly oneHour: number
  readonly reasoning: number
  readonly audioIn: number
  readonly audioOut: number
  readonly searches: number
  readonly reported: string | null
  readonly hit: boolean | null
  readonly status: string | null
}

const plainCall: Call = {
  ts: Date.UTC(2026, 1, 1),
  provider: 'openai',
  model: 'm-plain',
  team: 'a',
  region: null,
  tier: null,
  input: 10,
  output: 1,
  read: 0,
  write: 0,
  oneHour: 0,
  reasoning: 0,
  audioIn: 0,
  audioOut: 0,
  searches: 0,
  reported: null,
  hit: null,
  status: null,
}

const hostile = fc.constantFrom(
  'a',
  'b',
  "o'b",
  '=1+1',
  '\u202e"\\',
  'é\u0301\u0301\u0301\u0301\u0301\u0301\u0301',
  '\u001b[31m',
)
const tokens = fc.oneof(fc.constantFrom(0, 1, 1000), fc.nat(300_000))
const share = fc.constantFrom(0, 0, 0.25, 0.5)
const call: fc.Arbitrary<Call> = fc
  .record({
    ts: fc.integer({ min: Date.UTC(2026, 0, 30), max: Date.UTC(2026, 1, 3) }),
    provider: fc.constantFrom('openai', 'anthropic', 'somewhere', null),
    model: fc.constantFrom('m-plain', 'm-banded', 'm-none', null),
    team: fc.option(hostile),
    region: fc.option(hostile),
    tier: fc.constantFrom(null, 'standard', 'batch', 'priority', 'odd'),
    input: fc.option(tokens, { freq: 8 }),
    output: fc.option(tokens, { freq: 8 }),
    shares: fc.tuple(share, share, share, share, share, share),
    searches: fc.constantFrom(0, 0, 0, 3),
    reported: fc.constantFrom(null, null, '0', '0.000000000001', '12.5', '0.333333333333'),
    hit: fc.constantFrom(null, null, false, true),
    status: fc.constantFrom(null, 'ok', 'error'),
  })
  .map(({ shares: [read, write, oneHour, reasoning, audioIn, audioOut], ...rest }) => {
    const input = rest.input ?? 0
    const part = (whole: number, of: number): number => Math.floor(whole * of)
    const written = part(input, write)
    return {
      ...rest,
      read: part(input, read),
      write: written,
      oneHour: part(written, oneHour),
      reasoning: part(rest.output ?? 0, reasoning),
      audioIn: part(input, audioIn),
      audioOut: part(rest.output ?? 0, audioOut),
    }
  })

/** USD per million; the last ones make costs that are rounded at the twelfth place. */
const price = fc.constantFrom('0', '0.15', '2.5', '15', '0.075', '0.123456789', '1.000000001')
interface Prices {
  readonly plain: readonly string[]
  readonly above: readonly string[]
  readonly some: boolean
}
const prices: fc.Arbitrary<Prices> = fc.record({
  plain: fc.array(price, { minLength: 10, maxLength: 10 }),
  above: fc.array(price, { minLength: 10, maxLength: 10 }),
  some: fc.boolean(),
})

const literal = (value: string | number | boolean | null): string =>
  value === null ? 'NULL' : typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value)

type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer R] ? R : never

/** What tiers make of prices, in percent. */
const factors: Record<string, bigint> = { standard: 100n, batch: 50n, flex: 50n, priority: 175n }
const loaded =
  'provider model mode valid_from valid_to band_lo band_hi minute_lo minute_hi input_price cache_read_price cache_write_price cache_write_1h_price output_price reasoning_output_price input_audio_price output_audio_price request_price web_search_price lacks price_source matched rule'.split(
    ' ',
  )

/** Two models of two providers, one with a band of its own above 100,000 tokens of input. */
async function loadRates({ plain, above, some }: Prices): Promise<void> {
  await db.run('DELETE FROM rates')
  const inMode = (
    mode: string,
    provider: string,
    model: string,
    low: number,
    high: number,
    list: readonly string[],
  ): string => {
    const optional = list.map((one, i) => (some && [3, 5, 6, 7, 8, 9].includes(i) ? 'NULL' : one))
    const isKnown = mode === 'standard' || !some
    const factor = isKnown ? factors[mode]! : 100n
    const multiplied = optional.map((one, i) =>
      one === 'NULL' || i > 7
        ? one
        : `CAST(CAST(${one} AS DECIMAL(18,9)) * ${factor} * 0.01 AS DECIMAL(18,9))`,
    )
    const lacks = isKnown ? 'NULL' : literal(`service_tier=${mode}`)
    return `(${[literal(provider), literal(model), literal(mode), "TIMESTAMP '2015-01-01'", "TIMESTAMP '2101-01-01'", low, high, 0, 1440, ...multiplied, lacks, "'test'", "''", "''"].join()})`
  }
  const row = (...given: Tail<Parameters<typeof inMode>>): string =>
    Object.keys(factors)
      .map((mode) => inMode(mode, ...given))
      .join()
  const rows = ['openai', 'anthropic'].flatMap((provider) => [
    row(provider, 'm-plain', -1, 2_000_000_000, plain),
    row(provider, 'm-banded', -1, 100_000, plain),
    row(provider, 'm-banded', 100_000, 2_000_000_000, above),
  ])
  await db.run(`INSERT INTO rates (${loaded.join()}) VALUES ${rows.join()}`)
}

async function loadCalls(calls: readonly Call[], basis: 'list-first' | 'reported-first'): Promise<void> {
  await db.run('DELETE FROM calls')
  await db.run('DELETE FROM memory.raw')
  if (calls.length === 0) return
  const rows = calls.map((one, i) => {
    const tags = one.region === null ? 'NULL' : `MAP {'region': ${literal(one.region)}}`
    const numbers = [
      one.input,
      one.output,
      one.read,
      one.write,
      one.oneHour,
      one.reasoning,
      one.audioIn,
      one.audioOut,
      one.searches,
    ]
    return `('c${i}', 'test', epoch_ms(${one.ts}), ${[one.provider, one.model, one.team, one.tier].map(literal).join()}, ${tags},
      ${[...numbers, one.reported, one.hit, one.status].map(literal).join()})`
  })
  await db.run(`INSERT INTO memory.raw (call_id, source, ts, provider, model, team, service_tier, tags, input_tokens, output_tokens,
    cache_read_input_tokens, cache_creation_input_tokens, cache_creation_1h_input_tokens, reasoning_output_tokens,
    input_audio_tokens, output_audio_tokens, web_search_requests, reported_cost_usd, cache_hit, status) VALUES ${rows.join()}`)
  const priced = [
    'list_input_cost_usd',
    'list_cache_read_cost_usd',
    'list_cache_write_cost_usd',
    'list_output_cost_usd',
    'list_other_cost_usd',
    'list_cost_usd',
    'cost_usd',
    'cost_basis',
    'partly_priced',
    'unpriced_usage',
  ]
  const query = pricedQuery({
    calls: `(SELECT * EXCLUDE (${priced.join()}) FROM memory.raw)`,
    rates: 'rates',
    keep: 'c.*',
    basis,
  })
  await db.run(`INSERT INTO calls BY NAME ${query}`)
}

interface BilledCharge {
  readonly provider: string | null
  readonly first: number
  readonly days: number
  readonly monthly: boolean
  readonly category: string
  readonly isLlm: boolean
  readonly cost: string
  readonly other: string | null
  readonly quantity: string | null
  readonly unit: string | null
  readonly token: string | null
  readonly model: string | null
  readonly sku: string | null
  readonly project: string | null
  readonly currency: string
}

const billedCharge: fc.Arbitrary<BilledCharge> = fc.record({
  provider: fc.constantFrom('openai', 'anthropic', null),
  first: fc.constantFrom(
    Date.UTC(2026, 0, 30),
    Date.UTC(2026, 0, 31),
    Date.UTC(2026, 1, 1),
    Date.UTC(2026, 1, 3),
  ),
  days: fc.constant(1),
  monthly: fc.boolean(),
  category: fc.constantFrom('Usage', 'Usage', 'Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'),
  isLlm: fc.boolean(),
  cost: fc.constantFrom(
    '0',
    '1',
    '-2.5',
    '0.000000000000000001',
    '1234567.123456789012345678',
    '-0.333333333333333333',
  ),
  other: fc.constantFrom(null, null, '3', '0.1'),
  quantity: fc.constantFrom(null, '0', '1', '7', '999999999999', '1.5'),
  unit: fc.constantFrom(null, 'tokens', 'requests', 'Units'),
  token: fc.constantFrom(null, 'input', 'cache_read', 'cache_write_1h', 'output'),
  model: fc.constantFrom(null, 'm-plain', "o'b"),
  sku: fc.constantFrom(null, 'meter', '=1+1'),
  project: fc.constantFrom(null, 'p'),
  currency: fc.constantFrom('USD', 'USD', 'EUR'),
})

const spanOf = ({ first, monthly }: BilledCharge): string =>
  new Date(first).toISOString().slice(0, monthly ? 7 : 10)
const oneDay = 86_400_000

async function loadBills(bills: readonly BilledCharge[]): Promise<void> {
  await db.run('DELETE FROM billed')
  if (bills.length === 0) return
  const rows = bills.map((one, i) => {
    const sign = one.cost.startsWith('-') ? '-' : ''
    const stated = one.other === null ? null : `${sign}${one.other}`
    const texts = [
      one.provider,
      one.sku,
      one.token,
      one.unit,
      one.currency,
      one.project,
      one.category,
      one.model,
    ]
    const amounts = [one.quantity, stated, stated, stated, one.cost].map((text) =>
      text === null ? 'NULL' : `CAST('${text}' AS DECIMAL(38,18))`,
    )
    return `(1, ${i}, 1, 'test', 'openai', 'cost', epoch_ms(${one.first}), epoch_ms(${one.first + oneDay * one.days}), '${spanOf(one)}', ${texts.map(literal).join()}, ${amounts.join()}, ${one.isLlm}, MAP {'k': 'v'})`
  })
  await db.run(`INSERT INTO billed (file_id, record, part, source, biller, kind, charge_period_start, charge_period_end, bill_span,
    provider, sku, token_type, unit, currency, project, charge_category, model, quantity, list_cost, contracted_cost, effective_cost, billed_cost, is_llm, tags)
    VALUES ${rows.join()}`)
}

/** From the first to the last charge for use of models of the same provider and day or month. */
function isCovered(one: Call, bills: readonly BilledCharge[]): boolean {
  const covering = bills.filter(
    ({ category, isLlm, provider }) =>
      category === 'Usage' && isLlm && provider !== null && provider === one.provider,
  )
  return covering.some((bill) => {
    const span = covering.filter((other) => spanOf(other) === spanOf(bill))
    const since = Math.min(...span.map(({ first }) => first))
    const until = Math.max(...span.map(({ first, days }) => first + days * oneDay))
    return one.ts >= since && one.ts < until
  })
}

const sku = (row: FocusRow): { readonly provider: string; readonly model: string } => {
  const [provider = '', model = ''] = row['SkuId']!.split('/')
  return { provider, model }
}

const everything: Scope = { since: null, until: null, tz: 'UTC', filters: [] }

async function charges(
  by = 'team,tag.region',
  format: ExportFormat = 'csv',
  version: FocusVersion = '1.4',
  billed = false,
  contracts: readonly ContractTerm[] = [],
): Promise<FocusRow[]> {
  const { sql, params } = focus({
    billed,
    contracts,
    version,
    scope: everything,
    by: parseDimensions(by),
    accounts: { '': 'acme', openai: 'org-1' },
  })
  const path = join(folder, `${++files}.${format}`)
  await writeExport(db, { columns: focusColumns(version, billed), sql, params }, format, {
    path,
    force: false,
  })
  if (format === 'parquet') {
    return (await db.query<FocusRow>('SELECT * FROM read_parquet($path)', { path })).rows as FocusRow[]
  }
  return parse<FocusRow>(readFileSync(path), {
    columns: true,
    // An empty field is null, a quoted empty text is not.
    cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
  })
}

const total = (rows: readonly FocusRow[], name: string, places = 12): bigint =>
  rows.reduce((sum, row) => sum + exact(row[name]!, places), 0n)

/** Amounts without the quote mark that CSV puts before what a spreadsheet would compute. */
const tagsIn = (row: FocusRow): Record<string, string> =>
  row['Tags'] === null ? {} : (JSON.parse(row['Tags']!) as Record<string, string>)

const setting = fc.tuple(
  fc.array(call, { maxLength: callsAtMost }),
  prices,
  fc.constantFrom('list-first' as const, 'reported-first' as const),
)

/** Under load; each run writes a file. */
const slow = 180_000

/** Billed and list costs of all calls that are charges. */
async function expectSums(rows: readonly FocusRow[]): Promise<void> {
  const { cost, list } = await db.one<{ cost: string; list: string }>(
    `SELECT coalesce(sum(cost_usd), 0) AS cost, coalesce(sum(CASE WHEN cost_basis = 'list' THEN list_cost_usd
       WHEN cost_usd <> 0 OR cost_basis = 'reported' THEN coalesce(list_cost_usd, cost_usd) END), 0) AS list FROM calls`,
  )
  for (const name of ['BilledCost', 'EffectiveCost', 'ContractedCost'])
    expect(total(rows, name)).toBe(exact(cost, 12))
  expect(total(rows, 'ListCost')).toBe(exact(list, 12))
}

/** Columns and their types as a reader of Parquet finds them. */
async function parquetTypes(version: FocusVersion): Promise<Record<string, string>> {
  await charges(undefined, 'parquet', version)
  const { rows } = await db.query<{ column_name: string; column_type: string }>(
    'SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet($path))',
    { path: join(folder, `${files}.parquet`) },
  )
  return Object.fromEntries(rows.map((row) => [row.column_name, row.column_type]))
}

const fileOf = async (version: FocusVersion, rows: readonly FocusRow[]): Promise<FocusFile> => {
  types[version] ??= await parquetTypes(version)
  return { names: Object.keys(types[version]), rows, types: types[version] }
}
const types: Partial<Record<FocusVersion, Record<string, string>>> = {}

function expectRules(version: FocusVersion, file: FocusFile): void {
  expect(brokenRules(version, file)).toEqual([])
}

/** While the prices are those that calls were priced with, a list price is one of them, times the tier's factor. */
function expectPrices(rows: readonly FocusRow[], { plain, above }: Prices): void {
  const rounded = (value: bigint): bigint => ((value / 10n ** 12n + 5n) / 10n) * 10n ** 13n
  for (const row of rows.filter((one) => one['x_CostBasis'] === 'list')) {
    const perThousand = row['PricingUnit'] === '1000 Requests'
    const tier = row['x_ServiceTier']!
    const known = [...plain, ...above].flatMap((one) =>
      perThousand
        ? [exact(one, 22)]
        : [factors[tier]!, 100n].map((factor) => rounded((exact(one, 22) * factor) / 100n)),
    )
    expect(known).toContain(exact(row['ListUnitPrice']!, 22))
  }
}

describe('focus', () => {
  test.each(focusVersions)(
    'the columns of %s are those of the specification, but for what is said to be left out',
    (version) => {
      const own = focusColumns(version).filter(({ name }) => !name.startsWith('x_'))
      expect([...own.map(({ name }) => name), ...leftOut(version)].toSorted()).toEqual(
        Object.keys(specColumns(version)).toSorted(),
      )
      // Each is for something that a row of usage from a call log never has.
      for (const name of leftOut(version))
        expect(specColumns(version)[name]!.level, name).not.toBe('Mandatory')
      expect(own.filter(({ json }) => json).map(({ name }) => name)).toEqual(
        own.filter(({ name }) => specColumns(version)[name]!.type === 'JSON').map(({ name }) => name),
      )
    },
  )

  test('every rule is checked, a permission, of what is left out or not supported, or not shown by a file', () => {
    const counts = (version: FocusVersion): Record<string, number> => {
      const verdicts = Object.entries(modelRules(version)).map(([id, rule]) => {
        const of = verdictOf(id, rule, version)
        expect(of.length, `${id}: ${rule.MustSatisfy}`).toBe(1)
        return of[0]!
      })
      return Object.fromEntries(
        [...new Set(verdicts)]
          .toSorted()
          .map((one) => [one, verdicts.filter((other) => other === one).length]),
      )
    }
    expect(Object.fromEntries(focusVersions.map((version) => [version, counts(version)])))
      .toMatchInlineSnapshot(`
        {
          "1.2": {
            "checked": 177,
            "left out": 124,
            "not shown": 75,
            "not supported": 18,
            "own check": 49,
            "permission": 35,
          },
          "1.3": {
            "checked": 238,
            "left out": 133,
            "not shown": 77,
            "not supported": 18,
            "own check": 47,
            "permission": 29,
          },
          "1.4": {
            "checked": 227,
            "left out": 135,
            "not shown": 76,
            "not supported": 18,
            "own check": 46,
            "permission": 29,
          },
        }
      `)
    const ids = focusVersions.flatMap((version) => Object.keys(modelRules(version)))
    for (const one of [...ownChecks.map((check) => check.ids), ...notShown.map(([, known]) => known)])
      expect(
        ids.some((id) => one.test(id)),
        String(one),
      ).toBe(true)
  })

  test.each(focusVersions)('each check of %s fails on a file that breaks its rule', async (version) => {
    const one = {
      ts: Date.UTC(2026, 0, 31),
      provider: 'openai',
      model: 'm-plain',
      team: 'a',
      input: 10,
      output: 1,
    }
    await loadRates({
      plain: Array.from({ length: 10 }, () => '2.5'),
      above: Array.from({ length: 10 }, () => '1'),
      some: false,
    })
    await loadCalls(
      [
        { ...plainCall, ...one },
        { ...plainCall, ...one, read: 5 },
      ],
      'list-first',
    )
    const file = await fileOf(version, await charges(undefined, 'csv', version))
    expectRules(version, file)
    expect(blindChecks(version, file)).toEqual([])
  })

  test(
    'charges keep every rule, add up to the calls to the last digit, and cost and use what plain arithmetic says',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          setting,
          fc.constantFrom(...focusVersions),
          async ([calls, rates, basis], version) => {
            await loadRates(rates)
            await loadCalls(calls, basis)
            const rows = await charges(undefined, 'csv', version)
            await expectSums(rows)
            expectRules(version, await fileOf(version, rows))
            expectPrices(rows, rates)
            const { rows: stored } = await db.query<Stored>('SELECT call_id, cost_usd, cost_basis FROM calls')
            expect(summed(rows.map(chargeGroup))).toEqual(summed(callGroups(calls, stored)))
            expect(meters(rows)).toEqual(countedTokens(calls, stored, rates))
          },
        ),
        { numRuns: tries(5, 40) },
      )
    },
    slow,
  )

  test(
    'by contract: charges keep every rule, and each is its list cost less the discount',
    async () => {
      const terms: readonly ContractTerm[] = [
        { provider: 'openai', factor: '0.85' },
        { provider: 'anthropic', model: 'claude*', factor: '1.05' },
      ]
      await fc.assert(
        fc.asyncProperty(
          setting,
          fc.constantFrom(...focusVersions),
          async ([calls, rates, basis], version) => {
            await loadRates(rates)
            await loadCalls(calls, basis)
            const rows = await charges(undefined, 'csv', version, false, terms)
            expectRules(version, await fileOf(version, rows))
            for (const row of rows) {
              const { provider, model } = sku(row)
              const isListed = row['x_CostBasis'] === 'list'
              const percent = !isListed
                ? 100n
                : provider === 'openai'
                  ? 85n
                  : provider === 'anthropic' && model.startsWith('claude')
                    ? 105n
                    : 100n
              const [contracted, list] = [
                exact(row['ContractedCost']!, 12),
                exact(isListed ? row['ListCost']! : row['BilledCost']!, 12),
              ]
              expect(contracted).toBe((list * percent * 2n + 100n) / 200n)
              expect(row['EffectiveCost']).toBe(row['ContractedCost'])
            }
          },
        ),
        { numRuns: tries(4, 20) },
      )
    },
    slow,
  )

  test(
    'prices that changed after the calls were priced change no cost',
    async () => {
      await fc.assert(
        fc.asyncProperty(setting, prices, async ([calls, rates, basis], others) => {
          await loadRates(rates)
          await loadCalls(calls, basis)
          await loadRates(others)
          const rows = await charges()
          await expectSums(rows)
          expectRules('1.4', await fileOf('1.4', rows))
        }),
        { numRuns: tries(4, 20) },
      )
    },
    slow,
  )

  test(
    'with bills: charges keep every rule, add up to the bills, and no call that they cover costs beside them',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.tuple(
            fc.array(call, { minLength: 15, maxLength: callsAtMost }),
            prices,
            fc.constantFrom('list-first' as const, 'reported-first' as const),
          ),
          fc.array(billedCharge, { minLength: 5, maxLength: 20 }),
          fc.constantFrom(...focusVersions),
          async ([calls, rates, basis], bills, version) => {
            await loadRates(rates)
            await loadCalls(calls, basis)
            await loadBills(bills)
            const rows = await charges(undefined, 'csv', version, true)
            expectRules(version, await fileOf(version, rows))
            const ours = rows.filter((row) => row['x_CostBasis'] !== 'billed')
            const theirs = rows.filter((row) => row['x_CostBasis'] === 'billed')
            expect(theirs.length).toBe(bills.length)
            for (const currency of ['USD', 'EUR']) {
              const sum = bills
                .filter((one) => one.currency === currency)
                .reduce((all, { cost }) => all + exact(cost, 18), 0n)
              expect(
                total(
                  theirs.filter((row) => row['BillingCurrency'] === currency),
                  'BilledCost',
                  18,
                ),
              ).toBe(sum)
            }
            const { rows: stored } = await db.query<Stored>('SELECT call_id, cost_usd, cost_basis FROM calls')
            const uncovered = stored.filter(
              ({ call_id: id }) => !isCovered(calls[Number(id.slice(1))]!, bills),
            )
            expect(summed(ours.map(chargeGroup))).toEqual(summed(callGroups(calls, uncovered)))
          },
        ),
        { numRuns: tries(6, 40) },
      )
    },
    slow,
  )

  test(
    'Parquet holds the same charges, in exact types',
    async () => {
      await fc.assert(
        fc.asyncProperty(setting, async ([calls, rates, basis]) => {
          await loadRates(rates)
          await loadCalls(calls, basis)
          const [text, parquet] = [await charges(), await charges(undefined, 'parquet')]
          expect(parquet.length).toBe(text.length)
          for (const [i, row] of parquet.entries()) {
            for (const { name, type, json } of focusColumns('1.4')) {
              const [left, right] = [row[name] ?? null, text[i]![name] ?? null]
              if (left === null || right === null) expect(right, name).toBe(left)
              else if (type.startsWith('DECIMAL')) expect(exact(right, 22)).toBe(exact(left, 22))
              else if (json) expect(JSON.parse(right)).toEqual(JSON.parse(left))
              else expect(right).toBe(left)
            }
          }
        }),
        { numRuns: tries(4, 8) },
      )
    },
    slow,
  )

  test('accounts and tags are those asked for', async () => {
    const one: Call = { ...plainCall, region: 'eu', reported: '1' }
    await loadRates({ plain: Array.from({ length: 10 }, () => '1'), above: [], some: true }).catch(
      () => undefined,
    )
    await loadCalls([one, { ...one, provider: null, model: null }], 'reported-first')
    const rows = await charges('none')
    expect(
      rows.map((row) => [
        row['ServiceProviderName'],
        row['HostProviderName'],
        row['BillingAccountId'],
        row['Tags'],
      ]),
    ).toEqual([
      ['OpenAI', 'OpenAI', 'org-1', null],
      ['Unknown provider', null, 'acme', null],
    ])
    expect((await charges('team,tag.region')).map(tagsIn)).toEqual([
      { team: 'a', region: 'eu' },
      { team: 'a', region: 'eu' },
    ])
  })
})

interface Stored {
  readonly call_id: string
  readonly cost_usd: string | null
  readonly cost_basis: string | null
}

type Group = readonly [key: string, cost: bigint]

const dayOf = (ts: number): string => `${new Date(ts).toISOString().slice(0, 10)}T00:00:00Z`

function chargeGroup(row: FocusRow): Group {
  const tags = tagsIn(row)
  const key = [
    row['ChargePeriodStart'],
    row['x_Model'],
    row['SkuId']!.split('/')[0],
    row['x_ServiceTier'],
    tags['team'] ?? null,
    tags['region'] ?? null,
  ]
  return [JSON.stringify(key), exact(row['BilledCost']!, 12)]
}

function callGroups(calls: readonly Call[], stored: readonly Stored[]): Group[] {
  return stored.flatMap(({ call_id: id, cost_usd: cost }) => {
    const call = calls[Number(id.slice(1))]!
    const tier = ['batch', 'flex', 'priority'].includes(call.tier ?? '') ? call.tier : 'standard'
    const key = [dayOf(call.ts), call.model, call.provider ?? 'unknown', tier, call.team, call.region]
    return cost === null ? [] : [[JSON.stringify(key), exact(cost, 12)] as const]
  })
}

/** Groups that cost something, with the sum of each. */
function summed(groups: readonly Group[]): Record<string, string> {
  const sums = new Map<string, bigint>()
  for (const [key, cost] of groups) sums.set(key, (sums.get(key) ?? 0n) + cost)
  return Object.fromEntries(
    [...sums].filter(([, cost]) => cost !== 0n).map(([key, cost]) => [key, dollarText(cost)]),
  )
}

/** Quantity of each meter over all charges by list price. */
function meters(rows: readonly FocusRow[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const row of rows.filter((one) => one['x_CostBasis'] === 'list')) {
    sums[row['SkuMeter']!] = (sums[row['SkuMeter']!] ?? 0) + Number(row['ConsumedQuantity'])
  }
  return sums
}

/** What is counted of the calls that cost by list price, where a price for it is known. */
function countedTokens(
  calls: readonly Call[],
  stored: readonly Stored[],
  rates: Prices,
): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { call_id: id, cost_basis: basis } of stored) {
    if (basis !== 'list') continue
    const one = calls[Number(id.slice(1))]!
    const list = one.model === 'm-banded' && (one.input ?? 0) > 100_000 ? rates.above : rates.plain
    const rated = !rates.some
    const uncached = Math.max((one.input ?? 0) - one.read - one.write, 0)
    const audioIn = Math.min(one.audioIn, uncached)
    const audioOut = Math.min(one.audioOut, one.output ?? 0)
    const reasoning = rated ? Math.min(one.reasoning, (one.output ?? 0) - audioOut) : 0
    const unanswered = one.status === 'error' && (one.input ?? 0) === 0 && (one.output ?? 0) === 0
    const counts: Record<string, number> = {
      'Input Tokens': uncached - audioIn,
      'Cache Read Tokens': one.read,
      'Cache Write Tokens': one.write - one.oneHour,
      'Cache Write 1 Hour Tokens': rated ? one.oneHour : 0,
      'Output Tokens': (one.output ?? 0) - audioOut - reasoning,
      'Reasoning Tokens': reasoning,
      'Input Audio Tokens': audioIn,
      'Output Audio Tokens': audioOut,
      Requests: rated && Number(list[8]) > 0 && !unanswered ? 1 : 0,
      'Web Search Requests': rated ? one.searches : 0,
    }
    for (const [meter, count] of Object.entries(counts))
      if (count > 0) sums[meter] = (sums[meter] ?? 0) + count
  }
  return sums
}
