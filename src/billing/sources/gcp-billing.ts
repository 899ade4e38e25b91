import { first, word, type BillSource, type Charge, type RecordReader } from '../bill.js'
import { modelWords, namesModel, namesService, tierOf, timesOf, tokenTypeOf } from '../meters.js'

/** Google Cloud's billing export, standard and detailed: Vertex AI and the Gemini API by the names of their SKUs. */
export const gcpBilling: BillSource = {
  id: 'gcp-billing',
  about: "Google Cloud's billing export, with Vertex AI and the Gemini API",
  example: 'the table gcp_billing_export_… of BigQuery as JSON lines, CSV or Parquet',
  recognisedBy: '`billing_account_id`, `usage_start_time` and `cost` with `sku`',
  lacks: 'model and kind of tokens other than in the words of the SKU',
  detects: ({ kind, header, records }) => {
    const keys = kind === 'csv' ? header : records.flatMap((record) => Object.keys(record))
    const has = (name: string): boolean => keys.includes(name)
    return (
      has('usage_start_time') &&
      has('cost') &&
      ['sku', 'sku.id', 'sku.description', 'sku_description', 'sku_id'].some(has)
    )
  },
  form: () => 'export',
  charges: (read) => [charge(read), credit(read)],
}

/** A nested value; flattened tables join the names by a dot or an underscore. */
const at = (read: RecordReader, ...path: readonly string[]): string =>
  first(read.text(...path), read.text(path.join('.')), read.text(path.join('_')))

function place(read: RecordReader): Charge['fields'] {
  const sku = at(read, 'sku', 'description')
  return {
    start: read.text('usage_start_time'),
    end: read.text('usage_end_time'),
    exported_at: read.text('export_time'),
    biller: word('google'),
    provider: word('google'),
    service: at(read, 'service', 'description'),
    billed_model: `CASE WHEN ${isLlm(read)} THEN ${modelWords(sku)} END`,
    sku: first(sku, at(read, 'sku', 'id')),
    currency: read.text('currency'),
    account: read.text('billing_account_id'),
    project: first(at(read, 'project', 'id'), at(read, 'project', 'name')),
    region: first(at(read, 'location', 'region'), at(read, 'location', 'location')),
    service_tier: `CASE WHEN ${isLlm(read)} THEN ${tierOf(sku)} END`,
    is_llm: `CASE WHEN ${isLlm(read)} THEN 'true' ELSE 'false' END`,
  }
}

/** SQL: a SKU of a language model; Vertex AI sells machines too. */
const isLlm = (read: RecordReader): string => {
  const sku = at(read, 'sku', 'description')
  const service = at(read, 'service', 'description')
  return `(coalesce(${read.text('cost_type')}, 'regular') <> 'tax' AND ${namesModel(sku)} AND (${namesService(service)} OR regexp_matches(lower(coalesce(${service}, '')), 'vertex|agent platform|claude|marketplace')))`
}

function charge(read: RecordReader): Charge {
  const sku = at(read, 'sku', 'description')
  const inPricingUnits = at(read, 'usage', 'amount_in_pricing_units')
  const plain = at(read, 'usage', 'amount')
  const pricingUnit = at(read, 'usage', 'pricing_unit')
  const unit = at(read, 'usage', 'unit')
  const tokenType = tokenTypeOf(sku)
  const counts = `(${isLlm(read)} AND ${tokenType} IS NOT NULL AND regexp_matches(lower(coalesce(${unit}, ${pricingUnit}, '')), 'count|token') AND NOT regexp_matches(lower(${sku}), 'character|second|image output|storage|hour'))`
  const type = read.text('cost_type')
  return {
    kind: 'cost',
    fields: {
      ...place(read),
      token_type: `CASE WHEN ${counts} THEN ${tokenType} END`,
      quantity: first(plain, inPricingUnits),
      unit: `CASE WHEN ${counts} THEN 'tokens' ELSE ${first(unit, pricingUnit)} END`,
      billed_cost: read.text('cost'),
      list_cost: read.text('cost_at_list'),
      charge_category: `CASE ${type} WHEN 'tax' THEN 'Tax' WHEN 'adjustment' THEN 'Adjustment' WHEN 'rounding_error' THEN 'Adjustment' ELSE 'Usage' END`,
    },
    times: `CASE WHEN ${counts} THEN CASE WHEN ${plain} IS NULL THEN ${timesOf(pricingUnit)} ELSE ${timesOf(unit)} END ELSE 1 END`,
    tags: labels(read),
  }
}

/** Credits stand inside the row that they are for: their sum is a charge of its own. */
function credit(read: RecordReader): Charge {
  const list = read.text('credits')
  const parsed = `from_json(CASE WHEN json_valid(${list}) AND starts_with(${list}, '[') THEN ${list} ELSE '[]' END, '["JSON"]')`
  const amounts = `list_transform(${parsed}, lambda x: TRY_CAST(json_extract_string(x, '$.amount') AS DECIMAL(38,18)))`
  const names = `list_transform(${parsed}, lambda x: json_extract_string(x, '$.name'))`
  return {
    kind: 'cost',
    when: `len(${parsed}) > 0`,
    fields: {
      ...place(read),
      description: `nullif(array_to_string(${names}, ', '), '')`,
      billed_cost: `CASE WHEN list_contains(list_transform(${amounts}, lambda x: x IS NULL), true) THEN 'unreadable' ELSE CAST(list_sum(${amounts}) AS VARCHAR) END`,
      charge_category: word('Credit'),
    },
    tags: labels(read),
  }
}

/** SQL: MAP of labels, a list of key and value. */
function labels(read: RecordReader): string {
  const list = read.text('labels')
  const parsed = `from_json(CASE WHEN json_valid(${list}) AND starts_with(${list}, '[') THEN ${list} ELSE '[]' END, '[{"key":"VARCHAR","value":"VARCHAR"}]')`
  return `TRY(map_from_entries(list_transform(list_filter(${parsed}, lambda x: x.key IS NOT NULL), lambda x: {'k': x.key, 'v': x.value})))`
}
