/**
 * What prompt caches save, against whole-number arithmetic over single calls and their rates, written again
 * here: unit prices in 1e-9 USD a million, multipliers in 1e-6, so a product counts 1e-21 USD.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { callColumns, pricedColumnNames } from '../../src/domain/call.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { Rate } from '../../src/domain/costs/rate.js'
import type { Scope } from '../../src/domain/scope.js'
import { promptCache, type PromptCacheRow } from '../../src/metrics/caching/prompt-cache.js'
import { loadPriceBook, type PriceBook } from '../../src/pricing/book.js'
import { pricedQuery, ratesQuery } from '../../src/pricing/price-sql.js'
import { groupedBy, insertCalls, money } from './service-model.js'
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

const everything: Scope = { since: null, until: '2027-01-01T00:00:00Z', tz: 'UTC', filters: [] }

interface CachedCall {
  readonly ts: string
  readonly feature: string | null
  readonly provider: string | null
  readonly model: string | null
  readonly service_tier: string | null
  readonly input_tokens: number | null
  readonly output_tokens: number | null
  readonly cache_read_input_tokens: number | null
  readonly cache_creation_input_tokens: number | null
  readonly cache_creation_1h_input_tokens: number | null
  readonly input_audio_tokens: number | null
  readonly cache_hit: boolean | null
}

/** Stores the calls priced by `rates`; then `later` are the rates in force. */
async function store(calls: readonly CachedCall[], rates: readonly Rate[], later = rates): Promise<void> {
  const put = async (some: readonly Rate[]): Promise<void> => {
    await db.run('DELETE FROM rates')
    await db.run(`INSERT INTO rates BY NAME (${ratesQuery})`, { rates: JSON.stringify(some) })
  }
  await put(rates)
  await insertCalls(
    db,
    calls.map((call, i) => ({ call_id: `c${i}`, source: 'test', ...call })),
  )
  const priced = new Set<string>(pricedColumnNames)
  const keep = callColumns
    .filter(({ name }) => !priced.has(name))
    .map(({ name }) => `c.${name}`)
    .join(', ')
  await db.run('CREATE OR REPLACE TEMP TABLE unpriced AS SELECT * FROM calls')
  await db.run('DELETE FROM calls')
  const query = pricedQuery({ calls: 'unpriced', rates: 'rates', keep, basis: 'list-first' })
  await db.run(`INSERT INTO calls BY NAME ${query}`)
  await put(later)
}

async function ask(by: readonly string[] = ['feature']): Promise<readonly PromptCacheRow[]> {
  const { sql, params } = promptCache({ scope: everything, by: by.map(dimensionOf) })
  return (await db.query<PromptCacheRow>(sql, params)).rows
}

const noRate = {
  valid_from: '1970-01-01 00:00:00',
  valid_to: '9999-12-31 00:00:00',
  band_lo: -1,
  band_hi: 9_000_000_000_000_000,
  minute_lo: 0,
  minute_hi: 1440,
  output_price: '10',
  reasoning_output_price: null,
  input_audio_price: null,
  output_audio_price: null,
  request_price: null,
  web_search_price: null,
  cache_read_audio_price: null,
  input_image_price: null,
  input_video_price: null,
  output_image_price: null,
  file_search_price: null,
  mode: 'standard',
  multiplier: '1',
  multiplier_source: null,
  lacks: null,
  doubt: null,
  note: null,
  price_source: 'test',
  matched: 'test',
  rule: 'test',
} as const

const rate = (fields: Partial<Rate> & Pick<Rate, 'model'>): Rate => ({
  ...noRate,
  provider: 'p',
  input_price: null,
  cache_read_price: null,
  cache_write_price: null,
  cache_write_1h_price: null,
  ...fields,
})

const prices = (input: string, read: string, write: string, hour: string): Partial<Rate> => ({
  input_price: input,
  cache_read_price: read,
  cache_write_price: write,
  cache_write_1h_price: hour,
})

