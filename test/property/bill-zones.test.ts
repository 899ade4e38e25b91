/**
 * Days of bills in the zones of their billers: reconcile takes each call of the day that a calendar of its own says, in
 * every zone, and gives it to the same day as the billed basis does.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countAs } from '../../src/bases/count.js'
import type { Database } from '../../src/db/database.js'
import { openStoreForReading } from '../../src/db/store.js'
import { moneyOf } from '../../src/domain/costs/units.js'
import { loadPriceBook, type PriceBook } from '../../src/pricing/book.js'
import { reconcile } from '../../src/questions/reconciling/reconciling.js'
import { ingestInto, Workshop, write } from './ingesting.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())
let book: PriceBook
beforeAll(async () => {
  book = await loadPriceBook({ overrideFiles: [] })
})

const providers = ['openai', 'openrouter'] as const
type Provider = (typeof providers)[number]

interface Call {
  readonly provider: Provider
  /** Minutes from the first midnight of UTC. */
  readonly minute: number
  readonly input: number
}

/** The clocks of America and Europe change within these days. */
const days = ['2026-10-24', '2026-10-25', '2026-10-26']
const first = Date.parse('2026-10-23')
const minutesOfAll = 5 * 1440

const call: fc.Arbitrary<Call> = fc.record({
  provider: fc.constantFrom(...providers),
  minute: fc.integer({ min: 0, max: minutesOfAll - 1 }),
  input: fc.integer({ min: 1, max: 100_000 }),
})

const zone = fc.constantFrom(
  'UTC',
  'America/New_York',
  'Europe/Berlin',
  'Asia/Kolkata',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'Australia/Lord_Howe',
)

const timeOf = ({ minute }: Call): string => new Date(first + minute * 60_000).toISOString()

