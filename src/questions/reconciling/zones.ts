/** In which zones the days of bills begin, and a window of days in each of them. */
import { localDate } from '../../domain/time/periods.js'
import { dayMs, instantOf, localAt } from '../../domain/time/zones.js'
import type { BilledSumRow } from '../../metrics/comparison/reconciling.js'

/** The zone in which a biller's days begin. */
export type ZoneOf = (biller: string) => string

/** A window, and the zone that its days are of. */
export interface ZonedWindow {
  readonly since: string
  readonly until: string
  readonly tz: string
}

/** The same days of another zone: a midnight becomes that of the zone, any other moment stays. */
export function windowIn({ since, until, tz }: ZonedWindow, zone: string): ZonedWindow {
  const inZone = (iso: string): string => {
    const local = localAt(Date.parse(iso), tz)
    return local % dayMs === 0 ? new Date(instantOf(local, zone)).toISOString() : iso
  }
  return { since: inZone(since), until: inZone(until), tz: zone }
}

/** The zone of each biller of the charges, in the order of their names. */
export function zonesOf(charges: readonly BilledSumRow[], zoneOf: ZoneOf): ReadonlyMap<string, string> {
  const billers = [...new Set(charges.map(({ biller }) => biller))].toSorted()
  return new Map(billers.map((biller) => [biller, zoneOf(biller)]))
}

/** The one zone of all; undefined where there are several, or no bills. */
export function onlyZone(zones: ReadonlyMap<string, string>): string | undefined {
  const all = new Set(zones.values())
  return all.size === 1 ? [...all][0] : undefined
}

/** The first and the last day of a window in each zone. */
export function daysIn(window: ZonedWindow): (zone: string) => readonly [first: string, last: string] {
  const found = new Map<string, readonly [string, string]>()
  return (zone) => {
    const known = found.get(zone)
    if (known !== undefined) return known
    const { since, until } = windowIn(window, zone)
    const days = [
      localDate(since, zone),
      localDate(new Date(Date.parse(until) - 1).toISOString(), zone),
    ] as const
    found.set(zone, days)
    return days
  }
}
