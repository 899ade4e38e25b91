/** Sums that add up to the last decimal, files that land whole or not at all, values that are possible or refused. */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { breakdownCommand } from '../../src/commands/ask/breakdown.js'
import { json } from '../../src/renderers/json.js'
import { answerOf, units, type Answer, type Cell } from './exact-json.js'
import { ask, contentsOf, ingestInto, Workshop, write } from './ingesting.js'
import { counted, expectedCalls, fileText, log, logs, type Log } from './logs.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const place = (room: string, all: readonly Log[]): string[] =>
  all.map((one) => write(join(room, one.name), fileText(one)))

/** What `breakdown --json` prints. */
async function breakdownOf(db: string, by: string): Promise<Answer> {
  const { report } = await breakdownCommand.run({
    args: [],
    options: { db, by, tz: 'UTC', lockTimeout: '5s', until: '2027-01-01', memoryLimit: '512MB' },
    env: {},
    version: 'test',
    now: new Date('2026-11-01T00:00:00Z'),
    terminal: { columns: 100, interactive: false, warn: () => undefined, progress: process.stderr },
    given: (name) => ['db', 'by', 'until'].includes(name),
  })
  return answerOf(json.render(report!, { columns: 100, color: false }))
}

const sum = (cells: readonly (Cell | undefined)[]): bigint =>
  cells.reduce<bigint>((all, cell) => (cell === null || cell === undefined ? all : all + units(cell)), 0n)

describe('one sum', () => {
  const dimensions = [
    'model',
    'user_id',
    'feature',
    'provider',
    'hour',
    'day',
    'weekday',
    'user_id,feature',
    'tag.kind',
    'status',
  ]

  test('the groups of every dimension add up to the total, to the last decimal', async () => {
    // A cost of up to twelve decimals that no double holds.
    const amount = fc
      .tuple(fc.nat(9), fc.bigInt({ min: 0n, max: 999_999_999_999n }))
      .map(([whole, part]) => `${whole}.${part.toString().padStart(12, '0')}`)
    const record = fc.record({
      user_id: fc.constantFrom('u1', 'u2', null),
      model: fc.constantFrom('in-house-1', 'gpt-4o', 'claude-haiku-4-5', null),
      feature: fc.constantFrom('chat', 'search', null),
      kind: fc.constantFrom('x', 'y', null),
      hour: fc.nat(200),
      cost: fc.option(amount, { freq: 3 }),
      input: fc.nat(1_000_000),
      output: fc.nat(100_000),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 80 }),
        fc.subarray(dimensions, { minLength: 4, maxLength: 4 }),
        async (records, some) => {
          const lines = records.map(({ hour, input, output, cost, ...labels }) => {
            const time = new Date(Date.UTC(2026, 8, 1, hour)).toISOString()
            const known = Object.entries(labels).flatMap(([key, value]) =>
              value === null ? [] : [`"${key}": "${value}"`],
            )
            const money = cost === null ? [] : [`"cost_usd": ${cost}`]
            return `{${[`"ts": "${time}"`, ...known, `"input_tokens": ${input}`, `"output_tokens": ${output}`, ...money].join(', ')}}`
          })
          const db = workshop.store()
          await ingestInto(db, [write(join(workshop.room(), 'log.jsonl'), lines.join('\n'))], {
            costBasis: 'reported-first',
          })
          const costs = await ask(db, 'SELECT cost_usd FROM calls')
          const total = sum(costs.map((row) => row['cost_usd'] as Cell))
          const priced = costs.filter((row) => row['cost_usd'] !== null).length
          // What was reported came through every cast without loss.
          const reported = records.flatMap(({ cost }) => (cost === null ? [] : [units(cost)]))
          const stored = await ask(
            db,
            'SELECT reported_cost_usd AS c FROM calls WHERE reported_cost_usd IS NOT NULL',
          )
          expect(sum(stored.map((row) => row['c'] as Cell))).toBe(reported.reduce((a, b) => a + b, 0n))
          for (const by of some) {
            const { rows, totals } = await breakdownOf(db, by)
            expect(sum(rows.map((row) => row['cost_usd']))).toBe(total)
            expect(rows.reduce((all, row) => all + Number(row['calls']), 0)).toBe(records.length)
            if (priced > 0) expect(units(totals['cost_usd'])).toBe(total)
            expect(Number(totals['unpriced_calls'])).toBe(records.length - priced)
          }
        },
      ),
      { numRuns: tries(4, 40) },
    )
  })
})

