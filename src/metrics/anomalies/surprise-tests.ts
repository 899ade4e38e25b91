/**
 * The test of an hour by likelihood: were so many calls, or so much money, in the last 1, 3, 6 or 24 hours still
 * chance? docs/anomaly-method.md tells the method.
 */
import { reached, surpriseBounds, type Condition } from '../../domain/surprise.js'
import { missingHours, whole, type SeriesRequest } from './anomaly-hours.js'
import { measures, shapeOf, surprise, widths, type Width } from './surprise-norms.js'

export interface SurpriseRequest extends SeriesRequest {
  /** The bound of surprise is multiplied by it. */
  readonly noiseScale: number
  /** Smallest excess that matters, USD. */
  readonly minUsd: number
  /** Smallest excess of one hour that matters, as a share of the account's usual day; over a day six times that. */
  readonly minShare: number
}

/** Between the value over one hour (0) and over a day (1). */
const reach = (width: Width): number => Math.log(width) / Math.log(24)

/** Shares of a usual day grow with the hours: this many times over a day. */
const dayShare = 6

/** Smallest excess over so many hours, as a multiple of the share of one hour. */
export const shareOf = (width: Width): number => 1 + (dayShare - 1) * reach(width)

const timesOf = (width: Width): number =>
  surpriseBounds.times.hour + (surpriseBounds.times.day - surpriseBounds.times.hour) * reach(width)

/** CTE `expected_days`: the hours of all days that have a norm, with what was found. */
export function expectedDays({ span }: SeriesRequest, person: string): string {
  const skipped = missingHours(span)
  const passed = span.missing.map(
    (_, i) => ` - CAST(24 * day + hour_of_day > ${whole(`missing_${i}`)} AS BIGINT)`,
  )
  return /* sql */ `hours_of_days AS (
      SELECT norms.* EXCLUDE (weekday), family, value, day, 24 * day + hour_of_day AS hour, history_hours,
        24 * day + hour_of_day${passed.join('')} AS position
      FROM norms JOIN usable_days ON usable_days.id = norms.id AND norms.weekday = (usable_days.day + 4) % 7
    ), series_counts AS (
      SELECT days.day, count(*) AS series_count FROM days JOIN series ON series.first_hour < 24 * days.day GROUP BY days.day
    ), expected_days AS MATERIALIZED (
      SELECT hours_of_days.*, call_usd, unit_usd, usual_usd, series_count,
        ${shapeOf(person.replaceAll('family', 'hours_of_days.family'))} AS shape, norm_calls * call_usd AS norm_usd,
        coalesce(own_costs.cost_usd, 0) AS exact_usd, coalesce(own_costs.paid_calls, 0) AS paid_calls,
        CAST(coalesce(own_costs.cost_usd, 0) AS DOUBLE) AS cost_usd,
        CAST(coalesce(own_costs.max_cost_usd, 0) AS DOUBLE) AS max_cost_usd,
        coalesce(own_costs.square_usd, 0) AS square_usd,
        CAST(coalesce(own_costs.cost_usd, 0) AS DOUBLE) - norm_calls * call_usd AS excess_usd
      FROM hours_of_days
      JOIN totals ON totals.id = hours_of_days.id
      JOIN usual_days ON usual_days.day = hours_of_days.day
      JOIN series_counts ON series_counts.day = hours_of_days.day
      LEFT JOIN own_costs ON own_costs.family = hours_of_days.family
        AND own_costs.value = hours_of_days.value AND own_costs.hour = hours_of_days.hour
      WHERE hours_of_days.hour < ${whole('until_hour')} AND hours_of_days.hour NOT IN ${skipped.sql}
        AND usual_days.usual_usd IS NOT NULL
    )`
}

/** SQL of a window: so many hours up to and with the judged one. */
const upTo = (hours: number): string =>
  `PARTITION BY family, value ORDER BY position ROWS BETWEEN ${hours - 1} PRECEDING AND CURRENT ROW`

/** SQL: an aggregate over the hours of a width; of one hour it is that hour's own, without a window. */
const over = (width: Width, aggregate: string, value: string): string =>
  width === 1 ? value : `${aggregate}(${value}) OVER (${upTo(width)})`

/** SQL: what the hours of a width cost, and what they normally cost. */
const spanUsd = (width: Width): string => `CAST(${over(width, 'sum', 'exact_usd')} AS DOUBLE)`
const spanNormUsd = (width: Width): string =>
  `CAST(${over(width, 'sum', 'CAST(norm_usd AS DECIMAL(38, 18))')} AS DOUBLE)`

