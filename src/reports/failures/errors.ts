/** Failed calls and retries: `llmcost errors`, and the section of the weekly report. */
import type { Bounds } from '../../domain/bounds.js'
import type { Dimension } from '../../domain/dimensions.js'
import type { Scope } from '../../domain/scope.js'
import { count } from '../../domain/words/wording.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import type { ErrorKindRow } from '../../metrics/failures/error-kinds.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { column, dimensionColumn, measureColumn } from '../columns.js'
import { withRetries, type ErrorGroup, type ErrorsAnswer } from './retries.js'
import { titleBy } from '../sentences.js'
import { errorFindings } from './error-findings.js'
import { kindSections } from './error-kinds.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Cell, Report, Row, Section } from '../report.js'

/** Figures by group that the table and its findings need. */
export const errorMeasures: readonly MeasureName[] = [
  'calls',
  'status_calls',
  'error_rate',
  'failed_calls',
  'failed_cost_usd',
  'cost_usd',
  'unpriced_calls',
  'partly_priced_calls',
]

const groupColumns = [
  measureColumn('calls'),
  { ...measureColumn('status_calls'), optional: 4 },
  { ...measureColumn('error_rate', 'always'), title: 'error rate' },
  { ...measureColumn('failed_calls', 'always'), title: 'failed' },
  { ...measureColumn('failed_cost_usd', 'always'), title: 'cost of failed' },
  column('retries', 'retries', 'count'),
  column('retry_cost_usd', 'cost of retries', 'usd'),
  { ...measureColumn('cost_usd', 'always'), title: 'cost of all', optional: 2 },
] as const

export function errorSection(id: string, answer: ErrorsAnswer): Section {
  const { by, rows, retries, gapText } = answer
  const title = titleBy('Errors', by)
  const columns = [...by.map(dimensionColumn), ...groupColumns]
  const groups = withRetries(by, rows, retries)
  const total = groups.find(({ row }) => row.is_total)
  if (total === undefined || (Number(total.row.status_calls ?? 0) === 0 && total.retries === 0)) {
    const empty =
      'no call says whether it failed; --map status=<path> or --map error=<path> takes it from the log'
    return { id, title, columns, rows: [], empty }
  }
  const shown = by.length === 0 ? groups : groups.filter(({ row }) => !row.is_total)
  return {
    id,
    title,
    columns: columns.map((one) =>
      one.key === 'status_calls' && rows.every((row) => row.status_calls === row.calls)
        ? { ...one, dataOnly: true as const }
        : one,
    ),
    rows: shown.map((group) => ({ ...keysOf(by, group.row), ...figuresOf(group) })),
    ...(by.length === 0 ? {} : { totals: figuresOf(total) }),
    notes: notesOf(total, answer.kinds, gapText),
  }
}

const keysOf = (by: readonly Dimension[], row: BreakdownRow): Row =>
  Object.fromEntries(
    by.map(({ key }, i): [string, Cell] => [key, row.is_others ? '(others)' : (row[`d${i}`] ?? null)]),
  )

function figuresOf({ row, retries, retryCostUsd }: ErrorGroup): Row {
  const own = { retries, retry_cost_usd: retryCostUsd }
  return Object.fromEntries(
    groupColumns.map(({ key }): [string, Cell] => [
      key,
      key in own ? own[key as keyof typeof own] : (row[key as MeasureName] ?? null),
    ]),
  )
}

function notesOf({ row, retries }: ErrorGroup, kinds: readonly ErrorKindRow[], gapText: string): string[] {
  const silent = Number(row.calls ?? 0) - Number(row.status_calls ?? 0)
  const unfollowed = Number(kinds.find((kind) => kind.is_total)?.unfollowed_calls ?? 0)
  const failed = Number(row.failed_calls ?? 0)
  return [
    ...(silent > 0
      ? [`${count(silent)} of ${count(row.calls)} calls do not say whether they failed: they are in no rate.`]
      : []),
    ...(retries > 0 || failed > 0
      ? [
          `A retry: attempt above 1, or the same user, feature and prompt_hash within ${gapText} after an error.`,
        ]
      : []),
    ...(unfollowed > 0
      ? [
          `${count(unfollowed)} of ${count(failed)} failed calls name no user or no prompt_hash: a retry of them is known by its attempt only.`,
        ]
      : []),
  ]
}

export function errorsReport(
  answer: ErrorsAnswer & { readonly scope: Scope; readonly bounds: Bounds; readonly doubts: Doubts },
): Report {
  const { scope, doubts, bounds } = answer
  const section = errorSection('errors', answer)
  const { id, title, columns } = section
  const empty = emptyText(doubts)
  return {
    kind: 'errors',
    title: 'Errors and retries',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections:
      Number(doubts.calls ?? 0) === 0
        ? [{ id, title, columns, rows: [], empty }]
        : [section, ...kindSections('error_kinds', answer)],
    findings: errorFindings(answer, bounds, doubts),
    warnings: warningsOf(doubts),
    footer: footerOf(doubts.history),
  }
}
