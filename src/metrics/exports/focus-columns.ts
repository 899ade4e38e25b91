/**
 * The columns of a FOCUS cost and usage file that call logs can fill, in the order of the specification
 * (alphabetical, custom ones last), each with its SQL over the rows that focus.ts makes. The list of what is
 * left out, and why, stands in the documentation beside it.
 */
import { hostName, modelDeveloper, providerName, publisherName, serviceName } from './focus-names.js'

/** Versions of the specification that can be written, the latest first. */
export const focusVersions = ['1.4', '1.3', '1.2'] as const
export type FocusVersion = (typeof focusVersions)[number]

export interface FocusColumn {
  readonly name: string
  readonly type: 'VARCHAR' | 'TIMESTAMP' | `DECIMAL(38,${12 | 22 | 6 | 18})`
  /** Where its value comes from. */
  readonly about: string
  readonly sql: string
  /** The text is a JSON object. */
  readonly json?: true
  /** Zeros at the end are left out in CSV. */
  readonly short?: true
  /** Versions that have it; all where none are named. */
  readonly versions?: readonly FocusVersion[]
}

/** The same column, of these versions alone. */
const onlyIn = (column: FocusColumn, ...versions: readonly FocusVersion[]): FocusColumn => ({
  ...column,
  versions,
})

const text = (name: string, sql: string, about: string): FocusColumn => ({
  name,
  type: 'VARCHAR',
  sql,
  about,
})
const time = (name: string, sql: string, about: string): FocusColumn => ({
  name,
  type: 'TIMESTAMP',
  sql,
  about,
})
const cost = (name: string, sql: string, about: string): FocusColumn => ({
  name,
  type: 'DECIMAL(38,12)',
  sql,
  about,
  short: true,
})
const price = (name: string, sql: string, about: string): FocusColumn => ({
  name,
  type: 'DECIMAL(38,22)',
  sql,
  about,
  short: true,
})
const quantity = (name: string, sql: string, about: string): FocusColumn => ({
  name,
  type: 'DECIMAL(38,6)',
  sql,
  about,
  short: true,
})

const day = 'CAST(day AS TIMESTAMP)'

const isOutput = "(meter LIKE 'Output %' OR meter LIKE 'Reasoning %')"

/** Keys that the specification does not define begin with x_; those of tokens are named as its later drafts name them. */
const priceDetails: readonly (readonly [key: string, sql: string])[] = [
  ['x_ModelDeveloper', modelDeveloper],
  ['x_ModelId', 'model'],
  ['x_ServiceTier', 'mode'],
  [
    'x_TokenCacheAction',
    `CASE WHEN consumed_unit <> 'Tokens' OR ${isOutput} THEN NULL WHEN meter LIKE 'Cache Read %' THEN 'Read' WHEN meter LIKE 'Cache Write %' THEN 'Write' ELSE 'Uncached' END`,
  ],
  [
    'x_TokenDirection',
    `CASE WHEN consumed_unit <> 'Tokens' THEN NULL WHEN ${isOutput} THEN 'Output' ELSE 'Input' END`,
  ],
]

/** SQL: a JSON object of what is known. */
const knownDetails = `CAST(to_json(map_from_entries(list_filter([${priceDetails
  .map(([key, sql]) => `{'key': '${key}', 'value': ${sql}}`)
  .join(', ')}], lambda t: t.value IS NOT NULL))) AS VARCHAR)`

