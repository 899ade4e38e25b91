/** How far answers use their limits, and what input repeats. */
import type { Measures } from './measure.js'
import { quantities } from './quantities.js'

const sent = quantities['sent_input_tokens']

/**
 * Input that repeats: what 19 of 20 calls carry at least. So a share of 0.95 × p5 × calls of all input is
 * no more than the truth.
 */
const repeatedInput = { of: 'sent_input_tokens', at: 0.05 } as const
const repeatedParts = {
  sent_calls: () => `count(${sent})`,
  sent_tokens: () => `CAST(sum(${sent}) AS DOUBLE)`,
} as const
const repeatedShare = (p5: string, part: (name: string) => string): string =>
  `0.95 * ${p5} * ${part('sent_calls')} / ${part('sent_tokens')}`
const inputCost = 'list_input_cost_usd + list_cache_read_cost_usd + list_cache_write_cost_usd'

export const limitsMeasures = {
  max_tokens_calls: {
    title: 'calls with max_tokens',
    kind: 'count',
    optional: 6,
    is: 'count',
    sql: (part) => part('max_tokens_rows'),
  },
  p50_output_of_max_tokens: {
    title: 'p50 of max_tokens',
    kind: 'rate',
    better: 'less',
    optional: 4,
    is: 'quantile',
    of: 'output_of_max_tokens',
    at: 0.5,
  },
  p95_output_of_max_tokens: {
    title: 'p95 of max_tokens',
    kind: 'rate',
    better: 'less',
    optional: 3,
    is: 'quantile',
    of: 'output_of_max_tokens',
    at: 0.95,
  },
  sent_input_calls: {
    title: 'sent calls',
    kind: 'count',
    optional: 5,
    is: 'count',
    sql: (part) => part('sent_rows', 'sent'),
  },
  repeated_input_tokens: {
    title: 'repeated input',
    kind: 'number',
    better: 'less',
    optional: 2,
    ...repeatedInput,
    is: 'quantile',
  },
  repeated_input_share: {
    title: 'share of input',
    kind: 'rate',
    better: 'less',
    optional: 3,
    is: 'quantile',
    ...repeatedInput,
    parts: repeatedParts,
    figure: repeatedShare,
  },
  // At what the input of these calls cost, its cached part included.
  repeated_input_cost_usd: {
    title: 'cost of it',
    kind: 'usd',
    better: 'less',
    optional: 3,
    is: 'quantile',
    ...repeatedInput,
    parts: {
      ...repeatedParts,
      sent_input_cost: () => `CAST(sum(${inputCost}) FILTER (WHERE ${sent} IS NOT NULL) AS DOUBLE)`,
    },
    figure: (p5, part) => `${repeatedShare(p5, part)} * ${part('sent_input_cost')}`,
  },
} as const satisfies Measures
