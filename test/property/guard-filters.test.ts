/** Whether a call falls under a budget before it is made, against the SQL that finds the budget's calls when they were. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { passes } from '../../src/domain/budgets/filter-match.js'
import { parseFilter } from '../../src/domain/filters.js'
import type { CallRequest } from '../../src/guard/request.js'
import { labelsOf } from '../../src/guard/usage.js'
import { inFilters } from '../../src/metrics/scope.js'
import { tries } from './seed.js'

let db: Database
beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const value = fc.constantFrom('chat', 'Chat', 'a,b', 'é', 'constructor', 'pro', '7')
const some = fc.option(value, { nil: undefined })

const call = fc.record({ feature: some, endpoint: some, user: some, team: some, tier: some, tags: fc.dictionary(fc.constantFrom('x', 'tier', '__proto__'), value) }) // prettier-ignore

const filter = fc
  .tuple(
    fc.constantFrom('feature', 'user', 'team', 'endpoint', 'tag.x', 'tag.tier', 'environment'),
    fc.constantFrom('=', '!=', '~'),
    fc.oneof(value, fc.constantFrom('(none)', 'CH', 'h')),
  ) // prettier-ignore
  .map(([name, operator, wanted]) => parseFilter(`${name}${operator}${wanted}`))

test('a budget covers before a call what it covers after it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { minLength: 1, maxLength: 12 }),
      fc.array(filter, { maxLength: 4 }),
      async (calls, filters) => {
        await db.run('DELETE FROM calls')
        const rows = calls.map(({ feature, endpoint, user, team, tier, tags }, i) => ({
          call_id: `c${i}`,
          source: 'test',
          ts: '2026-10-02T00:00:00',
          // As ingest has it, and as the tracker writes a tier.
          feature: feature ?? endpoint,
          endpoint,
          user_id: user,
          team,
          tags: Object.entries({ ...tags, ...(tier === undefined ? {} : { tier }) }).map(([key, own]) => ({ key, value: own })), // prettier-ignore
        }))
        const types = { call_id: 'VARCHAR', source: 'VARCHAR', ts: 'TIMESTAMP', feature: 'VARCHAR', endpoint: 'VARCHAR', user_id: 'VARCHAR', team: 'VARCHAR', tags: [{ key: 'VARCHAR', value: 'VARCHAR' }] } // prettier-ignore
        await db.run(
          `INSERT INTO calls BY NAME SELECT * REPLACE (map_from_entries(tags) AS tags) FROM (SELECT unnest(from_json(CAST($rows AS JSON), '[${JSON.stringify(types)}]'), max_depth := 2))`,
          { rows: JSON.stringify(rows) },
        )
        const { sql, params } = inFilters(filters)
        const found = await db.query<{ call_id: string }>(`SELECT call_id FROM calls WHERE ${sql}`, params)
        const expected = new Set(found.rows.map(({ call_id }) => call_id))
        const covered = calls.flatMap((one, i) => {
          const request: CallRequest = { ...one, model: 'gpt-4o', inputTokens: 1 }
          return passes(filters, labelsOf(request)) ? [`c${i}`] : []
        })
        expect(new Set(covered)).toEqual(expected)
      },
    ),
    { numRuns: tries(60, 2000) },
  )
})
