/** How one hour is judged, figure by figure and test by test: `llmcost anomalies --explain`. */
import type { TestBound } from '../../anomalies/bounds.js'
import { memberText } from '../../anomalies/wording.js'
import type { Dimension } from '../../domain/dimensions.js'
import { hourIso, hourStart } from '../../domain/time/hours.js'
import type { Scope } from '../../domain/scope.js'
import type { Materiality } from '../../domain/materiality.js'
import type { SeriesHour } from '../../anomalies/method/chosen-hours.js'
import { column } from '../columns.js'
import { materialityText } from './materiality-words.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import { matchesNever } from '../unmatched.js'
import type { Column, Report, Row, Section } from '../report.js'

export interface BaselineAnswer {
  readonly scope: Scope
  readonly dimension: Dimension | null
  readonly value: string
  /** Local hour. */
  readonly hour: number
  readonly row: SeriesHour | undefined
  readonly matters: Materiality
  readonly tests: readonly TestBound[]
  readonly doubts: Doubts
}

const facts: readonly Column[] = [
  column('hour', 'hour', 'time'),
  column('cost_usd', 'x: cost of the hour', 'usd'),
  column('norm_usd', 'm: what it normally costs, g × R', 'usd'),
  column('noise_usd', 's: one unit of noise', 'usd'),
  column('excess_usd', 'e: x − m', 'usd'),
  column('max_cost_usd', 'dearest single call', 'usd'),
  column('type_median_usd', 'median of these hours on such days', 'usd'),
  column('all_median_usd', 'median of these hours on all days', 'usd'),
  column('day_usd', 'both, weighted', 'usd'),
  column('weekday_usd', 'median of this weekday and hour', 'usd'),
  column('pattern_usd', 'R: the larger of the two', 'usd'),
  column('mean_usd', 'μ: mean hour of the history', 'usd'),
  column('noise', 'φ: noise', 'number'),
  column('growth', 'g: growth of the last week', 'number'),
  column('usual_usd', 'usual day of all calls', 'usd'),
  column('history_hours', 'hours of history', 'count'),
]

const testColumns: readonly Column[] = [
  column('test', 'test', 'text'),
  column('condition', 'condition', 'text'),
  column('measured', 'measured', 'number'),
  column('bound', 'must be above', 'number'),
  column('holds', 'holds', 'boolean'),
]

export function baselineReport(answer: BaselineAnswer): Report {
  const { scope, doubts, dimension, value, hour, row } = answer
  const series = memberText({ dimension: dimension?.key ?? null, value })
  const title = `Baseline of ${series}`
  const since = hourIso(hourStart(hour, scope.tz))
  const until = hourIso(hourStart(hour + 1, scope.tz))
  return {
    kind: 'anomaly_baseline',
    title,
    period: { since, until, tz: scope.tz },
    sections:
      row === undefined ? [nothing(answer, title)] : [baselineSection(row, since), testSection(answer)],
    warnings: warningsOf(doubts),
    footer: footerOf(doubts.history),
  }
}

const nothing = ({ doubts }: BaselineAnswer, title: string): Section => ({
  id: 'baseline',
  title,
  columns: facts,
  rows: [],
  empty: noBaseline(doubts),
})

/** Why an hour cannot be judged. */
export const noBaseline = (doubts: Doubts): string =>
  doubts.history.last_ts === null || doubts.unmatched.some(matchesNever)
    ? emptyText(doubts)
    : 'no baseline: the series has under 24 hours of history before this day, it cost nothing in it, or the clock skipped the hour'

function baselineSection(row: SeriesHour, since: string): Section {
  const figures: Row = Object.fromEntries(
    facts.map(({ key }) => [key, key === 'hour' ? since : ((row as unknown as Row)[key] ?? null)]),
  )
  return { id: 'baseline', title: 'The hour', layout: 'facts', columns: facts, rows: [figures] }
}

function testSection({ tests, matters }: BaselineAnswer): Section {
  const rows = tests.map(({ test, condition, measured, bound }) => ({
    test,
    condition,
    measured,
    bound,
    holds: measured > bound,
  }))
  const names = [...new Set(tests.map(({ test }) => test))]
  const notes = names.map((name) => {
    const own = rows.filter(({ test }) => test === name)
    return `${name}: ${own.every(({ holds }) => holds) ? 'flagged' : 'not flagged'}`
  })
  return {
    id: 'tests',
    title: 'Tests',
    columns: testColumns,
    rows,
    notes: [...notes, materialityText(matters)],
  }
}
