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

/** A call that reads and writes so many tokens, at list prices of $3, $0.30, $3.75 and, for an hour, $6 a million. */
const call = (i: number, read: number, written: number, hour = 0, more: Planted = {}): Planted => ({
  ts: at(i * minute),
  input_tokens: read + written,
  cache_read_input_tokens: read,
  cache_creation_input_tokens: written,
  ...(hour > 0 ? { cache_creation_1h_input_tokens: hour } : {}),
  ...paid({
    read: ((read * 0.3) / 1e6).toFixed(6),
    write: (((written - hour) * 3.75 + hour * 6) / 1e6).toFixed(6),
  }),
  ...more,
})

test('what writes cost more than plain input, less what reads earned', async () => {
  await store.plant([
    // Of a million and a million for an hour: $0.75 and $3 more. Reads of 500,000 earn $1.35.
    call(0, 0, 1_000_000),
    call(1, 0, 1_000_000, 1_000_000),
    call(2, 500_000, 0),
    // Earns more than it costs.
    call(3, 0, 1_000_000, 0, { feature: 'good' }),
    call(4, 1_000_000, 0, 0, { feature: 'good' }),
  ])
  const outcome = await store.find('unread-cache-writes')
  expect(outcome.segments.map(({ d0 }) => d0)).toEqual(['f'])
  expect(saved(outcome)).toBe('2.400000000000')
  expect(changeOf(outcome)).toBe(
    'cache only what is read again soon, or nothing: 2 calls wrote 2,000,000 tokens to the cache for $3.75 more than plain input, and reads of 500,000 earned $1.35 of it back',
  )
})

test('has nothing to gain where reads earn more, and says what to log where writes are not', async () => {
  await store.plant([call(0, 0, 1_000_000), call(1, 300_000, 0)])
  expect(saved(await store.find('unread-cache-writes'))).toBe('0.000000000000')
  await store.plant([{ ...paid({ input: '1' }), input_tokens: 1000 }])
  expect((await store.find('unread-cache-writes')).lacks.map(({ field }) => field)).toEqual([
    'cache_creation_input_tokens',
  ])
})
