import { over, usual, type RuleKind } from '../rule-kind.js'
import { figureOfCost } from '../window-figure.js'

export const userShare = {
  ...usual,
  about: "One user spends more than a share of the day's budget within the window.",
  figure: 'share_of_daily_budget',
  unit: 'share',
  bound: over('0.1'),
  scope: 'user',
  message: "{subject} spent {cost_usd} in the last {window}, {measured} of a day's budget, over {bound}",
  parameters: ['daily_usd'],
  judgedBy: figureOfCost,
} as const satisfies RuleKind
