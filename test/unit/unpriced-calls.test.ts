/** One number of unpriced calls: in ingest, status, breakdown and the notes of answers. */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openStoreForReading } from '../../src/db/store.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import { statusQuery } from '../../src/metrics/store/status.js'
import { unpricedModels } from '../../src/metrics/doubts/unpriced.js'
import { ingestReport } from '../../src/reports/store/ingest.js'
import { ingestInto, Workshop, write, type Choices } from '../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const base = { ts: '2026-06-10T10:00:00Z', input_tokens: 10, output_tokens: 1 }

const calls = [
  { ...base, model: 'gpt-4o' },
  // Unpriced: a model that nobody knows, no model, a logged 0 for what is not known, a total alone.
  ...Array.from({ length: 1200 }, (_, i) => ({ ...base, id: `unknown-${i}`, model: 'nobody-knows' })),
  { ...base, user: 'no-model' },
  { ...base, model: 'nobody-knows', cost_usd: 0 },
  { ts: base.ts, model: 'gpt-4o', total_tokens: 11 },
  // Priced: by the log, for nothing as it failed, by list though the log says 0.
  { ...base, model: 'nobody-knows', cost_usd: 0.5 },
  { ts: base.ts, model: 'nobody-knows', status: 'error' },
  { ...base, model: 'gpt-4o', cost_usd: 0 },
]
const unpriced = 1203

async function ingestCalls(path: string, some: readonly object[], choices: Choices = {}) {
  const lines = some.map((call) => JSON.stringify(call)).join('\n')
  return ingestInto(path, [write(join(workshop.room(), 'log.jsonl'), `${lines}\n`)], choices)
}

test('the same number everywhere, a call without a model among them', async () => {
  const path = workshop.store()
  const rehearsed = await ingestCalls(path, calls, { dryRun: true })
  const summary = await ingestCalls(path, calls)
  expect(summary.unpricedModels).toEqual(rehearsed.unpricedModels)
  expect(summary.unpricedModels.reduce((sum, one) => sum + one.calls, 0)).toBe(unpriced)
  expect(
    ingestReport(
      summary,
      { dbPath: path, typed: (command: string) => command, now: new Date(), verbose: false },
      [],
    ).warnings,
  ).toContain(
    '1,203 calls have no known price and count as unpriced: nobody-knows (1,201), openai/gpt-4o (1), (none) (1). Try llmcost prices check. Where a log names no model, --set model=NAME gives it.',
  )
  const db = await openStoreForReading(path, { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5000 })
  try {
    const scope = { since: null, until: null, filters: [], tz: 'UTC' }
    const asked = breakdown({ scope, by: [dimensionOf('model')], measures: ['calls', 'unpriced_calls'] })
    const { rows } = await db.query<{ is_total: boolean; unpriced_calls: number }>(asked.sql, asked.params)
    expect(rows.filter((row) => row.is_total).map((row) => row.unpriced_calls)).toEqual([unpriced])
    const models = unpricedModels(scope)
    const { rows: named } = await db.query<{ unpriced_calls: number }>(models.sql, models.params)
    expect(named.reduce((sum, row) => sum + row.unpriced_calls, 0)).toBe(unpriced)
    expect((await db.query<{ unpriced_calls: number }>(statusQuery().sql)).rows[0]?.unpriced_calls).toBe(
      unpriced,
    )
  } finally {
    db.close()
  }
  // A second run counts its own calls.
  const more = await ingestCalls(path, [{ ...base, id: 'more', model: 'nobody-knows' }])
  expect(more.unpricedModels).toEqual([{ provider: null, model: 'nobody-knows', calls: 1 }])
})