/** SQL: the smallest excess that matters. */
const leastUsd = (share: string): string =>
  `greatest(${share} * CAST($min_share AS DOUBLE) * usual_usd, CAST($min_usd AS DOUBLE))`

/**
 * CTE `loud_hours`: the hours of the series of which an hour of the window costs enough beyond its norm. The others
 * are most, and have no need of the windows that follow.
 */
function loudHours(): string {
  const sums = widths.map(
    (width) => `${spanUsd(width)} AS usd_${width}, ${spanNormUsd(width)} AS norm_${width}`,
  )
  const loud = widths.map(
    (width) =>
      `(usd_${width} - norm_${width} >= ${leastUsd(`${shareOf(width)}`)} AND usd_${width} > ${timesOf(width)} * norm_${width})`,
  )
  return /* sql */ `loud_series AS (
      SELECT DISTINCT family, value
      FROM (SELECT family, value, hour, cost_usd, norm_usd, usual_usd, ${sums.join(', ')} FROM expected_days)
      WHERE hour >= ${whole('since_hour')} AND cost_usd > norm_usd AND (${loud.join(' OR ')})
    ), loud_hours AS MATERIALIZED (
      SELECT expected_days.* FROM expected_days JOIN loud_series USING (family, value)
    )`
}

/** Sums over the hours of one width, with the worst hour of calls and of money where it is left out. */
function window(width: Width, from: string): string {
  const worst = (value: string, by: string): string =>
    width >= surpriseBounds.trimmed ? over(width, 'arg_max', `${value}, ${by}`) : '0.0'
  const recent = width === 24 ? `sum(excess_usd) OVER (${upTo(width / 4)})` : 'NULL'
  return /* sql */ `
      SELECT *, ${width} AS width, ${shareOf(width)} AS share, ${timesOf(width)} AS times,
        CAST(${over(width, 'sum', 'paid_calls')} AS DOUBLE) AS all_calls_found,
        ${over(width, 'sum', 'norm_calls')} AS all_calls_norm,
        ${spanUsd(width)} AS span_usd, ${spanNormUsd(width)} AS span_norm_usd,
        ${over(width, 'sum', 'square_usd')} AS span_square_usd, ${over(width, 'max', 'max_cost_usd')} AS dearest_usd,
        greatest(${over(width, 'max', 'excess_usd')}, 0) AS worst_excess_usd,
        ${worst('CAST(paid_calls AS DOUBLE)', 'paid_calls - norm_calls')} AS worst_calls,
        ${worst('norm_calls', 'paid_calls - norm_calls')} AS worst_calls_norm,
        ${worst('cost_usd', 'excess_usd')} AS worst_usd, ${worst('norm_usd', 'excess_usd')} AS worst_norm_usd,
        ${worst('square_usd', 'excess_usd')} AS worst_square_usd, ${recent} AS recent_excess_usd,
        position - ${over(width, 'min', 'position')} = ${width - 1} AS is_whole
      FROM ${from}`
}

/**
 * CTE `surprises`: every judged hour and width with its terms. The history's own surprises can only lessen one, and
 * cost the most to work out: days on which nothing is flagged even without them go without.
 * @param person SQL that is true for a person's series, over `family`
 * @param every with the calibration of every day
 */
export function surprises(person: string, every = false): string {
  const { stake } = surpriseBounds
  const calibration = (kind: 'calls' | 'money'): string =>
    `coalesce(CASE width ${widths.map((width) => `WHEN ${width} THEN ${kind}_calibration_${width}`).join(' ')} END, 1)`
  const hours = every ? 'expected_days' : 'loud_hours'
  return /* sql */ `${every ? '' : `${loudHours()}, `}spans AS (${widths.map((width) => window(width, hours)).join(' UNION ALL ')}),
    trimmed_spans AS (
      SELECT *, span_usd - span_norm_usd AS span_excess_usd,
        all_calls_found - worst_calls AS found_calls, all_calls_norm - worst_calls_norm AS expected_calls,
        span_usd - worst_usd AS found_usd, span_norm_usd - worst_norm_usd AS expected_usd,
        span_square_usd - worst_square_usd AS found_square_usd
      FROM spans WHERE is_whole
    ), unit_spans AS (
      SELECT *, greatest(unit_usd, CASE WHEN found_usd > 1e-12 THEN found_square_usd / found_usd ELSE 0 END) AS unit
      FROM trimmed_spans
    ), raw_surprises AS MATERIALIZED (
      SELECT *, ${surprise('found_calls', 'expected_calls', 'shape')} AS calls_surprise,
        ${surprise('(found_usd / unit)', '(expected_usd / unit)', 'shape')} AS money_surprise,
        least(${stake.most}, greatest(0, CASE WHEN span_excess_usd > ${stake.day} * usual_usd
          THEN ${stake.weight} * ln(span_excess_usd / greatest(${stake.day} * usual_usd, 1e-9)) ELSE 0 END)) AS discount,
        ${surpriseBounds.surprise} * CAST($scale AS DOUBLE) + ln(series_count) AS whole_bound,
        ${leastUsd('share')} AS least_usd
      FROM unit_spans
    ), suspect_days AS MATERIALIZED (
      SELECT DISTINCT id FROM raw_surprises ${every ? '' : `WHERE ${flagged()}`}
    ), ${measures(person)},
    surprises AS (
      SELECT raw_surprises.* EXCLUDE (id, calls_surprise, money_surprise),
        ${calibration('calls')} AS calls_calibration, ${calibration('money')} AS money_calibration,
        calls_surprise / ${calibration('calls')} AS calls_surprise,
        money_surprise / ${calibration('money')} AS money_surprise
      FROM raw_surprises LEFT JOIN measures ON measures.id = raw_surprises.id
    )`
}

