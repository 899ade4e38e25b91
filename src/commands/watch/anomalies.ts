/** `llmcost anomalies`: the hours in which something abnormal happened, as incidents with their causes. */
import { testBounds } from '../../anomalies/bounds.js'
import { materialityOf, shareTimes, type Materiality } from '../../domain/materiality.js'
import { dayMs } from '../../domain/time/zones.js'
import type { Window } from '../../domain/scope.js'
import { bounds } from '../../anomalies/method/bounds.js'
import { breakdown } from '../../metrics/breakdown.js'
import { sessionBounds } from '../../metrics/anomalies/session-flags.js'
import { anomalyReport } from '../../reports/anomalies/anomalies.js'
import { baselineReport } from '../../reports/anomalies/baseline.js'
import { surpriseReport } from '../../reports/anomalies/surprise-baseline.js'
import type { Doubts } from '../../reports/notes.js'
import type { Report } from '../../reports/report.js'
import { sessionReport } from '../../reports/anomalies/session-terms.js'
import { askAnomalies, askedByDefault, type AnomalyOptions } from '../../questions/anomalies/anomalies.js'
import { askBaseline, askSurprise } from '../../questions/anomalies/baseline.js'
import { askUserDay } from '../../questions/anomalies/users-beyond.js'
import { userDaySection } from '../../reports/anomalies/user-day.js'
import { askOfficeHours } from '../../questions/anomalies/office-hours.js'
import { askSessionTerms } from '../../questions/anomalies/session-terms.js'
import {
  anomalyOptionSpecs,
  budgetsOption,
  explainHour,
  historyDays,
  kindsOption,
  materialityOption,
  methodOption,
  seriesDimensions,
  seriesOption,
} from './anomaly-options.js'
import { questionOptions, type CommandSpec, type Invocation } from '../command.js'
import { ask, doubtsAbout, type Question } from '../../questions/question.js'
import { optionCount, optionText } from '../option-values.js'
import { commandText } from '../command-text.js'
import { withCalls } from '../with-calls.js'
import { UserError } from '../../errors.js'

export const anomaliesCommand: CommandSpec = {
  name: 'anomalies',
  summary: 'hours that cost far more than usual, as incidents with their causes',
  details: ['docs/anomalies.md tells the method.'].join('\n'),
  more: [
    "Methods: likelihood, of so many calls, or so much money, by chance; robust, by distances from medians; zscore, the textbook's, for comparison (its look-back is --history before the window, and the window).",
    'Over 24 hours --min-share is six times what is given; other shares move with it.',
    'Single dear calls, new series, and users beyond their usual or their part of a budget are findings, not incidents.',
    'An hour is judged by the complete days before its day alone, so that a run every hour says the same as one over all hours.',
    'spike: one hour far beyond its norm; sustained: 24 hours beyond theirs; drift: weeks of all calls that rise one after another; drop: three hours without most of their cost.',
  ].join('\n'),
  options: [...anomalyOptionSpecs, ...questionOptions],
  examples: [
    { command: 'llmcost anomalies', about: 'the last 14 days' },
    {
      command: 'llmcost anomalies --since 36h --fail-on incident',
      about: 'for cron: exit 3 when something happened',
    },
    {
      command: 'llmcost anomalies --by feature,user,model --kinds spike,sustained,drift,drop',
      about: 'also models, also outages',
    },
    {
      command: 'llmcost anomalies --explain 2026-09-22T10:00 --series user=user-31',
      about: 'why an hour was flagged, or not',
    },
  ],
  run: async (invocation) => {
    const options = await optionsOf(invocation)
    const explained = explainOf(invocation)
    let fired = false
    const report = await withCalls(
      invocation,
      async (question) => {
        if (explained !== undefined) return explain(question, explained, options)
        const { report: found, fires } = await answer(question, invocation, options)
        fired = fires
        return found
      },
      lastDays,
    )
    return { report, ...(fired ? { exitCode: 3 } : {}) }
  },
}

/** What its answer depends on. */
const asked = [...anomalyOptionSpecs.filter(({ flags }) => flags !== '--all'), ...questionOptions]

const lastDays = (until: Date): Window => ({
  since: new Date(until.getTime() - 14 * dayMs).toISOString(),
  until: until.toISOString(),
})

/** What is asked for by options alone; `bounds` of the config file say the rest. */
type GivenOptions = Omit<AnomalyOptions, 'budgets' | keyof Materiality> & Partial<Materiality>

