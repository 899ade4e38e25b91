import { first, member, tagsOf, word, type BillSource, type Charge, type RecordReader } from '../bill.js'
import {
  isTokens,
  modelWords,
  namesModel,
  namesPlatform,
  namesService,
  partyOf,
  tierOf,
  timesOf,
  tokenTypeOf,
} from '../meters.js'

/** Charges by the FinOps FOCUS specification, 1.0 to 1.4, whoever wrote them. */
export const focusBill: BillSource = {
  id: 'focus',
  about: 'FinOps FOCUS 1.0 to 1.4: charges of any provider',
  example: 'exports of AWS, Azure, Google Cloud and others, as CSV or Parquet',
  recognisedBy: '`ChargePeriodStart` with `BilledCost` or `EffectiveCost`',
  lacks:
    'where a provider leaves out SkuPriceDetails: model and kind of tokens are read from the words of the meter',
  detects: ({ kind, header, records }) => {
    const keys = kind === 'csv' ? header : records.flatMap((record) => Object.keys(record))
    const has = (name: string): boolean => keys.includes(name)
    const isOwn = has('x_CostBasis') && has('x_Model') && has('x_ServiceTier')
    return !isOwn && has('ChargePeriodStart') && (has('BilledCost') || has('EffectiveCost'))
  },
  form: () => 'focus',
  charges: (read) => [charge(read)],
}

function charge(read: RecordReader): Charge {
  const details = read.text('SkuPriceDetails')
  const detail = (key: string): string => first(member(details, key), member(details, `x_${key}`))
  const service = read.text('ServiceName')
  const meter = first(read.text('SkuMeter'), read.text('x_UsageType'), read.text('x_SkuMeterName'))
  const words = `concat_ws(' ', ${meter}, ${read.text('ChargeDescription')}, ${read.text('x_SkuDescription')})`
  const consumed = read.text('ConsumedUnit')
  const byConsumed = `(${consumed} IS NOT NULL AND ${read.text('ConsumedQuantity')} IS NOT NULL)`
  const unit = `CASE WHEN ${byConsumed} THEN ${consumed} ELSE ${read.text('PricingUnit')} END`
  const tokenType = tokenTypeIn(detail, meter, read.text('ChargeDescription'))
  const counts = `(${isTokens(unit)} OR (regexp_full_match(lower(${unit}), '(1 ?[km]|1000|1000000|units?|count)') AND ${tokenType} IS NOT NULL AND ${namesModel(words)}))`
  const category = read.text('ChargeCategory')
  const model = first(
    detail('ModelId'),
    detail('Model'),
    read.text('x_Model'),
    `CASE WHEN ${namesModel(words)} AND ${counts} THEN ${modelWords(first(read.text('x_SkuDescription'), meter, read.text('ChargeDescription')))} END`,
  )
  const llm = `(coalesce(${read.text('ServiceSubcategory')} = 'Generative AI', false) OR ${first(detail('ModelId'), detail('TokenDirection'), detail('TokenType'))} IS NOT NULL OR coalesce(${counts}, false) OR ${namesService(service)} OR (${namesPlatform(service)} AND ${namesModel(words)}))`
  return {
    kind: 'cost',
    fields: {
      start: read.text('ChargePeriodStart'),
      end: read.text('ChargePeriodEnd'),
      biller: partyOf(
        first(
          read.text('InvoiceIssuerName'),
          read.text('ServiceProviderName'),
          read.text('ProviderName'),
          word('unknown'),
        ),
      ),
      provider: partyOf(
        first(
          read.text('HostProviderName'),
          read.text('ServiceProviderName'),
          read.text('ProviderName'),
          read.text('PublisherName'),
        ),
      ),
      service,
      billed_model: model,
      sku: first(read.text('SkuId'), read.text('SkuPriceId'), meter),
      description: read.text('ChargeDescription'),
      token_type: `CASE WHEN ${counts} THEN ${tokenType} END`,
      quantity: `CASE WHEN ${byConsumed} THEN ${read.text('ConsumedQuantity')} ELSE ${read.text('PricingQuantity')} END`,
      unit: `CASE WHEN ${counts} THEN 'tokens' ELSE ${unit} END`,
      list_cost: read.text('ListCost'),
      contracted_cost: read.text('ContractedCost'),
      effective_cost: read.text('EffectiveCost'),
      billed_cost: first(read.text('BilledCost'), read.text('EffectiveCost')),
      currency: read.text('BillingCurrency'),
      account: read.text('BillingAccountId'),
      project: first(read.text('SubAccountId'), read.text('SubAccountName')),
      api_key: read.text('CredentialId'),
      principal: read.text('PrincipalId'),
      region: first(read.text('RegionId'), read.text('Region')),
      service_tier: `CASE WHEN ${counts} THEN ${first(`lower(${detail('ServiceTier')})`, tierOf(`concat_ws(' ', ${words}, ${read.text('SkuId')}, ${read.text('SkuPriceId')})`))} END`,
      charge_category: `CASE WHEN ${category} IN ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment') THEN ${category} ELSE 'Usage' END`,
      is_llm: `CASE WHEN ${llm} AND ${category} IS DISTINCT FROM 'Tax' THEN 'true' ELSE 'false' END`,
    },
    times: `CASE WHEN ${counts} THEN ${timesOf(unit)} ELSE 1 END`,
    tags: tagsOf(read.text('Tags')),
  }
}

/** The specification's keys first, those of its earlier drafts next, the words of the meter last. */
function tokenTypeIn(detail: (key: string) => string, meter: string, description: string): string {
  const direction = detail('TokenDirection')
  const action = `lower(${detail('TokenCacheAction')})`
  const type = `lower(regexp_replace(${detail('TokenType')}, '[^A-Za-z]', '', 'g'))`
  return `CASE WHEN ${direction} = 'Output' THEN 'output'
    WHEN ${direction} = 'Input' THEN CASE ${action} WHEN 'read' THEN 'cache_read' WHEN 'write' THEN CASE WHEN ${tokenTypeOf(meter)} = 'cache_write_1h' THEN 'cache_write_1h' ELSE 'cache_write' END
      WHEN 'uncached' THEN 'input' ELSE coalesce(${tokenTypeOf(meter)}, 'input') END
    WHEN ${type} IN ('input', 'output') THEN ${type} WHEN ${type} = 'cacheread' THEN 'cache_read' WHEN ${type} = 'cachewrite' THEN 'cache_write'
    ELSE coalesce(${tokenTypeOf(meter)}, ${tokenTypeOf(description)}) END`
}
