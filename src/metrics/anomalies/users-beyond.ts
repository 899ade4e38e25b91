/**
 * Users whose day costs far more than their own days did: so many times their usual day, beyond their own
 * dispersion, and enough to matter to the account. A day is judged by the complete days before it alone, and
 * counts from the hour in which it passes its bound, though it still runs: what was spent so far is compared with
 * what a whole day must come to, so that no hour says what the day will take back.
 */
import { hourIso, hourStart, type HourSpan } from '../../domain/time/hours.js'
import type { Scope } from '../../domain/scope.js'
import { zoneOffset } from '../buckets.js'
import { epochMicros, wholeQuotient } from '../dialect.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'
import { boundsOfCandidates, candidates, userDays, userMeans } from './user-day-bounds.js'

export interface UsersBeyondRequest {
  readonly scope: Scope
  /** Must begin with a midnight at least 28 days before the first judged day. */
  readonly span: HourSpan
  /** What a day must cost at least, USD. */
  readonly leastUsd: number
  /** And as a share of the account's usual day. */
  readonly leastShare: number
  /** And so many times the user's usual day; a newcomer's, that of the 95th centile of users. */
  readonly leastRatio: number
  /** And so many spreads of the logarithms of the user's days above their median. */
  readonly spreads: number
}

/** By what a user's day is judged, see user-day-bounds.ts. */
export interface UserDayTerms {
  readonly user_id: string
  /** What his day usually costs; a newcomer's, what that of the 95th centile of users does. */
  readonly usual_usd: number
  /** The largest of the bounds: by the usual day, by the spread, by the account's day and the least amount. */
  readonly bound_usd: number
  readonly is_newcomer: boolean
  /** Median daily cost of the account over the history. */
  readonly account_usd: number
}

/** An hour with calls of a user's day that is beyond its bound, the one in which it passed it and those after. */
export interface UserBeyondRow extends UserDayTerms {
  /** Local hour, see domain/hours.ts. */
  readonly hour: Whole
  /** The hour in which the day passed its bound. */
  readonly passed_hour: Whole
  /** Of the user's day up to and with the hour. */
  readonly cost_usd: Decimal
  /** That cost something. */
  readonly calls: Whole
  /** Where most of that went; null: calls without one. */
  readonly feature: string | null
  readonly feature_share: number
  readonly model: string | null
  readonly model_share: number
}

/** One user's day up to an hour, with each bound. */
export interface UserDayRow extends UserDayTerms {
  /** Of the user's day up to and with the hour. */
  readonly cost_usd: Decimal
  readonly active_days: Whole
  /** Users with enough days to be known. */
  readonly users: Whole
  /** Of the user's active days; a newcomer's, the 95th centile of users'. */
  readonly median_usd: number
  /** Of logarithms above the median. */
  readonly spread: number
  /** Spreads that the day must be above the median. */
  readonly spreads: number
  readonly ratio_usd: number
  readonly spread_usd: number
  readonly share_usd: number
}

/** In the order of time, then of users. */
export function usersBeyond(request: UsersBeyondRequest): Query<UserBeyondRow> {
  const { condition, day, hour, params } = placesOf(request)
  const sql = /* sql */ `
    WITH ${userDays(condition, day)}, judged_days AS MATERIALIZED (
      SELECT DISTINCT day FROM user_days
      WHERE day >= CAST($since_hour AS BIGINT) // 24 AND user_id IS NOT NULL AND CAST(usd AS DOUBLE) >= CAST($least AS DOUBLE)
    ), ${userMeans}, ${candidates}, ${boundsOfCandidates}, ${passing(condition, hour)}, ${most}
    SELECT told.user_id, told.hour, passed_hour, told.cost_usd, told.calls, usual_usd, bound_usd, is_newcomer, account_usd,
      by_feature.name AS feature, by_feature.share AS feature_share, by_model.name AS model, by_model.share AS model_share
    FROM told
    JOIN bounds ON bounds.user_id = told.user_id AND bounds.day = told.hour // 24
    JOIN by_feature ON by_feature.user_id = told.user_id AND by_feature.hour = told.hour AND by_feature.place = 1
    JOIN by_model ON by_model.user_id = told.user_id AND by_model.hour = told.hour AND by_model.place = 1
    ORDER BY told.hour, told.user_id`
  return { sql, params: { ...params, since_hour: request.span.since } }
}

