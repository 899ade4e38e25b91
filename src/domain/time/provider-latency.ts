/** SQL for what is known of the time that a provider took for a call. */

/** A call that a provider answered: neither a hit of the response cache nor failed, which take another time. */
export const answered = "(cache_hit IS NOT TRUE AND status IS DISTINCT FROM 'error')"

/** Latency of the calls that a provider answered, ms; NULL for others. */
export const providerLatency = `CASE WHEN ${answered} THEN latency_ms END`
