import { expect, test } from 'vitest'
import { changeOf, paid, plantedStore, saved, type Planted } from './planted.js'

const store = plantedStore()
const call = (tokens: number, input: string): Planted => ({
  input_tokens: tokens,
  ...paid({ input, output: '1' }),
})

test('takes a tenth of the block that every call of a feature carries', async () => {
  // 1,000 tokens of instructions in each call at $1 a 1,000: 100 of them go, $0.10 a call.
  await store.plant(Array.from({ length: 100 }, (_, i) => call(1000 + i, `${1 + i / 1000}`)))
  const outcome = await store.find('prompt-length', 'below=0')
  expect(saved(outcome)).toBe('10.000000000000')
  expect(changeOf(outcome)).toBe(
    'make the instructions 10% shorter: 1,000 tokens are in nearly every one of 100 calls, and cost $100.00 in the window',
  )
  expect(saved(await store.find('prompt-length', 'below=0', 'shorter=50%'))).toBe('50.000000000000')
})

test('counts the cheapest tokens of the input', async () => {
  // 800 of 1,000 tokens were read from the cache for $0.08: of 900 tokens 100 cost the full price.
  const cached = { ...call(1000, '0'), ...paid({ input: '0.2', read: '0.08' }), cache_read_input_tokens: 800 }
  await store.plant(Array.from({ length: 20 }, () => cached))
  expect(saved(await store.find('prompt-length'))).toBe('0.200000000000')
  expect(saved(await store.find('prompt-length', 'shorter=90%'))).toBe('3.600000000000')
})

test('has nothing to gain from short inputs', async () => {
  await store.plant(Array.from({ length: 100 }, (_, i) => call(100 + i, '1')))
  expect((await store.find('prompt-length')).segments).toEqual([])
})
