/**
 * Prompt length: features whose every call carries a long block of instructions.
 *
 * The fixed part of a feature on a model is its smallest input, but for the given share of its calls. What it costs
 * is worked out call by call, as the cheapest tokens of that input; the saving is the given share of it.
 */
import { discreteQuantile } from '../metrics/dialect.js'
import { count, percent, usd } from '../domain/words/wording.js'
import { inputTaken, reached, succeeded } from './scoped-calls.js'
import type { Asked, Strategy } from './strategy.js'

function savings({ sql, value }: Asked): string {
  const own = `input_tokens > 0 AND ${reached} AND ${succeeded}`
  return /* sql */ `WITH blocks AS (
      SELECT feature, model, ${discreteQuantile('input_tokens', value('below').number)} AS fixed_tokens
      FROM scoped_calls WHERE ${own}
      GROUP BY feature, model HAVING count(*) >= ${sql('min_calls')}
    )
    SELECT *, ${inputTaken('block')} AS fixed_cost, ${inputTaken('shorter')} AS input_saving, 0 AS output_saving
    FROM (SELECT scoped_calls.*, fixed_tokens, least(input_tokens, fixed_tokens) AS block, least(input_tokens, fixed_tokens) * ${sql('shorter')} // 1000000 AS shorter
      FROM scoped_calls JOIN blocks ON scoped_calls.feature IS NOT DISTINCT FROM blocks.feature
        AND scoped_calls.model IS NOT DISTINCT FROM blocks.model
      WHERE ${own} AND fixed_tokens >= ${sql('min_tokens')})`
}

export const promptLength: Strategy = {
  id: 'prompt-length',
  title: 'Shorter instructions',
  about:
    'The smallest input of a feature on a model is taken for the block of instructions that every call carries; the saving is what a part of it costs, counted as the cheapest tokens of each input.',
  needs: [{ field: 'input_tokens', how: "log the input tokens of the response's usage" }],
  assumptions: [
    {
      name: 'shorter',
      about: 'how much shorter the fixed part becomes',
      kind: 'share',
      fallback: '10%',
      least: '1%',
      most: '100%',
    },
    {
      name: 'min_tokens',
      about: 'a fixed part of fewer tokens is not worth the work',
      kind: 'count',
      fallback: '500',
      least: '1',
    },
    {
      name: 'below',
      about: 'share of the calls that may have less than the fixed part',
      kind: 'share',
      fallback: '1%',
      most: '20%',
    },
    { name: 'min_calls', about: 'a feature with fewer calls is left alone', kind: 'count', fallback: '20' },
  ],
  effort: 'medium',
  confidence: 'medium',
  acts: 'on tokens',
  by: ['feature', 'model'],
  savings,
  figures: { fixed_tokens: 'max(fixed_tokens)', fixed_cost_usd: 'sum(fixed_cost)' },
  change: ({ figures, considered_calls: calls }, value) =>
    `make the instructions ${percent(value('shorter').number)} shorter: ${count(figures['fixed_tokens'])} tokens are in nearly every one of ${count(calls)} calls, and cost ${usd(figures['fixed_cost_usd'])} in the window`,
  risk: 'answers may change: try the shorter prompt on logged requests first, and compare with llmcost compare',
}
