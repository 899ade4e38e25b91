/** `llmcost efficiency`: what calls carry, what cuts their answers off, and what the answers cost. */
import { dimensionOf } from '../../domain/dimensions.js'
import { breakdown, type BreakdownRow } from '../../metrics/breakdown.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { sessionCosts } from '../../metrics/sessions.js'
import { modelMeasures, retryMeasures, userMeasures } from '../../reports/weekly/cost-findings.js'
import { efficiencyMeasures, efficiencyReport } from '../../reports/efficiency/efficiency.js'
import { judgedMeasures } from '../../reports/efficiency/efficiency-findings.js'
import type { Report } from '../../reports/report.js'
import { exactOption, convertedOptions, type CommandSpec } from '../command.js'
import { withFoldedGroups } from './folded-groups.js'
import { groupingDetails, groupingOf, groupingOptions, type Grouping } from '../grouping.js'
import { askGroupsAsTold, whereTold } from '../../questions/groups.js'
import { ask, doubtsAbout, type Question } from '../../questions/question.js'

/** Models and users beyond these are too small to be what most money goes to. */
const looked = 20

export const efficiencyCommand: CommandSpec = {
  name: 'efficiency',
  summary: 'tokens a call, truncation, what limits answers and what they cost',
  details: [
    'Truncated: finish_reason length, over calls that log a reason; context_exceeded has its own rate.',
    'A session is its calls within the group. A success is a call with status ok; the cost of failed calls is part of its cost.',
    'Figures that cross a bound are named with what to do; "bounds" in the config file moves the bounds, and efficiency_calls says from how many calls on a group is judged.',
    ...groupingDetails,
  ].join('\n'),
  options: [...groupingOptions('feature'), exactOption, ...convertedOptions],
  examples: [
    { command: 'llmcost efficiency --since 30d', about: 'every feature, and what to look at' },
    { command: 'llmcost efficiency --by model --where feature=search', about: 'the models of one feature' },
    { command: 'llmcost efficiency --by user --top 10 --sort p95_input_tokens', about: 'who sends the most' },
    {
      command: 'llmcost efficiency --by prompt-version --columns calls,mean_output_tokens,truncation_rate',
      about: 'prompt versions side by side',
    },
  ],
  run: async (invocation) => {
    const grouping = await groupingOf(invocation, 'feature')
    const report = await withFoldedGroups(invocation, grouping, (question, top) =>
      answer(question, grouping, top),
    )
    return { report }
  },
}

async function answer(
  question: Question,
  { by, chosen, added, sort }: Grouping,
  top: number | undefined,
): Promise<Report> {
  const { db, scope, settings } = question
  const shown = chosen ?? [...new Set<MeasureName>([...efficiencyMeasures, ...added])]
  const measures = [
    ...new Set<MeasureName>([...shown, ...judgedMeasures, ...retryMeasures, ...doubtMeasures]),
  ]
  const isSpared = (name: MeasureName): boolean =>
    chosen === undefined && !added.includes(name) && sort?.by !== name
  const { rows, untold } = await askGroupsAsTold(db, { scope, by, measures, sort, top }, isSpared)
  const left: string[] = [...untold]
  const doubts = await doubtsAbout(
    question,
    rows.find((row) => row.is_total),
  )
  return efficiencyReport({
    scope,
    by,
    chosen,
    added,
    rows,
    // A table of columns chosen by name has no room for them.
    sessions:
      chosen === undefined
        ? await whereTold(ask(db, sessionCosts({ scope, by, sort, top })), 'sessions', left, [])
        : [],
    models: await whereTold(dearest(question, 'model', modelMeasures), 'the dearest models', left, []),
    users: await whereTold(dearest(question, 'user_id', userMeasures), 'the dearest users', left, []),
    bounds: settings.config.bounds,
    untold,
    doubts: { ...doubts, leftOut: left },
  })
}

/** Needed for the warnings, shown or not. */
const doubtMeasures: readonly MeasureName[] = ['unpriced_calls', 'partly_priced_calls']

function dearest(
  { db, scope }: Question,
  name: string,
  measures: readonly MeasureName[],
): Promise<readonly BreakdownRow[]> {
  return ask(db, breakdown({ scope, by: [dimensionOf(name)], measures, top: looked }))
}
