/** What is behind the saving of one strategy: `llmcost optimize --explain`. */
import type { Scope } from '../../domain/scope.js'
import { quoteText } from '../../domain/words/quoting.js'
import { count } from '../../domain/words/wording.js'
import type { ExampleRow } from '../../optimize/gains.js'
import type { Detail } from '../../optimize/strategy.js'
import type { Param } from '../../metrics/query.js'
import { column, dataColumn } from '../columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Cell, Report, Section } from '../report.js'
import { bySaving, changeRow, lackWords, strategyRow, type Gained, type Measured } from './gain-rows.js'
import { changesSection, nothing } from './optimize.js'

export interface ExplainedAnswer extends Measured {
  readonly scope: Scope
  readonly outcome: Gained
  readonly explained?:
    | {
        readonly examples: readonly ExampleRow[]
        readonly details: readonly {
          readonly detail: Detail
          readonly rows: readonly Readonly<Record<string, Param>>[]
        }[]
        readonly sql: string
        readonly params: Readonly<Record<string, Param>>
      }
    | undefined
  readonly doubts: Doubts
}

const factColumns = [
  column('strategy', 'strategy', 'text'),
  dataColumn('about', 'what it does', 'text'),
  column('monthly_saving_usd', 'saves a month', 'usd'),
  column('saving_usd', 'saved in the window', 'usd'),
  column('cost_share', 'of all cost', 'rate'),
  column('saved_calls', 'calls it saves on', 'count'),
  column('considered_calls', 'calls looked at', 'count'),
  column('confidence', 'confidence', 'text'),
  dataColumn('confidence_reasons', 'why', 'json'),
  column('effort', 'effort', 'text'),
  dataColumn('risk', 'risk', 'text'),
]

export function explainedReport(answer: ExplainedAnswer): Report {
  const { scope, outcome, doubts, explained } = answer
  const { strategy } = outcome
  const facts: Section = {
    id: 'strategy',
    title: strategy.title,
    layout: 'facts',
    columns: factColumns,
    rows: [],
  }
  const notes = [strategy.about, `risk: ${strategy.risk}`]
  const isEmpty = Number(answer.measured.calls) === 0
  const saves = bySaving([outcome]).length > 0
  const why = isEmpty
    ? emptyText(doubts, '--since 30d --as-of latest')
    : outcome.lacks.length > 0
      ? outcome.lacks.map(lackWords).join('; ')
      : nothing
  const isView = strategy.isView === true && outcome.total !== undefined
  const known = isView
    ? []
    : saves
      ? [{ ...facts, rows: [{ ...strategyRow(outcome, answer), about: strategy.about }], notes }]
      : [{ ...facts, empty: why, notes: [strategy.about] }]
  return {
    kind: 'optimize_explained',
    title: `${strategy.title}: what is behind it`,
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: [
      ...known,
      assumptionsSection(outcome),
      ...(saves ? behind(answer) : isView ? detailsOf(answer) : []),
      ...(explained === undefined ? [] : [sqlSection(explained.sql, explained.params)]),
    ],
    warnings: warningsOf(doubts),
    footer: footerOf(doubts.history),
  }
}

function assumptionsSection({ strategy, values }: Gained): Section {
  return {
    id: 'assumptions',
    title: 'Assumptions',
    columns: [
      column('name', 'name', 'text'),
      column('value', 'value', 'text'),
      column('default', 'default', 'text', 1),
      { ...column('about', 'what it means', 'text'), wraps: true },
    ],
    rows: strategy.assumptions.map(({ name, about, fallback }) => ({
      name,
      value: values.get(name)?.text ?? fallback,
      default: fallback,
      about,
    })),
    notes: ['move one with --assume name=value'],
    ...(strategy.assumptions.length === 0 ? { empty: 'it assumes nothing', notes: [] } : {}),
  }
}

function behind(answer: ExplainedAnswer): Section[] {
  const { outcome, explained, month } = answer

  return [
    changesSection(outcome.segments.map((segment) => changeRow(outcome, segment, month))),
    ...detailsOf(answer),
    {
      id: 'examples',
      title: 'The calls on which it saves most',
      columns: [
        column('call_id', 'call', 'text'),
        column('ts', 'time', 'time', 1),
        column('feature', 'feature', 'text', 2),
        column('model', 'model', 'text', 3),
        column('user_id', 'user', 'text', 6),
        column('input_tokens', 'input', 'count', 5),
        column('output_tokens', 'output', 'count', 4),
        column('cost_usd', 'cost', 'usd'),
        column('saving_usd', 'saving', 'usd'),
      ],
      rows: (explained?.examples ?? []).map((row) => ({ ...row })),
      notes: ['llmcost explain CALL shows the cost of one, part by part'],
    },
  ]
}

/** Characters of a statement that people are shown. */
const longestShown = 20_000

/** The statement with its values in their places. */
function sqlSection(sql: string, params: Readonly<Record<string, Param>>): Section {
  const literal = (value: Param): string =>
    value === null ? 'NULL' : typeof value === 'string' ? quoteText(value) : String(value)
  const text = sql.replaceAll(/\$(\w+)/g, (name, key: string) =>
    Object.hasOwn(params, key) ? literal(params[key] ?? null) : name,
  )
  const lines: Cell[] = text.split('\n').filter((line) => line.trim() !== '')
  return {
    id: 'sql',
    title: 'SQL',
    layout: 'code',
    columns: [{ ...column('sql', 'sql', 'text'), wraps: true }],
    rows: lines.map((line) => ({ sql: line })),
    // The prices of many models are a part of some statements.
    ...(text.length > longestShown
      ? { shownRows: [{ sql: `-- ${count(text.length)} characters: --json has them, in the section sql` }] }
      : {}),
    notes: ['the statement that was asked, with its values in their places'],
  }
}

const detailsOf = ({ explained }: ExplainedAnswer): Section[] =>
  (explained?.details ?? []).map(({ detail, rows }): Section => ({
    id: detail.id,
    title: detail.title,
    columns: detail.columns.map(({ key, title, kind }) => column(key, title, kind)),
    rows,
    notes: detail.notes ?? [],
  }))
