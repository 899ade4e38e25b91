/**
 * How old the answer was that a hit of the response cache served. No format has a field of its own for it, so
 * it is read from the tags under the names that loggers give it. Where a name tells no unit it is seconds, as
 * in the Age header of HTTP (RFC 9111, section 5.1).
 */
import { mapValue } from '../dialect.js'

const inMs = ['cache_age_ms', 'cacheAgeMs'] as const
const inSeconds = ['cache_age_s', 'cache_age_seconds', 'cacheAgeSeconds', 'cache_age', 'cacheAge'] as const

/** Tags that give the age, the first that is there and sensible counts; for help and documentation. */
export const cacheAgeTags: readonly string[] = [...inMs, ...inSeconds]

/** Beyond three thousand years it is no age; the comparison also leaves out infinity and NaN. */
const longest = '1e14'

const age = (tag: string, ms: number): string => {
  const value = `TRY_CAST(${mapValue('tags', `'${tag}'`)} AS DOUBLE) * ${ms}`
  return `CASE WHEN ${value} BETWEEN 0 AND ${longest} THEN ${value} END`
}

/** The age in ms as an expression over `calls`; NULL where no tag tells it. */
export const cacheAge = `coalesce(${[
  ...inMs.map((tag) => age(tag, 1)),
  ...inSeconds.map((tag) => age(tag, 1000)),
].join(', ')})`
