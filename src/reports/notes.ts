/**
 * What is doubtful about an answer, said beside it: unpriced calls, rejected lines, times to come, and
 * where the data are when a window holds none.
 */
import type { BoundName } from '../domain/bounds.js'
import { loggedCostWords, type LoggedCostRow } from '../domain/costs/logged-costs.js'
import { localDate } from '../domain/time/periods.js'
import type { MoneyBasis } from '../domain/costs/basis.js'
import type { Currency } from '../domain/costs/currency.js'
import { latePriceDays } from '../domain/costs/price-age.js'
import type { Scope, Window } from '../domain/scope.js'
import type { Typed } from '../domain/words/commands.js'
import { sumOf } from '../domain/costs/decimal.js'
import { counted, plural } from '../domain/words/plurals.js'
import { count, money } from '../domain/words/wording.js'
import type { DoubtfulPriceRow } from '../metrics/doubts/doubtful-prices.js'
import type { LateCallsRow } from '../metrics/doubts/late-calls.js'
import type { HistoryRow } from '../metrics/store/history.js'
import type { Decimal, Whole } from '../metrics/query.js'
import type { PartlyPricedRow } from '../metrics/doubts/partly-priced.js'
import type { SessionTotalsRow } from '../metrics/doubts/session-totals.js'
import type { AgentCostsRow } from '../metrics/doubts/agent-costs.js'
import type { ToldTwiceRow } from '../metrics/doubts/told-twice.js'
import type { UnpricedRow } from '../metrics/doubts/unpriced.js'
import type { Hint } from './report.js'
import { filterText, matchesNever, unmatchedWords, type Unmatched } from './unmatched.js'

/** Everything that notes are made from. */
export interface Doubts {
  readonly history: HistoryRow
  readonly scope: Scope
  /** Of the calls in scope, and the totals of sessions and amounts of no call among them. */
  readonly calls: Figure
  /** Of these, amounts of no call; absent: none. */
  readonly ofNoCall?: Figure
  /** Rows that are a session's total; asked for where the store has any. */
  readonly sessionTotals?: SessionTotalsRow | undefined
  readonly unpricedCalls: Figure
  readonly partlyPricedCalls: Figure
  /** What coding agents cost among them; undefined where that is said otherwise. */
  readonly agents?: AgentCostsRow | undefined
  /** Calls of coding agents that two accounts seem to tell; asked for where there are agents. */
  readonly toldTwice?: ToldTwiceRow | undefined
  readonly unpriced: readonly UnpricedRow[]
  /** Later than the price data by over 30 days. */
  readonly late: LateCallsRow
  /** What the partly priced calls used beyond their price; asked for where there are such calls. */
  readonly partlyPriced: readonly PartlyPricedRow[]
  /** Models whose logged costs differ from those that count. */
  readonly loggedCosts: readonly LoggedCostRow[]
  /** Models that were priced by a list price that is doubtful. */
  readonly doubtfulPrices: readonly DoubtfulPriceRow[]
  /** Filters that leave nothing; looked for where no call is in scope. */
  readonly unmatched: readonly Unmatched[]
  /** Hours of which only sums were at hand, so that nothing is said of their single calls. */
  readonly untold?: string | undefined
  /** What of the answer was left out for this, by name. */
  readonly leftOut?: readonly string[]
  /** The answer comes from `--input`, so there is no store to look into. */
  readonly fromInput: boolean
  /** Commands of hints, so that they ask the same calls. */
  readonly typed: Typed
}

type Figure = Whole | Decimal | null | undefined

/** Warnings that touch the whole answer, each a line. */
export function warningsOf(doubts: Doubts): string[] {
  return doubtsOf(doubts).map(hintText)
}

/** A doubt and its command as one sentence. */
export const hintText = ({ text, command, says = '' }: Doubt): string =>
  command === undefined ? text : `${text}; ${command}${says}`

/** A doubt with what to type about it, and what that does. */
export interface Doubt extends Hint {
  readonly says?: string
}

/** The same, each with the command that lists its calls apart. */
export function doubtsOf(doubts: Doubts): Doubt[] {
  const { history, fromInput, typed } = doubts
  const warnings = priceWarnings(doubts)
  if (Number(history.rejected_lines) > 0) {
    const text = `${counted(history.rejected_lines, 'log line was', 'log lines were')} rejected and not counted`
    warnings.push({ text, ...(fromInput ? {} : { command: 'llmcost rejects', says: ' lists them' }) })
  }
  if (Number(history.future_calls) > 0 && history.last_ts !== null) {
    const newest = history.last_ts.slice(0, 10)
    const text = `${counted(history.future_calls, 'call is', 'calls are')} dated after now, the last ${newest}`
    warnings.push({ text })
  }
  return warnings.map((doubt) =>
    doubt.command === undefined ? doubt : { ...doubt, command: typed(doubt.command) },
  )
}

