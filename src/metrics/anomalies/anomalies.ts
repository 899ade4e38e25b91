/**
 * The hours of a window that are abnormal, in all series at once. Hours and days that cannot be flagged are
 * left out before any baseline is worked out: all costs are at least 0, so no excess is above the cost itself.
 */
import { shareTimes } from '../../domain/materiality.js'
import { baselines } from './anomaly-baselines.js'
import { hourlyCosts, missingHours, whole, withoutUnused, type SeriesRequest } from './anomaly-hours.js'
import {
  accountWeeks,
  bounds,
  drifts,
  isPerson,
  drops,
  judgedHours,
  spikes,
  sustained,
  sustainedBound,
  timesShare,
  type AnomalyKind,
} from './anomaly-tests.js'
import { quantile, wholeNumbers } from '../dialect.js'
import { driftWeeks, provenDrifts } from './surprise-drift.js'
import { surpriseNorms } from './surprise-norms.js'
import { expectedDays, shareOf, surpriseFlags, surprises, type SurpriseRequest } from './surprise-tests.js'
import type { Param, Query, Whole } from '../query.js'

export interface AnomalyRequest extends SurpriseRequest {
  readonly kinds: readonly AnomalyKind[]
  /** By likelihood, or by robust distances from the median. */
  readonly method: 'likelihood' | 'robust'
}

/** One flag: a series, the hour, the test; and apart from these, series that began to cost in the window. */
export interface FlagRow {
  /** `account`: no flag, but where the history of all calls begins (`hour`), and a usual day's cost. */
  readonly kind: AnomalyKind | 'first_spend' | 'account'
  /** 0 the account, else the dimension by its place from 1 on. */
  readonly family: number
  readonly value: string
  /** Local hour, see domain/time/hours.ts. */
  readonly hour: Whole
  /** The hours up to and with this one that cost and norm are of. */
  readonly span_hours: number
  readonly cost_usd: number
  readonly norm_usd: number
  readonly noise_usd: number | null
  /** Median daily cost of the account over the history. */
  readonly usual_usd: number | null
  readonly history_hours: Whole
  /** Excess, or surprise, over its bound; above 1 for a flag. Null where there is no noise at all. */
  readonly strength: number | null
  /** Of a flag by likelihood: calls that cost something, those that are normal, and the log of how little chance brings that. */
  readonly calls?: number | null
  readonly norm_calls?: number | null
  readonly surprise?: number | null
  /** It is the calls that are beyond chance, and not their money alone. */
  readonly is_of_calls?: boolean | null
  /** More than half of the excess remains without its dearest call. */
  readonly is_spread?: boolean | null
  /** Series that are judged beside each other. */
  readonly series_count?: Whole | null
  /** Of a flag by sessions. */
  readonly session_terms?: SessionTerms | null
}

/** The sessions of a flag's hours beside those that are usual. */
export interface SessionTerms {
  /** Active in these hours; those of them that began there, and how many usually do. */
  readonly sessions: number
  readonly begun: number
  readonly norm_begun: number
  /** Cost a call, and calls an hour of a session, times what is usual for the same people: geometric means. */
  readonly price_times: number
  readonly calls_times: number
  /** What each adds to the surprise. */
  readonly begun_surprise: number
  readonly price_surprise: number
  readonly calls_surprise: number
}

/** Days of daily costs that a drift is judged by. */
const driftDays = 28

/** Days to read before the first judged day: that of the day before too, whose hours 24-hour sums reach into. */
export const reachOf = (historyDays: number): number => historyDays + 1

export function anomalies(request: AnomalyRequest): Query<FlagRow> {
  const { span, historyDays, kinds, noiseScale } = request
  const hours = hourlyCosts(request)
  const skipped = missingHours(span)
  const hourly = kinds.some((kind) => kind !== 'drift')
  // Fewer days of history than the four weeks that it compares: no drift.
  const drift = kinds.includes('drift') && historyDays >= driftDays
  const byLikelihood = request.method === 'likelihood'
  const rises = kinds.filter((kind) => kind === 'spike' || kind === 'sustained')
  const tests = [
    ...(byLikelihood ? likelihoodTests(request, rises, skipped.sql) : robustTests(request)),
    ...(drift ? [byLikelihood ? provenDrifts() : drifts()] : []),
    firstSpends(request),
    accountRow,
  ]
  const tables = byLikelihood
    ? rises.length === 0
      ? ''
      : `${surpriseCandidates()}, ${surpriseNorms(skipped.sql)}, ${expectedDays(request, isPerson(request))}, ${surprises(isPerson(request))}, `
    : hourly
      ? `${candidates(request)}, ${baselines(skipped.sql)}, ${judgedHours(request)}, `
      : ''
  const params: Record<string, Param> = {
    ...hours.params,
    ...skipped.params,
    history_days: historyDays,
    since_hour: span.since,
    until_hour: span.until,
    scale: noiseScale,
    min_usd: request.minUsd,
    min_share: request.minShare,
    share_times: shareTimes(request.minShare),
  }
  const sql = /* sql */ `
    WITH ${hours.sql},
    ${usualDays},
    ${dailyCosts},
    ${tables}
    ${drift ? `${byLikelihood ? driftWeeks : accountWeeks},` : ''}
    flags AS (${tests.join(' UNION ALL BY NAME ')})
    SELECT * FROM flags ORDER BY hour, family, value, kind`
  return { sql, params: withoutUnused(params, sql) }
}

