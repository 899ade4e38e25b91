/**
 * Amounts in parts by whole-number weights. Each part lies between two bounds on a line of 2^60, and is what the amount
 * times its upper bound has more than the amount times its lower one, both rounded down: the parts add up to the amount
 * whatever it is, to the last digit, and none is off its share by more than the amount's quintillionth. Bounds are
 * powers of two, since whole numbers of 128 bits are shifted a hundred times as fast as they are divided.
 */
import { sharedCenter } from '../domain/costs/allocation.js'
import { quoteText } from '../domain/words/quoting.js'
import type { Statement } from './layer.js'

const bits = 60

/** SQL: where the line ends. */
const lineEnd = `(CAST(1 AS HUGEINT) << ${bits})`

/** Sums from which on a product with 2^60 may be beyond 128 bits. */
const largest = 2n ** 66n

/** SQL: the bound of what weighs so much up to there. */
const bound = (upTo: string): string =>
  `CASE WHEN all_weigh < CAST('${largest}' AS HUGEINT) THEN ${upTo} * ${lineEnd} // all_weigh
    ELSE (${upTo} // 1000000) * ${lineEnd} // (all_weigh // 1000000) END`

/**
 * Makes `allocation_shares` (rule, period, center, low, high): parts in the order of their names, and one that takes
 * the whole away from what is shared.
 * @param weights SELECT of rule, period, center and weight (HUGEINT)
 */
export const sharesFrom = (weights: string): readonly Statement[] => [
  {
    sql: `CREATE TEMP TABLE allocation_shares AS
      WITH weighed AS (
        SELECT rule, period, center, weight,
          sum(weight) OVER (PARTITION BY rule, period ORDER BY center) AS up_to,
          sum(weight) OVER (PARTITION BY rule, period) AS all_weigh
        FROM (${weights}) WHERE weight > 0)
      SELECT rule, period, center, ${bound('(up_to - weight)')} AS low, ${bound('up_to')} AS high FROM weighed
      UNION ALL SELECT DISTINCT rule, period, ${quoteText(sharedCenter)}, ${lineEnd}, CAST(0 AS HUGEINT) FROM weighed`,
  },
]

/** SQL: the part of an amount in whole units that lies between `low` and `high`; negative ones are the mirror of positive. */
export const partOf = (units: string): string =>
  `CAST(sign(${units}) AS HUGEINT) * (${below(units, 'high')} - ${below(units, 'low')})`

/** SQL: what of an amount lies below a bound. High and low half apart, so that no product is beyond 128 bits. */
function below(units: string, end: 'low' | 'high'): string {
  return `((abs(${units}) >> ${bits}) * ${end} + (((abs(${units}) & (${lineEnd} - 1)) * ${end}) >> ${bits}))`
}
