import { atLeast, usual, type RuleKind } from '../rule-kind.js'

export const unusualUser = {
  ...usual,
  about: "A user's day so far costs far more than his own days did, by the method of `llmcost anomalies`.",
  figure: 'times_usual',
  unit: 'ratio',
  bound: atLeast('10'),
  window: null,
  minCalls: null,
  minUsd: '5',
  scope: 'user',
  message:
    '{subject} spent {cost_usd} on {day} so far in {calls} calls, {measured} {usual}{most}; see llmcost anomalies',
  details: {
    cost_usd: 'usd',
    usual_usd: 'usd',
    calls: 'count',
    day: 'text',
    usual: 'text',
    most: 'text',
  },
  judgedBy: 'users',
} as const satisfies RuleKind
