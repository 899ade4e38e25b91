/**
 * Days, or parts of them, whose calls are elsewhere, each with who has brought it: sketches and users tell of a day
 * where each of its parts has them.
 */

/**
 * FROM item: `owner`, `ts` and `file_id` of parts of UTC days; the last is NULL where the calls were once here.
 * @param within condition, over cells as `calls`
 */
export const daysElsewhere = (within = 'TRUE'): string =>
  `(SELECT DISTINCT h.owner, date_trunc('day', h.ts) AS ts, p.file_id
    FROM (SELECT CAST(owner AS VARCHAR) AS owner, ts, source FROM hourly_labels AS calls WHERE owner <> 'calls' AND ${within}) AS h
    LEFT JOIN pulled_hours AS p ON h.owner = 'cube' AND p.hour = epoch_us(h.ts) // 3600000000 AND (p.source IS NULL OR p.source = h.source))`

/** SELECT of the parts that a table tells of. @param where condition on its rows */
export const toldDays = (table: 'daily_sketches' | 'daily_users', where = 'TRUE'): string =>
  `SELECT DISTINCT CAST(owner AS VARCHAR) AS owner, ts, file_id FROM ${table} WHERE ${where}`

/** Condition: two rows are of one part. */
export const sameDay = (one: string, other: string): string =>
  `${one}.owner = ${other}.owner AND ${one}.ts = ${other}.ts AND ${one}.file_id IS NOT DISTINCT FROM ${other}.file_id`
