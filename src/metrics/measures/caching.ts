/** What caches served and saved. */
import { ratio, where } from './aggregates.js'
import type { Measures } from './measure.js'
import { quantities } from './quantities.js'

/** NULL where no call names the kind of its hit. */
const hitsOfKind = (kind: string): string =>
  `CASE WHEN count(cache_type) > 0 THEN ${where(`cache_hit AND lower(cache_type) = '${kind}'`)} END`

export const cachingMeasures = {
  cache_hits: {
    title: 'cache hits',
    kind: 'count',
    better: 'more',
    optional: 4,
    is: 'count',
    sql: where('cache_hit'),
  },
  exact_cache_hits: {
    title: 'exact hits',
    kind: 'count',
    better: 'more',
    optional: 5,
    is: 'count',
    nullable: true,
    sql: hitsOfKind('exact'),
  },
  semantic_cache_hits: {
    title: 'semantic hits',
    kind: 'count',
    better: 'more',
    optional: 5,
    is: 'count',
    nullable: true,
    sql: hitsOfKind('semantic'),
  },
  cache_hit_rate: {
    title: 'cache hit rate',
    kind: 'rate',
    better: 'more',
    optional: 2,
    is: 'rate',
    sql: ratio(where('cache_hit'), 'count(cache_hit)'),
  },
  avoided_cost_usd: {
    title: 'avoided cost',
    kind: 'usd',
    better: 'more',
    optional: 3,
    is: 'sum',
    sql: 'sum(list_cost_usd) FILTER (WHERE cache_hit)',
  },
  // Over provider calls that log their prompt cache only: a source that does not must not thin the share,
  // and a hit of the response cache read nothing from a provider's. As prompt_cache_read_share of the cache.
  cache_read_share: {
    title: 'cache read share',
    kind: 'rate',
    better: 'more',
    optional: 4,
    is: 'rate',
    sql: ratio(
      'sum(cache_read_input_tokens) FILTER (WHERE cache_hit IS NOT TRUE)',
      'sum(input_tokens) FILTER (WHERE cache_read_input_tokens IS NOT NULL AND cache_hit IS NOT TRUE)',
    ),
  },
  p50_cache_age_ms: {
    title: 'p50 cache age',
    kind: 'ms',
    optional: 5,
    is: 'quantile',
    of: 'cache_age_ms',
    at: 0.5,
  },
  p95_cache_age_ms: {
    title: 'p95 cache age',
    kind: 'ms',
    optional: 5,
    is: 'quantile',
    of: 'cache_age_ms',
    at: 0.95,
  },
  max_cache_age_ms: {
    title: 'max cache age',
    kind: 'ms',
    optional: 5,
    is: 'extreme',
    sql: `max(${quantities['cache_age_ms']})`,
  },
} as const satisfies Measures
