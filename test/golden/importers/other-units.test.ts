/** Calls that are billed by other units than tokens. */
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { write } from '../../property/ingesting.js'
import { atOnce, readBeside, workshop } from './reading.js'

afterAll(() => workshop.close())

let records = 0

const dated = (record: object): string =>
  `${JSON.stringify({ timestamp: `2026-09-01T00:00:${String((records += 1)).padStart(2, '0')}Z`, ...record })}\n`

const read = (...log: readonly object[]): ReturnType<typeof readBeside> =>
  readBeside([write(join(workshop.room(), 'log.jsonl'), log.map(dated).join(''))])

const searched = {
  results: [{ index: 0, relevance_score: 0.9 }],
  meta: { billed_units: { search_units: 1 } },
}
const spoken = { type: 'duration', seconds: 60 }

atOnce.each([
  [{ model: 'rerank-v3.5', response: searched }, 'search_units'],
  [{ model: 'whisper-1', response: { text: 'x', usage: spoken } }, 'usage.seconds'],
])('%o is a call without a price', async (record, unit) => {
  const { calls, rejects } = await read(record)
  expect(rejects).toEqual([])
  expect(calls).toMatchObject([{ model: record.model, unread_usage: unit }])
  for (const column of ['cost_usd', 'input_tokens', 'output_tokens'])
    expect(calls[0]).not.toHaveProperty(column)
})

atOnce('so is one in a log of calls by the token, and what has no unit at all is none', async () => {
  const usual = Array.from({ length: 5 }, () => ({ model: 'gpt-4o', input_tokens: 1000, output_tokens: 100 }))
  const none = { model: 'whisper-1', usage: { type: 'duration', seconds: 0 } }
  const { calls, rejects } = await read(...usual, { ...none, usage: spoken }, none)
  expect(calls).toHaveLength(6)
  expect(calls[5]).toMatchObject({ model: 'whisper-1', unread_usage: 'usage.seconds' })
  expect(rejects).toEqual([[7, 'neither tokens nor a cost']])
})
