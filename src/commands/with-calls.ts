/** Opens the calls that the options of a question name, and works out which of them are meant. */
import type { Database } from '../db/database.js'
import { assertCarried, namesCenters } from '../domain/costs/allocation.js'
import { centerColumn, hasMoneyBeside, moneyBases, type MoneyBasis } from '../domain/costs/basis.js'
import { centersElsewhere, filterDimension, type Dimension } from '../domain/dimensions.js'
import { parseFilters } from '../domain/filters.js'
import type { Filter, Scope, Window } from '../domain/scope.js'
import {
  assertPeriodOptions,
  resolveAsOf,
  resolveWindow,
  type PeriodOptions,
} from '../domain/time/periods.js'
import { UserError } from '../errors.js'
import { inScope } from '../metrics/scope.js'
import { history } from '../metrics/store/history.js'
import { filterDoubts } from '../questions/filter-doubts.js'
import { ask, type Question, type Settings } from '../questions/question.js'
import { answerFromCalls, setSketchBound, usualSketchBound } from '../rollups/answering.js'
import type { Report } from '../reports/report.js'
import { convertingOf, filtersIn } from './ask/converting.js'
import { allocateCosts, convertedTo, countedAs, inMoney, moneyOf, withAllocated } from './ask/money.js'
import type { Invocation } from './command.js'
import { ofSameCalls } from './command-text.js'
import { optionText, optionTexts } from './option-values.js'
import { readingOf, settingsOf } from './settings.js'

/** The window when --since is absent, by its end and the zone. */
export type DefaultWindow = (until: Date, tz: string) => Window

/**
 * Opens the calls that the options name, works out the scope, asks, and closes.
 * @param by dimensions of an answer that may be about cost centers
 * @throws UserError (usage) for a bad option, before anything is opened
 */
export async function withCalls<T = Report>(
  invocation: Invocation,
  work: (question: Question) => Promise<T>,
  defaultWindow?: DefaultWindow,
  writes: readonly string[] = [],
  by?: readonly Dimension[],
): Promise<T> {
  const { tz, config } = await settingsOf(invocation)
  const period = { ...periodOptions(invocation), tz }
  assertPeriodOptions(period, invocation.now)
  const basis = basisOption(invocation)
  const converting = await convertingOf(invocation, config)
  const currency = converting?.currency
  const typedFilters = optionTexts(invocation, 'where')
  const { filters, readings } = parseFilters(
    currency === undefined ? typedFilters : filtersIn(currency, typedFilters),
    config.groups,
  )
  const allocated = isAllocated(filters, by)
  const answer = async (db: Database, settings: Settings, fromInput: boolean): Promise<T> => {
    const [past] = await ask(db, history(invocation.now.toISOString()))
    if (past === undefined) throw new Error('the store has no history')
    const asOf = resolveAsOf(period, invocation.now, past.last_ts)
    const fallback = defaultWindow && ((until: Date): Window => defaultWindow(until, period.tz))
    const window = resolveWindow(period, asOf, fallback)
    const counted = { ...(basis && { basis }), ...(currency && { currency }), ...allocated }
    const scope = { ...window, filters, tz: period.tz, newest: past.last_ts, ...counted }
    await assertSeen(db, scope)
    if (basis !== undefined)
      await countedAs(db, basis, { contracts: config.contracts ?? [], asOf }, config.billZones)
    if (allocated.allocated) await allocateCosts(db, config, { asOf, hasBeside: hasMoneyBeside(basis) })
    if (converting !== undefined) await convertedTo(db, converting, scope)
    for (const doubt of await filterDoubts(db, scope, readings)) invocation.terminal.warn(doubt)
    const typed = ofSameCalls(invocation)
    const scopes: Scope[] = [scope]
    const alsoAbout = (other: Scope): void => void scopes.push(other)
    const answered = await work({ db, scope, asOf, settings, history: past, fromInput, typed, alsoAbout })
    const told = allocated.allocated ? await withAllocated(answered, db, config, scope) : answered
    return inMoney(told, await moneyOf(db, scopes, converting))
  }
  return withDatabase(invocation, answer, writes)
}

const basisOption = (invocation: Invocation): MoneyBasis | undefined =>
  moneyBases.find((one) => one === optionText(invocation, 'cost'))

/**
 * Whether the answer is about cost centers.
 * @throws UserError (usage) where it cannot be, or not by what else it asks
 */
function isAllocated(
  filters: readonly Filter[],
  by: readonly Dimension[] | undefined,
): { readonly allocated?: true } {
  if (!namesCenters(by ?? [], filters)) return {}
  if (by === undefined) throw centersElsewhere(`--where ${centerColumn}`)
  assertCarried([...by, ...filters.map(({ dimension }) => filterDimension(dimension))])
  return { allocated: true }
}

/**
 * Hours whose calls are elsewhere are found by their minutes, and a window of less than two may lie between them.
 * @throws CallsElsewhere where it does
 */
async function assertSeen(db: Database, { since, until }: Window): Promise<void> {
  if (since === null || until === null || Date.parse(until) - Date.parse(since) >= 120_000) return
  const minutes = inScope({
    since: new Date(Date.parse(since) - 60_000).toISOString(),
    until: new Date(Date.parse(until) + 60_000).toISOString(),
    filters: [],
    tz: 'UTC',
  })
  await db.one(`SELECT count(*) AS n FROM calls WHERE ${minutes.sql}`, minutes.params)
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
  const db = await openStoreForReading(settings.dbPath, settings.storeOptions, writes)
  if (settings.storeOptions.rollups === 'never') await answerFromCalls(db)
  setSketchBound(db, isExact(invocation) ? Infinity : (settings.config.approximateAbove ?? usualSketchBound))
  return db
}

const isExact = ({ options }: Invocation): boolean => options['exact'] === true

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
    ...readingOf(invocation, settings),
    sources,
    warn: invocation.terminal.warn,
    memoryLimit: settings.storeOptions.memoryLimit,
    threads: settings.storeOptions.threads,
  })
}

function periodOptions(invocation: Invocation): Omit<PeriodOptions, 'tz'> {
  return {
    since: optionText(invocation, 'since'),
    until: optionText(invocation, 'until'),
    asOf: optionText(invocation, 'asOf'),
  }
}
