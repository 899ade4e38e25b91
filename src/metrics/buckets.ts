/**
 * Time buckets in a zone. A zone is a short list of UTC offsets with the instants from which they hold;
 * each call's time is moved by the offset in force, and buckets are whole-number arithmetic on that.
 * So every local day is its exact UTC range, whatever is computed over it: sums, distinct counts and
 * quantiles, across changes to summer time and in half-hour zones.
 */
import type { TimeBucket } from '../domain/dimensions.js'
import type { Scope } from '../domain/scope.js'
import { isUtc, offsetStretches } from '../domain/time/zones.js'
import { epochMicros, formatMicros, monthNumber, padded, wholeQuotient } from './dialect.js'
import type { Param } from './query.js'

const hour = 3_600_000_000
const day = 24 * hour

/** An expression with the values it binds. */
interface Expression {
  readonly sql: string
  readonly params: Record<string, Param>
}

/** The offset from UTC that a call's local time has, microseconds; 0 in UTC. */
export function zoneOffset(scope: Scope): Expression {
  if (isUtc(scope.tz)) return { sql: '0', params: {} }
  // Times are between 2015 and 2100; a window without beginning starts before any call.
  const since = scope.since === null ? Date.UTC(2014, 11, 30) : Date.parse(scope.since)
  const until = scope.until === null ? Date.UTC(2100, 0, 3) : Date.parse(scope.until)
  const stretches = offsetStretches(since, until, scope.tz)
  const params: Record<string, Param> = {}
  // The newest stretch first: most calls are young.
  const branches = stretches
    .slice(1)
    .toReversed()
    .map((stretch, i) => {
      params[`zone_from_${i}`] = String(stretch.from * 1000)
      params[`zone_offset_${i}`] = String(stretch.offsetMinutes * 60_000_000)
      return `WHEN ${epochMicros('ts')} >= CAST($zone_from_${i} AS BIGINT) THEN CAST($zone_offset_${i} AS BIGINT)`
    })
  params['zone_offset'] = String((stretches[0]?.offsetMinutes ?? 0) * 60_000_000)
  const first = 'CAST($zone_offset AS BIGINT)'
  return { sql: branches.length === 0 ? first : `CASE ${branches.join(' ')} ELSE ${first} END`, params }
}

/**
 * The whole number that names a call's bucket; it grows with time.
 * @param offset column or expression with the call's offset, microseconds; `0` in UTC
 */
export function bucketNumber(bucket: TimeBucket, offset: string): string {
  const utc = epochMicros('ts')
  const local = offset === '0' ? utc : `(${utc} + ${offset})`
  const days = wholeQuotient(local, day)
  switch (bucket) {
    case 'hour':
      // An hour that comes twice in autumn is two buckets: the offset is part of its number.
      return offset === '0'
        ? wholeQuotient(utc, hour)
        : `(${wholeQuotient(local, hour)} * 10000 + (1000 - ${wholeQuotient(offset, 60_000_000)}))`
    case 'day':
      return days
    case 'week':
      // 1970-01-01 was a Thursday, three days after a Monday.
      return wholeQuotient(`(${days} + 3)`, 7)
    case 'month':
      return monthNumber(local)
    case 'weekday':
      return `((${days} + 3) % 7)`
    case 'hour_of_day':
      return `(${wholeQuotient(local, hour)} % 24)`
  }
}

/** Time of the local day on the clock, microseconds since midnight. @param offset as for bucketNumber */
export function clockTime(offset: string): string {
  return `(${offset === '0' ? epochMicros('ts') : `(${epochMicros('ts')} + ${offset})`} % ${day})`
}

/** A bucket's number as people and programs read it: `2026-10-02`, `2026-10`, `Monday`, 8. */
export function bucketLabel(bucket: TimeBucket, number: string, utc: boolean): string {
  switch (bucket) {
    case 'hour':
      return utc ? formatMicros(`${number} * ${hour}`, '%Y-%m-%dT%H:00:00Z') : localHour(number)
    case 'day':
      return formatMicros(`${number} * ${day}`, '%Y-%m-%d')
    case 'week':
      return formatMicros(`(${number} * 7 - 3) * ${day}`, '%Y-%m-%d')
    case 'month':
      return `concat(${wholeQuotient(number, 12)}, '-', ${padded(`${number} % 12 + 1`, 2)})`
    case 'weekday':
      return formatMicros(`(${number} + 4) * ${day}`, '%A')
    case 'hour_of_day':
      return number
  }
}

function localHour(number: string): string {
  const start = formatMicros(`${wholeQuotient(number, 10000)} * ${hour}`, '%Y-%m-%dT%H:00:00')
  const minutes = `(1000 - ${number} % 10000)`
  const sign = `CASE WHEN ${minutes} < 0 THEN '-' ELSE '+' END`
  const hours = padded(wholeQuotient(`abs(${minutes})`, 60), 2)
  return `concat(${start}, ${sign}, ${hours}, ':', ${padded(`abs(${minutes}) % 60`, 2)})`
}
