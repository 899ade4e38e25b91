/** The weekly cost report, section by section: `llmcost report`. */
import { gravestFirst } from '../../domain/rules/severity.js'
import { dimensionOf } from '../../domain/dimensions.js'
import { localDate } from '../../domain/time/periods.js'
import type { Scope, Window } from '../../domain/scope.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import type { SummaryRow } from '../../metrics/summary.js'
import { groupSection } from '../breakdown.js'
import { callColumn, column, measureColumn } from '../columns.js'
import { doubtsOf, emptyText, footerOf, hintText, unheldBounds, type Doubt, type Doubts } from '../notes.js'
import { briefOf, type BriefContext } from './brief.js'
import type { Finding, Report, Section } from '../report.js'

interface WeeklyAnswer {
  readonly scope: Scope
  /** The window compared with; null when there is none. */
  readonly before: Window | null
  readonly summary: readonly SummaryRow[]
  /** Undefined where the window has no call. */
  readonly parts: readonly ReportPart[] | undefined
  /** What is not shown; undefined where all is. */
  readonly leftOut?: LeftOut | undefined
  /** Sections that count in dollars, of a report in another currency. */
  readonly inDollars?: readonly string[]
  /** What beside the window is not told, as its days have no exchange rate. */
  readonly unrated?: readonly string[]
  readonly doubts: Doubts
  /** An option that finds calls, should there be none in the window. */
  readonly suggestion: string
  /** The window runs still: no whole day has a call. */
  readonly isRunning: boolean
  /** For the first page; undefined where the whole is asked for. */
  readonly first: Pick<BriefContext, 'asOf' | 'isNow' | 'minUsd' | 'currency'> | undefined
}

/** Sections that need calls of hours of which the database has only sums, and those hours. */
export interface LeftOut {
  readonly sections: readonly string[]
  readonly span: string
}

/** What one subject of the report has to show, and to say. */
export interface ReportPart {
  readonly sections: readonly Section[]
  readonly findings?: readonly Finding[]
  /** What it does not tell, as only sums are at hand of hours that it needs. */
  readonly untold?: readonly string[]
  /** What it does not tell, as days beside the window have no exchange rate. */
  readonly unrated?: readonly string[]
}

/** Figures asked of each window of the summary. */
export const summaryMeasures = [
  'calls',
  'priced_calls',
  'unpriced_calls',
  'partly_priced_calls',
  'users',
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'cost_usd',
  'mean_cost_usd',
  'max_cost_usd',
  'stddev_cost_usd',
] as const satisfies readonly MeasureName[]

/** Figures of each group in the tables of cost. */
export const costMeasures = [
  'calls',
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'cost_usd',
  'cost_share',
  'mean_cost_usd',
  'unpriced_calls',
] as const satisfies readonly MeasureName[]

export function weeklyReport(answer: WeeklyAnswer): Report {
  const { scope, doubts, parts } = answer
  const findings = (parts ?? []).flatMap(({ findings = [] }) => findings)
  const report: Report = {
    kind: 'report',
    title: 'LLM cost report',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: parts === undefined ? [emptySummary(answer)] : parts.flatMap(({ sections }) => sections),
    findings: findings.toSorted(gravestFirst),
    warnings: hintsOf(answer).map(hintText),
    footer: [...footerOf(doubts.history), ...unheldBounds(usdBounds, scope.currency)],
    ...(parts === undefined ? nextOf(answer) : {}),
  }
  const { first, isRunning } = answer
  const brief = first && briefOf(report, { ...first, isRunning, doubts: hintsOf(answer) })
  return brief === undefined ? report : { ...report, brief }
}

/** What is doubtful, a line a kind. */
function hintsOf(answer: WeeklyAnswer): Doubt[] {
  const { doubts, parts, isRunning, leftOut } = answer
  return [
    ...(isRunning ? [{ text: 'no whole day has a call: this is what came in since, and not over' }] : []),
    ...(leftOut === undefined
      ? []
      : [
          {
            text: `left out, as they need calls of ${leftOut.span}, of which only sums are at hand: ${leftOut.sections.join(', ')}`,
          },
        ]),
    ...untoldBy(parts ?? []),
    ...inDollarsWords(answer),
    ...unratedWords(answer),
    ...doubtsOf(doubts),
    ...(parts === undefined ? [] : historyWarnings(answer).map((text) => ({ text }))),
  ]
}

