/**
 * The buckets of sketches: so narrow that any value of one stands for all others of it within half a percent.
 *
 * A value is counted in whole units. Below 100 each number has a bucket of its own, and so has 0; above, a bucket
 * ends where a value is 1.01 times its least one. The bounds come from whole numbers alone, so that every engine
 * has the same to the last digit; the logarithm that an engine guesses a bucket by may be wrong by one.
 */

/** From here on buckets grow. */
export const exactBelow = 100n

/** No value has as many units. */
const most = 10n ** 18n

/** Digits that the recurrence keeps behind the point. */
const one = 10n ** 12n

function growingBounds(): bigint[] {
  const bounds: bigint[] = []
  let bound = exactBelow * one
  do {
    bounds.push((bound + one - 1n) / one)
    bound = (bound * 101n) / 100n
  } while (bounds.at(-1)! <= most)
  return bounds
}

/** The least number of units in each bucket, by its number. */
export const leasts: readonly bigint[] = [
  ...Array.from({ length: Number(exactBelow) }, (_, i) => BigInt(i)),
  ...growingBounds(),
]

/** Number and least of each bucket that grows. */
export const growingLeasts: readonly (readonly [bucket: bigint, least: bigint])[] = leasts
  .map((least, i) => [BigInt(i), least] as const)
  .slice(Number(exactBelow))

/** The bounds as they are bound to a statement; read by `boundsFrom`. */
export const boundsText = JSON.stringify(leasts.map(String))

/**
 * FROM item: the buckets by number, the least value in each and the least beyond it; as money, too.
 * @param text expression: `boundsText`
 */
export const boundsFrom = (text: string): string => {
  const usd = (units: string): string =>
    `CASE WHEN ${units} < ${most} THEN CAST(CAST(${units} AS DECIMAL(18,0)) * 0.000000000001 AS DECIMAL(18,12)) END`
  return `(SELECT bucket, least, next, ${usd('least')} AS least_usd, ${usd('next')} AS next_usd,
      (CAST(least AS DOUBLE) + CAST(next AS DOUBLE) - 1) / 2 AS middle
    FROM (SELECT CAST(bucket AS INTEGER) AS bucket, CAST(bounds[bucket + 1] AS BIGINT) AS least, CAST(bounds[bucket + 2] AS BIGINT) AS next
      FROM (SELECT from_json(CAST(${text} AS JSON), '["VARCHAR"]') AS bounds), range(${leasts.length - 1}) AS numbers(bucket)))`
}

/** The bucket of so many units, or one beside it. @param units SQL, a BIGINT */
export const guessedBucket = (units: string): string =>
  `CAST(CASE WHEN ${units} < ${exactBelow} THEN ${units} ELSE ${exactBelow} + floor(ln(${units} / ${exactBelow}.0) * ${1 / Math.log(1.01)}) END AS INTEGER)`

/**
 * Units of a value, rounded; NULL of none. No value that a call may have is beyond the bounds.
 * @param value SQL, a number
 */
export const unitsOf = (value: string, unitsInOne: number): string =>
  unitsInOne === 1
    ? value
    : // The least and the greatest of a value and NULL would be the value.
      `CASE WHEN ${value} IS NOT NULL THEN CAST(least(greatest(round(CAST(${value} AS DOUBLE) * ${unitsInOne}), 0), 999999999999999000) AS BIGINT) END`
