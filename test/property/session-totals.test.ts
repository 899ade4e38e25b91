/** A session's total counts in tokens and dollars, and in nothing that is said of calls. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import type { Scope } from '../../src/domain/scope.js'
import { breakdown, type BreakdownRow } from '../../src/metrics/breakdown.js'
import { sessionTotals } from '../../src/metrics/doubts/session-totals.js'
import type { MeasureName } from '../../src/metrics/measures/registry.js'
import { singleCalls } from '../../src/metrics/single-calls.js'
import { load, logs } from './metrics-model.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const scope: Scope = { since: null, until: '2027-01-01T00:00:00Z', tz: 'UTC', filters: [] }

/** What is said of calls: how many, and what one of them is like. */
const ofCalls: readonly MeasureName[] = [
  'calls',
  'priced_calls',
  'mean_cost_usd',
  'p50_cost_usd',
  'p95_cost_usd',
  'max_cost_usd',
  'stddev_cost_usd',
  'mean_input_tokens',
  'p95_input_tokens',
  'p95_input_over_mean',
  'mean_output_tokens',
  'p50_output_tokens',
  'mean_output_input_ratio',
  'input_token_calls',
  'output_input_calls',
  'no_finish_reason_calls',
  'truncation_rate',
  'error_rate',
  'mean_latency_ms',
]

async function total(measures: readonly MeasureName[]): Promise<BreakdownRow> {
  const { sql, params } = breakdown({ scope, by: [], measures })
  return (await db.query<BreakdownRow>(sql, params)).rows[0] as BreakdownRow
}

const picos = (text: unknown): bigint => BigInt(String(text ?? '0.000000000000').replace('.', ''))

test('calls are as if no total were there; tokens and dollars are those of both', async () => {
  await fc.assert(
    fc.asyncProperty(
      logs,
      fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 3 }),
      async (calls, totals) => {
        await load(db, calls)
        const { cost_usd: _, ...before } = await total(ofCalls)
        const sums = await total(['cost_usd', 'input_tokens'])
        const rows = totals.map(
          (n, i) => `('total-${i}', 'test', TIMESTAMP '2026-10-02', 'session_total', ${n}, ${n} * 0.000001)`,
        )
        await db.run(
          `INSERT INTO calls (call_id, source, ts, operation, input_tokens, cost_usd) VALUES ${rows.join()}`,
        )
        expect(await total(ofCalls)).toMatchObject(before)
        const after = await total(['cost_usd', 'input_tokens'])
        const added = totals.reduce((a, b) => a + b, 0)
        expect(BigInt(String(after.input_tokens ?? 0)) - BigInt(String(sums.input_tokens ?? 0))).toBe(
          BigInt(added),
        )
        expect(picos(after.cost_usd) - picos(sums.cost_usd)).toBe(BigInt(added) * 1_000_000n)
        const asked = sessionTotals(scope)
        const [told] = (await db.query<{ session_totals: number }>(asked.sql, asked.params)).rows
        expect(told!.session_totals).toBe(totals.length)
        const listed = singleCalls(scope, 'dearest', 1000)
        const ids = (await db.query<{ call_id: string }>(listed.sql, listed.params)).rows
        expect(ids.filter(({ call_id: id }) => id.startsWith('total-'))).toEqual([])
      },
    ),
    { numRuns: tries(4, 60) },
  )
})
