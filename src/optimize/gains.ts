/** What strategies would have saved, each for itself: by segment, in all, and the calls behind it. */
import type { Scope } from '../domain/scope.js'
import type { Decimal, Param, Query, Whole } from '../metrics/query.js'
import { structOf } from '../metrics/dialect.js'
import type { PriceBook } from '../pricing/book.js'
import { resolveTargets, type StoredModel } from '../pricing/what-if/targets.js'
import { whatIfQuery } from '../pricing/what-if/what-if-sql.js'
import type { Values } from './assumptions.js'
import { hasParts, scopedCalls } from './scoped-calls.js'
import type { Asked, Candidate, SegmentRow, Strategy } from './strategy.js'
import { inScope } from '../metrics/scope.js'
import { isCall } from '../metrics/measures/aggregates.js'

/** A strategy with its assumptions read. */
export interface Asking {
  readonly strategy: Strategy
  readonly values: Values
  /** Where a strategy uses prices. */
  readonly prices?: Prices | undefined
}

/** What is needed to price calls elsewhere. */
export interface Prices {
  readonly book: PriceBook
  /** Models of the calls. */
  readonly models: readonly StoredModel[]
  readonly candidates: readonly Candidate[]
  /** In millionths of the calls, by candidate. */
  readonly shares: readonly bigint[]
}

/** A statement over `scoped_calls` with the values that it binds. */
export interface Part {
  readonly sql: string
  readonly params: Record<string, Param>
}

/** What a strategy is asked with; what it binds is gathered in `params`. */
export function askedOf(
  { strategy, values, prices }: Asking,
  scope: Scope,
  params: Record<string, Param>,
): Asked {
  const prefix = strategy.id.replaceAll('-', '_')
  const value = (name: string) => {
    const found = values.get(name)
    if (found === undefined) throw new Error(`${strategy.id} assumes no ${name}`)
    return found
  }
  return {
    scope,
    value,
    sql: (name) => {
      params[`${prefix}_${name}`] = String(value(name).whole)
      return `CAST($${prefix}_${name} AS BIGINT)`
    },
    bind: (name, bound) => {
      params[`${prefix}_${name}`] = bound
      return `$${prefix}_${name}`
    },
    candidates: prices?.candidates ?? [],
    shares: prices?.shares ?? [],
    whatIf: (targets, calls, keep) => {
      if (prices === undefined) throw new Error(`${strategy.id} has no prices`)
      const { params: bound } = resolveTargets(prices.book, targets, 'call', prices.models)
      const place = Object.keys(params).filter((name) => name.startsWith(`${prefix}_what_if_targets`)).length
      let sql = whatIfQuery(calls, keep)
      for (const [name, value] of Object.entries(bound)) {
        params[`${prefix}_${name}_${place}`] = value
        sql = sql.replaceAll(`$${name}`, `$${prefix}_${name}_${place}`)
      }
      return `(${sql})`
    },
  }
}

/** The savings of a strategy, within what the parts of a call cost: neither below 0 nor above them. */
export function savingsOf(asking: Asking, scope: Scope): Part {
  const params: Record<string, Param> = {}
  const within = (part: 'input' | 'output'): string =>
    `greatest(least(coalesce(${part}_saving, 0), ${part}_cost), 0) AS ${part}_taken`
  const sql = /* sql */ `SELECT *, coalesce(input_taken + output_taken, 0) AS taken
    FROM (SELECT *, ${within('input')}, ${within('output')} FROM (${asking.strategy.savings(askedOf(asking, scope, params))}))`
  return { sql, params }
}

/** Segments with a saving, the largest first, then all of them as one row with `is_total`. */
export interface GainRow extends SegmentRow {
  readonly is_total: boolean
}

