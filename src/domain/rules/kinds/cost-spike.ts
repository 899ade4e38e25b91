import { atLeast, usual, type RuleKind } from '../rule-kind.js'
import { shareOf } from '../window-figure.js'

export const costSpike = {
  ...usual,
  about: 'The window costs so many times what the same window before did.',
  figure: 'cost_ratio',
  unit: 'ratio',
  bound: atLeast('3'),
  minUsd: '1',
  message:
    '{subject} cost {cost_usd} in the last {window}, {measured} the {cost_before_usd} of {against} before',
  parameters: ['against'],
  details: { calls: 'count', cost_usd: 'usd', cost_before_usd: 'usd' },
  judgedBy: {
    parts: {},
    counted: 'calls',
    sql: (part) => shareOf(part('cost_usd'), `CAST(${part('before')} AS DOUBLE)`),
    isBeyond: (part, bound, compare) =>
      `${part('before')} > 0 AND CAST(${part('cost_usd')} AS DECIMAL(37, 18))
          ${compare} CAST(${part('before')} AS DECIMAL(24, 12)) * CAST(${bound} AS DECIMAL(13, 6))`,
  },
} as const satisfies RuleKind
