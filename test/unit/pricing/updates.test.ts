/** Price lists, what they change, and the layer that they become. Expected figures are the lists' own, by hand. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadPriceBook, type PriceBook } from '../../../src/pricing/book.js'
import { loadCatalogue, type Catalogue } from '../../../src/pricing/catalogue.js'
import { readPriceList } from '../../../src/pricing/lists/price-list.js'
import { readUpdates, writeUpdates } from '../../../src/pricing/lists/update-file.js'
import { isJump } from '../../../src/pricing/lists/price-changes.js'
import { planUpdate, type UpdatePlan } from '../../../src/pricing/lists/update-plan.js'
import { UpdateLayer, type Update } from '../../../src/pricing/lists/updates.js'
import { emptyFolder } from '../../e2e/program.js'

const listed = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../fixtures/price-lists/${name}`, import.meta.url)), 'utf8')
const today = '2026-11-28'

let bundled: Catalogue
beforeAll(async () => {
  bundled = await loadCatalogue()
})

/** What `prices update` does, by itself: the plan, and the book after it. */
async function updated(
  text: string,
  {
    earlier = [],
    since = null,
    day = today,
  }: { earlier?: readonly Update[]; since?: string | null; day?: string } = {},
): Promise<{ plan: UpdatePlan; book: PriceBook; updates: readonly Update[] }> {
  const path = join(emptyFolder(), 'updates', 'price-updates.json')
  writeUpdates(path, earlier)
  const layer = new UpdateLayer(earlier)
  const catalogue = layer.extend(bundled)
  const before = await loadPriceBook({ overrideFiles: [], updatesFile: path })
  const list = readPriceList(text, 'list.json', catalogue)
  const plan = planUpdate({
    models: list.models,
    catalogue,
    layer,
    resolve: (provider, model) => before.resolve(provider, model),
    today: day,
    since,
    known: before.known,
  })
  const update = {
    made: `${day}T10:00:00.000Z`,
    source: 'list.json',
    models: list.models.length,
    rows: plan.rows,
  }
  writeUpdates(path, [...earlier, update])
  const updates = readUpdates(path)
  expect(updates).toEqual([...earlier, update])
  return { plan, updates, book: await loadPriceBook({ overrideFiles: [], updatesFile: path }) }
}

type Shown = readonly [input: string | null, read: string | null, output: string | null, source: string]

/** Prices of a small call in the standard mode at noon of a day. */
function priceAt(
  book: PriceBook,
  provider: string | null,
  model: string,
  day: string,
  tokens = 1,
): Shown | undefined {
  const moment = `${day} 12:00:00`
  const found = book
    .resolve(provider, model)
    .rates.filter((rate) => rate.mode === 'standard')
    .filter(
      (rate) =>
        rate.valid_from <= moment &&
        moment < rate.valid_to &&
        rate.band_lo < tokens &&
        tokens <= rate.band_hi,
    )
    .find((rate) => rate.minute_lo <= 720 && 720 < rate.minute_hi)
  return found && [found.input_price, found.cache_read_price, found.output_price, found.price_source]
}

const source = 'update 2026-11-28 from list.json'
const changed = ({ changes }: UpdatePlan): string[] =>
  changes.map(({ provider, model, unit, above, before, after, from }) =>
    [`${provider}/${model}`, unit, ...(above > 0 ? [above] : []), before, after, from].join(' '),
  )

