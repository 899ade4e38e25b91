/** What is doubtful is told with its dollars, where they are known: against sums of the calls themselves. */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openStoreForReading } from '../../src/db/store.js'
import type { Scope } from '../../src/domain/scope.js'
import { history } from '../../src/metrics/store/history.js'
import { ask, doubtsAbout, type Question } from '../../src/questions/question.js'
import { doubtsOf } from '../../src/reports/notes.js'
import { ingestInto, Workshop, write } from '../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const call = { ts: '2031-06-10T10:00:00Z', model: 'gpt-4o', input_tokens: 1000, output_tokens: 0 }
/** $0.0025 each at list price; two modes that have no price of their own, one call with both. */
const calls = [
  { ...call, id: 'a', service_tier: 'somewhere', usage: { widgets: 3 } },
  { ...call, id: 'b', service_tier: 'somewhere' },
  { ...call, id: 'c' },
  { ...call, id: 'd', model: 'nobody-knows', service_tier: 'somewhere' },
]

test('calls in part priced, and calls later than the prices', async () => {
  const path = workshop.store()
  const text = calls.map((one) => `${JSON.stringify(one)}\n`).join('')
  await ingestInto(path, [write(join(workshop.room(), 'log.jsonl'), text)])
  const db = await openStoreForReading(path, { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5000 })
  try {
    const scope: Scope = { since: null, until: null, filters: [], tz: 'UTC' }
    const [past] = await ask(db, history('2032-01-01T00:00:00Z'))
    const { rows } = await db.query<{ n: number; usd: string; partly: number }>(
      `SELECT count(*) AS n, sum(cost_usd)::VARCHAR AS usd, count(*) FILTER (partly_priced) AS partly FROM calls`,
    )
    expect(rows).toEqual([{ n: 4, usd: '0.007500000000', partly: 2 }])
    const question = {
      db,
      scope,
      history: past,
      fromInput: true,
      typed: (text: string) => text,
    } as unknown as Question
    const doubts = await doubtsAbout(question, { calls: 4, unpriced_calls: 1, partly_priced_calls: 2 })
    expect(doubtsOf(doubts).map(({ text: words }) => words)).toEqual([
      '1 of 4 calls have no price and no cost here: nobody-knows',
      '2 calls for $0.005 are priced in part only: no price is known for service_tier=somewhere (2 calls), usage.widgets (1)',
      '3 calls for $0.0075 are later than the price data (2026-09-23) by over 30 days: prices may have changed',
    ])
  } finally {
    db.close()
  }
})
