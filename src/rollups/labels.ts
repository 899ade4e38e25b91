/** The labels of `hourly_labels`, and its columns. */
import { sessionTotal } from '../domain/call.js'
import { cellColumn, partNames, parts } from './parts.js'

/** Labels of few values, as columns of `calls`; no users, sessions or prompts: with them a cube would not shrink. */
export const labels = [
  'provider',
  'model',
  'feature',
  'endpoint',
  'team',
  'environment',
  'project',
  'operation',
  'service_tier',
  'source',
  'cost_basis',
  'status',
  'finish_reason',
  'cache_hit',
] as const

export type Label = (typeof labels)[number]

export const isLabel = (name: string): name is Label => labels.some((label) => label === name)

/**
 * Labels whose values the log chooses freely. Where they have so many that the cube does not shrink, the one with
 * the most values leaves, and questions about it are answered from the calls.
 */
export const freeLabels = [
  'project',
  'endpoint',
  'feature',
  'team',
  'environment',
  'operation',
  'model',
  'provider',
  'service_tier',
] as const satisfies readonly Label[]

/** A label of a call, or what is left of it where it has left: whether a row is a session's total is always told. */
export function labelValue(label: Label, left: ReadonlySet<string>): string {
  if (!left.has(label)) return label
  return label === 'operation' ? `CASE WHEN operation = '${sessionTotal}' THEN operation END` : 'NULL'
}

/**
 * Who has the calls of a cell's hour. Each hour has one owner: the table of calls, an archive that holds the calls,
 * or the cube alone. Cells of the last cannot be added up anew.
 */
export const owners = ['calls', 'archive', 'cube'] as const

/** A column of a table of sums. */
export interface CubeColumn {
  readonly name: string
  readonly type: string
  readonly required?: true
  /** All words that it may hold. */
  readonly words?: readonly string[]
  /** Schema version that brought it; absent: that of the table. */
  readonly since?: number
}

/** Columns of `hourly_labels`; `ts` is the beginning of a quarter-hour, UTC. */
export const hourlyLabelColumns: readonly CubeColumn[] = [
  { name: 'ts', type: 'TIMESTAMP', required: true },
  { name: 'owner', type: 'VARCHAR', required: true, words: owners },
  ...labels.map((name) => ({ name, type: name === 'cache_hit' ? 'BOOLEAN' : 'VARCHAR' })),
  ...partNames.map((name) => ({ name: cellColumn(name), type: parts[name].type })),
]
