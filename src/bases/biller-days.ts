/** Days of billers that do not begin in UTC: which moments the midnights are that bills name. */
import type { Database } from '../db/database.js'
import { instantOf } from '../domain/time/zones.js'
import { timestampText } from '../domain/words/quoting.js'
import type { Statement } from './layer.js'

/** SQL of a charge: of whole days; a shorter one says its hours in UTC. */
export const isOfDays = 'charge_period_end - charge_period_start >= INTERVAL 1 DAY'

/** A midnight of a bill. */
export interface BillerDay {
  readonly biller: string
  /** The midnight that the bill names, `2026-09-02 00:00:00`. */
  readonly named: string
  /** The moment that it is, UTC. */
  readonly begins: string
}

/** Makes `basis_days`. */
export const dayTable = (days: readonly BillerDay[]): Statement => ({
  sql: `CREATE TEMP TABLE basis_days AS SELECT biller, CAST(named AS TIMESTAMP) AS named, CAST(begins AS TIMESTAMP) AS begins
    FROM (SELECT unnest(from_json(CAST($days AS JSON), '[{"biller":"VARCHAR","named":"VARCHAR","begins":"VARCHAR"}]'), recursive := true))`,
  params: { days: JSON.stringify(days) },
})

/**
 * The days that charges of whole days name, as they begin in the zone of their biller. What begins at another hour than
 * 0 in UTC names no day: it is the moment itself.
 */
export async function billerDaysOf(
  db: Database,
  zones: Readonly<Record<string, string>>,
): Promise<readonly BillerDay[]> {
  if (Object.keys(zones).length === 0) return []
  const { rows } = await db.query<{ biller: string; named: string }>(
    `SELECT * FROM (SELECT DISTINCT biller, CAST(unnest([charge_period_start, charge_period_end]) AS VARCHAR) AS named FROM billed WHERE ${isOfDays})
      WHERE named LIKE '%00:00:00'`,
  )
  return rows.flatMap(({ biller, named }) => {
    const zone = Object.hasOwn(zones, biller) ? zones[biller] : undefined
    if (zone === undefined) return []
    const begins = new Date(instantOf(Date.parse(`${named.replace(' ', 'T')}Z`), zone))
    return [{ biller, named, begins: timestampText(begins.toISOString()) }]
  })
}
