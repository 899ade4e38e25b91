/** `llmcost budget`: how each budget stands in its running day, week or month. */
import { parseBudget } from '../../domain/budgets/budget-option.js'
import { budgetStatuses, type BudgetState } from '../../domain/budgets/budget-state.js'
import { exitCodes } from '../../errors.js'
import { budgetOption, budgetsOf } from '../budget-option.js'
import { budgetReport, noBudgetReport } from '../../reports/budgets/budget-report.js'
import { askBudgets } from '../../questions/budget-states.js'
import { questionOptions, type CommandSpec, type Invocation } from '../command.js'
import { doubtsAbout, untoldSince } from '../../questions/question.js'
import { optionText, optionTexts } from '../option-values.js'
import { withCalls } from '../with-calls.js'
import { settingsOf } from '../settings.js'

/** A budget's window is its own period. */
const options = questionOptions.filter(({ flags }) => !/^--(since|until) /.test(flags))

/** The status from which each choice of `--fail-on` fires. */
const thresholds = { over: 'over', forecast: 'will_exceed', warning: 'warning' } as const

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
      const leftOut = untoldSince(question.asOf, answer.scope.until)
      return budgetReport({ ...answer, doubts: { ...doubts, leftOut } })
    })
    return { report, ...(fires(invocation, states) ? { exitCode: exitCodes.check } : {}) }
  },
}

function fires(invocation: Invocation, states: readonly BudgetState[]): boolean {
  const failOn = optionText(invocation, 'failOn')
  if (failOn === undefined) return false
  const from = budgetStatuses.indexOf(thresholds[failOn as keyof typeof thresholds])
  return states.some(({ status }) => budgetStatuses.indexOf(status) >= from)
}