/** @param top how many segments; the total counts all */
export function gains(asking: Asking, scope: Scope, top: number): Query<GainRow> {
  const { strategy } = asking
  const { cte, params } = scopedCalls(scope)
  const savings = savingsOf(asking, scope)
  const ds = strategy.by.map((_, i) => `d${i}`)
  const figures = Object.entries(strategy.figures ?? {})
  const sql = /* sql */ `WITH ${cte}, savings AS (
      ${savings.sql}
    ), segments AS (
      SELECT ${strategy.by.map((column, i) => `${column} AS d${i}`).join(', ')}, GROUPING(${strategy.by[0]}) = 1 AS is_total,
        count(*) AS considered_calls, count(*) FILTER (WHERE taken > 0) AS saved_calls,
        sum(cost) AS cost, coalesce(sum(taken), 0) AS saving,
        ${figures.length === 0 ? 'NULL' : structOf(Object.fromEntries(figures))} AS figures
      FROM savings GROUP BY GROUPING SETS ((${strategy.by.join(', ')}), ())
    )
    SELECT '${strategy.id}' AS strategy, ${ds.join(', ')}, is_total, considered_calls, saved_calls,
      cost AS cost_usd, saving AS saving_usd, figures
    FROM segments WHERE is_total OR saving > 0
    ORDER BY is_total DESC, saving DESC, ${ds.map((d) => `${d} ASC NULLS LAST`).join(', ')} LIMIT ${top + 1}`
  return { sql, params: { ...params, ...savings.params } }
}

/** A call of a strategy's, with what would have been saved on it. */
export interface ExampleRow {
  readonly call_id: string
  readonly ts: string
  readonly feature: string | null
  readonly model: string | null
  readonly user_id: string | null
  readonly input_tokens: Whole | null
  readonly output_tokens: Whole | null
  readonly cost_usd: Decimal | null
  readonly saving_usd: Decimal
}

/** The calls on which it saves most. */
export function examples(asking: Asking, scope: Scope, count: number): Query<ExampleRow> {
  const { cte, params } = scopedCalls(scope)
  const savings = savingsOf(asking, scope)
  const sql = /* sql */ `WITH ${cte}, savings AS (
      ${savings.sql}
    )
    SELECT calls.call_id, calls.ts, calls.feature, calls.model, calls.user_id, calls.input_tokens, calls.output_tokens,
      calls.cost_usd, savings.taken AS saving_usd
    FROM savings JOIN scoped_calls AS calls ON savings.call_id = calls.call_id AND savings.source = calls.source
    WHERE savings.taken > 0
    ORDER BY savings.taken DESC, calls.ts, calls.call_id, calls.source LIMIT ${count}`
  return { sql, params: { ...params, ...savings.params } }
}

/** How many calls have what strategies need; fields by the order of `needs`. */
export interface CoverageRow {
  readonly calls: Whole
  readonly unpriced_calls: Whole
  readonly partly_priced_calls: Whole
  readonly cost_usd: Decimal | null
  /** Calls whose cost is one number, not parted into input and output; what strategies on tokens leave alone. */
  readonly unparted_calls: Whole
  readonly first_ts: string | null
  readonly last_ts: string | null
  readonly [need: `n${number}`]: Whole
}

/** @param needs SQL over `calls`, true of a call that has the field */
export function coverage(scope: Scope, needs: readonly string[]): Query<CoverageRow> {
  const { sql: condition, params } = inScope(scope)
  const sql = /* sql */ `SELECT count(*) AS calls, count(*) - count(cost_usd) AS unpriced_calls,
      count(*) FILTER (WHERE partly_priced) AS partly_priced_calls, sum(cost_usd) AS cost_usd,
      count(*) FILTER (WHERE NOT ${hasParts}) AS unparted_calls, min(ts) AS first_ts, max(ts) AS last_ts
      ${needs.map((has, i) => `, count(*) FILTER (WHERE ${has}) AS n${i}`).join('')}
    FROM calls WHERE ${condition} AND ${isCall}`
  return { sql, params }
}
