/** What bills charge, as far as it counts, with the keys by which calls are found for it: the table `basis_charges`. */
import { isForModels, modelKeySql, paidAmount } from '../domain/costs/billed.js'
import { isOfDays } from './biller-days.js'
import type { Statement } from './layer.js'

/** What tells charges of a model apart, with where calls have it. */
export const chargeLabels = {
  project: 'project',
  workspace: "coalesce(tags['workspace'], tags['workspace_id'], project)",
  api_key: "coalesce(tags['api_key_id'], tags['api_key_name'], tags['api_key'], tags['key_alias'])",
  principal: "coalesce(tags['principal'], tags['iam_principal'], user_id)",
  service_tier: "CASE WHEN speed = 'fast' THEN 'fast' ELSE service_tier END",
} as const

export type ChargeLabel = keyof typeof chargeLabels

export const labelNames = Object.keys(chargeLabels) as readonly ChargeLabel[]

/** LiteLLM's spend by day is no provider's bill: beside one it would count a second time. */
const isChosen = `(biller <> 'litellm' OR NOT EXISTS (FROM billed WHERE biller <> 'litellm' AND is_llm))`

/** Charges and usage with keys; `key` is empty where no model is named, `type` is `all` where no kind of tokens is. */
export const charges: Statement = {
  sql: `CREATE TEMP TABLE basis_charges AS
    SELECT b.biller, coalesce(provider, b.biller) AS provider, kind, coalesce(first_day.begins, charge_period_start) AS since, coalesce(end_day.begins, charge_period_end) AS until,
      coalesce(${modelKeySql('model')}, '') AS key, model, coalesce(token_type, 'all') AS type, region, project AS own_project,
      ${labelNames.map((name) => (name === 'service_tier' ? `nullif(service_tier, 'standard') AS service_tier` : name)).join(', ')},
      charge_category AS category, ${paidAmount} AS amount,
      charge_category IN ('Usage', 'Adjustment') AND (model IS NOT NULL OR token_type IS NOT NULL
        OR (is_llm AND coalesce(billed_model, sku, description) IS NULL)) AS fits,
      CASE WHEN token_type IS NOT NULL AND unit = 'tokens' THEN quantity END AS tokens
    FROM (FROM billed WHERE ${isForModels} AND ${isChosen} AND (kind = 'usage' OR currency = 'USD')) b
    LEFT JOIN basis_days AS first_day ON b.biller = first_day.biller AND charge_period_start = first_day.named AND ${isOfDays}
    LEFT JOIN basis_days AS end_day ON b.biller = end_day.biller AND charge_period_end = end_day.named AND ${isOfDays}`,
}

/** The widest of some steps of time, in microseconds, that no charge begins or ends within. */
export const grid: Statement = {
  sql: `CREATE TEMP TABLE basis_grid AS
    SELECT coalesce(max(step) FILTER (WHERE fits), 1000000) AS step
    FROM (SELECT step, bool_and(epoch_us(since) % step = 0 AND epoch_us(until) % step = 0) AS fits
      FROM basis_charges, (SELECT unnest([86400000000, 3600000000, 60000000]) AS step) WHERE kind = 'cost' AND fits GROUP BY step)`,
}
