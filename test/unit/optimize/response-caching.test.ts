import { describe, expect, test } from 'vitest'
import { askExplained } from '../../../src/questions/optimizing.js'
import { at, hour, minute, paid, plantedStore, saved, scope, second, type Planted } from './planted.js'

const store = plantedStore()

/** Every 50 seconds a call; those of `repeats` out of a hundred ask what was asked just before. */
function calls(count: number, repeats: number): Planted[] {
  let prompt = 0
  return Array.from({ length: count }, (_, i) => {
    if (i % 100 < 100 - repeats) prompt = i
    return {
      ts: at(i * 50 * second),
      prompt_hash: `h${prompt}`,
      latency_ms: 900,
      ...paid({ input: '0.01', output: '0.02' }),
    }
  })
}

describe('exact response caching', () => {
  test('finds 42 repeats of 100 as 42 %, to the cent', async () => {
    await store.plant(calls(1000, 42))
    const outcome = await store.find('response-caching')
    expect(saved(outcome)).toBe('12.600000000000')
    expect(outcome.total).toMatchObject({ considered_calls: 1000, saved_calls: 420 })
    expect(outcome.strategy.change(outcome.segments[0]!, (name) => outcome.values.get(name)!)).toContain(
      '42%',
    )
  })

  test('tells the curve over lifetimes as a cache would have gone', async () => {
    const one = { prompt_hash: 'a', ...paid({ input: '1' }) }
    const other = { prompt_hash: 'b', ...paid({ input: '1' }) }
    // a at 0, 2 and 32 minutes; b at 1 minute and 3 hours.
    await store.plant([
      { ...one, ts: at(0) },
      { ...one, ts: at(2 * minute) },
      { ...one, ts: at(32 * minute) },
      { ...other, ts: at(minute) },
      { ...other, ts: at(3 * hour) },
    ])
    const { details } = await askExplained({ db: store.db, scope }, await store.find('response-caching'))
    expect(
      details[0]!.rows.map(({ ttl, hits, saving_usd: usd, peak_live_entries: peak }) => [
        ttl,
        hits,
        usd,
        peak,
      ]),
    ).toEqual([
      ['1m', 0, '0.000000000000', 1],
      ['5m', 1, '1.000000000000', 2],
      ['15m', 1, '1.000000000000', 2],
      ['1h', 2, '2.000000000000', 2],
      ['6h', 3, '3.000000000000', 2],
      ['1d', 3, '3.000000000000', 2],
      ['7d', 3, '3.000000000000', 2],
    ])
  })

  test('takes inputs of other lengths under one hash for other prompts, and says how many there are', async () => {
    const one = { prompt_hash: 'instructions', ...paid({ input: '1' }) }
    await store.plant([
      { ...one, ts: at(0), input_tokens: 100 },
      { ...one, ts: at(minute), input_tokens: 140 },
      { ...one, ts: at(2 * minute), input_tokens: 100 },
    ])
    const outcome = await store.find('response-caching')
    expect(saved(outcome)).toBe('1.000000000000')
    const { details } = await askExplained({ db: store.db, scope }, outcome)
    const hour = details[0]!.rows.find(({ ttl }) => ttl === '1h')
    expect(hour).toMatchObject({ hits: 1, hit_rate: 1 / 3, hash_hit_rate: 2 / 3 })
  })

  test('leaves alone what no cache could answer', async () => {
    const call = { prompt_hash: 'a', ...paid({ input: '1' }) }
    await store.plant([
      { ...call, ts: at(0), latency_ms: 5000 },
      // While the first runs.
      { ...call, ts: at(second) },
      // Of another model, too warm, failed, and answered by a cache already.
      { ...call, ts: at(minute), model: 'n' },
      { ...call, ts: at(minute), temperature: 1.5 },
      { ...call, ts: at(minute), status: 'error' },
      { ...call, ts: at(2 * minute), cache_hit: true, cost_usd: '0', cost_basis: 'response_cache' },
    ])
    expect(saved(await store.find('response-caching'))).toBe('0.000000000000')
    await store.plant([
      { ...call, ts: at(0) },
      { ...call, ts: at(2 * hour) },
    ])
    expect(saved(await store.find('response-caching'))).toBe('0.000000000000')
    expect(saved(await store.find('response-caching', 'ttl=3h'))).toBe('1.000000000000')
  })

  test('names the field that a log lacks, and prints no figure', async () => {
    await store.plant([paid({ input: '1' }), paid({ input: '1' })])
    const outcome = await store.find('response-caching')
    expect(outcome.total).toBeUndefined()
    expect(outcome.lacks.map(({ field }) => field)).toEqual(['prompt_hash'])
  })
})
