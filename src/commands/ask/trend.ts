/** `llmcost trend`: cost, calls, tokens or any figure over time, and what grows. */
import { dimensionOf, type Dimension } from '../../domain/dimensions.js'
import { everies, recentBuckets } from '../../domain/time/timeline.js'
import { UserError } from '../../errors.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { growthPart, noGrowth } from '../../reports/trends/growth.js'
import { trendReport } from '../../reports/trends/trend.js'
import { columnNamer, dimensionsAndCentersBy, type ColumnNamer } from '../grouping.js'
import { exactOption, convertedOptions, type CommandSpec, type Invocation } from '../command.js'
import { doubtsAbout, type Question } from '../../questions/question.js'
import { optionCount, optionText } from '../option-values.js'
import { withCalls } from '../with-calls.js'
import { askGrowth, askTrend, ratedOr, type TrendQuestion } from '../../questions/over-time.js'

const mostGroups = 1000

export const trendCommand: CommandSpec = {
  name: 'trend',
  summary: 'cost, calls, tokens or any figure over time, and what grows week after week',
  details: [
    'Buckets without calls are there too: counts and sums are 0, means, rates and quantiles have none. A bucket that is',
    'still running, or cut by the window or by where the log begins, is marked partial and never compared.',
    'Without --since: 48 hours, 30 days, 12 weeks or 12 months, whole ones, and the one that is running.',
    '--top keeps the groups with most of the metric where it counts or sums, else the dearest.',
    'Growth is that of cost, by --by or else by feature, over the last 12 weeks of seven complete days, whatever --since',
    'is. A group that grew growth_weeks weeks in a row (3), by growth_rate a week or more (10%), to growth_usd or more',
    '($1) is named; the rate is (last week / week before the run)^(1 / weeks) - 1, and it doubles in',
    'ln 2 / ln(1 + rate) weeks. The week in which a group begins does not count. Bounds are in the config file.',
  ].join('\n'),
  options: [
    {
      flags: '--every <bucket>',
      about: 'hour, day, week (from Monday) or month, in --tz',
      choices: everies,
      fallback: 'day',
      group: 'Question',
    },
    {
      flags: '--metric <columns>',
      about: 'any column of breakdown; more than one with commas',
      fallback: 'cost_usd',
      group: 'Question',
    },
    {
      flags: '--by <dimensions>',
      about: 'a line each: one or more dimensions, with commas',
      fallback: 'none',
      group: 'Question',
      takesCenters: true,
    },
    {
      flags: '-n, --top <n>',
      about: 'with --by: so many groups, and one row (others) for all the rest',
      fallback: '10',
      group: 'Question',
    },
    exactOption,
    ...convertedOptions,
  ],
  examples: [
    { command: 'llmcost trend', about: 'the cost of each of the last 30 days' },
    { command: 'llmcost trend --by feature --every week', about: 'a line a feature' },
    {
      command: 'llmcost trend --metric error_rate --every hour --since 24h',
      about: 'any figure of breakdown',
    },
    { command: 'llmcost trend --by model --every month --format csv', about: 'a row a month and model' },
  ],
  run: async (invocation) => {
    const asked = await questionOf(invocation)
    const report = await withCalls(
      invocation,
      async (question) => {
        const answer = await askTrend(question, asked)
        const total = answer.rows.find((row) => row.is_total && row.is_window)
        const doubts = await doubtsAbout(question, total)
        const by = asked.by.length === 0 ? [dimensionOf('feature')] : asked.by
        const growing = asked.metrics.includes('cost_usd') && Number(total?.calls ?? 0) > 0
        const growth = growing ? await growthOf(question, by, asked.top) : { sections: [] }
        return trendReport(answer, growth, doubts)
      },
      (until, tz) => recentBuckets(until, asked.every, tz),
      [],
      asked.by,
    )
    return { report }
  },
}

/** It reads weeks before the window, too, which may have no exchange rates. */
async function growthOf(
  question: Question,
  by: readonly Dimension[],
  top: number,
): Promise<Parameters<typeof trendReport>[1]> {
  let missing = ''
  const answer = await ratedOr(askGrowth(question, by, top), (why) => (missing = why))
  return answer === undefined ? noGrowth(by, missing) : growthPart(answer)
}

async function questionOf(invocation: Invocation): Promise<TrendQuestion> {
  const top = optionCount(invocation, 'top') ?? 10
  if (top > mostGroups) {
    throw new UserError(`--top ${top} is more lines than a trend has`, {
      code: 'usage',
      hint: `At most ${mostGroups}; llmcost breakdown lists any number of groups.`,
    })
  }
  return {
    every: everies.find((one) => one === optionText(invocation, 'every')) ?? 'day',
    by: groupsOf(await dimensionsAndCentersBy(invocation, 'none')),
    metrics: metricsOf(optionText(invocation, 'metric') ?? 'cost_usd', columnNamer(invocation)),
    top,
  }
}

function groupsOf(by: readonly Dimension[]): readonly Dimension[] {
  const time = by.find(({ kind }) => kind === 'time')
  if (time === undefined) return by
  throw new UserError(`--by ${time.key} is a bucket of time`, {
    code: 'usage',
    hint: `A trend has its buckets from --every ${everies.join('|')}; llmcost breakdown --by ${time.key} groups by it alone.`,
  })
}

function metricsOf(text: string, named: ColumnNamer): readonly MeasureName[] {
  const names = [...new Set(text.split(',').map((name) => named(name, '--metric')))]
  const moment = names.find((name) => name.endsWith('_ts'))
  if (moment === undefined) return names
  throw new UserError(`--metric ${moment} is a moment, not an amount`, {
    code: 'usage',
    hint: 'For example --metric cost_usd,calls.',
  })
}
