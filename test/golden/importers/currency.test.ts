/** Only dollars are dollars: what other currencies and units become, and what is said where there is no rate. */
import fc from 'fast-check'
import { join } from 'node:path'
import { afterAll, describe, expect } from 'vitest'
import { comparable } from '../../../src/importers/records/comparable.js'
import { unitOfName } from '../../../src/importers/records/cost-fields.js'
import { readCurrencyRates } from '../../../src/ingest/typing/currency-rates.js'
import { ask, ingestInto, write, type Choices } from '../../property/ingesting.js'
import { tries } from '../../property/seed.js'
import { atOnce, readBeside, workshop } from './reading.js'

afterAll(() => workshop.close())

const base = {
  ts: '2026-10-05T08:00:00Z',
  model: 'some-unpriced-model',
  input_tokens: 100,
  output_tokens: 10,
}

interface Cost {
  readonly usd: unknown
  readonly unread: unknown
}

/** Each call is one of its own, as logs are read beside others. */
let made = 0

async function costs(records: readonly object[], choices: Choices = {}): Promise<Cost[]> {
  const lines = records.map((record) => JSON.stringify({ id: `c${++made}`, ...base, ...record }))
  const { calls } = await readBeside(
    [write(join(workshop.room(), 'log.jsonl'), `${lines.join('\n')}\n`)],
    choices,
  )
  return calls.map((call) => ({
    usd: call['reported_cost_usd'] ?? null,
    unread: call['unread_usage'] ?? null,
  }))
}