/** The day by the calendar of the platform. */
const dayIn = (one: Call, tz: string): string =>
  new Intl.DateTimeFormat('en-CA', {
    timeZone: tz,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(new Date(timeOf(one)))

async function store(calls: readonly Call[]): Promise<string> {
  const room = workshop.room()
  const logs = calls.map((one, i) =>
    JSON.stringify({
      timestamp: timeOf(one),
      call_id: `call-${String(i).padStart(4, '0')}-${'x'.repeat(12)}`,
      provider: one.provider,
      model: one.provider === 'openai' ? 'gpt-4o' : 'openai/gpt-4o',
      input_tokens: one.input,
      output_tokens: 0,
    }),
  )
  const seconds = (day: string): number => Date.parse(day) / 1000
  const openai = days.map(
    (day) => `${seconds(day)},${seconds(day) + 86_400},${day}T00:00:00+00:00,x,6,usd,,"gpt-4o, input"`,
  )
  const openrouter = days.map((day) => `${day},openai/gpt-4o,openai/gpt-4o,7.5,12`)
  const path = workshop.store()
  const { files } = await ingestInto(path, [
    write(join(room, 'calls.jsonl'), `${logs.join('\n')}\n`),
    write(
      join(room, 'costs.csv'),
      `start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,line_item\n${openai.join('\n')}\n`,
    ),
    write(
      join(room, 'activity.csv'),
      `date,model,model_permaslug,usage,requests\n${openrouter.join('\n')}\n`,
    ),
  ])
  expect(files.map(({ state, rejected }) => [state, rejected])).toEqual(files.map(() => ['read', 0]))
  return path
}

const reading = { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5000 } as const

async function within<T>(path: string, work: (db: Database) => Promise<T>): Promise<T> {
  const db = await openStoreForReading(path, reading)
  try {
    return await work(db)
  } finally {
    db.close()
  }
}

/** Midnight of UTC, as `--since` of that zone has it. */
const scope = { since: `${days[0]!}T00:00:00Z`, until: '2026-10-27T00:00:00Z', filters: [], tz: 'UTC' }

const world = fc.record({
  calls: fc.array(call, { minLength: 1, maxLength: 40 }),
  zones: fc.record({ openai: zone, openrouter: zone }),
})

describe('days of bills', () => {
  test('are those of the zone of their biller, here and on the billed basis', async () => {
    const run = fc.asyncProperty(world, async ({ calls, zones }) => {
      const path = await store(calls)
      const costs = await within(path, async (db) => {
        const { rows } = await db.query<{ cost: string }>(
          'SELECT cost_usd AS cost FROM calls ORDER BY call_id',
        )
        return rows.map(({ cost }) => moneyOf(cost))
      })
      const dayOf = (one: Call): string => dayIn(one, zones[one.provider])
      const found = await within(path, (db) =>
        reconcile(db, scope, ['provider', 'day'], undefined, book, (biller) => zones[biller as Provider]),
      )
      const wanted = providers.flatMap((provider) =>
        days.map((day) => {
          const own = [...calls.entries()].filter(
            ([, one]) => one.provider === provider && dayOf(one) === day,
          )
          return {
            labels: { provider, day },
            computed: own.reduce((sum, [i]) => sum + costs[i]!, 0n),
            tokens: own.reduce((sum, [, one]) => sum + BigInt(one.input), 0n),
          }
        }),
      )
      expect(found.rows.map(({ labels, computed, tokens }) => ({ labels, computed, tokens }))).toEqual(wanted)
      expect([...found.zones]).toEqual(Object.entries(zones))
      const billed = await within(path, async (db) => {
        await countAs(db, 'billed', { contracts: [], asOf: new Date('2027-01-01') }, zones)
        const { rows } = await db.query<{ cost: string | null }>(
          "SELECT cost_usd AS cost FROM calls WHERE source <> 'billing' ORDER BY call_id",
        )
        return rows.map(({ cost }) => cost !== null)
      })
      expect(billed).toEqual(calls.map((one) => days.includes(dayOf(one))))
    })
    await fc.assert(run, { numRuns: tries(6, 100) })
  })

  test('that bills name as moments are cut there once', async () => {
    // Days of China, named by the moments at which they begin: 16:00 UTC.
    const calls: Call[] = [15, 16, 39, 40].map((hour) => ({
      provider: 'openai',
      minute: hour * 60,
      input: 100,
    }))
    const room = workshop.room()
    const start = first / 1000 + 16 * 3600
    const path = workshop.store()
    const logs = calls.map((one, i) =>
      JSON.stringify({
        timestamp: timeOf(one),
        call_id: `call-${i}-xxxxxxxxxxxx`,
        provider: 'openai',
        model: 'gpt-4o',
        input_tokens: 100,
        output_tokens: 0,
      }),
    )
    await ingestInto(path, [
      write(join(room, 'calls.jsonl'), `${logs.join('\n')}\n`),
      write(
        join(room, 'costs.csv'),
        `start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,line_item\n${start},${start + 86_400},2026-10-23T16:00:00+00:00,x,6,usd,,"gpt-4o, input"\n`,
      ),
    ])
    const zones = { openai: 'Asia/Shanghai' }
    const billed = await within(path, async (db) => {
      await countAs(db, 'billed', { contracts: [], asOf: new Date('2027-01-01') }, zones)
      const { rows } = await db.query<{ cost: string | null }>(
        'SELECT cost_usd AS cost FROM calls ORDER BY call_id',
      )
      return rows.map(({ cost }) => cost !== null)
    })
    expect(billed).toEqual([false, true, true, false])
    const found = await within(path, (db) =>
      reconcile(db, scope, ['day'], undefined, book, () => 'Asia/Shanghai'),
    )
    expect(found.rows.map(({ labels, tokens }) => [labels.day, tokens])).toEqual([
      ['2026-10-24', 200n],
      ['2026-10-25', 100n],
    ])
    expect(found.window).toEqual({
      since: '2026-10-23T16:00:00.000Z',
      until: '2026-10-26T16:00:00.000Z',
      tz: 'Asia/Shanghai',
    })
  })
})
