/**
 * Bills with planted causes of known amounts, alone and together. Where the bill tells the cause, it is named within
 * 1 % of its amount; where it does not, none is named. The parts always add up, and without a cause all agrees.
 */
import { moneyOf, moneyText } from '../../src/domain/costs/units.js'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CauseId, Part } from '../../src/billing/reconcile/cause.js'
import { about, sumOf, type BilledRow, type LoggedRow } from '../../src/billing/reconcile/cells.js'
import { partsOf } from '../../src/billing/reconcile/reconcile.js'
import { openStoreForReading } from '../../src/db/store.js'
import { loadPriceBook, type PriceBook } from '../../src/pricing/book.js'
import { reconcile, type Reconciled } from '../../src/questions/reconciling/reconciling.js'
import { suggestedPrices } from '../../src/questions/suggested-prices.js'
import { ingestInto, Workshop, write } from './ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())
let book: PriceBook
beforeAll(async () => {
  book = await loadPriceBook({ overrideFiles: [] })
})

/** USD per million tokens times 1000: input, cached input, output. */
const prices: Readonly<Record<string, readonly [bigint, bigint, bigint]>> = {
  'gpt-4o': [2500n, 1250n, 10000n],
  'gpt-4o-mini': [150n, 75n, 600n],
  'gpt-4.1': [2000n, 500n, 8000n],
}

interface Call {
  /** Minutes from 2026-09-01T00:00Z; the bill is of the days from the 2nd to the 5th. */
  readonly minute: number
  readonly model: string
  readonly key: string
  readonly batch: boolean
  readonly input: number
  readonly cached: number
  readonly output: number
}

/** Calls in all hours of six days, of two keys; numbers by a fixed sequence. */
function callsOf(models: readonly string[]): Call[] {
  let seed = 7
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed % below
  }
  return Array.from({ length: 6 * 24 * 4 }, (_, i): Call => {
    const input = 1000 + next(4000)
    return {
      minute: i * 15 + next(15),
      model: models[i % models.length]!,
      key: next(5) === 0 ? 'key_b' : 'key_a',
      batch: next(4) === 0,
      input,
      cached: Math.floor(input / 4),
      output: 100 + next(900),
    }
  })
}

const first = Date.UTC(2026, 8, 1)
const at = ({ minute }: Call): Date => new Date(first + minute * 60_000)

/** Thousandths of millionths of a dollar: exact. */
type Price = (call: Call, day: string) => readonly [bigint, bigint, bigint]

const listed: Price = ({ model }) => prices[model]!

interface World {
  readonly models?: readonly string[]
  /** Which calls the log holds, and as what. */
  readonly logs?: (call: Call) => Call | undefined
  readonly isBilled?: (call: Call) => boolean
  /** Hours that the biller's days begin later. */
  readonly zone?: number
  /** Numerator over 1000 of what each token is billed at. */
  readonly factor?: (call: Call, day: string) => bigint
  readonly hasUsage?: boolean
  readonly hasQuantities?: boolean
  readonly extra?: readonly (readonly [item: string, amount: string])[]
  /** Digits behind the point. */
  readonly digits?: number
}

