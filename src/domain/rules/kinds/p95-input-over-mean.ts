import { over, usual, type RuleKind } from '../rule-kind.js'
import { amount, sum } from '../window-figure.js'

export const p95InputOverMean = {
  ...usual,
  about: 'p95 of input tokens is so many times their mean: a few calls far beyond the others.',
  figure: 'p95_input_over_mean',
  unit: 'ratio',
  bound: over('10'),
  window: 24,
  minCalls: 100,
  severity: 'info',
  message: '{subject}: p95 of input tokens is {measured} their mean in the last {window}, over {bound}',
  judgedBy: {
    counted: 'inputs',
    parts: {
      inputs: sum('count(input_tokens)'),
      input_sum: amount('sum(input_tokens)'),
      largest: { sql: 'max(input_tokens)', fold: 'max' },
    },
    sql: (part) =>
      `${part('quantile')} * ${part('inputs')} / nullif(CAST(${part('input_sum')} AS DOUBLE), 0)`,
    quantile: {
      of: 'input_tokens',
      at: 0.95,
      possible: (part, bound) =>
        `CAST(${part('largest')} AS DOUBLE) * ${part('inputs')} >= ${bound} * CAST(${part('input_sum')} AS DOUBLE)`,
    },
  },
} as const satisfies RuleKind
