/** Where the logs' own costs differ from list prices, against sums worked out by hand. */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loggedCostWords, type LoggedCostRow } from '../../src/domain/costs/logged-costs.js'
import { loggedCosts, loggedCostsByMonth } from '../../src/metrics/doubts/logged-costs.js'
import { openStoreForReading } from '../../src/db/store.js'
import { ingestInto, Workshop, write } from '../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const everything = { since: null, until: null, filters: [], tz: 'UTC' }

interface Told {
  readonly ingest: readonly string[]
  readonly answer: readonly string[]
  readonly months: readonly unknown[]
}

/** Calls of gpt-4o-2024-08-06, $2.50 and $10 a million: 1,000 in and 100 out cost $0.0035. */
async function tell(
  calls: readonly Readonly<Record<string, unknown>>[],
  costBasis = 'list-first',
): Promise<Told> {
  const base = {
    model: 'gpt-4o-2024-08-06',
    ts: '2026-06-10T10:00:00Z',
    input_tokens: 1000,
    output_tokens: 100,
  }
  const lines = calls.map((call, i) => JSON.stringify({ id: `call-${i}`, ...base, ...call }))
  const path = workshop.store()
  const basis = costBasis as 'list-first'
  const summary = await ingestInto(
    path,
    [write(join(workshop.room(), 'log.jsonl'), `${lines.join('\n')}\n`)],
    { costBasis: basis },
  )
  const db = await openStoreForReading(path, { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5000 })
  try {
    const asked = loggedCosts(everything)
    const { rows } = await db.query<LoggedCostRow>(asked.sql, asked.params)
    const { rows: months } = await db.query<LoggedCostRow>(loggedCostsByMonth().sql)
    return {
      ingest: loggedCostWords(summary.loggedCosts),
      answer: loggedCostWords(rows),
      months: months.map((row) => [
        row.model,
        row.month,
        Number(row.reported_cost_usd),
        Number(row.counted_cost_usd),
      ]),
    }
  } finally {
    db.close()
  }
}

const times = <T>(n: number, value: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => value(i))

test('a model that the logs price otherwise is named, with the month and by how much', async () => {
  const calls = [
    ...times(10, () => ({ cost_usd: 0.007 })),
    ...times(5, () => ({ cost_usd: 0.0035, ts: '2026-05-10T10:00:00Z' })),
    // Agrees: 1,000 × 0.15 + 100 × 0.6 millionths.
    ...times(10, () => ({ model: 'gpt-4o-mini', cost_usd: 0.00021 })),
  ]
  // 10 × 0.007 + 5 × 0.0035 + 10 × 0.00021 = 0.0896; the list says 15 × 0.0035 + 0.0021 = 0.0546.
  const words = [
    'the logs say $0.0896, list prices $0.0546 for 25 calls; most: gpt-4o-2024-08-06 +66.7% (most in June 2026)',
  ]
  const told = await tell(calls)
  expect(told).toEqual({
    ingest: words,
    answer: words,
    months: [['gpt-4o-2024-08-06', '2026-06', 0.07, 0.035]],
  })
  // Where the logged cost counts, the answer is what the logs say; the check compares all the same.
  expect(await tell(calls, 'reported-first')).toEqual({ ingest: [], answer: [], months: told.months })
})

test('nothing is said of less than 1 %, of rounding, of a cent in all, and of what has one cost only', async () => {
  const quiet = { ingest: [], answer: [] }
  expect(await tell(times(100, () => ({ cost_usd: 0.00353 })))).toEqual({ ...quiet, months: [] })
  // Rounded to cents: $0.007 reads 0.01, and the sum of 100 may be half a dollar off.
  expect(await tell(times(100, () => ({ input_tokens: 2000, output_tokens: 200, cost_usd: 0.01 })))).toEqual({
    ...quiet,
    months: [],
  })
  expect(await tell(times(2, () => ({ cost_usd: 0.007 })))).toMatchObject(quiet)
  expect(await tell(times(100, () => ({ model: 'nobody-knows', cost_usd: 1 })))).toEqual({
    ...quiet,
    months: [],
  })
  expect(await tell(times(100, () => ({ cached: true, cost_usd: 1 })))).toEqual({ ...quiet, months: [] })
  expect(await tell(times(100, () => ({ cost_usd: 0 })))).toEqual({ ...quiet, months: [] })
  expect(await tell(times(100, () => ({ input_tokens: 0, output_tokens: 0, cost_usd: 1 })))).toEqual({
    ...quiet,
    months: [],
  })
})
