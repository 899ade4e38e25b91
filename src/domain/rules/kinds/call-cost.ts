import { over, usual, type RuleKind } from '../rule-kind.js'

export const callCost = {
  ...usual,
  about: 'One call costs more than an amount.',
  figure: 'max_cost_usd',
  unit: 'usd',
  bound: over(null),
  message: '{subject}: one call of the last {window} cost {measured}, over {bound}; see llmcost calls',
  judgedBy: {
    parts: { dearest: { sql: 'max(cost_usd)', fold: 'max' } },
    counted: 'calls',
    sql: (part) => part('dearest'),
    isMoney: true,
  },
} as const satisfies RuleKind
