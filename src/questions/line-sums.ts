/** The sums of the status line: asked of the store as it is, and kept in the file beside it. */
import type { Database } from '../db/database.js'
import { hasElsewhere } from '../db/absent-calls.js'
import { schemaVersion } from '../db/schema.js'
import { openStoreForReading } from '../db/store.js'
import type { StoreOptions, WrittenStore } from '../db/store-lock.js'
import type { Budget } from '../domain/budgets/budget.js'
import type { Filter, Scope } from '../domain/scope.js'
import { monthOf, weekOf } from '../domain/time/calendar.js'
import { assertZone, dayMs, hourMs } from '../domain/time/zones.js'
import { CallsElsewhere } from '../errors.js'
import { quarterHours, type QuarterHourRow } from '../metrics/budgets/quarter-hours.js'
import { recentSessions } from '../metrics/budgets/recent-sessions.js'
import { markOf, readSumsOf, storeState, writeSumsOf } from '../statusline/file.js'
import { quarterMs, type Sums } from '../statusline/sums.js'
import { ask } from './question.js'

/** Sessions whose last call is older are not asked for by any agent that runs, and no more than so many run. */
const sessionDays = 7
const mostSessions = 200
/** So many calls are looked through for sessions; in more it would take longer than most writes. */
const mostSearched = 5_000_000

/** What the sums are made for. */
export interface SumsFor {
  /** IANA zone in which days begin. */
  readonly tz: string
  readonly budgets: readonly Budget[]
}

/** Sums of the store as it was, and the only quarter-hours that may have become others. */
interface Earlier {
  readonly sums: Sums
  readonly first: number
  readonly last: number
}

/**
 * @param mark the state that the store of `db` is in
 * @param earlier what need not be asked again
 */
export async function askSums(
  db: Database,
  mark: string,
  { tz, budgets }: SumsFor,
  now: Date,
  earlier?: Earlier,
): Promise<Sums> {
  assertZone(tz, 'tz')
  const since = firstNeeded(now)
  const keys = [...new Set(budgets.map(({ filters }) => JSON.stringify(filters)))]
  const sets = [[], ...keys.filter((key) => key !== '[]').map((key) => JSON.parse(key) as Filter[])]
  const isElsewhere = await hasElsewhere(db)
  const told =
    earlier === undefined || isElsewhere
      ? await quartersOf(db, { since, now, sets })
      : { until: now.toISOString(), sets: await quartersAfter(db, earlier, { since, now, sets }) }
  const later = await ask(db, quarterHours({ scope: scopeOf(told.until, null), filterSets: [[]] }))
  const setOf = (budget: Budget): number | null => {
    const set = sets.findIndex((filters) => JSON.stringify(filters) === JSON.stringify(budget.filters))
    return set < told.sets.length ? set : null
  }
  return {
    mark,
    schemaVersion,
    made: now.toISOString(),
    since,
    until: told.until,
    laterCalls: later.reduce((sum, { calls_0: calls }) => sum + Number(calls), 0),
    isElsewhere,
    tz,
    budgets: budgets.map((budget) => ({ ...budget, set: setOf(budget) })),
    sets: told.sets,
    // A session may have begun in hours whose calls are elsewhere.
    sessions: isElsewhere ? null : await sessionsOf(db, told.until),
  }
}

/** Before the running week and month begin in any zone; a quarter-hour of UTC. */
const firstNeeded = (now: Date): string =>
  new Date(Math.min(monthOf(now.getTime() - dayMs), weekOf(now.getTime() - dayMs)) - dayMs).toISOString()

const scopeOf = (since: string, until: string | null): Scope => ({ since, until, filters: [], tz: 'UTC' })

const quarterOf = (ms: number): number => Math.floor(ms / quarterMs)
const isoOf = (quarter: number): string => new Date(quarter * quarterMs).toISOString()

interface Asked {
  readonly since: string
  readonly now: Date
  readonly sets: readonly (readonly Filter[])[]
}

/**
 * Of all sets up to now. Where the calls of the running quarter-hour are elsewhere, up to it; where what budgets
 * cover cannot be told without calls that are elsewhere, of all calls alone.
 */
async function quartersOf(db: Database, { since, now, sets }: Asked): Promise<Pick<Sums, 'until' | 'sets'>> {
  const untils = [now.toISOString(), isoOf(quarterOf(now.getTime()))]
  const ways = untils.flatMap((until) => [sets, [[]]].map((filterSets) => ({ until, filterSets })))
  for (const [i, { until, filterSets }] of ways.entries()) {
    try {
      const rows = await ask(db, quarterHours({ scope: scopeOf(since, until), filterSets }))
      return { until, sets: filterSets.map((_, set) => setFrom(rows, set)) }
    } catch (error) {
      if (!(error instanceof CallsElsewhere) || i === ways.length - 1) throw error
    }
  }
  throw new Error('no way to ask for quarter-hours')
}

