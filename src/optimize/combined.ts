/**
 * Several strategies on the same calls, one after another: of what those before left of a part of a call, each
 * takes the share that it takes of the whole part.
 *
 * left × saving / whole is rounded down to 10^-12 USD for each call by itself. So a step never takes more than the
 * strategy alone, all of them never more than the cost, and no order of threads can change a digit. Of two that exclude
 * each other the second takes nothing from a call of the first.
 */
import type { Decimal, Query, Whole } from '../metrics/query.js'
import type { Asking } from './gains.js'
import { portionOfAmounts, type ScopedCalls } from './scoped-calls.js'

/** One row: what each step saves, in their order, and what is saved in all. */
export interface CombinedRow {
  readonly [step: `step_${number}_usd`]: Decimal
  readonly [step: `step_${number}_calls`]: Whole
  readonly saving_usd: Decimal
  readonly saved_calls: Whole
}

const parts = ['input', 'output'] as const

/**
 * @param askings in the order in which they are applied
 * @param taken of each of them a relation, by its name or in brackets: `call_no`, `input_taken` and `output_taken` of
 *   the calls on which it saves
 */
export function combined(
  askings: readonly Asking[],
  calls: ScopedCalls,
  taken: readonly string[],
): Query<CombinedRow> {
  const columns = parts.flatMap((part) =>
    taken.map((_, i) => `coalesce(taken_${i}.${part}_taken, 0) AS ${part}_${i}`),
  )
  const sql = /* sql */ `WITH ${calls.cte}, by_call AS (
      SELECT input_cost, output_cost, ${columns.join(', ')}
      FROM scoped_calls
        ${taken.map((relation, i) => `LEFT JOIN ${relation} AS taken_${i} ON taken_${i}.call_no = scoped_calls.call_no`).join('\n        ')}
      WHERE ${taken.map((_, i) => `taken_${i}.call_no IS NOT NULL`).join(' OR ')}
    ), steps AS (
      ${stepsSql(askings)}
    )
    SELECT ${[
      ...askings.flatMap((_, i) => [
        `coalesce(sum(input_step_${i} + output_step_${i}), 0) AS step_${i}_usd`,
        `count(*) FILTER (WHERE input_step_${i} + output_step_${i} > 0) AS step_${i}_calls`,
      ]),
      `coalesce(sum(${allSteps(askings.length).join(' + ')}), 0) AS saving_usd`,
      'count(*) AS saved_calls',
    ].join(', ')}
    FROM steps`
  return { sql, params: calls.params }
}

const allSteps = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `input_step_${i} + output_step_${i}`)

/** Each step within the one before: `<part>_step_<i>` is what it takes, `<part>_left` what it leaves. */
function stepsSql(askings: readonly Asking[]): string {
  let sql = `SELECT *, ${parts.map((part) => `${part}_cost AS ${part}_left`).join(', ')} FROM by_call`
  for (let i = 0; i < askings.length; i++) {
    const excluded = exclusionsOf(askings, i).map((j) => `input_${j} + output_${j} > 0`)
    const isOut = excluded.length === 0 ? '' : `WHEN ${excluded.join(' OR ')} THEN 0 `
    const step = (part: string): string =>
      `CASE ${isOut}WHEN ${part}_${i} = 0 THEN 0 WHEN ${part}_left = ${part}_cost THEN ${part}_${i} ELSE ${portionOfAmounts(`${part}_left`, `${part}_${i}`, `${part}_cost`)} END AS ${part}_step_${i}`
    sql = `SELECT * REPLACE (${parts.map((part) => `${part}_left - ${part}_step_${i} AS ${part}_left`).join(', ')})
      FROM (SELECT *, ${parts.map(step).join(', ')} FROM (${sql}))`
  }
  return sql
}

/** The steps before the i-th that exclude its strategy, or are excluded by it. */
const exclusionsOf = (askings: readonly Asking[], i: number): number[] => {
  const excludes = (a: Asking | undefined, b: Asking | undefined): boolean =>
    b !== undefined && a?.strategy.excludes?.includes(b.strategy.id) === true
  return askings.flatMap((_, j) =>
    j < i && (excludes(askings[i], askings[j]) || excludes(askings[j], askings[i])) ? [j] : [],
  )
}
