/** What `llmcost caps` asks: who went over, who is over now, what caps would refuse. */
import { resolve } from 'node:path'
import { readUserTiers } from '../../config/user-tiers.js'
import type { CapRules } from '../../domain/budgets/budget.js'
import { capLimits, capsSet, idleTiers } from '../../domain/budgets/cap-limits.js'
import type { CapSet } from '../../domain/budgets/cap-sets.js'
import type { UserTier } from '../../domain/budgets/user-tier.js'
import type { Window } from '../../domain/scope.js'
import { dayOf } from '../../domain/time/calendar.js'
import { dayMs, instantOf, localAt } from '../../domain/time/zones.js'
import { exitCodes, UserError } from '../../errors.js'
import { cappedCalls } from '../../metrics/budgets/caps.js'
import { askCapsOver, runningSpans } from '../../questions/caps-over.js'
import { askCapsReplay } from '../../questions/caps-replay.js'
import { reservingBy } from '../../questions/caps-reserve.js'
import { askCapsSuggest } from '../../questions/caps-suggest.js'
import { capsBlock, capsSuggestReport } from '../../reports/budgets/caps-suggest.js'
import { readShare } from '../../domain/budgets/suggested-caps.js'
import { lastPeriod } from '../../domain/time/periods.js'
import { ask, doubtsAbout } from '../../questions/question.js'
import { askCaps } from '../../questions/user-caps.js'
import { capsOverReport, redisCommands, type UserOver } from '../../reports/budgets/caps-over.js'
import { capsReplayReport } from '../../reports/budgets/caps-replay.js'
import { capsReport, noCapsReport } from '../../reports/budgets/caps-report.js'
import type { Invocation, Outcome } from '../command.js'
import { optionCount, optionText } from '../option-values.js'
import { settingsOf } from '../settings.js'
import { withCalls } from '../with-calls.js'

/** Who went over a cap in the window. */
export async function wentOver(invocation: Invocation, rules: CapRules): Promise<Outcome> {
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

/** Who is at a cap of the running hour, day or month. @throws UserError (usage) */
export async function areOver(invocation: Invocation, rules: CapRules): Promise<Outcome> {
  const isRedis = invocation.ownFormat === 'redis'
  if (isRedis && invocation.terminal.isShown === true) {
    throw new UserError('--format redis writes what a Redis server reads, and this is a terminal', {
      code: 'usage',
      hint: 'Pipe it: llmcost caps --over --format redis | redis-cli --pipe',
    })
  }
  const spanning = ['since', 'until', 'failOn'].find((name) => invocation.given(name))
  if (spanning !== undefined) {
    throw new UserError(`--over goes without --${spanning === 'failOn' ? 'fail-on' : spanning}`, {
      code: 'usage',
      hint: 'It looks at the hour, the day and the month that run at --as-of, and ends with exit code 3 when somebody is over.',
    })
  }
  const { tz } = await settingsOf(invocation)
  const limits = capLimits(rules, await tiersFor(invocation, [rules]))
  if (capsSet(limits).length === 0) {
    if (!isRedis) return { report: noCapsReport(tz) }
    throw new UserError('no cap is set', {
      code: 'usage',
      hint: 'Give --cap daily_usd=5, or user_caps in the config file.',
    })
  }
  let users: readonly UserOver[] = []
  const report = await withCalls(
    invocation,
    async (question) => {
      const [measured] = await ask(question.db, cappedCalls(question.scope))
      if (measured === undefined) throw new Error('no figures of the calls in scope')
      users = await askCapsOver(question, limits)
      return capsOverReport({ scope: question.scope, users, measured }, await doubtsAbout(question, measured))
    },
    (until, zone) => ({
      since: new Date(runningSpans(until, zone).month.since).toISOString(),
      until: until.toISOString(),
    }),
  )
  const exitCode = users.length > 0 ? { exitCode: exitCodes.check } : {}
  if (!isRedis) return { report, ...exitCode }
  // What a table says under it has no place in the commands.
  if (report.warnings.length > 0) invocation.terminal.warn(report.warnings)
  return { text: redisCommands(users), ...exitCode }
}

/** What a limiter with each set of caps would have refused. */
export async function onTrial(
  invocation: Invocation,
  rules: CapRules,
  others: readonly CapSet[],
): Promise<Outcome> {
  const top = optionCount(invocation, 'top') ?? 20
  const { tz, config } = await settingsOf(invocation)
  const reserving = invocation.options['reserve'] === true ? reservingBy(config.guard) : undefined
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
      const answer = await askCapsReplay(question, sets, { tiers, top, reserving })
      return capsReplayReport(answer, await doubtsAbout(question, answer.measured))
    },
    lastDaysAndToday(30),
  )
  return { report }
}

/**
 * Levels from what users use and pay, each tried on the calls.
 * @param asYaml the command that asks the same for the config file
 * @throws UserError (usage)
 */
export async function suggested(invocation: Invocation, now: CapRules, asYaml: string): Promise<Outcome> {
  const said = optionText(invocation, 'revenueShare') ?? '30%'
  const share = readShare(said)
  if (share === undefined) {
    throw new UserError(`--revenue-share ${said} is no percentage above 0 and up to 100`, {
      code: 'usage',
      hint: 'For example --revenue-share 30%.',
    })
  }
  const path = await tiersFile(invocation)
  const tiers = path === undefined ? undefined : readUserTiers(path)
  let block = ''
  const report = await withCalls(
    invocation,
    async (question) => {
      const answer = await askCapsSuggest(question, { tiers, share, now })
      block = capsBlock(answer)
      return capsSuggestReport(answer, await doubtsAbout(question, answer.measured), asYaml)
    },
    (until, tz) => lastPeriod('30d', until, tz),
  )
  if (invocation.ownFormat !== 'yaml') return { report }
  const lacking = block === '' ? [report.sections[0]?.empty ?? ''] : []
  if (report.warnings.length + lacking.length > 0) invocation.terminal.warn([...report.warnings, ...lacking])
  return { text: block }
}

/** Who is in which tier, where caps need to know. @throws UserError (usage) */
async function tiersFor(
  invocation: Invocation,
  rules: readonly CapRules[],
): Promise<readonly UserTier[] | undefined> {
  const areNeeded = rules.some(({ tiers }) => Object.keys(tiers ?? {}).length > 0)
  const path = areNeeded ? await tiersFile(invocation) : undefined
  if (path === undefined) return undefined
  const tiers = readUserTiers(path)
  const idle = [...new Set(rules.flatMap((one) => idleTiers(one, tiers)))]
  if (idle.length > 0)
    invocation.terminal.warn(
      `no user of ${path} is in ${idle.length === 1 ? 'tier' : 'the tiers'} ${idle.join(', ')}`,
    )
  return tiers
}

/** The file of tiers that is named. */
async function tiersFile(invocation: Invocation): Promise<string | undefined> {
  const given = optionText(invocation, 'tiers')
  return given === undefined ? (await settingsOf(invocation)).config.userTiers : resolve(given)
}

const lastDaysAndToday =
  (days: number) =>
  (until: Date, tz: string): Window => {
    const today = dayOf(localAt(until.getTime(), tz))
    return { since: new Date(instantOf(today - days * dayMs, tz)).toISOString(), until: until.toISOString() }
  }
