import { beforeAll, expect, test } from 'vitest'
import { at, changeOf, minute, paid, plantedStore, plantRates, saved, type Planted } from './planted.js'

const store = plantedStore()
beforeAll(() =>
  plantRates(store.db, [
    {
      input_price: '3',
      cache_read_price: '0.3',
      cache_write_price: '3.75',
      cache_write_1h_price: '6',
      output_price: '15',
    },
  ]),
)

/** A call of tokens at $3 a million that uses no cache. */
const call = (ms: number, tokens: number, more: Planted = {}): Planted => ({
  ts: at(ms),
  input_tokens: tokens,
  cache_read_input_tokens: 0,
  ...paid({ input: ((tokens * 3) / 1e6).toFixed(6) }),
  ...more,
})

test('of one prompt: the first writes, those within the lifetime read', async () => {
  const prompt = { prompt_hash: 'h' }
  await store.plant([
    call(0, 100_000, prompt),
    call(minute, 100_000, prompt),
    call(2 * minute, 120_000, prompt),
    call(30 * minute, 100_000, prompt),
  ])
  const outcome = await store.find('prompt-caching')
  // Two reads of 100,000 save $0.27 each; two writes cost $0.075 more each.
  expect(saved(outcome)).toBe('0.390000000000')
  expect(changeOf(outcome)).toBe(
    'put what stays the same first in the prompt, and cache it (lifetime 5m): 2 of 4 calls (50%) would read 200,000 tokens from it; writes cost $0.15 more',
  )
  // For an hour: three reads, and one write at twice the price.
  expect(saved(await store.find('prompt-caching', 'ttl=1h'))).toBe('0.510000000000')
})

test('of a session: each turn reads the one before, and writes what is new', async () => {
  await store.plant(
    [10_000, 20_000, 30_000].map((tokens, i) => call(i * minute, tokens, { session_id: 's' })),
  )
  // Reads of 10,000 and 20,000; three times 10,000 are written.
  expect(saved(await store.find('prompt-caching'))).toBe('0.058500000000')
})

test('has nothing to gain where writes cost more than reads save, prompts are short, or a cache is used', async () => {
  await store.plant([
    call(0, 100_000, { prompt_hash: 'h' }),
    call(30 * minute, 100_000, { prompt_hash: 'h' }),
  ])
  expect(saved(await store.find('prompt-caching'))).toBe('0.000000000000')
  await store.plant([call(0, 1000, { prompt_hash: 'h' }), call(minute, 1000, { prompt_hash: 'h' })])
  expect(saved(await store.find('prompt-caching'))).toBe('0.000000000000')
  const used = { prompt_hash: 'h', cache_read_input_tokens: 10 }
  await store.plant([call(0, 100_000, used), call(minute, 100_000, used)])
  expect(saved(await store.find('prompt-caching'))).toBe('0.000000000000')
  await store.plant([call(0, 100_000, { cache_read_input_tokens: null })])
  expect((await store.find('prompt-caching')).lacks.map(({ field }) => field)).toEqual([
    'cache_read_input_tokens',
    'session_id or prompt_hash',
  ])
})

test('of a provider that caches by itself, what was read just before and was missed', async () => {
  await plantRates(store.db, [{ provider: 'openai', input_price: '3', cache_read_price: '0.3' }])
  const openai = { provider: 'openai', session_id: 's' }
  const reads = { ...openai, cache_read_input_tokens: 8192 }
  await store.plant([
    call(0, 10_000, openai),
    // Nothing says that it begins as the one before.
    call(minute, 10_000, openai),
    call(2 * minute, 11_000, reads),
    call(3 * minute, 12_000, openai),
    // Too late.
    call(4 * minute, 13_000, reads),
    call(30 * minute, 14_000, openai),
  ])
  const outcome = await store.find('prompt-caching')
  // 8,192 tokens at $2.70 a million less.
  expect(saved(outcome)).toBe('0.022118400000')
  expect(changeOf(outcome)).toMatch(
    /^the provider caches by itself, and is missed: .* one prompt_cache_key.*: 1 of 4 calls \(25%\) read nothing less than 5m after one that read, and could have read 8,192 tokens$/,
  )
  await store.plant([0, 1, 2, 3].map((i) => call(i * minute, 10_000, openai)))
  expect(saved(await store.find('prompt-caching'))).toBe('0.000000000000')
})
