/**
 * Money in another currency against whole-number arithmetic over single calls, written again here: the groups add up
 * to the total and to that sum, to the last digit; days without a rate are refused, by whatever way they are read.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { convertTo, ratesWithin } from '../../src/bases/convert.js'
import { lay } from '../../src/bases/layer.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import type { ExchangeRate } from '../../src/domain/costs/currency.js'
import { dimensionOf, type Dimension } from '../../src/domain/dimensions.js'
import type { Scope } from '../../src/domain/scope.js'
import { NoRate } from '../../src/errors.js'
import { breakdown, type BreakdownRow } from '../../src/metrics/breakdown.js'
import { inScope } from '../../src/metrics/scope.js'
import { trend, type TrendRow } from '../../src/metrics/trend.js'
import { tries } from './seed.js'

let db: Database
beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 2 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const runs = { numRuns: tries(15, 250) }
const dayMs = 86_400_000
const first = Date.UTC(2026, 8, 1)
const days = 12

interface Paid {
  readonly ts: number
  readonly feature: string | null
  readonly model: string
  /** 1e-12 USD. */
  readonly cost: bigint | null
  readonly list: bigint | null
  readonly reported: bigint | null
}

const amount = fc.oneof(
  fc.constant(null),
  fc.constant(0n),
  fc.bigInt({ min: 1n, max: 5_000_000_000n }),
  fc.bigInt({ min: 1n, max: 99_999_999_999_999_999n }),
)

const calls = fc.array(
  fc.record<Paid>({
    // The first and the last millisecond of days, too: a day is that of UTC.
    ts: fc
      .tuple(
        fc.nat(days - 1),
        fc.oneof(fc.nat(dayMs - 1), fc.constantFrom(0, dayMs - 1, dayMs / 2 - 1, dayMs / 2)),
      )
      .map(([day, ms]) => first + day * dayMs + ms),
    feature: fc.constantFrom('search', 'chat', null),
    model: fc.constantFrom('a', 'b', 'c'),
    cost: amount,
    list: amount,
    reported: amount,
  }),
  { minLength: 1, maxLength: 40 },
)

/** 1e-6 units of the currency for a dollar. */
const micros = fc.oneof(
  fc.integer({ min: 1, max: 3_000_000 }),
  fc.constantFrom(1, 920_000, 1_000_000, 149_350_000),
)

/** A rate for each day, or for some. */
const ratesOf = (known: readonly boolean[], values: readonly number[]): readonly ExchangeRate[] =>
  values.flatMap((value, day) =>
    known[day]
      ? [{ day: dayText(first + day * dayMs), currency: 'EUR', rate: decimal(BigInt(value), 6) }]
      : [],
  )

const allKnown = Array.from({ length: days }, () => true)
const rateList = fc.array(micros, { minLength: days, maxLength: days })
const someKnown = fc.array(fc.boolean(), { minLength: days, maxLength: days })

const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

function decimal(digits: bigint, places: number): string {
  const text = (digits < 0n ? -digits : digits).toString().padStart(places + 1, '0')
  return `${digits < 0n ? '-' : ''}${text.slice(0, -places)}.${text.slice(-places)}`
}

async function load(some: readonly Paid[]): Promise<void> {
  await db.run('DELETE FROM calls')
  const value = (one: bigint | null): string =>
    one === null ? 'NULL' : `CAST('${decimal(one, 12)}' AS DECIMAL(18,12))`
  const rows = some.map(
    ({ ts, feature, model, cost, list, reported }, i) =>
      `('c${i}', 'test', epoch_ms(${ts}), ${feature === null ? 'NULL' : `'${feature}'`}, '${model}', ${value(cost)}, ${value(list)}, ${value(reported)})`,
  )
  await db.run(
    `INSERT INTO calls (call_id, source, ts, feature, model, cost_usd, list_cost_usd, reported_cost_usd) VALUES ${rows.join(', ')}`,
  )
}

const scope = (more: Partial<Scope> = {}): Scope => ({
  since: null,
  until: null,
  tz: 'UTC',
  filters: [],
  currency: 'EUR',
  ...more,
})

interface Asked {
  readonly rates: readonly ExchangeRate[]
  readonly takesBefore?: boolean
  /** Added to each cost, 1e-18 USD: as amounts have that were spread over calls. */
  readonly fraction?: bigint
  readonly scope?: Scope
}

/** A connection of its own, in the currency. */
async function inEuros<T>(asked: Asked, work: (own: Database) => Promise<T>): Promise<T> {
  const { rates, takesBefore = false, fraction, scope: within = scope() } = asked
  return db.beside(async (own) => {
    await own.run('USE store')
    if (fraction !== undefined)
      await lay(own, {
        over: (from) =>
          `SELECT * REPLACE (CAST(cost_usd AS DECIMAL(38,18)) + CAST('${decimal(fraction, 18)}' AS DECIMAL(38,18)) AS cost_usd) FROM ${from}`,
      })
    const conversion = { currency: 'EUR', rates, takesBefore, isFine: fraction !== undefined }
    await convertTo(own, conversion, inScope(within), 'rates.csv')
    return work(own)
  })
}

