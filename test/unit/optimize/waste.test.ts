import { expect, test } from 'vitest'
import { at, changeOf, minute, paid, plantedStore, saved, second, type Planted } from './planted.js'

const store = plantedStore()
const call = (ms: number, more: Planted = {}): Planted => ({
  ts: at(ms),
  user_id: 'u',
  prompt_hash: 'h',
  finish_reason: 'stop',
  ...paid({ input: '0.25', output: '0.5' }),
  ...more,
})

test('failures that cost, and attempts beyond the third', async () => {
  await store.plant([
    call(0),
    call(1, { status: 'error' }),
    call(2, { status: 'error', ...paid({}) }),
    call(3, { attempt: 3 }),
    call(4, { attempt: 4 }),
    call(5, { attempt: 5, status: 'error' }),
  ])
  const outcome = await store.find('failed-calls')
  expect(saved(outcome)).toBe('2.250000000000')
  expect(changeOf(outcome)).toBe(
    'find out why 2 of 6 calls (33.3%) failed and cost $1.50 (llmcost errors); give up after attempt 3: 1 call comes later',
  )
  await store.plant([call(0), call(1)])
  expect(saved(await store.find('failed-calls'))).toBe('0.000000000000')
  await store.plant([call(0, { status: null })])
  expect((await store.find('failed-calls')).lacks).toHaveLength(1)
})

test('requests made twice, and answers cut off and asked for again', async () => {
  await store.plant([
    call(0),
    call(3 * second),
    // Of another user, of another model, after the failure of the first, too late.
    call(4 * second, { user_id: 'v' }),
    call(30 * second, { model: 'n' }),
    call(60 * second, { prompt_hash: 'i', status: 'error' }),
    call(61 * second, { prompt_hash: 'i' }),
    call(minute * 5, { finish_reason: 'length' }),
    call(minute * 9),
    call(minute * 50, { finish_reason: 'length' }),
  ])
  const outcome = await store.find('duplicate-calls')
  expect(saved(outcome)).toBe('1.500000000000')
  expect(changeOf(outcome)).toBe(
    'drop requests that are under way or were answered less than 5s ago: 1 of 7 calls; give room for the whole answer at once: 1 answer was cut off and asked for again',
  )
  await store.plant([call(0), call(minute)])
  expect(saved(await store.find('duplicate-calls'))).toBe('0.000000000000')
  await store.plant([call(0, { prompt_hash: null, user_id: null })])
  expect((await store.find('duplicate-calls')).lacks).toHaveLength(2)
})

test('of more features than are kept as numbers', async () => {
  await store.plant(
    Array.from({ length: 10_001 }, (_, i) => ({
      ...paid({ input: '0.01' }),
      feature: `f${i}`,
      status: i < 3 ? 'error' : 'ok',
    })),
  )
  const outcome = await store.find('failed-calls')
  expect(saved(outcome)).toBe('0.030000000000')
  expect(outcome.segments.map((row) => row.d0)).toEqual(['f0', 'f1', 'f2'])
})
