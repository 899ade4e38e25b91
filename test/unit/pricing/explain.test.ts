/** What `llmcost explain` says of a record that the reader did not use in full. */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { explainCommand } from '../../../src/commands/ask/explain.js'
import { ingestInto, Workshop, write } from '../../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

async function sentencesOf(record: object): Promise<readonly string[]> {
  const call = { call_id: 'c1', timestamp: '2026-06-01T10:00:00Z', model: 'gpt-4o', ...record }
  const db = workshop.store()
  await ingestInto(db, [write(join(workshop.room(), 'log.jsonl'), `${JSON.stringify(call)}\n`)])
  const outcome = await explainCommand.run({
    args: ['c1'],
    options: { db },
    env: { LLMCOST_CONFIG: '/dev/null' },
    now: new Date('2026-10-05T12:00:00Z'),
    given: (name: string) => name === 'db',
    terminal: { progress: false, warn: () => undefined },
  } as unknown as Parameters<typeof explainCommand.run>[0])
  return outcome.report?.sections[0]?.notes ?? []
}

const tokens = { input_tokens: 1000, output_tokens: 100 }

test.each([
  [
    { usage: { prompt_tokens: 1000, completion_tokens: 100, zorb_tokens: 77 } },
    'The list cost counts; the source reported none.',
    'The record says usage.zorb_tokens: not read, and in no figure.',
  ],
  [
    { ...tokens, cost: 1, billing: { currency: 'GBP' } },
    'The list cost counts; the source reported none in US dollars.',
    'A cost in GBP was logged, and is left out: no rate was given.',
  ],
  [
    { ...tokens, cost: 1, tags: { currency: 'EUR' } },
    'The list cost counts; the source reported $1.',
    'The reported cost was read as US dollars, though the record says tags.currency=EUR.',
  ],
  [
    { ...tokens, model: 'nonesuch-9', zorb: { cost: 3 } },
    'No cost: no price is known, and the source reported none.',
    'The record says zorb.cost: not read, and in no figure.',
  ],
  [{ ...tokens }, 'The list cost counts; the source reported none.'],
])('%j', async (record, ...sentences) => {
  expect(await sentencesOf(record)).toEqual(sentences)
})
