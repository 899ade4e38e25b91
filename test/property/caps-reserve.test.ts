/**
 * Caps on trial as a guard enforces them (`--replay --reserve`), against the guard itself: each logged call is asked for
 * and settled, in the order in which calls began and ended. Both must refuse the same calls, by the same caps. Where
 * calls follow each other, cost what they reserved and fill their caps exactly, the limiter of `--replay` refuses the
 * same calls, too.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { capsOf } from '../../src/domain/budgets/cap-limits.js'
import { parseCaps } from '../../src/domain/budgets/user-caps.js'
import type { Rate } from '../../src/domain/costs/rate.js'
import { CallGuard } from '../../src/guard/guard.js'
import { memoryStore, type Reservation } from '../../src/guard/index.js'
import { readSettings, type GuardSettings } from '../../src/guard/settings.js'
import { listCost, rateOf } from '../../src/pricing/call-cost.js'
import { ratesQuery } from '../../src/pricing/price-sql.js'
import { askCapsReplay } from '../../src/questions/caps-replay.js'
import { dollarText } from './metrics-model.js'
import { tries } from './seed.js'

let db: Database
let settings: GuardSettings
const models = ['gpt-4o', 'gpt-4o-mini', 'claude-sonnet-4-5', 'nobody-knows-it'] as const
const rates = new Map<string, readonly Rate[]>()

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
  settings = await readSettings({})
  for (const model of models) rates.set(model, settings.book.resolve(providerOf(model), model).rates)
  await db.run(`INSERT INTO rates BY NAME (${ratesQuery})`, {
    rates: JSON.stringify([...rates.values()].flat()),
  })
})
afterAll(() => db.close())

const providerOf = (model: string): string => (model.startsWith('claude') ? 'anthropic' : 'openai')

interface Call {
  readonly ts: number
  readonly user_id: string
  readonly model: (typeof models)[number]
  readonly input_tokens: number
  readonly cache_read_input_tokens: number
  readonly cache_creation_input_tokens: number
  readonly output_tokens: number
  readonly max_tokens: number | null
  readonly latency_ms: number | null
}

/** USD × 10^12; null where there is no price. */
function costOf(call: Call): bigint | null {
  const rate = rateOf(rates.get(call.model) ?? [], call, new Date(call.ts))
  return rate === undefined ? null : listCost(rate, call)
}

async function load(calls: readonly Call[]): Promise<void> {
  await db.run('DELETE FROM calls')
  const rows = calls.map((call, i) => {
    const cost = costOf(call)
    return { ...call, ts: new Date(call.ts).toISOString().replace('Z', ''), provider: providerOf(call.model), source: 'test', call_id: idOf(i), cost_usd: cost === null ? null : dollarText(cost) } // prettier-ignore
  })
  if (rows.length === 0) return
  const types = Object.keys(rows[0]!).map((name) => [name, name.endsWith('_tokens') ? 'BIGINT' : name === 'ts' ? 'TIMESTAMP' : name === 'latency_ms' ? 'DOUBLE' : name === 'cost_usd' ? 'DECIMAL(18,12)' : 'VARCHAR']) // prettier-ignore
  await db.run(
    `INSERT INTO calls BY NAME SELECT unnest(from_json(CAST($rows AS JSON), '[${JSON.stringify(Object.fromEntries(types))}]'), recursive := true)`,
    { rows: JSON.stringify(rows) },
  )
}

/** Calls at one moment go by their ids. */
const idOf = (i: number): string => `c${String(i).padStart(3, '0')}`

const texts = (all: Readonly<Record<string, string | number>>): string[] => Object.entries(all).map(([cap, value]) => `${cap}=${value}`) // prettier-ignore

/** What the guard refuses, call by call. */
async function guardRefuses(
  calls: readonly Call[],
  caps: Readonly<Record<string, string | number>>,
  tz: string,
  more: object,
): Promise<string[]> {
  const rules = parseCaps(texts(caps))
  const own = {
    tz,
    capsOf: (user: string) => capsOf(rules, user, undefined),
    guard: { ...settings.guard, ...more },
  }
  const guard = new CallGuard({ ...settings, ...own }, memoryStore(), () => undefined)
  const open: { at: number; call: Call; reservation: Reservation }[] = []
  const refused: string[] = []
  const ordered = calls.map((call, i) => ({ call, id: idOf(i) })).toSorted((a, b) => a.call.ts - b.call.ts)
  const endUpTo = async (now: number): Promise<void> => {
    for (const one of open.toSorted((a, b) => a.at - b.at).filter(({ at }) => at <= now)) {
      open.splice(open.indexOf(one), 1)
      const { input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens } = one.call
      await guard.settle(one.reservation, {
        at: new Date(one.at),
        inputTokens: input_tokens,
        cacheReadInputTokens: cache_read_input_tokens,
        cacheCreationInputTokens: cache_creation_input_tokens,
        outputTokens: output_tokens,
        // What has no price counts for nothing, as in the log.
        ...(costOf(one.call) === null ? { costUsd: 0 } : {}),
      })
    }
  }
  for (const { call, id } of ordered) {
    await endUpTo(call.ts)
    const { reservation, reason } = await guard.check({
      at: new Date(call.ts),
      user: call.user_id,
      model: call.model,
      provider: providerOf(call.model),
      inputTokens: call.input_tokens,
      cacheCreationInputTokens: call.cache_creation_input_tokens,
      maxOutputTokens: call.max_tokens ?? undefined,
    })
    if (reservation === null) refused.push(`${id} ${reason?.name}`)
    else open.push({ at: call.ts + (call.latency_ms ?? 0), call, reservation })
  }
  return refused
}

