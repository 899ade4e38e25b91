/** The sums of the status line: asked of the store as it is, and kept in the file beside it. */
import type { Database } from '../db/database.js'
import { hasElsewhere } from '../db/absent-calls.js'
import { openStoreForReading } from '../db/store.js'
import type { StoreOptions } from '../db/store-lock.js'
import type { Budget } from '../domain/budgets/budget.js'
import type { Filter } from '../domain/scope.js'
import { monthOf, weekOf } from '../domain/time/calendar.js'
import { assertZone, dayMs } from '../domain/time/zones.js'
import { CallsElsewhere } from '../errors.js'
import { quarterHours, type QuarterHourRow } from '../metrics/budgets/quarter-hours.js'
import { recentSessions } from '../metrics/budgets/recent-sessions.js'
import { cubesOf } from '../rollups/answering.js'
import { markOf, readSumsOf, storeState, writeSumsOf } from '../statusline/file.js'
import { quarterMs, type Sums } from '../statusline/sums.js'
import { ask } from './question.js'

/** Sessions whose last call is older are not asked for by any agent that runs, and no more than so many run. */
const sessionDays = 7
const mostSessions = 200

/** What the sums are made for. */
export interface SumsFor {
  /** IANA zone in which days begin. */
  readonly tz: string
  readonly budgets: readonly Budget[]
}

/** @param mark the state that the store of `db` is in */
export async function askSums(
  db: Database,
  mark: string,
  { tz, budgets }: SumsFor,
  now: Date,
): Promise<Sums> {
  assertZone(tz, 'tz')
  const since = firstNeeded(now)
  const keys = [...new Set(budgets.map(({ filters }) => JSON.stringify(filters)))]
  const sets = [[], ...keys.filter((key) => key !== '[]').map((key) => JSON.parse(key) as Filter[])]
  const told = await quartersOf(db, { since, now, sets })
  const later = await ask(db, quarterHours({ scope: scopeOf(told.until, null), filterSets: [[]] }))
  const setOf = (budget: Budget): number | null => {
    const set = sets.findIndex((filters) => JSON.stringify(filters) === JSON.stringify(budget.filters))
    return set < told.sets.length ? set : null
  }
  return {
    mark,
    made: now.toISOString(),
    since,
    until: told.until,
    laterCalls: later.reduce((sum, { calls_0: calls }) => sum + Number(calls), 0),
    tz,
    budgets: budgets.map((budget) => ({ ...budget, set: setOf(budget) })),
    sets: told.sets,
    sessions: await sessionsOf(db, told.until),
  }
}

/** Before the running week and month begin in any zone; a quarter-hour of UTC. */
const firstNeeded = (now: Date): string =>
  new Date(Math.min(monthOf(now.getTime() - dayMs), weekOf(now.getTime() - dayMs)) - dayMs).toISOString()

const scopeOf = (since: string, until: string | null) => ({ since, until, filters: [], tz: 'UTC' })

interface Quarters {
  readonly until: string
  readonly sets: Sums['sets']
}

/**
 * Of all sets up to now. Where the calls of the running quarter-hour are elsewhere, up to it; where what budgets
 * cover cannot be told without calls that are elsewhere, of all calls alone.
 */
async function quartersOf(
  db: Database,
  { since, now, sets }: { since: string; now: Date; sets: readonly (readonly Filter[])[] },
): Promise<Quarters> {
  const exact = now.toISOString()
  const whole = new Date(Math.floor(now.getTime() / quarterMs) * quarterMs).toISOString()
  const ways = [exact, whole].flatMap((until) => [sets, [[]]].map((filterSets) => ({ until, filterSets })))
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

const setFrom = (rows: readonly QuarterHourRow[], set: number): Sums['sets'][number] =>
  rows
    .map((row) => ({
      quarter: Number(row.quarter),
      calls: Number(row[`calls_${set}`]),
      unpricedCalls: Number(row[`unpriced_calls_${set}`]),
      costUsd: row[`cost_usd_${set}`] ?? null,
    }))
    .filter(({ calls }) => calls > 0)

/**
 * null where a session may have begun in hours whose calls are elsewhere, and where there are so many calls that
 * looking through them for sessions would take longer than most runs that write.
 */
async function sessionsOf(db: Database, until: string): Promise<Sums['sessions']> {
  if ((await hasElsewhere(db)) || (await cubesOf(db)) !== undefined) return null
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

/** Makes the file beside the store anew. @throws what reading or writing says */
export async function keepSums(
  db: Database,
  store: { readonly path: string; readonly headers: Buffer },
  what: SumsFor,
  now: Date,
): Promise<void> {
  writeSumsOf(store.path, await askSums(db, markOf(store.headers), what, now))
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
    // What was still to come may have come.
    if (sums.laterCalls === 0 && sums.until === sums.made) {
      if (now.getTime() - Date.parse(sums.made) >= leastMs)
        writeSumsOf(path, { ...sums, made: now.toISOString(), until: now.toISOString() })
      return
    }
  }
  const db = await openStoreForReading(path, { ...options, archive: undefined })
  const made = await askSums(db, state.mark, what, now).finally(() => db.close())
  // Who wrote it meanwhile has made them as well.
  if (storeState(path)?.mark === state.mark) writeSumsOf(path, made)
}

/** Who looks each second need not say so each second. */
const leastMs = 30_000

const isFor = ({ tz, budgets }: Sums, what: SumsFor): boolean =>
  tz === what.tz && budgetsText(budgets) === budgetsText(what.budgets)

const budgetsText = (budgets: readonly Budget[]): string =>
  JSON.stringify(
    budgets.map(({ name, period, usd, filters, warnAt }) => [name, period, usd, filters, warnAt]),
  )
