/** Groups of values as a dimension: each call in one of them, or in none. */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openStoreForReading } from '../../src/db/store.js'
import { dimensionNoun, dimensionOf, parseDimensions } from '../../src/domain/dimensions.js'
import { parseFilters } from '../../src/domain/filters.js'
import { withGroups } from '../../src/domain/groups.js'
import type { Scope } from '../../src/domain/scope.js'
import { breakdown, type BreakdownRow } from '../../src/metrics/breakdown.js'
import { columnOf } from '../../src/metrics/scope.js'
import { ingestInto, Workshop, write } from '../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const groups = {
  user_id: { research: ['u0', 'u3', "o'neil"], sales: ['u1', '@u'] },
  'tag.team': { core: ['t0', 't1'] },
}
const users = ['u0', 'u1', 'u2', 'u3', "o'neil", '@u', null]
const calls = Array.from({ length: 70 }, (_, n) => ({
  ts: `2026-06-10T10:00:${String(n % 60).padStart(2, '0')}Z`,
  id: `c${n}`,
  model: 'gpt-4o',
  user: users[n % 7] ?? undefined,
  team: `t${n % 3}`,
  input_tokens: 10,
  output_tokens: 1,
}))
const groupOf = (user: string | null | undefined): string | null =>
  Object.entries(groups.user_id).find(([, values]) => values.includes(user ?? ''))?.[0] ?? null

test('groups add up to the total, and each has its own calls', async () => {
  const path = workshop.store()
  const text = calls.map((call) => `${JSON.stringify(call)}\n`).join('')
  await ingestInto(path, [write(join(workshop.room(), 'log.jsonl'), text)], {
    read: { map: { 'tag.team': 'team' } },
  })
  const db = await openStoreForReading(path, { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5000 })
  try {
    const scope: Scope = { since: null, until: null, filters: [], tz: 'UTC' }
    const rowsOf = async (by: string, filters: readonly string[] = []): Promise<readonly BreakdownRow[]> => {
      const asked = breakdown({
        scope: { ...scope, filters: parseFilters(filters, groups).filters },
        by: withGroups(parseDimensions(by), groups),
        measures: ['calls'],
      })
      return (await db.query<BreakdownRow>(asked.sql, asked.params)).rows
    }
    const rows = await rowsOf('group.user')
    const found = Object.fromEntries(
      rows.map((row) => [row.is_total ? 'all' : String(row.d0), Number(row.calls)]),
    )
    const wanted = { all: 70, research: 30, sales: 20, null: 20 }
    expect(found).toEqual(wanted)
    expect(calls.filter(({ user }) => groupOf(user) === 'research')).toHaveLength(30)
    for (const name of ['research', 'sales', '(none)']) {
      const [total] = await rowsOf('none', [`group.user=${name}`])
      expect(Number(total?.calls)).toBe(wanted[name === '(none)' ? 'null' : (name as 'sales')])
    }
    const pairs = await rowsOf('group.user,group.tag.team')
    const sum = pairs.filter((row) => !row.is_total).reduce((all, row) => all + Number(row.calls), 0)
    expect(sum).toBe(70)
    const core = calls.filter(({ user, team }) => groupOf(user) === 'sales' && team !== 't2').length
    expect(pairs.find((row) => row.d0 === 'sales' && row.d1 === 'core')).toMatchObject({ calls: core })
  } finally {
    db.close()
  }
})

test('a value in two groups is refused, and so is a dimension without groups', () => {
  const by = parseDimensions('group.user')
  expect(() => withGroups(by, { user_id: { a: ['ada'], b: ['bob', 'ada'] } })).toThrow(/ada is in a and in b/)
  expect(() => withGroups(by, {})).toThrow(/no groups of user_id/)
  expect(() => columnOf(dimensionOf('group.user'), 'x')).toThrow(/cannot be used here/)
  expect(() => parseDimensions('group.user,group.user_id')).toThrow(/twice/)
  expect(dimensionNoun(dimensionOf('group.prompt'))).toBe('prompt group')
})