async function rowsOf(own: Database, by: readonly Dimension[], more: Partial<Scope> = {}, top?: number) {
  const measures = ['calls', 'cost_usd', 'list_cost_usd', 'reported_cost_usd', 'max_cost_usd'] as const
  const { sql, params } = breakdown({ scope: scope(more), by, measures, top })
  return (await own.query<BreakdownRow>(sql, params)).rows as BreakdownRow[]
}

/** 1e-18 of an exact decimal; what is missing adds nothing. */
function units(text: unknown): bigint {
  if (text === null || text === undefined) return 0n
  const [, sign, whole = '', part = ''] = /^(-?)(\d+)\.(\d{18})$/.exec(String(text))!
  return BigInt(`${sign}${whole}${part}`)
}

/** Rounded half away from zero. */
function rounded(numerator: bigint, denominator: bigint): bigint {
  const size = numerator < 0n ? -numerator : numerator
  const half = (2n * size + denominator) / (2n * denominator)
  return numerator < 0n ? -half : half
}

/** What a call costs, 1e-18 of the currency. */
function expected(picos: bigint | null, rate: number, fraction?: bigint): bigint | null {
  if (picos === null) return null
  return fraction === undefined
    ? picos * BigInt(rate)
    : rounded((picos * 1_000_000n + fraction) * BigInt(rate), 1_000_000n)
}

const dayOf = ({ ts }: Paid): number => Math.floor((ts - first) / dayMs)

const totalOf = (amounts: readonly (bigint | null)[]): bigint =>
  amounts.reduce<bigint>((sum, one) => sum + (one ?? 0n), 0n)

const groupings = fc.constantFrom(
  ...[[], ['feature'], ['model'], ['feature', 'model'], ['day'], ['hour_of_day'], ['model', 'week']].map(
    (names) => names.map(dimensionOf),
  ),
)
const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/New_York')

describe('each day has a rate', () => {
  test('groups add up to the total, and to what whole numbers come to', async () => {
    await fc.assert(
      fc.asyncProperty(
        calls,
        rateList,
        groupings,
        zones,
        fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
        fc.constantFrom(undefined, 1n, 7n, 123_456n, -999_999n),
        async (some, values, by, tz, top, fraction) => {
          await load(some)
          await inEuros({ rates: ratesOf(allKnown, values), fraction }, async (own) => {
            const rows = await rowsOf(own, by, { tz }, by.length === 0 ? undefined : top)
            const total = rows.find((row) => row.is_total)!
            const costs = some.map((call) => expected(call.cost, values[dayOf(call)]!, fraction))
            expect(units(total.cost_usd)).toBe(totalOf(costs))
            expect(units(total.list_cost_usd)).toBe(
              totalOf(some.map((call) => expected(call.list, values[dayOf(call)]!))),
            )
            expect(units(total.reported_cost_usd)).toBe(
              totalOf(some.map((call) => expected(call.reported, values[dayOf(call)]!))),
            )
            const known = costs.filter((one) => one !== null)
            if (known.length > 0)
              expect(units(total.max_cost_usd)).toBe(known.reduce((a, b) => (a > b ? a : b)))
            if (by.length === 0) return
            const groups = rows.filter((row) => !row.is_total)
            expect(totalOf(groups.map((row) => units(row.cost_usd)))).toBe(totalOf(costs))
            expect(totalOf(groups.map((row) => units(row.list_cost_usd)))).toBe(units(total.list_cost_usd))
          })
        },
      ),
      runs,
    )
  })

  test('each group is the sum of its calls; filters compare with amounts in the currency', async () => {
    await fc.assert(
      fc.asyncProperty(
        calls,
        rateList,
        fc.bigInt({ min: 0n, max: 10n ** 13n }),
        async (some, values, least) => {
          await load(some)
          const bound = decimal(least, 12)
          const filters = [{ dimension: 'cost_usd', operator: '>=', value: bound } as const]
          await inEuros({ rates: ratesOf(allKnown, values) }, async (own) => {
            const groups = (await rowsOf(own, [dimensionOf('model')], { filters })).filter(
              (row) => !row.is_total,
            )
            for (const model of ['a', 'b', 'c']) {
              const costs = some
                .filter((call) => call.model === model)
                .map((call) => expected(call.cost, values[dayOf(call)]!))
                .filter((cost) => cost !== null && cost >= least * 1_000_000n)
              const row = groups.find((one) => one.d0 === model)
              expect(Number(row?.calls ?? 0)).toBe(costs.length)
              expect(units(row?.cost_usd)).toBe(totalOf(costs))
            }
          })
        },
      ),
      runs,
    )
  })

  test('days of a trend begin where the zone says, and rates are of the UTC day', async () => {
    await fc.assert(
      fc.asyncProperty(calls, rateList, zones, async (some, values, tz) => {
        await load(some)
        await inEuros({ rates: ratesOf(allKnown, values) }, async (own) => {
          const { sql, params } = trend({
            scope: scope({ tz }),
            every: 'day',
            by: [],
            measures: ['cost_usd'],
            top: 1,
          })
          const rows = (await own.query<TrendRow>(sql, params)).rows as TrendRow[]
          const whole = rows.find((row) => row.is_window)!
          const costs = some.map((call) => expected(call.cost, values[dayOf(call)]!))
          expect(units(whole.cost_usd)).toBe(totalOf(costs))
          expect(totalOf(rows.filter((row) => !row.is_window).map((row) => units(row.cost_usd)))).toBe(
            totalOf(costs),
          )
        })
      }),
      { numRuns: tries(6, 80) },
    )
  })
})

