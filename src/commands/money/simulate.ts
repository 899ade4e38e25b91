/** `llmcost simulate`: what other models, prices, caches, prompts and volumes would make of the cost. */
import { readUserTiers } from '../../config/user-tiers.js'
import { over, times, zero } from '../../domain/costs/fraction.js'
import { readPerMonth } from '../../domain/scenarios/read-lever.js'
import type { Scenario } from '../../domain/scenarios/lever.js'
import { readSurcharge, surchargeFactor, surchargeNames } from '../../domain/scenarios/surcharges.js'
import { lastPeriod } from '../../domain/time/periods.js'
import { UserError } from '../../errors.js'
import { priceDataWords } from '../../ingest/price-data.js'
import { summary } from '../../metrics/summary.js'
import { loadPriceBook } from '../../pricing/book.js'
import { multipliersReport } from '../../reports/simulation/multipliers.js'
import { surchargesSection } from '../../reports/simulation/surcharges.js'
import { simulationReport } from '../../reports/simulation/simulation.js'
import type { Report } from '../../reports/report.js'
import { ask, doubtsAbout, type Question } from '../../questions/question.js'
import { askMultipliers } from '../../questions/simulation/multipliers.js'
import { monthOf } from '../../questions/simulation/month.js'
import { plannedCall } from '../../questions/simulation/planned.js'
import { simulate } from '../../questions/simulation/simulate.js'
import { listCostOptions, type CommandSpec, type Invocation } from '../command.js'
import { optionText } from '../option-values.js'
import { priceData, settingsOf } from '../settings.js'
import { withCalls } from '../with-calls.js'
import { asPlanned, callSizeOf, plannedOptions, scenarioOptions, scenariosOf } from './simulate-options.js'

export const simulateCommand: CommandSpec = {
  name: 'simulate',
  summary: 'what if: other models, prices, caches, prompts, volumes and users, side by side',
  details: [
    'Levers make one scenario, may be repeated, and end in filters: --volume 4x,feature=chat.',
    'Without --since: the last 30 complete days, made a month of 365/12 days.',
  ].join('\n'),
  more: [
    'Moved calls and other token counts are priced call by call as ingest prices; what has no known price is told and stays as it is. --prices call (the default) takes the prices in force when each call was made, --prices today those of now for all, in the first row too.',
    'Levers take effect in this order: tokens, moves, prices, cache hits, volume, new users, fixed money. Of several moves of a call each takes its share, in the order given.',
    'A model is named as it is logged; its dated snapshots count as it. A month of new users is that of those of today, at the mean, before --volume; tier= names a tier of the file of user tiers. --cache-hit is the rate that would be reached, not what is added to it.',
    'With --calls (a month, or 500/day) there is no log: --input and --output are tokens then, and --history, --retries, --development, --instructions and --turns add shares of the naive cost.',
  ].join('\n'),
  options: [...scenarioOptions, ...plannedOptions, ...listCostOptions],
  readsOptions: asPlanned,
  examples: [
    { command: 'llmcost simulate --move gpt-4o=gpt-4o-mini,share=80%', about: 'most of its calls elsewhere' },
    { command: 'llmcost simulate --cache-hit 0.4 --volume 4x', about: 'two levers together' },
    {
      command: 'llmcost simulate --calls 10000 --input 500 --output 300 --model gpt-4',
      about: 'no calls yet',
    },
    { command: 'llmcost simulate --multipliers', about: 'what it leaves out' },
  ],
  run: async (invocation) => {
    const scenarios = await scenariosOf(invocation)
    assertOneName(scenarios)
    if (invocation.options['multipliers'] === true) return { report: await measured(invocation, scenarios) }
    if (optionText(invocation, 'calls') !== undefined) return { report: await planned(invocation, scenarios) }
    const lone = ['model', ...surchargeNames].find((name) => invocation.given(name))
    if (lone !== undefined)
      throw new UserError(`--${lone} goes with --calls`, {
        code: 'usage',
        hint: 'What was logged is simulated as it is; --calls 10000 --input 500 --output 300 --model gpt-4 plans calls.',
      })
    return { report: await logged(invocation, scenarios) }
  },
}

async function logged(invocation: Invocation, scenarios: readonly Scenario[]): Promise<Report> {
  const book = await loadPriceBook(priceData(await settingsOf(invocation)))
  return withCalls(
    invocation,
    async (question) => {
      const { db, scope, settings, asOf } = question
      const month = monthOf(question)
      const prices = pricesOf(invocation)
      const doubts = await doubtsOfScope(question)
      const facts = { prices, month: month.words, base: 'today' }
      const period = { since: scope.since, until: scope.until, tz: scope.tz }
      if (doubts.calls === 0) return simulationReport({ ...facts, ...noAnswer }, period, { doubts })
      const answer = await simulate({
        db,
        scope,
        book,
        scenarios,
        prices,
        now: asOf,
        usersOf: (tier, said) => usersOfTier(settings.config.userTiers, tier, said),
        toMonth: month.factor,
      })
      return simulationReport({ ...facts, ...answer }, period, { doubts, warnings: month.warnings })
    },
    lastDays,
  )
}

