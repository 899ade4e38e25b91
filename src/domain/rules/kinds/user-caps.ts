import { usual, type RuleKind } from '../rule-kind.js'

export const userCaps = {
  ...usual,
  about: 'A user is over a cap of user_caps, with a call in the window.',
  figure: 'used',
  unit: 'usd',
  bound: null,
  minCalls: null,
  minUsd: null,
  scope: 'user',
  message: '{subject} used {used} in {cap}, over the cap of {limit}; see llmcost caps',
  details: { cap: 'text', used: 'text', limit: 'text' },
  judgedBy: 'caps',
} as const satisfies RuleKind
