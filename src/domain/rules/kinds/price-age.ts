import { over, usual, type RuleKind } from '../rule-kind.js'

export const priceAge = {
  ...usual,
  about: 'Calls are later than the price data by more than so many days, so that prices may have changed.',
  figure: 'price_age_days',
  unit: 'days',
  bound: over('30'),
  window: null,
  minUsd: null,
  message:
    '{subject}: up to {measured} later than the price data ({price_date}), over {bound}, in {calls} calls at list prices; see llmcost prices update',
  details: { calls: 'count', price_date: 'text' },
  judgedBy: 'price-age',
} as const satisfies RuleKind
