/**
 * What is doubtful about an answer, said beside it: unpriced calls, rejected lines, times to come, and
 * where the data are when a window holds none.
 */
import { localDate } from '../domain/periods.js'
import type { Scope, Window } from '../domain/scope.js'
import { count } from '../domain/wording.js'
import type { HistoryRow } from '../metrics/history.js'
import type { Decimal, Whole } from '../metrics/query.js'
import type { UnpricedRow } from '../metrics/unpriced.js'

/** Everything that notes are made from. */
export interface Doubts {
  readonly history: HistoryRow
  readonly scope: Scope
  /** Of the calls in scope. */
  readonly calls: Figure
  readonly unpricedCalls: Figure
  readonly partlyPricedCalls: Figure
  readonly unpriced: readonly UnpricedRow[]
  /** The answer comes from `--input`, so there is no store to look into. */
  readonly fromInput: boolean
}

type Figure = Whole | Decimal | null | undefined

/** Warnings that touch the whole answer. */
export function warningsOf(doubts: Doubts): string[] {
  const { history, fromInput } = doubts
  const warnings = priceWarnings(doubts)
  if (Number(history.rejected_lines) > 0) {
    const where = fromInput ? '' : '; llmcost rejects lists them'
    warnings.push(
      `${counted(history.rejected_lines, 'log line was', 'log lines were')} rejected and not counted${where}`,
    )
  }
  if (Number(history.future_calls) > 0 && history.last_ts !== null) {
    const newest = history.last_ts.slice(0, 10)
    warnings.push(
      `${counted(history.future_calls, 'call is', 'calls are')} dated after now, the last ${newest}`,
    )
  }
  return warnings
}

function priceWarnings({ calls, unpricedCalls, partlyPricedCalls, unpriced, fromInput }: Doubts): string[] {
  const warnings: string[] = []
  if (Number(unpricedCalls ?? 0) > 0) {
    const without = `${count(unpricedCalls)} of ${counted(calls, 'call has', 'calls have')} no price and no cost here`
    const where = fromInput ? '' : '; llmcost prices check names the closest models'
    warnings.push(`${without}: ${modelList(unpriced)}${where}`)
  }
  if (Number(partlyPricedCalls ?? 0) > 0) {
    const part = counted(partlyPricedCalls, 'call is', 'calls are')
    warnings.push(
      `${part} priced in part only: no price is known for something used (audio, searches, a tier)`,
    )
  }
  return warnings
}

function modelList(unpriced: readonly UnpricedRow[]): string {
  const shown = unpriced.slice(0, 3).map(({ provider, model }) => {
    const name = model ?? '(no model)'
    return provider === null ? name : `${provider}/${name}`
  })
  const more = unpriced.length - shown.length
  return shown.join(', ') + (more > 0 ? ` and ${counted(more, 'more model', 'more models')}` : '')
}

/** `1 call`, `1,234 calls` */
function counted(value: Figure, one: string, many: string): string {
  return `${count(value ?? 0)} ${Number(value ?? 0) === 1 ? one : many}`
}

/** Quiet facts: which prices the figures rest on. */
export function footerOf(history: HistoryRow): string[] {
  return history.price_data === null ? [] : [`prices: ${history.price_data}`]
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
 * @param suggestion an option that would find some, such as `--as-of latest`
 */
export function emptyText(history: HistoryRow, scope: Scope, suggestion: string, fromInput: boolean): string {
  if (history.last_ts === null || history.first_ts === null) {
    return fromInput ? 'no calls in these logs' : 'no calls yet; llmcost ingest <logs> reads some'
  }
  const window = windowText(scope, scope.tz)
  const [first, last] = [Date.parse(history.first_ts), Date.parse(history.last_ts)]
  if (scope.since !== null && last < Date.parse(scope.since)) {
    return `no calls ${window}; newest call ${localDate(history.last_ts, scope.tz)}; try ${suggestion}`
  }
  if (scope.until !== null && first >= Date.parse(scope.until)) {
    const days = `calls run from ${localDate(history.first_ts, scope.tz)} to ${localDate(history.last_ts, scope.tz)}`
    return `no calls ${window}; ${days}; try ${suggestion}`
  }
  const filters = scope.filters.map(({ dimension, operator, value }) => `${dimension}${operator}${value}`)
  if (filters.length > 0) return `no calls ${window} match ${filters.join(', ')}`
  return `no calls ${window}; newest call ${localDate(history.last_ts, scope.tz)}; try ${suggestion}`
}
