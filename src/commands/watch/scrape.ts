/** One reading of the database for `llmcost metrics`: counters over all calls, and gauges as of now. */
import { lendAll } from '../../db/archive/lending.js'
import { Database } from '../../db/database.js'
import { nameTables, writeStore } from '../../db/store.js'
import type { Budget } from '../../domain/budgets/budget.js'
import type { Dimension } from '../../domain/dimensions.js'
import { assertPeriodOptions, resolveAsOf } from '../../domain/time/periods.js'
import { dayMs } from '../../domain/time/zones.js'
import { UserError } from '../../errors.js'
import {
  exposedCalls,
  forgetMembers,
  keepMembers,
  latencyBounds,
  type NewMemberRow,
  type SeriesRow,
} from '../../metrics/exports/exposed-calls.js'
import { history } from '../../metrics/store/history.js'
import { lastIngest } from '../../metrics/store/last-ingest.js'
import { callFamilies } from '../../exports/prometheus/counters.js'
import {
  anomalyFamilies,
  budgetFamilies,
  freshnessFamilies,
  monthFamilies,
  openIncidents,
} from '../../exports/prometheus/gauges.js'
import { exposition, labelName, type Family } from '../../exports/prometheus/text.js'
import { askAnomalies, askedByDefault, defaultAnomalyOptions } from '../../questions/anomalies/anomalies.js'
import { askBudgets } from '../../questions/budget-states.js'
import type { Invocation } from '../command.js'
import { askForecast } from '../../questions/forecasting.js'
import { whereTold } from '../../questions/groups.js'
import { ask, type Question } from '../../questions/question.js'
import { ofSameCalls } from '../command-text.js'
import { optionText } from '../option-values.js'
import { withDatabase } from '../with-calls.js'
import { settingsOf } from '../settings.js'
import type { Settings } from '../../questions/question.js'

export interface ScrapeRequest {
  readonly by: readonly Dimension[]
  /** Values that a label names. */
  readonly top: number
  /** Instead of those of the config file. */
  readonly budgets: readonly Budget[]
  /** What labels name is chosen anew. */
  readonly renew: boolean
}

/** How far back an incident that is open now may have begun. */
const incidentDays = 7

const anomalyKeys = askedByDefault.by.map(({ key }) => key)

/** @throws UserError (usage) before anything is opened */
export async function scrape(invocation: Invocation, request: ScrapeRequest): Promise<string> {
  const { tz } = await settingsOf(invocation)
  const period = { asOf: optionText(invocation, 'asOf'), tz }
  assertPeriodOptions(period, invocation.now)
  return withDatabase(invocation, async (db, settings, fromInput) => {
    const [past] = await ask(db, history(invocation.now.toISOString()))
    if (past === undefined) throw new Error('the store has no history')
    const asOf = resolveAsOf(period, invocation.now, past.last_ts)
    const since = new Date(asOf.getTime() - incidentDays * dayMs).toISOString()
    const scope = { since, until: asOf.toISOString(), filters: [], tz }
    const typed = ofSameCalls(invocation)
    const question = { db, scope, asOf, settings, history: past, fromInput, typed }
    const left: string[] = []
    const gauges = await gaugesOf(question, request, invocation, left)
    const asked = await rowsOf(db, request)
    return { asked, gauges, settings, fromInput, left: [...asked.left, ...left] }
  }).then(async ({ asked, gauges, settings, fromInput, left }) => {
    if (left.length > 0)
      invocation.terminal.warn(
        `of some hours only sums are at hand, which do not tell ${left.join(', ')}: left out`,
      )
    const { series } =
      fromInput || (asked.news.length === 0 && !request.renew)
        ? asked
        : await named(invocation, settings, request, asked)
    const labels = request.by.map(({ key }) => labelName(key))
    return exposition([...callFamilies({ labels, rows: series, bounds: latencyBounds }), ...gauges])
  })
}

interface Asked {
  readonly series: readonly SeriesRow[]
  readonly news: readonly NewMemberRow[]
  /** What is left out, by name. */
  readonly left: readonly string[]
}

