/** `llmcost tiers`: cost, users and margin of each tier of users. */
import { resolve } from 'node:path'
import { readUserTiers } from '../../config/user-tiers.js'
import { lastPeriod } from '../../domain/time/periods.js'
import { costByTier } from '../../metrics/budgets/tiers.js'
import { noTiersReport, tiersReport } from '../../reports/budgets/tiers.js'
import { questionOptions, type CommandSpec } from '../command.js'
import { ask, doubtsAbout } from '../../questions/question.js'
import { optionText } from '../option-values.js'
import { withCalls } from '../with-calls.js'
import { settingsOf } from '../settings.js'

export const tiersCommand: CommandSpec = {
  name: 'tiers',
  summary: 'unit economics: what the users of each tier cost, and the margin they leave',
  details: [
    'The file of tiers is CSV in UTF-8: user_id,tier or user_id,tier,monthly_revenue, one line a user.',
    'Without --since: the last 30 complete days. Months and days begin in --tz.',
    "Revenue is each known monthly revenue times the window's share of its calendar months: a whole month counts 1, 7 days of a month of 31 count 7/31.",
    'Margin is that revenue less the cost of the same users; the margin rate is margin over revenue.',
    'Mean and p95 are over the users with a priced call in the window.',
  ].join('\n'),
  options: [
    {
      flags: '--tiers <file>',
      about: "file of user_id,tier[,monthly_revenue] (else the config file's user_tiers)",
      group: 'Question',
    },
    ...questionOptions,
  ],
  examples: [
    { command: 'llmcost tiers --tiers users.csv', about: 'the last 30 complete days' },
    { command: 'llmcost tiers --since last-month', about: 'a whole month against its whole revenue' },
    { command: 'llmcost tiers --where feature=chat --format csv', about: 'the cost of one feature by tier' },
  ],
  run: async (invocation) => {
    const given = optionText(invocation, 'tiers')
    const { config, tz } = await settingsOf(invocation)
    const path = given === undefined ? config.userTiers : resolve(given)
    if (path === undefined) return { report: noTiersReport(tz) }
    const tiers = readUserTiers(path)
    const report = await withCalls(
      invocation,
      async (question) => {
        const { db, scope } = question
        const rows = await ask(db, costByTier(scope, tiers))
        const doubts = await doubtsAbout(
          question,
          rows.find((row) => row.is_total),
        )
        return tiersReport({ scope, rows, doubts })
      },
      (until, tz) => lastPeriod('30d', until, tz),
    )
    return { report }
  },
}
