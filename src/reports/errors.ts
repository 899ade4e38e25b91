/** Failed calls and retries: `llmcost errors`, and the section of the weekly report. */
import type { Bounds } from '../domain/bounds.js'
import { sumOf } from '../domain/decimal.js'
import type { Dimension } from '../domain/dimensions.js'
import type { Scope } from '../domain/scope.js'
import { count, percent, usd } from '../domain/wording.js'
import type { BreakdownRow } from '../metrics/breakdown.js'
import type { ErrorKindRow } from '../metrics/error-kinds.js'
import type { MeasureName } from '../metrics/measures.js'
import type { RetryRow } from '../metrics/retries.js'
import { column, dimensionColumn, measureColumn } from './columns.js'
import { aboutGroup, groupName, nameOf, titleBy } from './group-name.js'
import { emptyText, footerOf, warningsOf, type Doubts } from './notes.js'
import type { Cell, Finding, Report, Row, Section } from './report.js'

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

export interface ErrorsAnswer {
  readonly by: readonly Dimension[]
  /** Groups in order, the others, the total. */
  readonly rows: readonly BreakdownRow[]
  /** By the same dimensions, and by kind of error. */
  readonly retries: readonly RetryRow[]
  readonly kinds: readonly ErrorKindRow[]
  readonly gapText: string
}

/** A group with its retries. */
export interface ErrorGroup {
  readonly row: BreakdownRow
  /** A whole number. */
  readonly retries: number
  /** USD; null where no retry is priced, or there is none. */
  readonly retryCostUsd: string | null
}

interface Retries {
  readonly retries: number
  readonly retryCostUsd: string | null
}

function added(rows: readonly RetryRow[]): Retries {
  return {
    retries: rows.reduce((sum, { retries }) => sum + Number(retries), 0),
    retryCostUsd: sumOf(rows.map((row) => row.retry_cost_usd)),
  }
}

/** Retries put to the groups that they belong to; those of groups that are not shown to the others. */
export function withRetries(
  by: readonly Dimension[],
  rows: readonly BreakdownRow[],
  retries: readonly RetryRow[],
): ErrorGroup[] {
  const keyOf = (row: BreakdownRow | RetryRow): string =>
    JSON.stringify(by.map((_, i) => row[`d${i}`] ?? null))
  const total = retries.filter((row) => row.is_total)
  const groups = retries.filter((row) => !row.is_total && !row.is_kind)
  const named = new Set(rows.filter((row) => !row.is_total && !row.is_others).map(keyOf))
  return rows.map((row) => {
    const own = row.is_total
      ? total
      : groups.filter((one) => (row.is_others ? !named.has(keyOf(one)) : keyOf(one) === keyOf(row)))
    return { row, ...added(own) }
  })
}

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

const kindColumns = [
  { ...column('kind', 'kind of error', 'text'), dimension: true as const },
  column('failed_calls', 'failed', 'count'),
  column('failed_share', 'share', 'share'),
  column('failed_cost_usd', 'cost of failed', 'usd'),
  column('retries', 'retries', 'count'),
  column('retry_cost_usd', 'cost of retries', 'usd'),
  column('messages', 'messages', 'count', 3),
  column('first_ts', 'first', 'time', 4),
  column('last_ts', 'last', 'time', 2),
  column('example_error', 'such as', 'text', 1),
]

/** Failed calls by kind of error, with the retries that follow each; none where no call failed. */
export function kindSections(id: string, { kinds, retries }: ErrorsAnswer): Section[] {
  const total = kinds.find((row) => row.is_total)
  const failed = Number(total?.failed_calls ?? 0)
  if (total === undefined || failed === 0) return []
  const groups = kinds.filter((row) => !row.is_total)
  const known = new Set(groups.filter((row) => !row.is_others).map(({ kind }) => kind))
  const after = retries.filter((row) => row.is_kind)
  const figures = (row: ErrorKindRow, own: readonly RetryRow[]): Row => {
    const { retries: times, retryCostUsd } = added(own)
    return {
      failed_calls: row.failed_calls,
      failed_share: Number(row.failed_calls) / failed,
      failed_cost_usd: row.failed_cost_usd,
      retries: times,
      retry_cost_usd: retryCostUsd,
      messages: row.messages,
      first_ts: row.first_ts,
      last_ts: row.last_ts,
    }
  }
  const varied = groups.some(({ kind, example_error: example }) => example !== null && example !== kind)
  const unseen = known.has(null) ? 0 : added(after.filter(({ kind }) => kind === null)).retries
  return [
    {
      id,
      title: 'Kinds of error',
      columns: kindColumns.map((one) =>
        varied || !['messages', 'example_error'].includes(one.key)
          ? one
          : { ...one, dataOnly: true as const },
      ),
      rows: groups.map((row) => ({
        kind: row.is_others ? '(others)' : row.kind,
        ...figures(
          row,
          after.filter(({ kind }) => (row.is_others ? kind !== null && !known.has(kind) : kind === row.kind)),
        ),
        example_error: row.example_error,
      })),
      totals: figures(total, after),
      notes: [
        ...(varied ? ['Numbers and ids in messages are #; --where error~<text> finds the calls.'] : []),
        ...(unseen > 0
          ? [`${count(unseen)} of the retries follow no failed call that is seen: in the total only.`]
          : []),
      ],
    },
  ]
}

