/**
 * What the status line says is what `breakdown` and `budget` say of the same calls, to the last digit, after anything
 * that happens to a store; and to say that the sums are still true gives the same as to make them anew.
 */
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { openStoreForReading, writeStore } from '../../src/db/store.js'
import type { StoreOptions } from '../../src/db/store-lock.js'
import { budgetPeriods } from '../../src/domain/budgets/budget.js'
import { parseBudget } from '../../src/domain/budgets/budget-option.js'
import { runningPeriod } from '../../src/domain/budgets/budget-period.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { Scope } from '../../src/domain/scope.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import { history } from '../../src/metrics/store/history.js'
import { askBudgets } from '../../src/questions/budget-states.js'
import { askSums, confirmSums, keepSums } from '../../src/questions/line-sums.js'
import { ask } from '../../src/questions/question.js'
import { readSumsOf, storeState } from '../../src/statusline/file.js'
import { lineFigures, type LineFigures } from '../../src/statusline/figures.js'
import { readSums, sumsText, type Sums } from '../../src/statusline/sums.js'
import { Workshop } from './ingesting.js'
import { cubed, steps, World, type Step } from './rollups-world.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const begin = Date.UTC(2026, 9, 1)

/** Days by which the three days of the logs are moved: onto changes of the clock, and the end of a month. */
const shifts = { 'Australia/Lord_Howe': 2, 'Europe/Berlin': 23, 'America/New_York': 30, 'Asia/Kathmandu': 29 }

/** In sessions, and moved: what follows from an id stays the same in all its copies. */
const moved = (line: string, days: number): string => {
  const told = JSON.parse(line) as Record<string, unknown>
  if (told['created'] !== undefined)
    return JSON.stringify({ ...told, created: (told['created'] as number) + days * 86_400 })
  const { request_id: id, timestamp, feature } = told as Record<string, string>
  const session = id === undefined ? (feature ?? null) : `s${id.length + id.charCodeAt(id.length - 1)}`
  return JSON.stringify({
    ...told,
    timestamp: new Date(Date.parse(timestamp!) + days * dayMs).toISOString(),
    ...(session === null ? {} : { session_id: session }),
  })
}

/** A call of a session of Claude Code; one session has calls of other logs, too. */
const agentLine = ([id, minute, session, tokens]: readonly number[], days: number): string =>
  JSON.stringify({
    type: 'assistant',
    sessionId: ['s57', 'a', 'b'][session!],
    uuid: `u${id}`,
    requestId: `req_${id}`,
    timestamp: new Date(begin + days * dayMs + minute! * 60_000).toISOString(),
    message: {
      id: `msg_${id}`,
      model: 'claude-sonnet-4-5',
      usage: { input_tokens: tokens, output_tokens: 7 },
    },
  })

/** What an agent logs, read anew after each step. */
const agentCalls = fc.array(
  fc.array(fc.tuple(fc.nat(20), fc.nat(30 * 60), fc.nat(2), fc.nat(90_000)), { minLength: 1, maxLength: 12 }),
  { minLength: 4, maxLength: 4 },
)

const movedStep = (step: Step, days: number): Step =>
  'lines' in step ? { ...step, lines: step.lines.map((line) => moved(line, days)) } : step

const budgets = [
  '200',
  'daily:3',
  'weekly:1',
  'monthly:5 feature=search',
  'daily:9 model~gpt feature=chat',
].map((text) => parseBudget(text))

/** In hours after the beginning of the logs. */
const moment = fc.integer({ min: 1, max: 72 * 60 }).map((minutes) => minutes / 60)

/** When the steps are taken: mostly one after the other, and what came before need not be asked again. */
const moments = fc
  .tuple(fc.array(moment, { minLength: 4, maxLength: 4 }), fc.nat(3))
  .map(([all, one]) => (one === 0 ? all : all.toSorted((a, b) => a - b)))

interface Kept {
  readonly path: string
  readonly options: StoreOptions
  readonly tz: string
}

async function scopeCost(db: Database, scope: Scope): Promise<{ cost: unknown; calls: number }> {
  const [row] = await ask(db, breakdown({ scope, by: [], measures: ['cost_usd', 'calls'] }))
  return { cost: row?.cost_usd ?? null, calls: Number(row?.calls ?? 0) }
}

