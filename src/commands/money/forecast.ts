/** `llmcost forecast`: where this month, week or quarter will end. */
import { coversExactly, type Budget } from '../../domain/budgets/budget.js'
import { parseBudget } from '../../domain/budgets/budget-option.js'
import type { Dimension } from '../../domain/dimensions.js'
import { parseFilters } from '../../domain/filters.js'
import { localDate } from '../../domain/time/periods.js'
import { UserError } from '../../errors.js'
import { backtest, leastKnown, trials } from '../../forecast/backtest.js'
import { addDays, periods, type PeriodName } from '../../forecast/days.js'
import { beginningOf, nowOf } from '../../forecast/series.js'
import { backtestReport } from '../../reports/budgets/forecast-backtest.js'
import { forecastReport } from '../../reports/budgets/forecast.js'
import type { Report } from '../../reports/report.js'
import {
  budgetPeriodOf,
  forecastAnswer,
  forecastDoubts,
  longestForecast,
  type ForecastRequest,
} from '../../questions/report/forecast.js'
import { budgetOption, budgetsOf } from '../budget-option.js'
import { dimensionsBy } from '../grouping.js'
import { questionOptions, type CommandSpec, type Invocation } from '../command.js'
import { askForecast } from '../../questions/forecasting.js'
import { type Question } from '../../questions/question.js'
import { configOf } from '../precedence.js'
import { optionCount, optionText, optionTexts } from '../option-values.js'
import { withCalls } from '../with-calls.js'

/** Days back that a back-test reads. */
const backtestDays = 730

export const forecastCommand: CommandSpec = {
  name: 'forecast',
  summary: 'where this month, week or quarter will end, with an 80% interval',
  details: [
    'Periods are calendar periods in --tz, weeks from Monday. The cost so far is known; the days to come are forecast from level, growth and weekdays of the last 150 days (or of those from --since on), and one bad day is not carried on.',
    'With --until, or an earlier --as-of, it is the forecast of that time. The naive figure beside it is the last 7 days × the days of the period / 7.',
    'A budget of the config file, or of --budget, for exactly this period and these calls is drawn and named; of several, the least.',
    'Groups of --by are the dearest of the last 28 days; they add up to the total, which is forecast on its own: the difference is shared out by how far off each group may be.',
    `--backtest forecasts every stretch of ${trials.month.days} days (${trials.week.days} for a week, ${trials.quarter.days} for a quarter) from the days before it alone, and prints how far off these forecasts and the naive ones were, and how many outcomes the 80% interval held.`,
  ].join('\n'),
  options: [
    {
      flags: '--period <period>',
      about: 'the calendar period to forecast',
      choices: periods,
      fallback: 'month',
      group: 'Question',
    },
    { flags: '--by <dimensions>', about: 'a forecast for each group', group: 'Question' },
    {
      flags: '-n, --top <n>',
      about: `with --by: the n dearest groups, and one of all others (default: ${longestForecast})`,
      group: 'Question',
    },
    { flags: '--backtest', about: 'how far off past forecasts would have been', group: 'Question' },
    budgetOption,
    ...questionOptions,
  ],
  examples: [
    { command: 'llmcost forecast', about: 'where this month will end' },
    { command: 'llmcost forecast --by feature --period quarter', about: 'this quarter, feature by feature' },
    { command: 'llmcost forecast --as-of latest --budget 500', about: 'this month, against a budget' },
    { command: 'llmcost forecast --backtest', about: 'how far off it has been on your own calls' },
  ],
  run: async (invocation) => {
    const period = (optionText(invocation, 'period') ?? 'month') as PeriodName
    const by = await groupsOf(invocation)
    const top = optionCount(invocation, 'top')
    const given = await budgetsGiven(invocation, period)
    const ask = invocation.options['backtest'] === true ? answerBacktest : answer
    return {
      report: await withCalls(invocation, (question) => {
        const budgets = budgetsOf(given, question.settings.config)
        return ask(question, { period, by, top, budgets })
      }),
    }
  },
}

