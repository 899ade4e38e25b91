/** `llmcost budget`: how each budget stands in its running day, week or month. */
import type { Config } from '../config/config.js'
import type { Budget } from '../domain/budget.js'
import { parseBudget } from '../domain/budget-option.js'
import { budgetStatuses, type BudgetState } from '../domain/budget-state.js'
import { exitCodes } from '../errors.js'
import { budgetReport, noBudgetReport } from '../reports/budget-report.js'
import { askBudgets } from './budget-states.js'
import { questionOptions, type CommandSpec, type Invocation, type OptionSpec } from './command.js'
import { doubtsAbout, optionText, optionTexts, withCalls } from './question.js'
import { settingsOf } from './settings.js'

/** A budget's window is its own period. */
const options = questionOptions.filter(({ flags }) => !/^--(since|until) /.test(flags))

/** The status from which each choice of `--fail-on` fires. */
const thresholds = { over: 'over', forecast: 'will_exceed', warning: 'warning' } as const

export const budgetOption: OptionSpec = {
  flags: '--budget <budget>',
  about: "500 (a month), daily:20, or 'monthly:200 feature=search'; instead of the config file's",
  repeatable: true,
  group: 'Question',
}

export const budgetCommand: CommandSpec = {
  name: 'budget',
  summary: 'how each budget stands: spent, pace, forecast, and when it runs out',
  details: [
    'Days, ISO weeks and months begin in --tz; the running one, up to --as-of, is measured.',
    'pace is the share of the budget used over the share of the period gone. The forecast is learned from the days before, or is the pace where there are none.',
    'As HTML, the week or month whose forecast is the most of its budget is drawn, where --where leaves all of its calls.',
    'status: within; at 80% (a level of the budget is reached); will exceed (by the forecast); over.',
    '--fail-on over ends with exit code 3 when a budget is over; forecast, when one will exceed, too; warning, when one has reached a level, too.',
  ].join('\n'),
  options: [
    budgetOption,
    {
      flags: '--fail-on <status>',
      about: 'end with exit code 3 when a budget is that far',
      choices: Object.keys(thresholds),
      group: 'Question',
    },
    ...options,
  ],
  examples: [
    { command: 'llmcost budget', about: 'the budgets of the config file' },
    {
      command: "llmcost budget --as-of latest --budget 500 --budget 'daily:5 feature=search'",
      about: 'two budgets, as of the newest call',
    },
    { command: 'llmcost budget --fail-on forecast --quiet', about: 'for CI' },
  ],
  run: async (invocation) => {
    const given = optionTexts(invocation, 'budget').map(parseBudget)
    const { config, tz } = await settingsOf(invocation)
    const budgets = budgetsOf(given, config)
    if (budgets.length === 0) return { report: noBudgetReport(tz) }
    let states: readonly BudgetState[] = []
    const report = await withCalls(invocation, async (question) => {
      const answer = await askBudgets(question, budgets)
      states = answer.states
      const doubts = await doubtsAbout({ ...question, scope: answer.scope }, answer.figures)
      return budgetReport({ ...answer, doubts })
    })
    return { report, ...(fires(invocation, states) ? { exitCode: exitCodes.check } : {}) }
  },
}

/** Those of `--budget`, else those of the config file. */
export function budgetsOf(given: readonly Budget[], config: Pick<Config, 'budgets'>): readonly Budget[] {
  return given.length > 0 ? given : config.budgets
}

function fires(invocation: Invocation, states: readonly BudgetState[]): boolean {
  const failOn = optionText(invocation, 'failOn')
  if (failOn === undefined) return false
  const from = budgetStatuses.indexOf(thresholds[failOn as keyof typeof thresholds])
  return states.some(({ status }) => budgetStatuses.indexOf(status) >= from)
}
