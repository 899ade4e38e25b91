import type { Sample } from '../../importers/survey.js'
import { anyOf, first, isCounted, word, type BillSource, type Charge, type RecordReader } from '../bill.js'
import { bucketRecords, resultsIn } from '../buckets.js'

/** Kinds of tokens as Anthropic's reports name them, and ours. */
const tokenTypes: Readonly<Record<string, string>> = {
  uncached_input_tokens: 'input',
  cache_read_input_tokens: 'cache_read',
  'cache_creation.ephemeral_5m_input_tokens': 'cache_write',
  'cache_creation.ephemeral_1h_input_tokens': 'cache_write_1h',
  cache_creation_input_tokens: 'cache_write',
  output_tokens: 'output',
  input_no_cache: 'input',
  input_cache_read: 'cache_read',
  input_cache_write: 'cache_write',
  input_cache_write_5m: 'cache_write',
  input_cache_write_1h: 'cache_write_1h',
  output: 'output',
}

/** Cost and usage reports of Anthropic: Admin API, Analytics API, and the CSVs of the console. */
export const anthropicBill: BillSource = {
  id: 'anthropic-bill',
  about: 'Anthropic cost and usage reports of an organization',
  example:
    'pages of /v1/organizations/cost_report, usage_report/messages and the Analytics API; Cost and Usage → Export of the console',
  recognisedBy: '`starting_at`, `ending_at` with `results`, or the column `usage_date_utc`',
  lacks: 'of usage: money; of costs: how many tokens; the priority tier, which is not in the cost report',
  detects: ({ kind, header, records }) =>
    kind === 'csv' ? header.includes('usage_date_utc') : resultsIn(records).some(isOurs),
  form: formOf,
  records: bucketRecords,
  charges: (read) => [cost(read), ...usage(read)],
  isBlank: (read) => {
    const counts = quantities(read).map(({ quantity }) => isCounted(quantity))
    return `NOT ${anyOf(amounts(read).billed, amounts(read).dollars)} AND NOT (${counts.join(' OR ')})`
  },
}

const isOurs = (one: Readonly<Record<string, unknown>>): boolean =>
  ('starting_at' in one && 'ending_at' in one && 'results' in one) ||
  ('uncached_input_tokens' in one && 'output_tokens' in one) ||
  ('amount' in one && 'currency' in one && ('cost_type' in one || 'token_type' in one))

function formOf({ kind, header, records }: Sample): string {
  if (kind === 'csv') return header.includes('cost_usd') ? 'cost csv' : 'usage csv'
  const results = resultsIn(records)
  if (results.some((one) => 'list_amount' in one)) return 'analytics cost'
  return results.some((one) => 'amount' in one) ? 'cost json' : 'usage json'
}

const fieldsOf =
  (read: RecordReader) =>
  (key: string): string =>
    first(read.text(key), read.text('result', key))

/** The API states cents, the console dollars. */
const amounts = (read: RecordReader): { readonly billed: string; readonly dollars: string } => ({
  billed: first(read.text('result', 'amount'), read.text('amount')),
  dollars: read.text('cost_usd'),
})

function place(read: RecordReader): Charge['fields'] {
  const of = fieldsOf(read)
  const speed = of('speed')
  return {
    start: first(read.text('usage_date_utc'), read.text('start')),
    end: read.text('end'),
    biller: word('anthropic'),
    provider: word('anthropic'),
    service: first(`'Claude ' || nullif(${of('product')}, 'api')`, word('Claude API')),
    billed_model: first(of('model'), of('model_version')),
    workspace: first(of('workspace_id'), of('workspace')),
    api_key: first(of('api_key_id'), of('api_key')),
    principal: first(of('account_id'), of('service_account_id')),
    region: `nullif(${of('inference_geo')}, 'not_available')`,
    service_tier: `CASE WHEN ${speed} IS NOT NULL AND ${speed} <> 'standard' THEN ${speed} WHEN ${of('usage_type')} = 'message_batch' THEN 'batch' WHEN ${of('usage_type')} = 'message' THEN 'standard' ELSE ${of('service_tier')} END`,
  }
}

