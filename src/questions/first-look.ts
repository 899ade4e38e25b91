/** A first look at logs that nobody named: what they cost, block by block, and what stands out. */
import { dayMs } from '../domain/time/zones.js'
import type { Filter, Scope } from '../domain/scope.js'
import { dimensionOf } from '../domain/dimensions.js'
import { wordPeriod } from '../domain/time/periods.js'
import { promptCache } from '../metrics/caching/prompt-cache.js'
import { breakdown } from '../metrics/breakdown.js'
import { dearest, extentOf, firstLook, type LookSpans } from '../metrics/first-look.js'
import { history } from '../metrics/store/history.js'
import { cacheFindings } from '../reports/caching/prompt-cache.js'
import { efficiencyFindings } from '../reports/efficiency/efficiency-findings.js'
import { weeklyEfficiencyMeasures } from '../reports/efficiency/efficiency-weekly.js'
import type { Finding } from '../reports/report.js'
import type { LookBlock } from '../reports/store/first-look.js'
import { ask, doubtsAbout, type Question } from './question.js'

/** Groups that people see of each block. */
const longest = 8

/** Calls of one kind of logs, told by their sources. */
interface LookRequest {
  readonly id: 'agents' | 'logs'
  readonly filters: readonly Filter[]
}

/** What agents cost, and apart from it what all other logs do. @param agents sources of calls of agents */
export async function askLook(
  asked: Pick<Question, 'db' | 'settings' | 'asOf'>,
  agents: readonly string[],
): Promise<readonly LookBlock[]> {
  const [past] = await ask(asked.db, history(asked.asOf.toISOString()))
  if (past === undefined) throw new Error('the store has no history')
  const filters = (operator: Filter['operator']): readonly Filter[] =>
    agents.map((value) => ({ dimension: 'source', operator, value }))
  const question = { ...asked, history: past }
  const blocks = [
    await askBlock(question, { id: 'agents', filters: filters('=') }),
    await askBlock(question, { id: 'logs', filters: filters('!=') }),
  ]
  return blocks.flatMap((block) => block ?? [])
}

/** A block, or nothing where it has no call. */
async function askBlock(
  question: Pick<Question, 'db' | 'settings' | 'asOf' | 'history'>,
  { id, filters }: LookRequest,
): Promise<LookBlock | undefined> {
  const { db, asOf, settings } = question
  const [extent] = await ask(db, extentOf(asOf.toISOString(), filters))
  if (extent === undefined || Number(extent.calls) === 0) return undefined
  const spans = spansAt(asOf, extent.newest, settings.tz)
  const rows = await ask(db, firstLook(spans, filters, longest))
  const scope: Scope = { since: spans.month, until: spans.until, filters, tz: settings.tz }
  const total = rows.find(({ kind }) => kind === 'total')
  const doubts = await doubtsAbout(
    { ...question, scope, fromInput: true, typed: (command) => command },
    {
      calls: total?.calls ?? 0,
      unpriced_calls: total?.unpriced_calls ?? 0,
      partly_priced_calls: await partlyPriced(question, scope),
    },
  )
  return {
    id,
    spans,
    rows,
    // The block of agents says itself whose money it is.
    doubts: { ...doubts, agents: undefined },
    dearest: await ask(db, dearest(scope)),
    findings: await findingsOf(question, scope),
  }
}

async function partlyPriced({ db }: Pick<Question, 'db'>, scope: Scope): Promise<number> {
  const rows = await ask(db, breakdown({ scope, by: [], measures: ['partly_priced_calls'] }))
  return Number(rows.find(({ is_total }) => is_total)?.partly_priced_calls ?? 0)
}

/** This month, or where it is empty the newest month with calls, alone. */
function spansAt(asOf: Date, newest: string | null, tz: string): LookSpans {
  const since = (word: string, at: Date): string => wordPeriod(word, at, tz)!.from.toISOString()
  const until = asOf.toISOString()
  const month = since('this-month', asOf)
  if (newest === null || newest >= month)
    return { today: since('today', asOf), week: since('this-week', asOf), month, until }
  const then = new Date(Date.parse(newest) + 1)
  const next = new Date(Date.parse(since('this-month', then)) + 32 * dayMs)
  const end = since('this-month', next)
  return { today: null, week: null, month: since('this-month', then), until: end < until ? end : until }
}

/** What the report would say of the same calls. */
async function findingsOf(
  { db, settings }: Pick<Question, 'db' | 'settings'>,
  scope: Scope,
): Promise<readonly Finding[]> {
  const { bounds } = settings.config
  const by = [dimensionOf('feature')]
  const rows = await ask(db, breakdown({ scope, by, measures: weeklyEfficiencyMeasures, top: 10 }))
  const cache = await ask(
    db,
    promptCache({ scope, by: [], sort: { by: 'calls', descending: true }, top: undefined }),
  )
  return [...cacheFindings(cache, bounds), ...efficiencyFindings({ by, rows, bounds })]
}
