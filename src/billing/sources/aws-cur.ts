import { first, member, tagsOf, word, type BillSource, type Charge, type RecordReader } from '../bill.js'
import { isTokens, namesModel, tierOf, timesOf, tokenTypeOf } from '../meters.js'

/** AWS cost and usage reports, 2.0 and the older one: Bedrock by its three families of usage types. */
export const awsCur: BillSource = {
  id: 'aws-cur',
  about: 'AWS cost and usage reports (CUR 2.0 and older), with Bedrock',
  example: 'Data Exports of the Billing console, CSV or Parquet; FOCUS exports are read as focus',
  recognisedBy: '`line_item_usage_type` with `line_item_usage_amount`, or `lineItem/UsageType`',
  lacks: 'tokens of what is billed in other units (Claude Platform, search units, guardrails)',
  replacesBy: 'month',
  detects: ({ kind, header, records }) => {
    const keys = kind === 'csv' ? header : records.flatMap((record) => Object.keys(record))
    return (
      (keys.includes('line_item_usage_type') && keys.includes('line_item_usage_amount')) ||
      (keys.includes('lineItem/UsageType') && keys.includes('lineItem/UsageAmount'))
    )
  },
  form: () => 'cur',
  charges: (read) => [charge(read)],
}

/** A column by its name in CUR 2.0; the older report writes `lineItem/UsageType` for `line_item_usage_type`. */
function column(read: RecordReader, group: string, name: string): string {
  const camel = (words: string): string =>
    words.replaceAll(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  const older = `${group.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())}/${camel(name)}`
  return read.any(`${group}_${name}`, older)
}

function charge(read: RecordReader): Charge {
  const item = (name: string): string => column(read, 'line_item', name)
  const product = read.any('product')
  const type = item('usage_type')
  const code = item('product_code')
  const productName = first(
    member(product, 'product_name'),
    member(product, 'servicename'),
    column(read, 'product', 'product_name'),
    column(read, 'product', 'product_family'),
  )
  const edition = `regexp_matches(coalesce(${productName}, ''), '\\(Amazon Bedrock Edition\\)')`
  const isMarketplace = `(${column(read, 'bill', 'billing_entity')} = 'AWS Marketplace' OR regexp_matches(coalesce(${type}, ''), '(^|-)MP:'))`
  const lineType = item('line_item_type')
  const isLlm = `((regexp_matches(coalesce(${code}, ''), 'Bedrock') OR ${edition} OR (${isMarketplace} AND regexp_matches(lower(coalesce(${type}, '')), 'token'))) AND ${lineType} IS DISTINCT FROM 'Tax')`
  // InputTokenCount, input-tokens, cache-read-input-token-count, input_tokens_standard.
  const meter = `regexp_replace(${type}, '([a-z])([A-Z])', '\\1-\\2', 'g')`
  const pricingUnit = column(read, 'pricing', 'unit')
  const tokenType = tokenTypeOf(
    `regexp_extract(lower(${meter}), '((cache|input|output|response)[a-z0-9_-]*)$', 1)`,
  )
  const isUsage = `${lineType} IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')`
  const counts = `(${isUsage} AND regexp_matches(lower(${type}), 'token') AND ${isLlm} AND ${tokenType} IS NOT NULL)`
  const description = item('line_item_description')
  const times = `CASE WHEN NOT coalesce(${counts}, false) THEN 1
    WHEN ${isTokens(pricingUnit)} THEN ${timesOf(pricingUnit)}
    WHEN ${isMarketplace} OR regexp_matches(lower(coalesce(${description}, '')), 'million') THEN 1000000 ELSE 1000 END`
  const region = first(column(read, 'product', 'region_code'), column(read, 'product', 'region'))
  const net = item('net_unblended_cost')
  const cost = item('unblended_cost')
  return {
    kind: 'cost',
    fields: {
      start: item('usage_start_date'),
      end: item('usage_end_date'),
      billing_month: column(read, 'bill', 'billing_period_start_date'),
      biller: word('aws'),
      provider: word('aws'),
      service: first(code, productName),
      billed_model: `CASE WHEN ${counts} THEN CASE WHEN ${edition} THEN regexp_replace(${productName}, ' *\\(Amazon Bedrock Edition\\)', '') WHEN ${isMarketplace} THEN ${productName} ELSE ${modelOfType(type)} END
        WHEN ${isLlm} AND ${namesModel(type)} THEN ${modelOfType(type)} END`,
      sku: type,
      description,
      token_type: `CASE WHEN ${counts} THEN ${tokenType} END`,
      quantity: item('usage_amount'),
      unit: `CASE WHEN ${counts} THEN 'tokens' ELSE ${pricingUnit} END`,
      list_cost: column(read, 'pricing', 'public_on_demand_cost'),
      contracted_cost: cost,
      // A discount of its own row is in the net cost of the rows that it is for.
      effective_cost: `CASE WHEN ${net} IS NOT NULL THEN ${net} WHEN ${hasNet(read)} AND regexp_matches(coalesce(${lineType}, ''), 'Discount$') THEN '0' ELSE ${cost} END`,
      billed_cost: cost,
      currency: item('currency_code'),
      account: column(read, 'bill', 'payer_account_id'),
      project: item('usage_account_id'),
      principal: first(item('iam_principal'), item('user_identity')),
      region: `CASE WHEN regexp_matches(lower(coalesce(${type}, '')), 'global') THEN 'global' ELSE ${region} END`,
      service_tier: `CASE WHEN ${counts} THEN ${tierOf(type)} END`,
      charge_category: `CASE WHEN ${lineType} = 'Tax' THEN 'Tax' WHEN ${lineType} = 'Credit' THEN 'Credit' WHEN regexp_matches(coalesce(${lineType}, ''), 'Refund|Discount$') THEN 'Adjustment' WHEN regexp_matches(coalesce(${lineType}, ''), 'Fee$|RecurringFee') THEN 'Purchase' ELSE 'Usage' END`,
      is_llm: `CASE WHEN ${isLlm} THEN 'true' ELSE 'false' END`,
    },
    times,
    tags: tagsOf(first(read.any('tags'), read.any('resource_tags'))),
  }
}

/** SQL: whether the report has net costs at all. */
const hasNet = (read: RecordReader): string =>
  column(read, 'line_item', 'net_unblended_cost') === 'CAST(NULL AS VARCHAR)' ? 'false' : 'true'

/** SQL: the model in a usage type, without the region before it and what is counted behind it. */
const modelOfType = (type: string): string =>
  `nullif(regexp_replace(regexp_replace(${type}, '^[A-Z]{2,4}[0-9]?-', ''), '(?i)-(mantle-)?(cache-(read|write)|input|output|searchunits|custom).*$', ''), '')`