async function assertPeriods(db: Database, sums: Sums, tz: string, at: Date): Promise<LineFigures> {
  const figures = lineFigures(sums, noSession, { now: at, isBehind: false })!
  for (const period of budgetPeriods) {
    const { since } = runningPeriod(period, at, tz)
    const found = figures.periods[period]
    expect(found.period.since).toBe(since)
    if (since >= sums.until) expect(found).toMatchObject({ calls: 0, costUsd: '0.000000000000' })
    else {
      const { cost, calls } = await scopeCost(db, { since, until: sums.until, filters: [], tz })
      seen.calls += calls
      expect(found.calls).toBe(calls)
      expect(found.costUsd).toBe(cost ?? (found.calls === 0 ? '0.000000000000' : null))
    }
  }
  return figures
}

const noSession = { id: undefined, costUsd: undefined, columns: undefined }

/** What there was to compare: a law of nothing is none. */
const seen = { sessions: 0, calls: 0 }

/** Of agents: all calls of each, whoever logged them. */
async function assertSessions(db: Database, sums: Sums, tz: string): Promise<void> {
  const bySession = async (scope: Scope): Promise<Map<string, unknown>> => {
    const by = [dimensionOf('session')]
    const rows = await ask(db, breakdown({ scope, by, measures: ['cost_usd', 'calls'] }))
    return new Map(
      rows.flatMap(({ d0, is_total: isTotal, cost_usd: cost, calls }) =>
        isTotal || d0 === null ? [] : [[String(d0), { costUsd: cost ?? null, calls: Number(calls) }]],
      ),
    )
  }
  const window = { since: null, until: sums.until, tz }
  const all = await bySession({ ...window, filters: [] })
  const ofAgent = await bySession({
    ...window,
    filters: [{ dimension: 'source', operator: '=', value: 'claude-code' }],
  })
  seen.sessions += sums.sessions!.size
  const found = [...sums.sessions!].map(([id, { costUsd, calls }]) => [id, { costUsd, calls }] as const)
  expect(new Map(found)).toEqual(new Map([...ofAgent.keys()].map((id) => [id, all.get(id)])))
}

async function assertEqual({ path, options, tz }: Kept, now: Date, later: number): Promise<void> {
  const sums = readSumsOf(path) as Sums
  expect(sums.mark).toBe(storeState(path)?.mark)
  expect(readSums(sumsText(sums))).toEqual(sums)
  const db = await openStoreForReading(path, options)
  try {
    const { states } = await askBudgets(
      {
        db,
        scope: { since: null, until: null, filters: [], tz },
        asOf: now,
        history: (await ask(db, history(now.toISOString())))[0]!,
      },
      budgets,
    )
    const figures = await assertPeriods(db, sums, tz, now)
    expect(figures.budgets.map(({ spentUsd, calls, level }) => ({ spentUsd, calls, level }))).toEqual(
      states.map(({ spentUsd, calls, level }) => ({ spentUsd, calls, level })),
    )
    await assertPeriods(db, sums, tz, new Date(now.getTime() + later))
    await assertSessions(db, sums, tz)
    const after = await scopeCost(db, { since: sums.until, until: null, filters: [], tz })
    expect(sums.laterCalls).toBe(after.calls)
  } finally {
    db.close()
  }
}

/** Said to be true still at a later time, and made anew then. */
async function assertConfirmed({ path, options, tz }: Kept, at: Date): Promise<void> {
  await confirmSums(path, options, { tz, budgets }, at)
  const confirmed = readSumsOf(path) as Sums
  const db = await openStoreForReading(path, options)
  const anew = await askSums(db, storeState(path)!.mark, { tz, budgets }, at).finally(() => db.close())
  const read = (sums: Sums): unknown => ({
    ...lineFigures(sums, noSession, { now: at, isBehind: false }),
    until: sums.until,
    made: sums.made,
    later: sums.laterCalls,
  })
  expect(read(confirmed)).toEqual(read(anew))
}

