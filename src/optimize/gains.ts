/** What strategies would have saved, each for itself: by segment, in all, and the calls behind it. */
import type { Rate } from '../domain/costs/rate.js'
import type { Scope } from '../domain/scope.js'
import { timestampText } from '../domain/words/quoting.js'
import type { Decimal, Param, Query, Whole } from '../metrics/query.js'
import { zoneOffset } from '../metrics/buckets.js'
import { epochMicros, structOf } from '../metrics/dialect.js'
import type { PriceBook } from '../pricing/book.js'
import { resolveTargets, type StoredModel, type Target } from '../pricing/what-if/targets.js'
import { whatIfQuery } from '../pricing/what-if/what-if-sql.js'
import type { Values } from './assumptions.js'
import { noMoney, type ScopedCalls } from './scoped-calls.js'
import type { Asked, Candidate, SegmentRow, Strategy } from './strategy.js'

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
  /** The window of the calls, in which prices of other times are left out, and the zone of its days. */
  readonly scope: Scope
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
  absent: ReadonlySet<string>,
  params: Record<string, Param>,
): Asked {
  const prefix = strategy.id.replaceAll('-', '_')
  const value = (name: string) => {
    const found = values.get(name)
    if (found === undefined) throw new Error(`${strategy.id} assumes no ${name}`)
    return found
  }
  return {
    value,
    sql: (name) => {
      params[`${prefix}_${name}`] = String(value(name).whole)
      return `CAST($${prefix}_${name} AS BIGINT)`
    },
    bind: (name, bound) => {
      params[`${prefix}_${name}`] = bound
      return `$${prefix}_${name}`
    },
    localMicros: () => {
      if (prices === undefined) throw new Error(`${strategy.id} has no zone`)
      const offset = zoneOffset(prices.scope)
      Object.assign(params, offset.params)
      return `(${epochMicros('ts')} + ${offset.sql})`
    },
    candidates: prices?.candidates ?? [],
    shares: prices?.shares ?? [],
    whatIf: (targets, relation, keep, on) => {
      if (prices === undefined) throw new Error(`${strategy.id} has no prices`)
      const { params: bound } = resolveTargets(prices.book, targets, 'call', prices.models)
      const place = Object.keys(params).filter((name) => name.startsWith(`${prefix}_what_if_targets`)).length
      let sql = whatIfQuery(relation, keep, on, absentOf(absent, targets))
      const rates = ratesWithin(bound.what_if_rates, prices.scope)
      for (const [name, value] of Object.entries({ ...bound, what_if_rates: rates })) {
        params[`${prefix}_${name}_${place}`] = value
        sql = sql.replaceAll(`$${name}`, `$${prefix}_${name}_${place}`)
      }
      return `(${sql})`
    },
  }
}

/** Rates that may hold in the window, without what they say nothing of: years of prices are a long text. */
function ratesWithin(rates: string, { since, until }: Pick<Scope, 'since' | 'until'>): string {
  const holds = (JSON.parse(rates) as Rate[]).filter(
    ({ valid_from: from, valid_to: to }) =>
      (until === null || from < timestampText(until)) && (since === null || to > timestampText(since)),
  )
  return JSON.stringify(holds, (_, value: unknown) => (value === null ? undefined : value))
}

/** A tier that a target names every call has there, though none has one in the log. */
const absentOf = (absent: ReadonlySet<string>, targets: readonly Target[]): ReadonlySet<string> =>
  new Set([...absent].filter((name) => name !== 'service_tier' || targets.every(({ tier }) => tier === null)))

/** The savings of a strategy, within what the parts of a call cost: neither below 0 nor above them. */
export function savingsOf(asking: Asking, { absent }: Pick<ScopedCalls, 'absent'>): Part {
  const params: Record<string, Param> = {}
  const within = (part: 'input' | 'output'): string =>
    `CASE WHEN ${part}_saving > 0 THEN greatest(least(CAST(${part}_saving AS DECIMAL(18,12)), ${part}_cost), ${noMoney}) ELSE ${noMoney} END AS ${part}_taken`
  const sql = /* sql */ `SELECT *, CAST(input_taken + output_taken AS DECIMAL(18,12)) AS taken
    FROM (SELECT *, ${within('input')}, ${within('output')} FROM (${asking.strategy.savings(askedOf(asking, absent, params))}))`
  return { sql, params }
}

/** Segments with a saving, the largest first, and all of them as one row with `is_total`, without figures. */
export interface GainRow extends SegmentRow {
  readonly is_total: boolean
}

/** @param top how many segments; the total counts all */
export function gains(asking: Asking, calls: ScopedCalls, top: number): Query<GainRow> {
  const savings = savingsOf(asking, calls)
  const sql = gainsSql(asking.strategy, `(${savings.sql})`, top)
  return { sql: `WITH ${calls.cte}, ${sql}`, params: { ...calls.params, ...savings.params } }
}

/**
 * The same after WITH, from savings that were worked out before: sums of the segments are those of all.
 * @param savings a relation as `savingsOf` answers, by its name or in brackets
 */
export function gainsSql({ id, by, figures = {} }: Strategy, savings: string, top: number): string {
  const ds = by.map((_, i) => `d${i}`)
  const named = Object.keys(figures).length === 0 ? 'NULL' : structOf(figures)
  return /* sql */ `segments AS (
      SELECT ${by.map((column, i) => `CAST(${column} AS VARCHAR) AS d${i}`).join(', ')}, considered_calls, saved_calls, cost, saving, figures
      FROM (SELECT ${by.join(', ')}, count(*) AS considered_calls, count(*) FILTER (WHERE taken > 0) AS saved_calls,
          sum(cost) AS cost, coalesce(sum(taken), 0) AS saving, ${named} AS figures
        FROM ${savings} GROUP BY ${by.join(', ')})
    )
    SELECT '${id}' AS strategy, *
    FROM (SELECT ${ds.join(', ')}, FALSE AS is_total, considered_calls, saved_calls, cost AS cost_usd, saving AS saving_usd, figures
        FROM segments WHERE saving > 0
      UNION ALL BY NAME
      SELECT TRUE AS is_total, coalesce(sum(considered_calls), 0) AS considered_calls, coalesce(sum(saved_calls), 0) AS saved_calls,
        sum(cost) AS cost_usd, coalesce(sum(saving), 0) AS saving_usd FROM segments)
    ORDER BY is_total DESC, saving_usd DESC, ${ds.map((d) => `${d} ASC NULLS LAST`).join(', ')} LIMIT ${top + 1}`
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
export function examples(asking: Asking, calls: ScopedCalls, count: number): Query<ExampleRow> {
  const savings = savingsOf(asking, calls)
  const sql = /* sql */ `WITH ${calls.cte}, savings AS (
      ${savings.sql}
    )
    SELECT calls.call_id, calls.ts, calls.feature, calls.model, calls.user_id, calls.input_tokens, calls.output_tokens,
      calls.cost_usd, savings.taken AS saving_usd
    FROM savings JOIN scoped_calls AS calls USING (call_no)
    WHERE savings.taken > 0
    ORDER BY savings.taken DESC, calls.ts, calls.call_id, calls.source LIMIT ${count}`
  return { sql, params: { ...calls.params, ...savings.params } }
}
