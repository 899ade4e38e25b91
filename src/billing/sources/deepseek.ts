import type { Sample } from '../../importers/survey.js'
import { anyOf, first, isCounted, word, type BillSource, type Charge, type RecordReader } from '../bill.js'

/** Kinds of tokens as the console names them, and ours. A row of another type keeps its type as unit. */
const tokenTypes: Readonly<Record<string, string>> = {
  input_cache_hit_tokens: 'cache_read',
  prompt_cache_hit_tokens: 'cache_read',
  input_cache_miss_tokens: 'input',
  prompt_cache_miss_tokens: 'input',
  output_tokens: 'output',
  completion_tokens: 'output',
}

/** The two files in the zip of DeepSeek's console: what was counted (`amount`), and what it cost (`cost`). */
export const deepseekBill: BillSource = {
  id: 'deepseek-bill',
  about: 'DeepSeek costs and usage of an account',
  example: 'amount-….csv and cost-….csv of Usage → Export of platform.deepseek.com; unpack its zip',
  recognisedBy: '`utc_date` or `start_time_iso` with `wallet_type` and `cost`, or `type` and `amount`',
  lacks:
    'of costs: how many tokens, and which key; of usage: money, since its prices have no currency (they are kept in tags)',
  detects: ({ kind, header }) => kind === 'csv' && isDated(header) && (isCost(header) || isUsage(header)),
  form: (sample) => `${isCost(sample.header) ? 'cost' : 'usage'} csv${zoneOf(sample)}`,
  charges: (read) => [cost(read), granted(read), usage(read)],
  isBlank: (read) =>
    `${read.text('cost')} IS NULL AND ${read.text('amount')} IS NOT NULL AND NOT ${isCounted(read.text('amount'))}`,
}

const has = (header: readonly string[], ...names: readonly string[]): boolean =>
  names.every((name) => header.includes(name))

const isDated = (header: readonly string[]): boolean =>
  header.includes('model') && (header.includes('utc_date') || has(header, 'start_time_iso', 'end_time_iso'))

/** The oldest exports name no wallet. */
const isCost = (header: readonly string[]): boolean =>
  has(header, 'cost', 'currency') && (header.includes('wallet_type') || has(header, 'user_id', 'utc_date'))

const isUsage = (header: readonly string[]): boolean =>
  has(header, 'type', 'amount') && (header.includes('price') || header.includes('api_key'))

/**
 * Newer exports cut days in the zone of who exports. Their days are others than those of UTC, so that they are
 * another form of bill, which takes the place of one in another zone.
 */
function zoneOf({ records }: Sample): string {
  const start = records[0]?.['start_time_iso']
  const zone = typeof start === 'string' ? /(?:Z|[+-]\d\d:?\d\d)$/.exec(start)?.[0] : undefined
  return zone === undefined ? '' : ` ${zone}`
}

/** The console masks keys; one that is not is masked likewise, so that no secret is kept. */
const keyOf = (read: RecordReader): string =>
  String.raw`regexp_replace(regexp_replace(${read.text('api_key')}, '^(sk-.{5})[A-Za-z0-9_-]{8,}(.{4})$', '\1***\2'), '\*{4,}', '***')`

const place = (read: RecordReader): Charge['fields'] => ({
  start: first(read.text('utc_date'), read.text('start_time_iso')),
  end: read.text('end_time_iso'),
  biller: word('deepseek'),
  provider: word('deepseek'),
  service: word('DeepSeek API'),
  billed_model: read.text('model'),
  account: read.text('user_id'),
  api_key: keyOf(read),
})

const cost = (read: RecordReader): Charge => ({
  kind: 'cost',
  when: anyOf(read.text('cost'), read.text('currency')),
  fields: {
    ...place(read),
    billed_cost: read.text('cost'),
    currency: read.text('currency'),
    // A sum over all requests of the model, whatever tokens they used: how many they were, the other file says.
    unit: word('requests'),
  },
  tags: labels(read, ['wallet_type', 'api_key_name']),
})

/** What was drawn from a balance that DeepSeek gave is not paid: it stands against the usage as a credit. */
const granted = (read: RecordReader): Charge => ({
  kind: 'cost',
  when: `lower(${read.text('wallet_type')}) = 'granted' AND ${isCounted(read.text('cost'))}`,
  fields: {
    ...place(read),
    billed_cost: first(
      `CAST(-TRY_CAST(${read.text('cost')} AS DECIMAL(38,18)) AS VARCHAR)`,
      read.text('cost'),
    ),
    currency: read.text('currency'),
    description: word('drawn from the granted balance'),
    charge_category: word('Credit'),
  },
  tags: labels(read, ['wallet_type', 'api_key_name']),
})

function usage(read: RecordReader): Charge {
  const type = `lower(${read.text('type')})`
  const known = Object.entries(tokenTypes).map(([name, ours]) => `WHEN ${word(name)} THEN ${word(ours)}`)
  const tokenType = `CASE ${type} ${known.join(' ')} END`
  return {
    kind: 'usage',
    when: isCounted(read.text('amount')),
    fields: {
      ...place(read),
      sku: read.text('type'),
      quantity: read.text('amount'),
      token_type: tokenType,
      unit: `CASE WHEN ${tokenType} IS NOT NULL THEN 'tokens' WHEN ${type} = 'request_count' THEN 'requests' ELSE ${read.text('type')} END`,
    },
    tags: labels(read, ['price', 'api_key_name']),
  }
}

/** SQL: MAP of those columns of a record that have a value. */
function labels(read: RecordReader, names: readonly string[]): string {
  const entries = names.map((name) => `{'k': ${word(name)}, 'v': ${read.text(name)}}`)
  return `map_from_entries(list_filter([${entries.join(', ')}], lambda e: e.v IS NOT NULL))`
}
