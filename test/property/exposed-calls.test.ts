/** Counters against the same sums worked out call by call, from one ingest to the next. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import { exposedCalls, keepMembers, latencyBounds } from '../../src/metrics/exports/exposed-calls.js'
import { callFamilies } from '../../src/exports/prometheus/counters.js'
import { exposition } from '../../src/exports/prometheus/text.js'
import {
  expectedSamples,
  hostileNames,
  ingests,
  labelKeys,
  Members,
  parseExposition,
  type ExposedCall,
} from './exposed-model.js'
import { insertCalls, money } from './service-model.js'
import { tries } from './seed.js'

let db: Database
beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const load = (calls: readonly ExposedCall[]): Promise<void> =>
  insertCalls(
    db,
    calls.map(({ cost, ...rest }) => ({
      ...rest,
      source: 'test',
      ts: '2026-10-02 00:00:00',
      cost_usd: cost === null ? null : money(cost),
    })),
  )

/** The samples of one scrape; what is new among the labels is kept. */
async function scraped(by: readonly string[], top: number): Promise<Map<string, bigint>> {
  const query = exposedCalls({ by: by.map(dimensionOf), top })
  const { rows } = await db.query<ReturnType<typeof exposedCalls>['row'] & object>(query.sql, query.params)
  const news = rows.filter((row) => row.kind === 'member')
  if (news.length > 0) {
    const { sql, params } = keepMembers(news)
    await db.run(sql, params)
  }
  const series = rows.filter((row) => row.kind === 'series')
  return parseExposition(exposition(callFamilies({ labels: by, rows: series, bounds: latencyBounds })))
}

const isCounter = (key: string): boolean => !key.includes('llmcost_unpriced_requests')

/** Adds up the samples of each name over all labels but the type of tokens and the bucket. */
function totals(samples: ReadonlyMap<string, bigint>): Map<string, bigint> {
  const sums = new Map<string, bigint>()
  for (const [key, value] of samples) {
    const [name, ...labels] = JSON.parse(key) as [string, ...[string, string][]]
    const kept = labels.filter(([label]) => label === 'type' || label === 'le')
    const whole = JSON.stringify([name, ...kept])
    sums.set(whole, (sums.get(whole) ?? 0n) + value)
  }
  return sums
}

test('over any ingests and any --top: every sample is the sum of its calls, and no counter falls or goes', async () => {
  const run = fc.tuple(ingests, fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 5, maxLength: 5 }))
  await fc.assert(
    fc.asyncProperty(run, async ([logs, tops]) => {
      await db.run('DELETE FROM label_members')
      const members = new Members()
      let calls: ExposedCall[] = []
      let before = new Map<string, bigint>()
      for (const [i, log] of logs.entries()) {
        calls = [...calls, ...log]
        await load(calls)
        members.meet(calls, tops[i]!)
        const now = await scraped(labelKeys, tops[i]!)
        expect(now).toEqual(expectedSamples(calls, members, latencyBounds))
        for (const [key, value] of before) {
          if (isCounter(key)) expect(now.get(key), key).toBeGreaterThanOrEqual(value)
        }
        expect(totals(now)).toEqual(totals(await scraped([], 1)))
        before = now
      }
    }),
    { numRuns: tries(5, 40) },
  )
})

test('any label value comes back as it was, and values apart stay apart', () => {
  const value = fc.oneof(fc.constantFrom(...hostileNames), fc.string({ unit: 'binary' }))
  fc.assert(
    fc.property(fc.uniqueArray(value, { minLength: 1, maxLength: 20 }), (names) => {
      const samples = names.map((name, i) => ({ labels: { name, more: null }, value: String(i) }))
      const text = exposition([{ name: 'things', type: 'gauge', help: 'a\\b\nc', samples }])
      const expected = names.map((name, i): [string, bigint] => [
        JSON.stringify(name === '' ? ['things'] : ['things', ['name', name]]),
        BigInt(i) * 10n ** 12n,
      ])
      expect(parseExposition(text)).toEqual(new Map(expected))
    }),
  )
})
