/** Where money goes: a dear model that takes most calls, a user who sends far more than others, retries. */
import type { Bounds } from '../../domain/bounds.js'
import type { Currency } from '../../domain/costs/currency.js'
import type { Scope } from '../../domain/scope.js'
import { spanOptions, type Typed } from '../../domain/words/commands.js'
import { namedWords } from '../../domain/words/subjects.js'
import { count, money, number, percent } from '../../domain/words/wording.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { figureOf, isAbove, isAtLeast } from '../efficiency/efficiency-findings.js'
import type { Finding } from '../report.js'

/** Figures by model that findings read. */
export const modelMeasures = [
  'calls',
  'cost_usd',
  'output_tokens',
  'cost_per_1k_tokens_usd',
] as const satisfies readonly MeasureName[]

interface Model {
  readonly name: string
  /** Share of all calls, 0–1. */
  readonly share: number
  /** Cost of 1,000 tokens, input and output as they were used. */
  readonly unitCost: number
  readonly row: BreakdownRow
}

/**
 * A dear model that takes more than `dear_model_call_share` of all calls. Dear: 1,000 tokens, input and
 * output as they were used, cost more than `dear_model_cost_ratio` times those of the cheapest comparable
 * model, or more than `dear_model_cost_per_1k_usd`. Comparable: a model with output (embeddings have none), a
 * cost above 0 and at least `efficiency_calls` calls.
 * @param rows calls by model; with `top`, the models among the others are not compared with
 * @param currency what amounts are in, where that is not dollars: none is held against the bound in dollars
 */
export function dearModelFindings(
  rows: readonly BreakdownRow[],
  bounds: Bounds,
  currency?: Currency,
): Finding[] {
  const models = comparableModels(rows, bounds)
  const cheapest = models.toSorted((a, b) => a.unitCost - b.unitCost || (a.name < b.name ? -1 : 1)).at(0)
  if (cheapest === undefined) return []
  const most = models.filter(({ share }) => isAbove(share, bounds.dear_model_call_share))
  return most.flatMap((model) => {
    const ratio = model.unitCost / cheapest.unitCost
    if (isAbove(ratio, bounds.dear_model_cost_ratio)) {
      const than = `${number(ratio)}× as much as with ${cheapest.name} (bound ${number(bounds.dear_model_cost_ratio)}×)`
      const details = {
        cheapest_model: cheapest.name,
        cheapest_cost_per_1k_tokens_usd: cheapest.unitCost,
      }
      return [dear(model, `, ${than}: try ${cheapest.name} on the simpler calls`, details, bounds, currency)]
    }
    const bound = bounds.dear_model_cost_per_1k_usd
    if (currency !== undefined || !isAbove(model.unitCost, bound)) return []
    return [dear(model, ` (bound ${money(bound)}): try a smaller model on the simpler calls`, {}, bounds)]
  })
}

function comparableModels(rows: readonly BreakdownRow[], bounds: Bounds): Model[] {
  const all = figureOf(totalOf(rows), 'calls') ?? 0
  return rows.filter(isOne).flatMap((row) => {
    const [calls, unitCost] = [figureOf(row, 'calls') ?? 0, figureOf(row, 'cost_per_1k_tokens_usd') ?? 0]
    const has = calls >= bounds.efficiency_calls && (figureOf(row, 'output_tokens') ?? 0) > 0 && unitCost > 0
    return has ? [{ name: String(row.d0), share: calls / all, unitCost, row }] : []
  })
}

function dear(
  { name, share, unitCost, row }: Model,
  comparison: string,
  details: Finding['details'],
  { dear_model_call_share: bound }: Bounds,
  currency?: Currency,
): Finding {
  return {
    kind: 'dear_model_call_share',
    severity: 'warning',
    dimension: 'model',
    value: name,
    measured: share,
    bound,
    text: `${namedWords('model', name)}: ${percent(share)} of all calls go to it (bound ${percent(bound)}), where 1,000 tokens cost ${money(unitCost, currency)}${comparison}`,
    touchedUsd: figureOf(row, 'cost_usd'),
    details: {
      calls: figureOf(row, 'calls'),
      cost_usd: figureOf(row, 'cost_usd'),
      cost_per_1k_tokens_usd: unitCost,
      ...details,
    },
  }
}

const totalOf = (rows: readonly BreakdownRow[]): BreakdownRow =>
  rows.find((row) => row.is_total) ?? { is_total: true, is_others: false }
