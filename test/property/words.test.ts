/**
 * A word of a tier under a label that the program has never seen is used or named, and so is a currency where
 * the record has a cost.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { ask, ingestInto, Workshop, write } from './ingesting.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const nonsense = fc.constantFrom('zork', 'Grue', 'x-yzzy', 'plugh_q', 'fnord', 'quux.b', "h'i", 'Äq', 'c~d')
const place = fc.oneof(
  nonsense.map((key) => [key]),
  fc.tuple(fc.constantFrom('metadata', 'meta', 'extra', 'labels'), nonsense),
  fc.tuple(nonsense, nonsense.map((key) => `${key}_mode`)),
  fc.tuple(nonsense, fc.constantFrom('service_tier', 'processing', 'pricing_tier')),
) // prettier-ignore
const tier = fc.constantFrom('batch', 'Batch API', 'flex', 'PRIORITY', 'priority_processing')
const currency = fc.constantFrom('EUR', 'GBP', '€', 'JPY')

const added = (record: object, keys: readonly string[], value: unknown): object =>
  Object.assign(
    {},
    record,
    keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value),
  )

test('no word of a tier and no currency is dropped in silence', async () => {
  await fc.assert(
    fc.asyncProperty(place, tier, currency, async (keys, word, code) => {
      const base = { timestamp: '2026-09-01T00:00:00Z', model: 'gpt-4o', input_tokens: 100, output_tokens: 10 }
      const plain = Array.from({ length: 60 }, (_, i) => ({ ...base, call_id: `p${i}`, cost: 0.5 }))
      const rows = [
        added({ ...base, call_id: 't', cost: 0.5 }, keys, word),
        added({ ...base, call_id: 'c', cost: 0.5 }, [...keys.slice(0, -1), `${keys.at(-1)}_currency`], code),
        added({ ...base, call_id: 'k', cost: 0.5 }, [`${keys[0]}k`], keys.length === 1 ? code : ''),
      ]
      const path = write(join(workshop.room(), 'log.jsonl'), [...plain, ...rows].map((row) => JSON.stringify(row)).join('\n'))
      const store = workshop.store()
      await ingestInto(store, [path])
      const calls = await ask(store, `SELECT call_id, service_tier, CAST(reported_cost_usd AS VARCHAR) AS cost, unread_usage AS unread FROM calls WHERE line > 60 OR unread_usage IS NOT NULL ORDER BY line`)
      expect(calls).toHaveLength(3)
      const [t, c, k] = calls
      expect([t!['service_tier'] ?? '', t!['unread'] ?? '']).not.toEqual(['', ''])
      expect(c!['unread']).toMatch(/currency/)
      if (keys.length === 1) expect(k!['unread']).toMatch(/currency/)
    }),
    { numRuns: tries(3, 12) },
  )
}) // prettier-ignore
