import { usual, type RuleKind } from '../rule-kind.js'

export const sql = {
  ...usual,
  about:
    'Each row that a SELECT answers with fires; columns value, measured and text say what. $as_of and $since are the ends of the window.',
  figure: 'measured',
  unit: 'any',
  bound: null,
  minCalls: null,
  minUsd: null,
  scope: 'none',
  message: '{text}',
  parameters: ['sql'],
  details: { text: 'text' },
  judgedBy: 'sql',
} as const satisfies RuleKind
