/** Tables of tools that keep their calls in an engine, with what makes a row of them one call. */
import { counts } from '../importers/platforms/langfuse.js'
import { clickhouse } from './clickhouse.js'
import type { ForeignColumn, ForeignTable } from './table.js'

export interface EnginePreset {
  readonly id: string
  readonly engines: readonly string[]
  table(from: string): ForeignTable
}

const types = "type IN ('GENERATION', 'EMBEDDING')"
const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ')
const within = (word: string): string =>
  `(position(k, '${word}') > 0 AND NOT match(k, '^(prompt|completion)_details[.]'))`

/** Counts of Langfuse's `usage_details` whose name meets a condition over `k`, added up; NULL where there is none. */
const sum = (condition: string): string =>
  `if(length(mapFilter((k, v) -> ${condition}, usage_details)) = 0, NULL, toInt64(arraySum(mapValues(mapFilter((k, v) -> ${condition}, usage_details)))))`

/** The first of several names of a count. */
const known = (names: readonly string[]): string =>
  `coalesce(${names.map((name) => `if(mapContains(usage_details, '${name}'), toInt64(usage_details['${name}']), NULL)`).join(', ')}, NULL)`

const understood = ['input', 'output', ...Object.values(counts).flat()]

/** The way from one time to another, where there is a second one. */
const millis = (to: string): ForeignColumn => ({
  sql: `if(${to} IS NULL, NULL, toFloat64(dateDiff('millisecond', start_time, assumeNotNull(${to}))))`,
  kind: 'double',
})

/**
 * Langfuse's table `observations`, from its third version on: a ReplacingMergeTree, in which a row stands several
 * times until it is merged. FINAL leaves the newest by `event_ts`, and none that is deleted. An observation above
 * another with usage is no call, as where its exports are read: two instrumentations may have seen one.
 */
const langfuse: EnginePreset = {
  id: 'langfuse-clickhouse',
  engines: [clickhouse.id],
  table: (from) => ({
    from: `(SELECT * FROM ${from} FINAL WHERE is_deleted = 0 AND ${types} AND (project_id, id) NOT IN (
      SELECT project_id, assumeNotNull(parent_observation_id) FROM ${from} FINAL
      WHERE is_deleted = 0 AND parent_observation_id IS NOT NULL AND arraySum(mapValues(usage_details)) > 0)) AS o`,
    source: 'langfuse',
    cacheTokens: 'included',
    version: 'toUnixTimestamp64Milli(toDateTime64(event_ts, 3))',
    keepsUsageless: true,
    single: { call_id: 'id', trace_id: 'trace_id' },
    columns: {
      ts: { sql: 'start_time', kind: 'timestamp' },
      model: { sql: 'provided_model_name', kind: 'text' },
      feature: { sql: 'name', kind: 'text' },
      environment: { sql: "nullIf(environment, 'default')", kind: 'text' },
      operation: { sql: "if(type = 'EMBEDDING', 'embedding', 'chat')", kind: 'text' },
      status: { sql: "if(level = 'ERROR', 'error', 'ok')", kind: 'text' },
      input_tokens: { sql: sum(within('input')), kind: 'whole' },
      output_tokens: { sql: sum(within('output')), kind: 'whole' },
      total_tokens: { sql: known(['total', 'total_tokens']), kind: 'whole' },
      ...Object.fromEntries(
        Object.entries(counts).map(([field, names]) => [
          field,
          { sql: known(names), kind: 'whole' as const },
        ]),
      ),
      unread_usage: {
        sql: `if(arrayExists((k, v) -> v > 0 AND (${within('input')} OR ${within('output')}) AND k NOT IN (${list(understood)}), mapKeys(usage_details), mapValues(usage_details)), 'usage_details', '')`,
        kind: 'text',
      },
      reported_cost_usd: {
        sql: "if(mapContains(cost_details, 'total'), cost_details['total'], NULL)",
        kind: 'decimal',
      },
      latency_ms: millis('end_time'),
      ttft_ms: millis('completion_start_time'),
    },
  }),
}

export const presets: readonly EnginePreset[] = [langfuse]
