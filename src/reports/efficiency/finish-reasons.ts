/** Why calls ended: which reasons people see, and how many calls log none. */
import { count } from '../../domain/words/wording.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import type { Column } from '../report.js'

/** A reason for which no call ended tells people nothing, but for truncation: that there is none is news. */
export function endedSo(rows: readonly BreakdownRow[]): (column: Column) => Column {
  const rare = new Set<string>([
    'tool_calls_rate',
    'content_filter_rate',
    'error_finish_rate',
    'other_finish_rate',
    'context_exceeded_rate',
  ])
  return (one) =>
    rare.has(one.key) && rows.every((row) => Number(row[one.key as MeasureName] ?? 0) === 0)
      ? { ...one, dataOnly: true }
      : one
}

/** How many calls the shares leave out. */
export function finishNotes(rows: readonly BreakdownRow[]): string[] {
  const total = rows.find((row) => row.is_total)
  const [left, calls] = [Number(total?.no_finish_reason_calls ?? 0), total?.calls ?? 0]
  if (left === 0) return []
  if (Number(calls) === left)
    return ['no call logs why it ended; --map finish_reason=<path> takes it from the log']
  return [`${count(left)} of ${count(calls)} calls do not log why they ended: the shares leave them out`]
}