async function optionsOf(invocation: Invocation): Promise<GivenOptions> {
  // Checked before anything is opened.
  budgetsOption(invocation, [])
  optionCount(invocation, 'top')
  const materiality = materialityOption(invocation)
  return {
    ...askedByDefault,
    by: await seriesDimensions(invocation),
    historyDays: historyDays(invocation),
    kinds: kindsOption(invocation),
    method: methodOption(invocation),
    ...materiality,
    minUserUsd: materiality.minUsd,
  }
}

async function answer(
  question: Question,
  invocation: Invocation,
  given: GivenOptions,
): Promise<{ report: Report; fires: boolean }> {
  const { config } = question.settings
  const budgets = budgetsOption(invocation, config.budgets)
  const options = { ...materialityOf(config.bounds), ...given, budgets }
  const found = await askAnomalies(question, options, optionCount(invocation, 'top'))
  const elsewhere = await askOfficeHours(question, found.span, Number(found.account?.history_hours ?? 0))
  const doubts = await doubtsOf(question)
  const report = anomalyReport(
    {
      ...options,
      ...found,
      scope: question.scope,
      again: commandText('anomalies', invocation, asked),
      ...(elsewhere === undefined ? {} : { elsewhere }),
    },
    doubts,
    invocation.options['all'] === true,
  )
  const failOn = optionText(invocation, 'failOn')
  const fires =
    (failOn !== undefined && found.incidents.length > 0) ||
    (failOn === 'finding' && (report.findings ?? []).some(({ severity }) => severity !== 'info'))
  return { report, fires }
}

async function doubtsOf(question: Question): Promise<Doubts> {
  const measures = ['calls', 'unpriced_calls', 'partly_priced_calls'] as const
  const [total] = await ask(question.db, breakdown({ scope: question.scope, by: [], measures }))
  return doubtsAbout(question, total)
}

interface Explained {
  /** As given; which hour that is depends on the zone. */
  readonly text: string
  readonly series: ReturnType<typeof seriesOption>
}

function explainOf(invocation: Invocation): Explained | undefined {
  const [hour, series] = [optionText(invocation, 'explain'), optionText(invocation, 'series')]
  if (hour === undefined) {
    if (series === undefined) return undefined
    throw new UserError('--series says what --explain is about', {
      code: 'usage',
      hint: 'Give --explain 2026-09-22T10:00 too; --where keeps some calls only.',
    })
  }
  // Checked before anything is opened.
  explainHour(hour, 'UTC')
  return { text: hour, series: seriesOption(series) }
}

/** The terms of an hour, and for a user those of his day up to it. */
async function explain(question: Question, explained: Explained, given: GivenOptions): Promise<Report> {
  const report = await explainSeries(question, explained, given)
  const { dimension, value } = explained.series
  if (dimension?.key !== 'user_id') return report
  const hour = explainHour(explained.text, question.scope.tz)
  const { minUserUsd: leastUsd, noiseScale } = given
  const row = await askUserDay(question, value, hour, { leastUsd, noiseScale })
  return { ...report, sections: [...report.sections, userDaySection(row)] }
}

async function explainSeries(
  question: Question,
  { text, series }: Explained,
  given: GivenOptions,
): Promise<Report> {
  const options = { ...materialityOf(question.settings.config.bounds), ...given }
  const hour = explainHour(text, question.scope.tz)
  const sessions = await askSessionTerms(question, hour, series, options)
  if (sessions !== undefined) {
    const doubts = await doubtsOf(question)
    const day = sessionBounds.day * shareTimes(options.minShare)
    const bounds = { day, norm: sessionBounds.norm }
    return sessionReport({
      scope: question.scope,
      series,
      hour,
      ...sessions,
      bounds,
      matters: options,
      doubts,
    })
  }
  if (options.method === 'likelihood') {
    const { scope } = question
    const rows = await askSurprise(question, hour, series, options)
    const doubts = await doubtsOf(question)
    return surpriseReport({ ...series, scope, hour, rows, matters: options, doubts })
  }
  const row = await askBaseline(question, hour, series, options.historyDays)
  const person = series.dimension?.key === 'user_id'
  return baselineReport({
    scope: question.scope,
    dimension: series.dimension,
    value: series.value,
    hour,
    row,
    matters: options,
    tests: row === undefined ? [] : testBounds(row, bounds, options, person),
    doubts: await doubtsOf(question),
  })
}
