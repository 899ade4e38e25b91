/**
 * The sections of `llmcost report`, in the order in which they are read: one entry each, which asks and
 * answers with what is shown. `--sections` names them.
 */
import type { Budget } from '../../domain/budgets/budget.js'
import { dimensionOf } from '../../domain/dimensions.js'
import { closestNames } from '../../domain/words/names.js'
import type { Scope, Window } from '../../domain/scope.js'
import { hasSumsAlone, UserError } from '../../errors.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import type { SummaryRow } from '../../metrics/summary.js'
import type { Doubts } from '../../reports/notes.js'
import type { Section } from '../../reports/report.js'
import type { SoFar } from '../../reports/weekly/days.js'
import { summarySection } from '../../reports/weekly/weekly-summary.js'
import { costMeasures, costSection, unpricedSection, type ReportPart } from '../../reports/weekly/weekly.js'
import { weeklyEfficiencyMeasures } from '../../reports/efficiency/efficiency-weekly.js'
import { modelMeasures, userMeasures } from '../../reports/weekly/cost-findings.js'
import { efficiencyPart } from './efficiency.js'
import { budgetPart } from '../budget-states.js'
import { capsPart, limitsOf } from '../user-caps.js'
import { costOverTime, growthByFeature } from '../over-time.js'
import { anomalyPart, type AnomalyAnswer } from '../../reports/anomalies/anomalies.js'
import { incidentMarks } from '../../reports/anomalies/incident-marks.js'
import { cachePart } from './caching.js'
import { errorsPart } from './failures.js'
import { latencyPart } from './latency.js'
import { forecastPart } from './forecast.js'
import { savingsPart } from './savings.js'
import { askWhatMoved } from '../comparing.js'
import { askGroups } from '../groups.js'
import type { Question } from '../question.js'

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
  /** Calls since the window ended; undefined where there are none, or where somebody chose its end. */
  readonly soFar: SoFar | undefined
  readonly budgets: readonly Budget[]
  readonly doubts: Doubts
  /** Asked once, and not at all where the section is not shown. */
  readonly anomalies: () => Promise<AnomalyAnswer | undefined>
  /** Calls by dimension. */
  readonly groups: (name: GroupName) => Promise<readonly BreakdownRow[]>
}

export interface ReportSection {
  /** As `--sections` names it. */
  readonly name: string
  readonly about: string
  /** Shown only where `--sections` names it. */
  readonly isExtra?: true
  /** Holds costs against amounts in dollars: told in no other currency. */
  readonly inDollars?: true
  readonly ask: (context: ReportContext) => Promise<ReportPart>
}

/** Groups that may explain the difference to the window before, by name. */
const mostMovers = 5

/** Longer tables are for breakdown. */
const longest = 10

/** The first groups of the dimensions that several sections show, and what all of these read of them. */
const groups = {
  feature: { top: longest, measures: [...costMeasures, ...weeklyEfficiencyMeasures] },
  // What is dear is judged against the cheapest: all models that matter are looked at.
  model: { top: 20, measures: [...costMeasures, ...modelMeasures] },
  user_id: { top: longest, measures: [...costMeasures, ...userMeasures] },
} as const satisfies Readonly<Record<string, { top: number; measures: readonly MeasureName[] }>>

export type GroupName = keyof typeof groups

/** Answers for a dimension in one scan, however many sections ask. */
export function groupAsker({ db, scope }: Question): (name: GroupName) => Promise<readonly BreakdownRow[]> {
  const asked = new Map<GroupName, Promise<readonly BreakdownRow[]>>()
  return (name) => {
    const { top, measures } = groups[name]
    const request = { scope, by: [dimensionOf(name)], measures: [...new Set<MeasureName>(measures)], top }
    const answer = asked.get(name) ?? askGroups(db, request)
    asked.set(name, answer)
    return answer
  }
}

