/** Which charges are compared with calls, and of which day each is. */
import { groupBy } from '../../billing/reconcile/cells.js'
import { localDate, datePeriod } from '../../domain/time/periods.js'
import { dayMs } from '../../domain/time/zones.js'
import { counted } from '../../domain/words/plurals.js'
import { UserError } from '../../errors.js'
import type { BilledSumRow, BillExtentRow } from '../../metrics/comparison/reconciling.js'
import type { ZoneOf } from './zones.js'

/** A moment so much later. */
export const moved = (iso: string, ms: number): string => new Date(Date.parse(iso) + ms).toISOString()

/** The charges that are compared: of one biller each, in dollars. */
export function comparedCharges(
  charges: readonly BilledSumRow[],
  biller: string | undefined,
): { readonly chosen: readonly BilledSumRow[]; readonly left: readonly string[] } {
  const left: string[] = []
  const billers = new Set(charges.map((row) => row.biller))
  // What a gateway counted is no bill of a provider, and would stand beside it a second time.
  const wanted = (row: BilledSumRow): boolean =>
    biller === undefined ? row.biller !== 'litellm' || billers.size === 1 : row.biller === biller
  if (biller === undefined && billers.has('litellm') && billers.size > 1)
    left.push("LiteLLM's spend by day is left out: it is no provider's bill (--biller litellm compares it)")
  const own = charges.filter(wanted)
  const foreign = groupBy(
    own.filter(({ kind, currency }) => kind === 'cost' && currency !== 'USD'),
    ({ currency }) => currency ?? '(none)',
  )
  const unpaid = usageOfForeignDays(own)
  const alsoUsage = unpaid.size === 0 ? '' : ', and the usage of their days'
  for (const [currency, rows] of foreign)
    left.push(
      `${counted(
        rows.reduce((n, row) => n + Number(row.charges), 0),
        'charge',
      )} in ${currency} left out${alsoUsage}: only USD is compared`,
    )
  const chosen = own.filter((row) => (row.kind === 'cost' ? row.currency === 'USD' : !unpaid.has(row)))
  return { chosen, left }
}

/** Usage without money of its own, of days that the same account was billed for in other currencies alone. */
function usageOfForeignDays(charges: readonly BilledSumRow[]): ReadonlySet<BilledSumRow> {
  const dayOf = ({ biller, account, start }: BilledSumRow): string =>
    JSON.stringify([biller, account, start.slice(0, 10)])
  const costs = charges.filter(({ kind }) => kind === 'cost')
  const days = new Set(costs.filter(({ currency }) => currency !== 'USD').map(dayOf))
  for (const row of costs) if (row.currency === 'USD') days.delete(dayOf(row))
  return new Set(charges.filter((row) => row.kind !== 'cost' && days.has(dayOf(row))))
}

/** Whose calls a charge is for. */
export const providerOf = (row: BilledSumRow): string => row.provider ?? row.biller

/** Charges for tokens over more than a day. */
export const isLong = (row: BilledSumRow): boolean =>
  row.token_type !== null && Date.parse(row.end) - Date.parse(row.start) > 1.5 * dayMs

/**
 * A charge of a whole day says which: it begins at midnight UTC, or at midnight of a zone, in whose day its noon lies
 * wherever it is looked at from. Shorter ones stand in the day of the zone.
 */
export function dayOfCharge({ start, end }: BilledSumRow, tz: string): string {
  if (Date.parse(end) - Date.parse(start) < dayMs) return localDate(start, tz)
  return isMidnight(start) ? start.slice(0, 10) : localDate(moved(start, dayMs / 2), tz)
}

const isMidnight = (iso: string): boolean => Date.parse(iso) % dayMs === 0

/** The days that bills are of, each in its biller's zone, as a window of `tz`; undefined where there are none. */
export function daysOf(
  extents: readonly BillExtentRow[],
  zoneOf: ZoneOf,
  tz: string,
): { readonly since: string; readonly until: string } | undefined {
  const days = extents.flatMap(({ biller, whole_days: whole, first_start: start, last_end: end }) => {
    const zone = zoneOf(biller)
    return whole
      ? [
          isMidnight(start) ? start.slice(0, 10) : localDate(moved(start, dayMs / 2), zone),
          isMidnight(end) ? moved(end, -1).slice(0, 10) : localDate(moved(end, -dayMs / 2), zone),
        ]
      : [localDate(start, zone), localDate(moved(end, -1), zone)]
  })
  const [from, to] = [days.toSorted()[0], days.toSorted().at(-1)]
  if (from === undefined || to === undefined) return undefined
  const [first, last] = [datePeriod(from, tz), datePeriod(to, tz)]
  return first && last && { since: first.from.toISOString(), until: last.to.toISOString() }
}

/**
 * The zone in which the calls of each provider are cut into days.
 * @throws UserError (usage) where two billers have charges of it and days of different zones
 */
export function zonesByProvider(
  charges: readonly BilledSumRow[],
  zoneOf: ZoneOf,
): ReadonlyMap<string, string> {
  const found = new Map<string, { readonly biller: string; readonly zone: string }>()
  for (const row of charges) {
    const [provider, own] = [providerOf(row), { biller: row.biller, zone: zoneOf(row.biller) }]
    const first = found.get(provider) ?? own
    if (first.zone !== own.zone)
      throw new UserError(
        `${first.biller} and ${own.biller} both have charges of ${provider}, and their days begin in ${first.zone} and in ${own.zone}`,
        {
          code: 'usage',
          hint: `A call is of one day: compare one of them (--biller ${first.biller}), or both in one zone (--tz ${first.zone}).`,
        },
      )
    found.set(provider, first)
  }
  return new Map([...found].map(([provider, { zone }]) => [provider, zone]))
}
