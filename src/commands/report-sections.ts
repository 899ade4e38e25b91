/**
 * The sections of `llmcost report`, in the order in which they are read: one entry each, which asks and
 * answers with what is shown. `--sections` names them.
 */
import { dimensionOf } from '../domain/dimensions.js'
import { closestNames } from '../domain/names.js'
import type { Scope, Window } from '../domain/scope.js'
import { UserError } from '../errors.js'
import { breakdown, type BreakdownRow } from '../metrics/breakdown.js'
import type { MeasureName } from '../metrics/measures.js'
import type { SummaryRow } from '../metrics/summary.js'
import type { Doubts } from '../reports/notes.js'
import type { Section } from '../reports/report.js'
import { summarySection, type Budget } from '../reports/weekly-summary.js'
import {
  cachingSection,
  costMeasures,
  costSection,
  efficiencyMeasures,
  efficiencySection,
  unpricedSection,
  type ReportPart,
} from '../reports/weekly.js'
import { ask, type Question } from './question.js'

/** What all sections may need, asked once. */
export interface ReportContext {
  readonly question: Question
  readonly scope: Scope
  /** The window compared with; null when there is none. */
  readonly before: Window | null
  /** Length of the window in days; null when it has no beginning. */
  readonly days: number | null
  /** Figures of both windows. */
  readonly summary: readonly SummaryRow[]
  readonly current: SummaryRow
  readonly budget: Budget | null
  readonly doubts: Doubts
  /** Figures by feature, of cost and of efficiency in one scan. */
  readonly features: () => Promise<readonly BreakdownRow[]>
}

export interface ReportSection {
  /** As `--sections` names it. */
  readonly name: string
  readonly about: string
  readonly ask: (context: ReportContext) => Promise<ReportPart>
}

/** Longer tables are for breakdown. */
const longest = 10

const shown = (...sections: readonly Section[]): ReportPart => ({ sections })

export function byDimension(
  { db, scope }: Question,
  name: string,
  measures: readonly MeasureName[],
): Promise<readonly BreakdownRow[]> {
  return ask(db, breakdown({ scope, by: [dimensionOf(name)], measures, top: longest }))
}

export const featureMeasures = [...new Set<MeasureName>([...costMeasures, ...efficiencyMeasures])]

export const reportSections: readonly ReportSection[] = [
  {
    name: 'summary',
    about: 'cost, calls and tokens against the window before',
    ask: async (context) => shown(summarySection(context, context.current)),
  },
  {
    name: 'features',
    about: 'cost by feature',
    ask: async ({ features }) => shown(costSection('feature', await features())),
  },
  {
    name: 'models',
    about: 'cost by model',
    ask: async ({ question }) =>
      shown(costSection('model', await byDimension(question, 'model', costMeasures))),
  },
  {
    name: 'users',
    about: 'the dearest users',
    ask: async ({ question }) =>
      shown(costSection('user_id', await byDimension(question, 'user_id', costMeasures))),
  },
  {
    name: 'efficiency',
    about: 'tokens a call, truncation and errors by feature',
    ask: async ({ features }) => shown(efficiencySection(await features())),
  },
  {
    name: 'caching',
    about: 'what the caches saved',
    ask: async ({ current }) => shown(...cachingSection(current)),
  },
  {
    name: 'unpriced',
    about: 'models without a price',
    ask: async ({ doubts }) => shown(...unpricedSection(doubts)),
  },
]

/**
 * `--sections summary,models`, in the order of the report; all when absent.
 * @throws UserError (usage) with the closest names
 */
export function parseSections(text: string | undefined): readonly ReportSection[] {
  if (text === undefined) return reportSections
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  const known = reportSections.map(({ name }) => name)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new UserError(`--sections ${unknown === '' ? 'names nothing' : unknown}: no such section`, {
      code: 'usage',
      hint: `The closest: ${closestNames(unknown, known).join(', ')}. All: ${known.join(', ')}.`,
    })
  }
  return reportSections.filter(({ name }) => names.includes(name))
}
