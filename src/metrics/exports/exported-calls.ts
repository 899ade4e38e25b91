/** Every call in scope, all columns, as the store holds them: what `export calls` writes. */
import { callColumns } from '../../domain/call.js'
import type { Scope } from '../../domain/scope.js'
import { bucketLabel, bucketNumber, zoneOffset } from '../buckets.js'
import type { Query } from '../query.js'
import { inScope } from '../scope.js'

/** Buckets by which an export may be parted into folders. */
export const partitions = ['day', 'month'] as const
export type Partition = (typeof partitions)[number]

/** In the order of the store, which is that of reading: no sort, so that any number of calls streams through. */
export function exportedCalls(scope: Scope, partition?: Partition): Query<unknown> {
  const condition = inScope(scope)
  const names = callColumns.map(({ name }) => name)
  const parted = partition === undefined ? undefined : partitionColumn(scope, partition)
  const sql = /* sql */ `
    SELECT ${[...names, ...(parted === undefined ? [] : [parted.sql])].join(', ')}
    FROM calls
    WHERE ${condition.sql}`
  return { sql, params: { ...condition.params, ...parted?.params } }
}

/** The local day or month of `ts` as text, under the name of the bucket. */
export function partitionColumn(
  scope: Scope,
  partition: Partition,
): { sql: string; params: Query<unknown>['params'] } {
  const offset = zoneOffset(scope)
  const label = bucketLabel(partition, bucketNumber(partition, offset.sql), true)
  return { sql: `${label} AS ${partition}`, params: offset.params }
}