describe('days without a rate', () => {
  const isPaid = ({ cost, list, reported }: Paid): boolean =>
    cost !== null || list !== null || reported !== null

  test('are refused, the first of them named; calls without any amount need none', async () => {
    await fc.assert(
      fc.asyncProperty(calls, rateList, someKnown, async (some, values, known) => {
        const rates = ratesOf(known, values)
        fc.pre(rates.length > 0)
        await load(some)
        const missing = [
          ...new Set(some.filter((call) => isPaid(call) && !known[dayOf(call)]).map(({ ts }) => dayText(ts))),
        ].toSorted()
        const asked = inEuros({ rates }, async (own) => rowsOf(own, []))
        if (missing.length === 0) expect(units((await asked)[0]!.cost_usd)).toBeGreaterThanOrEqual(0n)
        else
          await expect(asked).rejects.toMatchObject({
            message: `there is no rate of EUR for ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more day${missing.length === 4 ? '' : 's'}` : ''}`,
            location: 'rates.csv',
          })
      }),
      runs,
    )
  })

  test('outside the scope are refused where a statement reads them, and only there', async () => {
    await fc.assert(
      fc.asyncProperty(calls, rateList, someKnown, fc.nat(days), async (some, values, known, from) => {
        const since = new Date(first + from * dayMs).toISOString()
        const all = ratesOf(
          known.map((one, day) => one || day >= from),
          values,
        )
        fc.pre(all.length > 0)
        await load(some)
        const inside = some.filter(({ ts }) => ts >= Date.parse(since))
        const isMissing = some.some((call) => call.cost !== null && dayOf(call) < from && !known[dayOf(call)])
        await inEuros({ rates: all, scope: scope({ since }) }, async (own) => {
          const [total] = await rowsOf(own, [], { since })
          expect(units(total!.cost_usd)).toBe(
            totalOf(inside.map((call) => expected(call.cost, values[dayOf(call)]!))),
          )
          const outside = own.query('SELECT sum(cost_usd) AS cost_usd FROM calls')
          if (isMissing) await expect(outside).rejects.toBeInstanceOf(NoRate)
          else await expect(outside).resolves.toBeDefined()
          // What reads no amount needs no rate.
          expect((await own.one<{ n: number }>('SELECT count(*) AS n FROM calls')).n).toBe(some.length)
        })
      }),
      runs,
    )
  })

  test('have the last rate before, where that is asked for; none before the first', async () => {
    await fc.assert(
      fc.asyncProperty(calls, rateList, someKnown, async (some, values, known) => {
        const rates = ratesOf(known, values)
        fc.pre(rates.length > 0)
        await load(some)
        const begin = known.indexOf(true)
        const rateAt = (day: number): number => values[known.lastIndexOf(true, day)]!
        const isMissing = some.some((call) => isPaid(call) && dayOf(call) < begin)
        const asked = { rates: rates.toReversed(), takesBefore: true }
        if (isMissing) {
          await expect(inEuros(asked, (own) => rowsOf(own, []))).rejects.toBeInstanceOf(NoRate)
          return
        }
        await inEuros(asked, async (own) => {
          const [total] = await rowsOf(own, [])
          expect(units(total!.cost_usd)).toBe(
            totalOf(some.map((call) => expected(call.cost, rateAt(dayOf(call))))),
          )
          const used = some.filter(({ cost }) => cost !== null).map((call) => rateAt(dayOf(call)) / 1e6)
          const said = (await ratesWithin(own, inScope(scope()))).map(Number)
          expect(said).toEqual(used.length === 0 ? [] : [Math.min(...used), Math.max(...used)])
        })
      }),
      runs,
    )
  })
})
