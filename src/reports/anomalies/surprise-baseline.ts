/** How one hour is judged by likelihood, term by term and width by width: `llmcost anomalies --explain`. */
import { boundText, withoutNoise, verdictOf, verdictText } from './surprise-verdicts.js'
import { memberText } from '../../anomalies/wording.js'
import type { Dimension } from '../../domain/dimensions.js'
import { hourIso, hourStart } from '../../domain/time/hours.js'
import type { Scope } from '../../domain/scope.js'
import type { Materiality } from '../../domain/materiality.js'
import type { SurpriseRow } from '../../anomalies/method/explained-hour.js'
import { noBaseline } from './baseline.js'
import { materialityText } from './materiality-words.js'
import { column, dataColumn } from '../columns.js'
import { footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Cell, Column, Report, Row, Section } from '../report.js'

export interface SurpriseAnswer {
  readonly scope: Scope
  readonly dimension: Dimension | null
  readonly value: string
  /** Local hour. */
  readonly hour: number
  /** One a width; none where the hour has no norm. */
  readonly rows: readonly SurpriseRow[]
  readonly matters: Materiality
  readonly doubts: Doubts
}

const facts: readonly Column[] = [
  column('hour', 'hour', 'time'),
  column('paid_calls', 'n: calls that cost something', 'count'),
  column('norm_calls', 'λ: calls that are usual', 'number'),
  column('cost_usd', 'x: cost of the hour', 'usd'),
  column('norm_usd', 'm: what it usually costs, λ × c', 'usd'),
  column('call_usd', 'c: mean cost of a call', 'usd'),
  column('unit_usd', 'ψ: the size in which money is counted, Σc² / Σc', 'usd'),
  column('type_calls', 'calls at this hour on such days', 'number'),
  column('all_calls', 'calls at this hour on all days', 'number'),
  column('prior_calls', 'calls by the rhythm of all calls', 'number'),
  column('weekday_calls', 'median of this weekday and hour', 'number'),
  column('pattern_calls', 'R: these together', 'number'),
  column('growth', 'g: growth of the last week', 'number'),
  column('usual_usd', 'usual day of all calls', 'usd'),
  column('history_hours', 'hours of history', 'count'),
]

const widthColumns: readonly Column[] = [
  column('hours', 'hours', 'count'),
  column('found_calls', 'calls', 'number'),
  column('expected_calls', 'usual', 'number'),
  column('calls_surprise', 'surprise', 'number'),
  column('found_usd', 'cost', 'usd'),
  column('expected_usd', 'usual cost', 'usd'),
  column('unit', 'in units of', 'usd'),
  column('money_surprise', 'surprise', 'number'),
  column('bound', 'bound', 'number'),
  column('flagged', 'flagged', 'boolean'),
  dataColumn('calls_calibration', 'calibration of calls', 'number'),
  dataColumn('money_calibration', 'calibration of money', 'number'),
  dataColumn('least_usd', 'least excess', 'usd'),
  dataColumn('conditions', 'conditions', 'json'),
]

export function surpriseReport(answer: SurpriseAnswer): Report {
  const { scope, doubts, dimension, value, hour, rows } = answer
  const title = `Baseline of ${memberText({ dimension: dimension?.key ?? null, value })}`
  const iso = (one: number): string => hourIso(hourStart(one, scope.tz))
  return {
    kind: 'anomaly_baseline',
    title,
    period: { since: iso(hour), until: iso(hour + 1), tz: scope.tz },
    sections:
      rows[0] === undefined
        ? [{ id: 'baseline', title, columns: facts, rows: [], empty: noBaseline(doubts) }]
        : [hourSection(rows[0], iso(hour)), widthSection(rows, answer.matters)],
    warnings: warningsOf(doubts),
    footer: footerOf(doubts.history),
  }
}

const cellWithoutNoise = (cell: Cell | undefined): Cell =>
  typeof cell === 'number' ? withoutNoise(cell) : (cell ?? null)

function hourSection(row: SurpriseRow, since: string): Section {
  const figures: Row = Object.fromEntries(
    facts.map(({ key }) => [key, key === 'hour' ? since : cellWithoutNoise((row as unknown as Row)[key])]),
  )
  return { id: 'baseline', title: 'The hour', layout: 'facts', columns: facts, rows: [figures] }
}

/** The sums up to the hour; from 6 hours on without their worst hour. */
function widthSection(found: readonly SurpriseRow[], matters: Materiality): Section {
  const verdicts = found.map(verdictOf)
  const rows = verdicts.map(({ row, flagged, conditions }): Row => {
    const own = row as unknown as Row
    const measured = conditions.map(({ name, ...one }) => [name, one])
    const terms = widthColumns.map(({ key }): [string, Cell] => [key, cellWithoutNoise(own[key])])
    return {
      ...Object.fromEntries(terms),
      hours: row.width,
      bound: withoutNoise(row.whole_bound - row.discount),
      flagged,
      conditions: Object.fromEntries(measured),
    }
  })
  const calibrated = found.some((row) => row.calls_calibration > 1 || row.money_calibration > 1)
  const notes = [
    ...verdicts.map(verdictText),
    boundText(found),
    materialityText(
      matters,
      found.map(({ least_usd: least }) => least),
    ),
    ...(calibrated
      ? [
          `surprises are divided by what the history itself surprises with: calls ${found.map((row) => row.calls_calibration.toFixed(2)).join(', ')}, money ${found.map((row) => row.money_calibration.toFixed(2)).join(', ')}`,
        ]
      : []),
    'from 6 hours on the worst hour is left out of calls and cost',
  ]
  return { id: 'tests', title: 'Up to this hour', columns: widthColumns, rows, notes }
}
