import { beforeAll, expect, test } from 'vitest'
import { changeOf, paid, plantedStore, plantRates, saved, type Planted } from './planted.js'

const store = plantedStore()
beforeAll(() =>
  plantRates(store.db, [
    { band_hi: 200_000, input_price: '3', cache_read_price: '0.3', output_price: '15' },
    { band_lo: 200_000, input_price: '6', cache_read_price: '0.6', output_price: '22.5' },
  ]),
)

const usd = (tokens: number, price: number): string => ((tokens * price) / 1e6).toFixed(6)
const call = (tokens: number, reads = 0): Planted => ({
  input_tokens: tokens,
  cache_read_input_tokens: reads,
  output_tokens: 1000,
  ...(tokens > 200_000
    ? paid({ input: usd(tokens - reads, 6), read: usd(reads, 0.6), output: '0.0225' })
    : paid({ input: usd(tokens - reads, 3), read: usd(reads, 0.3), output: '0.015' })),
})

test('trims what is just above the size, and prices the rest at the lower tier', async () => {
  await store.plant([call(100_000), call(210_000), call(240_000, 230_000), call(300_000)])
  const outcome = await store.find('long-context')
  // 210,000 × $6 − 200,000 × $3 = $0.66; 10,000 × $6 + 230,000 × $0.60 − 200,000 × $0.30 = $0.138; output $0.0075 each.
  expect(saved(outcome)).toBe('0.813000000000')
  expect(changeOf(outcome)).toBe(
    'trim the input to 200,000 tokens where it is up to 20% above: 2 of 3 calls beyond it, by 25,000 tokens on average',
  )
})

test('has nothing to gain below the size, and far above it', async () => {
  await store.plant([call(200_000), call(400_000)])
  expect(saved(await store.find('long-context'))).toBe('0.000000000000')
})
