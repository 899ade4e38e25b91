import { expect, test } from 'vitest'
import { at, changeOf, day, hour, minute, paid, plantedStore, saved, type Planted } from './planted.js'

const store = plantedStore()

/** A call of gpt-4o: 1,000 tokens in at $2.50 a million, 1,000 out at $10. */
const call = (ms: number, more: Planted = {}): Planted => ({
  ts: at(ms),
  provider: 'openai',
  model: 'gpt-4o',
  input_tokens: 1000,
  output_tokens: 1000,
  ...paid({ input: '0.0025', output: '0.01' }),
  ...more,
})
const live = { session_id: 's', user_id: 'u', feature: 'chat' }

test('half of what calls of neither session nor user cost', async () => {
  await store.plant([
    ...Array.from({ length: 10 }, (_, i) => call(i * hour * 7.3, { feature: 'tagging' })),
    call(0, { ...live }),
    // Streamed, of a tier already, without a batch price.
    call(1, { ttft_ms: 300 }),
    call(2, { service_tier: 'flex' }),
    call(3, { provider: 'nobody', model: 'none' }),
  ])
  const outcome = await store.find('batch-tier')
  expect(saved(outcome)).toBe('0.062500000000')
  expect(changeOf(outcome)).toBe(
    'send 10 calls to the batch tier: they name neither session nor user; 50% cheaper',
  )
})

test('calls of a schedule, though they name a user', async () => {
  // Each night at 2:30 a hundred; and a chat at all hours.
  await store.plant([
    ...Array.from({ length: 700 }, (_, i) =>
      call(Math.floor(i / 100) * day + 2 * hour + 30 * minute + (i % 100) * 300, {
        user_id: 'cron',
        feature: 'digest',
      }),
    ),
    ...Array.from({ length: 1400 }, (_, i) => call(i * 431_000, live)),
    // At the same hours for a week, but of two users: they wait.
    ...Array.from({ length: 70 }, (_, i) =>
      call(Math.floor(i / 10) * day + 9 * hour + (i % 10) * 1000, {
        ...live,
        user_id: `u${i % 2}`,
        feature: 'standup',
      }),
    ),
  ])
  const outcome = await store.find('batch-tier')
  expect(outcome.segments.map((row) => row.d0)).toEqual(['digest'])
  expect(saved(outcome)).toBe('4.375000000000')
  expect(changeOf(outcome)).toContain('they run by a schedule')
})

test('has nothing to gain where somebody waits, and says what to log where that is not known', async () => {
  await store.plant([call(0, live), call(minute, live)])
  expect(saved(await store.find('batch-tier'))).toBe('0.000000000000')
  await store.plant([call(0)])
  expect((await store.find('batch-tier')).lacks.map(({ field }) => field)).toEqual(['session_id or user_id'])
})