/**
 * Budgets of the command line. One that cannot be drawn is no slip of the config file's, which holds those of
 * other periods too, but a question without an answer.
 * @throws UserError (usage)
 */
async function budgetsGiven(invocation: Invocation, period: PeriodName): Promise<readonly Budget[]> {
  const texts = optionTexts(invocation, 'budget')
  const budgets = texts.map(parseBudget)
  if (texts.length === 0) return []
  const alone = ['by', 'backtest'].find((name) => invocation.given(name))
  if (alone !== undefined) {
    throw new UserError(`--budget is of all calls in scope, and goes without --${alone}`, {
      code: 'usage',
      hint: 'For one group: --budget 100 --where feature=search.',
    })
  }
  const wanted = budgetPeriodOf[period]
  const other = texts.find((_, i) => budgets[i]!.period !== wanted)
  if (other !== undefined) {
    throw new UserError(`--budget ${other}: the forecast is of a ${period}`, {
      code: 'usage',
      hint:
        wanted === undefined
          ? 'Budgets are of days, weeks and months; --period month or week has them drawn.'
          : `Write --budget ${wanted}:100, or see llmcost budget, which forecasts budgets of any period.`,
    })
  }
  const { groups } = await configOf(invocation)
  const { filters } = parseFilters(optionTexts(invocation, 'where'), groups)
  const apart = texts.find((_, i) => !coversExactly(budgets[i]!, filters))
  if (apart !== undefined) {
    throw new UserError(`--budget ${apart} is not of the calls that are forecast`, {
      code: 'usage',
      hint: "Give the budget the filters of --where: --where feature=search --budget 'monthly:100 feature=search'.",
    })
  }
  return budgets
}

async function groupsOf(invocation: Invocation): Promise<readonly Dimension[]> {
  const by = await dimensionsBy(invocation, 'none')
  const time = by.find(({ kind }) => kind === 'time')
  if (time !== undefined) {
    throw new UserError(`--by ${time.key}: a forecast is of days already`, {
      code: 'usage',
      hint: 'Group by feature, model, user or another label; --json has the forecast day by day.',
    })
  }
  if (by.length > 0 && invocation.options['backtest'] === true) {
    throw new UserError('--backtest is of all calls in scope, and goes without --by', {
      code: 'usage',
      hint: 'For one group: --backtest --where feature=search.',
    })
  }
  if (by.length === 0 && invocation.given('top')) {
    throw new UserError('--top says how many groups, and goes with --by', {
      code: 'usage',
      hint: 'For example --by feature --top 5.',
    })
  }
  return by
}

/** Up to when calls are known: --until, but no later than as-of. */
function knownUntil({ scope, asOf }: Question): Date {
  return scope.until === null ? asOf : new Date(Math.min(Date.parse(scope.until), asOf.getTime()))
}

async function answer(question: Question, request: ForecastRequest): Promise<Report> {
  return forecastReport(await forecastAnswer(question, request, knownUntil(question), question.scope.since))
}

async function answerBacktest(question: Question, { period }: ForecastRequest): Promise<Report> {
  const { scope } = question
  const now = knownUntil(question)
  const earliest = beginningOf(addDays(nowOf(now, scope.tz).day, -backtestDays), scope.tz)
  const asked = await askForecast(question, { period, now, since: scope.since ?? earliest })
  const since = scope.since === null ? '' : localDate(scope.since, scope.tz)
  const read = asked.total.series.filter(({ day, complete }) => day >= since && complete === 1)
  const begin = read.findIndex(({ cost_usd: cost }) => cost > 0)
  const whole = begin < 0 ? [] : read.slice(begin)
  const first = whole[0] === undefined ? asked.scope.since : beginningOf(whole[0].day, scope.tz)
  return backtestReport({
    name: period,
    length: trials[period].days,
    leastKnown,
    wholeDays: whole.length,
    found: backtest(whole, period),
    doubts: await forecastDoubts(question, asked),
    instants: { since: first, until: asked.scope.until, tz: scope.tz },
  })
}
