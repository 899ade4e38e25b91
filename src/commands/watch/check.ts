/** `llmcost check`: judges the rules of the config file, for CI and cron. */
import type { Rule } from '../../domain/rules/rule.js'
import { severities } from '../../domain/rules/severity.js'
import { closestNames } from '../../domain/words/names.js'
import { dayMs } from '../../domain/time/zones.js'
import { exitCodes, UserError } from '../../errors.js'
import { breakdown } from '../../metrics/breakdown.js'
import { checkReport, noRulesReport } from '../../reports/rules/check.js'
import { dryRunReport } from '../../reports/rules/dry-run.js'
import type { Doubts } from '../../reports/notes.js'
import type { Report, Section } from '../../reports/report.js'
import { checkRules, dryRunRules, type CheckAnswer } from '../../questions/rules/check-rules.js'
import { assertNotifiable, notifyFired, notifyOption, type Checked } from './notifying.js'
import { questionOptions, type CommandSpec, type Invocation, type Outcome } from '../command.js'
import { rendererOf } from '../precedence.js'
import { ask, doubtsAbout, type Question } from '../../questions/question.js'
import { optionCount, optionText, optionTexts } from '../option-values.js'
import { withCalls, type DefaultWindow } from '../with-calls.js'
import { settingsOf } from '../settings.js'

/** Each rule has a window of its own. */
const options = questionOptions.filter(({ flags }) => !/^--(since|until) /.test(flags))

const mostDays = 366

/** Doubts are told about the calls of so many days, which most windows are within. */
const doubtDays = 7

const lastDays =
  (days: number): DefaultWindow =>
  (until) => ({
    since: new Date(until.getTime() - days * dayMs).toISOString(),
    until: until.toISOString(),
  })

export const checkCommand: CommandSpec = {
  name: 'check',
  summary: 'judge the rules of the config file: exit 0 when none fires, 3 with what does',
  details: [
    'Rules stand in the config file under rules; llmcost init --rules writes a set to begin with, docs/config.md lists the kinds.',
    'A rule is judged by the calls up to --as-of alone: its window, and how long it must have held, come from the calls and not from earlier runs.',
    'When nothing fires a table says nothing, so that cron stays silent; other formats answer with an empty list. Without rules it says so and ends with 0. A rule that cannot be judged ends with exit code 1, after all others were.',
    '--notify tells each channel once when an alert begins, once when it ends, and every remind_every in between; llmcost alerts shows them. A message that could not be delivered ends with 1, also when rules fire, and is tried again by the next run.',
    '--dry-run tells how often each rule would have fired, judged at every hour of the last --days.',
  ].join('\n'),
  options: [
    { flags: '--only <rule>', about: 'the rule of this name alone', repeatable: true, group: 'Question' },
    {
      flags: '--severity <severity>',
      about: 'rules at least so grave',
      choices: severities,
      group: 'Question',
    },
    { flags: '--dry-run', about: 'how often each rule would have fired', group: 'Question' },
    notifyOption,
    { flags: '--days <n>', about: 'days that --dry-run looks at (default: 30)', group: 'Question' },
    ...options,
  ],
  examples: [
    { command: 'llmcost check', about: 'after each ingest, or hourly by cron' },
    { command: 'llmcost check --notify', about: 'and tell the channels under notify in the config file' },
    { command: 'llmcost check --dry-run --as-of latest', about: 'before rules are switched on' },
    { command: 'llmcost check --severity critical --json', about: 'for a script' },
  ],
  run: async (invocation) => {
    const days = optionCount(invocation, 'days')
    const isDryRun = invocation.options['dryRun'] === true
    assertDays(days, isDryRun)
    const { config, tz } = await settingsOf(invocation)
    const isTold = invocation.options['notify'] === true
    if (isTold) await assertNotifiable(invocation)
    const rules = chosenRules(invocation, config.rules)
    // Alerts of rules that are gone end.
    if (config.rules.length === 0 && !isTold) return { report: noRulesReport(tz, config.path) }
    return isDryRun ? dryRun(invocation, rules, days ?? 30) : check(invocation, rules)
  },
}

