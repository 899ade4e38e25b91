import { expect, test } from 'vitest'
import { coverage } from '../../../src/optimize/kept-calls.js'
import { ask } from '../../../src/questions/question.js'
import { paid, plantedStore, saved, scope, type Planted } from './planted.js'

const store = plantedStore()
const answer = (tokens: number, usd: string): Planted => ({
  output_tokens: tokens,
  max_tokens: 4096,
  ...paid({ input: '0.5', output: usd }),
})

test('takes off what the longest answers wrote beyond the p95 of their feature', async () => {
  // 96 of 100 tokens, four of 400: three quarters of $0.04 each.
  await store.plant([
    ...Array.from({ length: 96 }, () => answer(100, '0.01')),
    ...Array.from({ length: 4 }, () => answer(400, '0.04')),
  ])
  const outcome = await store.find('output-limits')
  expect(saved(outcome)).toBe('0.120000000000')
  const [row] = outcome.segments
  expect(outcome.strategy.change(row!, (name) => outcome.values.get(name)!)).toBe(
    'set max_tokens to 100: 4 of 100 calls (4%) wrote more; 100 ask for more than twice that now, up to 4,096',
  )
  expect(saved(await store.find('output-limits', 'quantile=99%'))).toBe('0.000000000000')
})

test('leaves alone, and counts, calls whose cost is one number', async () => {
  const own = { output_tokens: 100, cost_usd: '0.5', cost_basis: 'reported' }
  await store.plant(Array.from({ length: 40 }, (_, i) => ({ ...own, output_tokens: 100 + i })))
  expect(saved(await store.find('output-limits'))).toBe('0.000000000000')
  const [row] = await ask(store.db, coverage(scope, []))
  expect(row).toMatchObject({ calls: 40, unparted_calls: 40 })
})

test('has nothing to gain where all are alike, few, or failed to tell', async () => {
  await store.plant(Array.from({ length: 100 }, () => answer(100, '0.01')))
  expect(saved(await store.find('output-limits'))).toBe('0.000000000000')
  await store.plant(Array.from({ length: 19 }, (_, i) => answer(100 * (i + 1), '0.01')))
  expect((await store.find('output-limits')).segments).toEqual([])
  await store.plant([paid({ input: '1' })])
  expect((await store.find('output-limits')).lacks.map(({ field }) => field)).toEqual(['output_tokens'])
})
