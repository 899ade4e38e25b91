/** Threads of Amp. claude-sonnet-4-0: $3 in, $15 out. */
import { afterAll, expect, test } from 'vitest'
import { marker, readFixture, workshop } from './reading.js'

afterAll(() => workshop.close())

test('the ledger tells but some of the messages; credits are no dollars', async () => {
  const { calls, everything } = await readFixture('amp/partial')
  const common = {
    provider: 'anthropic',
    response_model: 'claude-sonnet-4-0',
    model: 'claude-sonnet-4-0',
    session_id: 'T-partial',
  }
  expect(calls).toEqual([
    {
      ...common,
      call_id: 'T-partial:1',
      ts: '2026-04-08T12:00:00Z', // of the ledger
      input_tokens: 100,
      output_tokens: 20,
      cost_usd: '0.0006',
      tags: { credits: '0.75' },
    },
    {
      ...common,
      call_id: 'T-partial:2',
      ts: '2026-04-08T12:00:00Z', // it has none: that of the message before
      input_tokens: 50,
      output_tokens: 10,
      cost_usd: '0.0003',
      tags: { credits: '0.4' },
    },
  ])
  expect(everything).not.toContain(marker)
})