const allColumns: readonly FocusColumn[] = [
  cost('BilledCost', 'billed_cost', 'what counts as cost here (`cost_usd`); no invoice was read'),
  text(
    'BillingAccountId',
    "coalesce(accounts[coalesce(provider, '')], accounts[''], 'unknown')",
    'given by `--billing-account`; `unknown` without it, with a warning',
  ),
  text('BillingAccountName', 'CAST(NULL AS VARCHAR)', 'null: logs do not tell'),
  text('BillingCurrency', "'USD'", 'USD: all costs of llmcost are'),
  time(
    'BillingPeriodEnd',
    `date_trunc('month', ${day}) + INTERVAL 1 MONTH`,
    'start of the next calendar month, UTC',
  ),
  time('BillingPeriodStart', `date_trunc('month', ${day})`, 'start of the calendar month, UTC'),
  text('ChargeCategory', "'Usage'", 'Usage: logs hold calls, no purchases, taxes or credits'),
  text('ChargeClass', 'CAST(NULL AS VARCHAR)', 'null: nothing is a correction of an invoiced period'),
  text(
    'ChargeDescription',
    "concat(coalesce(model, 'unknown model'), ', ', lower(meter), CASE WHEN mode <> 'standard' THEN concat(', ', mode) ELSE '' END)",
    'model, meter and service tier in words',
  ),
  text('ChargeFrequency', "'Usage-Based'", 'Usage-Based'),
  time('ChargePeriodEnd', `${day} + INTERVAL 1 DAY`, 'start of the next day, UTC'),
  time('ChargePeriodStart', day, 'start of the day of the calls, UTC'),
  quantity('ConsumedQuantity', 'consumed_quantity', 'tokens, or requests, that were used'),
  text('ConsumedUnit', 'consumed_unit', 'Tokens or Requests'),
  cost(
    'ContractedCost',
    'contracted_cost',
    'ListCost less the discount of `contracts` in the config file; as BilledCost where none is known',
  ),
  price('ContractedUnitPrice', 'contracted_unit_price', 'ContractedCost a PricingUnit'),
  cost('EffectiveCost', 'contracted_cost', 'as ContractedCost: fixed amounts are not spread here'),
  onlyIn(
    text(
      'HostProviderName',
      hostName,
      'as ServiceProviderName; null for a router (OpenRouter), which does not tell, and where the log names nobody',
    ),
    '1.4',
    '1.3',
  ),
  text('InvoiceId', 'CAST(NULL AS VARCHAR)', 'null: no invoice was read'),
  text('InvoiceIssuerName', providerName, 'who served the call (`provider`), as no invoice was read'),
  cost(
    'ListCost',
    'list_cost',
    'list cost by the prices in use, your overrides included; BilledCost where no list price is known',
  ),
  price(
    'ListUnitPrice',
    'list_unit_price',
    'the price in force; the mean over the row where several or none explain its cost',
  ),
  text('PricingCategory', "'Standard'", 'Standard: batch, flex and priority have list prices of their own'),
  quantity('PricingQuantity', 'pricing_quantity', 'quantity in the PricingUnit'),
  text(
    'PricingUnit',
    'pricing_unit',
    '1000000 Tokens, 1000 Requests, or Requests where only a whole cost was reported',
  ),
  onlyIn(text('ProviderName', providerName, 'as ServiceProviderName'), '1.3', '1.2'),
  onlyIn(
    text('PublisherName', publisherName, 'who makes the model, by its name; else the provider'),
    '1.3',
    '1.2',
  ),
  text(
    'RegionId',
    'CAST(NULL AS VARCHAR)',
    'null: most logs do not tell where a call was served; where one does (Bedrock), `--by region` puts it into Tags',
  ),
  text('RegionName', 'CAST(NULL AS VARCHAR)', 'null, as RegionId'),
  text('ServiceCategory', "'AI and Machine Learning'", 'AI and Machine Learning'),
  text('ServiceName', serviceName, "the provider's API"),
  onlyIn(
    text(
      'ServiceProviderName',
      providerName,
      'who served the call (`provider`); `Unknown provider` where the log does not tell',
    ),
    '1.4',
    '1.3',
  ),
  text('ServiceSubcategory', "'Generative AI'", 'Generative AI'),
  text('SkuId', 'sku_id', 'provider, model and meter'),
  text('SkuMeter', 'meter', 'what is counted: Input Tokens, Cache Read Tokens, Output Tokens …'),
  {
    ...text(
      'SkuPriceDetails',
      knownDetails,
      `${priceDetails.map(([key]) => key).join(', ')}, as a JSON object of what is known and applies`,
    ),
    json: true,
  },
  text(
    'SkuPriceId',
    'sku_price_id',
    'SkuId with service tier, and input size or time of day where prices differ by them',
  ),
  text(
    'SubAccountId',
    'CAST(NULL AS VARCHAR)',
    'null: logs do not tell the project or workspace that was billed',
  ),
  text('SubAccountName', 'CAST(NULL AS VARCHAR)', 'null, as SubAccountId'),
  { ...text('Tags', 'tags', 'the dimensions of `--by` that the calls have, as a JSON object'), json: true },
  text('x_CostBasis', 'cost_basis', 'where the cost comes from: list or reported'),
  text('x_Model', 'model', 'model that answered, else the one asked for'),
  text(
    'x_ServiceTier',
    'mode',
    'standard, batch, flex, priority or fast, with the place where it moves the price',
  ),
]

/**
 * What a file of this version has, in its order.
 * @param billed with charges of bills, whose amounts have 18 places
 */
export const focusColumns = (version: FocusVersion, billed = false): readonly FocusColumn[] =>
  allColumns
    .filter(({ versions = focusVersions }) => versions.includes(version))
    .map((column) =>
      billed && ['DECIMAL(38,12)', 'DECIMAL(38,6)'].includes(column.type)
        ? { ...column, type: 'DECIMAL(38,18)' }
        : column,
    )

/** Columns of FOCUS 1.4 that are left out, and why: all are for what the specification says they are conditional on. */
export const focusLeftOut: readonly (readonly [columns: string, why: string])[] = [
  ['Allocated…', 'no charge is split among others'],
  ['AvailabilityZone', 'logs do not tell it'],
  ['BillingAccountType', 'no provider is known to have more than one type here'],
  ['CapacityReservation…', 'no capacity is reserved for calls'],
  ['CommitmentDiscount…, CommitmentProgramEligibilityDetails', 'commitments are not in logs'],
  ['ContractApplied', 'contracts are not in logs'],
  ['InvoiceDetailId', 'no invoice was read'],
  ['PricingCurrency…', 'prices and costs are in USD alike'],
  ['Resource…', 'calls are not billed by provisioned resources'],
  ['SubAccountType', 'no provider is known to have more than one type here'],
]
