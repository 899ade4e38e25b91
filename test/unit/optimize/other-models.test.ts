import { expect, test } from 'vitest'
import { at, changeOf, paid, plantedStore, saved, type Planted } from './planted.js'

const store = plantedStore()

/** 1,000 tokens in and 100 out, at the prices given per million. */
const call = (model: string, input: number, output: number, more: Planted = {}): Planted => ({
  ts: at(0),
  provider: 'openai',
  model,
  input_tokens: 1000,
  output_tokens: 100,
  ...paid({ input: (input / 1000).toFixed(9), output: (output / 10_000).toFixed(9) }),
  ...more,
})

test('calls of tests, at the price of a small model', async () => {
  await store.plant([
    ...Array.from({ length: 10 }, () => call('gpt-4o', 2.5, 10, { environment: 'Staging' })),
    call('gpt-4o', 2.5, 10, { environment: 'production' }),
    call('gpt-4o-mini', 0.15, 0.6, { environment: 'ci' }),
  ])
  const outcome = await store.find('development-models')
  // gpt-4o-mini: 1,000 × $0.15 + 100 × $0.60 a million, of $0.0035.
  expect(saved(outcome)).toBe('0.032900000000')
  expect(changeOf(outcome)).toBe('use gpt-4o-mini there: 94% cheaper for 10 of 10 calls')
  await store.plant([call('gpt-4o', 2.5, 10, { environment: 'production' })])
  expect(saved(await store.find('development-models'))).toBe('0.000000000000')
  await store.plant([call('gpt-4o', 2.5, 10)])
  expect((await store.find('development-models')).lacks.map(({ field }) => field)).toEqual(['environment'])
})

test('old versions, at the price of their successor', async () => {
  await store.plant([
    call('gpt-4-0613', 30, 60),
    call('gpt-4-turbo', 10, 30),
    call('gpt-4o', 2.5, 10),
    call('gpt-4.1', 2, 8),
  ])
  const outcome = await store.find('old-models')
  // gpt-4.1: 1,000 × $2 + 100 × $8 a million, of $0.036 and $0.013.
  expect(saved(outcome)).toBe('0.043400000000')
  expect(changeOf(outcome)).toBe('use gpt-4.1 in its place: 92.2% cheaper for 1 call')
  await store.plant([call('gpt-4o', 2.5, 10)])
  expect(saved(await store.find('old-models'))).toBe('0.000000000000')
})
