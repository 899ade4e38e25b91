import { beforeAll, describe, expect, test } from 'vitest'
import { loadPriceBook, type PriceBook } from '../../../src/pricing/book.js'

let book: PriceBook
beforeAll(async () => {
  book = await loadPriceBook({ overrideFiles: [] })
})

/** The rate in force at a time for an input of a size. */
function rateAt(provider: string | null, model: string, at = '2026-09-01 12:00:00', input = 1000) {
  const minute = Number(at.slice(11, 13)) * 60 + Number(at.slice(14, 16))
  const found = book
    .resolve(provider, model)
    .rates.filter((r) => r.valid_from <= at && at < r.valid_to && r.band_lo < input && input <= r.band_hi)
    .filter((r) => r.minute_lo <= minute && minute < r.minute_hi && r.mode === 'standard')
  expect(found.length).toBeLessThanOrEqual(1)
  return found[0]
}

describe('figures known from the providers', () => {
  test.each([
    ['openai', 'gpt-4o', '2.5', '10'],
    ['openai', 'gpt-4o-mini', '0.15', '0.6'],
    ['openai', 'gpt-3.5-turbo', '0.5', '1.5'],
    ['openai', 'gpt-5', '1.25', '10'],
    ['anthropic', 'claude-sonnet-4-5', '3', '15'],
    ['anthropic', 'claude-haiku-4-5', '1', '5'],
  ])('%s %s costs %s / %s', (provider, model, input, output) => {
    expect(rateAt(provider, model)).toMatchObject({ input_price: input, output_price: output })
    expect(rateAt(null, model)).toMatchObject({ provider, input_price: input, output_price: output })
  })

  test.each([
    ['google', 'gemini-2.5-pro', '1.25', '10', '0.125'],
    ['google', 'gemini-2.5-flash', '0.3', '2.5', '0.03'],
    ['anthropic', 'claude-3-haiku', '0.25', '1.25', '0.03'],
  ])('%s %s costs %s / %s, cached %s', (provider, model, input, output, cached) => {
    expect(rateAt(provider, model)).toMatchObject({
      input_price: input,
      output_price: output,
      cache_read_price: cached,
    })
  })

  test('o3 cost 10 / 40 before 2025-06-10 and costs 2 / 8 since', () => {
    expect(rateAt('openai', 'o3', '2025-06-09 23:59:59')).toMatchObject({
      input_price: '10',
      output_price: '40',
    })
    expect(rateAt('openai', 'o3', '2025-06-10 00:00:00')).toMatchObject({
      input_price: '2',
      output_price: '8',
    })
  })

  test('gemini-2.5-pro: the long-context price begins strictly above 200,000 tokens', () => {
    const at = '2026-01-01 00:00:00'
    expect(rateAt('google', 'gemini-2.5-pro', at, 200_000)).toMatchObject({ input_price: '1.25' })
    const tier = { input_price: '2.5', output_price: '15', cache_read_price: '0.25' }
    expect(rateAt('google', 'gemini-2.5-pro', at, 200_001)).toMatchObject(tier)
  })

  test('claude-opus-4-6: cache read 0.5, 5m write 6.25, 1h write 10', () => {
    expect(rateAt('anthropic', 'claude-opus-4-6')).toMatchObject({
      input_price: '5',
      output_price: '25',
      cache_read_price: '0.5',
      cache_write_price: '6.25',
      cache_write_1h_price: '10',
    })
  })
})

