import { rate, under, type RuleKind } from '../rule-kind.js'
import { countWhere, shareOf, sum } from '../window-figure.js'

export const cacheHitRate = {
  ...rate,
  about: 'The response cache answers too few calls.',
  figure: 'cache_hit_rate',
  bound: under('0.1'),
  window: 24,
  minCalls: 100,
  message: '{subject}: {measured} of calls hit the cache in the last {window}, under {bound}',
  judgedBy: {
    parts: { known: sum('count(cache_hit)'), hits: countWhere('cache_hit') },
    counted: 'known',
    sql: (part) => shareOf(part('hits'), part('known')),
  },
} as const satisfies RuleKind
