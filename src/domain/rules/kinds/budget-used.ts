import { over, usual, type RuleKind } from '../rule-kind.js'

export const budgetUsed = {
  ...usual,
  about: 'A budget is used up to more than a share of it.',
  figure: 'spent_share',
  unit: 'share',
  bound: over('0.9'),
  window: null,
  minCalls: null,
  minUsd: null,
  scope: 'none',
  message: 'budget {value}: {cost_usd} of {budget_usd} ({measured}) is spent, over {bound}',
  parameters: ['budget'],
  details: { cost_usd: 'usd', budget_usd: 'usd' },
  judgedBy: 'budgets',
} as const satisfies RuleKind
