import type { Sample } from '../../importers/survey.js'
import { anyOf, first, isCounted, word, type BillSource, type Charge, type RecordReader } from '../bill.js'
import { bucketRecords, resultsIn } from '../buckets.js'
import { lessOf, tokenTypeOf } from '../meters.js'

/** What results of the usage API count besides tokens: key and unit. */
const counters = [
  ['num_model_requests', 'requests'],
  ['images', 'images'],
  ['characters', 'characters'],
  ['seconds', 'seconds'],
  ['usage_bytes', 'bytes'],
  ['num_sessions', 'sessions'],
] as const

const tokenKeys = ['input_tokens', 'output_tokens'] as const

/** Costs and usage of an OpenAI organization: pages of its API, and the CSV of its console. */
export const openaiBill: BillSource = {
  id: 'openai-bill',
  about: 'OpenAI costs and usage of an organization',
  example: 'pages of /v1/organization/costs and /v1/organization/usage/…; Usage → Export of the console',
  recognisedBy: '`object: "bucket"` with `results`, or the columns `start_time`, `end_time_iso`',
  lacks: 'list prices; of usage: money',
  detects,
  form: (sample) => `${isCost(sample) ? 'costs' : 'usage'} ${sample.kind}`,
  records: bucketRecords,
  charges: (read) => [cost(read), ...usage(read)],
  isBlank: (read) => {
    const of = fieldsOf(read)
    const counts = [...counters.map(([key]) => key), ...tokenKeys].map((key) => isCounted(of(key)))
    const known = `(${of('object')} IS NULL OR regexp_full_match(${of('object')}, 'organization\\.(costs|usage\\.\\w+)\\.result'))`
    return `${known} AND NOT ${anyOf(of('amount_value'), amountOf(read))} AND NOT (${counts.join(' OR ')})`
  },
}

function detects({ kind, header, records }: Sample): boolean {
  if (kind === 'csv')
    return (
      ['start_time', 'end_time', 'start_time_iso', 'end_time_iso'].every((name) => header.includes(name)) &&
      !header.includes('wallet_type') &&
      !(header.includes('type') && header.includes('amount'))
    )
  return resultsIn(records).some(
    (one) =>
      /^organization\.(usage\.\w+|costs)\.result$/.test(String(one['object'])) ||
      (one['object'] === 'bucket' && Array.isArray(one['results'])),
  )
}

const isCost = ({ header, records }: Sample): boolean =>
  header.includes('amount_value') ||
  resultsIn(records).some((one) => one['object'] === 'organization.costs.result')

/** Where a field of a result stands: in a column, or inside `result`. */
const fieldsOf =
  (read: RecordReader) =>
  (key: string): string =>
    first(read.text(key), read.text('result', key))

const amountOf = (read: RecordReader): string =>
  first(read.text('amount_value'), read.text('result', 'amount', 'value'))

function place(read: RecordReader): Charge['fields'] {
  const of = fieldsOf(read)
  return {
    start: first(read.text('start_time'), read.text('start')),
    end: first(read.text('end_time'), read.text('end')),
    biller: word('openai'),
    provider: word('openai'),
    service: word('OpenAI API'),
    account: of('organization_id'),
    project: of('project_id'),
    api_key: of('api_key_id'),
    principal: of('user_id'),
  }
}

function cost(read: RecordReader): Charge {
  const of = fieldsOf(read)
  const item = of('line_item')
  // "gpt-4o, cached input"; a model that is embedding alone has no kind of tokens behind it.
  const kind = `nullif(trim(regexp_extract(${item}, ',(.*)$', 1)), '')`
  const name = `trim(regexp_extract(${item}, '^[^,|]*'))`
  const isModel = `(${kind} IS NOT NULL OR regexp_matches(${name}, '^[a-z0-9:._-]+$') AND ${name} ~ '.*[0-9].*')`
  const tokens = `CASE WHEN ${kind} IS NOT NULL THEN ${tokenTypeOf(kind)} WHEN regexp_matches(${name}, 'embedding') THEN 'input' END`
  const credit = `regexp_matches(lower(coalesce(${item}, '')), 'credit|grant')`
  return {
    kind: 'cost',
    when: `${anyOf(amountOf(read))} OR ${of('object')} = 'organization.costs.result'`,
    fields: {
      ...place(read),
      billed_cost: amountOf(read),
      currency: first(read.text('amount_currency'), read.text('result', 'amount', 'currency')),
      sku: item,
      billed_model: `CASE WHEN ${isModel} AND NOT ${credit} THEN ${name} END`,
      token_type: `CASE WHEN ${isModel} THEN ${tokens} END`,
      quantity: of('quantity'),
      unit: `CASE WHEN ${isModel} AND ${tokens} IS NOT NULL THEN 'tokens' ELSE coalesce(${of('quantity_unit')}, 'units') END`,
      service_tier: `CASE WHEN regexp_matches(lower(${item}), 'batch') THEN 'batch' WHEN regexp_matches(lower(${item}), 'priority') THEN 'priority' WHEN regexp_matches(lower(${item}), 'flex') THEN 'flex' END`,
      charge_category: `CASE WHEN ${credit} THEN 'Credit' WHEN regexp_matches(lower(coalesce(${item}, '')), '(^|[^a-z])(tax|vat|gst)([^a-z]|$)') THEN 'Tax' ELSE 'Usage' END`,
    },
    tags: labels(read, ['project_name', 'organization_name', 'user_email', 'api_source']),
  }
}

function usage(read: RecordReader): Charge[] {
  const of = fieldsOf(read)
  const shared = {
    ...place(read),
    billed_model: of('model'),
    service_tier: `CASE WHEN lower(${of('batch')}) = 'true' THEN 'batch' WHEN ${of('service_tier')} = 'default' THEN 'standard' ELSE ${of('service_tier')} END`,
  }
  const charge = (quantity: string, unit: string, tokenType?: string): Charge => ({
    kind: 'usage',
    when: isCounted(quantity),
    fields: {
      ...shared,
      quantity,
      unit: word(unit),
      ...(tokenType === undefined ? {} : { token_type: word(tokenType) }),
    },
  })
  const cached = of('input_cached_tokens')
  const written = first(of('input_cache_write_tokens'), of('input_cache_creation_tokens'))
  return [
    charge(lessOf(of('input_tokens'), cached, written), 'tokens', 'input'),
    charge(cached, 'tokens', 'cache_read'),
    charge(written, 'tokens', 'cache_write'),
    charge(of('output_tokens'), 'tokens', 'output'),
    ...counters.map(([key, unit]) => charge(of(key), unit)),
  ]
}

/** SQL: MAP of those columns of a record that have a value. */
function labels(read: RecordReader, names: readonly string[]): string {
  const entries = names.map((name) => `{'k': ${word(name)}, 'v': ${fieldsOf(read)(name)}}`)
  return `map_from_entries(list_filter([${entries.join(', ')}], lambda e: e.v IS NOT NULL))`
}
