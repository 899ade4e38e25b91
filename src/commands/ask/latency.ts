/** `llmcost latency`: how fast calls were answered. */
import { dimensionOf } from '../../domain/dimensions.js'
import { everies } from '../../domain/time/timeline.js'
import { breakdown } from '../../metrics/breakdown.js'
import { latencyReport, pairMeasures } from '../../reports/latency/latency.js'
import { askLatencyOverTime, latencyRows } from '../../questions/report/latency.js'
import { exactOption, convertedOptions, type CommandSpec } from '../command.js'
import { withFoldedGroups } from './folded-groups.js'
import { groupingOf, groupingOptions } from '../grouping.js'
import { whereTold } from '../../questions/groups.js'
import { ask, doubtsAbout } from '../../questions/question.js'

export const latencyCommand: CommandSpec = {
  name: 'latency',
  summary: 'how fast calls are answered: quantiles, first token, tokens a second',
  details: [
    'p50, p95, p99 and max, time to first token and tokens a second are of calls that a provider answered: hits of the response cache and failed calls would flatter them and stand apart. In JSON, provider_latency_ms is of those calls and latency_ms of all, hits and failures included.',
    "Output tokens a second: each call's output tokens over its latency less its time to first token, or over the whole latency where that is not logged; a call without output or without time left has none.",
    'Findings: a p99 far above the median, and a model much slower than another in the same feature for output of like length; from bounds.minimum_calls calls on.',
    'Beside it, p95 and p50 over time, by hour, day, week or month as the window has room for; not where --by has such buckets already.',
    'Dimensions and time buckets are those of llmcost breakdown.',
  ].join('\n'),
  options: [
    ...groupingOptions('model')
      .filter(({ flags }) => !flags.startsWith('--columns'))
      .map((option) =>
        option.flags.startsWith('--sort')
          ? {
              ...option,
              about: 'a column of breakdown, with :asc or :desc (default: most calls first, or time)',
            }
          : option,
      ),
    exactOption,
    ...convertedOptions,
  ],
  examples: [
    { command: 'llmcost latency --since 7d', about: 'by model' },
    { command: 'llmcost latency --by hour-of-day --tz Europe/Berlin', about: 'when it is slow' },
    {
      command: 'llmcost latency --by feature --sort p95_provider_latency_ms --top 5',
      about: 'the five slowest features',
    },
  ],
  run: async (invocation) => {
    const grouping = await groupingOf(invocation, 'model')
    const { by, sort, added } = grouping
    const report = await withFoldedGroups(invocation, grouping, async (question, top) => {
      const rows = await latencyRows(question, { by, top, sort, more: added })
      const left: string[] = []
      const pairs = await whereTold(
        ask(
          question.db,
          breakdown({
            scope: question.scope,
            by: ['feature', 'model'].map(dimensionOf),
            measures: pairMeasures,
          }),
        ),
        'models of one feature side by side',
        left,
        [],
      )
      const doubts = await doubtsAbout(
        question,
        rows.find((row) => row.is_total),
      )
      const { bounds } = question.settings.config
      const inTime = by.some(({ key }) => everies.some((every) => every === key))
      const overTime = inTime
        ? []
        : await whereTold(askLatencyOverTime(question), 'latency over time', left, [])
      const { scope } = question
      return latencyReport({
        scope,
        by,
        rows,
        overTime,
        pairs,
        more: added,
        bounds,
        doubts: { ...doubts, leftOut: left },
      })
    })
    return { report }
  },
}