/** Without histograms where these would need calls that are not at hand. */
async function rowsOf(db: Database, request: Pick<ScrapeRequest, 'by' | 'top'>): Promise<Asked> {
  const left: string[] = []
  const rows = await whereTold(ask(db, exposedCalls(request)), histogram, left, undefined)
  if (rows !== undefined) return { ...seriesOf(rows), left }
  return rowsWithout(db, request, left)
}

const histogram = 'the histogram of latency'

async function rowsWithout(
  db: Database,
  request: Pick<ScrapeRequest, 'by' | 'top'>,
  left: readonly string[],
): Promise<Asked> {
  return { ...seriesOf(await ask(db, exposedCalls({ ...request, withoutHistogram: true }))), left }
}

function seriesOf(rows: readonly (SeriesRow | NewMemberRow)[]): Pick<Asked, 'series' | 'news'> {
  return {
    series: rows.filter((row) => row.kind === 'series'),
    news: rows.filter((row) => row.kind === 'member'),
  }
}

/** The series when what is new among their labels is kept, or why it could not be. */
async function named(
  invocation: Invocation,
  settings: Settings,
  request: ScrapeRequest,
  asked: Asked,
): Promise<Asked> {
  try {
    return await keep(settings, request, asked.left)
  } catch (error) {
    if (!(error instanceof UserError) || request.renew) throw error
    const why = error.message
    // All that is new fits: it can be named now and kept next time, since nothing is among the others yet.
    if (asked.news.every(({ value }) => value !== null)) return asked
    invocation.terminal.warn(
      `new label values could not be kept (${why}): until they are, those that are not known yet count as other`,
    )
    return withDatabase(invocation, (db) => rowsOf(db, { ...request, top: 0 }))
  }
}

/** Asks once more and keeps what is new in one transaction, so that two runs cannot name too many. */
async function keep(
  { dbPath, storeOptions }: Settings,
  request: ScrapeRequest,
  left: readonly string[],
): Promise<Asked> {
  const db = await Database.open(':memory:', 'write', storeOptions)
  try {
    return await writeStore(db, dbPath, storeOptions, async () => {
      if (await nameTables(db)) await lendAll(db, storeOptions.archive)
      const run = ({ sql, params }: ReturnType<typeof keepMembers>): Promise<number> => db.run(sql, params)
      if (request.renew) await run(forgetMembers(request.by))
      // A statement that fails would end the transaction.
      const asked = left.length > 0 ? await rowsWithout(db, request, left) : await rowsOf(db, request)
      if (asked.news.length > 0) await run(keepMembers(asked.news))
      return asked
    })
  } finally {
    db.close()
  }
}

async function gaugesOf(
  question: Question,
  request: ScrapeRequest,
  { now, version }: Invocation,
  left: string[],
): Promise<Family[]> {
  const { db, settings, asOf, history: past } = question
  const budgets = request.budgets.length > 0 ? request.budgets : settings.config.budgets
  const told = <T>(asked: Promise<T>, name: string): Promise<T | undefined> =>
    whereTold<T | undefined>(asked, name, left, undefined)
  const states = budgets.length === 0 ? undefined : await told(askBudgets(question, budgets), 'budgets')
  const month = await told(askForecast(question, { period: 'month', now: asOf }), 'the month')
  const found = await told(
    askAnomalies(question, defaultAnomalyOptions(question.settings.config.bounds)),
    'open incidents',
  )
  const [latest] = await ask(db, lastIngest())
  return [
    ...budgetFamilies(states?.states ?? []),
    ...(month === undefined ? [] : monthFamilies(month.total)),
    // Without a history nothing is abnormal, and nothing is known to be normal.
    ...(found?.account === undefined
      ? []
      : anomalyFamilies(openIncidents(found.incidents, asOf), anomalyKeys)),
    ...freshnessFamilies({
      newestCall: past.last_ts,
      lastIngest: latest?.last_ingest ?? null,
      readAt: now,
      version,
    }),
  ]
}
