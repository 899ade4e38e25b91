/** The report as its options ask for it, however it is delivered. */
import { isPeriod, lastPeriod } from '../domain/time/periods.js'
import { parseBudget } from '../domain/budgets/budget-option.js'
import { UserError } from '../errors.js'
import { askWholeReport } from '../questions/report/report.js'
import { parseSections } from '../questions/report/sections.js'
import type { Report } from '../reports/report.js'
import { budgetOption, budgetsOf } from './budget-option.js'
import { convertedOptions, exactOption, type Invocation, type OptionSpec } from './command.js'
import { commandText } from './command-text.js'
import { optionText, optionTexts } from './option-values.js'
import { withCalls, type DefaultWindow } from './with-calls.js'

const fullOption: OptionSpec = {
  flags: '--full',
  about: 'every table, not the first page alone',
  group: 'Question',
}

/** What a report can be asked, however it is delivered. */
export const reportQuestionOptions: readonly OptionSpec[] = [
  {
    flags: '--period <period>',
    about: 'the last whole day, week or month, complete days (30d), today, yesterday, mtd, or 2026-09',
    fallback: '7d',
    group: 'Question',
  },
  fullOption,
  { flags: '--sections <names>', about: 'what to show, with commas (default: all)', group: 'Question' },
  budgetOption,
  exactOption,
  ...convertedOptions,
]

/** @throws UserError (usage) before anything is opened */
export async function askReport(invocation: Invocation): Promise<Report> {
  const given = optionTexts(invocation, 'budget').map(parseBudget)
  const sections = parseSections(optionText(invocation, 'sections'))
  const report = await withCalls(
    invocation,
    (question) =>
      askWholeReport(question, {
        sections,
        isChosen: invocation.given('sections'),
        budgets: budgetsOf(given, question.settings.config),
        isNow: question.asOf.getTime() === invocation.now.getTime(),
        isFull: invocation.given('sections') || invocation.options['full'] === true,
        isOpen: !invocation.given('since') && !invocation.given('until'),
      }),
    defaultWindow(invocation),
  )
  const asked = reportQuestionOptions.filter((option) => option !== fullOption)
  return { ...report, command: commandText('report', invocation, asked) }
}

function defaultWindow(invocation: Invocation): DefaultWindow {
  const period = optionText(invocation, 'period') ?? '7d'
  // Without the clock: whether it has begun is known with --as-of.
  if (!isPeriod(period)) lastPeriod(period, invocation.now, 'UTC')
  const other = ['since', 'until'].find((name) => invocation.given(name))
  if (other === undefined || !invocation.given('period')) return (until, tz) => lastPeriod(period, until, tz)
  throw new UserError(`--period and --${other} both choose the window`, {
    code: 'usage',
    hint: 'Leave one of them out; --since last-month is the same as --period month.',
  })
}
