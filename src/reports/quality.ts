/** Scores and feedback that logs have, and what a good answer cost: `llmcost quality`. */
import { dimensionNoun, type Dimension } from '../domain/dimensions.js'
import type { GoodAnswers } from '../domain/quality.js'
import type { Scope } from '../domain/scope.js'
import type { QualityRow } from '../metrics/quality.js'
import { groupSection } from './breakdown.js'
import { column } from './columns.js'
import { withGroupColumns } from './group-columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from './notes.js'
import type { Cell, Column, Report, Section } from './report.js'

interface QualityTable {
  readonly by: readonly Dimension[]
  readonly rows: readonly QualityRow[]
}

interface QualityAnswer {
  readonly scope: Scope
  readonly tables: readonly QualityTable[]
  /** Null where no call has a score or feedback. */
  readonly good: GoodAnswers | null
  readonly doubts: Doubts
}

const shown = [
  'calls',
  'mean_quality_score',
  'quality_score_calls',
  'mean_groundedness',
  'mean_retrieval_score',
  'mean_user_feedback',
  'user_feedback_calls',
  'cost_usd',
] as const

const goodColumns: readonly Column[] = [
  column('judged_calls', 'judged', 'count'),
  column('good_answers', 'good', 'count', 2),
  column('good_answer_rate', 'good rate', 'rate', 1),
  column('cost_per_good_answer_usd', 'cost per good answer', 'usd'),
]

export function qualityReport({ scope, tables, good, doubts }: QualityAnswer): Report {
  const sections = tables.map(tableSection)
  const [first] = sections
  const [table] = tables
  const noCalls = Number(doubts.calls ?? 0) === 0
  const empty = noCalls
    ? emptyText(doubts)
    : 'no call has a quality_score, groundedness, retrieval_score or user_feedback; --map quality_score=<path> takes one from the log'
  const title = tables.length === 1 && table ? titleOf(table.by) : 'Quality'
  const bare = first && (noCalls || !tables.some(({ rows }) => rows.some(isScored)))
  return {
    kind: 'quality',
    title,
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: bare
      ? [{ id: first.id, title, columns: first.columns, rows: [], empty }]
      : sections.map((one, i) => (i === sections.length - 1 ? { ...one, notes: notesOf(good) } : one)),
    ...(good === null ? {} : { data: { good_answers: ruleOf(good) } }),
    warnings: warningsOf(doubts),
    footer: footerOf(doubts.history),
  }
}

/** The rule for programs: from a value on, or above it. */
function ruleOf({ score, feedback, above, words }: GoodAnswers): Cell {
  const feedbackKey = above ? 'user_feedback_above' : 'user_feedback_from'
  return { quality_score_from: score, [feedbackKey]: feedback, rule: words }
}

const titleOf = (by: readonly Dimension[]): string =>
  by.length === 0 ? 'Quality' : `Quality by ${by.map(dimensionNoun).join(' and ')}`

function tableSection({ by, rows }: QualityTable): Section {
  const id = ['quality', ...by.map(({ key }) => key)].join('_by_')
  const section = groupSection({ id, title: titleOf(by), by, measures: shown }, rows)
  return withGroupColumns(section, by, rows, rows, goodColumns)
}

function isScored(row: QualityRow): boolean {
  const figures = [row.mean_quality_score, row.mean_groundedness, row.mean_retrieval_score]
  return [...figures, row.mean_user_feedback].some((figure) => (figure ?? null) !== null)
}

function notesOf(good: GoodAnswers | null): string[] {
  if (good === null) return ['no call has a quality_score or user_feedback: none is judged']
  return [
    `good: ${good.words}; good_quality_score under "bounds" in the config file moves it`,
    'judged: calls with a quality_score or user_feedback; the cost of a good answer is what all judged calls cost, over the good ones',
  ]
}
