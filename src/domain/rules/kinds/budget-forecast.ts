import { over, usual, type RuleKind } from '../rule-kind.js'

export const budgetForecast = {
  ...usual,
  about: 'A budget is forecast to end at more than a share of it.',
  figure: 'forecast_share',
  unit: 'share',
  bound: over('1'),
  window: null,
  minCalls: null,
  minUsd: null,
  scope: 'none',
  message:
    'budget {value}: forecast {forecast_usd} of {budget_usd} ({measured}), over {bound}; {cost_usd} is spent',
  parameters: ['budget'],
  details: { cost_usd: 'usd', budget_usd: 'usd', forecast_usd: 'usd' },
  judgedBy: 'budgets',
} as const satisfies RuleKind
