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

/**
 * Of each pot a call gets `amount × weight / whole`, rounded towards zero; `whole` is what the amount is for, and at
 * least what all calls weigh. What rounding leaves goes to the first calls by id, a unit each. Negative amounts are
 * the mirror of positive ones. What the amount is for beyond the calls is left over.
 *
 * Reads `basis_pots` (pot, units HUGEINT, whole HUGEINT or NULL) and `basis_claims` (pot, source, call_id, weight
 * HUGEINT above 0). Makes `basis_costs` (source, call_id, cost DECIMAL(38,18)) and `basis_left` (pot, units).
 */
export const spread: readonly Statement[] = [
  {
    sql: `CREATE TEMP TABLE basis_terms AS
      SELECT pot, abs(units) AS units, sign(units) AS sign, coalesce(claimed, 0) AS claimed,
        greatest(coalesce(claimed, 0), coalesce(whole, 0)) AS whole
      FROM basis_pots LEFT JOIN (SELECT pot, sum(weight) AS claimed FROM basis_claims GROUP BY pot) USING (pot)`,
  },
  {
    sql: `CREATE TEMP TABLE basis_parts AS
      SELECT pot, source, call_id, sign, ${share('weight')} AS part
      FROM basis_claims JOIN basis_terms USING (pot)`,
  },
  {
    sql: `CREATE TEMP TABLE basis_rounding AS
      SELECT pot, ${share('claimed')} - given AS units
      FROM basis_terms JOIN (SELECT pot, sum(part) AS given FROM basis_parts GROUP BY pot) USING (pot)`,
  },
  {
    sql: `CREATE TEMP TABLE basis_costs AS
      SELECT source, call_id, ${amountOf('sum(sign * (part + more))')} AS cost
      FROM (SELECT source, call_id, sign, part,
          CASE WHEN row_number() OVER (PARTITION BY pot ORDER BY call_id, source) <= r.units THEN 1 ELSE 0 END AS more
        FROM basis_parts JOIN basis_rounding r USING (pot))
      GROUP BY source, call_id`,
  },
  {
    sql: `CREATE TEMP TABLE basis_left AS
      SELECT pot, CAST(sign AS HUGEINT) * (units - CASE WHEN claimed = 0 THEN 0 ELSE ${share('claimed')} END) AS units FROM basis_terms`,
  },
]

/** SQL: `units × weight // whole`; the product of the two may be beyond 128 bits, its parts are not. */
function share(weight: string): string {
  return `((units // whole) * ${weight} + ((units % whole) * ${weight}) // whole)`
}
