/** Somebody's table of calls: which of its columns hold what `calls` has columns for. */
import { callColumns, usageFields } from '../domain/call.js'
import type { Dialect, TimeKind, ValueKind } from './dialect.js'

/** Texts that cells have as labels, that bear on money, or whose days are added up. */
export const textFields = [
  'user_id',
  'source',
  'provider',
  'model',
  'feature',
  'endpoint',
  'team',
  'environment',
  'project',
  'operation',
  'service_tier',
  'speed',
  'region',
  'status',
  'finish_reason',
  'cache_type',
  'unread_usage',
] as const

/** Whole numbers; those of `usageFields` are refused where they are impossible, the others left out. */
export const countFields = [...usageFields, 'total_tokens', 'max_tokens', 'attempt'] as const

/** Measures, with the least and the most that is believed. */
export const measureFields = {
  latency_ms: [0, 1e9],
  ttft_ms: [0, 1e9],
  quality_score: [-1e9, 1e9],
  groundedness: [-1e9, 1e9],
  retrieval_score: [-1e9, 1e9],
  user_feedback: [-1e9, 1e9],
} as const satisfies Readonly<Record<string, readonly [number, number]>>

type MeasureField = keyof typeof measureFields

/** What a table may have a column for. */
export const foreignFields = [
  'ts',
  ...textFields,
  ...countFields,
  'reported_cost_usd',
  'cache_hit',
  ...(Object.keys(measureFields) as MeasureField[]),
] as const

export type ForeignField = (typeof foreignFields)[number]

export interface ForeignColumn {
  /** SQL of the engine. */
  readonly sql: string
  readonly kind: ValueKind
}

export interface ForeignTable {
  /** FROM item in the engine's SQL: one row a call, each the newest that is known of it. */
  readonly from: string
  readonly columns: Readonly<Partial<Record<ForeignField, ForeignColumn>>>
  /** Fields of single calls, of which sums know nothing. */
  readonly single?: Readonly<Record<string, string>>
  /** What `source` is of calls whose row does not say it. */
  readonly source: string
  /** Whether its input tokens include cached ones. */
  readonly cacheTokens: 'included' | 'excluded'
  /** SQL: a whole number that grows when a row is written anew, such as a version or the time of insertion. */
  readonly version?: string
  /** Its rows are calls, whatever is known of what they used. */
  readonly keepsUsageless?: true
  /** Its rows were written by `export calls`: what is empty there was not logged, and is none of the usual words. */
  readonly isOurs?: true
}

const kindOf = (type: string): ValueKind =>
  type === 'TIMESTAMP'
    ? 'timestamp'
    : type === 'BIGINT'
      ? 'whole'
      : type === 'DOUBLE'
        ? 'double'
        : type === 'BOOLEAN'
          ? 'boolean'
          : type.startsWith('DECIMAL')
            ? 'decimal'
            : 'text'

/** How a field's column holds it where nobody says otherwise: as `export calls` writes it. */
export const usualKind = (field: ForeignField): ValueKind =>
  kindOf(callColumns.find(({ name }) => name === field)?.type ?? 'VARCHAR')

/** A table that `export calls` wrote. */
export function ownTable(dialect: Dialect, from: string, has?: (column: string) => boolean): ForeignTable {
  const columns = foreignFields
    .filter((field) => has?.(field) ?? true)
    .map((field) => [field, { sql: dialect.name(field), kind: usualKind(field) }] as const)
  return {
    from,
    columns: Object.fromEntries(columns),
    source: 'llmcost',
    cacheTokens: 'included',
    isOurs: true,
  }
}

export const isTime = (kind: ValueKind): kind is TimeKind =>
  kind === 'timestamp' || kind === 'epoch_s' || kind === 'epoch_ms'
