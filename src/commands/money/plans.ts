/** `llmcost plans`: what the usage of subscriptions is worth, what they cost, and what another would have cost. */
import { plansReport, noPlansReport } from '../../reports/budgets/plans.js'
import { askPlans } from '../../questions/plans.js'
import { doubtsAbout } from '../../questions/question.js'
import { UserError } from '../../errors.js'
import { listCostOptions, type CommandSpec, type Invocation } from '../command.js'
import { optionCount } from '../option-values.js'
import { settingsOf } from '../settings.js'
import { withCalls } from '../with-calls.js'

/** Months are those of each plan, and the calls those that it covers. */
const options = listCostOptions.filter(({ flags }) => !/^--(since|until|where) /.test(flags))

const usualMonths = 3
const mostMonths = 36

export const plansCommand: CommandSpec = {
  name: 'plans',
  summary: 'subscriptions: what their usage is worth, what they cost, and if another were cheaper',
  details: [
    'Plans stand in the config file: the calls that each covers, its fee, what it includes. Months begin in --tz.',
    'Value is what the usage costs at list price: nobody was billed for it. Hits of a response cache are no usage.',
    'Each whole month is held against the alternatives of the plan, and against list price without a plan.',
    'Not judged are months that run, that the log or the plan covers in part, or whose calls lack prices.',
  ].join('\n'),
  options: [
    {
      flags: '--months <n>',
      about: `complete months before the running one (default ${usualMonths})`,
      group: 'Question',
    },
    ...options,
  ],
  examples: [
    { command: 'llmcost plans', about: 'the last three months and the running one' },
    { command: 'llmcost plans --months 12 --csv', about: 'a year, for a sheet' },
  ],
  run: async (invocation) => {
    const months = monthsOf(invocation)
    const { config, tz } = await settingsOf(invocation)
    const plans = config.plans ?? []
    if (plans.length === 0) return { report: noPlansReport(tz) }
    const report = await withCalls(invocation, async (question) => {
      const answer = await askPlans(question, plans, months)
      const doubts = await doubtsAbout({ ...question, scope: answer.scope }, { calls: answer.calls })
      return plansReport({ ...answer, doubts })
    })
    return { report }
  },
}

function monthsOf(invocation: Invocation): number {
  const months = optionCount(invocation, 'months') ?? usualMonths
  if (months <= mostMonths) return months
  throw new UserError(`--months ${months} is more than ${mostMonths}`, {
    code: 'usage',
    hint: `Ask for ${mostMonths} at most.`,
  })
}
