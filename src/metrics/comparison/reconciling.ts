/** What was billed and what was logged, summed up for comparing; nothing is joined here. */
import { billedTokens, isForModels, paidAmount } from '../../domain/costs/billed.js'
import type { Scope } from '../../domain/scope.js'
import { epochMicros, wholeQuotient } from '../dialect.js'
import type { Decimal, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

export interface BillExtentRow {
  readonly biller: string
  /** Of charges of whole days, which say their day, or of shorter ones. */
  readonly whole_days: boolean
  /** When the charges for language models begin and end, ISO 8601 UTC. */
  readonly first_start: string
  readonly last_end: string
}

/** From when to when there are bills of language models, by biller. */
export function billExtent(): Query<BillExtentRow> {
  return {
    sql: `SELECT biller, charge_period_end - charge_period_start >= INTERVAL 1 DAY AS whole_days, min(charge_period_start) AS first_start,
        max(charge_period_end) AS last_end
      FROM billed WHERE is_llm GROUP BY biller, whole_days`,
    params: {},
  }
}

export interface BilledSumRow {
  readonly biller: string
  readonly provider: string | null
  readonly kind: string
  readonly start: string
  readonly end: string
  readonly model: string | null
  readonly token_type: string | null
  readonly unit: string | null
  readonly service_tier: string | null
  readonly region: string | null
  readonly project: string | null
  readonly workspace: string | null
  readonly api_key: string | null
  readonly principal: string | null
  readonly charge_category: string
  readonly currency: string | null
  readonly account: string | null
  /** In that currency: what the invoice says, or what usage draws on what was paid in advance. */
  readonly cost: Decimal | null
  readonly tokens: Decimal | null
  readonly charges: Whole
}

/**
 * Charges of language models that begin in the window, by what tells them apart. What was paid in advance stands in
 * the charges that use it: the purchase itself is left out.
 */
export function billedSums(scope: Scope): Query<BilledSumRow> {
  const { sql, params } = inScope(scope)
  const labels =
    'biller, provider, kind, charge_period_start, charge_period_end, model, token_type, unit, service_tier, region, project, workspace, api_key, principal, charge_category, currency, account'
  return {
    sql: /* sql */ `
      SELECT biller, provider, kind, charge_period_start AS start, charge_period_end AS "end", model, token_type, unit,
        service_tier, region, project, workspace, api_key, principal, charge_category, currency, account,
        sum(${paidAmount}) AS cost, ${billedTokens} AS tokens, count(*) AS charges
      FROM (SELECT *, charge_period_start AS ts FROM billed)
      WHERE ${sql} AND ${isForModels}
      GROUP BY ${labels}
      ORDER BY ${labels}`,
    params,
  }
}

export interface LoggedSumRow {
  /** Quarter-hours since 1970. */
  readonly quarter: Whole
  readonly provider: string | null
  readonly model: string | null
  readonly service_tier: string | null
  readonly speed: string | null
  readonly project: string | null
  /** Priced by the list: the costs stand in their parts. */
  readonly by_list: boolean
  readonly priced: boolean
  readonly calls: Whole
  readonly input_tokens: Decimal
  readonly cache_read_tokens: Decimal
  /** Those of an hour among them. */
  readonly cache_write_tokens: Decimal
  readonly cache_write_1h_tokens: Decimal
  readonly output_tokens: Decimal
  readonly input_cost: Decimal | null
  readonly cache_read_cost: Decimal | null
  readonly cache_write_cost: Decimal | null
  readonly output_cost: Decimal | null
  readonly other_cost: Decimal | null
  readonly cost_usd: Decimal | null
}

/** Calls by quarter-hour, provider, model, tier and project. What a cache of one's own answered was not billed. */
export function loggedSums(scope: Scope): Query<LoggedSumRow> {
  const { sql, params } = inScope(scope)
  const tokens = (expression: string): string => `CAST(coalesce(sum(${expression}), 0) AS DECIMAL(38,0))`
  const labels = 'quarter, provider, model, service_tier, speed, project, by_list, priced'
  return {
    sql: /* sql */ `
      SELECT ${labels}, count(*) AS calls,
        ${tokens('coalesce(input_tokens, 0) - coalesce(cache_read_input_tokens, 0) - coalesce(cache_creation_input_tokens, 0)')} AS input_tokens,
        ${tokens('cache_read_input_tokens')} AS cache_read_tokens, ${tokens('cache_creation_input_tokens')} AS cache_write_tokens,
        ${tokens('cache_creation_1h_input_tokens')} AS cache_write_1h_tokens,
        ${tokens('output_tokens')} AS output_tokens,
        sum(list_input_cost_usd) AS input_cost, sum(list_cache_read_cost_usd) AS cache_read_cost,
        sum(list_cache_write_cost_usd) AS cache_write_cost, sum(list_output_cost_usd) AS output_cost,
        sum(list_other_cost_usd) AS other_cost, sum(cost_usd) AS cost_usd
      FROM (SELECT *, ${wholeQuotient(epochMicros('ts'), 900_000_000)} AS quarter,
          coalesce(cost_basis = 'list', true) AS by_list, cost_usd IS NOT NULL AS priced
        FROM calls WHERE ${sql} AND cache_hit IS NOT TRUE)
      GROUP BY ${labels}
      ORDER BY ${labels}`,
    params,
  }
}