/** Plain prices, bands of size, prices with all nine digits, a huge one, one that changes in time, one without input. */
const rates: readonly Rate[] = [
  rate({ model: 'plain', ...prices('3', '0.3', '3.75', '6') }),
  rate({ model: 'banded', ...prices('3', '0.3', '3.75', '6'), band_hi: 200_000 }),
  rate({ model: 'banded', ...prices('6', '0.6', '7.5', '12'), band_lo: 200_000 }),
  rate({ model: 'odd', ...prices('0.123456789', '0.012345679', '0.1543209863', '0.2') }),
  rate({ model: 'huge', ...prices('2000', '200', '2500', '4000') }),
  rate({ model: 'dated', ...prices('2', '1', '2', '2'), valid_to: '2026-10-02 00:00:00' }),
  rate({ model: 'dated', ...prices('1', '1', '1', '1'), valid_from: '2026-10-02 00:00:00' }),
  rate({ model: 'raised', ...prices('2', '0.2', '2.5', '4') }),
  // Half of the last place kept: it is rounded up.
  rate({ model: 'tiny', ...prices('0.0000005', '0.0000015', '0.0000025', '0.0000005') }),
  rate({ model: 'outputs', ...prices('1', '1', '1', '1'), input_price: null }),
].map((one) => ({ ...one, cache_write_price: one.cache_write_price?.slice(0, 11) ?? null }))

