/** Sketches count what the calls are, in buckets whose bounds are exact. */
import { afterAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { Database } from '../../src/db/database.js'
import { openStoreForReading } from '../../src/db/store.js'
import { quantities } from '../../src/metrics/measures/quantities.js'
import { boundsFrom, boundsText, leasts } from '../../src/rollups/sketch-buckets.js'
import { bucketedCalls, sketchedQuantity, sketchLabels } from '../../src/rollups/sketches.js'
import { Workshop } from './ingesting.js'
import { cubed, steps, World } from './rollups-world.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

/** The bucket of so many units, found by halving. */
function bucketOf(units: bigint): number {
  let [low, high] = [0, leasts.length - 1]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (leasts[middle]! <= units) low = middle
    else high = middle
  }
  return low
}

describe('buckets', () => {
  test('each begins where the one before ends, and grows by a hundredth at most', () => {
    for (const [i, least] of leasts.entries()) {
      const next = leasts[i + 1]
      if (next === undefined) continue
      expect(next).toBeGreaterThan(least)
      // Half of a bucket is half a percent of its least value.
      expect((next - 1n - least) * 100n).toBeLessThanOrEqual(least)
      if (least < 100n) expect(next - least).toBe(1n)
    }
    expect(leasts.at(-1)).toBeGreaterThan(10n ** 18n)
  })

  test('SQL finds them to the unit, where money is counted in 1e-12 USD and tokens one by one', async () => {
    const db = await Database.open(':memory:', 'write', cubed)
    try {
      await db.run(`CREATE TEMP TABLE bounds AS SELECT * FROM ${boundsFrom('$text')}`, { text: boundsText })
      const edges = leasts.flatMap((least) => [least - 1n, least, least + 1n]).filter((n) => n >= 0n)
      const found = async (units: readonly bigint[], call: string, name: string): Promise<number[]> => {
        await db.run(
          `CREATE OR REPLACE TEMP TABLE edges AS SELECT CAST(value AS BIGINT) AS n FROM (SELECT unnest(from_json(CAST($all AS JSON), '["VARCHAR"]')) AS value)`,
          { all: JSON.stringify(units.map(String)) },
        )
        const from = `(SELECT n, 'chat' AS operation, NULL AS cache_hit, ${call} FROM edges)`
        const { rows } = await db.query<{ bucket: number }>(
          `SELECT ${name}_bucket AS bucket FROM (${bucketedCalls([name], ['n'], { calls: from, bounds: 'bounds' })}) ORDER BY n`,
        )
        return rows.map(({ bucket }) => bucket)
      }
      const money = [...new Set(edges)].filter((n) => n <= 10n ** 17n).toSorted((a, b) => (a < b ? -1 : 1))
      const cost =
        "CAST(lpad(CAST(n AS VARCHAR), 18, '0')[1:6] || '.' || lpad(CAST(n AS VARCHAR), 18, '0')[7:18] AS DECIMAL(18,12)) AS cost_usd"
      expect(await found(money, cost, 'cost')).toEqual(money.map(bucketOf))
      const tokens = money.filter((n) => n <= 10n ** 9n)
      expect(await found(tokens, 'n AS input_tokens', 'input')).toEqual(tokens.map(bucketOf))
    } finally {
      db.close()
    }
  })
})

/** Units in one of each quantity that quantiles are asked of. */
const asked = [
  'cost_usd',
  'input_tokens',
  'output_tokens',
  'latency_ms',
  'provider_latency_ms',
  'hit_latency_ms',
  'failed_latency_ms',
  'provider_ttft_ms',
  'output_tokens_per_second',
  'output_of_max_tokens',
] as const

function unitsOf(quantity: string, text: string): bigint {
  if (quantity === 'cost_usd') return BigInt(text.replace('.', ''))
  return BigInt(Math.round(Number(text) * sketchedQuantity(quantity)!.unitsInOne))
}

/** How many calls of each day and label have a value in each bucket, counted one by one. */
async function countedFromCalls(db: Database): Promise<Map<string, number>> {
  const values = asked.map((name) => `CAST(${quantities[name] ?? name} AS VARCHAR) AS value_${name}`)
  const { rows } = await db.query<Record<string, string | null>>(
    `SELECT strftime(ts, '%Y-%m-%d') AS day, ${[...sketchLabels, ...values].join(', ')} FROM calls`,
  )
  const counts = new Map<string, number>()
  for (const row of rows)
    for (const label of ['total', ...sketchLabels])
      for (const quantity of asked) {
        const value = row[`value_${quantity}`]
        if (value === null || value === undefined) continue
        const of = label === 'total' ? null : row[label]
        const key = JSON.stringify([row['day'], label, of, quantity, bucketOf(unitsOf(quantity, value))])
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
  return counts
}

async function countedInSketches(db: Database): Promise<Map<string, number>> {
  const { rows } = await db.query<Record<string, string | number | null>>(
    `SELECT strftime(ts, '%Y-%m-%d') AS day, CAST(label AS VARCHAR) AS label, label_value, CAST(quantity AS VARCHAR) AS quantity, bucket, bucket_calls FROM daily_sketches`,
  )
  const counts = new Map<string, number>()
  for (const { day, label, label_value: value, quantity, bucket, bucket_calls: calls } of rows)
    for (const name of asked) {
      if (!sketchedQuantity(name)!.quantities.includes(String(quantity))) continue
      const key = JSON.stringify([day, label, value, name, bucket])
      counts.set(key, (counts.get(key) ?? 0) + Number(calls))
    }
  return counts
}

const sorted = (counts: ReadonlyMap<string, number>): unknown =>
  [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))

test('after any sequence of ingest, late ingest, replace, forget and reprice, they are those of the calls', async () => {
  await fc.assert(
    fc.asyncProperty(steps(tries(3, 9)), async (all) => {
      const path = workshop.store()
      const world = new World(workshop.room(), path, cubed)
      for (const step of all) {
        await world.take(step)
        const db = await openStoreForReading(path, cubed)
        try {
          expect(sorted(await countedInSketches(db))).toEqual(sorted(await countedFromCalls(db)))
        } finally {
          db.close()
        }
      }
    }),
    { numRuns: tries(2, 30) },
  )
})
