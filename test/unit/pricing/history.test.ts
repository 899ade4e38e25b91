/** The history of prices and the table of multipliers: sound in themselves, and right over the price data. */
import { beforeAll, describe, expect, test } from 'vitest'
import { loadPriceBook, type PriceBook } from '../../../src/pricing/book.js'
import { loadCatalogue, type Catalogue } from '../../../src/pricing/catalogue.js'
import { loadHistory, type HistoryEntry } from '../../../src/pricing/history.js'
import { catalogueSpans, lookUp } from '../../../src/pricing/library.js'
import { loadMultipliers, type Multiplier } from '../../../src/pricing/multipliers.js'

let book: PriceBook
let catalogue: Catalogue
beforeAll(async () => {
  book = await loadPriceBook({ overrideFiles: [] })
  catalogue = await loadCatalogue()
})

/** Providers that the price data do not have and the history adds. */
const added = new Set(['alibaba'])
const { entries } = loadHistory()
const label = ({ provider, model, spans }: HistoryEntry): string =>
  `${provider}/${model} ${spans[0]?.valid_from}`
const cases = entries.map((entry) => [label(entry), entry] as const)
const from = (entry: HistoryEntry): string => entry.spans[0]?.valid_from ?? ''
const to = (entry: HistoryEntry): string => entry.spans[0]?.valid_to ?? ''
const ofSameModel = (a: HistoryEntry, b: HistoryEntry): boolean =>
  a !== b && a.provider === b.provider && a.model === b.model

/** The rate of a name at a time, in a mode. */
function rateAt(
  provider: string | null,
  model: string,
  at: string,
  { mode = 'standard', input = 1000 }: { mode?: string; input?: number } = {},
) {
  const minute = Number(at.slice(11, 13)) * 60 + Number(at.slice(14, 16))
  const found = book
    .resolve(provider, model)
    .rates.filter((r) => r.mode === mode && r.valid_from <= at && at < r.valid_to)
    .filter((r) => r.band_lo < input && input <= r.band_hi && r.minute_lo <= minute && minute < r.minute_hi)
  expect(found.length).toBeLessThanOrEqual(1)
  return found[0]
}
const prices = (...given: Parameters<typeof rateAt>) => {
  const rate = rateAt(...given)
  return rate === undefined ? 'unpriced' : `${rate.input_price}/${rate.output_price}`
}
/** The last second before a time. */
const before = (time: string): string =>
  new Date(Date.parse(`${time.replace(' ', 'T')}Z`) - 1000).toISOString().slice(0, 19).replace('T', ' ')

describe('the rows', () => {
  test('are as many as were collected, and those that correct the price data are marked', () => {
    expect(entries.length).toBeGreaterThanOrEqual(238)
    expect(entries.filter(({ corrects }) => corrects)).toHaveLength(48)
  })

  test.each(cases)('%s: a known provider, a source, a sound stretch of time', (_, entry) => {
    expect(catalogue.providers.has(entry.provider) || added.has(entry.provider)).toBe(true)
    expect(from(entry) < to(entry) && from(entry) > '2020').toBe(true)
    expect(['announced', 'observed', 'launch']).toContain(entry.kind)
    expect(entry.spans[0]?.note).toMatch(/^\S.*; \S/)
  })

  test.each(cases)('%s overlaps no other row, and leaves no gap to the next', (_, entry) => {
    const others = entries.filter((other) => ofSameModel(entry, other))
    for (const other of others) expect(to(entry) <= from(other) || to(other) <= from(entry)).toBe(true)
    const next = others
      .map(from)
      .filter((time) => time >= to(entry))
      .toSorted()[0]
    if (next === undefined || next === to(entry)) return
    // Between two rows, the price data hold: they must know the name.
    expect(lookUp(catalogue, entry.provider, entry.model).spans.length).toBeGreaterThan(0)
  })

  test.each(cases)('%s is what a call gets from its first second to its last', (_, entry) => {
    for (const span of entry.spans) {
      const input = Math.max(span.band_lo, 0) + 1
      for (const at of [from(entry), before(to(entry))]) {
        const rate = rateAt(entry.provider, entry.model, at, { input })
        expect(rate, at).toMatchObject({
          input_price: span.input_price,
          output_price: span.output_price,
          cache_read_price: span.cache_read_price,
          price_source: 'price history',
        })
      }
    }
  })

  test.each(entries.filter(({ corrects }) => corrects).map((entry) => [label(entry), entry] as const))(
    '%s is still a correction: the price data do not say the same by now',
    (_, entry) => {
      const { provider, model, spans } = entry
      const listing = lookUp(catalogue, provider, model)
      // A name that is found by its other spelling is not in the price data as such.
      if (listing.rule !== 'name as logged') return
      const listed = listing.spans.filter(
        (span) => span.valid_from <= from(entry) && from(entry) < span.valid_to,
      )
      const same = spans.every((span) =>
        listed.some(
          (one) =>
            one.input_price === span.input_price &&
            one.output_price === span.output_price &&
            one.cache_read_price === span.cache_read_price &&
            one.band_lo === span.band_lo,
        ),
      )
      expect(same && listed.length === spans.length).toBe(false)
    },
  )

  test('none contradicts a day that the price data give themselves', () => {
    for (const entry of entries.filter(({ corrects }) => !corrects)) {
      const model = catalogue.providers
        .get(entry.provider)
        ?.models.find(({ id }) => id.toLowerCase() === entry.model)
      if (model === undefined) continue
      const dated = catalogueSpans(catalogue.version, entry.provider, model).filter((span) => span.dated)
      for (const span of dated)
        expect(span.valid_from >= to(entry) || from(entry) >= span.valid_to, label(entry)).toBe(true)
    }
  })
})

