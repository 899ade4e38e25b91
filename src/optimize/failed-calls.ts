/** Waste: calls that failed and cost money all the same, and those of a storm of retries. */
import { counted } from '../domain/words/plurals.js'
import { count, percent, usd } from '../domain/words/wording.js'
import { reached } from './scoped-calls.js'
import type { Asked, Strategy } from './strategy.js'

function savings({ sql }: Asked): string {
  const isFailed = 'is_error'
  const isStorm = `coalesce(attempt > ${sql('max_attempts')}, FALSE)`
  return /* sql */ `SELECT call_no, feature, model, cost, input_cost, output_cost, ${isFailed} AS is_failed, ${isStorm} AS is_storm,
      CASE WHEN ${isFailed} OR ${isStorm} THEN input_cost END AS input_saving,
      CASE WHEN ${isFailed} OR ${isStorm} THEN output_cost END AS output_saving
    FROM scoped_calls WHERE ${reached}`
}

export const failedCalls: Strategy = {
  id: 'failed-calls',
  title: 'Failures that cost',
  about:
    'What failed calls cost, and attempts beyond the given number, succeed they or not: a limit on retries, a check before the call or a fix of its cause would have spared it.',
  needs: [{ field: 'status', how: 'log ok or error for each call, or the HTTP status' }],
  assumptions: [
    {
      name: 'max_attempts',
      about: 'attempts beyond this one count as a storm of retries, where attempts are logged',
      kind: 'count',
      fallback: '3',
      least: '1',
      most: '100',
    },
  ],
  effort: 'low',
  confidence: 'medium',
  acts: 'on calls',
  by: ['feature', 'model'],
  savings,
  figures: {
    failed_calls: 'count(*) FILTER (WHERE is_failed AND taken > 0)',
    failed_cost_usd: 'coalesce(sum(cost) FILTER (WHERE is_failed), 0)',
    storm_calls: 'count(*) FILTER (WHERE is_storm AND NOT is_failed AND taken > 0)',
  },
  change: ({ figures, considered_calls: calls }, value) => {
    const [failed, storm] = [Number(figures['failed_calls']), Number(figures['storm_calls'])]
    const said = [
      failed > 0 &&
        `find out why ${count(failed)} of ${count(calls)} calls (${percent(failed / Number(calls))}) failed and cost ${usd(figures['failed_cost_usd'])} (llmcost errors)`,
      storm > 0 &&
        `give up after attempt ${value('max_attempts').text}: ${counted(storm, 'call comes', 'calls come')} later`,
    ]
    return said.filter(Boolean).join('; ')
  },
  risk: 'some failures cannot be avoided: the saving is an upper bound',
}
