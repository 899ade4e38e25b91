import { atLeast, usual, type RuleKind } from '../rule-kind.js'

export const growth = {
  ...usual,
  about: 'Cost grows week after week by at least a rate.',
  figure: 'growth_rate',
  unit: 'share',
  bound: atLeast('0.1'),
  window: null,
  minCalls: null,
  minUsd: '1',
  severity: 'info',
  message:
    '{subject}: cost grew {growing_weeks} weeks in a row, by {measured} a week, to {cost_usd}; see llmcost trend --every week',
  parameters: ['weeks'],
  details: { growing_weeks: 'count', cost_usd: 'usd' },
  judgedBy: 'growth',
} as const satisfies RuleKind
