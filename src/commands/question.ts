/**
 * What all questions about calls have in common: where the calls are, which of them are meant, what
 * counts as now.
 */
import type { Database } from '../db/database.js'
import { parseFilters } from '../domain/filters.js'
import { assertPeriodOptions, resolveAsOf, resolveWindow, type PeriodOptions } from '../domain/periods.js'
import type { Scope, Window } from '../domain/scope.js'
import { UserError } from '../errors.js'
import { lateFrom } from '../domain/price-age.js'
import { doubtfulPrices } from '../metrics/doubtful-prices.js'
import { history, type HistoryRow } from '../metrics/history.js'
import { lateCalls } from '../metrics/late-calls.js'
import { partlyPricedUsage } from '../metrics/partly-priced.js'
import { loggedCosts } from '../metrics/logged-costs.js'
import type { Query } from '../metrics/query.js'
import { unpricedModels } from '../metrics/unpriced.js'
import type { Doubts } from '../reports/notes.js'
import type { Report } from '../reports/report.js'
import type { Invocation } from './command.js'
import { settingsOf, type Settings } from './settings.js'
import { unmatchedFilters } from './unmatched.js'

export interface Question {
  readonly db: Database
  readonly scope: Scope
  readonly asOf: Date
  readonly settings: Settings
  readonly history: HistoryRow
  /** The calls come from `--input`, not from the store. */
  readonly fromInput: boolean
}

/** The window when --since is absent, by its end and the zone. */
export type DefaultWindow = (until: Date, tz: string) => Window

/**
 * Opens the calls that the options name, works out the scope, asks, and closes.
 * @throws UserError (usage) for a bad option, before anything is opened
 */
export async function withCalls<T = Report>(
  invocation: Invocation,
  work: (question: Question) => Promise<T>,
  defaultWindow?: DefaultWindow,
  writes: readonly string[] = [],
): Promise<T> {
  const { tz } = await settingsOf(invocation)
  const period = { ...periodOptions(invocation), tz }
  assertPeriodOptions(period, invocation.now)
  const filters = parseFilters(optionTexts(invocation, 'where'))
  const answer = async (db: Database, settings: Settings, fromInput: boolean): Promise<T> => {
    const [past] = await ask(db, history(invocation.now.toISOString()))
    if (past === undefined) throw new Error('the store has no history')
    const asOf = resolveAsOf(period, invocation.now, past.last_ts)
    const fallback = defaultWindow && ((until: Date): Window => defaultWindow(until, period.tz))
    const scope = { ...resolveWindow(period, asOf, fallback), filters, tz: period.tz }
    return work({ db, scope, asOf, settings, history: past, fromInput })
  }
  return withDatabase(invocation, answer, writes)
}

/**
 * Opens `--input` in memory, or the store read-only, and closes it after the work.
 * @param writes files, or folders, that the engine itself is to write the answer to
 */
export async function withDatabase<T>(
  invocation: Invocation,
  work: (db: Database, settings: Settings, fromInput: boolean) => Promise<T>,
  writes: readonly string[] = [],
): Promise<T> {
  const settings = await settingsOf(invocation)
  const sources = optionTexts(invocation, 'input')
  const db =
    sources.length > 0
      ? await openSources(invocation, settings, sources)
      : await openStore(invocation, settings, writes)
  try {
    return await work(db, settings, sources.length > 0)
  } finally {
    db.close()
  }
}

async function openStore(
  invocation: Invocation,
  settings: Settings,
  writes: readonly string[],
): Promise<Database> {
  assertStoreOptions(invocation)
  const { openStoreForReading } = await import('../db/store.js')
  return openStoreForReading(settings.dbPath, settings.storeOptions, writes)
}