async function check(invocation: Invocation, rules: readonly Rule[]): Promise<Outcome> {
  let answer: CheckAnswer = { fired: [], judged: [], failed: [], idle: [] }
  let at = invocation.now
  const report = await withCalls(
    invocation,
    async (question) => {
      answer = await checkRules(question, rules)
      at = question.asOf
      return checkReport(answer, await doubtsOf(question), question.asOf)
    },
    lastDays(doubtDays),
  )
  if (invocation.options['notify'] !== true) return outcomeOf(invocation, report, answer)
  // The question's database is closed by now, so that state can be written.
  const { data, exitCode } = await notifyFired(invocation, await checkedOf(invocation, rules, answer, at))
  const told = { ...report, data: { ...report.data, notifications: data } }
  const outcome = await outcomeOf(invocation, told, answer)
  return exitCode === undefined ? outcome : { ...outcome, exitCode }
}

/** With the rules of which this check knows nothing: those that failed, and those it was not asked for. */
async function checkedOf(
  invocation: Invocation,
  rules: readonly Rule[],
  { fired, failed }: CheckAnswer,
  at: Date,
): Promise<Checked> {
  const { config } = await settingsOf(invocation)
  const others = config.rules.filter((rule) => rule.enabled && !rules.includes(rule))
  return { fired, unjudged: [...others, ...failed.map(({ rule }) => rule)].map(({ name }) => name), at }
}

async function outcomeOf(
  invocation: Invocation,
  report: Report,
  { fired, failed, isEmpty }: CheckAnswer,
): Promise<Outcome> {
  if (failed.length > 0) return { report, exitCode: exitCodes.failure }
  if (fired.length > 0) return { report, exitCode: exitCodes.check }
  const renderer = await rendererOf(invocation)
  const isSilent = renderer.id === 'table' && optionText(invocation, 'output') === undefined
  if (isEmpty === true) return { report }
  // That nothing fires is said where rows are read by people: cron mails whatever stands on stderr.
  if (!isSilent) return { report: renderer.wordless === true ? withoutWords(report) : report }
  const { terminal, options: given } = invocation
  if (terminal.interactive && given['quiet'] !== true) {
    for (const text of [...report.warnings, report.sections[0]?.empty ?? '']) terminal.warn(text)
  }
  return {}
}

function withoutWords(report: Report): Report {
  const sections = report.sections.map((section): Section => {
    const { empty: _, ...rest } = section
    return rest
  })
  return { ...report, sections }
}

async function dryRun(invocation: Invocation, rules: readonly Rule[], days: number): Promise<Outcome> {
  let failed = false
  const report = await withCalls(
    invocation,
    async (question) => {
      const answer = await dryRunRules(question, rules, days * 24)
      failed = answer.failed.length > 0
      return dryRunReport(answer, await doubtsOf(question), question.asOf, days)
    },
    lastDays(days),
  )
  return { report, ...(failed ? { exitCode: exitCodes.failure } : {}) }
}

async function doubtsOf(question: Question): Promise<Doubts> {
  const measures = ['calls', 'unpriced_calls', 'partly_priced_calls'] as const
  const [total] = await ask(question.db, breakdown({ scope: question.scope, by: [], measures }))
  return doubtsAbout(question, total)
}

function assertDays(days: number | undefined, isDryRun: boolean): void {
  if (days === undefined) return
  if (!isDryRun) {
    throw new UserError('--days says how far back --dry-run looks', {
      code: 'usage',
      hint: 'Give --dry-run too; a check has the windows of its rules.',
    })
  }
  if (days > mostDays) throw new UserError(`--days ${days} is more than ${mostDays}`, { code: 'usage' })
}

/** Those that are enabled and asked for. @throws UserError (usage) for a name that no rule has */
function chosenRules(invocation: Invocation, rules: readonly Rule[]): readonly Rule[] {
  const only = optionTexts(invocation, 'only')
  const wrong = only.find((name) => rules.every((rule) => rule.name !== name))
  if (wrong !== undefined) {
    const names = rules.map(({ name }) => name)
    throw new UserError(`--only ${wrong}: no rule has this name`, {
      code: 'usage',
      hint:
        names.length === 0
          ? 'No rule is set; llmcost init --rules writes some.'
          : `The closest: ${closestNames(wrong, names).join(', ')}.`,
    })
  }
  const least = severities.findIndex((one) => one === optionText(invocation, 'severity'))
  return rules.filter(
    ({ name, enabled, severity }) =>
      (only.length === 0 ? enabled : only.includes(name)) && severities.indexOf(severity) >= least,
  )
}
