/**
 * commands: one file a verb and one line in registry.ts. A command reads its options, asks, and answers
 * with a report; it prints nothing.
 *
 * This one is `llmcost breakdown`: cost and tokens by any dimension.
 */
import { dimensions, parseDimensions, shortForms, timeBuckets, type Dimension } from '../domain/dimensions.js'
import { UserError } from '../errors.js'
import { breakdown, type Sort } from '../metrics/breakdown.js'
import { measureNames, parseMeasure, type MeasureName } from '../metrics/measures.js'
import { breakdownReport } from '../reports/breakdown.js'
import { questionOptions, type CommandSpec, type Invocation } from './command.js'
import { ask, doubtsAbout, optionCount, optionText, withCalls } from './question.js'

const defaultMeasures: readonly MeasureName[] = [
  'calls',
  'input_tokens',
  'output_tokens',
  'cost_usd',
  'cost_share',
  'mean_cost_usd',
  'p50_cost_usd',
  'p95_cost_usd',
  'max_cost_usd',
  'unpriced_calls',
]

/** Needed for the warnings, shown or not. */
const doubtMeasures: readonly MeasureName[] = ['calls', 'unpriced_calls', 'partly_priced_calls']

const dimensionNames = dimensions.filter(({ kind }) => kind === 'column').map(({ key }) => key)

export const breakdownCommand: CommandSpec = {
  name: 'breakdown',
  summary: 'cost, calls and tokens by any dimension or time bucket',
  details: [
    `Dimensions: ${dimensionNames.join(', ')}; tag.<name> for any other label.`,
    `Short forms: ${Object.entries(shortForms)
      .map(([short, name]) => `${short} = ${name}`)
      .join(', ')}.`,
    `Time buckets, in --tz: ${timeBuckets.map((bucket) => bucket.replaceAll('_', '-')).join(', ')}.`,
    `Columns: ${measureNames.join(', ')}.`,
  ].join('\n'),
  options: [
    {
      flags: '--by <dimensions>',
      about: 'one or more, with commas; none for the total alone',
      fallback: 'feature',
      group: 'Question',
    },
    { flags: '--columns <columns>', about: 'figures to show, with commas', group: 'Question' },
    {
      flags: '--sort <column>',
      about: 'a column, with :asc or :desc (default: cost_usd, or time)',
      group: 'Question',
    },
    {
      flags: '--top <n>',
      about: 'the first n groups, and one row (others) for all the rest',
      group: 'Question',
    },
    ...questionOptions,
  ],
  examples: [
    { command: 'llmcost breakdown --by feature,model', about: 'cost of each model in each feature' },
    { command: 'llmcost breakdown --by user --top 10 --since 30d', about: 'the ten dearest users' },
    { command: 'llmcost breakdown --by day --tz Europe/Berlin --since mtd', about: 'this month, day by day' },
    {
      command: 'llmcost breakdown --by feature --columns calls,truncation_rate --sort truncation_rate',
      about: 'what is cut off',
    },
  ],
  run: async (invocation) => {
    const by = parseDimensions(optionText(invocation, 'by') ?? 'feature')
    const chosen = chosenMeasures(invocation)
    const sort = sortOption(optionText(invocation, 'sort'), by)
    const top = optionCount(invocation, 'top')
    const report = await withCalls(invocation, async (question) => {
      const shown = [...new Set([...(chosen ?? defaultMeasures), ...sortMeasure(sort)])]
      const measures = [...new Set([...shown, ...doubtMeasures])]
      const rows = await ask(question.db, breakdown({ scope: question.scope, by, measures, sort, top }))
      const doubts = await doubtsAbout(
        question,
        rows.find((row) => row.is_total),
      )
      const table = { by, measures: shown, shown: chosen === undefined ? 'whereWide' : 'always' } as const
      return breakdownReport({ scope: question.scope, table, rows, doubts })
    })
    return { report }
  },
}

function chosenMeasures(invocation: Invocation): readonly MeasureName[] | undefined {
  const text = optionText(invocation, 'columns')
  return text === undefined
    ? undefined
    : [...new Set(text.split(',').map((name) => parseMeasure(name, '--columns')))]
}

/** `cost_usd`, `calls:asc`, `feature`: figures fall, dimensions rise, unless it says otherwise. */
function sortOption(text: string | undefined, by: readonly Dimension[]): Sort | undefined {
  if (text === undefined) return undefined
  const [name = '', way, ...rest] = text.split(':')
  if (rest.length > 0 || (way !== undefined && way !== 'asc' && way !== 'desc')) {
    throw new UserError(`--sort ${text} is not a column with :asc or :desc`, {
      code: 'usage',
      hint: 'For example --sort calls:asc.',
    })
  }
  const key = (shortForms[name] ?? name).replaceAll('-', '_')
  const dimension = by.find((one) => one.key === key || one.key === name)
  if (dimension !== undefined) return { by: dimension.key, descending: way === 'desc' }
  return { by: parseMeasure(name, '--sort'), descending: way !== 'asc' }
}

/** What it is sorted by is shown. */
function sortMeasure(sort: Sort | undefined): MeasureName[] {
  return measureNames.filter((name) => name === sort?.by)
}
