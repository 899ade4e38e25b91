import { over, usual, type RuleKind } from '../rule-kind.js'
import { figureOfCost } from '../window-figure.js'

export const cost = {
  ...usual,
  about: 'The calls of the window cost more than an amount.',
  figure: 'cost_usd',
  unit: 'usd',
  bound: over(null),
  message: '{subject} cost {measured} in the last {window}, over {bound}',
  judgedBy: figureOfCost,
} as const satisfies RuleKind