/** The tests of hours against medians. */
const robustTests = (request: AnomalyRequest): string[] => [
  ...(request.kinds.includes('spike') ? [spikes()] : []),
  ...(request.kinds.includes('sustained') ? [sustained(request)] : []),
  ...(request.kinds.includes('drop') ? [drops()] : []),
]

/**
 * The test by likelihood; falls, and what is more than a whole usual day though its calls are too few to prove
 * anything, are judged by medians.
 */
function likelihoodTests(request: AnomalyRequest, rises: readonly AnomalyKind[], skipped: string): string[] {
  const kinds = request.kinds.filter((kind) => kind === 'sustained' || kind === 'drop')
  const tests = [
    ...(kinds.includes('sustained') ? [sustained(request, true)] : []),
    ...(kinds.includes('drop') ? [drops()] : []),
  ]
  return [
    ...(rises.length === 0
      ? []
      : [
          `SELECT * FROM (${surpriseFlags()}) WHERE kind IN (${rises.map((kind) => `'${kind}'`).join(', ')})`,
        ]),
    // Names of its own for the same steps.
    ...(tests.length === 0
      ? []
      : [
          /* sql */ `SELECT * FROM (
      WITH ${candidates({ ...request, kinds }, true)}, ${baselines(skipped)}, ${judgedHours(request)}
      ${tests.join(' UNION ALL BY NAME ')})`,
        ]),
  ]
}

/**
 * CTEs `days` of the span, `account_days`: what the account has on each from its first call on, and `usual_days`: what
 * it costs on the median day before each.
 */
