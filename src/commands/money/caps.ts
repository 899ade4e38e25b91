/** `llmcost caps`: users who went over what one user may use, and what caps would do. */
import { resolve } from 'node:path'
import { readUserTiers } from '../../config/user-tiers.js'
import type { CapRules } from '../../domain/budgets/budget.js'
import { capLimits, capsSet } from '../../domain/budgets/cap-limits.js'
import { parseCapSets, type CapSet } from '../../domain/budgets/cap-sets.js'
import { capNames, mergedCaps, parseCaps } from '../../domain/budgets/user-caps.js'
import type { UserTier } from '../../domain/budgets/user-tier.js'
import { dayOf } from '../../domain/time/calendar.js'
import { dayMs, instantOf, localAt } from '../../domain/time/zones.js'
import type { Window } from '../../domain/scope.js'
import { exitCodes, UserError } from '../../errors.js'
import { askCapsReplay } from '../../questions/caps-replay.js'
import { capsReplayReport } from '../../reports/budgets/caps-replay.js'
import { capsReport, noCapsReport } from '../../reports/budgets/caps-report.js'
import { questionOptions, type CommandSpec, type Invocation, type Outcome } from '../command.js'
import { doubtsAbout } from '../../questions/question.js'
import { optionCount, optionText, optionTexts } from '../option-values.js'
import { withCalls } from '../with-calls.js'
import { settingsOf } from '../settings.js'
import { askCaps } from '../../questions/user-caps.js'

export const capsCommand: CommandSpec = {
  name: 'caps',
  summary: 'users who went over their caps, and what caps would refuse',
  details: [
    `Caps: ${capNames.join(', ')}; from --cap, else user_caps of the config file. A request's tokens are input and output.`,
    'tier.NAME.CAP and user.NAME.CAP are those of a tier or of one user, over those of all; none lifts one.',
    'Clock hours, days and months are those of --tz. Without --since: the last 7 days and today; of --replay the last 30.',
    'An hour, day or month counts from its own beginning when any of its calls is in the window. Over is more than the cap.',
  ].join('\n'),
  more: '--replay goes through the calls as a limiter would have: a call is refused when it is over a cap on requests, or when what was accepted in its hour, day or month is at the cap already; refused calls use nothing. Rows in which a source states what a session used in all are no calls, and are left out.',
  options: [
    {
      flags: '--cap <cap=amount>',
      about: 'such as daily_usd=5 or tier.free.daily_usd=1; over those of the config file',
      repeatable: true,
      group: 'Question',
    },
    { flags: '--replay', about: 'what a limiter with these caps would have refused', group: 'Question' },
    {
      flags: '--cap-set <caps>',
      about: "with --replay: another set of caps beside, such as 'tight: hourly_usd=1 daily_usd=5'",
      repeatable: true,
      group: 'Question',
    },
    {
      flags: '--tiers <file>',
      about: "file of user_id,tier[,monthly_revenue] (else the config file's user_tiers)",
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
    {
      command: "llmcost caps --replay --cap daily_usd=5 --cap-set 'tight: hourly_usd=1 daily_usd=5'",
      about: 'two sets on trial',
    },
  ],
  run: async (invocation) => {
    const given = parseCaps(optionTexts(invocation, 'cap'))
    const sets = parseCapSets(optionTexts(invocation, 'capSet'))
    const isReplay = invocation.options['replay'] === true
    if (!isReplay && sets.length > 0) {
      throw new UserError('--cap-set goes with --replay', {
        code: 'usage',
        hint: 'Give --replay, or one set of caps by --cap.',
      })
    }
    const { config } = await settingsOf(invocation)
    const rules = mergedCaps(config.userCaps, given)
    return isReplay ? replay(invocation, rules, sets) : over(invocation, rules)
  },
}

async function over(invocation: Invocation, rules: CapRules): Promise<Outcome> {
  const top = optionCount(invocation, 'top') ?? 20
  const { tz } = await settingsOf(invocation)
  const limits = capLimits(rules, await tiersFor(invocation, [rules]))
  if (capsSet(limits).length === 0) return { report: noCapsReport(tz) }
  let isOver = false
  const report = await withCalls(
    invocation,
    async (question) => {
      const answer = await askCaps(question, limits, top)
      isOver = answer.rows.length > 0
      return capsReport(answer, await doubtsAbout(question, answer.measured))
    },
    lastDaysAndToday(7),
  )
  const fails = isOver && optionText(invocation, 'failOn') !== undefined
  return { report, ...(fails ? { exitCode: exitCodes.check } : {}) }
}

async function replay(invocation: Invocation, rules: CapRules, others: readonly CapSet[]): Promise<Outcome> {
  const top = optionCount(invocation, 'top') ?? 20
  const { tz } = await settingsOf(invocation)
  const isSet = Object.keys(rules).length > 0
  const sets = [
    ...(isSet ? [{ name: invocation.given('cap') ? 'caps' : 'user_caps', rules }] : []),
    ...others,
  ]
  if (sets.length === 0) return { report: noCapsReport(tz) }
  const tiers = await tiersFor(
    invocation,
    sets.map((set) => set.rules),
  )
  const report = await withCalls(
    invocation,
    async (question) => {
      const answer = await askCapsReplay(question, sets, { tiers, top })
      return capsReplayReport(answer, await doubtsAbout(question, answer.measured))
    },
    lastDaysAndToday(30),
  )
  return { report }
}

/** Who is in which tier, where caps need to know. @throws UserError (usage) */
async function tiersFor(
  invocation: Invocation,
  rules: readonly CapRules[],
): Promise<readonly UserTier[] | undefined> {
  const given = optionText(invocation, 'tiers')
  const { config } = await settingsOf(invocation)
  const path = given === undefined ? config.userTiers : resolve(given)
  const areNeeded = rules.some(({ tiers }) => Object.keys(tiers ?? {}).length > 0)
  return areNeeded && path !== undefined ? readUserTiers(path) : undefined
}

const lastDaysAndToday =
  (days: number) =>
  (until: Date, tz: string): Window => {
    const today = dayOf(localAt(until.getTime(), tz))
    return { since: new Date(instantOf(today - days * dayMs, tz)).toISOString(), until: until.toISOString() }
  }
