/** An engine's answer to the question for days, as rows of `daily_sketches` and `daily_users`. */
import * as casts from '../../ingest/typing/casts.js'
import { parts } from '../../rollups/parts.js'
import { leasts } from '../../rollups/sketch-buckets.js'
import { userColumn, userParts, userPartsOfDays } from '../../rollups/user-days.js'
import { partSql } from '../answer-sql.js'

/** SQL: the beginning of a row's day. */
export const dayOfAnswer = 'make_timestamp(CAST(day AS BIGINT) * 86400000000)'

/** @param answer FROM item with the texts of an answer */
export const sketchesOfAnswer = (answer: string): string =>
  `SELECT ts, label, label_value, quantity, CAST(split_part(pair, ':', 1) AS SMALLINT) AS bucket,
    CAST(sum(CAST(split_part(pair, ':', 2) AS BIGINT)) AS BIGINT) AS bucket_calls
  FROM (SELECT ${dayOfAnswer} AS ts, label, ${casts.label("nullif(label_value, '')")} AS label_value, quantity,
      unnest(string_split(buckets, ' ')) AS pair FROM ${answer} WHERE kind = 'sketch') GROUP BY ALL`

/** @param answer FROM item with the texts of an answer */
export function usersOfAnswer(answer: string): string {
  const figures = userParts.map(([name, of]) => {
    const column = userColumn(name, of)
    return `${partSql(column, parts[name].type)} AS ${column}`
  })
  const read = `SELECT ${dayOfAnswer} AS ts, ${casts.label("nullif(user_id, '')")} AS user_id, ${figures.join(', ')} FROM ${answer} WHERE kind = 'user'`
  return `SELECT ts, user_id, ${userPartsOfDays.join(', ')} FROM (${read}) GROUP BY ts, user_id`
}

/** SQL: a row of a sketch says what no calls can. */
export const impossibleSketches = `bucket < 0 OR bucket > ${leasts.length - 2} OR bucket_calls < 1`