const isOne = (row: BreakdownRow): boolean => !row.is_total && !row.is_others && (row.d0 ?? null) !== null

/** Figures by user that findings read. */
export const userMeasures = [
  'calls',
  'cost_usd',
  'input_tokens',
  'input_token_calls',
] as const satisfies readonly MeasureName[]

/**
 * A user whose calls send at least `user_input_over_mean` times the input tokens of everybody else's, on
 * average. Both sides need `efficiency_calls` calls.
 * @param rows calls by user; those among the others are not looked at
 */
export function heavyUserFindings(
  rows: readonly BreakdownRow[],
  bounds: Bounds,
  currency?: Currency,
): Finding[] {
  const total = totalOf(rows)
  const [allTokens, allCalls] = [
    figureOf(total, 'input_tokens') ?? 0,
    figureOf(total, 'input_token_calls') ?? 0,
  ]
  return rows.filter(isOne).flatMap((row) => {
    const [tokens, calls] = [figureOf(row, 'input_tokens') ?? 0, figureOf(row, 'input_token_calls') ?? 0]
    const otherCalls = allCalls - calls
    if (Math.min(calls, otherCalls) < bounds.efficiency_calls || allTokens <= tokens) return []
    const [mean, others] = [tokens / calls, (allTokens - tokens) / otherCalls]
    const bound = bounds.user_input_over_mean
    if (!isAtLeast(mean / others, bound)) return []
    return [
      {
        kind: 'user_input_over_mean',
        severity: 'warning' as const,
        dimension: 'user_id',
        value: row.d0 ?? null,
        measured: mean / others,
        bound,
        text: `${namedWords('user_id', String(row.d0))}: ${count(calls)} calls send ${count(mean)} input tokens each, ${number(mean / others)}× those of everybody else (bound ${number(bound)}×)${costWords(row, total, currency)}: look at what they send, and limit it`,
        short: `${namedWords('user_id', String(row.d0))}: ${count(calls)} calls send ${count(mean)} input tokens each, ${number(mean / others)}× those of everybody else (bound ${number(bound)}×)`,
        touchedUsd: figureOf(row, 'cost_usd'),
        details: {
          calls,
          cost_usd: figureOf(row, 'cost_usd'),
          mean_input_tokens: mean,
          others_mean_input_tokens: others,
        },
      },
    ]
  })
}

/** Figures of all calls that findings read. */
export const retryMeasures = [
  'cost_usd',
  'priced_calls',
  'later_attempt_calls',
  'later_attempt_cost_usd',
] as const satisfies readonly MeasureName[]

/** Attempts after the first, as the log counts them, that cost more than `retry_cost_share` of all calls. */
export function retryFindings(
  rows: readonly BreakdownRow[],
  bounds: Bounds,
  { scope, typed }: { readonly scope: Scope; readonly typed: Typed },
): Finding[] {
  const total = totalOf(rows)
  const [cost, all] = [figureOf(total, 'later_attempt_cost_usd') ?? 0, figureOf(total, 'cost_usd') ?? 0]
  const bound = bounds.retry_cost_share
  if ((figureOf(total, 'priced_calls') ?? 0) < bounds.efficiency_calls || !isAbove(cost, bound * all))
    return []
  const calls = figureOf(total, 'later_attempt_calls')
  const command = typed(`llmcost calls --sort failed${spanOptions(scope, scope.tz)}`)
  return [
    {
      kind: 'retry_cost_share',
      severity: 'warning',
      dimension: null,
      value: null,
      measured: cost / all,
      bound,
      text: `all calls: ${count(calls)} attempts after the first cost ${money(cost, scope.currency)}, ${percent(cost / all)} of all (bound ${percent(bound)}): try again less often; ${command} lists what fails`,
      short: `${count(calls)} attempts after the first, ${percent(cost / all)} of all cost (bound ${percent(bound)})`,
      command,
      touchedUsd: cost,
      details: { calls, cost_usd: cost },
    },
  ]
}

/** `, for $65.80, 79.1% of all`; nothing where the cost is not known. */
function costWords(row: BreakdownRow, total: BreakdownRow, currency: Currency | undefined): string {
  const [cost, all] = [figureOf(row, 'cost_usd'), figureOf(total, 'cost_usd')]
  return cost === null || all === null || all === 0
    ? ''
    : `, for ${money(cost, currency)}, ${percent(cost / all)} of all`
}
