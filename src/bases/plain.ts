/** What calls are worth at list price, and what their logs say that they cost: columns that every call has. */
import { usageFields } from '../domain/call.js'
import type { Layer } from './layer.js'

const counted = (name: string): string => `coalesce(${name}, 0)`

/** SQL: failed without any usage: nothing is charged for it. */
export const isUnanswered = `coalesce(status = 'error', false) AND ${counted('input_tokens')} = 0 AND ${counted('output_tokens')} = 0`

/** Gateways log images and speech with a cost and no tokens: a price a token says nothing then. */
const isUncounted = `list_cost_usd = 0 AND coalesce(reported_cost_usd > 0, false) AND greatest(${usageFields.map(counted).join(', ')}) = 0`

/** SQL of a call: what it costs at list price; NULL where that is not known. What a response cache answered costs nothing. */
export const listCost = `CASE WHEN cache_hit THEN 0 WHEN list_cost_usd IS NOT NULL AND NOT (${isUncounted}) THEN list_cost_usd
  WHEN ${isUnanswered} THEN 0 END`

const isUsed = ['input_tokens', 'output_tokens', 'total_tokens']
  .map((name) => `${counted(name)} > 0`)
  .join(' OR ')

/** Trackers write 0 for what they cannot price: it is believed where nothing was used, or what was used is free. */
const isReported = `(reported_cost_usd <> 0 OR (reported_cost_usd = 0 AND (NOT (${isUsed}) OR coalesce(list_cost_usd = 0, false))))`

const reportedCost = `CASE WHEN cache_hit THEN ${counted('reported_cost_usd')} WHEN ${isReported} THEN reported_cost_usd
  WHEN ${isUnanswered} THEN 0 END`

/** SQL: where a cost comes from, once there is one. @param usual where it does unless a response cache answered */
export const basisOf = (cost: string, usual: string): string =>
  `CASE WHEN ${cost} IS NULL THEN NULL WHEN cache_hit THEN 'response_cache' ELSE '${usual}' END`

/** SQL type of what a call costs by itself; a part of an amount that was spread has 18 places. */
export const costType = 'DECIMAL(18,12)'

export const list: Layer = {
  over: (from) =>
    `SELECT * REPLACE (CAST(${listCost} AS ${costType}) AS cost_usd, ${basisOf(listCost, 'list')} AS cost_basis) FROM ${from}`,
}

/** What its price does not cover is no doubt about what a log says. */
export const reported: Layer = {
  over: (from) =>
    `SELECT * REPLACE (CAST(${reportedCost} AS ${costType}) AS cost_usd, ${basisOf(reportedCost, 'reported')} AS cost_basis,
      CAST(NULL AS BOOLEAN) AS partly_priced) FROM ${from}`,
}
