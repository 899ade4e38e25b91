/** The report as its options ask for it, however it is delivered. */
import { isPeriod, lastPeriod } from '../domain/time/periods.js'
import { parseBudget } from '../domain/budgets/budget-option.js'
import { UserError } from '../errors.js'
import { askWholeReport } from '../questions/report/report.js'
import { parseSections } from '../questions/report/sections.js'
import type { Report } from '../reports/report.js'
import { budgetOption, budgetsOf } from './budget-option.js'
import { questionOptions, type Invocation, type OptionSpec } from './command.js'
import { optionText, optionTexts } from './option-values.js'
import { withCalls, type DefaultWindow } from './with-calls.js'

/** What a report can be asked, however it is delivered. */
export const reportQuestionOptions: readonly OptionSpec[] = [
  {
    flags: '--period <period>',
    about: 'the last whole day, week or month, complete days (30d), today, yesterday, mtd, or 2026-09',
    fallback: '7d',
    group: 'Question',
  },
  { flags: '--sections <names>', about: 'what to show, with commas (default: all)', group: 'Question' },
  budgetOption,
  ...questionOptions,
]

/** @throws UserError (usage) before anything is opened */
export async function askReport(invocation: Invocation): Promise<Report> {
  const given = optionTexts(invocation, 'budget').map(parseBudget)
  const sections = parseSections(optionText(invocation, 'sections'))
  return withCalls(
    invocation,
    (question) => askWholeReport(question, sections, budgetsOf(given, question.settings.config)),
    defaultWindow(invocation),
  )
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
