/** SQL that adds up counts which are texts. */
import { absent } from './body-places.js'

export const number = (count: string): string => `TRY_CAST(${count} AS DOUBLE)`

/** SQL: a sum of counts, NULL where none is there. What is no plain count is passed on, so that it is refused. */
export function sumOf(...all: readonly string[]): string {
  const counts = all.filter((sql) => sql !== absent)
  const [first = absent, ...more] = counts
  if (more.length === 0) return first
  const plain = (count: string): string =>
    `coalesce(${number(count)} BETWEEN 0 AND 1e15 AND ${number(count)} = trunc(${number(count)}), false)`
  const odd = counts.map((c) => `WHEN ${c} IS NOT NULL AND NOT ${plain(c)} THEN ${c}`).join(' ')
  const numbers = counts.map((c) => `coalesce(TRY_CAST(${number(c)} AS BIGINT), 0)`).join(' + ')
  return `CASE WHEN ${more.map((c) => `${c} IS NULL`).join(' AND ')} THEN ${first} ${odd} ELSE CAST(${numbers} AS VARCHAR) END`
}

/**
 * SQL for all cache writes. LangChain sets the sum to 0 where it has the writes of five minutes and of an
 * hour apart, other logs have the parts alone, or that of the two which is more than 0.
 * @param all SQL for the cache writes as they are given
 */
export const allWrites = (all: string, fiveMinutes: string, hour: string): string =>
  fiveMinutes === absent
    ? all
    : `CASE WHEN (${fiveMinutes} IS NULL AND ${hour} IS NULL) OR (${all} IS NOT NULL AND ${number(all)} IS NULL)
        OR coalesce(${number(all)} >= coalesce(${number(fiveMinutes)}, 0) + coalesce(${number(hour)}, 0), false) THEN ${all}
      ELSE ${sumOf(fiveMinutes, hour)} END`

/**
 * SQL: the sum of a list of counts as a text, NULL for none. What is no count makes the sum none either, and
 * one beyond a BIGINT stays as large as it is, so that the record is refused.
 */
export function sumOfList(counts: string): string {
  const numbers = `list_transform(${counts}, lambda n: CASE WHEN n IS NOT NULL THEN coalesce(TRY_CAST(n AS DOUBLE), CAST('NaN' AS DOUBLE)) END)`
  return `list_transform([list_sum(${numbers})], lambda s: CASE WHEN abs(s) < 9e15 AND s = trunc(s) THEN CAST(CAST(s AS BIGINT) AS VARCHAR) ELSE CAST(s AS VARCHAR) END)[1]`
}