const dollars = (units: bigint, digits: number): string => {
  // Units are 1e-12 dollars: thousandths of a price a million tokens, times thousandths of a factor.
  const scale = 10n ** BigInt(12 - digits)
  const rounded = (units + scale / 2n) / scale
  const text = rounded.toString().padStart(digits + 1, '0')
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`
}

interface Sum {
  input: number
  cached: number
  output: number
  cost: [bigint, bigint, bigint]
  calls: number
}

async function compared(world: World): Promise<Reconciled & { readonly calls: readonly Call[] }> {
  const {
    models = ['gpt-4o', 'gpt-4o-mini'],
    logs = (call) => call,
    isBilled = () => true,
    zone = 0,
    factor = () => 1000n,
    hasUsage = false,
    hasQuantities = true,
    extra = [],
    digits = 12,
  } = world
  const calls = callsOf(models)
  const room = workshop.room()
  const lines = calls.flatMap((call, i) => {
    const own = logs(call)
    return own === undefined
      ? []
      : [
          JSON.stringify({
            timestamp: at(call).toISOString(),
            call_id: `call-${i}-${'x'.repeat(16)}`,
            provider: 'openai',
            model: own.model,
            input_tokens: own.input,
            cached_tokens: own.cached,
            output_tokens: own.output,
            ...(own.batch && hasUsage ? { service_tier: 'batch' } : {}),
          }),
        ]
  })
  const log = write(join(room, 'calls.jsonl'), `${lines.join('\n')}\n`)
  const billDays = ['2026-09-02', '2026-09-03', '2026-09-04', '2026-09-05']
  const sums = new Map<string, Sum>()
  for (const call of calls) {
    const day = new Date(at(call).getTime() + zone * 3_600_000).toISOString().slice(0, 10)
    if (!billDays.includes(day) || !isBilled(call)) continue
    const key = [day, call.model, call.key, String(call.batch && hasUsage)].join('|')
    const sum = sums.get(key) ?? { input: 0, cached: 0, output: 0, cost: [0n, 0n, 0n], calls: 0 }
    const [inPrice, cachedPrice, outPrice] = listed(call, day)
    const by = factor(call, day) * (call.batch && hasUsage ? 1n : 2n)
    const cost = (tokens: number, price: bigint): bigint => (BigInt(tokens) * price * by) / 2n
    sums.set(key, {
      input: sum.input + call.input - call.cached,
      cached: sum.cached + call.cached,
      output: sum.output + call.output,
      cost: [
        sum.cost[0] + cost(call.input - call.cached, inPrice),
        sum.cost[1] + cost(call.cached, cachedPrice),
        sum.cost[2] + cost(call.output, outPrice),
      ],
      calls: sum.calls + 1,
    })
  }
  const time = (day: string): string =>
    `${Date.parse(day) / 1000},${Date.parse(day) / 1000 + 86_400},${day}T00:00:00+00:00,x`
  const costs = [...sums].flatMap(([name, sum]) => {
    const [day = '', model = '', key = ''] = name.split('|')
    return (
      [
        ['input', sum.input, sum.cost[0]],
        ['cached input', sum.cached, sum.cost[1]],
        ['output', sum.output, sum.cost[2]],
      ] as const
    ).map(
      ([item, tokens, cost]) =>
        `${time(day)},${dollars(cost, digits)},usd,${hasQuantities ? tokens : ''},"${model}, ${item}",${key}`,
    )
  })
  const more = extra.map(([item, amount]) => `${time('2026-09-02')},${amount},usd,,${item},`)
  const bills = [
    write(
      join(room, 'costs.csv'),
      `start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,line_item,api_key_id\n${[...costs, ...more].join('\n')}\n`,
    ),
  ]
  if (hasUsage) {
    const usage = [...sums].map(([name, sum]) => {
      const [day = '', model = '', key = '', batch = ''] = name.split('|')
      return `${time(day)},${sum.calls}.0,${key},${model},${batch === 'true' ? 'True,batch' : 'False,default'},${sum.input + sum.cached},${sum.output},${sum.cached}`
    })
    bills.push(
      write(
        join(room, 'usage.csv'),
        `start_time,end_time,start_time_iso,end_time_iso,num_model_requests,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens\n${usage.join('\n')}\n`,
      ),
    )
  }
  const store = workshop.store()
  const { files } = await ingestInto(store, [log, ...bills])
  expect(files.map(({ state, rejected }) => [state, rejected])).toEqual(files.map(() => ['read', 0]))
  const db = await openStoreForReading(store, { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5000 })
  try {
    const scope = { since: '2026-09-02T00:00:00Z', until: '2026-09-06T00:00:00Z', filters: [], tz: 'UTC' }
    const found = await reconcile(db, scope, ['day', 'model'], undefined, book)
    expect(moneyText(sumOf(found.parts, ({ amount }) => amount))).toBe(
      moneyText(found.billed - found.computed),
    )
    return { ...found, calls }
  } finally {
    db.close()
  }
}

/** What calls cost at list, in dollars. */
const worth = (calls: readonly Call[]): number =>
  calls.reduce((sum, call) => {
    const [input, cached, output] = prices[call.model]!.map(Number) as [number, number, number]
    return sum + ((call.input - call.cached) * input + call.cached * cached + call.output * output) / 1e9
  }, 0)

const within = ({ minute }: Call): boolean => minute >= 1440 && minute < 5 * 1440

/** The amounts of named causes, in dollars. */
const causes = ({
  parts,
}: {
  readonly parts: readonly Part[]
}): Partial<Record<CauseId | 'undecided', number>> => {
  const sums: Partial<Record<CauseId | 'undecided', number>> = {}
  for (const { cause = 'undecided', amount } of parts) sums[cause] = (sums[cause] ?? 0) + about(amount)
  return sums
}

/** Just these causes, each within 1 % of its amount; what rounding leaves is less than a thousandth of a cent. */
function expectCauses(found: Reconciled, wanted: Partial<Record<CauseId, number>>): void {
  const { rounding = 0, ...named } = causes(found)
  expect(Object.keys(named).toSorted(), JSON.stringify(named)).toEqual(Object.keys(wanted).toSorted())
  const amounts = new Map(Object.entries(named))
  for (const [cause, amount] of Object.entries(wanted)) {
    const told = amounts.get(cause) ?? 0
    expect(Math.abs(told - amount), `${cause}: ${told} for ${amount}`).toBeLessThanOrEqual(
      Math.abs(amount) * 0.01,
    )
  }
  expect(Math.abs(rounding)).toBeLessThan(0.00001)
}

const atNight = (call: Call): boolean => call.minute >= 2 * 1440 + 540 && call.minute < 2 * 1440 + 720

describe('a cause that the bill tells is named with its amount', () => {
  test('none: it agrees', async () => {
    const found = await compared({ hasUsage: true })
    expect(found.parts.filter(({ cause }) => cause !== 'rounding')).toEqual([])
    expect(found.agrees).toBe(true)
    expect((await compared({})).agrees).toBe(true)
    expect((await compared({ hasQuantities: false })).agrees).toBe(true)
  })

  test('logs of some hours are missing, and which', async () => {
    const found = await compared({ logs: (call) => (atNight(call) ? undefined : call) })
    expectCauses(found, { logs_missing: worth(found.calls.filter(atNight)) })
    expect(found.parts.map(({ evidence }) => evidence).join()).toMatch(
      /no call from (08:45|09:00) to 12:00 UTC of 2026-09-03/,
    )
  })

  test('logs of a key are missing, and whose', async () => {
    const found = await compared({ logs: (call) => (call.key === 'key_b' ? undefined : call) })
    expectCauses(found, {
      logs_missing: worth(found.calls.filter((call) => within(call) && call.key === 'key_b')),
    })
    expect(found.parts[0]!.evidence).toContain('just those of api_key key_b')
  })

  test('a contract on all models, with the row for a file of prices', async () => {
    const found = await compared({ factor: () => 880n })
    expectCauses(found, { contract: -0.12 * worth(found.calls.filter(within)) })
    expect(suggestedPrices(found.parts, book, '2026-09-02').at(-1)).toBe('openai,*,2026-09-02,,,,,,12%')
  })

  test('an old price of one model, with the row for a file of prices', async () => {
    const found = await compared({
      hasUsage: true,
      logs: (call) => call,
      factor: ({ model }) => (model === 'gpt-4o' ? 900n : 1000n),
    })
    const own = found.calls.filter((call) => within(call) && call.model === 'gpt-4o')
    expectCauses(found, { wrong_price: -0.1 * (worth(own) - worth(own.filter(({ batch }) => batch)) / 2) })
    expect(suggestedPrices(found.parts, book, '2026-09-02').at(-1)).toMatch(
      /^openai,gpt-4o,2026-09-02,2\.25,1\.125,.*,9,$/,
    )
  })

  test('a price that changed on a day', async () => {
    const found = await compared({
      factor: ({ model }, day) => (model === 'gpt-4o' && day >= '2026-09-04' ? 800n : 1000n),
    })
    const own = found.calls.filter(
      (call) => call.model === 'gpt-4o' && call.minute >= 3 * 1440 && call.minute < 5 * 1440,
    )
    expectCauses(found, { wrong_price: -0.2 * worth(own) })
    expect(found.parts.find(({ cause }) => cause === 'wrong_price')!.evidence).toContain('from 2026-09-04')
  })

  test('batch that is not logged, by the tiers of the usage export', async () => {
    const found = await compared({ hasUsage: true, logs: (call) => ({ ...call, batch: false }) })
    expectCauses(found, {
      tier_not_logged: -0.5 * worth(found.calls.filter((call) => within(call) && call.batch)),
    })
  })

  test('cached tokens that are not logged as such', async () => {
    const found = await compared({ logs: (call) => ({ ...call, cached: 0 }) })
    const lost = found.calls
      .filter(within)
      .reduce(
        (sum, { cached, model }) => sum + (cached * Number(prices[model]![0] - prices[model]![1])) / 1e9,
        0,
      )
    expectCauses(found, { cached_not_logged: -lost })
  })

  test('days in another zone', async () => {
    const found = await compared({ zone: 8 })
    const shifted = found.calls.filter(({ minute }) => minute >= 1440 - 480 && minute < 5 * 1440 - 480)
    expectCauses(found, { day_zone: worth(shifted) - worth(found.calls.filter(within)) })
    expect(found.parts[0]!.evidence).toContain('begin +8 h from here')
  })

  test('taxes, credits and other charges', async () => {
    const found = await compared({
      extra: [
        ['Sales tax', '5.25'],
        ['Promotional credit', '-3.5'],
        ['assistants api | file search', '0.75'],
      ],
    })
    expectCauses(found, { taxes: 5.25, credits: -3.5, other_charges: 0.75 })
  })

  test('rounding to cents', async () => {
    const found = await compared({ digits: 2 })
    expect(found.parts.map(({ cause }) => cause)).toEqual(['rounding'])
    expect(found.agrees).toBe(true)
  })

  test('a call that no bill shows', async () => {
    const isOther = (call: Call): boolean => call.minute % 11 === 0
    const found = await compared({ isBilled: (call) => !isOther(call) })
    expectCauses(found, {
      calls_not_billed: -worth(found.calls.filter((call) => within(call) && isOther(call))),
    })
  })
})

describe('regions', () => {
  const row = {
    provider: 'anthropic',
    bucket: '2026-09-02',
    kind: 'input',
    tier: null,
    project: null,
  } as const
  const billed = (model: string, region: string, tokens: bigint, cost: string): BilledRow => ({
    ...row,
    model,
    region,
    labels: {},
    category: 'Usage',
    cost: moneyOf(cost),
    tokens,
    charges: 1,
  })
  const logged = (model: string, tokens: bigint, cost: string): LoggedRow => ({
    ...row,
    quarter: 0,
    model,
    tokens,
    cost: moneyOf(cost),
    priced: true,
  })
  const partsIn = (rows: readonly BilledRow[]): readonly Part[] =>
    partsOf(
      'anthropic',
      { billed: rows, logged: [logged('a', 2_000_000n, '6'), logged('b', 2_000_000n, '2')] },
      () => '2026-09-02',
      () => undefined,
    )

  test('what one region costs more is its multiplier', () => {
    const parts = partsIn([
      billed('a', 'us', 1_000_000n, '3.3'),
      billed('a', 'global', 1_000_000n, '3'),
      billed('b', 'us', 1_000_000n, '1.1'),
      billed('b', 'global', 1_000_000n, '1'),
    ])
    expect(parts.map(({ cause, amount }) => [cause, moneyText(amount)])).toEqual([
      ['region_multiplier', '0.3'],
      ['region_multiplier', '0.1'],
    ])
  })

  test('where all is of one region, its multiplier may be a contract', () => {
    const [part, ...others] = partsIn([
      billed('a', 'us', 2_000_000n, '6.6'),
      billed('b', 'us', 2_000_000n, '2.2'),
    ])
    expect(others).toEqual([])
    expect([part!.cause, part!.fits, moneyText(part!.amount)]).toEqual([
      undefined,
      ['contract', 'region_multiplier'],
      '0.8',
    ])
  })
})

describe('causes together', () => {
  test('missing logs under a contract, with tax', async () => {
    const found = await compared({
      logs: (call) => (atNight(call) ? undefined : call),
      factor: () => 900n,
      extra: [['VAT', '2']],
    })
    const calls = found.calls.filter(within)
    expectCauses(found, {
      logs_missing: worth(calls.filter(atNight)),
      contract: -0.1 * worth(calls),
      taxes: 2,
    })
  })

  test('batch not logged, missing logs and a credit', async () => {
    const found = await compared({
      hasUsage: true,
      logs: (call) => (atNight(call) ? undefined : { ...call, batch: false }),
      extra: [['Promotional credit', '-1']],
    })
    const calls = found.calls.filter(within)
    const batch = calls.filter((call) => call.batch)
    // What is missing of batch is missing at half the price.
    const missing = calls.filter(atNight)
    const { tier_not_logged: tiers = 0, logs_missing: lost = 0, rounding: _, ...others } = causes(found)
    expect(others).toEqual({ credits: -1 })
    // The bill tells what both make together, and not of which tier the missing ones are.
    const both = -0.5 * worth(batch) + worth(missing)
    expect(Math.abs(tiers + lost - both)).toBeLessThanOrEqual(Math.abs(both) * 0.01)
    expect(Math.abs(lost - worth(missing) + worth(missing.filter((call) => call.batch)) / 2)).toBeLessThan(
      0.1 * lost,
    )
  })

  test('another zone under a contract', async () => {
    const found = await compared({ zone: -7, factor: () => 950n })
    const shifted = found.calls.filter(({ minute }) => minute >= 1440 + 420 && minute < 5 * 1440 + 420)
    expectCauses(found, {
      day_zone: worth(shifted) - worth(found.calls.filter(within)),
      contract: -0.05 * worth(shifted),
    })
  })

  test('cached tokens not logged under a contract', async () => {
    const found = await compared({ logs: (call) => ({ ...call, cached: 0 }), factor: () => 800n })
    const calls = found.calls.filter(within)
    const lost = calls.reduce(
      (sum, { cached, model }) => sum + (cached * Number(prices[model]![0] - prices[model]![1])) / 1e9,
      0,
    )
    expectCauses(found, { cached_not_logged: -lost, contract: -0.2 * worth(calls) })
  })

  test('a wrong price of one of three models beside a contract on all', async () => {
    const found = await compared({
      models: ['gpt-4o', 'gpt-4o-mini', 'gpt-4.1'],
      factor: ({ model }) => (model === 'gpt-4.1' ? 720n : 900n),
    })
    const calls = found.calls.filter(within)
    expectCauses(found, {
      contract: -0.1 * worth(calls),
      wrong_price: -0.18 * worth(calls.filter(({ model }) => model === 'gpt-4.1')),
    })
  })
})

describe('what the bill does not tell is not named', () => {
  /** One undecided part of this amount, with these causes among those that fit, and what would decide. */
  function expectUndecided(found: Reconciled, amount: number, fits: readonly CauseId[]): void {
    const { rounding: _, ...sums } = causes(found)
    expect(Object.keys(sums)).toEqual(['undecided'])
    expect(Math.abs(sums.undecided! - amount)).toBeLessThanOrEqual(Math.abs(amount) * 0.01)
    const part = found.parts.find(({ cause }) => cause === undefined)!
    expect(part.fits).toEqual(expect.arrayContaining([...fits]))
    expect(part.decides).not.toBe('')
  }

  test('a half price of one model: contract, price or batch', async () => {
    const found = await compared({ models: ['gpt-4o'], factor: () => 500n })
    expectUndecided(found, -0.5 * worth(found.calls.filter(within)), [
      'contract',
      'wrong_price',
      'tier_not_logged',
    ])
  })

  test('a half price of all models: contract or batch', async () => {
    const found = await compared({ factor: () => 500n })
    expectUndecided(found, -0.5 * worth(found.calls.filter(within)), ['contract', 'tier_not_logged'])
  })

  test('a tenth off one model alone: contract or price', async () => {
    const found = await compared({ models: ['gpt-4o'], factor: () => 900n })
    expectUndecided(found, -0.1 * worth(found.calls.filter(within)), ['contract', 'wrong_price'])
  })

  test('a tenth more on one of two models: its price or its region', async () => {
    const found = await compared({ factor: ({ model }) => (model === 'gpt-4o' ? 1100n : 1000n) })
    const own = found.calls.filter((call) => within(call) && call.model === 'gpt-4o')
    expectUndecided(found, 0.1 * worth(own), ['wrong_price', 'region_multiplier'])
  })

  test('money alone, and some hours are missing', async () => {
    const found = await compared({
      models: ['gpt-4o'],
      hasQuantities: false,
      logs: (call) => (atNight(call) ? undefined : call),
    })
    expectUndecided(found, worth(found.calls.filter(atNight)), ['logs_missing', 'wrong_price'])
  })
})

test('the parts add up whatever is lost, billed and rounded', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 300, max: 2200 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 2, max: 12 }),
      fc.integer({ min: -6, max: 6 }),
      fc.boolean(),
      fc.boolean(),
      async (factor, lost, digits, zone, hasUsage, hasQuantities) => {
        // `compared` asks it of every world.
        await compared({
          factor: ({ model, minute }) => BigInt(model === 'gpt-4o' ? factor : 1000 + (minute % 50)),
          logs: (call) =>
            call.minute % 7 < lost ? { ...call, cached: call.minute % 2 === 0 ? 0 : call.cached } : undefined,
          digits,
          zone,
          hasUsage,
          hasQuantities,
          extra: [['Sales tax', '0.1234567890123456789']],
        })
      },
    ),
    { numRuns: 5 },
  )
  expect(moneyText(moneyOf('-0.000000000000000001'))).toBe('-0.000000000000000001')
})
