/** Single calls as a list: `llmcost calls`. */
import type { Scope } from '../domain/scope.js'
import { count } from '../domain/words/wording.js'
import type { CallOrder, SingleCallRow } from '../metrics/single-calls.js'
import { callColumn, column } from './columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from './notes.js'
import type { Column, Report, Row } from './report.js'

const titles: Readonly<Record<CallOrder, string>> = {
  dearest: 'Dearest calls',
  latest: 'Latest calls',
  truncated: 'Truncated calls',
  failed: 'Failed calls',
}

const none: Readonly<Record<CallOrder, string>> = {
  dearest: 'no calls',
  latest: 'no calls',
  truncated: 'no call was cut off (finish_reason length or context_exceeded)',
  failed: 'no call failed (status error)',
}

interface CallsAnswer {
  readonly scope: Scope
  readonly order: CallOrder
  readonly rows: readonly SingleCallRow[]
  /** All calls of that kind, shown or not. */
  readonly matching: number
  readonly doubts: Doubts
}

export function callsReport({ scope, order, rows, matching, doubts }: CallsAnswer): Report {
  const title = titles[order]
  const anyCall = Number(doubts.calls ?? 0) > 0
  const empty = anyCall ? none[order] : emptyText(doubts)
  const notes =
    matching > rows.length ? [`${count(rows.length)} of ${count(matching)}; --top shows more`] : []
  return {
    kind: 'calls',
    title,
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: [{ id: 'calls', title, columns: columnsFor(order), rows: rows.map(rowOf), notes, empty }],
    warnings: warningsOf(doubts),
    footer: footerOf(doubts.history),
  }
}

/** The id goes last of all that may be left out: `explain` wants it. */
function columnsFor(order: CallOrder): Column[] {
  const dataOnly = (key: string): Column => ({ ...callColumn(key), dataOnly: true })
  return [
    callColumn('ts'),
    column('call_id', 'call', 'text', 1),
    callColumn('feature', 2),
    callColumn('user_id', 3),
    callColumn('model'),
    dataOnly('source'),
    dataOnly('provider'),
    callColumn('input_tokens', 4),
    callColumn('output_tokens', 4),
    callColumn('cost_usd'),
    dataOnly('latency_ms'),
    callColumn('finish_reason', 5),
    callColumn('status', 6),
    order === 'failed' ? callColumn('error') : dataOnly('error'),
    column('location', 'from', 'text', 7),
    dataOnly('path'),
    dataOnly('line'),
  ]
}

function rowOf(row: SingleCallRow): Row {
  const location = row.path === null ? null : `${row.path}:${row.line ?? ''}`
  return { ...row, location }
}
