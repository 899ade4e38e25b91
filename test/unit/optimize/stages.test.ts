import { expect, test } from 'vitest'
import { askExplained } from '../../../src/questions/optimizing.js'
import { paid, plantedStore, saved, scope } from './planted.js'

const store = plantedStore()

test('what each stage of a request costs, and which are not logged', async () => {
  const call = (trace: string, operation: string, usd: string, ms: number) => ({
    trace_id: trace,
    operation,
    latency_ms: ms,
    ...paid({ input: usd }),
  })
  await store.plant([
    call('a', 'embeddings', '0.01', 100),
    call('a', 'chat', '0.07', 600),
    { ...call('a', 'chat', '0.02', 300), feature: 'answer-judge' },
    call('b', 'chat', '0.10', 1000),
  ])
  const outcome = await store.find('stages')
  expect(saved(outcome)).toBe('0.000000000000')
  const { details } = await askExplained({ db: store.db, scope }, outcome)
  expect(details[0]!.rows).toMatchObject([
    {
      stage: 'generation',
      traces: 2,
      calls: 2,
      cost_usd: '0.170000000000',
      cost_share: expect.closeTo(0.85, 12) as number,
      latency_share: 0.8,
    },
    {
      stage: 'judge',
      traces: 1,
      calls: 1,
      cost_share: expect.closeTo(0.1, 12) as number,
      latency_share: 0.15,
    },
    {
      stage: 'embedding',
      traces: 1,
      calls: 1,
      cost_share: expect.closeTo(0.05, 12) as number,
      latency_share: 0.05,
    },
  ])
  expect(details[1]!.rows).toEqual([
    { text: 'no retrieval calls are logged: their cost is not in this total' },
  ])
})
