/** `llmcost optimize`: what to change, and what it would have saved on the logged calls. */
import { lastPeriod } from '../../domain/time/periods.js'
import { UserError } from '../../errors.js'
import { readAssumptions } from '../../optimize/assumptions.js'
import type { Asking } from '../../optimize/gains.js'
import { inOrder, strategies, strategyOf } from '../../optimize/registry.js'
import type { Strategy } from '../../optimize/strategy.js'
import {
  askCombined,
  askExplained,
  askingsOf,
  askOptimized,
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
import { questionOptions, type CommandSpec, type Invocation } from '../command.js'
import { optionCount, optionText, optionTexts } from '../option-values.js'
import { priceData } from '../settings.js'
import { withCalls } from '../with-calls.js'

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
  options: [
    {
      flags: '--strategy <id...>',
      about: 'these alone: an id, or several',
      group: 'Question',
      repeatable: true,
    },
    {
      flags: '--explain <id>',
      about: 'what is behind one: assumptions, calls, ten examples, the SQL',
      group: 'Question',
    },
    {
      flags: '--assume <name=value>',
      about: 'another assumption, such as response-caching.ttl=6h',
      repeatable: true,
      group: 'Question',
    },
    { flags: '--combine', about: 'the saving of all of them together, nothing twice', group: 'Question' },
    { flags: '--plan', about: 'what to do first, and the cost a month after each step', group: 'Question' },
    {
      flags: '-n, --top <n>',
      about: 'how many changes of each strategy to list',
      fallback: '3',
      group: 'Question',
    },
    ...questionOptions,
  ],
  examples: [
    { command: 'llmcost optimize', about: 'the last 30 complete days' },
    { command: 'llmcost optimize --explain response-caching', about: 'the calls behind a figure' },
    { command: 'llmcost optimize --plan --where team=search', about: 'a roadmap for one team' },
    { command: 'llmcost optimize --assume output-limits.quantile=99%', about: 'with a wider limit' },
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

interface Request {
  readonly askings: readonly Asking[]
  readonly explains: boolean
  readonly named: boolean
  readonly combines: 'combine' | 'plan' | undefined
  readonly top: number
}

function requestOf(invocation: Invocation): Request {
  const named = optionTexts(invocation, 'strategy').flatMap((text) => text.split(','))
  const explain = optionText(invocation, 'explain')
  const [combine, plan] = [invocation.options['combine'] === true, invocation.options['plan'] === true]
  if (explain !== undefined && (named.length > 0 || combine || plan))
    throw new UserError('--explain tells of one strategy, and goes with no --strategy, --combine or --plan', {
      code: 'usage',
      hint: `Ask llmcost optimize --explain ${explain} by itself.`,
    })
  if (combine && plan)
    throw new UserError('--combine and --plan are two answers', {
      code: 'usage',
      hint: '--plan combines, too: with the least effort first.',
    })
  const chosen: readonly Strategy[] =
    explain !== undefined
      ? [strategyOf(explain, '--explain')]
      : named.length === 0
        ? strategies
        : [...new Set(named)].map((id) => strategyOf(id.trim(), '--strategy'))
  const values = readAssumptions(chosen, optionTexts(invocation, 'assume'))
  return {
    askings: askingsOf(chosen, values),
    explains: explain !== undefined,
    named: named.length > 0,
    combines: combine ? 'combine' : plan ? 'plan' : undefined,
    top: optionCount(invocation, 'top') ?? 3,
  }
}

async function answer(question: Question, request: Request): Promise<Report> {
  const { scope } = question
  const usesPrices = request.askings.some(({ strategy }) => strategy.usesPrices === true)
  const book = usesPrices ? await loadPriceBook(priceData(question.settings)) : undefined
  const askings =
    book === undefined ? request.askings : await withPrices(question.db, request.askings, book, [])
  const optimized = await askOptimized(question, askings, request.top)
  const doubts = await doubtsAbout(question, optimized.measured)
  const [only] = optimized.outcomes
  if (request.explains && only !== undefined) {
    const explained = only.total === undefined ? undefined : await askExplained(question, only)
    return explainedReport({ ...optimized, scope, outcome: only, explained, doubts })
  }
  return optimizeReport({
    ...optimized,
    scope,
    combination: await combinationOf(question, request, optimized),
    doubts,
  })
}

async function combinationOf(
  question: Question,
  { combines, named }: Request,
  optimized: Optimized,
): Promise<Section[]> {
  if (combines === undefined) return []
  const saving = bySaving(optimized.outcomes).filter(({ strategy }) => named || strategy.isTrade !== true)
  const ordered = combines === 'plan' ? planned(saving) : applied(saving)
  const row = await askCombined(question, ordered)
  return row === undefined
    ? []
    : [combinationSection({ ...optimized, steps: ordered, row, isPlan: combines === 'plan' })]
}

const applied = (outcomes: readonly Outcome[]): Outcome[] =>
  inOrder(outcomes.map(({ strategy }) => strategy)).flatMap((strategy) =>
    outcomes.filter((one) => one.strategy === strategy),
  )

/** The least effort first; they come the most saving first. */
const planned = (outcomes: readonly Outcome[]): Outcome[] =>
  outcomes.toSorted((a, b) => levels.indexOf(a.strategy.effort) - levels.indexOf(b.strategy.effort))
