/** What the engine makes of a metric: how it reads calls decides how much it holds in memory. */
import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import { breakdown } from '../../src/metrics/breakdown.js'

test('the first groups and the others: calls are read for the ranking and read anew, and not all kept', async () => {
  const db = await Database.open(':memory:', 'write', { threads: 1 })
  onTestFinished(() => db.close())
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
  const scope = { since: null, until: '2027-01-01T00:00:00Z', tz: 'UTC', filters: [] }
  const { sql, params } = breakdown({ scope, by: [dimensionOf('model')], top: 3, measures: ['calls'] })
  const { rows } = await db.query<{ explain_value: string }>(`EXPLAIN ${sql}`, params)
  const plan = rows.map((row) => row.explain_value).join('\n')
  expect(plan).toContain('HASH_JOIN')
  expect(plan).not.toMatch(/│\s+CTE\w*\s+│/)
})
