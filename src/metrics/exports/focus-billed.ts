/**
 * Charges of bills as FOCUS writes them, and what of the calls they stand for. A bill covers all calls of its
 * provider from the first to the last charge of a day, or of a month where it holds months as a whole: there its
 * charges stand alone, so that no call costs twice, once by its price and once by the bill.
 */
import { billedAmount } from '../../domain/costs/billed.js'
import type { Scope } from '../../domain/scope.js'
import type { Decimal, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'
import type { FocusColumn } from './focus-columns.js'
import { isCalled, providerNamed } from './focus-names.js'

/** SQL condition on `billed`: money on a bill. A gateway's own reckoning of what it passed on is none. */
const isInvoiced = "kind = 'cost' AND biller <> 'litellm'"

/** SQL: charges with money, with the time that a window asks for. */
const costs = `SELECT *, charge_period_start AS ts FROM billed WHERE ${isInvoiced}`

/** SQL: provider and time that bills cover; others than charges for the use of models cover nothing. */
export const coveredSpans = /* sql */ `
  SELECT provider, min(charge_period_start) AS since, max(charge_period_end) AS until
  FROM billed
  WHERE ${isInvoiced} AND is_llm AND charge_category = 'Usage' AND provider IS NOT NULL
  GROUP BY provider, source, biller, bill_span`

/** SQL condition on `calls`: no bill covers the call. `covered_spans` are the rows of `coveredSpans`. */
export const isUncovered = /* sql */ `NOT EXISTS (FROM covered_spans v WHERE v.provider = calls.provider AND calls.ts >= v.since AND calls.ts < v.until)`

const isUsed = "charge_category = 'Usage'"
const isSold = "charge_category IN ('Usage', 'Purchase')"
const ifSold = (sql: string): string => `CASE WHEN ${isSold} THEN ${sql} END`

const month = "date_trunc('month', charge_period_start)"

/** SQL: the digits of an amount of a bill, as a whole number of 1e-18. */
const whole = (sql: string): string =>
  `CAST(replace(CAST(CAST(${sql} AS ${billedAmount}) AS VARCHAR), '.', '') AS HUGEINT)`

/**
 * SQL: a cost over the quantity to 22 places, rounded down, by long division in whole numbers: the engine's own
 * would make it a double. NULL where that has more digits than the engine.
 */
function unitPrice(cost: string): string {
  const digits = '100000000000'
  const rest = `(abs(whole_${cost}) % whole_quantity)`
  const next = `${rest} * ${digits} // whole_quantity`
  const last = `(${rest} * ${digits} % whole_quantity) * ${digits} // whole_quantity`
  const price = `CAST(abs(whole_${cost}) // whole_quantity AS DECIMAL(38,22))
    + CAST(CAST(${next} AS DECIMAL(13,0)) * CAST(0.00000000001 AS DECIMAL(11,11)) AS DECIMAL(38,22))
    + CAST(${last} AS DECIMAL(16,0)) * CAST(0.0000000000000000000001 AS DECIMAL(22,22))`
  return ifSold(`TRY(${price})`)
}

/** Tax and credits have no prices, and cost on every basis what was billed. */
const amount = (...stated: readonly string[]): string =>
  `CASE WHEN charge_category IN ('Tax', 'Credit') THEN billed_cost ELSE coalesce(${stated.join(', ')}, billed_cost) END`

const details = [
  ['x_ModelId', 'model'],
  ['x_ServiceTier', 'service_tier'],
  [
    'x_TokenCacheAction',
    "CASE token_type WHEN 'input' THEN 'Uncached' WHEN 'cache_read' THEN 'Read' WHEN 'cache_write' THEN 'Write' WHEN 'cache_write_1h' THEN 'Write' END",
  ],
  [
    'x_TokenDirection',
    "CASE WHEN token_type = 'output' THEN 'Output' WHEN token_type IS NOT NULL THEN 'Input' END",
  ],
] as const

const knownDetails = `nullif(CAST(to_json(map_from_entries(list_filter([${details
  .map(([key, sql]) => `{'key': '${key}', 'value': ${sql}}`)
  .join(', ')}], lambda t: t.value IS NOT NULL))) AS VARCHAR), '{}')`

const meter = `CASE token_type WHEN 'input' THEN 'Input Tokens' WHEN 'cache_read' THEN 'Cache Read Tokens' WHEN 'cache_write' THEN 'Cache Write Tokens'
  WHEN 'cache_write_1h' THEN 'Cache Write 1 Hour Tokens' WHEN 'output' THEN 'Output Tokens' ELSE coalesce(sku, model, 'Charges') END`

const unit =
  "CASE WHEN unit IS NULL OR NOT has_quantity THEN 'Units' WHEN unit = 'tokens' THEN 'Tokens' WHEN unit = 'requests' THEN 'Requests' ELSE unit END"

const serviceOf = `coalesce(service, concat(${providerNamed('coalesce(provider, biller)')}, ' API'))`

/** Columns of a file, over a row of `billed_charges`. */
const billedSql: Readonly<Record<string, string>> = {
  BilledCost: 'billed_cost',
  BillingAccountId: "coalesce(account, accounts[provider], accounts[''], 'unknown')",
  BillingCurrency: 'currency',
  BillingPeriodEnd: `${month} + INTERVAL 1 MONTH`,
  BillingPeriodStart: month,
  ChargeCategory: 'charge_category',
  ChargeDescription:
    "coalesce(description, concat_ws(', ', coalesce(model, sku, service, lower(charge_category)), token_type))",
  ChargeFrequency: `CASE WHEN ${isUsed} THEN 'Usage-Based' ELSE 'One-Time' END`,
  ChargePeriodEnd: 'charge_period_end',
  ChargePeriodStart: 'charge_period_start',
  ConsumedQuantity: `CASE WHEN ${isUsed} THEN used END`,
  ConsumedUnit: `CASE WHEN ${isUsed} THEN ${unit} END`,
  ContractedCost: 'contracted',
  ContractedUnitPrice: unitPrice('contracted'),
  EffectiveCost: 'effective',
  HostProviderName: `CASE WHEN provider IS NOT NULL THEN ${providerNamed('provider')} END`,
  InvoiceIssuerName: providerNamed('biller'),
  ListCost: 'listed',
  ListUnitPrice: unitPrice('listed'),
  PricingCategory: ifSold("'Standard'"),
  PricingQuantity: ifSold('priced'),
  PricingUnit: ifSold(`CASE WHEN by_millions THEN concat('1000000 ', ${unit}) ELSE ${unit} END`),
  // Before 1.3: who sold it.
  ProviderName: providerNamed('biller'),
  PublisherName: providerNamed('coalesce(provider, biller)'),
  RegionId: 'region',
  RegionName: 'region',
  ServiceCategory: "CASE WHEN serves_models THEN 'AI and Machine Learning' ELSE 'Other' END",
  ServiceName: serviceOf,
  ServiceProviderName: providerNamed('coalesce(provider, biller)'),
  ServiceSubcategory: "CASE WHEN serves_models THEN 'Generative AI' ELSE 'Other (Other)' END",
  SkuId: ifSold('sku_id'),
  SkuMeter: ifSold(meter),
  SkuPriceDetails: ifSold(knownDetails),
  SkuPriceId: ifSold("concat_ws('/', sku_id, coalesce(model, '-'), coalesce(service_tier, '-'))"),
  SubAccountId: 'project',
  SubAccountName: 'project',
  Tags: 'CASE WHEN cardinality(tags) > 0 THEN CAST(to_json(tags) AS VARCHAR) END',
  x_CostBasis: "'billed'",
  x_Model: 'model',
  x_ServiceTier: 'service_tier',
}

/**
 * SQL: charges in the scope under the names of the columns. A charge stands in the window that it begins in, so that
 * the windows of a year hold each once. `$accounts` as for calls.
 */
export function billedRows(scope: Scope, columns: readonly FocusColumn[]): string {
  return /* sql */ `
    SELECT ${columns.map(({ name, type }) => `CAST(${billedSql[name] ?? 'NULL'} AS ${type}) AS "${name}"`).join(',\n      ')}
    FROM (
      SELECT *, ${whole('listed')} AS whole_listed, ${whole('contracted')} AS whole_contracted, abs(${whole('priced')}) AS whole_quantity
      FROM (
        SELECT *, CASE WHEN by_millions THEN CAST(CAST(used AS DECIMAL(30,6)) * 0.000001 AS ${billedAmount}) ELSE used END AS priced
        FROM (
          SELECT *, ${amount('list_cost', 'contracted_cost')} AS listed, ${amount('contracted_cost')} AS contracted, ${amount('effective_cost')} AS effective,
            CASE WHEN NOT has_quantity THEN CAST(CASE WHEN billed_cost < 0 THEN -1 ELSE 1 END AS ${billedAmount}) WHEN billed_cost < 0 THEN -abs(quantity) ELSE abs(quantity) END AS used
          FROM (
            SELECT *, coalesce(quantity, 0) <> 0 AS has_quantity,
              coalesce(quantity <> 0 AND unit = 'tokens' OR abs(quantity) >= 1000000000, false) AS by_millions,
              bool_or(is_llm OR service IS NULL OR ${isCalled('service')}) OVER (PARTITION BY ${serviceOf}) AS serves_models,
              concat_ws('/', coalesce(provider, biller), coalesce(sku, model, 'charges'), token_type) AS sku_id,
              from_json(CAST($accounts AS JSON), '"MAP(VARCHAR, VARCHAR)"') AS accounts
            FROM (${costs}) WHERE ${inScope(scope).sql}))))`
}

/** What bills and the calls that they stand for come to in a scope, by provider. */
export interface CoveredRow {
  readonly provider: string
  readonly calls: Whole
  /** cost_usd of these calls. */
  readonly cost_usd: Decimal | null
  /** What the charges that begin in the scope say, of those in USD. */
  readonly billed_cost: Decimal | null
}

export function coveredCalls(scope: Scope): Query<CoveredRow> {
  const condition = inScope(scope)
  return {
    sql: /* sql */ `
      WITH covered_spans AS (${coveredSpans}),
      ours AS (SELECT provider, count(*) AS calls, sum(cost_usd) AS cost_usd FROM calls WHERE ${condition.sql} AND NOT (${isUncovered}) GROUP BY provider),
      theirs AS (SELECT provider, sum(billed_cost) AS billed_cost FROM (${costs}) WHERE ${condition.sql} AND currency = 'USD' AND is_llm AND ${isUsed} GROUP BY provider)
      SELECT provider, CAST(coalesce(calls, 0) AS BIGINT) AS calls, cost_usd, billed_cost
      FROM ours FULL JOIN theirs USING (provider) WHERE provider IS NOT NULL ORDER BY provider`,
    params: condition.params,
  }
}
