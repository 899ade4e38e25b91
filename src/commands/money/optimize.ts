/** `llmcost optimize`: what to change, and what it would have saved on the logged calls. */
import { lastPeriod } from '../../domain/time/periods.js'
import { counted } from '../../domain/words/plurals.js'
import type { Asking } from '../../optimize/gains.js'
import { inOrder, strategies } from '../../optimize/registry.js'
import { routes, routesVersion } from '../../optimize/routes.js'
import {
  askExplained,
  askOptimized,
  askSegments,
  withPrices,
  type Optimized,
  type Outcome,
} from '../../questions/optimizing.js'
import { loadPriceBook } from '../../pricing/book.js'
import { doubtsAbout, type Question } from '../../questions/question.js'
import { combinationSection } from '../../reports/optimize/combination.js'
import { explainedReport } from '../../reports/optimize/explained.js'
import { bySaving, levels } from '../../reports/optimize/gain-rows.js'
import { optimizeReport } from '../../reports/optimize/optimize.js'
import type { Report, Section } from '../../reports/report.js'
import { listCostOptions, type CommandSpec } from '../command.js'
import { writeOutput } from '../output-file.js'
import { priceData } from '../settings.js'
import { withCalls } from '../with-calls.js'
import { candidatesOf, optimizeOptions, requestOf, type OptimizeRequest } from './optimize-options.js'

const ids = strategies.map(({ id }) => id)

export const optimizeCommand: CommandSpec = {
  name: 'optimize',
  summary: 'what to change, and what it would have saved on your own calls',
  details: [
    `Strategies: ${ids.join(', ')}. Each looks at every logged call; a field that the log lacks gives no figure but a word on how to log it.`,
    'A month is 365/12 days: the saving of the window, by the days of it since the first call. Without --since: the last 30 complete days.',
    'Confidence is less over fewer than 7 days, and where fewer than 90% of the calls have what a strategy needs.',
    '--combine and --plan apply them one after another on the same calls: each takes its share of what is left of a call.',
  ].join('\n'),
  options: [...optimizeOptions, ...listCostOptions],
  examples: [
    { command: 'llmcost optimize', about: 'the last 30 complete days' },
    { command: 'llmcost optimize --explain response-caching', about: 'the calls behind a figure' },
    { command: 'llmcost optimize --plan --where team=search', about: 'a roadmap for one team' },
    {
      command: 'llmcost optimize --strategy model-routing --candidates gpt-4o-mini --routes routes.json',
      about: 'which calls to send to another model, as a file',
    },
  ],
  run: async (invocation) => {
    const request = requestOf(invocation)
    const report = await withCalls(
      invocation,
      (question) => answer(question, request),
      (until, tz) => lastPeriod('30d', until, tz),
    )
    return { report }
  },
}

async function answer(question: Question, request: OptimizeRequest): Promise<Report> {
  const { scope } = question
  const askings = await pricedAskings(question, request)
  const optimized = await askOptimized(question, askings, request.top, orderOf(request))
  const routed = await writeRoutes(question, optimized, request.routes)
  const doubts = await doubtsAbout(question, optimized.measured)
  const [only] = optimized.outcomes
  if (request.explains && only !== undefined) {
    const explained = only.total === undefined ? undefined : await askExplained(question, only)
    return explainedReport({ ...optimized, scope, outcome: only, explained, doubts })
  }
  return optimizeReport({
    ...optimized,
    scope,
    combination: combinationOf(optimized, request),
    doubts,
    footer: routed,
  })
}

async function pricedAskings(question: Question, request: OptimizeRequest): Promise<readonly Asking[]> {
  const { askings, shares } = request
  if (!askings.some(({ strategy }) => strategy.usesPrices === true)) return askings
  const book = await loadPriceBook(priceData(question.settings))
  const candidates = candidatesOf(book, request.candidates)
  return withPrices(question, askings, book, { candidates, shares })
}

/** Writes the routing table where one is wanted. @returns what to say of it */
async function writeRoutes(
  question: Question,
  { outcomes, measured }: Optimized,
  path: string | undefined,
): Promise<string[]> {
  const outcome = outcomes.find(({ strategy }) => strategy.id === 'model-routing')
  if (path === undefined || outcome?.prices === undefined) return []
  const rows = outcome.total === undefined ? [] : await askSegments(question, outcome, measured, 100_000)
  const rules = routes(rows, outcome.values, outcome.prices)
  const { since, until, tz } = question.scope
  const file = { version: routesVersion, kind: 'llmcost_routes', period: { since, until, tz }, rules }
  writeOutput(path, `${JSON.stringify(file, null, 2)}\n`, '--routes')
  return [`routes: ${counted(rules.length, 'rule')} in ${path}`]
}

/** In what order strategies are applied where they are to be combined: those that save something. */
function orderOf({
  combines,
  named,
}: OptimizeRequest): ((outcomes: readonly Outcome[]) => readonly Outcome[]) | undefined {
  if (combines === undefined) return undefined
  return (outcomes) => {
    const saving = bySaving(outcomes).filter(({ strategy }) => named || strategy.isTrade !== true)
    return combines === 'plan' ? planned(saving) : applied(saving)
  }
}

const combinationOf = (optimized: Optimized, { combines }: OptimizeRequest): Section[] =>
  optimized.combination === undefined
    ? []
    : [combinationSection({ ...optimized, ...optimized.combination, isPlan: combines === 'plan' })]

const applied = (outcomes: readonly Outcome[]): Outcome[] =>
  inOrder(outcomes.map(({ strategy }) => strategy)).flatMap((strategy) =>
    outcomes.filter((one) => one.strategy === strategy),
  )

/** The least effort first; they come the most saving first. */
const planned = (outcomes: readonly Outcome[]): Outcome[] =>
  outcomes.toSorted((a, b) => levels.indexOf(a.strategy.effort) - levels.indexOf(b.strategy.effort))
