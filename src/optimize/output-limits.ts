/**
 * Output limits: the tail of long answers, cut at a quantile of its feature.
 *
 * The limit of a feature is the smallest output that the given share of its calls stays within. What a call wrote
 * beyond it is taken off its output cost in proportion to the tokens.
 */
import { discreteQuantile } from '../metrics/dialect.js'
import { count, percent } from '../domain/words/wording.js'
import { portion, reached } from './scoped-calls.js'
import type { Asked, Strategy } from './strategy.js'

function savings({ value, sql }: Asked): string {
  return /* sql */ `WITH limits AS (
      SELECT feature, ${discreteQuantile('output_tokens', value('quantile').number)} AS output_limit
      FROM scoped_calls WHERE output_tokens > 0 AND ${reached}
      GROUP BY feature HAVING count(*) >= ${sql('min_calls')}
    )
    SELECT call_no, scoped_calls.feature, model, cost, input_cost, output_cost, output_limit, max_tokens,
      output_tokens > output_limit AS is_cut, 0 AS input_saving,
      CASE WHEN output_tokens > output_limit
        THEN ${portion('output_cost', '(output_tokens - output_limit)', 'output_tokens')} END AS output_saving
    FROM scoped_calls JOIN limits ON scoped_calls.feature IS NOT DISTINCT FROM limits.feature
    WHERE output_tokens > 0 AND ${reached}`
}

export const outputLimits: Strategy = {
  id: 'output-limits',
  title: 'Output limits',
  about:
    'The answers of a feature are cut at a quantile of their own length: what the longest wrote beyond it would not have been written.',
  needs: [{ field: 'output_tokens', how: "log the output tokens of the response's usage" }],
  assumptions: [
    {
      name: 'quantile',
      about: "share of a feature's calls that the limit leaves whole",
      kind: 'share',
      fallback: '95%',
      least: '50%',
      most: '99.9%',
    },
    { name: 'min_calls', about: 'a feature with fewer calls gets no limit', kind: 'count', fallback: '20' },
  ],
  effort: 'low',
  confidence: 'medium',
  acts: 'on tokens',
  by: ['feature', 'model'],
  savings,
  figures: {
    output_limit: 'max(output_limit)',
    cut_calls: 'count(*) FILTER (WHERE is_cut)',
    wide_calls: 'count(*) FILTER (WHERE max_tokens > 2 * output_limit)',
    usual_max_tokens: 'max(max_tokens)',
  },
  change: ({ considered_calls: calls, figures }) => {
    const cut = Number(figures['cut_calls'])
    const wide = Number(figures['wide_calls'])
    const asked =
      wide === 0
        ? ''
        : `; ${count(wide)} ask for more than twice that now, up to ${count(figures['usual_max_tokens'])}`
    return `set max_tokens to ${count(figures['output_limit'])}: ${count(cut)} of ${count(calls)} calls (${percent(cut / Number(calls))}) wrote more${asked}`
  },
  risk: 'what is longer than the limit is cut off in the middle: ask for short answers in the prompt, too, and watch truncation_rate',
}
