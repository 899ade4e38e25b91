/** What to change, and what it would have saved: `llmcost optimize`. */
import type { Scope } from '../../domain/scope.js'
import { counted } from '../../domain/words/plurals.js'
import { column, dataColumn } from '../columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Column, Report, Row, Section } from '../report.js'
import { bySaving, changeRow, lackWords, strategyRow, type Gained, type Measured } from './gain-rows.js'

export interface OptimizeAnswer extends Measured {
  readonly scope: Scope
  readonly outcomes: readonly Gained[]
  /** Of several applied one after another. */
  readonly combination?: readonly Section[] | undefined
  readonly doubts: Doubts
  /** Further quiet facts. */
  readonly footer?: readonly string[]
}

export const nothing = 'nothing to gain here'

const strategyColumns: readonly Column[] = [
  column('strategy', 'strategy', 'text'),
  dataColumn('title', 'title', 'text'),
  column('monthly_saving_usd', 'saves a month', 'usd'),
  dataColumn('saving_usd', 'saved in the window', 'usd'),
  column('cost_share', 'of all cost', 'rate'),
  column('saved_calls', 'calls', 'count', 2),
  dataColumn('considered_calls', 'calls looked at', 'count'),
  column('confidence', 'confidence', 'text'),
  dataColumn('confidence_reasons', 'why', 'json'),
  column('effort', 'effort', 'text'),
  dataColumn('risk', 'risk', 'text'),
  dataColumn('assumptions', 'assumptions', 'json'),
]

const changeColumns: readonly Column[] = [
  { ...column('text', 'change', 'text'), wraps: true },
  dataColumn('strategy', 'strategy', 'text'),
  ...(['feature', 'model', 'user_id', 'operation', 'environment'] as const).map((key) =>
    dataColumn(key, key.replace('_id', ''), 'text'),
  ),
  dataColumn('monthly_saving_usd', 'saves a month', 'usd'),
  dataColumn('saving_usd', 'saved in the window', 'usd'),
  dataColumn('cost_usd', 'cost', 'usd'),
  dataColumn('saved_calls', 'calls', 'count'),
  dataColumn('considered_calls', 'calls looked at', 'count'),
  dataColumn('change', 'change alone', 'text'),
  column('risk', 'risk', 'text'),
  dataColumn('figures', 'figures', 'json'),
]

export function optimizeReport(answer: OptimizeAnswer): Report {
  const { scope, outcomes, doubts, combination = [] } = answer
  const strategies = strategiesSection(answer)
  const isEmpty = Number(answer.measured.calls) === 0
  return {
    kind: 'optimize',
    title: 'What to change, and what it saves',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: isEmpty
      ? [{ ...strategies, empty: emptyText(doubts, '--since 30d --as-of latest'), notes: [] }]
      : [strategies, ...combination, ...changesSections(answer), ...withoutSections(outcomes)],
    warnings: [...warningsOf(doubts), ...(isEmpty ? [] : ownWarnings(answer))],
    footer: [...footerOf(doubts.history), ...(answer.footer ?? [])],
  }
}

function strategiesSection(answer: OptimizeAnswer): Section {
  const gained = bySaving(answer.outcomes)
  const notes = [
    `a month is ${answer.month.words}`,
    ...(gained.length > 1 ? ['they overlap, so do not add them up: --combine does'] : []),
  ]
  return {
    id: 'strategies',
    title: 'What would have saved most',
    columns: strategyColumns,
    rows: gained.map((one) => strategyRow(one, answer)),
    ...(gained.length === 0 ? { empty: nothing } : { notes }),
  }
}

function changesSections({ outcomes, month }: OptimizeAnswer): Section[] {
  const rows = bySaving(outcomes).flatMap((one) =>
    one.segments.map((segment) => changeRow(one, segment, month)),
  )
  return rows.length === 0 ? [] : [changesSection(rows)]
}

/** For people the risk of a strategy stands once, under its first change. */
export const changesSection = (rows: readonly Row[]): Section => ({
  id: 'changes',
  title: 'What to change',
  layout: 'blocks',
  columns: changeColumns,
  rows,
  shownRows: rows.map((row, i) => ({
    ...row,
    risk: rows[i - 1]?.['strategy'] === row['strategy'] ? null : `risk: ${textOf(row['risk'])}`,
  })),
})

/** Strategies that have no figure to show, and why. */
function withoutSections(outcomes: readonly Gained[]): Section[] {
  const rows = outcomes.flatMap((one): Row[] => {
    const { id, title } = one.strategy
    const row = { strategy: id, title }
    if (one.lacks.length > 0)
      return one.lacks.map((need) => ({
        text: `${id}: ${lackWords(need)}`,
        ...row,
        state: 'not_logged',
        field: need.field,
        how: need.how,
      }))
    if (one.strategy.isView === true)
      return [
        {
          text: `${id}: llmcost optimize --explain ${id} shows it`,
          ...row,
          state: 'view',
          field: null,
          how: null,
        },
      ]
    return bySaving([one]).length > 0
      ? []
      : [{ text: `${id}: ${nothing}`, ...row, state: 'nothing', field: null, how: null }]
  })
  if (rows.length === 0) return []
  const columns = [
    { ...column('text', 'strategy', 'text'), wraps: true as const },
    dataColumn('strategy', 'strategy', 'text'),
    dataColumn('title', 'title', 'text'),
    dataColumn('state', 'state', 'text'),
    dataColumn('field', 'field', 'text'),
    dataColumn('how', 'how to log it', 'text'),
  ]
  return [{ id: 'without_gain', title: 'Without a saving', layout: 'lines', columns, rows }]
}

function ownWarnings({ measured, outcomes, month }: OptimizeAnswer): string[] {
  const tokens = outcomes.some(({ strategy }) => strategy.acts !== 'on calls')
  const unparted = Number(measured.unparted_calls)
  if (!tokens || unparted === 0) return [...month.warnings]
  return [
    ...month.warnings,
    `${counted(unparted, 'call has', 'calls have')} only a cost of the log's own, not parted into input and output: what acts on tokens or prices leaves them alone`,
  ]
}

const textOf = (cell: Row[string] | undefined): string => (typeof cell === 'string' ? cell : '')