describe('the data file of genai-prices', () => {
  test('what changed has the date of the list where it gives one, else today; the rest stays', async () => {
    const { plan, book } = await updated(listed('data.json'))
    expect(changed(plan).filter((one) => !one.includes('gpt-9'))).toEqual([
      'openai/gpt-4o input_price 2.5 2 2026-10-15',
      'openai/gpt-4o cache_read_price 1.25 1 2026-10-15',
      'openai/gpt-4o output_price 10 8 2026-10-15',
      'openai/gpt-4o-mini input_price 0.15 0.12 2026-11-28',
    ])
    expect(new Set(plan.rows.map(({ provider, model }) => `${provider}/${model}`))).toEqual(
      new Set(['openai/gpt-4o', 'openai/gpt-4o-mini', 'openai/gpt-9-mini']),
    )
    expect(priceAt(book, 'openai', 'gpt-4o', '2026-10-14')).toEqual(['2.5', '1.25', '10', bundled.version])
    expect(priceAt(book, 'openai', 'gpt-4o', '2026-10-15')).toEqual(['2', '1', '8', source])
    // Other names of the model follow it.
    expect(priceAt(book, 'openai', 'gpt-4o-2024-08-06', '2026-12-01')).toEqual(['2', '1', '8', source])
    // Azure sells it at OpenAI's prices.
    expect(priceAt(book, 'azure', 'gpt-4o-mini', today)?.[0]).toBe('0.12')
    expect(priceAt(book, 'openai', 'gpt-4o-mini', '2026-11-27')?.[0]).toBe('0.15')
    expect(priceAt(book, 'openai', 'gpt-4o-mini', today)?.[0]).toBe('0.12')
  })

  test('a new model is known by its names, its date and its latest', async () => {
    const { plan, book } = await updated(listed('data.json'))
    expect(changed(plan).filter((one) => one.includes('gpt-9'))).toEqual([
      'openai/gpt-9-mini input_price  0.5 2026-11-28',
      'openai/gpt-9-mini cache_read_price  0.05 2026-11-28',
      'openai/gpt-9-mini output_price  4 2026-11-28',
    ])
    for (const name of ['gpt-9-mini', 'gpt-9-mini-latest', 'gpt-9-mini-2026-11-02', 'GPT-9-mini'])
      expect(priceAt(book, 'openai', name, today)).toEqual(['0.5', '0.05', '4', source])
    expect(priceAt(book, null, 'openai/gpt-9-mini', today)?.[3]).toBe(source)
    expect(book.list('gpt-9-mini').map(({ provider, model }) => `${provider}/${model}`)).toEqual([
      'openai/gpt-9-mini',
    ])
    expect(priceAt(book, 'openai', 'gpt-9-large', today)).toBeUndefined()
  })

  test('the same list again changes nothing, and neither does the bundled one', async () => {
    const first = await updated(listed('data.json'))
    const again = await updated(listed('data.json'), { earlier: first.updates, day: '2026-12-24' })
    expect(again.plan).toEqual({ rows: [], changes: [], passedOn: 0 })
    expect(again.book.known).toBe('2026-12-24')
    const own = [...bundled.providers.values()].map((provider) => ({
      ...provider,
      models: provider.models.map((model) => ({
        ...model,
        prices: JSON.parse(JSON.stringify(model.prices)) as unknown,
      })),
    }))
    const { plan } = await updated(JSON.stringify(own))
    expect(plan).toEqual({ rows: [], changes: [], passedOn: 0 })
  })

  test('a date given is the start, and a change that is announced comes when it is due', async () => {
    const list = JSON.parse(listed('data.json')) as {
      id: string
      models: { id: string; prices: unknown }[]
    }[]
    const mini = list.find(({ id }) => id === 'openai')?.models.find(({ id }) => id === 'gpt-4o-mini')
    if (mini === undefined) throw new Error('the fixture has no gpt-4o-mini')
    const prices = mini.prices as Record<string, number>
    mini.prices = [
      { prices },
      { constraint: { start_date: '2027-02-01' }, prices: { ...prices, input_mtok: 0.1 } },
    ]
    const { book, updates } = await updated(JSON.stringify(list), { since: '2026-11-01' })
    const inputs = (of: PriceBook, ...days: string[]): unknown[] =>
      days.map((day) => priceAt(of, 'openai', 'gpt-4o-mini', day)?.[0])
    expect(inputs(book, '2026-10-31', '2026-11-01', '2027-01-31', '2027-02-01')).toEqual([
      '0.15',
      '0.12',
      '0.12',
      '0.1',
    ])
    // Called off by a later list.
    mini.prices = prices
    const later = await updated(JSON.stringify(list), { earlier: updates, day: '2027-01-05' })
    expect(inputs(later.book, '2026-10-31', '2026-11-01', '2027-01-31', '2027-02-01')).toEqual([
      '0.15',
      '0.12',
      '0.12',
      '0.12',
    ])
  })
})

