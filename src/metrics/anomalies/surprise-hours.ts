/**
 * Hours of chosen days of chosen series beside the norm of the test by likelihood: the figures of an incident, and
 * every term of what --explain shows of one hour.
 */
import type { Condition } from '../../domain/surprise.js'
import { hourlyCosts, missingHours, whole, withoutUnused, type SeriesRequest } from './anomaly-hours.js'
import { usualDays } from './anomalies.js'
import { isPerson } from './anomaly-tests.js'
import { rowsOfJson } from '../dialect.js'
import type { Decimal, Query, Whole } from '../query.js'
import type { SeriesDay } from './series-hours.js'
import { surpriseNorms } from './surprise-norms.js'
import {
  conditionNames,
  expectedDays,
  surpriseConditions,
  surprises,
  type SurpriseRequest,
} from './surprise-tests.js'

/** What an hour of a series cost, and what it normally costs. */
export interface NormHourRow {
  readonly family: number
  readonly value: string
  /** Local hour. */
  readonly hour: Whole
  readonly exact_usd: Decimal
  readonly norm_usd: number
}

/** CTEs from the rows of `wanted_days`, one a series and day whose history is looked at, to those of the norms. */
function normTables(
  request: SeriesRequest,
  wanted: readonly SeriesDay[],
  types: Readonly<Record<string, string>>,
  onlyWanted: boolean,
): { sql: string; params: Query<unknown>['params']; skipped: string } {
  const only = [...new Set(wanted.map(({ family }) => family))]
  const hours = hourlyCosts(request, onlyWanted ? { name: 'wanted_days', families: only } : undefined)
  const skipped = missingHours(request.span)
  const base = 'base' in types ? 'base' : 'day'
  const sql = /* sql */ `wanted_days AS MATERIALIZED (SELECT DISTINCT * FROM (SELECT ${rowsOfJson('$wanted', types)})),
    ${hours.sql},
    ${usualDays},
    baseline_days AS MATERIALIZED (
      SELECT row_number() OVER (ORDER BY family, value, day) AS id, *
      FROM (
        SELECT family, value, first_hour, ${base} AS day FROM wanted_days JOIN series USING (family, value)
        UNION
        SELECT 0, '', first_hour, base_days.day
        FROM series JOIN (SELECT DISTINCT ${base} AS day FROM wanted_days) AS base_days ON family = 0
      )
    ), ${surpriseNorms(skipped.sql, base === 'base')}`
  const params = {
    ...hours.params,
    ...skipped.params,
    history_days: request.historyDays,
    until_hour: request.span.until,
    wanted: JSON.stringify(wanted),
  }
  return { sql, params, skipped: skipped.sql }
}

/** A day of a series, and the day before which its norm was learned. */
export interface MeasuredDay extends SeriesDay {
  readonly base: number
}

const dayTypes = { family: 'INTEGER', value: 'VARCHAR', day: 'BIGINT' }

/**
 * The hours of these days, up to the end of the span. The norm is that of the days before the base: an incident of
 * some days does not teach its own norm.
 */
export function normHours(request: SeriesRequest, wanted: readonly MeasuredDay[]): Query<NormHourRow> {
  const { sql: tables, params, skipped } = normTables(request, wanted, { ...dayTypes, base: 'BIGINT' }, true)
  const sql = /* sql */ `
    WITH ${tables}, measured_hours AS (
      SELECT wanted_days.family, wanted_days.value, 24 * wanted_days.day + hour_of_day AS hour,
        norm_calls * call_usd AS norm_usd
      FROM wanted_days
      JOIN usable_days ON usable_days.family = wanted_days.family AND usable_days.value = wanted_days.value
        AND usable_days.day = wanted_days.base
      JOIN totals ON totals.id = usable_days.id
      JOIN norms ON norms.id = usable_days.id AND norms.weekday = (wanted_days.day + 4) % 7
    )
    SELECT measured_hours.family, measured_hours.value, measured_hours.hour,
      coalesce(cost_usd, 0) AS exact_usd, norm_usd
    FROM measured_hours LEFT JOIN hourly_costs ON hourly_costs.family = measured_hours.family
      AND hourly_costs.value = measured_hours.value AND hourly_costs.hour = measured_hours.hour
    WHERE measured_hours.hour < ${whole('until_hour')} AND measured_hours.hour NOT IN ${skipped}
    ORDER BY measured_hours.family, measured_hours.value, measured_hours.hour`
  return { sql, params: withoutUnused(params, sql) }
}

/** The sums over one width up to an hour, and what they are judged by. USD, calls; surprise in nats. */
export interface SurpriseRow {
  readonly width: number
  readonly is_whole: boolean
  readonly exact_usd: Decimal
  readonly cost_usd: number
  readonly norm_usd: number
  readonly paid_calls: Whole
  readonly norm_calls: number
  readonly prior_calls: number
  readonly all_calls: number
  readonly type_calls: number | null
  readonly weekday_calls: number | null
  readonly pattern_calls: number
  readonly growth: number
  readonly call_usd: number
  readonly unit_usd: number
  readonly usual_usd: number
  readonly history_hours: Whole
  readonly series_count: Whole
  readonly all_calls_found: number
  readonly all_calls_norm: number
  readonly span_usd: number
  readonly span_norm_usd: number
  readonly found_calls: number
  readonly expected_calls: number
  readonly found_usd: number
  readonly expected_usd: number
  readonly unit: number
  readonly calls_calibration: number
  readonly money_calibration: number
  readonly calls_surprise: number
  readonly money_surprise: number
  readonly whole_bound: number
  readonly discount: number
  readonly least_usd: number
  /** Each condition: what was measured and what it must be above. */
  readonly conditions: Readonly<Record<Condition, readonly [number, number]>>
}

/** Every width of one hour of one series; no rows where it has no norm. */
export function surpriseOfHour(
  request: SurpriseRequest,
  series: Omit<SeriesDay, 'day'>,
  hour: number,
): Query<SurpriseRow> {
  const day = Math.floor(hour / 24)
  const wanted = [day - 1, day].map((one) => ({ ...series, day: one }))
  const { sql: tables, params } = normTables(request, wanted, dayTypes, false)
  const pairs = conditionNames.map((name) => `${name}: [${surpriseConditions[name].join(', ')}]`)
  const sql = /* sql */ `
    WITH ${tables}, ${expectedDays(request, isPerson(request))}, ${surprises(isPerson(request), true)}
    SELECT surprises.* EXCLUDE (family, value, hour), {${pairs.join(', ')}} AS conditions
    FROM surprises JOIN wanted_days USING (family, value, day)
    WHERE hour = CAST($hour AS BIGINT)
    ORDER BY width`
  const all = {
    ...params,
    hour,
    scale: request.noiseScale,
    min_usd: request.minUsd,
    min_share: request.minShare,
  }
  return { sql, params: withoutUnused(all, sql) }
}
