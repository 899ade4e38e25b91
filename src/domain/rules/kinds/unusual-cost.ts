import { usual, type RuleKind } from '../rule-kind.js'

export const unusualCost = {
  ...usual,
  about: 'An hour is far from what that hour usually costs, by the method of `llmcost anomalies`.',
  figure: 'cost_usd',
  unit: 'usd',
  bound: null,
  minCalls: null,
  minUsd: null,
  message:
    '{subject} cost {measured} in {hours} up to {hour}, where {norm_usd} is usual{because}; see llmcost anomalies',
  parameters: ['tests', 'min_usd', 'min_share', 'sensitivity'],
  details: {
    norm_usd: 'usd',
    hours: 'text',
    hour: 'time',
    test: 'text',
    cause: 'text',
    folded: 'count',
  },
  judgedBy: 'unusual',
} as const satisfies RuleKind