function cost(read: RecordReader): Charge {
  const of = fieldsOf(read)
  const { billed, dollars } = amounts(read)
  const listed = of('list_amount')
  const type = of('token_type')
  const known = Object.entries(tokenTypes).map(([name, ours]) => `WHEN ${word(name)} THEN ${word(ours)}`)
  const words = `lower(concat_ws(' ', ${of('description')}, ${of('cost_type')}))`
  return {
    kind: 'cost',
    when: anyOf(billed, dollars),
    fields: {
      ...place(read),
      // Cents are written as dollars by moving the point: no digit is lost.
      billed_cost: first(dollars, inDollars(billed)),
      list_cost: first(of('list_price_usd'), inDollars(listed)),
      currency: first(of('currency'), word('USD')),
      sku: `nullif(concat_ws(', ', ${first(of('token_type'), of('cost_type'))}, ${of('context_window')}), '')`,
      description: of('description'),
      token_type: `CASE ${type} ${known.join(' ')} END`,
      unit: `CASE WHEN CASE ${type} ${known.join(' ')} END IS NOT NULL THEN 'tokens' END`,
      charge_category: `CASE WHEN regexp_matches(${words}, 'credit|grant') THEN 'Credit' WHEN regexp_matches(${words}, '(^|[^a-z])(tax|vat|gst)([^a-z]|$)') THEN 'Tax' ELSE 'Usage' END`,
    },
  }
}

/** SQL: an amount in cents as one in dollars; what is no number stays as it is, to be rejected. */
const inDollars = (cents: string): string =>
  `coalesce(CAST(TRY_CAST(${cents} AS DECIMAL(38,16)) * 0.01 AS VARCHAR), ${cents})`

interface Quantity {
  readonly quantity: string
  readonly unit: string
  readonly tokenType?: string
}

function quantities(read: RecordReader): Quantity[] {
  const of = fieldsOf(read)
  const inside = (key: string, name: string): string =>
    first(read.text('result', key, name), read.text(key, name))
  const tokens = (quantity: string, tokenType: string): Quantity => ({ quantity, tokenType, unit: 'tokens' })
  const short = inside('cache_creation', 'ephemeral_5m_input_tokens')
  const long = inside('cache_creation', 'ephemeral_1h_input_tokens')
  return [
    tokens(first(of('uncached_input_tokens'), of('usage_input_tokens_no_cache')), 'input'),
    tokens(first(of('cache_read_input_tokens'), of('usage_input_tokens_cache_read')), 'cache_read'),
    tokens(
      first(
        short,
        of('usage_input_tokens_cache_write_5m'),
        of('usage_input_tokens_cache_write'),
        `CASE WHEN ${long} IS NULL THEN ${of('cache_creation_input_tokens')} END`,
      ),
      'cache_write',
    ),
    tokens(first(long, of('usage_input_tokens_cache_write_1h')), 'cache_write_1h'),
    tokens(first(of('output_tokens'), of('usage_output_tokens')), 'output'),
    {
      quantity: first(inside('server_tool_use', 'web_search_requests'), of('web_search_count')),
      unit: 'web searches',
    },
    { quantity: inside('server_tool_use', 'web_fetch_requests'), unit: 'web fetches' },
  ]
}

const usage = (read: RecordReader): Charge[] =>
  quantities(read).map(({ quantity, unit, tokenType }) => ({
    kind: 'usage' as const,
    when: `${isCounted(quantity)} AND NOT ${anyOf(amounts(read).billed, amounts(read).dollars)}`,
    fields: {
      ...place(read),
      sku: fieldsOf(read)('context_window'),
      quantity,
      unit: word(unit),
      ...(tokenType === undefined ? {} : { token_type: word(tokenType) }),
    },
  }))
