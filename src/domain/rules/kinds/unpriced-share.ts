import { over, rate, type RuleKind } from '../rule-kind.js'
import { shareOf, sum } from '../window-figure.js'

export const unpricedShare = {
  ...rate,
  about: 'Too many calls have no price, so that every cost is too low.',
  figure: 'unpriced_share',
  bound: over('0.01'),
  window: 24,
  message:
    '{subject}: {measured} of calls of the last {window} have no price, over {bound}; see llmcost prices check',
  judgedBy: {
    parts: { priced: sum('count(cost_usd)') },
    counted: 'calls',
    sql: (part) => shareOf(`${part('calls')} - ${part('priced')}`, part('calls')),
  },
} as const satisfies RuleKind