describe('costs in other currencies', () => {
  const inEuros = [
    { cost: 0.5, currency: 'EUR' },
    { cost: 0.5, cost_currency: ' eur ' },
    { cost: '0.5 €' },
    { cost: '€0.5' },
    { cost: 'EUR 0.50' },
    { total_cost_eur: 0.5 },
    { usage: { cost_eur: 0.5 } },
    { cost_eur_cents: 50 },
    { cost: 0.5, meta: { currency: 'EUR' } },
    { cost: 0.5, billing: { currency: 'EUR' } },
    { cost: 0.5, cur: 'EUR' },
    { cost: 0.5, priceUnit: 'EUR' },
    { cost: 0.5, currency_symbol: '€' },
    { cost: { amount: 0.5, currency: 'EUR' } },
    { cost: { value: 0.5, unit: 'EUR' }, currency: 'USD' },
    { price: { amount: 0.5, currency: 'EUR' } },
    { usage: { cost: { total: 0.5, currency: 'EUR' } } },
    { usage: { cost: 0.5 }, currencyCode: 'EUR' },
    { total_cost: { eur: 0.5 } },
  ]

  atOnce('are left out and named without a rate', async () => {
    for (const { usd, unread } of await costs(inEuros)) expect([usd, unread]).toEqual([null, 'currency=EUR'])
  })

  atOnce('are converted by the rate that is given', async () => {
    for (const { usd, unread } of await costs(inEuros, { read: { set: { currency_rate: '1.08' } } }))
      expect([usd, unread]).toEqual(['0.54', null])
  })

  atOnce('are converted by the rate of their day', async () => {
    const currencyRates = [
      { currency: 'EUR', validFrom: '2026-10-01', usd: '1.1' },
      { currency: 'EUR', validFrom: '2026-01-01', usd: '1.05' },
    ]
    const records = [
      '2025-12-31T23:59:59Z',
      '2026-01-01T00:00:00Z',
      '2026-09-30T23:59:59Z',
      '2026-10-01T00:00:00Z',
    ].map((ts) => ({ ts, cost: 2, currency: 'EUR' }))
    const got = await costs([...records, { cost: 1, currency: 'GBP' }], { read: { currencyRates } })
    expect(got.map(({ usd }) => usd)).toEqual([null, '2.1', '2.1', '2.2', null])
    expect(got.map(({ unread }) => unread)).toEqual(['currency=EUR', null, null, null, 'currency=GBP'])
  })

  atOnce('a name that says dollars is believed, and what the record says beside it is told', async () => {
    expect(
      await costs([{ cost_usd: 0.5, currency: 'EUR' }, { cost: 0.5, currency: 'USD' }, { cost: 0.25 }]),
    ).toEqual([
      { usd: '0.5', unread: 'currency in doubt: currency=EUR' },
      { usd: '0.5', unread: null },
      { usd: '0.25', unread: null },
    ])
  })

  atOnce('of other things are told where the cost is read as dollars', async () => {
    const doubtful: readonly (readonly [object, string])[] = [
      [{ tags: { currency: 'EUR' } }, 'tags.currency=EUR'],
      [{ profile: { locale_currency: 'EUR' } }, 'profile.locale_currency=EUR'],
      [{ user_currency: 'GBP' }, 'user_currency=GBP'],
      [{ zork: 'EUR' }, 'zork=EUR'],
      [{ exchange_rate: 1.08 }, 'exchange_rate=1.08'],
      [{ fx: { from: 'EUR', to: 'USD' } }, 'fx.from=EUR'],
    ]
    const records = doubtful.map(([record]) => ({ cost: 0.5, ...record }))
    const told = doubtful.map(([, name]) => ({ usd: '0.5', unread: `currency in doubt: ${name}` }))
    expect(await costs(records)).toEqual(told)
    // Who says what the costs are in has settled it, and a cost that says so itself has no need of it.
    const settled = await costs(records, { read: { set: { currency: 'USD' } } })
    expect(settled.map(({ unread }) => unread)).toEqual(records.map(() => null))
    const own = await costs(doubtful.map(([record]) => ({ cost_usd: 0.5, ...record })))
    expect(own).toEqual(records.map(() => ({ usd: '0.5', unread: null })))
  })

  atOnce('of which one is in dollars give the dollars', async () => {
    expect(await costs([{ total_cost: { eur: 0.5, usd: 0.54 } }, { cost: 0.5, currency: 'EUR', cost_usd: 0.54 }])).toEqual([
      { usd: '0.54', unread: null },
      { usd: '0.54', unread: null },
    ]) // prettier-ignore
  })

  atOnce('a whole log may be in one', async () => {
    const got = await costs([{ cost: 0.5 }, { cost: '0.5 EUR' }], {
      read: { set: { currency: 'EUR', currency_rate: '2' } },
    })
    expect(got.map(({ usd }) => usd)).toEqual(['1', '1'])
  })

  atOnce('a record with nothing else is rejected with the reason', async () => {
    const line = JSON.stringify({ ts: base.ts, model: 'm', cost: 0.5, currency: 'EUR' })
    const { rejects } = await readBeside([write(join(workshop.room(), 'log.jsonl'), `${line}\n`)])
    expect(rejects).toEqual([[1, 'cost_usd: in another currency, and no rate is given']])
  })

  atOnce('parts of a cost are in the currency of the record', async () => {
    const got = await costs([{ input_cost: 0.1, output_cost: 0.2, currency: 'EUR' }], {
      read: { set: { currency_rate: '2' } },
    })
    expect(got).toEqual([{ usd: '0.6', unread: null }])
  })
})

atOnce('a rate that is given is the rate of one currency, over all files of a run', async () => {
  const room = workshop.room()
  const log = (name: string, currency: string): string =>
    write(join(room, name), `${JSON.stringify({ id: name, ...base, cost: 1, currency })}\n`)
  const read = { set: { currency_rate: '2' } }
  const { files } = await ingestInto(
    workshop.store(),
    [log('a.jsonl', 'EUR'), log('b.jsonl', 'GBP'), log('c.jsonl', 'USD')],
    { read },
  )
  expect(files.map(({ state }) => state)).toEqual(['read', 'refused', 'read'])
  expect(files[1]!.note).toContain('its costs are in GBP, those of files before it in EUR')
})