describe("LiteLLM's table", () => {
  test('prices by token, to the last digit; names that have not changed keep theirs', async () => {
    const { plan, book } = await updated(listed('litellm.json'))
    expect(changed(plan)).toEqual([
      'openai/gpt-4o input_price 2.5 2 2026-11-28',
      'openai/gpt-4o cache_read_price 1.25 1 2026-11-28',
      'openai/gpt-4o output_price 10 8 2026-11-28',
      'anthropic/claude-nova-9 input_price  4 2026-11-28',
      'anthropic/claude-nova-9 cache_read_price  0.4 2026-11-28',
      'anthropic/claude-nova-9 cache_write_price  5 2026-11-28',
      'anthropic/claude-nova-9 cache_write_1h_price  8 2026-11-28',
      'anthropic/claude-nova-9 output_price  20 2026-11-28',
      'anthropic/claude-nova-9 input_price 200000  8 2026-11-28',
      'anthropic/claude-nova-9 output_price 200000  30 2026-11-28',
    ])
    expect(priceAt(book, 'openai', 'gpt-4o', today)).toEqual(['2', '1', '8', source])
    expect(priceAt(book, 'openai', 'gpt-4o-2024-11-20', today)).toEqual(['2', '1', '8', source])
    expect(priceAt(book, 'openai', 'gpt-4o-2024-08-06', today)?.slice(0, 3)).toEqual(['2.5', '1.25', '10'])
    expect(priceAt(book, 'azure', 'gpt-4o', today)?.slice(0, 3)).toEqual(['2.5', '1.25', '10'])
    expect(priceAt(book, 'anthropic', 'claude-nova-9', today, 300_000)?.slice(0, 3)).toEqual([
      '8',
      '0.4',
      '30',
    ])
  })

  test('a date given never reaches behind a change that is known', async () => {
    const o3 = (input: number): string =>
      JSON.stringify({
        o3: {
          litellm_provider: 'openai',
          mode: 'chat',
          input_cost_per_token: input,
          output_cost_per_token: 8e-6,
        },
      })
    // 10 until 2025-06-10, then 2: as the list says.
    expect((await updated(o3(2e-6), { since: '2025-01-01' })).plan).toEqual({
      rows: [],
      changes: [],
      passedOn: 0,
    })
    const { plan, book } = await updated(o3(3e-6), { since: '2025-01-01' })
    expect(changed(plan)).toEqual(['openai/o3 input_price 2 3 2025-06-10'])
    expect(priceAt(book, 'openai', 'o3', '2025-06-09')?.[0]).toBe('10')
    expect(priceAt(book, 'openai', 'o3', '2025-06-10')?.[0]).toBe('3')
  })

  test('free and other entries are left out', () => {
    const list = readPriceList(listed('litellm.json'), 'x', bundled)
    expect(list).toMatchObject({ shape: 'LiteLLM', free: 1, ambiguous: 0 })
    expect(list.models.map(({ model }) => model)).not.toContain('gpt-preview-x')
    expect(list.models.map(({ model }) => model)).not.toContain('sample_spec')
  })
})

describe('the list of models.dev', () => {
  test('prices by million, sizes of input, and providers of its own', async () => {
    const { plan, book } = await updated(listed('models-dev.json'))
    expect(changed(plan).filter((one) => one.startsWith('openai'))).toEqual([
      'openai/gpt-4o input_price 2.5 2 2026-11-28',
      'openai/gpt-4o cache_read_price 1.25 1 2026-11-28',
      'openai/gpt-4o output_price 10 8 2026-11-28',
    ])
    expect(plan.rows.some(({ model }) => model === 'gemini-2.5-pro')).toBe(false)
    const name = 'anthropic.claude-nova-9-v1:0'
    expect(priceAt(book, 'bedrock', name, today, 272_000)).toEqual(['4', '0.4', '20', source])
    expect(priceAt(book, null, name, today, 272_001)).toEqual(['8', '0.8', '30', source])
    expect(priceAt(book, 'example-cloud', 'open-1', today)).toEqual(['0.2', '0.2', '0.4', source])
    expect(book.resolve('example-cloud', 'open-1').rates[0]?.reasoning_output_price).toBe('0.8')
  })
})

test('what a gateway asks is no price of the provider behind it', async () => {
  const list = {
    vercel: { models: { 'anthropic/claude-sonnet-4.5': { cost: { input: 9, output: 45 } } } },
    openrouter: { models: { 'anthropic/claude-sonnet-4.5': { cost: { input: 3.3, output: 16.5 } } } },
  }
  const { plan, book } = await updated(JSON.stringify(list))
  expect(plan.passedOn).toBe(1)
  expect(new Set(plan.rows.map(({ provider }) => provider))).toEqual(new Set(['openrouter']))
  expect(priceAt(book, 'anthropic', 'anthropic/claude-sonnet-4.5', today)?.[0]).toBe('3')
  expect(priceAt(book, 'openrouter', 'anthropic/claude-sonnet-4.5', today)?.[0]).toBe('3.3')
})

