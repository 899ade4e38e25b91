import { over, rate, type RuleKind } from '../rule-kind.js'
import { countWhere, shareOf, sum } from '../window-figure.js'

export const errorRate = {
  ...rate,
  about: 'Too many calls fail.',
  figure: 'error_rate',
  bound: over('0.05'),
  message: '{subject}: {measured} of {calls} calls failed in the last {window}, over {bound}',
  judgedBy: {
    parts: { judged: sum('count(status)'), failed: countWhere(`status = 'error'`) },
    counted: 'judged',
    sql: (part) => shareOf(part('failed'), part('judged')),
  },
} as const satisfies RuleKind
