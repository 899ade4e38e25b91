/**
 * Amounts spread over calls by whole-number weights, so that the parts add up to the amount to the last digit.
 * Everything is whole numbers of 1e-18 USD: a division would round.
 */
import type { Statement } from './layer.js'

/** SQL: a DECIMAL(38,18) as a whole number of its last digit. */
export const unitsOf = (amount: string): string =>
  `CAST(replace(CAST(CAST(${amount} AS DECIMAL(38,18)) AS VARCHAR), '.', '') AS HUGEINT)`

/** SQL: that whole number as DECIMAL(38,18); multiplying only moves the point. */
export const amountOf = (units: string): string =>
  `CAST(${units} AS DECIMAL(38,0)) * CAST(0.000000000000000001 AS DECIMAL(18,18))`

/** SQL: a cost of a call as a weight, in whole 1e-12 USD. */
export const weightOf = (cost: string): string => `CAST(${cost} * 1000000000000 AS BIGINT)`

/**
 * Of each pot a call gets `amount × weight / whole`, rounded towards zero; `whole` is what the amount is for, and at
 * least what all calls weigh. What rounding leaves goes to the first calls by id, a unit each. Negative amounts are
 * the mirror of positive ones. What the amount is for beyond the calls is left over.
 *
 * Reads `basis_pots` (pot, units HUGEINT, whole HUGEINT or NULL), `basis_claims` (pot, n, weight BIGINT above 0) and
 * `basis_numbered` (n, source, call_id), where `n` counts up by call_id. Makes `basis_costs` (source, call_id, cost
 * DECIMAL(38,18)) and `basis_left` (pot, units).
 */
export const spread: readonly Statement[] = [
  {
    // Whole quotient and rest apart: the product of an amount and a weight may be beyond 128 bits.
    sql: `CREATE TEMP TABLE basis_terms AS
      SELECT pot, units, sign, claimed, whole, units // whole AS each, units % whole AS rest
      FROM (SELECT pot, abs(units) AS units, sign(units) AS sign, coalesce(claimed, 0) AS claimed,
          greatest(coalesce(claimed, 0), coalesce(whole, 0), 1) AS whole
        FROM basis_pots LEFT JOIN (SELECT pot, sum(weight) AS claimed FROM basis_claims GROUP BY pot) USING (pot))`,
  },
  {
    sql: `CREATE TEMP TABLE basis_parts AS
      SELECT pot, n, ${share('CAST(weight AS HUGEINT)')} AS part FROM basis_claims JOIN basis_terms USING (pot)`,
  },
  {
    sql: `CREATE TEMP TABLE basis_rounding AS
      SELECT pot, sign, ${share('claimed')} - given AS units
      FROM basis_terms JOIN (SELECT pot, sum(part) AS given FROM basis_parts GROUP BY pot) USING (pot)`,
  },
  {
    sql: `CREATE TEMP TABLE basis_costs AS
      SELECT source, call_id, ${amountOf('units')} AS cost
      FROM (SELECT n, sum(sign * (part + more)) AS units
        FROM (SELECT n, sign, part,
            CASE WHEN row_number() OVER (PARTITION BY pot ORDER BY n) <= r.units THEN 1 ELSE 0 END AS more
          FROM basis_parts JOIN basis_rounding r USING (pot))
        GROUP BY n)
      JOIN basis_numbered USING (n)`,
  },
  {
    sql: `CREATE TEMP TABLE basis_left AS
      SELECT pot, CAST(sign AS HUGEINT) * (units - CASE WHEN claimed = 0 THEN 0 ELSE ${share('claimed')} END) AS units FROM basis_terms`,
  },
  // Rows by the million, which no answer reads.
  { sql: 'DROP TABLE basis_parts; DROP TABLE basis_claims; DROP TABLE basis_numbered' },
]

/** SQL: `units × weight // whole`. */
function share(weight: string): string {
  return `(each * ${weight} + (rest * ${weight}) // whole)`
}
