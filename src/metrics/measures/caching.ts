/** What caches served and saved. */
import type { PartName, PartSql } from '../../rollups/parts.js'
import { ratio } from './aggregates.js'
import type { Measures } from './measure.js'
import { quantities } from './quantities.js'

/** NULL where no call names the kind of its hit. */
const hitsOfKind =
  (hits: PartName) =>
  (part: PartSql): string =>
    `CASE WHEN ${part('cache_type_rows')} > 0 THEN ${part(hits)} END`

export const cachingMeasures = {
  cache_hits: {
    title: 'cache hits',
    kind: 'count',
    better: 'more',
    optional: 4,
    is: 'count',
    sql: (part) => part('rows', 'hit'),
  },
  exact_cache_hits: {
    title: 'exact hits',
    kind: 'count',
    better: 'more',
    optional: 5,
    is: 'count',
    nullable: true,
    sql: hitsOfKind('exact_hits'),
  },
  semantic_cache_hits: {
    title: 'semantic hits',
    kind: 'count',
    better: 'more',
    optional: 5,
    is: 'count',
    nullable: true,
    sql: hitsOfKind('semantic_hits'),
  },
  cache_hit_rate: {
    title: 'cache hit rate',
    kind: 'rate',
    better: 'more',
    optional: 2,
    is: 'rate',
    sql: (part) => ratio(part('rows', 'hit'), part('rows', 'with_cache_hit')),
  },
  avoided_cost_usd: {
    title: 'avoided cost',
    kind: 'usd',
    better: 'more',
    optional: 3,
    is: 'sum',
    sql: (part) => part('list_cost_usd', 'hit'),
  },
  // Over provider calls that log their prompt cache only: a source that does not must not thin the share,
  // and a hit of the response cache read nothing from a provider's. As prompt_cache_read_share of the cache.
  cache_read_share: {
    title: 'cache read share',
    kind: 'rate',
    better: 'more',
    optional: 4,
    is: 'rate',
    sql: (part) =>
      ratio(part('cache_read_input_tokens', 'not_hit'), part('cache_logged_input_tokens', 'not_hit')),
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
    ofCalls: `max(${quantities['cache_age_ms']})`,
    why: 'the age of an answer stands in a tag of its hit',
  },
} as const satisfies Measures
