/** `llmcost breakdown`: cost and tokens by any dimension. */
import type { MeasureName } from '../../metrics/measures/registry.js'
import { breakdownReport } from '../../reports/breakdown.js'
import { exactOption, convertedOptions, type CommandSpec } from '../command.js'
import { withFoldedGroups } from './folded-groups.js'
import { dimensionsAndCentersBy, groupingDetails, groupingOf, groupingWithCenters } from '../grouping.js'
import { askGroupsAsTold } from '../../questions/groups.js'
import { doubtsAbout } from '../../questions/question.js'

const defaultMeasures: readonly MeasureName[] = [
  'calls',
  'input_tokens',
  'output_tokens',
  'total_tokens',
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

export const breakdownCommand: CommandSpec = {
  name: 'breakdown',
  summary: 'cost, calls and tokens by any dimension or time bucket',
  details: groupingDetails.join('\n'),
  options: [...groupingWithCenters('feature'), exactOption, ...convertedOptions],
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
    const grouping = await groupingOf(invocation, 'feature', dimensionsAndCentersBy)
    const { by, chosen, added, sort } = grouping
    const report = await withFoldedGroups(
      invocation,
      { ...grouping, allocates: true },
      async (question, top) => {
        const shown = chosen ?? [...new Set([...defaultMeasures, ...added])]
        const measures = [...new Set([...shown, ...doubtMeasures])]
        const isSpared = (name: MeasureName): boolean =>
          chosen === undefined && !added.includes(name) && sort?.by !== name
        const request = { scope: question.scope, by, measures, sort, top }
        const { rows, untold } = await askGroupsAsTold(question.db, request, isSpared)
        const doubts = await doubtsAbout(
          question,
          rows.find((row) => row.is_total),
        )
        const table = {
          by,
          measures: shown.filter((name) => !untold.includes(name)),
          shown: chosen === undefined ? 'whereWide' : 'always',
          named: added,
        } as const
        return breakdownReport({
          scope: question.scope,
          table,
          rows,
          doubts: { ...doubts, leftOut: untold },
        })
      },
    )
    return { report }
  },
}
