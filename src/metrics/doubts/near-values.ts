/** Why a filter finds nothing: when its calls were made, and the values that are most like the one typed. */
import { filterDimension } from '../../domain/dimensions.js'
import type { Filter, Window } from '../../domain/scope.js'
import { containsText, entryNames, similarity } from '../dialect.js'
import type { Query, Whole } from '../query.js'
import { columnOf, inFilters, inScope } from '../scope.js'

export interface FilterExtentRow {
  /** Calls at any time that pass the filter. */
  readonly calls: Whole
  /** Those of them in the window. */
  readonly calls_inside: Whole
  /** ISO 8601 UTC; null when there is none. */
  readonly first_ts: string | null
  readonly last_ts: string | null
}

export interface NearRow {
  readonly value: string
}

/**
 * When the calls that pass one filter were made; one row.
 * @param others filters that they pass, too
 */
export function filterExtent(
  filter: Filter,
  { since, until }: Window,
  others: readonly Filter[] = [],
): Query<FilterExtentRow> {
  const condition = inFilters([filter, ...others])
  const inside = inScope({ since, until, filters: [], tz: 'UTC' })
  const sql = /* sql */ `
    SELECT count(*) AS calls, count(*) FILTER (WHERE ${inside.sql}) AS calls_inside,
      min(ts) AS first_ts, max(ts) AS last_ts
    FROM calls WHERE ${condition.sql}`
  return { sql, params: { ...condition.params, ...inside.params } }
}

/**
 * The values of a filter's dimension that are most like the filter's own, the closest first. A dimension may
 * have a million values, so they are compared where they are.
 */
export function nearValues({ dimension, value }: Filter, top: number): Query<NearRow> {
  const { column, params } = columnOf(filterDimension(dimension), 'tag')
  const values = `SELECT DISTINCT CAST(${column} AS VARCHAR) AS value FROM calls WHERE ${column} IS NOT NULL`
  return { sql: closest(values, top), params: { ...params, typed: value } }
}

/** The names of tags that are most like this one. */
export function nearTags(tag: string, top: number): Query<NearRow> {
  const names = `SELECT DISTINCT unnest(${entryNames('tags')}) AS value FROM calls`
  return { sql: closest(names, top), params: { typed: tag } }
}

/** Of the best, this share must be reached: beside a likely name, others would only distract. */
const leastShare = 0.8

/** The same letters in another case first, then what holds the text, then what is most like it. */
const closest = (values: string, top: number): string => /* sql */ `
  WITH compared AS (
    SELECT value, ${similarity('lower(value)', 'lower($typed)')} AS alike,
      CASE WHEN lower(value) = lower($typed) THEN 3
        WHEN length($typed) > 2 AND ${containsText('value', '$typed')} THEN 2
        ELSE 0 END AS letters
    FROM (${values}) AS known
  ), ranked AS (
    SELECT value, letters + alike AS score, max(letters + alike) OVER () AS best FROM compared
  )
  SELECT value FROM ranked WHERE score >= ${leastShare} * best
  ORDER BY score DESC, value
  LIMIT ${top}`