/** Far beyond the bound something is broken. */
const criticalTimes = 5

export function errorFindings(answer: ErrorsAnswer, bounds: Bounds): Finding[] {
  const { by, rows, retries } = answer
  const groups = withRetries(by, rows, retries)
  const total = groups.find(({ row }) => row.is_total)
  const named = by.length === 0 ? [] : groups.filter(({ row }) => !row.is_total && !row.is_others)
  return [
    ...(total === undefined ? [] : rateFinding([], total, bounds)),
    ...named.flatMap((group) => rateFinding(by, group, bounds)),
    ...(total === undefined ? [] : retryFinding(answer, total, bounds)),
  ]
}

function rateFinding(by: readonly Dimension[], { row }: ErrorGroup, bounds: Bounds): Finding[] {
  const rate = row.error_rate ?? null
  const calls = Number(row.status_calls ?? 0)
  if (rate === null || calls < bounds.minimum_calls || Number(rate) <= bounds.error_rate) return []
  const cost = Number(row.failed_cost_usd ?? 0) > 0 ? `, which cost ${usd(row.failed_cost_usd)}` : ''
  const [only] = by.length === 1 ? by : []
  const filter =
    only === undefined || only.kind === 'time'
      ? ''
      : ` --where ${quoted(`${only.key}=${nameOf(row.d0 ?? null)}`)}`
  return [
    {
      kind: 'error_rate',
      severity: Number(rate) >= bounds.error_rate * criticalTimes ? 'critical' : 'warning',
      ...aboutGroup(by, row),
      measured: rate,
      bound: bounds.error_rate,
      text: `${groupName(by, row)}: ${percent(rate)} of ${count(calls)} calls failed (bound ${percent(bounds.error_rate)})${cost}; llmcost calls --order failed${filter} lists them`,
    },
  ]
}

const quoted = (text: string): string =>
  /^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

function retryFinding({ kinds }: ErrorsAnswer, total: ErrorGroup, bounds: Bounds): Finding[] {
  const [cost, all] = [Number(total.retryCostUsd ?? 0), Number(total.row.cost_usd ?? 0)]
  if (all === 0 || cost / all <= bounds.retry_cost_share) return []
  const main = kinds.find((row) => !row.is_total && !row.is_others && row.kind !== null)
  const most = main === undefined ? '' : `; the most frequent error is ${nameOf(main.kind)}`
  return [
    {
      kind: 'retry_cost',
      severity: 'warning',
      dimension: null,
      value: null,
      measured: cost / all,
      bound: bounds.retry_cost_share,
      text: `${count(total.retries)} retries cost ${usd(total.retryCostUsd)}, ${percent(cost / all)} of all cost (bound ${percent(bounds.retry_cost_share)})${most}`,
      details: { retries: total.retries, retry_cost_usd: total.retryCostUsd },
    },
  ]
}

export function errorsReport(
  answer: ErrorsAnswer & { readonly scope: Scope; readonly bounds: Bounds; readonly doubts: Doubts },
): Report {
  const { scope, doubts, bounds } = answer
  const section = errorSection('errors', answer)
  const { id, title, columns } = section
  const empty = emptyText(doubts.history, scope, '--as-of latest', doubts.fromInput)
  return {
    kind: 'errors',
    title: 'Errors and retries',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections:
      Number(doubts.calls ?? 0) === 0
        ? [{ id, title, columns, rows: [], empty }]
        : [section, ...kindSections('error_kinds', answer)],
    findings: errorFindings(answer, bounds),
    warnings: warningsOf(doubts),
    footer: footerOf(doubts.history),
  }
}