describe('what things cost', () => {
  test.each([
    ['openai', 'gpt-4o', '2024-06-15 12:00:00', '5/15'],
    ['openai', 'gpt-4o', '2024-10-02 00:00:00', '2.5/10'],
    ['openai', 'gpt-4o-2024-05-13', '2026-01-01 00:00:00', '5/15'],
    ['openai', 'gpt-4o-2024-08-06', '2023-11-16 00:00:00', '2.5/10'],
    ['openai', 'gpt-3.5-turbo', '2023-04-01 00:00:00', '2/2'],
    ['openai', 'gpt-3.5-turbo', '2023-06-13 00:00:00', '1.5/2'],
    ['openai', 'gpt-3.5-turbo', '2024-02-15 23:59:59', '1.5/2'],
    ['openai', 'gpt-3.5-turbo', '2024-02-16 00:00:00', '0.5/1.5'],
    ['openai', 'gpt-3.5-turbo-0125', '2024-06-15 12:00:00', '0.5/1.5'],
    ['openai', 'gpt-4', '2023-07-01 00:00:00', '30/60'],
    ['openai', 'o3', '2025-06-09 23:59:59', '10/40'],
    ['openai', 'o3', '2025-06-10 00:00:00', '2/8'],
    ['openai', 'text-embedding-ada-002', '2023-06-12 23:59:59', '0.4/0'],
    ['anthropic', 'claude-2', '2023-08-01 00:00:00', '11.02/32.68'],
    ['anthropic', 'claude-2', '2023-11-21 00:00:00', '8/24'],
    ['anthropic', 'claude-instant-1', '2023-08-01 00:00:00', '1.63/5.51'],
    ['anthropic', 'claude-instant-1.2', '2024-06-01 00:00:00', '0.8/2.4'],
    ['anthropic', 'claude-3-5-sonnet-20240620', '2024-06-21 00:00:00', '3/15'],
    [null, 'claude-3.5-sonnet', '2024-06-21 00:00:00', '3/15'],
    ['aws', 'anthropic.claude-v2', '2024-06-01 00:00:00', '8/24'],
    ['fireworks', 'accounts/fireworks/models/llama-v3p1-70b-instruct', '2024-10-13 00:00:00', '0.9/0.9'],
    ['groq', 'llama-3.1-70b-versatile', '2024-08-01 00:00:00', '0.59/0.79'],
    ['deepseek', 'deepseek-chat', '2024-12-31 00:00:00', '0.14/0.28'],
    ['deepseek', 'deepseek-chat', '2025-03-01 17:00:00', '0.135/0.55'],
    ['deepseek', 'deepseek-reasoner', '2025-03-01 17:00:00', '0.135/0.55'],
    ['deepseek', 'deepseek-chat', '2025-03-01 12:00:00', '0.27/1.1'],
    ['deepseek', 'deepseek-chat', '2025-09-10 17:00:00', '0.56/1.68'],
    ['deepseek', 'deepseek-chat', '2025-10-01 17:00:00', '0.28/0.42'],
    ['mistral', 'mistral-large-latest', '2024-03-01 00:00:00', '8/24'],
    ['google', 'gemini-1.5-pro', '2024-06-15 00:00:00', '3.5/10.5'],
    ['google', 'gemini-1.5-flash-8b', '2025-01-01 00:00:00', '0.0375/0.15'],
    ['alibaba', 'qwen-max', '2026-01-01 00:00:00', '1.6/6.4'],
    ['dashscope', 'qwen-plus', '2026-01-01 00:00:00', '0.4/1.2'],
  ])('%s %s on %s: %s', (provider, model, at, expected) => {
    expect(prices(provider, model, at)).toBe(expected)
  })

  test('long contexts of a row cost what it says, cache prices with them', () => {
    const at = '2025-09-01 00:00:00'
    expect(rateAt('anthropic', 'claude-sonnet-4-20250514', at, { input: 200_001 })).toMatchObject({
      input_price: '6',
      output_price: '22.5',
      cache_read_price: '0.6',
      cache_write_1h_price: '12',
    })
    expect(prices('anthropic', 'claude-sonnet-4-20250514', at, { input: 200_000 })).toBe('3/15')
    // Before the tier and after it, the price data hold.
    expect(prices('anthropic', 'claude-sonnet-4-20250514', '2025-06-01 00:00:00', { input: 200_001 })).toBe(
      '3/15',
    )
    expect(prices('anthropic', 'claude-sonnet-4-20250514', '2026-05-01 00:00:00', { input: 200_001 })).toBe(
      '3/15',
    )
  })

  test('a call before the first known price takes it, and it is doubtful; nothing is unpriced for that', () => {
    expect(rateAt('openai', 'gpt-4o', '2024-05-12 23:59:59')).toMatchObject({
      input_price: '5',
      doubt: 'sold since 2024-05-13',
    })
    expect(rateAt('anthropic', 'claude-1', '2023-01-01 00:00:00')).toMatchObject({
      input_price: '11.02',
      doubt: 'first known price is of 2023-05-01',
    })
  })

  test('fine-tuned models, with what is cached', () => {
    const at = '2025-12-01 00:00:00'
    expect(rateAt('openai', 'ft:gpt-4.1-mini-2025-04-14:acme::a1', at)).toMatchObject({
      input_price: '0.8',
      output_price: '3.2',
      cache_read_price: '0.2',
    })
    expect(rateAt('openai', 'ft:gpt-4o-2024-08-06:acme::a1', at)?.cache_read_price).toBe('1.875')
    expect(rateAt('openai', 'ft:gpt-4o-mini-2024-07-18:acme::a1', at)?.cache_read_price).toBe('0.15')
    expect(prices('openai', 'ft:gpt-3.5-turbo-0613:acme::a1', '2023-09-01 00:00:00')).toBe('12/16')
    expect(prices('openai', 'ft:gpt-3.5-turbo-0613:acme::a1', at)).toBe('3/6')
  })
})

