import { comparable } from '../../importers/records/comparable.js'
import { first, tagsOf, word, type BillSource, type Charge, type RecordReader } from '../bill.js'
import { modelWords, namesModel, namesService, tierOf, timesOf, tokenTypeOf } from '../meters.js'

/** Cost and usage exports of Azure (actual and amortized cost): Azure OpenAI by the names of its meters. */
export const azureCost: BillSource = {
  id: 'azure-cost',
  about: 'Azure cost exports, with Azure OpenAI',
  example: 'Cost Management → Exports, CSV or Parquet; FOCUS exports are read as focus',
  recognisedBy: '`MeterCategory` and `Quantity` with a cost, whatever the case of the names',
  lacks: 'who asked',
  detects: ({ kind, header, records }) => {
    const keys = kind === 'csv' ? header : records.flatMap((record) => Object.keys(record))
    const names = new Set(keys.map(comparable))
    return (
      names.has('metercategory') &&
      names.has('quantity') &&
      ['costinbillingcurrency', 'pretaxcost', 'costinusd', 'cost'].some((name) => names.has(name))
    )
  },
  form: ({ kind, header, records }) =>
    (kind === 'csv' ? header : Object.keys(records[0] ?? {})).some((name) => comparable(name) === 'benefitid')
      ? 'export with benefits'
      : 'export',
  charges: (read) => [charge(read)],
}

function charge(read: RecordReader): Charge {
  const meter = read.any('MeterName', 'meterName')
  const category = read.any('MeterCategory', 'meterCategory')
  const sub = read.any('MeterSubCategory', 'MeterSubcategory', 'meterSubCategory')
  const words = `concat_ws(' ', ${sub}, ${meter})`
  const unit = read.any('UnitOfMeasure', 'unitOfMeasure')
  const type = read.any('ChargeType', 'chargeType')
  const isModel = `(${namesModel(words)} OR ${namesService(`concat_ws(' ', ${category}, ${sub})`)})`
  const llm = `(${isModel} AND regexp_matches(lower(${category}), 'cognitive|openai|foundry|ai services|machine learning|azure ai|saas') AND ${type} IS DISTINCT FROM 'Tax')`
  const tokenType = tokenTypeOf(meter)
  const counts = `(${llm} AND ${tokenType} IS NOT NULL AND (regexp_matches(lower(${meter}), 'token') OR regexp_full_match(lower(${unit}), '1 ?[km]( tokens?)?|1000|1000000')) AND NOT regexp_matches(lower(concat_ws(' ', ${meter}, ${unit})), 'hour|image|hosting'))`
  const inCurrency = read.any(
    'CostInBillingCurrency',
    'costInBillingCurrency',
    'PreTaxCost',
    'preTaxCost',
    'Cost',
    'cost',
  )
  const inUsd = read.any('CostInUsd', 'costInUsd', 'CostInUSD')
  return {
    kind: 'cost',
    fields: {
      start: read.any('Date', 'date', 'UsageDateTime', 'UsageDate', 'usageDateTime'),
      biller: word('azure'),
      provider: word('azure'),
      service: first(read.any('ConsumedService', 'consumedService'), category),
      billed_model: `CASE WHEN ${counts} THEN ${modelWords(meter)} END`,
      sku: first(meter, read.any('MeterId', 'meterId')),
      description: `concat_ws(', ', ${category}, ${sub}, ${meter})`,
      token_type: `CASE WHEN ${counts} THEN ${tokenType} END`,
      quantity: read.any('Quantity', 'quantity', 'UsageQuantity'),
      unit: `CASE WHEN ${counts} THEN 'tokens' ELSE ${unit} END`,
      billed_cost: first(inCurrency, inUsd),
      list_cost: read.any('PaygCostInBillingCurrency', 'paygCostInBillingCurrency'),
      currency: `CASE WHEN ${inCurrency} IS NULL THEN 'USD' ELSE ${first(read.any('BillingCurrency', 'billingCurrency', 'BillingCurrencyCode', 'billingCurrencyCode', 'Currency', 'currency'), word('USD'))} END`,
      account: read.any('BillingAccountId', 'billingAccountId', 'BillingAccountName'),
      project: read.any('SubscriptionId', 'subscriptionId', 'SubscriptionGuid', 'SubscriptionName'),
      workspace: read.any('ResourceId', 'resourceId', 'InstanceId', 'ResourceName', 'instanceName'),
      region: read.any('ResourceLocation', 'resourceLocation', 'ResourceLocationNormalized', 'meterRegion'),
      service_tier: `CASE WHEN ${counts} THEN ${tierOf(meter)} END`,
      charge_category: `CASE WHEN ${type} = 'Tax' THEN 'Tax' WHEN ${type} = 'Purchase' THEN 'Purchase' WHEN ${type} IN ('Refund', 'RoundingAdjustment', 'Adjustment') THEN 'Adjustment' WHEN ${type} = 'Credit' THEN 'Credit' ELSE 'Usage' END`,
      is_llm: `CASE WHEN ${llm} THEN 'true' ELSE 'false' END`,
    },
    times: `CASE WHEN ${counts} THEN ${timesOf(unit)} ELSE 1 END`,
    tags: tagsOf(braced(read.any('Tags', 'tags'))),
  }
}

/** SQL: tags of older exports stand without the braces of an object. */
const braced = (tags: string): string =>
  `CASE WHEN starts_with(${tags}, '{') THEN ${tags} WHEN ${tags} IS NOT NULL THEN '{' || ${tags} || '}' END`
