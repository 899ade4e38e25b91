import { over, usual, type RuleKind } from '../rule-kind.js'
import { latencyAt } from '../window-figure.js'

export const p99Latency = {
  ...usual,
  about: 'p99 of latency is above a bound, ms; hits of the response cache and failed calls aside.',
  figure: 'p99_provider_latency_ms',
  unit: 'ms',
  bound: over(null),
  minCalls: 100,
  message: '{subject}: p99 latency is {measured} in the last {window}, over {bound}',
  judgedBy: latencyAt(0.99),
} as const satisfies RuleKind