/** A table of cost; where quantiles beside it would need calls that are not at hand, it is asked for without them. */
async function costOf(
  { question: { db, scope }, groups: asked }: ReportContext,
  name: GroupName,
): Promise<ReportPart> {
  const rows = await asked(name).catch((error: unknown) => {
    if (!hasSumsAlone(error)) throw error
    return askGroups(db, { scope, by: [dimensionOf(name)], measures: costMeasures, top: groups[name].top })
  })
  return shown(costSection(name, rows))
}

const shown = (...sections: readonly Section[]): ReportPart => ({ sections })

export const reportSections: readonly ReportSection[] = [
  {
    name: 'summary',
    about: 'cost, calls and tokens against the window before',
    ask: async (context) => shown(summarySection(context, context.current)),
  },
  {
    name: 'days',
    about: 'cost over time',
    ask: async ({ question, anomalies, soFar }) => {
      // Days are told without the marks of incidents where these need calls that are not at hand.
      const found = await anomalies().catch((error: unknown) => {
        if (!hasSumsAlone(error)) throw error
      })
      return costOverTime(question, incidentMarks(found?.incidents ?? []), soFar)
    },
  },
  {
    name: 'anomalies',
    about: 'what was abnormal, and who caused it',
    inDollars: true,
    ask: async ({ anomalies, doubts }) => {
      const answer = await anomalies()
      return answer === undefined ? { sections: [] } : anomalyPart(answer, doubts)
    },
  },
  {
    name: 'forecast',
    about: 'where the running month will end',
    inDollars: true,
    ask: ({ question, budgets }) => forecastPart(question, budgets),
  },
  {
    name: 'budgets',
    about: 'each budget of the config file, its pace and its forecast',
    inDollars: true,
    ask: ({ question, budgets }) => budgetPart(question, budgets),
  },
  {
    name: 'growth',
    about: 'cost of the last weeks by feature, and what made the difference to the window before',
    ask: async ({ question, before, summary }) => {
      const growth = await growthByFeature(question, longest)
      const by = [dimensionOf('feature')]
      const moved =
        before === null ? undefined : await askWhatMoved(question, before, summary, by, mostMovers)
      return { ...growth, findings: [...growth.findings, ...(moved?.findings ?? [])] }
    },
  },
  {
    name: 'features',
    about: 'cost by feature',
    ask: (context) => costOf(context, 'feature'),
  },
  {
    name: 'models',
    about: 'cost by model',
    ask: (context) => costOf(context, 'model'),
  },
  {
    name: 'users',
    about: 'the dearest users',
    ask: (context) => costOf(context, 'user_id'),
  },
  {
    name: 'efficiency',
    about: 'tokens a call, truncation, and what to look at',
    ask: async ({ question, groups }) =>
      efficiencyPart(question, {
        features: await groups('feature'),
        models: await groups('model'),
        users: await groups('user_id'),
      }),
  },
  {
    name: 'caps',
    about: 'users over their caps',
    inDollars: true,
    ask: ({ question }) =>
      capsPart(question, limitsOf(question.settings.config.userCaps, question.settings.config.userTiers)),
  },
  {
    name: 'latency',
    about: 'how slow calls are over time, and each model',
    ask: ({ question }) => latencyPart(question),
  },
  {
    name: 'errors',
    about: 'what failed, and what retries cost',
    ask: ({ question }) => errorsPart(question),
  },
  {
    name: 'caching',
    about: 'what the caches saved',
    ask: ({ question }) => cachePart(question),
  },
  {
    name: 'savings',
    about: 'the three changes that would have saved most; only where it is named',
    isExtra: true,
    inDollars: true,
    ask: ({ question }) => savingsPart(question),
  },
  {
    name: 'unpriced',
    about: 'models without a price',
    ask: async ({ doubts }) => shown(...unpricedSection(doubts)),
  },
]

/**
 * `--sections summary,models`, in the order of the report; all but the extra ones when absent.
 * @throws UserError (usage) with the closest names
 */
export function parseSections(text: string | undefined): readonly ReportSection[] {
  if (text === undefined) return reportSections.filter(({ isExtra }) => isExtra !== true)
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
