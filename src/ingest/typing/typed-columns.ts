/** The layer in which texts become values, each with its problem or repair beside it. */
import { labelFields, usageFields } from '../../domain/call.js'
import { carriesUnit } from '../../importers/records/cost-fields.js'
import type { ReadPlan } from '../../importers/importer.js'
import * as amounts from './amounts.js'
import * as casts from './casts.js'
import type { Columns } from './columns.js'
import { comparableFinishReason } from './finish-reason.js'
import type { ReadOptions } from '../options.js'

export const measures: Readonly<Record<string, readonly [number, number]>> = {
  latency_ms: [0, 1e9],
  ttft_ms: [0, 1e9],
  temperature: [0, 100],
  quality_score: [-1e9, 1e9],
  groundedness: [-1e9, 1e9],
  retrieval_score: [-1e9, 1e9],
}

export const limits = ['max_tokens', 'attempt'] as const

/** Texts as values, with each value's problem or repair beside it. */
export function typedColumns(
  raw: ReadonlyMap<string, string>,
  options: ReadOptions,
  plan: ReadPlan,
): Columns {
  const has = (field: string): boolean => raw.has(field)
  const rawName = (field: string): string => `raw_${field}`
  const problems: string[] = []
  /** Conditions under which no problem need be looked for. */
  const fine: string[] = []
  const drops: string[] = []
  const cuts: string[] = []
  const out: Columns = []
  const add = (field: string, sql: string, type = 'VARCHAR'): void => {
    out.push([field, has(field) ? sql : `CAST(NULL AS ${type})`])
  }
  const ts = has('ts')
    ? casts.moment('raw_ts', options, plan.relativeTimeUnit ?? 's')
    : 'CAST(NULL AS TIMESTAMP)'
  out.push(
    ['ts', ts],
    ['ts_problem', has('ts') ? casts.momentProblem('raw_ts', 'ts', options.baseTime) : "'ts: missing'"],
  )
  for (const field of labelFields) {
    const cast = field === 'speed' ? casts.speed : field === 'region' ? casts.region : casts.label
    add(field, cast(rawName(field)))
    if (has(field)) cuts.push(`strlen(${rawName(field)}) > ${casts.labelLimit}`)
  }
  for (const field of usageFields) {
    add(field, casts.whole(rawName(field)), 'BIGINT')
    if (!has(field)) continue
    fine.push(casts.wholeFine(rawName(field), field))
    problems.push(casts.wholeProblem(field, rawName(field), field))
  }
  const rawCost = 'raw_reported_cost_usd'
  const units = hasUnits(plan, options)
  add('reported_cost_usd', amounts.usd(rawCost, 'ts', options, units), 'DECIMAL(18,12)')
  const leftOut = amounts.leftOut(rawCost, 'reported_cost_usd', options, units)
  if (has('reported_cost_usd')) {
    fine.push(casts.costFine(rawCost, 'reported_cost_usd'))
    problems.push(casts.costProblem('cost_usd', rawCost, 'reported_cost_usd', leftOut))
  }
  out.push(['unread_usage', has('reported_cost_usd') && units ? withCurrency(plan, leftOut) : 'unread_usage'])
  for (const [field, [low, high]] of Object.entries(measures)) {
    add(field, casts.measure(rawName(field), low, high), 'DOUBLE')
    if (has(field)) drops.push(casts.dropped(rawName(field), field))
  }
  for (const field of limits) {
    add(
      field,
      `CASE WHEN TRY_CAST(raw_${field} AS DOUBLE) BETWEEN 1 AND 1e9 AND TRY_CAST(raw_${field} AS DOUBLE) = ${casts.whole(rawName(field))} THEN ${casts.whole(rawName(field))} END`,
      'BIGINT',
    )
    if (has(field)) drops.push(casts.dropped(rawName(field), field))
  }
  add('user_feedback', casts.feedback('raw_user_feedback'), 'DOUBLE')
  if (has('user_feedback')) drops.push(casts.dropped('raw_user_feedback', 'user_feedback'))
  const finish = has('finish_reason') ? comparableFinishReason('raw_finish_reason') : 'CAST(NULL AS VARCHAR)'
  out.push(['finish_comparable', finish])
  add('cache_hit', casts.truth('raw_cache_hit'), 'BOOLEAN')
  if (has('cache_hit')) {
    fine.push('(raw_cache_hit IS NULL OR cache_hit IS NOT NULL)')
    problems.push(casts.truthProblem('cache_hit', 'raw_cache_hit', 'cache_hit'))
  }
  add('service_tier', casts.serviceTier('raw_service_tier'))
  out.push(['raw_status', has('status') ? 'raw_status' : 'CAST(NULL AS VARCHAR)'])
  const parts = (plan.costParts ?? []).map((_, i) => `cost_part_${i}`)
  out.push(['cost_parts', amounts.sumOfParts(parts, options, units)])
  if (parts.length > 0) {
    fine.push(casts.costPartsFine(parts, 'cost_parts'))
    problems.push(casts.costPartsProblem(parts, 'cost_parts'))
  }
  out.push([
    'value_problem',
    problems.length === 0
      ? 'CAST(NULL AS VARCHAR)'
      : `CASE WHEN ${fine.join(' AND ')} THEN NULL ELSE coalesce(${problems.join(',\n')}, NULL) END`,
  ])
  out.push(['measure_dropped', drops.length === 0 ? 'false' : `(${drops.join(' OR ')})`])
  out.push(['label_cut', cuts.length === 0 ? 'false' : `coalesce(${cuts.join(' OR ')}, false)`])
  return out
}

/** SQL for what is not read, with the currency of a cost that is left out. */
function withCurrency(plan: ReadPlan, leftOut: string): string {
  const currency = `'currency=' || (${leftOut})`
  return plan.unread === undefined && plan.linesInWords === undefined
    ? currency
    : `nullif(concat_ws('; ', unread_usage, ${currency}), '')`
}

/** True when amounts may carry a currency or a unit: their names or the record say so, or some were seen. */
export const hasUnits = (plan: ReadPlan, options: ReadOptions): boolean =>
  [plan.fields.reported_cost_usd, ...(plan.costParts ?? [])].some(carriesUnit) ||
  options.costUnits === true ||
  options.decimal !== undefined ||
  options.map['currency'] !== undefined ||
  options.set['currency'] !== undefined
