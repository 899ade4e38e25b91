/** Suggestions for a filter that finds nothing: always values that are there, whatever is in a log. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { unmatchedFilters } from '../../src/questions/unmatched.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import type { Filter } from '../../src/domain/scope.js'
import { bareCall, load, type RawCall } from './metrics-model.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const value = fc.oneof(
  fc.constantFrom('chat', 'Chat', 'chat-assistant', '(none)', '', ' ', "'; DROP TABLE calls; --", '%', 'É'),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
)
const typed = value.filter((text) => text.trim() !== '' && text !== '(none)')

/** Each dimension with how a call has it; region is a tag. */
const dimensions = {
  feature: (feature: string) => ({ ...bareCall, feature }),
  user_id: (user_id: string) => ({ ...bareCall, user_id }),
  'tag.region': (region: string) => ({ ...bareCall, region }),
  prompt_version: (promptHash: string) => ({ ...bareCall, promptHash }),
} as const satisfies Record<string, (text: string) => RawCall>

const anywhere = { since: null, until: null }

test('what is suggested is there, the same letters in another case first; and only where nothing matches', () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...(Object.keys(dimensions) as (keyof typeof dimensions)[])),
      fc.array(value, { maxLength: 12 }),
      typed,
      fc.constantFrom<Filter['operator']>('=', '~', '!='),
      async (dimension, values, text, operator) => {
        const callOf: (text: string) => RawCall = dimensions[dimension]
        await load(
          db,
          values.map((one) => callOf(one)),
        )
        const filter = { dimension, operator, value: text }
        const found = await unmatchedFilters(db, { ...anywhere, filters: [filter] })
        const matches = values.filter((one) =>
          operator === '=' ? one === text : one.toLowerCase().includes(text.toLowerCase()),
        )
        const silent = operator === '!=' || matches.length > 0
        expect(found).toHaveLength(silent ? 0 : 1)
        if (silent) return
        const { near, nearTags, extent } = found[0]!
        expect(Number(extent.calls)).toBe(0)
        expect(near.filter((one) => !values.includes(one))).toEqual([])
        expect(near.length > 0).toBe(values.length > 0)
        expect(near.length).toBeLessThanOrEqual(3)
        expect(nearTags).toEqual([])
        const same = values.filter((one) => one.toLowerCase() === text.toLowerCase())
        if (/^[\u0000-\u007f]*$/.test(text) && same.length > 0) expect(same).toContain(near[0])
      },
    ),
    { numRuns: tries(11, 100) },
  ))

const at = (feature: string, day: number): RawCall => ({ ...bareCall, feature, ts: Date.UTC(2026, 9, day) })

test('nearest by letters, and nothing that is unlike beside it', async () => {
  await load(db, ['chat-assistant', 'CHAT-asistent', 'search', 'x'].map(dimensions.feature))
  const near = async (text: string): Promise<readonly string[] | undefined> => {
    const filters: Filter[] = [{ dimension: 'feature', operator: '=', value: text }]
    return (await unmatchedFilters(db, { ...anywhere, filters }))[0]?.near
  }
  expect(await near('chat-asistant')).toEqual(['chat-assistant', 'CHAT-asistent'])
  expect(await near('SEARCH')).toEqual(['search'])
  expect(await near('assist')).toEqual(['chat-assistant'])
  expect(await near('serch')).toEqual(['search'])
})

test('calls at another time are told from none, and each of several filters by itself', async () => {
  await load(db, [at('early', 1), at('late', 9), at('late', 11)])
  const filters: Filter[] = ['early', 'late', 'lte'].map((name) => ({
    dimension: 'feature',
    operator: '=',
    value: name,
  }))
  const window = { since: '2026-10-08T00:00:00.000Z', until: '2026-10-10T00:00:00.000Z' }
  const found = await unmatchedFilters(db, { ...window, filters })
  expect(found.map(({ filter, extent, near }) => [filter.value, Number(extent.calls), near])).toEqual([
    ['early', 1, []],
    ['lte', 0, ['late']],
  ])
})

test('a tag that no call has is told by its name', async () => {
  await load(db, [dimensions['tag.region']('eu')])
  const filters: Filter[] = [{ dimension: 'tag.regoin', operator: '=', value: 'eu' }]
  expect(await unmatchedFilters(db, { ...anywhere, filters })).toMatchObject([
    { near: [], nearTags: ['region'] },
  ])
})
