/** `llmcost caps`: users who went over what one user may use. */
import type { UserCaps } from '../../domain/budgets/budget.js'
import { capNames, parseCaps } from '../../domain/budgets/user-caps.js'
import { dayOf } from '../../domain/time/calendar.js'
import { dayMs, instantOf, localAt } from '../../domain/time/zones.js'
import type { Window } from '../../domain/scope.js'
import { exitCodes } from '../../errors.js'
import { capsReport, noCapsReport } from '../../reports/budgets/caps-report.js'
import { questionOptions, type CommandSpec } from '../command.js'
import { doubtsAbout } from '../../questions/question.js'
import { optionCount, optionText, optionTexts } from '../option-values.js'
import { withCalls } from '../with-calls.js'
import { settingsOf } from '../settings.js'
import { askCaps } from '../../questions/user-caps.js'

export const capsCommand: CommandSpec = {
  name: 'caps',
  summary: 'users who went over their cap: by request, hour, day and month',
  details: [
    `Caps: ${capNames.join(', ')}; from --cap, else user_caps of the config file. A request's tokens are input and output.`,
    'Clock hours, days and months are those of --tz. Without --since: the last 7 days and today.',
    'An hour, day or month counts from its own beginning when any of its calls is in the window. Over is more than the cap.',
  ].join('\n'),
  options: [
    {
      flags: '--cap <cap=amount>',
      about: 'such as daily_usd=5 or request_tokens=50000; over those of the config file',
      repeatable: true,
      group: 'Question',
    },
    {
      flags: '-n, --top <n>',
      about: 'how many to list, the most excess first',
      fallback: '20',
      group: 'Question',
    },
    {
      flags: '--fail-on <status>',
      about: 'end with exit code 3 when a user is over a cap',
      choices: ['over'],
      group: 'Question',
    },
    ...questionOptions,
  ],
  examples: [
    { command: 'llmcost caps', about: 'by the caps of the config file' },
    { command: 'llmcost caps --cap hourly_usd=1 --cap daily_usd=5 --since 30d', about: 'by two caps' },
    { command: 'llmcost caps --cap request_tokens=100000 --since yesterday --fail-on over', about: 'for CI' },
  ],
  run: async (invocation) => {
    const given = parseCaps(optionTexts(invocation, 'cap'))
    const top = optionCount(invocation, 'top') ?? 20
    const { config, tz } = await settingsOf(invocation)
    const caps: UserCaps = { ...config.userCaps, ...given }
    if (Object.keys(caps).length === 0) return { report: noCapsReport(tz) }
    let over = false
    const report = await withCalls(
      invocation,
      async (question) => {
        const answer = await askCaps(question, caps, top)
        over = answer.rows.length > 0
        return capsReport(answer, await doubtsAbout(question, answer.measured))
      },
      lastWeekAndToday,
    )
    const fails = over && optionText(invocation, 'failOn') !== undefined
    return { report, ...(fails ? { exitCode: exitCodes.check } : {}) }
  },
}

function lastWeekAndToday(until: Date, tz: string): Window {
  const today = dayOf(localAt(until.getTime(), tz))
  return { since: new Date(instantOf(today - 7 * dayMs, tz)).toISOString(), until: until.toISOString() }
}