describe('parts of a dollar', () => {
  atOnce.each([
    [{ cost_cents: 12.345 }, '0.12345'],
    [{ totalCostCents: '1' }, '0.01'],
    [{ cost_usd_micros: 1500 }, '0.0015'],
    [{ cost_micros: 1 }, '0.000001'],
    [{ cost_nanousd: 2_500_000 }, '0.0025'],
    [{ usage: { cost_in_usd_ticks: 37_756_000 } }, '0.0037756'],
    [{ cost: '12 ¢' }, '0.12'],
    [{ cost: '$0.12' }, '0.12'],
    [{ cost: '0.12 USD' }, '0.12'],
    [{ cost: 12, cost_unit: 'cents' }, '0.12'],
  ])('%j', async (record, usd) => {
    expect(await costs([record])).toEqual([{ usd, unread: null }])
  })

  atOnce('any amount of cents is a hundredth, to the last digit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.bigInt({ min: 1n, max: 10n ** 12n }), { minLength: 1, maxLength: 150 }),
        async (amounts) => {
          // Ten decimals of a cent are twelve of a dollar.
          const exact = (digits: bigint, places: number): string => {
            const text = String(digits).padStart(places + 1, '0')
            return `${text.slice(0, -places)}.${text.slice(-places)}`.replace(/\.?0+$/, '')
          }
          const got = await costs(amounts.map((digits) => ({ cost_cents: exact(digits, 10) })))
          expect(got.map(({ usd }) => usd)).toEqual(amounts.map((digits) => exact(digits, 12)))
        },
      ),
      { numRuns: tries(2, 10) },
    )
  })
})

atOnce('credits are no dollars', async () => {
  expect(await costs([{ cost_credits: 3 }])).toEqual([{ usd: null, unread: 'currency=credits' }])
})

atOnce.each([
  ['cost_usd', undefined],
  ['output_cost', undefined],
  ['incentive_cost', undefined],
  ['price_per_token', undefined],
  ['total_cost', undefined],
  ['europe_cost', undefined],
  ['cost_gbp', 'GBP'],
  ['costInCents', 'cents'],
  ['spend_rmb', 'CNY'],
])('the unit that %s speaks of', (name, unit) => {
  expect(unitOfName(comparable(name))).toBe(unit)
})

describe('the file of rates', () => {
  const file = (text: string): string => write(join(workshop.room(), 'rates.csv'), text)

  atOnce('has a currency, a day and dollars', () => {
    expect(readCurrencyRates(file('currency,valid_from,usd\neur,2026-01-01,1.08\n'))).toEqual([
      { currency: 'EUR', validFrom: '2026-01-01', usd: '1.08' },
    ])
  })

  atOnce.each([
    ['currency,valid_from,usd\nEuro,2026-01-01,1\n', /rates\.csv:2/, '"Euro" is no currency'],
    ['currency,valid_from,usd\nEUR,2026-02-31,1\n', /rates\.csv:2/, '"2026-02-31" is no day'],
    ['currency,valid_from,usd\nEUR,2026-01-01,-1\n', /rates\.csv:2/, '"-1" is no rate'],
    [
      'currency,valid_from,usd\nEUR,2026-01-01,1\nEUR,2026-01-01,2\n',
      /rates\.csv:3/,
      'EUR has two rates from 2026-01-01 on',
    ],
    ['currency,usd\nEUR,1\n', /rates\.csv$/, 'the column valid_from is missing'],
  ])('says what is wrong with %j', (text, location, message) => {
    expect(() => readCurrencyRates(file(text))).toThrow(
      expect.objectContaining({ message, location: expect.stringMatching(location) as string }),
    )
  })
})

atOnce('a bare unit counts where it is one of money', async () => {
  const at = (n: number, unit: string): string =>
    JSON.stringify({ ts: `2026-09-05T08:00:0${n}Z`, model: 'my-model', input_tokens: 10, cost: 0.5, unit })
  const lines = [at(1, 'cents'), at(2, 'TOKENS'), at(3, 'EUR'), at(4, 'usd_cents')]
  const store = workshop.store()
  await ingestInto(store, [write(join(workshop.room(), 'a.jsonl'), lines.join('\n'))])
  const rows = await ask(
    store,
    'SELECT reported_cost_usd AS usd, unread_usage AS unread FROM calls ORDER BY ts',
  )
  expect(rows.map(({ usd, unread }) => [usd === null ? null : Number(usd), unread])).toEqual([
    [0.005, null],
    [0.5, null],
    [null, 'currency=EUR'],
    [0.005, null],
  ])
})
