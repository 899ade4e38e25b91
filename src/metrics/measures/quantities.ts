/** What one call has, where that is no column: quantiles are asked of these too. */
import { callsOwn } from './aggregates.js'
import { serviceQuantities } from './service-quantities.js'

export const quantities: Readonly<Record<string, string>> = {
  ...Object.fromEntries(['cost_usd', 'input_tokens', 'output_tokens'].map((name) => [name, callsOwn(name)])),
  output_of_max_tokens: 'CASE WHEN max_tokens > 0 THEN CAST(output_tokens AS DOUBLE) / max_tokens END',
  // What a provider was sent: failed calls log no input, and hits of the response cache send none.
  sent_input_tokens: callsOwn('CASE WHEN input_tokens > 0 AND cache_hit IS NOT TRUE THEN input_tokens END'),
  ...serviceQuantities,
}

/** Those that are whole numbers: a sort of these takes half the time that one of doubles does. */
export const wholeQuantities: ReadonlySet<string> = new Set([
  'input_tokens',
  'output_tokens',
  'sent_input_tokens',
])