export const usualDays = /* sql */ `days AS (
      SELECT ${whole('first_hour')} // 24 + after.days AS day
      FROM ${wholeNumbers(`(${whole('until_hour')} - ${whole('first_hour')}) // 24 + 1`)} AS after(days)
    ), account_days AS MATERIALIZED (
      SELECT days.day, coalesce(sum(cost_usd), 0) AS exact_usd, CAST(coalesce(sum(paid_calls), 0) AS DOUBLE) AS calls,
        CAST(coalesce(sum(CAST(square_usd AS DECIMAL(38, 18))), 0) AS DOUBLE) AS square_usd
      FROM days
      JOIN series ON series.family = 0 AND days.day >= series.first_hour // 24
      LEFT JOIN hourly_costs ON hourly_costs.family = 0 AND hourly_costs.hour // 24 = days.day
      GROUP BY days.day
    ), usual_days AS MATERIALIZED (
      SELECT days.day, ${quantile('account_days.exact_usd', 0.5)} AS usual_usd
      FROM days JOIN account_days
        ON account_days.day < days.day AND account_days.day >= days.day - ${whole('history_days')}
      GROUP BY days.day
    )`

/**
 * CTEs `day_sums`: the days of each series that have calls, and `two_days`: what each judged day and the one before it
 * come to, where they have any.
 */
const dailyCosts = /* sql */ `day_sums AS MATERIALIZED (
      SELECT family, value, hour // 24 AS day, sum(cost_usd) AS exact_usd, max(cost_usd) AS max_hour_usd
      FROM hourly_costs WHERE hour >= ${whole('first_hour')} GROUP BY family, value, hour // 24
    ), two_days AS MATERIALIZED (
      SELECT family, value, day + ago.days AS day, sum(exact_usd) AS two_day_usd,
        coalesce(max(max_hour_usd) FILTER (WHERE ago.days = 0), 0) AS max_hour_usd
      FROM day_sums, (VALUES (0), (1)) AS ago(days)
      WHERE day + ago.days BETWEEN ${whole('since_hour')} // 24 AND (${whole('until_hour')} - 1) // 24
      GROUP BY family, value, day + ago.days
    )`

/** CTE `baseline_days`: the days of a series on which an hour may be flagged, and the days before these. */
function candidates(request: AnomalyRequest, wholeDays = false): string {
  const { kinds } = request
  const loud = (test: string, days: string): string => /* sql */ `
        SELECT family, value, unnest(${days}) AS day FROM two_days JOIN usual_days USING (day) WHERE ${test}`
  const branches = [
    ...(kinds.includes('spike')
      ? [loud(`CAST(max_hour_usd AS DOUBLE) > ${bounds.spike.day} * ${timesShare} * usual_usd`, '[day]')]
      : []),
    ...(kinds.includes('sustained')
      ? [
          loud(
            `CAST(two_day_usd AS DOUBLE) > (${sustainedBound(request, 'day', wholeDays)}) * usual_usd`,
            '[day, day - 1]',
          ),
        ]
      : []),
    ...(kinds.includes('drop') ? [mayDrop] : []),
  ]
  return /* sql */ `baseline_days AS MATERIALIZED (
      SELECT row_number() OVER () AS id, family, value, day, first_hour
      FROM (SELECT DISTINCT * FROM (${branches.join(' UNION ALL ')})) JOIN series USING (family, value)
    )`
}

/** A norm is at most 1.5 times the dearest hour of the history, growth and all. */
const mayDrop = /* sql */ `
        SELECT family, value, unnest([day, day - 1]) AS day FROM (
          SELECT family, value, usual_days.day
          FROM usual_days
          JOIN day_sums ON day_sums.day BETWEEN usual_days.day - ${whole('history_days')} AND usual_days.day - 1
          WHERE usual_days.day BETWEEN ${whole('since_hour')} // 24 AND (${whole('until_hour')} - 1) // 24
          GROUP BY family, value, usual_days.day
          HAVING 3 * 1.5 * CAST(max(max_hour_usd) AS DOUBLE) > ${bounds.drop.day} * ${timesShare} * any_value(usual_usd)
        )`

/**
 * CTE `baseline_days` for the test by likelihood: the days of a series on which an hour may be flagged, the days
 * before these, and the account on each of them, whose rhythm the others are drawn towards.
 */
function surpriseCandidates(): string {
  const least = 'CAST($min_usd AS DOUBLE)'
  const share = 'CAST($min_share AS DOUBLE) * usual_usd'
  return /* sql */ `norm_days AS MATERIALIZED (
      SELECT family, value, unnest([day, day - 1]) AS day
      FROM two_days JOIN usual_days USING (day)
      WHERE CAST(max_hour_usd AS DOUBLE) > greatest(${share}, ${least})
        OR CAST(two_day_usd AS DOUBLE) > greatest(${shareOf(3)} * ${share}, ${least})
    ), baseline_days AS MATERIALIZED (
      SELECT row_number() OVER () AS id, family, value, day, first_hour
      FROM (SELECT * FROM norm_days UNION SELECT 0, '', day FROM norm_days) JOIN series USING (family, value)
    )`
}

/** Series that first cost anything in the window, with what their first 24 hours came to. */
const firstSpends = (request: SeriesRequest): string => /* sql */ `
  SELECT 'first_spend' AS kind, begun.family, begun.value, begun.paid_hour AS hour, 24 AS span_hours,
    CAST(sum(hourly_costs.cost_usd) AS DOUBLE) AS cost_usd, 0.0 AS norm_usd, NULL AS noise_usd,
    any_value(usual_usd) AS usual_usd, 0 AS history_hours, NULL AS strength
  FROM series AS begun
  JOIN hourly_costs ON hourly_costs.hour >= ${whole('since_hour')}
    AND hourly_costs.family = begun.family AND hourly_costs.value = begun.value
    AND hourly_costs.hour BETWEEN begun.paid_hour AND begun.paid_hour + 23
  JOIN usual_days ON usual_days.day = begun.paid_hour // 24
  WHERE begun.paid_hour BETWEEN ${whole('since_hour')} AND ${whole('until_hour')} - 1
  GROUP BY begun.family, begun.value, begun.paid_hour
  HAVING CAST(sum(hourly_costs.cost_usd) AS DOUBLE)
    > ${sustainedBound(request, 'day').replace('family', 'begun.family')} * any_value(usual_usd)`

const accountRow = /* sql */ `
  SELECT 'account' AS kind, family, value, first_hour AS hour, 24 AS span_hours, 0.0 AS cost_usd, 0.0 AS norm_usd,
    NULL AS noise_usd,
    (SELECT usual_usd FROM usual_days WHERE day = (${whole('until_hour')} - 1) // 24) AS usual_usd,
    ${whole('until_hour')} - first_hour AS history_hours, NULL AS strength
  FROM series WHERE family = 0`