describe('multipliers', () => {
  const { rows } = loadMultipliers()
  const pairs = (row: Multiplier): readonly Multiplier[] =>
    rows.filter(
      (other) =>
        other !== row &&
        other.provider === row.provider &&
        other.model === row.model &&
        other.kind === row.kind,
    )

  test('name a known provider, a known kind and a source; none overlaps another', () => {
    for (const row of rows) {
      const name = JSON.stringify(row)
      expect(catalogue.providers.has(row.provider), name).toBe(true)
      expect(row.kind, name).toMatch(
        /^(batch|flex|priority|fast_mode(_above_200000)?|us_inference|regional|data_zone|off_peak_utc_\d{4}_\d{4})$/,
      )
      expect(row.source.length, name).toBeGreaterThan(5)
      expect(row.multiplier !== null || (row.input !== null && row.output !== null), name).toBe(true)
      expect(row.valid_from < row.valid_to, name).toBe(true)
      for (const other of pairs(row))
        expect(row.valid_to <= other.valid_from || other.valid_to <= row.valid_from, name).toBe(true)
    }
  })

  test.each([
    // The prices that providers list, not the factor times the standard price.
    ['anthropic', 'claude-opus-4-6', '2026-04-01 00:00:00', 'fast', '30/150', '3'],
    ['anthropic', 'claude-opus-4-6', '2026-04-01 00:00:00', 'fast us', '33/165', '3.3'],
    ['anthropic', 'claude-opus-4-8', '2026-06-01 00:00:00', 'fast', '10/50', '1'],
    ['anthropic', 'claude-opus-4-8', '2026-06-01 00:00:00', 'standard us', '5.5/27.5', '0.55'],
    ['anthropic', 'claude-sonnet-4-5', '2026-06-01 00:00:00', 'batch', '1.5/7.5', '0.15'],
    ['openai', 'gpt-4o', '2026-01-01 00:00:00', 'priority', '4.25/17', '2.125'],
    ['openai', 'gpt-4o-mini', '2026-01-01 00:00:00', 'priority', '0.25/1', '0.125'],
    ['openai', 'gpt-5-2025-08-07', '2026-01-01 00:00:00', 'flex', '0.625/5', '0.0625'],
    ['groq', 'llama-3.1-8b-instant', '2026-01-01 00:00:00', 'flex', '0.05/0.08', '0.05'],
    ['google', 'claude-sonnet-4-5@20250929', '2026-01-01 00:00:00', 'standard regional', '3.3/16.5', '0.33'],
    ['google', 'claude-sonnet-4@20250514', '2026-06-01 00:00:00', 'standard regional', '3/15', '0.3'],
    ['google', 'gemini-2.5-flash', '2026-01-01 00:00:00', 'standard regional', '0.3/2.5', '0.03'],
    ['azure', 'eu/gpt-4o-2024-08-06', '2026-01-01 00:00:00', 'standard', '2.75/11', '1.375'],
    ['azure', 'global/gpt-4o-2024-08-06', '2026-01-01 00:00:00', 'standard', '2.5/10', '1.25'],
    [
      'aws',
      'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
      '2026-01-01 00:00:00',
      'batch',
      '1.65/8.25',
      '0.165',
    ],
  ])('%s %s on %s, %s: %s, cached %s', (provider, model, at, mode, expected, cached) => {
    expect(prices(provider, model, at, { mode })).toBe(expected)
    expect(rateAt(provider, model, at, { mode })).toMatchObject({ cache_read_price: cached, lacks: null })
  })

  test('fast mode above 200,000 tokens is six times the long-context price, while that lasted', () => {
    const long = { mode: 'fast', input: 300_000 }
    expect(prices('anthropic', 'claude-opus-4-6', '2026-03-01 00:00:00', long)).toBe('60/225')
    expect(prices('anthropic', 'claude-opus-4-6', '2026-03-13 00:00:00', long)).toBe('30/150')
  })

  test.each([
    ['deepseek', 'deepseek-chat', '2026-01-01 00:00:00', 'batch', 'service_tier=batch'],
    ['openai', 'gpt-4o', '2026-01-01 00:00:00', 'flex', 'service_tier=flex'],
    ['openai', 'gpt-4', '2024-01-01 00:00:00', 'batch', 'service_tier=batch'],
    ['anthropic', 'claude-opus-4-5', '2026-06-01 00:00:00', 'fast', 'speed=fast'],
    ['anthropic', 'claude-sonnet-4-5', '2026-06-01 00:00:00', 'standard us', 'region=*'],
    ['aws', 'amazon.nova-pro-v1:0', '2026-06-01 00:00:00', 'standard elsewhere', 'region=*'],
    [
      'aws',
      'us-gov.anthropic.claude-3-5-sonnet-20240620-v1:0',
      '2026-06-01 00:00:00',
      'standard',
      'region=us-gov',
    ],
    ['aws', 'eu.amazon.nova-pro-v1:0', '2026-06-01 00:00:00', 'standard', 'region=eu'],
  ])(
    '%s %s on %s, %s is not known: the standard price, and it says so',
    (provider, model, at, mode, lacks) => {
      const { input_price, output_price } = rateAt(provider, model, at) ?? {}
      expect(rateAt(provider, model, at, { mode })).toMatchObject({ input_price, output_price, lacks })
    },
  )
})
