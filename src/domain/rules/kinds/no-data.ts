import { atLeast, usual, type RuleKind } from '../rule-kind.js'

export const noData = {
  ...usual,
  about: 'No call for so many hours; by a dimension, of a value that had calls in the window before.',
  figure: 'hours_since_last_call',
  unit: 'hours',
  bound: atLeast('3'),
  window: 168,
  minUsd: null,
  severity: 'critical',
  message: '{subject}: no call for {measured}; the last at {last_call}',
  details: { last_call: 'time', calls: 'count' },
  judgedBy: 'silence',
} as const satisfies RuleKind
