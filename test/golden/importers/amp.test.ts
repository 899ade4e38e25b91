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

test('an entry of the ledger that names its message is that message, whatever it counts; others are calls too', async () => {
  const { calls, everything } = await readFixture('amp/named')
  const figures = calls.map((call) => [
    call['call_id'],
    call['ts'],
    call['input_tokens'],
    call['output_tokens'],
    call['cost_usd'],
  ])
  // claude-sonnet-4-5: 20 × 3 + 2,000 × 0.3 + 1,000 × 3.75 + 5 × 15; claude-haiku-4-5: 400 × 1 + 7 × 5
  expect(figures.toSorted((a, b) => String(a[0]).localeCompare(String(b[0])))).toEqual([
    ['T-x1:1', '2026-04-10T12:00:00Z', 3020, 5, '0.004485'],
    ['T-x1:3', '2026-04-10T12:01:00Z', 3020, 5, '0.004485'],
    ['T-x1:ledger-e3', '2026-04-10T12:02:00Z', 400, 7, '0.000435'],
    ['T-x1:ledger-e4', '2026-04-10T12:03:00Z', undefined, undefined, undefined],
  ])
  expect(calls.find((call) => call['call_id'] === 'T-x1:ledger-e4')).toMatchObject({ total_tokens: 345 })
  expect(everything).not.toContain(marker)
})