/** Those that may have become others are asked, and the rest is as it was. */
async function quartersAfter(
  db: Database,
  { sums, first, last }: Earlier,
  { since, now, sets }: Asked,
): Promise<Sums['sets']> {
  const from = Math.max(first, quarterOf(Date.parse(since)))
  const until = Math.min((last + 1) * quarterMs, now.getTime())
  const rows =
    from * quarterMs >= until
      ? []
      : await ask(
          db,
          quarterHours({ scope: scopeOf(isoOf(from), new Date(until).toISOString()), filterSets: sets }),
        )
  const isKept = ({ quarter }: Sums['sets'][number][number]): boolean =>
    quarter * quarterMs >= Date.parse(since) && (quarter < first || quarter > last)
  return sums.sets.map((set, i) =>
    [...set.filter(isKept), ...setFrom(rows, i)].toSorted((a, b) => a.quarter - b.quarter),
  )
}

const setFrom = (rows: readonly QuarterHourRow[], set: number): Sums['sets'][number] =>
  rows
    .map((row) => ({
      quarter: Number(row.quarter),
      calls: Number(row[`calls_${set}`]),
      unpricedCalls: Number(row[`unpriced_calls_${set}`]),
      costUsd: row[`cost_usd_${set}`] ?? null,
    }))
    .filter(({ calls }) => calls > 0)

/** null where there are too many calls to look through. */
async function sessionsOf(db: Database, until: string): Promise<Sums['sessions']> {
  const { calls } = await db.one<{ calls: number }>('SELECT count(*) AS calls FROM calls')
  if (calls >= mostSearched) return null
  const since = new Date(Date.parse(until) - sessionDays * dayMs).toISOString()
  const rows = await ask(db, recentSessions({ since, until, most: mostSessions }))
  return new Map(
    rows.map((row) => [
      row.session_id,
      {
        calls: Number(row.calls),
        unpricedCalls: Number(row.unpriced_calls),
        costUsd: row.cost_usd,
      },
    ]),
  )
}

/** Makes the file beside a store that was just written anew. @throws what reading or writing says */
export async function keepSums(db: Database, store: WrittenStore, what: SumsFor, now: Date): Promise<void> {
  const sums = await askSums(db, markOf(store.headers), what, now, earlierOf(store, what, now))
  writeSumsOf(store.path, sums)
}

/** Undefined where the file is not of the store as it was before the write, or not for the same. */
function earlierOf({ path, before, changed }: WrittenStore, what: SumsFor, now: Date): Earlier | undefined {
  if (before === undefined || changed === undefined) return undefined
  const sums = readSumsOf(path)
  if (typeof sums === 'string' || sums.mark !== markOf(before) || !isFor(sums, what)) return undefined
  if (sums.isElsewhere) return undefined
  const isEnough = sums.since <= firstNeeded(now) && Date.parse(sums.until) <= now.getTime()
  if (!isEnough || sums.schemaVersion !== schemaVersion || sums.budgets.some(({ set }) => set === null))
    return undefined
  const [first, last] =
    changed === 'none'
      ? [Infinity, -Infinity]
      : [quarterOf(changed.first * hourMs), quarterOf((changed.last + 1) * hourMs) - 1]
  if (sums.laterCalls === 0) return { sums, first, last }
  // What was still to come may have come.
  const [from, to] = [quarterOf(Date.parse(sums.until)), quarterOf(now.getTime())]
  return { sums, first: Math.min(first, from), last: Math.max(last, to) }
}

/**
 * Says that the figures of the file are still those of the store, where they are; else makes it anew. For who looked
 * for new calls and found none, while no connection of this process has the store open.
 */
export async function confirmSums(
  path: string,
  options: StoreOptions,
  what: SumsFor,
  now: Date,
): Promise<void> {
  const state = storeState(path)
  if (state === undefined || state.hasLog) return
  const sums = readSumsOf(path)
  if (typeof sums === 'object' && sums.mark === state.mark && isFor(sums, what)) {
    // Who looks each second need not say so each second.
    if (now.getTime() - Date.parse(sums.made) < leastMs) return
    // What was still to come may have come.
    if (sums.laterCalls === 0 && sums.until === sums.made)
      return writeSumsOf(path, { ...sums, made: now.toISOString(), until: now.toISOString() })
  }
  const db = await openStoreForReading(path, { ...options, archive: undefined })
  const made = await askSums(db, state.mark, what, now).finally(() => db.close())
  // Who wrote it meanwhile has made them as well.
  if (storeState(path)?.mark === state.mark) writeSumsOf(path, made)
}

const leastMs = 30_000

const isFor = ({ tz, budgets }: Sums, what: SumsFor): boolean =>
  tz === what.tz && budgetsText(budgets) === budgetsText(what.budgets)

const budgetsText = (budgets: readonly Budget[]): string =>
  JSON.stringify(
    budgets.map(({ name, period, usd, filters, warnAt }) => [name, period, usd, filters, warnAt]),
  )