function priceWarnings(doubts: Doubts): Doubt[] {
  const { unpricedCalls, partlyPricedCalls, unpriced, partlyPriced, loggedCosts } = doubts
  const { late, doubtfulPrices, history, fromInput } = doubts
  const { currency } = doubts.scope
  const warnings: Doubt[] = []
  if (Number(doubts.sessionTotals?.session_totals ?? 0) > 0)
    warnings.push({ text: totalsWords(doubts.sessionTotals!, currency) })
  if (Number(doubts.agents?.agent_calls ?? 0) > 0) warnings.push(...agentWords(doubts))
  if (Number(doubts.toldTwice?.calls ?? 0) > 0)
    warnings.push(twiceWords(doubts.toldTwice!, fromInput, currency))
  if (Number(unpricedCalls ?? 0) > 0) {
    const { basis } = doubts.scope
    const without = `${count(unpricedCalls)} of ${counted(callsOf(doubts), ...withoutCost(basis))}`
    const text = unpriced.length === 0 ? without : `${without}: ${modelList(unpriced)}`
    const isOfPrices = basis !== 'reported' && basis !== 'billed' && !fromInput
    warnings.push({ text, ...(isOfPrices ? { command: checking, says: ' names the closest models' } : {}) })
  }
  if (Number(partlyPricedCalls ?? 0) > 0) {
    const part = bought(partlyPricedCalls, partlyPriced[0]?.all_cost_usd ?? null, currency)
    const forWhat = partlyPriced.length === 0 ? '' : `: no price is known for ${usageList(partlyPriced)}`
    warnings.push({ text: `${part} priced in part only${forWhat}` })
  }
  const where = fromInput ? {} : { command: checking, says: ' has it by month' }
  warnings.push(...loggedCostWords(loggedCosts).map((text) => ({ text, ...where })))
  if (doubtfulPrices.length > 0) warnings.push({ text: doubtfulWords(doubtfulPrices, currency) })
  if (Number(late.late_calls) > 0)
    warnings.push({
      text: `${lateWords(late, history.price_date, currency)}: prices may have changed`,
      command: 'llmcost prices update',
    })
  if (doubts.leftOut !== undefined && doubts.leftOut.length > 0)
    warnings.push({
      text: `of some of these hours only sums are at hand, which do not tell ${doubts.leftOut.join(', ')}: left out`,
    })
  if (doubts.untold !== undefined)
    warnings.push({
      text: `of ${doubts.untold} only sums are at hand: what single calls would say of doubtful prices, costs in the logs and models without a price is not told`,
    })
  return warnings
}

/** Calls and totals of sessions. */
const callsOf = ({ calls, ofNoCall }: Doubts): number => Number(calls ?? 0) - Number(ofNoCall ?? 0)

/** Why calls have no cost, on each basis of money. */
function withoutCost(basis: MoneyBasis | undefined): readonly [one: string, many: string] {
  switch (basis) {
    case undefined:
      return ['call has no price and no cost here', 'calls have no price and no cost here']
    case 'list':
    case 'contract':
      return ['call has no price', 'calls have no price']
    case 'reported':
      return ['call has no cost in its log', 'calls have no cost in their log']
    case 'billed':
      return ['call is on no bill', 'calls are on no bill']
  }
}

/** `3 rows ($1.20) are totals of sessions: they count in tokens and dollars, not as calls` */
function totalsWords(
  { session_totals: rows, cost_usd: cost }: SessionTotalsRow,
  currency: Currency | undefined,
): string {
  const what = Number(rows) === 1 ? 'row' : 'rows'
  return `${count(rows)} ${what} (${cost === null ? 'no price' : money(cost, currency)}) ${Number(rows) === 1 ? 'is the total of a session' : 'are totals of sessions'}, whose log does not tell its calls: counted in tokens and ${currency ?? 'dollars'}, not in calls, means and rates`
}

/** That list prices are not what a plan charges, and that sessions may be gone that were there. */
function agentWords(doubts: Doubts): Doubt[] {
  const { agents, scope, fromInput } = doubts
  const { agent_calls: own, cost_usd: cost, first_ts: first } = agents!
  const isAll = Number(own) === callsOf(doubts)
  const what = isAll
    ? 'coding agents'
    : `coding agents' ${cost === null ? 'calls' : money(cost, scope.currency)} of this`
  const text = `${what}: at list prices; a plan may cover it`
  // With all files of an input it would be longer than what it is about.
  const plans = fromInput ? {} : { command: 'llmcost plans', says: ' holds it against its fee' }
  const words: Doubt[] = [{ text, ...plans }]
  if (first !== null && scope.since !== null && first > scope.since)
    words.push({
      text: `agents' sessions reach back to ${localDate(first, scope.tz)} only; agents delete old ones`,
      command: 'llmcost ingest --agents',
      says: ' keeps what is there',
    })
  return words
}

/** `12 calls for $1.20 are perhaps counted twice: codex and otel tell the same sessions under no common id` */
function twiceWords(
  { calls, cost_usd: cost, one, other }: ToldTwiceRow,
  fromInput: boolean,
  currency: Currency | undefined,
): Doubt {
  const text = `${bought(calls, cost, currency)} perhaps counted twice: ${one} and ${other} tell the same sessions under no common id`
  if (fromInput) return { text: `${text}; read one of them` }
  return { text, command: 'llmcost forget FILE', says: ' takes out the logs of one' }
}

