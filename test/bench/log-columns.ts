/** The columns of the generated logs, in their order, with the types that the floor reads them as. */
export const logColumns = {
  timestamp: 'TIMESTAMP',
  request_id: 'VARCHAR',
  provider: 'VARCHAR',
  model: 'VARCHAR',
  feature: 'VARCHAR',
  user_id: 'VARCHAR',
  session_id: 'VARCHAR',
  input_tokens: 'BIGINT',
  cached_tokens: 'BIGINT',
  output_tokens: 'BIGINT',
  latency_ms: 'DOUBLE',
  status: 'VARCHAR',
  finish_reason: 'VARCHAR',
  max_tokens: 'BIGINT',
  environment: 'VARCHAR',
  prompt_hash: 'VARCHAR',
} as const
