/**
 * questions: what several verbs ask. They run metrics on a store and hand rows to reports; they know no command
 * line and print nothing.
 *
 * This file says what a question knows: where the calls are, which of them are meant, what counts as now.
 */
import type { Config } from '../config/config.js'
import type { Database } from '../db/database.js'
import type { StoreOptions } from '../db/store-lock.js'
import { hasMoneyBeside, type CostBasis } from '../domain/costs/basis.js'
import type { Scope } from '../domain/scope.js'
import type { Typed } from '../domain/words/commands.js'
import { CallsElsewhere, hasSumsAlone } from '../errors.js'
import { lateFrom } from '../domain/costs/price-age.js'
import type { ReadOptions } from '../ingest/options.js'
import { agentCosts } from '../metrics/doubts/agent-costs.js'
import { doubtfulPrices } from '../metrics/doubts/doubtful-prices.js'
import type { HistoryRow } from '../metrics/store/history.js'
import { lateCalls, noLateCalls, type LateCallsRow } from '../metrics/doubts/late-calls.js'
import { partlyPricedUsage } from '../metrics/doubts/partly-priced.js'
import { loggedCosts } from '../metrics/doubts/logged-costs.js'
import type { Query } from '../metrics/query.js'
import { toldTwice } from '../metrics/doubts/told-twice.js'
import { sessionTotals } from '../metrics/doubts/session-totals.js'
import { unpricedModels } from '../metrics/doubts/unpriced.js'
import type { Doubts } from '../reports/notes.js'
import { cellsInstead, chosen } from '../rollups/answering.js'
import { unmatchedFilters } from './unmatched.js'

/** What a run works with, after flag, environment, config file and default have been weighed, in this order. */
export interface Settings {
  readonly dbPath: string
  /** Files with price overrides, absolute. */
  readonly priceFiles: readonly string[]
  /** File of the prices that `prices update` took in; undefined where there is no home folder for one. */
  readonly priceUpdates: string | undefined
  readonly costBasis: CostBasis
  /** IANA zone in which days begin. */
  readonly tz: string
  readonly storeOptions: StoreOptions
  readonly readOptions: ReadOptions
  readonly config: Config
}

export interface Question {
  readonly db: Database
  readonly scope: Scope
  readonly asOf: Date
  readonly settings: Settings
  readonly history: HistoryRow
  /** The calls come from `--input`, not from the store. */
  readonly fromInput: boolean
  /** Commands of hints, so that they ask the same calls. */
  readonly typed: Typed
  /** Told of calls that the answer is about beside those of its scope. */
  readonly alsoAbout?: (scope: Scope) => void
}

/** Runs a metric and answers with its rows, which are the same from the calls as from the store's cubes. */
export async function ask<R>(db: Database, query: Query<R>): Promise<readonly R[]> {
  const { sql, params } = await chosen(db, query)
  try {
    return (await db.query<R>(sql, params)).rows
  } catch (error) {
    const cells = hasSumsAlone(error) ? await cellsInstead(db, query) : undefined
    if (cells === undefined) throw error
    return (await db.query<R>(cells.sql, cells.params)).rows
  }
}

const quarterHourMs = 900_000

/**
 * Asks as of a moment. Sums know none within a quarter-hour: where there is nothing else of some hours that the
 * question needs, it is asked as of the beginning of the quarter-hour, which is as exact as from calls.
 */
export async function askAsOf<T>(asOf: Date, asked: (asOf: Date) => Promise<T>): Promise<T> {
  try {
    return await asked(asOf)
  } catch (error) {
    const began = new Date(Math.floor(asOf.getTime() / quarterHourMs) * quarterHourMs)
    if (!hasSumsAlone(error) || began.getTime() === asOf.getTime()) throw error
    return asked(began)
  }
}

/** What an answer as of an earlier moment leaves out, by name. @param told up to when it tells of calls */
export const untoldSince = (asOf: Date, told: string | null): readonly string[] =>
  told === null || Date.parse(told) >= asOf.getTime() ? [] : [`the calls since ${told.slice(0, 16)}Z`]

/** What notes need to know, from figures of the calls in scope that were asked for already. */
export async function doubtsAbout(
  question: Question,
  figures:
    | { calls?: Doubts['calls']; unpriced_calls?: Doubts['calls']; partly_priced_calls?: Doubts['calls'] }
    | undefined,
): Promise<Doubts> {
  const { db, scope, history: past, fromInput, typed } = question
  const untold: string[] = []
  const told = <R>(query: Query<R>): Promise<readonly R[]> => askWhereHeld(db, query, untold)
  const { basis } = scope
  const mayHaveNone = Number(past.session_totals) > 0 || hasMoneyBeside(basis) || scope.allocated === true
  const [totals] = mayHaveNone ? await ask(db, sessionTotals(scope)) : []
  const isAtList = basis !== 'reported' && basis !== 'billed'
  // What has no call may have money all the same.
  const rows =
    Number(figures?.calls ?? 0) + Number(totals?.session_totals ?? 0) + Number(totals?.beside_rows ?? 0)
  const ofAgents = isAtList && rows > 0 && Number(past.agent_rows) > 0
  const agents = !ofAgents ? undefined : (await told(agentCosts(scope)))[0]
  const [twice] = Number(agents?.agent_calls ?? 0) > 0 ? await told(toldTwice(scope)) : []
  const unpricedCalls = figures?.unpriced_calls ?? 0
  const partlyPricedCalls = figures?.partly_priced_calls ?? 0
  return {
    history: past,
    scope,
    calls: rows,
    ofNoCall: totals?.beside_rows ?? 0,
    sessionTotals: totals,
    agents,
    toldTwice: twice,
    unpricedCalls,
    partlyPricedCalls,
    partlyPriced: Number(partlyPricedCalls) > 0 ? await told(partlyPricedUsage(scope)) : [],
    unpriced: Number(unpricedCalls) > 0 ? await told(unpricedModels(scope)) : [],
    late: rows === 0 || !isAtList ? noLateCalls : await lateCallsIn(db, scope, past),
    loggedCosts:
      rows === 0 || Number(past.reported_calls) === 0 || (basis ?? 'list') !== 'list'
        ? []
        : await told(loggedCosts(scope)),
    doubtfulPrices:
      rows === 0 || !isAtList || Number(past.doubtful_rates) === 0 ? [] : await told(doubtfulPrices(scope)),
    // Costs nothing where calls were found.
    unmatched: rows === 0 ? await unmatchedFilters(db, scope) : [],
    untold: untold[0],
    fromInput,
    typed,
  }
}

/** Rows about single calls; none, and why, where some of these are elsewhere: the answer itself does not need them. */
async function askWhereHeld<R>(db: Database, query: Query<R>, untold: string[]): Promise<readonly R[]> {
  try {
    return await ask(db, query)
  } catch (error) {
    if (!(error instanceof CallsElsewhere)) throw error
    untold.push(error.span)
    return []
  }
}

/** Calls in scope that are later than the price data by over 30 days; asked for where some may be. */
export async function lateCallsIn(
  db: Database,
  scope: Scope,
  { price_date: date, last_ts: last }: Pick<HistoryRow, 'price_date' | 'last_ts'>,
): Promise<LateCallsRow> {
  if (date === null || last === null) return noLateCalls
  const from = lateFrom(date)
  const newest = Date.parse(last)
  const end = scope.until === null ? newest : Math.min(newest, Date.parse(scope.until) - 1)
  if (end < Date.parse(from)) return noLateCalls
  const [row] = await ask(db, lateCalls(scope, from))
  return row ?? noLateCalls
}
