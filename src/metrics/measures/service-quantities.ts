/** What one call has in time and age where that is no column, for quantiles; NULL where a call has none. */
import { answered, providerLatency } from '../../domain/time/provider-latency.js'
import { cacheAge } from '../caching/cache-age.js'

/** What is left of the latency after the first token where that is logged, else all of it, ms. */
const generating = '(latency_ms - coalesce(ttft_ms, 0))'

export const serviceQuantities = {
  // A hit or a quick refusal says nothing of how fast a provider answers, and a time-out too little.
  provider_latency_ms: providerLatency,
  hit_latency_ms: 'CASE WHEN cache_hit THEN latency_ms END',
  failed_latency_ms: "CASE WHEN status = 'error' THEN latency_ms END",
  provider_ttft_ms: `CASE WHEN ${answered} THEN ttft_ms END`,
  output_tokens_per_second: `CASE WHEN ${answered} AND output_tokens > 0 AND ${generating} > 0
    THEN CAST(output_tokens AS DOUBLE) * 1000 / ${generating} END`,
  cache_age_ms: `CASE WHEN cache_hit THEN ${cacheAge} END`,
} as const