async function measured(invocation: Invocation, scenarios: readonly Scenario[]): Promise<Report> {
  if (scenarios.length > 0)
    throw new UserError('--multipliers measures what was logged, without levers', {
      code: 'usage',
      hint: 'Leave the levers out, or --multipliers.',
    })
  const book = await loadPriceBook(priceData(await settingsOf(invocation)))
  return withCalls(
    invocation,
    async (question) =>
      multipliersReport(await askMultipliers(question, book), question.scope, await doubtsOfScope(question)),
    lastDays,
  )
}

async function planned(invocation: Invocation, scenarios: readonly Scenario[]): Promise<Report> {
  const settings = await settingsOf(invocation)
  const calls = readPerMonth('--calls', optionText(invocation, 'calls') ?? '')
  const size = callSizeOf(invocation)
  const model = optionText(invocation, 'model')
  if (model === undefined)
    throw new UserError('--calls goes with --model', {
      code: 'usage',
      hint: 'For example --calls 10000 --input 500 --output 300 --model gpt-4.',
    })
  const stray = ['input', 'where', 'since', 'until'].find(
    (name) => invocation.given(name) && invocation.options[name] !== undefined,
  )
  if (stray !== undefined)
    throw new UserError(`--calls plans calls without a log: --${stray} has nothing to choose from`, {
      code: 'usage',
      hint: 'Leave one of them out.',
    })
  const shares = new Map(
    surchargeNames.flatMap((name) => {
      const given = optionText(invocation, name)
      return given === undefined ? [] : [[name, readSurcharge(name, given)] as const]
    }),
  )
  const book = await loadPriceBook(priceData(settings))
  const { now } = invocation
  const db = await plannedCall(book, { model, inputTokens: size.input, outputTokens: size.output, now })
  try {
    const answer = await simulate({
      db,
      scope: { since: null, until: null, filters: [], tz: settings.tz },
      book,
      scenarios,
      prices: 'today',
      now,
      usersOf: (tier, said) => usersOfTier(settings.config.userTiers, tier, said),
      toMonth: times(calls, surchargeFactor(shares)),
      toMonthOfCalls: calls,
    })
    const naive = over(answer.today.cost, surchargeFactor(shares))
    return simulationReport(
      { ...answer, prices: 'today', month: 'what --calls says', base: 'as planned' },
      { since: null, until: null, tz: settings.tz },
      {
        before: shares.size === 0 ? [] : [surchargesSection(naive, shares)],
        footer: [`prices: ${priceDataWords(book)}`],
      },
    )
  } finally {
    db.close()
  }
}

const noAnswer = {
  today: { calls: zero, cost: zero, fixed: zero },
  scenarios: [],
  calls: 0n,
  unpricedCalls: 0n,
  reportedCalls: 0n,
}

const pricesOf = (invocation: Invocation): 'call' | 'today' =>
  optionText(invocation, 'prices') === 'today' ? 'today' : 'call'

const lastDays = (until: Date, tz: string): ReturnType<typeof lastPeriod> => lastPeriod('30d', until, tz)

async function doubtsOfScope(question: Question): ReturnType<typeof doubtsAbout> {
  const measures = ['calls', 'unpriced_calls', 'partly_priced_calls'] as const
  const [row] = await ask(question.db, summary({ scope: question.scope, before: null, measures }))
  return doubtsAbout(question, row)
}

/** @throws UserError (usage) */
function usersOfTier(path: string | undefined, tier: string, said: string): readonly string[] {
  if (path === undefined)
    throw new UserError(`${said}: no file says which tier a user is in`, {
      code: 'usage',
      hint: 'Name one in the config file: "user_tiers": "users.csv"; llmcost help tiers tells what is in it.',
    })
  const tiers = readUserTiers(path)
  const users = tiers.filter((one) => one.tier === tier).map(({ userId }) => userId)
  if (users.length > 0) return users
  const known = [...new Set(tiers.map((one) => one.tier))].slice(0, 8)
  throw new UserError(`${said}: no user is in tier ${tier}`, {
    code: 'usage',
    hint: `Tiers of ${path}: ${known.join(', ')}.`,
  })
}

/** @throws UserError (usage) for a name that the rows could not be told apart by */
function assertOneName(scenarios: readonly Scenario[]): void {
  const names = scenarios.map(({ name }) => name)
  const twice = names.find(
    (name, i) => names.indexOf(name) !== i || name === 'today' || name === 'as planned',
  )
  if (twice !== undefined)
    throw new UserError(`a scenario is called "${twice}", as another row is`, {
      code: 'usage',
      hint: 'Give it another name in the file of scenarios.',
    })
}