/** A price times 1e-6 parts, rounded to nine places, half up. */
const times = (price: string | null, parts: bigint): string | null => {
  if (price === null) return null
  const digits = String((whole(price, 9) * parts + 500_000n) / 1_000_000n).padStart(10, '0')
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`
}

/** The rates of every tier: batch at half, priority at an odd factor, flex without a known one. */
const inTiers = (some: readonly Rate[]): readonly Rate[] =>
  some.flatMap((one) =>
    (
      [
        ['standard', 1_000_000n],
        ['batch', 500_000n],
        ['flex', null],
        ['priority', 1_700_001n],
      ] as const
    ).map(([mode, parts]) => ({
      ...one,
      mode,
      lacks: parts === null ? `service_tier=${mode}` : null,
      input_price: times(one.input_price, parts ?? 1_000_000n),
      cache_read_price: times(one.cache_read_price, parts ?? 1_000_000n),
      cache_write_price: times(one.cache_write_price, parts ?? 1_000_000n),
      cache_write_1h_price: times(one.cache_write_1h_price, parts ?? 1_000_000n),
    })),
  )
/** As they are in force when the question is asked: two models cost otherwise than when they were priced. */
const changes: Readonly<Record<string, Partial<Rate>>> = {
  dated: { cache_read_price: '0.5' },
  raised: { input_price: '3' },
}
const later = rates.map((one) => ({ ...one, ...changes[one.model] }))
const before = inTiers(rates)
const after = inTiers(later)

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 4 })
const tokens = fc.oneof(fc.constantFrom(0, 1, 3, 333), fc.nat(300_000), fc.nat(50_000_000))

const calls: fc.Arbitrary<readonly CachedCall[]> = fc.array(
  fc
    .record({
      ts: fc.constantFrom('2026-10-01 23:59:59.999999', '2026-10-02 00:00:00'),
      feature: maybe(fc.constantFrom('chat', 'search')),
      provider: fc.constantFrom('p', 'p', 'p', 'q', null),
      model: maybe(
        fc.constantFrom('plain', 'banded', 'odd', 'huge', 'dated', 'raised', 'tiny', 'outputs', 'unknown'),
      ),
      service_tier: maybe(fc.constantFrom('standard', 'batch', 'flex', 'priority', 'scale')),
      uncached: tokens,
      output_tokens: maybe(fc.nat(10)),
      cache_read_input_tokens: maybe(tokens),
      cache_creation_input_tokens: maybe(tokens),
      hourShare: maybe(fc.constantFrom(0, 0.5, 1)),
      input_audio_tokens: fc.constantFrom(null, null, 0, 5),
      cache_hit: maybe(fc.boolean()),
      silent: fc.nat(9),
    })
    .map(({ uncached, hourShare, silent, ...call }): CachedCall => {
      const { cache_read_input_tokens: reads, cache_creation_input_tokens: writes } = call
      return {
        ...call,
        input_tokens: silent === 0 ? null : uncached + (reads ?? 0) + (writes ?? 0),
        cache_creation_1h_input_tokens:
          hourShare === null || writes === null ? null : Math.floor(writes * hourShare),
      }
    }),
  { maxLength: 25, size: 'max' },
)

interface Worth {
  readonly reads: bigint
  readonly writes: bigint
  readonly saving: bigint
  readonly extra: bigint
}

/** An exact decimal as a whole number of 10^-places. */
function whole(text: string, places: number): bigint {
  const [digits = '0', fraction = ''] = text.split('.')
  return BigInt(digits + fraction.padEnd(places, '0').slice(0, places))
}

function rateFor(call: CachedCall, all: readonly Rate[]): Rate | undefined {
  const size = call.input_tokens ?? 0
  return all.find(
    (one) =>
      one.provider === call.provider &&
      one.model === call.model &&
      one.mode === (tiers.includes(call.service_tier ?? '') ? call.service_tier : 'standard') &&
      call.ts >= one.valid_from &&
      call.ts < one.valid_to &&
      size > one.band_lo &&
      size <= one.band_hi,
  )
}

const tiers = ['batch', 'flex', 'priority']

/** The parts of the list cost and what the cached tokens would cost uncached, USD × 10^12. */
function partsOf(call: CachedCall, one: Rate) {
  const cost = (...terms: readonly (readonly [number, string | null])[]): bigint =>
    (terms.reduce((sum, [count, price]) => sum + BigInt(count) * whole(price ?? '0', 9), 0n) + 500n) / 1000n
  const reads = call.cache_read_input_tokens ?? 0
  const hour = call.cache_creation_1h_input_tokens ?? 0
  const writes = Math.max(call.cache_creation_input_tokens ?? 0, hour)
  const uncached = Math.max((call.input_tokens ?? 0) - reads - writes, 0)
  return {
    input: cost([uncached, one.input_price]),
    reads: cost([reads, one.cache_read_price]),
    writes: cost([writes - hour, one.cache_write_price], [hour, one.cache_write_1h_price]),
    plainReads: cost([reads, one.input_price]),
    plainWrites: cost([writes, one.input_price]),
  }
}

/** Undefined where the price that the call was given cannot be told any more, or never could. */
function worthOf(call: CachedCall): Worth | undefined {
  const cached = (call.cache_read_input_tokens ?? 0) + (call.cache_creation_input_tokens ?? 0)
  if (cached === 0) return { reads: 0n, writes: 0n, saving: 0n, extra: 0n }
  const [then, now] = [rateFor(call, before), rateFor(call, after)]
  const isListed = call.input_tokens !== null || call.output_tokens !== null
  if (then === undefined || now === undefined || !isListed || now.input_price === null) return undefined
  if (now.lacks !== null || (call.input_audio_tokens ?? 0) > 0) return undefined
  const [was, is] = [partsOf(call, then), partsOf(call, now)]
  if (was.input !== is.input || was.reads !== is.reads || was.writes !== is.writes) return undefined
  // A million dollars is more than a cost can be: such a call has none.
  if (Object.values(was).some((part) => part >= 10n ** 18n)) return undefined
  return {
    reads: is.reads,
    writes: is.writes,
    saving: is.plainReads - is.reads,
    extra: is.writes - is.plainWrites,
  }
}

function expected(some: readonly CachedCall[]) {
  const logged = some.filter(
    (call) =>
      call.cache_hit !== true &&
      (call.cache_read_input_tokens !== null ||
        call.cache_creation_input_tokens !== null ||
        call.cache_creation_1h_input_tokens !== null),
  )
  const worths = logged.map(worthOf)
  const valued = worths.filter((worth) => worth !== undefined)
  const sum = (pick: (worth: Worth) => bigint): string | null =>
    valued.length === 0 ? null : money(valued.reduce((all, worth) => all + pick(worth), 0n))
  const reading = logged.filter((call) => call.cache_read_input_tokens !== null)
  const writing = logged.filter((call) => call.cache_creation_input_tokens !== null)
  const add = (values: readonly (number | null)[]): number => values.reduce<number>((a, b) => a + (b ?? 0), 0)
  const inputs = add(reading.map((call) => call.input_tokens))
  const reads = add(reading.map((call) => call.cache_read_input_tokens))
  return {
    prompt_cache_calls: logged.length,
    prompt_cache_read_tokens: reading.length === 0 ? null : reads,
    prompt_cache_write_tokens:
      writing.length === 0 ? null : add(writing.map((call) => call.cache_creation_input_tokens)),
    prompt_cache_read_share: inputs === 0 ? null : reads / inputs,
    prompt_cache_read_cost_usd: sum((worth) => worth.reads),
    prompt_cache_write_cost_usd: sum((worth) => worth.writes),
    prompt_cache_saving_usd: sum((worth) => worth.saving),
    prompt_cache_write_extra_usd: sum((worth) => worth.extra),
    prompt_cache_net_saving_usd: sum((worth) => worth.saving - worth.extra),
    prompt_cache_unvalued_calls: worths.length - valued.length,
  }
}

test('saving, extra and net of every group, of every feature and model, and of all', async () => {
  await fc.assert(
    fc.asyncProperty(calls, async (some) => {
      await store(some, before, after)
      const rows = await ask()
      const logged = some.filter((call) => expected([call]).prompt_cache_calls === 1)
      const groups = groupedBy(logged, ({ feature }) => feature)
      const found = rows.filter((row) => !row.is_total && !row.is_pair)
      expect(found).toHaveLength(groups.size)
      const key = (row: { feature: string | null; model: string | null }): string =>
        JSON.stringify([row.feature, row.model])
      for (const row of found) expect(row).toMatchObject(expected(groups.get(row.d0 as string | null) ?? []))
      const pairs = groupedBy(logged, key)
      const foundPairs = rows.filter((row) => row.is_pair)
      expect(foundPairs).toHaveLength(pairs.size)
      for (const row of foundPairs) expect(row).toMatchObject(expected(pairs.get(key(row)) ?? []))
      expect(rows.at(-1)).toMatchObject({ is_total: true, ...expected(logged) })
    }),
    { numRuns: tries(5, 40) },
  )
})

const base: CachedCall = {
  ts: '2026-09-01 12:00:00',
  feature: 'chat',
  provider: 'anthropic',
  model: 'claude-sonnet-4-5',
  service_tier: null,
  input_tokens: 0,
  output_tokens: 100,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_creation_1h_input_tokens: null,
  input_audio_tokens: null,
  cache_hit: null,
}

/** By hand, from the providers' price lists: USD a million tokens. */
test.each<[string, Partial<CachedCall>, saving: string, extra: string]>([
  [
    'Claude Sonnet 4.5 reads at 0.30 instead of 3.00',
    { input_tokens: 110_000, cache_read_input_tokens: 100_000 },
    '0.270000000000',
    '0.000000000000',
  ],
  [
    'writes for 5 minutes at 3.75, for 1 hour at 6.00',
    {
      input_tokens: 150_000,
      cache_creation_input_tokens: 150_000,
      cache_creation_1h_input_tokens: 50_000,
    },
    '0.000000000000',
    // 100,000 × 0.75 + 50,000 × 3.00
    '0.225000000000',
  ],
  [
    'above 200,000 input tokens all prices are higher: 6.00, 0.60, 7.50',
    { input_tokens: 300_000, cache_read_input_tokens: 200_000, cache_creation_input_tokens: 100_000 },
    '1.080000000000',
    '0.150000000000',
  ],
  [
    'the batch tier halves prices, and so the saving',
    {
      input_tokens: 110_000,
      cache_read_input_tokens: 100_000,
      cache_creation_input_tokens: 10_000,
      service_tier: 'batch',
    },
    '0.135000000000',
    '0.003750000000',
  ],
  [
    'gpt-4o reads at 1.25 instead of 2.50; its writes cost nothing extra',
    { provider: 'openai', model: 'gpt-4o', input_tokens: 3_000, cache_read_input_tokens: 2_048 },
    '0.002560000000',
    '0.000000000000',
  ],
])('%s', async (_, fields, saving, extra) => {
  const call = { ...base, ...fields }
  await store([call], book.resolve(call.provider, call.model ?? '').rates)
  expect((await ask([])).at(-1)).toMatchObject({
    prompt_cache_saving_usd: saving,
    prompt_cache_write_extra_usd: extra,
    prompt_cache_unvalued_calls: 0,
  })
})

test('a call priced by other rates than those in force is counted, not valued', async () => {
  const call = { ...base, input_tokens: 1_000, cache_read_input_tokens: 1_000 }
  const { rates: now } = book.resolve('anthropic', 'claude-sonnet-4-5')
  await store(
    [call],
    now,
    now.map((one) => ({ ...one, cache_read_price: '0.4' })),
  )
  expect((await ask([])).at(-1)).toMatchObject({
    prompt_cache_saving_usd: null,
    prompt_cache_unvalued_calls: 1,
    prompt_cache_read_tokens: 1_000,
  })
})

test('reads without a discount, and reads in a log without writes, are counted', async () => {
  const reading = { ...base, input_tokens: 1_000, cache_read_input_tokens: 900 }
  const plain = { ...reading, provider: 'p', model: 'flat' }
  const { rates: claude } = book.resolve('anthropic', 'claude-sonnet-4-5')
  await store(
    [{ ...reading, cache_creation_input_tokens: null }, reading, plain],
    [...claude, rate({ model: 'flat', ...prices('1', '1', '1', '1') })],
  )
  expect((await ask([])).at(-1)).toMatchObject({
    prompt_cache_undiscounted_calls: 1,
    prompt_cache_unlogged_write_calls: 1,
    prompt_cache_calls: 3,
  })
})