describe('a list that cannot be right', () => {
  const one = (entry: object): string =>
    JSON.stringify({
      'gpt-x': {
        litellm_provider: 'openai',
        mode: 'chat',
        input_cost_per_token: 1e-6,
        output_cost_per_token: 1e-6,
        ...entry,
      },
    })
  test.each([
    ['no JSON', '{"gpt-x":', /not JSON/],
    ['a page', '<html></html>', /web page/],
    ['nothing', '', /empty/],
    ['another shape', '{"a": 1}', /no price list that llmcost knows/],
    ['a list of numbers', '[1, 2]', /no price list that llmcost knows/],
    ['null', 'null', /no price list that llmcost knows/],
    ['NaN', one({}).replace('0.000001', 'NaN'), /not JSON/],
    ['below 0', one({ input_cost_per_token: -1e-6 }), /gpt-x: input_cost_per_token is -0.000001, below 0/],
    ['a text', one({ input_cost_per_token: '1e-6' }), /is "1e-6", which is no price/],
    ['infinite', one({}).replace('0.000001', '1e999'), /is "Infinity", which is no price/],
    ['another unit', one({ input_cost_per_token: 2.5 }), /is \$2500000 per million, beyond any price/],
    [
      'no prices',
      JSON.stringify({ 'gpt-x': { litellm_provider: 'openai', mode: 'chat' } }),
      /no model .* has a price/,
    ],
    [
      'a broken date',
      JSON.stringify([
        {
          id: 'a',
          models: [
            {
              id: 'b',
              match: { equals: 'b' },
              prices: [{ constraint: { start_date: '2026-13-01' }, prices: { input_mtok: 1 } }],
            },
          ],
        },
      ]),
      /a\/b has a condition/,
    ],
    [
      'a broken tier',
      JSON.stringify([
        {
          id: 'a',
          models: [
            {
              id: 'b',
              match: { equals: 'b' },
              prices: { input_mtok: { base: 1, tiers: [{ start: -1, price: 2 }] } },
            },
          ],
        },
      ]),
      /tier without a start/,
    ],
  ])('%s', (_, text, message) => {
    expect(() => readPriceList(text, 'list.json', bundled)).toThrow(message)
  })

  test('no content whatever makes it fail otherwise', () => {
    const known = fc.constantFrom(
      'models',
      'id',
      'cost',
      'input',
      'prices',
      'litellm_provider',
      'input_cost_per_token',
      'tiers',
      '__proto__',
      'mode',
    )
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom(null, 0, 1, -1, 1e-6, 'x', 'chat', true),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(known, tie('tree'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(tree, (content) => {
        try {
          readPriceList(JSON.stringify(content), 'x', bundled)
        } catch (error) {
          expect((error as Error).name).toBe('UserError')
        }
      }),
    )
  })
})

test('jumps are changes by more than ten times', () => {
  const jump = (before: string | null, after: string | null): boolean =>
    isJump({
      provider: 'a',
      model: 'b',
      unit: 'input_price',
      above: 0,
      minutes: [0, 1440],
      before,
      after,
      from: today,
      isNew: false,
    })
  expect([jump('1', '10'), jump('1', '10.000000001'), jump('10', '1'), jump('10', '0.999999999')]).toEqual([
    false,
    true,
    false,
    true,
  ])
  expect([jump('1', '0'), jump('0', '1'), jump('0', '0'), jump(null, '99'), jump('1', null)]).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})

describe('the file of updates', () => {
  test('a file that is not understood is an error, not no prices', async () => {
    const path = join(emptyFolder(), 'price-updates.json')
    for (const text of [
      '',
      '{}',
      '[]',
      '{"version": 2, "updates": []}',
      '{"version": 1, "updates": [{}]}',
      '{"version": 1, "updates": [{"made": "2026-11-28T00:00:00Z", "source": "x", "models": 1, "rows": [{"provider": "openai", "model": "gpt-4o", "from": "2026-11-28", "prices": [{"input_price": "-1"}]}]}]}',
    ]) {
      writeFileSync(path, text)
      await expect(loadPriceBook({ overrideFiles: [], updatesFile: path })).rejects.toThrow(
        'the file of price updates',
      )
    }
  })

  test('without any the book is as it was; with one, stores are to be priced anew', async () => {
    const none = await loadPriceBook({ overrideFiles: [], updatesFile: join(emptyFolder(), 'none.json') })
    expect(none.fingerprint).toBe((await loadPriceBook({ overrideFiles: [] })).fingerprint)
    expect(none.known).toBe(bundled.date)
    const { book } = await updated(listed('data.json'))
    expect(book.fingerprint).not.toBe(none.fingerprint)
    expect(book.known).toBe(today)
  })

  test('overrides win over updates', async () => {
    const { updates } = await updated(listed('data.json'))
    const folder = emptyFolder()
    const path = join(folder, 'u.json')
    writeUpdates(path, updates)
    writeFileSync(join(folder, 'p.csv'), 'provider,model,input,output\nopenai,gpt-4o,7,9\n')
    const book = await loadPriceBook({ overrideFiles: [join(folder, 'p.csv')], updatesFile: path })
    expect(priceAt(book, 'openai', 'gpt-4o', today)?.[0]).toBe('7')
  })
})