describe('a file is in wholly or not at all', () => {
  test('with --strict any reject keeps the file out; the others land', async () => {
    await fc.assert(
      fc.asyncProperty(logs(tries(5, 8)), async (all) => {
        const room = workshop.room()
        const db = workshop.store()
        const summary = await ingestInto(db, place(room, all), { rejectLimit: { count: 0 } })
        const clean = all.filter((one) => counted(one).rejected === 0)
        expect(summary.files.map((file) => file.state)).toEqual(
          all.map((one) => (clean.includes(one) ? 'read' : 'refused')),
        )
        expect((await contentsOf(db)).calls.length).toBe(expectedCalls(clean).length)
        for (const file of summary.files.filter((one) => one.state === 'refused')) {
          expect(file.imported + file.rejected).toBe(0)
          expect(file.reasons.length).toBeGreaterThan(0)
        }
        const [files] = await ask(db, 'SELECT count(*) AS n FROM files')
        expect(files).toEqual({ n: clean.length })
        expect(await ask(db, 'SELECT * FROM rejects')).toEqual([])
        // What was refused is read once it is allowed, and a dry run changes nothing.
        const before = await contentsOf(db)
        await ingestInto(db, place(room, all), { dryRun: true })
        expect(await contentsOf(db)).toEqual(before)
        await ingestInto(db, place(room, all))
        const whole = workshop.store()
        await ingestInto(whole, place(room, all))
        expect(await contentsOf(db)).toEqual(await contentsOf(whole))
      }),
      { numRuns: tries(4, 30) },
    )
  })

  test('above the share of rejects a file is refused, at the share it is not', async () => {
    await fc.assert(
      fc.asyncProperty(
        log({ formats: ['jsonl'], maxLines: 30 }),
        fc.integer({ min: 0, max: 100 }),
        async (one, percent) => {
          const whole = { ...one, endsWithNewline: true }
          const { calls, rejected } = counted(whole)
          const summary = await ingestInto(workshop.store(), place(workshop.room(), [whole]), {
            rejectLimit: { share: percent / 100 },
          })
          const refused = rejected > (percent / 100) * (calls + rejected)
          expect(summary.files[0]?.state).toBe(refused ? 'refused' : 'read')
        },
      ),
      { numRuns: tries(4, 40) },
    )
  })
})

describe('impossible values', () => {
  const tokens = fc.oneof(
    fc.nat(2_000_000_000),
    fc.integer({ min: -5, max: 5 }),
    fc.double({ min: -10, max: 10, noNaN: true }),
    fc.constantFrom(0, 1e9, 1e9 + 1, 1e18, 1e308, -1e308, 0.5, 1e-9),
  )
  const cost = fc.oneof(
    fc.integer({ min: -20, max: 2_000_000 }).map((dimes) => dimes / 10),
    fc.constantFrom(0, 100_000, 100_000.000001, -0.000000001, 1e308),
  )
  const year = fc.oneof(fc.integer({ min: 1990, max: 2120 }), fc.constantFrom(2014, 2015, 2100, 2101))

  test('are rejected; possible ones are stored as they are', async () => {
    const record = fc.record({ input: tokens, output: tokens, cost, year, cached: fc.option(tokens) })
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 20, maxLength: 60 }), async (records) => {
        const lines = records.map((one, i) =>
          JSON.stringify({
            id: `call-${i}`,
            timestamp: `${one.year}-06-01T00:00:00Z`,
            input_tokens: one.input,
            output_tokens: one.output,
            cost: one.cost,
            ...(one.cached === null ? {} : { cached_tokens: one.cached }),
          }),
        )
        const text = [
          JSON.stringify({ id: 'fine', timestamp: '2026-06-01', input_tokens: 1 }),
          ...lines,
        ].join('\n')
        const db = workshop.store()
        const summary = await ingestInto(db, [write(join(workshop.room(), 'log.jsonl'), text)])
        const possible = (n: number): boolean => Number.isInteger(n) && n >= 0 && n <= 1e9
        const good = records.flatMap((one, i) => {
          const beyond = one.cached !== null && one.cached > one.input
          // Cached tokens beyond the input were not counted in it: they are added, by a rule that is counted.
          // Adding 0 makes of -0 the 0 that JSON has for it.
          const input = (beyond ? one.input + one.cached! : one.input) + 0
          const fits =
            possible(one.input) &&
            possible(one.output) &&
            (one.cached === null || possible(one.cached)) &&
            input <= 1e9 &&
            one.cost >= 0 &&
            one.cost <= 100_000 &&
            one.year >= 2015 &&
            one.year <= 2100
          return fits ? [{ id: `call-${i}`, input, output: one.output + 0 }] : []
        })
        expect(summary.totals.imported).toBe(good.length + 1)
        expect(summary.totals.rejected).toBe(records.length - good.length)
        const stored = await ask(
          db,
          "SELECT call_id AS id, input_tokens AS input, output_tokens AS output FROM calls WHERE call_id <> 'fine'",
        )
        const byId = (a: { id?: unknown }, b: { id?: unknown }): number =>
          String(a.id) < String(b.id) ? -1 : 1
        expect([...stored].sort(byId)).toEqual(good.sort(byId))
        const [nameless] = await ask(
          db,
          "SELECT count(*) AS n FROM rejects WHERE reason NOT LIKE '%: %' AND reason NOT LIKE '%beyond%'",
        )
        expect(nameless).toEqual({ n: 0 })
      }),
      {
        numRuns: tries(5, 60),
        // Found once: JSON has no -0.
        examples: [[[{ input: -0, output: -0, cost: -0, year: 2026, cached: null }]]],
      },
    )
  })
})
