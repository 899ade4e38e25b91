/** Columns of the tables that say which days are archived. */

/** Columns of `archived_days`. */
export const dayColumns = [
  { name: 'day', type: 'DATE', required: true },
  { name: 'kept', type: 'BOOLEAN', required: true },
  { name: 'sha256', type: 'VARCHAR', required: true },
  { name: 'bytes', type: 'BIGINT', required: true },
  { name: 'calls', type: 'BIGINT', required: true },
  { name: 'first_ts', type: 'TIMESTAMP', required: true },
  { name: 'last_ts', type: 'TIMESTAMP', required: true },
  { name: 'cost_usd', type: 'DECIMAL(38,12)' },
  { name: 'input_tokens', type: 'BIGINT' },
  { name: 'output_tokens', type: 'BIGINT' },
  { name: 'files', type: 'VARCHAR', required: true },
] as const

/** Columns of `archived_readings`: how archived calls read their cached tokens, which is evidence for others. */
export const readingColumns = [
  { name: 'day', type: 'DATE', required: true },
  { name: 'source', type: 'VARCHAR', required: true },
  { name: 'cache_shape', type: 'VARCHAR', required: true },
  { name: 'provider', type: 'VARCHAR' },
  { name: 'model', type: 'VARCHAR' },
  { name: 'cache_reading', type: 'VARCHAR' },
  { name: 'calls', type: 'BIGINT', required: true },
] as const