/** @throws UserError (usage) for an option that says how to read logs, of which there are none */
export function assertStoreOptions(invocation: Invocation): void {
  const reading = [
    'from',
    'map',
    'set',
    'preset',
    'baseTime',
    'inputTz',
    'dateOrder',
    'decimal',
    'cacheTokens',
    'keepAcrossSources',
  ].find((name) => invocation.given(name))
  if (reading !== undefined) {
    const flag = `--${reading.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    throw new UserError(`${flag} says how to read logs, and goes with --input`, {
      code: 'usage',
      hint: `What is in the database was read before: give ${flag} to llmcost ingest, or name logs with --input.`,
    })
  }
}

async function openSources(
  invocation: Invocation,
  settings: Settings,
  sources: readonly string[],
): Promise<Database> {
  const { openInput } = await import('../ingest/ingest.js')
  return openInput({
    sources,
    cwd: process.cwd(),
    read: settings.readOptions,
    priceFiles: settings.priceFiles,
    priceUpdates: settings.priceUpdates,
    costBasis: settings.costBasis,
    now: invocation.now,
    warn: invocation.terminal.warn,
    memoryLimit: settings.storeOptions.memoryLimit,
    threads: settings.storeOptions.threads,
  })
}

/** Runs a metric and answers with its rows. */
export async function ask<R>(db: Database, query: Query<R>): Promise<readonly R[]> {
  const { rows } = await db.query<R>(query.sql, query.params)
  return rows
}

/** What notes need to know, from figures of the calls in scope that were asked for already. */
export async function doubtsAbout(
  question: Question,
  figures:
    | { calls?: Doubts['calls']; unpriced_calls?: Doubts['calls']; partly_priced_calls?: Doubts['calls'] }
    | undefined,
): Promise<Doubts> {
  const { db, scope, history: past, fromInput } = question
  const unpricedCalls = figures?.unpriced_calls ?? 0
  const partlyPricedCalls = figures?.partly_priced_calls ?? 0
  return {
    history: past,
    scope,
    calls: figures?.calls ?? 0,
    unpricedCalls,
    partlyPricedCalls,
    partlyPriced: Number(partlyPricedCalls) > 0 ? await ask(db, partlyPricedUsage(scope)) : [],
    unpriced: Number(unpricedCalls) > 0 ? await ask(db, unpricedModels(scope)) : [],
    lateCalls: Number(figures?.calls ?? 0) === 0 ? 0 : await lateCallsIn(db, scope, past),
    loggedCosts: Number(figures?.calls ?? 0) === 0 ? [] : await ask(db, loggedCosts(scope)),
    doubtfulPrices: Number(figures?.calls ?? 0) === 0 ? [] : await ask(db, doubtfulPrices(scope)),
    // Costs nothing where calls were found.
    unmatched: Number(figures?.calls ?? 0) === 0 ? await unmatchedFilters(db, scope) : [],
    fromInput,
  }
}

/** Calls in scope that are later than the price data by over 30 days; asked for where some may be. */
export async function lateCallsIn(
  db: Database,
  scope: Scope,
  { price_date: date, last_ts: last }: Pick<HistoryRow, 'price_date' | 'last_ts'>,
): Promise<number> {
  if (date === null || last === null) return 0
  const from = lateFrom(date)
  const newest = Date.parse(last)
  const end = scope.until === null ? newest : Math.min(newest, Date.parse(scope.until) - 1)
  if (end < Date.parse(from)) return 0
  const [row] = await ask(db, lateCalls(scope, from))
  return Number(row?.late_calls ?? 0)
}

function periodOptions(invocation: Invocation): Omit<PeriodOptions, 'tz'> {
  return {
    since: optionText(invocation, 'since'),
    until: optionText(invocation, 'until'),
    asOf: optionText(invocation, 'asOf'),
  }
}

/** An option's text; undefined when absent. */
export function optionText(invocation: Invocation, name: string): string | undefined {
  const value = invocation.options[name]
  return typeof value === 'string' ? value : undefined
}

/** The texts of an option that may be repeated. */
export function optionTexts(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.options[name]
  return Array.isArray(value) ? value.map(String) : []
}

/** A whole number from 1 on. @throws UserError (usage) */
export function optionCount(invocation: Invocation, name: string): number | undefined {
  const value = optionText(invocation, name)
  if (value === undefined) return undefined
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw new UserError(`--${name} ${value} is not a whole number from 1 on`, {
    code: 'usage',
    hint: `For example --${name} 10.`,
  })
}
