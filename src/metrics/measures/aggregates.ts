/** Aggregates that measures are made of, as SQL. */
import { sessionTotal } from '../../domain/call.js'

/** SQL: true of a call; a session's total is none, though its tokens and dollars count. */
export const isCall = `(operation IS DISTINCT FROM '${sessionTotal}')`

/** How many calls there are. */
export const callCount = `count(*) FILTER (WHERE ${isCall})`

/** An aggregate of calls alone. */
export const ofCalls = (aggregate: string): string => `${aggregate} FILTER (WHERE ${isCall})`

/** SQL: a value of a call; NULL of a session's total. */
export const callsOwn = (value: string): string => `CASE WHEN ${isCall} THEN ${value} END`

/** One amount over another; NULL over nothing. */
export const ratio = (part: string, whole: string): string => `CAST(${part} AS DOUBLE) / nullif(${whole}, 0)`
/** The mean of doubles, summed as decimals: a sum of doubles depends on the order in which threads add. */
export const exactMean = (value: string): string =>
  ratio(`sum(CAST(${value} AS DECIMAL(28, 12)))`, `count(${value})`)
/**
 * Standard deviation of a sample, USD. Squares of doubles are summed as decimals, so that the digits do not
 * depend on the order of adding; the relative error of the variance is some 1e-16 × (1 + mean² / variance).
 */
export const exactStddev = (value: string): string => {
  const double = `CAST(${value} AS DOUBLE)`
  const squares = `CAST(sum(CAST(${double} * ${double} AS DECIMAL(38, 20))) AS DOUBLE)`
  const total = `CAST(sum(${value}) AS DOUBLE)`
  const variance = `(${squares} - ${total} * ${total} / count(${value})) / nullif(count(${value}) - 1, 0)`
  // Values all alike have none; what the subtraction leaves of them is noise.
  return `CASE WHEN count(${value}) > 1 AND min(${value}) = max(${value}) THEN 0.0 ELSE sqrt(CASE WHEN ${variance} < 0 THEN 0.0 ELSE ${variance} END) END`
}
export const where = (condition: string): string => `count(*) FILTER (WHERE ${condition})`