const checking = 'llmcost prices check'

/** Calls that are later than the price data. @param date of the price data */
export function lateWords(
  { late_calls: calls, late_cost_usd: cost }: LateCallsRow,
  date: string | null,
  currency?: Currency,
): string {
  return `${bought(calls, cost, currency)} later than the price data (${date ?? 'undated'}) by over ${latePriceDays} days`
}

function modelList(unpriced: readonly UnpricedRow[]): string {
  const shown = unpriced.slice(0, 3).map(({ provider, model }) => {
    const name = model ?? '(none)'
    return provider === null ? name : `${provider}/${name}`
  })
  const more = unpriced.length - shown.length
  return shown.join(', ') + (more > 0 ? ` and ${counted(more, 'more model', 'more models')}` : '')
}

/** `web_search_requests (12 calls), usage.foo (3)` */
/** `1,204 calls are at doubtful prices: gpt-4o (sold since 2024-05-13), …` */
function doubtfulWords(rows: readonly DoubtfulPriceRow[], currency: Currency | undefined): string {
  const calls = rows.reduce((sum, row) => sum + Number(row.calls), 0)
  const shown = rows.slice(0, 3).map(({ model, doubt }) => `${model} (${doubt})`)
  const more = rows.length - shown.length
  const cost = money(sumOf(rows.map(({ cost_usd: amount }) => amount)), currency)
  return `${counted(calls, 'call')} for ${cost} ${plural(calls, 'is', 'are')} at doubtful prices: ${shown.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`
}

function usageList(used: readonly PartlyPricedRow[]): string {
  if (used.length === 0) return 'something used'
  const shown = used
    .slice(0, 4)
    .map(({ name, calls }, i) => `${name} (${i === 0 ? counted(calls, 'call') : count(calls)})`)
  const more = used.length - shown.length
  return shown.join(', ') + (more > 0 ? ` and ${count(more)} more` : '')
}

/** `1 call is`, `1,234 calls for $12.40 are` */
function bought(calls: Figure, cost: Decimal | null, currency: Currency | undefined): string {
  const amount = cost === null ? '' : ` for ${money(cost, currency)}`
  return `${counted(calls, 'call')}${amount} ${plural(calls ?? 0, 'is', 'are')}`
}

/** Quiet facts: which prices the figures rest on. */
export function footerOf(history: HistoryRow): string[] {
  return history.price_data === null ? [] : [`prices: ${history.price_data}`]
}

/** Bounds in dollars, which no amount in another currency is held against. */
export function unheldBounds(names: readonly BoundName[], currency: Currency | undefined): string[] {
  if (currency === undefined) return []
  return [`bounds in dollars are not held against ${currency}: ${names.join(', ')}`]
}

/** A window in local dates where it is made of whole days, else in minutes. */
function windowText({ since, until }: Window, tz: string): string {
  const text = (iso: string): string => {
    const date = localDate(iso, tz)
    return localDate(new Date(Date.parse(iso) - 1).toISOString(), tz) === date ? `${iso.slice(0, 16)}Z` : date
  }
  if (since === null) return until === null ? 'at any time' : `before ${text(until)}`
  return until === null ? `from ${text(since)}` : `from ${text(since)} to ${text(until)}`
}

/**
 * What to say instead of an answer when no call is in scope.
 * @param suggestion an option that would find some
 */
export function emptyText(doubts: Doubts, suggestion = '--as-of latest'): string {
  const { history, scope, unmatched, fromInput, typed } = doubts
  if (history.last_ts === null || history.first_ts === null) {
    return fromInput ? 'no calls in these logs' : `no calls yet; ${typed('llmcost ingest <logs>')} reads some`
  }
  const window = windowText(scope, scope.tz)
  const reasons = unmatched.map((one) => unmatchedWords(one, scope))
  const outside = outsideWords(history, scope)
  if (outside !== undefined) {
    // Of a value that is somewhere, the window is all that is wrong.
    const never = unmatched.filter(matchesNever).map((one) => unmatchedWords(one, scope))
    return [`no calls ${window}`, outside, `try ${suggestion}`, ...never].join('; ')
  }
  // Where a value is nowhere, the window is of no interest.
  if (unmatched.some(matchesNever)) return reasons.join('; ')
  const filters = scope.filters.map((filter) => filterText(filter, scope.currency))
  if (filters.length > 0) return [`no calls ${window} match ${filters.join(', ')}`, ...reasons].join('; ')
  return `no calls ${window}; newest call ${localDate(history.last_ts, scope.tz)}; try ${suggestion}`
}

/** Where the calls are, when all of them are before or after the window. */
function outsideWords({ first_ts: first, last_ts: last }: HistoryRow, scope: Scope): string | undefined {
  if (first === null || last === null) return undefined
  const [oldest, newest] = [localDate(first, scope.tz), localDate(last, scope.tz)]
  if (scope.since !== null && Date.parse(last) < Date.parse(scope.since)) return `newest call ${newest}`
  if (scope.until !== null && Date.parse(first) >= Date.parse(scope.until))
    return `calls run from ${oldest} to ${newest}`
  return undefined
}
