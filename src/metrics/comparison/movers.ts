/** Whose cost changed most between two sets of calls: the groups of one dimension, and all others together. */
import type { Dimension } from '../../domain/dimensions.js'
import type { Decimal, Query, Whole } from '../query.js'
import { columnOf, labelled } from '../scope.js'
import { callsBySide, type Sides } from './compared-calls.js'

export interface MoversRequest extends Sides {
  /** A column or a tag. */
  readonly by: Dimension
  readonly top: number
  /** Days of each side where figures a day are compared; 1 and 1 where totals are. */
  readonly days: readonly [a: number, b: number]
}

/** The groups that moved most, the largest change first, then all others in one row; totals are their sums. */
export interface MoverRow {
  readonly value: string | number | boolean | null
  readonly is_others: boolean
  /** Groups in the row: 1, or those that make up the others. */
  readonly groups: Whole
  readonly a_calls: Whole
  readonly b_calls: Whole
  /** NULL where the row has no priced call on that side. */
  readonly a_cost_usd: Decimal | null
  readonly b_cost_usd: Decimal | null
  /**
   * Part of the change of the mean cost a call that is a change within the groups of this row, at the mean
   * of both sides' mix; the rest of it is a change of the mix. USD a call.
   */
  readonly within_usd: Decimal | null
}

export function movers({ by, top, days, ...sides }: MoversRequest): Query<MoverRow> {
  const { column, params: named } = columnOf(by, 'mover_tag')
  const { sql: calls, params } = callsBySide(sides, `${labelled(by, column, sides.a)} AS value, cost_usd`)
  const change = `abs(coalesce(CAST(a_cost_usd AS DOUBLE), 0) / CAST($a_days AS DOUBLE)
        - coalesce(CAST(b_cost_usd AS DOUBLE), 0) / CAST($b_days AS DOUBLE))`
  const sql = /* sql */ `
    WITH calls_by_side AS (${calls}
    ), groups AS (
      SELECT value,
        ${sideFigures('a', 'is_a')},
        ${sideFigures('b', 'NOT is_a')}
      FROM calls_by_side
      GROUP BY value
    ), means AS (
      SELECT *,
        coalesce(CAST(a_priced AS DOUBLE) / nullif(sum(a_priced) OVER (), 0), 0) AS a_share,
        coalesce(CAST(b_priced AS DOUBLE) / nullif(sum(b_priced) OVER (), 0), 0) AS b_share,
        CAST(a_cost_usd AS DOUBLE) / nullif(a_priced, 0) AS a_mean,
        CAST(b_cost_usd AS DOUBLE) / nullif(b_priced, 0) AS b_mean
      FROM groups
    ), ranked AS (
      SELECT *,
        -- Rounded, so that the sum does not depend on the order of adding.
        CAST((a_share + b_share) / 2 * (a_mean - b_mean) AS DECIMAL(38, 18)) AS within_usd,
        row_number() OVER (ORDER BY ${change} DESC, value ASC NULLS LAST) AS place
      FROM means
    ), placed AS (
      SELECT *, place > CAST($top AS BIGINT) AS is_others, CASE WHEN place <= CAST($top AS BIGINT) THEN place END AS rank
      FROM ranked
    )
    SELECT max(CASE WHEN NOT is_others THEN value END) AS value, is_others, count(*) AS groups,
      sum(a_calls) AS a_calls, sum(b_calls) AS b_calls, sum(a_cost_usd) AS a_cost_usd,
      sum(b_cost_usd) AS b_cost_usd, sum(within_usd) AS within_usd
    FROM placed
    GROUP BY is_others, rank
    ORDER BY is_others, rank`
  const [aDays, bDays] = days
  return { sql, params: { ...params, ...named, top, a_days: aDays, b_days: bDays } }
}

function sideFigures(side: 'a' | 'b', condition: string): string {
  const of = (aggregate: string): string => `${aggregate} FILTER (WHERE ${condition}) AS ${side}_`
  return `${of('count(*)')}calls, ${of('count(cost_usd)')}priced, ${of('sum(cost_usd)')}cost_usd`
}
