import { anyOf, first, isCounted, word, type BillSource, type Charge, type RecordReader } from '../bill.js'
import { lessOf } from '../meters.js'

/** LiteLLM's spend by day: what the gateway counted, for comparing; no provider's bill. */
export const litellmDaily: BillSource = {
  id: 'litellm-daily',
  about: "LiteLLM's spend by day (LiteLLM_DailyUserSpend and the like)",
  example: 'dumps of the tables LiteLLM_Daily…Spend, as JSON lines, CSV or Parquet',
  recognisedBy: '`date` and `spend` with `api_requests` or `successful_requests`',
  lacks: 'cost by kind of tokens',
  detects: ({ kind, header, records }) => {
    const keys = kind === 'csv' ? header : records.flatMap((record) => Object.keys(record))
    const has = (name: string): boolean => keys.includes(name)
    return has('date') && has('spend') && (has('api_requests') || has('successful_requests'))
  },
  form: ({ kind, header, records }) => {
    const keys = kind === 'csv' ? header : Object.keys(records[0] ?? {})
    return (
      ['tag', 'team_id', 'organization_id', 'agent_id', 'end_user_id', 'user_id'].find((key) =>
        keys.includes(key),
      ) ?? 'all'
    )
  },
  charges: (read) => [cost(read), ...usage(read)],
  isBlank: (read) => `NOT ${anyOf(read.text('spend'), read.text('date'))}`,
}

const place = (read: RecordReader): Charge['fields'] => ({
  start: read.text('date'),
  biller: word('litellm'),
  provider: read.text('custom_llm_provider'),
  service: word('LiteLLM'),
  billed_model: first(read.text('model'), read.text('model_group')),
  project: first(read.text('team_id'), read.text('organization_id'), read.text('tag')),
  principal: first(read.text('user_id'), read.text('end_user_id')),
  api_key: read.text('api_key'),
  sku: first(read.text('mcp_namespaced_tool_name'), read.text('model_group')),
})

const cost = (read: RecordReader): Charge => ({
  kind: 'cost',
  when: anyOf(read.text('spend'), read.text('date')),
  fields: {
    ...place(read),
    billed_cost: read.text('spend'),
    currency: word('USD'),
    quantity: read.text('api_requests'),
    unit: word('requests'),
  },
})

function usage(read: RecordReader): Charge[] {
  const cached = read.text('cache_read_input_tokens')
  const written = read.text('cache_creation_input_tokens')
  const charge = (quantity: string, tokenType: string): Charge => ({
    kind: 'usage',
    when: isCounted(quantity),
    fields: { ...place(read), quantity, unit: word('tokens'), token_type: word(tokenType) },
  })
  return [
    charge(lessOf(read.text('prompt_tokens'), cached, written), 'input'),
    charge(cached, 'cache_read'),
    charge(written, 'cache_write'),
    charge(read.text('completion_tokens'), 'output'),
  ]
}
