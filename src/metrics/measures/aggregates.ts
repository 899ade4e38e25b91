/** Aggregates that measures are made of, as SQL. */
import { conditions, type PartSql } from '../../rollups/parts.js'

/** SQL: true of a call; a session's total is none, though its tokens and dollars count. */
export const isCall = `(${conditions.call})`

/** How many calls there are. */
export const callCount = `count(CASE WHEN ${isCall} THEN 1 END)`

/** SQL: a value of a call; NULL of a session's total. */
export const callsOwn = (value: string): string => `CASE WHEN ${isCall} THEN ${value} END`

/** One amount over another; NULL over nothing. */
export const ratio = (part: string, whole: string): string => `CAST(${part} AS DOUBLE) / nullif(${whole}, 0)`

/**
 * Standard deviation of a sample of calls' cost, USD. Squares of doubles are summed as decimals, so that the digits do not
 * depend on the order of adding; the relative error of the variance is some 1e-16 × (1 + mean² / variance).
 */
export const costStddev = (part: PartSql): string => {
  const squares = `CAST(${part('squared_cost', 'call')} AS DOUBLE)`
  const total = `CAST(${part('cost_usd', 'call')} AS DOUBLE)`
  const count = part('priced_rows', 'call')
  const [least, most] = [part('min_cost_usd', 'call'), part('max_cost_usd', 'call')]
  const variance = `(${squares} - ${total} * ${total} / ${count}) / nullif(${count} - 1, 0)`
  // Values all alike have none; what the subtraction leaves of them is noise.
  return `CASE WHEN ${count} > 1 AND ${least} = ${most} THEN 0.0 ELSE sqrt(CASE WHEN ${variance} < 0 THEN 0.0 ELSE ${variance} END) END`
}
export const where = (condition: string): string => `count(CASE WHEN ${condition} THEN 1 END)`
