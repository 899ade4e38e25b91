/**
 * Sums by UTC hour and the labels that costs are most often asked by: what `export hourly` writes. Only
 * what adds up is here, so that any sum over the rows is right; a mean is the quotient of two columns.
 */
import type { Scope } from '../../domain/scope.js'
import { bucketNumber } from '../buckets.js'
import { momentOfMicros } from '../dialect.js'
import { partitionColumn, type Partition } from './exported-calls.js'
import { callCount } from '../measures/aggregates.js'
import type { Query } from '../query.js'
import { inScope } from '../scope.js'

interface HourlyColumn {
  readonly name: string
  readonly type: string
  readonly about: string
}

const group = (name: string, about: string): HourlyColumn => ({ name, type: 'VARCHAR', about })

const groups: readonly HourlyColumn[] = [
  group('provider', 'provider id'),
  group('model', 'model that answered, else the one asked for'),
  group('operation', 'chat, completion, embedding …'),
  group('service_tier', 'standard, batch, flex or priority'),
  group('feature', 'product feature'),
  group('user_id', 'user'),
  group('customer', 'customer, tenant or end user'),
  group('team', 'team'),
  group('environment', 'deployment environment'),
]

const counted = (name: string, about: string, condition?: string): HourlyColumn & { sql: string } => ({
  name,
  type: 'BIGINT',
  about,
  sql: condition === undefined ? callCount : `count(*) FILTER (WHERE ${condition})`,
})

const tokens = (name: string, about: string): HourlyColumn & { sql: string } => ({
  name,
  type: 'BIGINT',
  about,
  // Tokens of one call are at most 1e9; their sum is exact and fits.
  sql: `CAST(sum(${name}) AS BIGINT)`,
})

const money = (name: string, about: string, sql = `sum(${name})`): HourlyColumn & { sql: string } => ({
  name,
  type: 'DECIMAL(38,12)',
  about: `${about}, USD`,
  sql,
})

const sums = [
  counted('calls', 'calls'),
  counted('unpriced_calls', 'calls without a cost', 'cost_usd IS NULL'),
  counted('partly_priced_calls', 'calls that used something no known price covers', 'partly_priced'),
  counted('failed_calls', 'calls whose status is error', "status = 'error'"),
  counted('calls_with_finish_reason', 'calls whose finish reason was logged', 'finish_reason IS NOT NULL'),
  counted(
    'truncated_calls',
    'calls cut off: finish reason length or context_exceeded',
    "finish_reason IN ('length', 'context_exceeded')",
  ),
  counted(
    'context_exceeded_calls',
    'those of them that filled the context',
    "finish_reason = 'context_exceeded'",
  ),
  counted('cache_hits', 'calls answered from a response cache', 'cache_hit'),
  tokens('input_tokens', 'input tokens, cache reads and writes included'),
  tokens('cache_read_input_tokens', 'share of input_tokens read from the prompt cache'),
  tokens('cache_creation_input_tokens', 'share of input_tokens written to the prompt cache'),
  tokens('output_tokens', 'output tokens, reasoning included'),
  tokens('reasoning_output_tokens', 'share of output_tokens spent on reasoning'),
  money('cost_usd', 'the cost that counts; absent where no call is priced'),
  money('reported_cost_usd', 'cost that the sources reported'),
  money('list_cost_usd', 'list cost, response-cache hits included'),
  money(
    'avoided_cost_usd',
    'list cost of response-cache hits',
    'sum(list_cost_usd) FILTER (WHERE cache_hit)',
  ),
  counted('calls_with_latency', 'calls whose latency was logged', 'latency_ms IS NOT NULL'),
  {
    name: 'latency_ms',
    type: 'DECIMAL(38,3)',
    about: 'latencies added up, ms',
    // Sums of doubles would depend on the order of the threads.
    sql: 'sum(CAST(latency_ms AS DECIMAL(18,3)))',
  },
]

/** In the order of the file. */
export const hourlyColumns: readonly HourlyColumn[] = [
  { name: 'hour', type: 'TIMESTAMP', about: 'start of the clock hour, UTC' },
  ...groups,
  ...sums.map(({ name, type, about }) => ({ name, type, about })),
]

/** Sorted by hour and labels. With a partition, the local day or month in which the hour begins. */
export function hourly(scope: Scope, partition?: Partition): Query<unknown> {
  const condition = inScope(scope)
  const names = groups.map(({ name }) => name)
  const hour = bucketNumber('hour', '0')
  const parted = partition === undefined ? undefined : partitionColumn(scope, partition)
  const sql = /* sql */ `
    WITH hours AS (
      SELECT ${hour} AS hour_number, ${names.join(', ')},
        ${sums.map(({ name, sql: sum }) => `${sum} AS ${name}`).join(',\n        ')}
      FROM calls
      WHERE ${condition.sql}
      GROUP BY ALL
    ),
    placed_hours AS (
      SELECT ${momentOfMicros('hour_number * 3600000000')} AS ts, * FROM hours
    )
    SELECT ts AS hour, ${names.join(', ')}, ${sums.map(({ name }) => name).join(', ')}${parted === undefined ? '' : `, ${parted.sql}`}
    FROM placed_hours
    ORDER BY hour, ${names.map((name) => `${name} NULLS FIRST`).join(', ')}`
  return { sql, params: { ...condition.params, ...parted?.params } }
}