/** The terms of one user on the day of the span's last hour; no row where neither he nor enough others are known. */
export function userDayTerms(request: UsersBeyondRequest, user: string): Query<UserDayRow> {
  const { condition, day, params } = placesOf(request)
  const sql = /* sql */ `
    WITH ${userDays(condition, day)}, judged_days AS MATERIALIZED (
      SELECT (CAST($until_hour AS BIGINT) - 1) // 24 AS day
    ), ${userMeans}, candidates AS (
      SELECT CAST($user AS VARCHAR) AS user_id, day FROM judged_days
    ), ${boundsOfCandidates}
    SELECT bounds.user_id, coalesce(user_days.usd, 0) AS cost_usd, usual_usd, bound_usd, is_newcomer, account_usd,
      active_days, users, median_usd, spread, spreads, ratio_usd, spread_usd, share_usd
    FROM bounds LEFT JOIN user_days ON user_days.user_id = bounds.user_id AND user_days.day = bounds.day`
  return { sql, params: { ...params, user, until_hour: request.span.until } }
}

interface Places {
  readonly condition: string
  /** SQL of a call's local day and hour. */
  readonly day: string
  readonly hour: string
  readonly params: Readonly<Record<string, Param>>
}

function placesOf(request: UsersBeyondRequest): Places {
  const { scope, span, leastUsd, leastShare, leastRatio, spreads } = request
  const iso = (hour: number): string => hourIso(hourStart(hour, scope.tz))
  const window = { ...scope, since: iso(span.first), until: iso(span.until) }
  const condition = inScope(window)
  const offset = zoneOffset(window)
  const micros = `(${epochMicros('ts')} + ${offset.sql})`
  return {
    condition: condition.sql,
    day: wholeQuotient(micros, 86_400_000_000),
    hour: wholeQuotient(micros, 3_600_000_000),
    params: {
      ...condition.params,
      ...offset.params,
      least: leastUsd,
      least_share: leastShare,
      ratio: leastRatio,
      spreads,
    },
  }
}

/** The hours of the candidates' days from that on in which the day passed its bound. */
const passing = (condition: string, hour: string): string => /* sql */ `own_calls AS MATERIALIZED (
      SELECT bounds.user_id, own.hour, feature, model, sum(own.usd) AS usd, count(*) AS calls
      FROM (
        SELECT user_id, ${hour} AS hour, feature, model, cost_usd AS usd FROM calls
        WHERE ${condition} AND cost_usd > 0 AND user_id IN (SELECT user_id FROM bounds)
      ) AS own
      JOIN bounds ON bounds.user_id = own.user_id AND bounds.day = own.hour // 24
      GROUP BY bounds.user_id, own.hour, feature, model
    ), so_far AS MATERIALIZED (
      SELECT user_id, hour, sum(sum(usd)) OVER days AS cost_usd, sum(sum(calls)) OVER days AS calls
      FROM own_calls GROUP BY user_id, hour
      WINDOW days AS (PARTITION BY user_id, hour // 24 ORDER BY hour)
    ), passed AS MATERIALIZED (
      SELECT so_far.user_id, bounds.day, min(hour) AS passed_hour
      FROM so_far JOIN bounds ON bounds.user_id = so_far.user_id AND bounds.day = so_far.hour // 24
      WHERE CAST(cost_usd AS DOUBLE) >= bound_usd GROUP BY so_far.user_id, bounds.day
    ), told AS MATERIALIZED (
      SELECT so_far.user_id, hour, passed_hour, cost_usd, calls
      FROM so_far JOIN passed ON passed.user_id = so_far.user_id AND passed.day = so_far.hour // 24
      WHERE hour >= passed_hour AND passed_hour >= CAST($since_hour AS BIGINT)
    )`

const ranked = (name: string): string => /* sql */ `
      SELECT told.user_id, told.hour, ${name} AS name,
        CAST(sum(usd) AS DOUBLE) / CAST(any_value(told.cost_usd) AS DOUBLE) AS share,
        row_number() OVER (PARTITION BY told.user_id, told.hour ORDER BY sum(usd) DESC, ${name} NULLS LAST) AS place
      FROM told JOIN own_calls AS own
        ON own.user_id = told.user_id AND own.hour // 24 = told.hour // 24 AND own.hour <= told.hour
      GROUP BY told.user_id, told.hour, ${name}`

/** The feature and the model of most of the money of a day so far; of equals the first by name. */
const most = /* sql */ `by_feature AS (${ranked('feature')}), by_model AS (${ranked('model')})`
