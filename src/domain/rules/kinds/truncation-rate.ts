import { over, rate, type RuleKind } from '../rule-kind.js'
import { countWhere, shareOf, sum } from '../window-figure.js'

export const truncationRate = {
  ...rate,
  about: 'Too many answers are cut off at their output limit.',
  figure: 'truncation_rate',
  bound: over('0.05'),
  window: 24,
  message: '{subject}: {measured} of answers were cut off in the last {window}, over {bound}',
  judgedBy: {
    parts: { finished: sum('count(finish_reason)'), cut: countWhere(`finish_reason = 'length'`) },
    counted: 'finished',
    sql: (part) => shareOf(part('cut'), part('finished')),
  },
} as const satisfies RuleKind
