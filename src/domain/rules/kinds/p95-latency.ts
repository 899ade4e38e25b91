import { over, usual, type RuleKind } from '../rule-kind.js'
import { latencyAt } from '../window-figure.js'

export const p95Latency = {
  ...usual,
  about: 'p95 of latency is above a bound, ms; hits of the response cache and failed calls aside.',
  figure: 'p95_provider_latency_ms',
  unit: 'ms',
  bound: over(null),
  minCalls: 20,
  message: '{subject}: p95 latency is {measured} in the last {window}, over {bound}',
  judgedBy: latencyAt(0.95),
} as const satisfies RuleKind
