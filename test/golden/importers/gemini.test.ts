/** Bodies of Gemini in files of their own: results of batches (half price), chunks of a stream a line. */
import { afterAll, expect, test } from 'vitest'
import { marker, readFixture, workshop } from './reading.js'

afterAll(() => workshop.close())

const flash = { provider: 'google', response_model: 'gemini-2.5-flash', model: 'gemini-2.5-flash' }

test('results of a batch: half price; a blocked prompt is a call, a failed row one without usage', async () => {
  const { calls, counts, importers, everything } = await readFixture('gemini/batch', {
    read: { set: { ts: '2026-10-01' } },
  })
  expect(importers).toEqual(['gemini'])
  expect(counts).toEqual([[3, 3, 0, 0, 0, 0]])
  expect(calls).toMatchObject([
    {
      ...flash,
      call_id: 'gemini-batch-00000001',
      input_tokens: 1000,
      output_tokens: 100,
      service_tier: 'batch',
      finish_reason: 'stop',
      cost_usd: '0.000275', // (1000 × 0.3 + 100 × 2.5) / 2
    },
    { status: 'error', service_tier: 'batch', cost_usd: '0', cost_basis: 'no_usage' },
    {
      ...flash,
      call_id: 'gemini-batch-00000003',
      input_tokens: 50,
      output_tokens: 0,
      finish_reason: 'content_filter',
      cost_usd: '0.0000075',
    },
  ])
  expect(everything).not.toContain(marker)
})

test('chunks of a stream, a line each: the last one’s counts, whose prompt is smaller', async () => {
  const { calls, counts, everything } = await readFixture('gemini/chunks')
  expect(counts).toEqual([[3, 1, 0, 2, 0, 0]])
  expect(calls).toMatchObject([
    {
      ...flash,
      call_id: 'gemini-chunks-0000001',
      ts: '2026-09-03T10:00:00Z',
      input_tokens: 7095,
      output_tokens: 15,
      finish_reason: 'stop',
      cost_usd: '0.002166', // 7095 × 0.3 + 15 × 2.5
    },
  ])
  expect(everything).not.toContain(marker)
})