test('the figures of the line are those of breakdown and budget, to the last digit', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps(3),
      fc.constantFrom(...Object.entries(shifts)),
      agentCalls,
      moments,
      fc.constantFrom(0, 20 * 60_000, hourMs * 5, dayMs, 33 * dayMs),
      async (all, [tz, days], ofAgent, at, later) => {
        const path = workshop.store()
        let now = new Date(0)
        const failures: unknown[] = []
        const options: { -readonly [Name in keyof StoreOptions]: StoreOptions[Name] } = {
          ...cubed,
          written: {
            tell: (db, store) => keepSums(db, store, { tz, budgets }, now),
            failed: (error) => failures.push(error),
          },
        }
        const world = new World(workshop.room(), path, options)
        for (const [i, step] of all.entries()) {
          now = new Date(begin + days * dayMs + at[i]! * hourMs)
          options.rollups = i === 2 ? 'always' : 'never'
          await world.take(movedStep(step, days))
          const lines = ofAgent[i]!.map((one) => agentLine(one, days))
          await world.take({ kind: 'replace', file: 4, lines })
          expect(failures).toEqual([])
          const sums = readSumsOf(path) as Sums
          // What changes nothing writes nothing: they are of the time before.
          await assertEqual({ path, options, tz }, new Date(sums.made), later)
        }
        await assertConfirmed({ path, options, tz }, new Date(now.getTime() + 40_000))
        await assertConfirmed({ path, options, tz }, new Date(begin + (days + 4) * dayMs))
      },
    ),
    { numRuns: tries(3, 100) },
  )
  expect(Math.min(seen.sessions, seen.calls)).toBeGreaterThan(5)
}, 120_000)

test('of a write no hour is missed that it changed, and what it left alone is not asked again', async () => {
  const path = workshop.store()
  const what = { tz: 'UTC', budgets }
  let now = new Date(begin + 10 * dayMs)
  const options: StoreOptions = {
    ...cubed,
    rollups: 'never',
    written: {
      tell: (db, store) => keepSums(db, store, what, now),
      failed: (error) => expect(error).toBeUndefined(),
    },
  }
  const world = new World(workshop.room(), path, options)
  const callAt = (hour: number, model = 'gpt-4o'): string =>
    JSON.stringify({
      request_id: `at-${hour}`,
      timestamp: new Date(begin + hour * hourMs).toISOString(),
      model,
      input_tokens: 1000 + hour,
      output_tokens: 1,
      feature: 'search',
    })
  const ingested = (file: number, ...lines: string[]): Step => ({ kind: 'ingest', file, lines })
  const all: readonly Step[] = [
    ingested(0, callAt(30), callAt(31)),
    ingested(1, callAt(100)),
    ingested(2, callAt(10, 'in-house-1'), callAt(12)),
    { kind: 'grow', file: 1, lines: [callAt(101)] },
    { kind: 'forget', file: 0 },
    { kind: 'replace', file: 1, lines: [callAt(200)] },
    { kind: 'reprice', usd: 7 },
    // Of a time to come, which comes.
    ingested(0, callAt(250), callAt(50)),
    ingested(3, callAt(60)),
  ]
  for (const [i, step] of all.entries()) {
    now = new Date(now.getTime() + (i === all.length - 1 ? 20 : 1) * hourMs)
    await world.take(step)
    const db = await openStoreForReading(path, options)
    const sums = readSumsOf(path) as Sums
    expect(sums).toEqual(await askSums(db, sums.mark, what, now).finally(() => db.close()))
  }
  // Who writes something else than calls leaves them as they are, of the state that it made.
  const before = readSumsOf(path) as Sums
  const db = await Database.open(':memory:', 'write', options)
  await writeStore(db, path, options, async () => {
    await db.run("INSERT INTO store.main.meta VALUES ('another', 'note')")
  }).finally(() => db.close())
  const after = readSumsOf(path) as Sums
  expect(after).toEqual({ ...before, mark: storeState(path)!.mark })
  expect(after.mark).not.toBe(before.mark)
})

test('what is no file of sums is none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(readSums(text)).toBeUndefined()
    }),
    { numRuns: 200 },
  )
  expect(readSums(JSON.stringify({ version: 2 }))).toBeUndefined()
})