/** Bounds in dollars that findings of its sections are held against. */
const usdBounds = [
  'findings_min_usd',
  'growth_usd',
  'mean_cost_usd',
  'dear_model_cost_per_1k_usd',
  'prompt_cache_loss_usd',
] as const

function inDollarsWords({ inDollars = [], scope: { currency } }: WeeklyAnswer): Doubt[] {
  if (inDollars.length === 0 || currency === undefined) return []
  return [
    {
      text: `left out, as they count in US dollars and not in ${currency}: ${inDollars.join(', ')}; without --currency they are told`,
    },
  ]
}

function unratedWords({ unrated = [], parts = [] }: WeeklyAnswer): Doubt[] {
  const all = [...unrated, ...parts.flatMap((part) => part.unrated ?? [])]
  return [...new Set(all)].map((text) => ({ text }))
}

function untoldBy(parts: readonly ReportPart[]): Doubt[] {
  const without = parts.filter(({ untold = [] }) => untold.length > 0)
  if (without.length === 0) return []
  const titles = without.flatMap(({ sections }) => sections.map(({ title }) => title.toLowerCase()))
  const what = [...new Set(without.flatMap(({ untold = [] }) => untold))]
  return [
    { text: `not told of in ${titles.join(', ')}, for which only sums are at hand: ${what.join(', ')}` },
  ]
}

function emptySummary({ doubts, suggestion }: WeeklyAnswer): Section {
  const empty = emptyText(doubts, suggestion)
  return {
    id: 'summary',
    title: 'Summary',
    layout: 'facts',
    columns: [measureColumn('cost_usd')],
    rows: [],
    empty,
  }
}

/** The same question of a time that has calls, where that is what it lacks. */
function nextOf({ doubts, suggestion }: WeeklyAnswer): Pick<Report, 'next'> {
  const option = `try ${suggestion}`
  if (!emptyText(doubts, suggestion).includes(option)) return {}
  return { next: [doubts.typed(`llmcost report ${suggestion}`)] }
}

const remedies = {
  feature: '--map feature=<path> takes one from the log',
  model: '--set model=<name> gives one',
  user_id: '--map user=<path> takes one from the log',
} as const

export function costSection(name: keyof typeof remedies, rows: readonly BreakdownRow[]): Section {
  const dimension = dimensionOf(name)
  const [id, title] = name === 'user_id' ? ['top_users', 'Top users'] : [`cost_by_${name}`, `Cost by ${name}`]
  const section = groupSection({ id, title, by: [dimension], measures: costMeasures }, rows)
  const named = rows.some((row) => !row.is_total && (row.is_others || row.d0 !== null))
  if (named) return section
  const what = dimension.key.replace('_id', '')
  return {
    id,
    title,
    columns: section.columns,
    rows: [],
    empty: `no call names its ${what}; ${remedies[name]}`,
  }
}

export function unpricedSection({ unpriced }: Doubts): Section[] {
  if (unpriced.length === 0) return []
  const columns = [
    { ...callColumn('provider'), dimension: true as const },
    { ...callColumn('model'), dimension: true as const },
    column('unpriced_calls', 'calls', 'count'),
    measureColumn('input_tokens', 'always'),
    measureColumn('output_tokens', 'always'),
  ]
  return [
    {
      id: 'unpriced_models',
      title: 'Calls without a price',
      columns,
      rows: unpriced.map((row) => ({ ...row })),
    },
  ]
}

/** Too little history, before the window or within it. */
function historyWarnings({ doubts, scope, before, summary }: WeeklyAnswer): string[] {
  const { first_ts: first, last_ts: last } = doubts.history
  if (first === null || last === null || scope.since === null || scope.until === null) return []
  const warnings: string[] = []
  const firstDay = localDate(first, scope.tz)
  if (localDate(scope.since, scope.tz) < firstDay) {
    warnings.push(`the calls begin on ${firstDay}, within this window`)
  }
  if (before?.since && localDate(before.since, scope.tz) < firstDay) {
    warnings.push(`too little history to compare with: the calls begin on ${firstDay}`)
  } else if (before !== null && !summary.some(({ is_current: isCurrent }) => !isCurrent)) {
    warnings.push('nothing to compare with: no calls in the days before')
  }
  const lastDay = localDate(last, scope.tz)
  if (lastDay < localDate(new Date(Date.parse(scope.until) - 1).toISOString(), scope.tz)) {
    warnings.push(`the newest call is of ${lastDay}: no calls after it in this window`)
  }
  return warnings
}