describe('prices by time of day', () => {
  test('deepseek-chat is cheaper from 16:30 to 00:30 UTC', () => {
    expect(rateAt('deepseek', 'deepseek-chat', '2025-05-01 16:29:59')?.input_price).toBe('0.27')
    expect(rateAt('deepseek', 'deepseek-chat', '2025-05-01 16:30:00')?.input_price).toBe('0.135')
    expect(rateAt('deepseek', 'deepseek-chat', '2025-05-01 00:29:00')?.input_price).toBe('0.135')
  })

  test('a time of day counts from the date that it was introduced with', () => {
    expect(rateAt('deepseek', 'deepseek-v4-pro', '2026-08-16 02:00:00')?.input_price).toBe('0.435')
    expect(rateAt('deepseek', 'deepseek-v4-pro', '2026-08-17 02:00:00')?.input_price).toBe('1.32')
    expect(rateAt('deepseek', 'deepseek-v4-pro', '2026-08-17 05:00:00')?.input_price).toBe('0.66')
  })

  test('doubtful prices say so', () => {
    expect(rateAt('deepseek', 'deepseek-v4-pro', '2026-08-22 12:00:00')?.doubt).toBeNull()
    expect(rateAt('deepseek', 'deepseek-v4-pro', '2026-08-23 12:00:00')?.doubt).toContain('weekends')
    expect(rateAt('openai', 'gpt-4o', '2024-05-12 23:59:59')?.doubt).toBe('sold since 2024-05-13')
    expect(rateAt('openai', 'gpt-4o', '2024-05-13 00:00:00')?.doubt).toBeNull()
    expect(rateAt('anthropic', 'claude-instant-1.2', '2024-02-01 00:00:00')?.doubt).toBe('sources disagree')
    expect(rateAt('minimax', 'minimax-m1')?.doubt).toContain('OpenRouter')
  })
})

describe('what a price falls back to', () => {
  test('cache read and write to input, 1h write to 5m write', () => {
    expect(rateAt('openai', 'gpt-4-turbo')).toMatchObject({
      cache_read_price: '10',
      cache_write_price: '10',
      cache_write_1h_price: '10',
    })
  })

  test('1h writes of Claude models cost twice the input wherever they are sold', () => {
    expect(rateAt('aws', 'global.anthropic.claude-opus-4-6-v1')?.cache_write_1h_price).toBe('10')
    expect(rateAt('google', 'claude-3-5-sonnet@20240620')?.cache_write_1h_price).toBe('6')
  })
})

describe('the book', () => {
  test('names version and date of its data, without the network', () => {
    expect(book.version).toMatch(/^genai-prices \d+\.\d+\.\d+$/)
    expect(book.date).toMatch(/^\d{4}-\d{2}-\d{2}$/)
  })

  test('every listed price is a plain decimal, every model has a name of its own', () => {
    const models = book.list()
    expect(models.length).toBeGreaterThan(1400)
    for (const { rates } of models) {
      for (const rate of rates) {
        const prices = Object.entries(rate).filter(([key]) => key.endsWith('_price'))
        for (const [, price] of prices) if (price !== null) expect(price).toMatch(/^\d+(\.\d{1,9})?$/)
      }
    }
  })

  test('the times, sizes and hours of a model do not overlap', () => {
    for (const { rates, model } of book.list()) {
      for (const [i, a] of rates.entries()) {
        for (const b of rates.slice(i + 1).filter(({ mode }) => mode === a.mode)) {
          const apart =
            a.valid_to <= b.valid_from ||
            b.valid_to <= a.valid_from ||
            a.band_hi <= b.band_lo ||
            b.band_hi <= a.band_lo ||
            a.minute_hi <= b.minute_lo ||
            b.minute_hi <= a.minute_lo
          expect(apart, model).toBe(true)
        }
      }
    }
  })

  test('lists by any part of a name', () => {
    expect(book.list('o3-mini').map(({ model }) => model)).toContain('o3-mini')
    expect(book.list('OPENAI/gpt-4o-mini').length).toBeGreaterThan(0)
    expect(book.list('no such model')).toEqual([])
  })

  test('names the closest models, and none for gibberish', () => {
    expect(book.closest('claude-sonet-4-5', 1)).toEqual(['anthropic/claude-sonnet-4-5'])
    expect(book.closest('gpt-4oo', 3)).toHaveLength(3)
    expect(book.closest('zzzzzzzzzzzz', 3)).toEqual([])
  })
})