/**
 * Every condition as what is measured and what it must be above (or reach: `stake`, `explained`), in SQL over
 * `surprises`. The first six must hold; so must `money`, or `calls` with the two behind it.
 */
export const surpriseConditions = {
  above: ['cost_usd', 'norm_usd'],
  stake: ['span_excess_usd', 'least_usd'],
  times: ['span_usd', 'times * span_norm_usd'],
  rest: [
    'CASE WHEN width = 1 THEN span_excess_usd ELSE span_excess_usd - worst_excess_usd END',
    `CASE WHEN width = 1 THEN 0 ELSE ${surpriseBounds.rest} * span_excess_usd END`,
  ],
  recent: [
    'CASE WHEN width < 24 THEN span_excess_usd ELSE recent_excess_usd END',
    `CASE WHEN width < 24 THEN 0 ELSE ${surpriseBounds.recent} * span_excess_usd END`,
  ],
  money: ['money_surprise', 'whole_bound - discount'],
  calls: ['calls_surprise', 'whole_bound - discount'],
  dearest: ['span_excess_usd - dearest_usd', `${surpriseBounds.dearest} * span_excess_usd`],
  explained: [
    '(all_calls_found - all_calls_norm) * call_usd',
    `${surpriseBounds.explained} * span_excess_usd`,
  ],
} as const satisfies Readonly<Record<Condition, readonly [string, string]>>

export const conditionNames = Object.keys(surpriseConditions) as Condition[]

const holds = (...names: readonly Condition[]): string =>
  names.map((name) => surpriseConditions[name].join(reached.includes(name) ? ' >= ' : ' > ')).join(' AND ')

/** SQL: the money is worth telling. */
const matters = holds('above', 'stake', 'times', 'rest', 'recent')
/** SQL: more calls than chance brings, which explain the money. */
const byCalls = holds('calls', 'dearest', 'explained')
/** SQL: more money than chance brings, counted in calls of its size. */
const byMoney = holds('money')

/** SQL: a judged hour of the window is flagged. */
const flagged = (): string => `hour >= ${whole('since_hour')} AND ${matters} AND (${byMoney} OR (${byCalls}))`

/**
 * The flags, one a series, hour and kind: of its widths the one whose surprise is furthest beyond its bound. The
 * last digits of a norm, a sum of doubles, hang on the order of adding, and are not told.
 */
export const surpriseFlags = (): string => /* sql */ `
  SELECT kind, family, value, hour, width AS span_hours, span_usd AS cost_usd,
    CAST(CAST(span_norm_usd AS DECIMAL(38, 12)) AS DOUBLE) AS norm_usd,
    usual_usd, history_hours, strength, all_calls_found AS calls, all_calls_norm AS norm_calls, surprise,
    is_of_calls, is_spread, series_count
  FROM (
    SELECT *, CASE WHEN width < 24 THEN 'spike' ELSE 'sustained' END AS kind,
      (${byCalls}) AND calls_surprise >= money_surprise AS is_of_calls, ${holds('dearest')} AS is_spread,
      greatest(CASE WHEN ${byCalls} THEN calls_surprise ELSE 0 END, money_surprise) AS surprise,
      surprise / greatest(whole_bound - discount, 1) AS strength
    FROM surprises
    WHERE ${flagged()}
  )
  QUALIFY row_number() OVER (PARTITION BY family, value, hour, kind ORDER BY strength DESC, width) = 1`