async function replayRefuses(
  caps: Readonly<Record<string, string | number>>,
  tz: string,
  reserving?: { outputTokens: number; lastsMs: number },
): Promise<string[]> {
  const scope = { since: null, until: '2027-01-01T00:00:00Z', filters: [], tz }
  const { sets } = await askCapsReplay({ db, scope }, [{ name: 'all', rules: parseCaps(texts(caps)) }], { tiers: undefined, top: 1000, reserving }) // prettier-ignore
  return sets[0]!.rows.filter(({ part }) => part === 'call').map(({ call_id, cap }) => `${call_id} ${cap}`)
}

const starts = ['2026-10-25T00:30Z', '2026-03-29T00:30Z', '2026-04-04T14:45Z', '2026-10-31T22:00Z']
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']
const caps = fc
  .subarray(
    [
      ['hourly_usd', '0.09'],
      ['daily_usd', '0.2'],
      ['monthly_usd', '0.31'],
      ['request_usd', '0.05'],
      ['request_tokens', 9000],
      ['request_input_tokens', 7000],
      ['request_output_tokens', 4096],
    ] as const,
    { minLength: 1 },
  ) // prettier-ignore
  .map((all): Record<string, string | number> => Object.fromEntries(all))

const anyCalls = fc.tuple(fc.constantFrom(...starts), fc.boolean()).chain(([start, isSequential]) =>
  fc
    .array(
      fc.record({
        after: fc.constantFrom(0, 0, 1, 1000, 60_000, 900_000, 10_000_000),
        user_id: fc.constantFrom('ada', 'ada', 'bob'),
        model: fc.constantFrom(...models),
        input_tokens: fc.constantFrom(0, 13, 3001, 7000, 8000),
        cached: fc.constantFrom(0, 0, 0.4, 1),
        written: fc.constantFrom(0, 0, 0.3),
        output_tokens: fc.constantFrom(0, 7, 900, 4096),
        max_tokens: fc.constantFrom(null, 1, 900, 4096, 4097),
        latency_ms: fc.constantFrom(null, 0, 900, 30_000, 3_000_000),
      }),
      { maxLength: 40 },
    )
    .map((all) => {
      let ts = Date.parse(start)
      return all.map(({ after, cached, written, ...call }): Call => {
        const read = Math.floor(call.input_tokens * cached)
        const made = { ...call, ts: ts + after, cache_read_input_tokens: read, cache_creation_input_tokens: Math.floor((call.input_tokens - read) * written) } // prettier-ignore
        ts += after + (isSequential ? (call.latency_ms ?? 0) : 0)
        return made
      })
    }),
)

describe('caps on trial with --reserve', () => {
  test('refuse what the guard refuses, whatever runs at once', async () => {
    await fc.assert(
      fc.asyncProperty(anyCalls, caps, fc.constantFrom(...zones), async (calls, some, tz) => {
        await load(calls)
        const more = { output_tokens: 1000, reservation: 2_400_000 }
        const replayed = await replayRefuses(some, tz, { outputTokens: 1000, lastsMs: 2_400_000 })
        expect(replayed).toEqual(await guardRefuses(calls, some, tz, more))
      }),
      { numRuns: tries(25, 1000) },
    )
  })

  test('refuse what the limiter refuses where calls follow each other, cost what they reserve and fill their caps', async () => {
    const perCall = 7_500_000_000n + 10_000_000_000n
    const uniform = fc
      .array(fc.constantFrom(0, 1000, 60_000, 600_000, 3_000_000), { minLength: 30, maxLength: 60 })
      .map((gaps) => {
        let ts = Date.parse('2026-10-24T20:00Z')
        return gaps.map((gap): Call => {
          ts += gap + 500
          return { ts, user_id: 'ada', model: 'gpt-4o', input_tokens: 3000, cache_read_input_tokens: 0, cache_creation_input_tokens: 0, output_tokens: 1000, max_tokens: 1000, latency_ms: 400 } // prettier-ignore
        })
      })
    const times = (n: number): string => dollarText(BigInt(n) * perCall)
    let refusals = 0
    await fc.assert(
      fc.asyncProperty(
        uniform,
        fc.nat(6),
        fc.nat(9),
        fc.constantFrom(...zones),
        async (calls, hour, day, tz) => {
          await load(calls)
          const some = {
            hourly_usd: times(hour + 1),
            daily_usd: times(hour + 1 + day),
            monthly_usd: times(30),
          }
          const guard = await guardRefuses(calls, some, tz, {})
          refusals += guard.length
          expect(await replayRefuses(some, tz)).toEqual(guard)
          expect(await replayRefuses(some, tz, { outputTokens: 4096, lastsMs: 900_000 })).toEqual(guard)
        },
      ),
      { numRuns: tries(8, 300) },
    )
    expect(refusals).toBeGreaterThan(100)
  })
})
