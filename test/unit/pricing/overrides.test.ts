import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { loadPriceBook } from '../../../src/pricing/book.js'

const folder = mkdtempSync(join(tmpdir(), 'prices-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function bookOf(text: string, name = 'prices.csv') {
  const path = join(folder, name)
  writeFileSync(path, text)
  return loadPriceBook({ overrideFiles: [path] })
}

type Book = Awaited<ReturnType<typeof bookOf>>
/** The answer with its standard rates alone, the one in force first. */
const found = (book: Book, provider: string | null, model: string) => {
  const resolution = book.resolve(provider, model)
  const rates = resolution.rates.filter(({ mode }) => mode === 'standard')
  return { ...resolution, rates: rates.toReversed() }
}

const brief = (rates: readonly Record<string, unknown>[], ...keys: string[]) =>
  rates.map((rate) => keys.map((key) => rate[key])).toReversed()

describe('prices of one’s own', () => {
  test('replace those of the price data, with the usual fallbacks', async () => {
    const book = await bookOf('provider,model,input,output\nopenai,gpt-4o,2,8\n')
    const [rate, ...others] = found(book, 'openai', 'gpt-4o').rates
    expect(others).toEqual([])
    expect(rate).toMatchObject({
      input_price: '2',
      cache_read_price: '2',
      output_price: '8',
      web_search_price: null,
      price_source: 'override prices.csv:2',
    })
  })

  test('hold for the name with a prefix too, and for no other model', async () => {
    const book = await bookOf('provider,model,input,output\nopenai,gpt-4o,2,8\n')
    expect(found(book, null, 'openai/gpt-4o').rates[0]?.input_price).toBe('2')
    expect(found(book, 'openai', 'gpt-4o-2024-05-13').rates[0]?.input_price).toBe('5')
    expect(found(book, 'azure', 'gpt-4o').rates[0]?.input_price).toBe('2.5')
  })

  test('hold from their date; what held before goes on until then', async () => {
    const book = await bookOf(
      'provider,model,valid_from,input,output\nopenai,gpt-4o,2026-04-01,2,8\nopenai,gpt-4o,2026-06-01T12:00:00Z,1,4\n',
    )
    expect(
      brief(found(book, 'openai', 'gpt-4o').rates as never, 'valid_from', 'valid_to', 'input_price'),
    ).toEqual([
      ['1970-01-01 00:00:00', '2024-05-13 00:00:00', '5'],
      ['2024-05-13 00:00:00', '2024-10-02 00:00:00', '5'],
      ['2024-10-02 00:00:00', '2026-04-01 00:00:00', '2.5'],
      ['2026-04-01 00:00:00', '2026-06-01 12:00:00', '2'],
      ['2026-06-01 12:00:00', '9999-12-31 00:00:00', '1'],
    ])
  })

  test('have tiers; an empty cell of a tier takes the price below', async () => {
    const book = await bookOf(
      'provider,model,input,output,above_input_tokens\nacme,big,1,4,\nacme,big,2,,200000\n',
    )
    expect(
      brief(found(book, 'acme', 'big').rates as never, 'band_lo', 'band_hi', 'input_price', 'output_price'),
    ).toEqual([
      [-1, 200_000, '1', '4'],
      [200_000, 9_000_000_000_000_000, '2', '4'],
    ])
  })

  test('a model without provider: custom, unless the row or the name tells', async () => {
    const book = await bookOf(
      'provider,model,input,output\n,house-model,1,2\nacme,other-model,1,2\nazure,gpt-4o,1,2\n',
    )
    expect(found(book, null, 'house-model')).toMatchObject({
      provider: 'custom',
      rates: [{ input_price: '1' }],
    })
    expect(found(book, 'acme', 'house-model')).toMatchObject({
      provider: 'acme',
      rates: [{ input_price: '1' }],
    })
    expect(found(book, null, 'other-model')).toMatchObject({
      provider: 'acme',
      rates: [{ provider: 'acme' }],
    })
    expect(found(book, null, 'gpt-4o')).toMatchObject({
      provider: 'openai',
      rates: expect.arrayContaining([expect.objectContaining({ input_price: '2.5' })]),
    })
    const again = found(book, 'custom', 'house-model')
    expect(again).toEqual(found(book, null, 'house-model'))
  })

  test('the same in JSON', async () => {
    const book = await bookOf(
      '[{"provider":"acme","model":"M","input":0.1,"output":"0.4","free":false}]',
      'prices.json',
    )
    expect(found(book, 'acme', 'm').rates[0]).toMatchObject({
      input_price: '0.1',
      output_price: '0.4',
      price_source: 'override prices.json, entry 1',
    })
  })

  test('free', async () => {
    const book = await bookOf('provider,model,free\nacme,*,true\nopenai,gpt-4o,yes\n')
    expect(found(book, 'acme', 'anything').rates[0]).toMatchObject({ input_price: '0', output_price: '0' })
    expect(found(book, 'openai', 'gpt-4o').rates[0]).toMatchObject({ input_price: '0' })
  })
})

describe('rows that change what holds anyway', () => {
  test('an alias: an Azure deployment', async () => {
    const book = await bookOf(
      'provider,model,alias_of\nazure,prod-chat,gpt-4o\n,prod-two,openai/gpt-4o-mini\n',
    )
    expect(found(book, 'azure_openai', 'prod-chat')).toMatchObject({
      provider: 'azure',
      rates: expect.arrayContaining([
        expect.objectContaining({
          provider: 'azure',
          model: 'prod-chat',
          input_price: '2.5',
          matched: 'openai/gpt-4o',
        }),
      ]),
    })
    expect(found(book, 'azure', 'prod-two').rates[0]?.input_price).toBe('0.15')
    expect(found(book, null, 'prod-two').provider).toBe('custom')
  })

  test('a house discount, for an alias too, but not for prices of one’s own', async () => {
    const book = await bookOf(
      'provider,model,alias_of,input,output,discount\nazure,*,,,,10%\nazure,prod,gpt-4o,,,\nazure,mine,,1,2,\nazure,both,,1,2,0.5\n',
    )
    expect(found(book, 'azure', 'gpt-4o').rates[0]).toMatchObject({ input_price: '2.25', output_price: '9' })
    expect(found(book, 'azure', 'prod').rates[0]).toMatchObject({ input_price: '2.25' })
    expect(found(book, 'azure', 'mine').rates[0]).toMatchObject({ input_price: '1' })
    expect(found(book, 'azure', 'both').rates[0]).toMatchObject({ input_price: '0.5', output_price: '1' })
    expect(found(book, 'openai', 'gpt-4o').rates[0]).toMatchObject({ input_price: '2.5' })
    expect(found(book, 'azure', 'gpt-4o').rates[0]?.price_source).toBe(
      `${book.version}, override prices.csv:2`,
    )
  })

  test('a discount from a date on leaves the prices before', async () => {
    const book = await bookOf('provider,model,valid_from,discount\nopenai,*,2026-01-01,20%\n')
    expect(brief(found(book, 'openai', 'gpt-4o').rates as never, 'valid_to', 'input_price')).toEqual([
      ['2024-05-13 00:00:00', '5'],
      ['2024-10-02 00:00:00', '5'],
      ['2026-01-01 00:00:00', '2.5'],
      ['9999-12-31 00:00:00', '2'],
    ])
  })

  test('multipliers', async () => {
    const book = await bookOf(
      'provider,model,priority_multiplier,batch_multiplier,fast_multiplier\nopenai,gpt-4o,1.8,0.4,3\n',
    )
    const now = (mode: string) =>
      book.resolve('openai', 'gpt-4o').rates.findLast((rate) => rate.mode === mode)
    expect(now('standard')).toMatchObject({ input_price: '2.5', multiplier: '1', lacks: null })
    expect(now('priority')).toMatchObject({ input_price: '4.5', output_price: '18', multiplier: '1.8' })
    expect(now('batch')).toMatchObject({ input_price: '1', cache_read_price: '0.5', lacks: null })
    expect(now('fast')).toMatchObject({ input_price: '7.5', lacks: null })
    expect(now('flex')).toMatchObject({ input_price: '2.5', lacks: 'service_tier=flex' })
  })

  test('a house discount goes with the prices that a tier has of its own', async () => {
    const book = await bookOf('provider,model,discount\nopenai,*,10%\n')
    const { rates } = book.resolve('openai', 'gpt-4o-mini')
    expect(rates.findLast(({ mode }) => mode === 'priority')).toMatchObject({
      input_price: '0.225',
      output_price: '0.9',
      cache_read_price: '0.1125',
    })
  })

  test('a request is priced by the call', async () => {
    const book = await bookOf('provider,model,request,web_search\nacme,a,0.005,10\n')
    expect(found(book, 'acme', 'a').rates[0]).toMatchObject({ request_price: '5', web_search_price: '10' })
  })
})

describe('the fingerprint', () => {
  test('changes with the files', async () => {
    const none = await loadPriceBook({ overrideFiles: [] })
    const one = await bookOf('provider,model,input\nacme,a,1\n')
    const two = await bookOf('provider,model,input\nacme,a,2\n')
    expect(new Set([none.fingerprint, one.fingerprint, two.fingerprint]).size).toBe(3)
  })
})

describe('what is wrong with a file is said with its place', () => {
  const header =
    'provider,model,alias_of,valid_from,input,output,above_input_tokens,discount,free,priority_multiplier\n'
  test.each([
    ['a price in words', `${header}acme,a,,,two,,,,,\n`, ':2', /"input": "two" is not a number/],
    ['a currency sign', `${header}acme,a,,,$2,,,,,\n`, ':2', /"input"/],
    ['a price below zero', `${header}acme,a,,,-2,,,,,\n`, ':2', /"input"/],
    ['a price beyond reason', `${header}acme,a,,,1e9,,,,,\n`, ':2', /"input"/],
    ['a price too small to keep', `${header}acme,a,,,0.0000000001,,,,,\n`, ':2', /below/],
    ['a date of another land', `${header}acme,a,,01.04.2026,1,,,,,\n`, ':2', /"valid_from"/],
    ['a day that is none', `${header}acme,a,,2026-02-30,1,,,,,\n`, ':2', /"valid_from"/],
    ['a second line', `${header}acme,a,,,1,,,,,\nacme,b,,,x,,,,,\n`, ':3', /"input"/],
    ['no model', `${header}acme,,,,1,,,,,\n`, ':2', /"model" is empty/],
    ['no price', `${header}acme,a,,,,,,,,\n`, ':2', /sets no price/],
    ['alias and price', `${header}acme,a,gpt-4o,,1,,,,,\n`, ':2', /exclude each other/],
    ['free and price', `${header}acme,a,,,1,,,,yes,\n`, ':2', /free and has prices/],
    ['half free', `${header}acme,a,,,,,,,maybe,\n`, ':2', /"free"/],
    ['a discount of 110 %', `${header}acme,*,,,,,,110%,,\n`, ':2', /"discount"/],
    ['a price for all models', `${header}acme,*,,,1,,,,,\n`, ':2', /all models/],
    ['an unknown alias', `${header}azure,a,gpt-4oo,,,,,,,\n`, ':2', /no price is known for "gpt-4oo"/],
    ['a tier without a base', `${header}acme,a,,,1,,1000,,,\n`, ':2', /none below/],
    ['two rows alike', `${header}acme,a,,,1,,,,,\nacme,A,,,2,,,,,\n`, ':3', /twice/],
    ['an alias of itself', `${header}azure,a,a,,,,,,,\n`, ':2', /leads back/],
    ['a multiplier in words', `${header}acme,a,,,1,,,,,double\n`, ':2', /"priority_multiplier"/],
    ['an unknown column', 'provider,model,imput\nacme,a,1\n', ':2', /unknown column "imput"/],
    ['too many cells', 'provider,model,input\nacme,a,1,2\n', ':2', /4 cells/],
    ['a quote left open', 'provider,model,input\nacme,"a,1\n', '', /not CSV/],
  ])('%s', async (_, text, place, message) => {
    const error = await bookOf(text).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UserError)
    const { code, location, hint, message: said } = error as UserError
    expect(said).toMatch(message)
    expect(code).toBe('usage')
    expect(location).toContain(`prices.csv${place}`)
    expect(hint).not.toBe('')
  })

  test.each([
    ['{"model": "a"}', /array/],
    ['[1]', /must be an object/],
    ['[{"model": "a", "input": [1]}]', /"input" must be/],
    ['[{"model": "a", "input": "x"}]', /"input"/],
    ['[{,]', /not JSON/],
  ])('JSON: %s', async (text, message) => {
    const error = await bookOf(text, 'prices.json').catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toMatch(message)
    expect((error as UserError).location).toContain('prices.json')
  })

  test('a file that is not there', async () => {
    const error = await loadPriceBook({ overrideFiles: ['/nowhere/prices.csv'] }).catch(
      (caught: unknown) => caught,
    )
    expect(error).toMatchObject({ code: 'usage', location: '/nowhere/prices.csv' })
  })
})
