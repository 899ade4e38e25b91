/** Words of a tier, a speed and a place under other names than their own: used, named, or a label of one's own. */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { write } from '../../property/ingesting.js'
import { readFiles, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

const read = (...records: readonly object[]): Promise<Read> => {
  const lines = records.map((record, i) =>
    JSON.stringify({ call_id: `c${i}`, timestamp: '2026-09-01T00:00:00Z', model: 'gpt-4o', input_tokens: 100_000, output_tokens: 10_000, ...record }),
  ) // prettier-ignore
  return readFiles([write(join(workshop.room(), 'log.jsonl'), `${lines.join('\n')}\n`)])
}

// By list: 100,000 × 2.5 + 10,000 × 10 a million are $0.35; half of it in a batch.
test.each([
  [{ mode: 'batch' }],
  [{ pricingTier: 'Batch API' }],
  [{ tags: { tier: 'batch' } }],
  [{ metadata: { mode: 'batch' } }],
  [{ options: { service_tier: 'batch' } }],
  [{ serviceTier: { type: 'batch' } }],
  [{ batch_id: 'batch_68a1f2c3d4e5f60718293a4b' }],
])('a batch as %j is one', async (record) => {
  const { calls } = await read(record)
  expect(calls).toMatchObject([{ service_tier: 'batch', cost_usd: '0.175' }])
})

test('what is not certain is named, and the call is partly priced', async () => {
  const told: readonly (readonly [object, string])[] = [
    [{ type: 'batch' }, 'type=batch'],
    [{ zork: 'Flex' }, 'zork=flex'],
    [{ operation: 'batch' }, 'operation=batch'],
    [{ priority: true }, 'priority=true'],
    [{ metadata: { is_batch: true } }, 'metadata.is_batch=true'],
    [{ batch_id: 'batch_68aa' }, 'batch_id'],
    [{ endpoint: '/v1/batches' }, 'endpoint=batches'],
    [{ base_url: 'https://eu.api.openai.com/v1' }, 'base_url=eu.api.openai.com'],
    [{ performanceConfig: { latency: 'optimized' } }, 'performanceConfig.latency=optimized'],
    [{ tags: ['tier:batch'] }, 'tags=tier:batch'],
  ]
  for (const [record, name] of told) {
    const { calls } = await read(record)
    expect(calls).toMatchObject([{ unread_usage: name, partly_priced: true, cost_usd: '0.35' }])
  }
})

test('labels of one’s own and words of other things say nothing', async () => {
  const { calls } = await read(
    { feature: 'batch', job: 'batch', team: 'priority', queue: 'batch', source: 'batch' },
    { endpoint: '/batch-report', priority: 'high', mode: 'chat', batch_size: 1 },
    { tags: ['batch'], customer: 'flex', metadata: { tier: 'pro' } },
    { batch_id: 17, performanceConfig: { latency: 'standard' }, data_residency: 'none' },
  )
  expect(calls.map((call) => [call['unread_usage'], call['cost_usd']])).toEqual(
    calls.map(() => [undefined, '0.35']),
  )
})

test('the whole column tells a flag of batches from the number of one', async () => {
  const costs = async (...values: readonly number[]): Promise<unknown[]> =>
    (await read(...values.map((batch) => ({ batch })))).calls.map((call) => [call['cost_usd'], call['unread_usage']])
  expect(await costs(0, 1)).toEqual([['0.35', undefined], ['0.175', undefined]])
  expect(await costs(1, 2)).toEqual([['0.35', undefined], ['0.35', undefined]])
  expect(await costs(1)).toEqual([['0.35', 'batch=1']])
}) // prettier-ignore

test('where data are to stay moves the price', async () => {
  const { calls } = await read({ data_residency: 'eu' })
  expect(calls).toMatchObject([{ region: 'eu', partly_priced: true, unpriced_usage: 'region=eu' }])
})
