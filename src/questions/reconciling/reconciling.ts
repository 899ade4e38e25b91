/** Brings bills and calls together: what was billed, what the calls cost, and the parts of the difference. */
import type { Database } from '../../db/database.js'
import type { Part } from '../../billing/reconcile/cause.js'
import { sumOf, type LoggedRow } from '../../billing/reconcile/cells.js'
import { partsOf, type ListPrice } from '../../billing/reconcile/reconcile.js'
import { moneyOf, type Money } from '../../domain/costs/units.js'
import type { Scope } from '../../domain/scope.js'
import { dayMs } from '../../domain/time/zones.js'
import { localDate } from '../../domain/time/periods.js'
import { billedSums, loggedSums, type BilledSumRow } from '../../metrics/comparison/reconciling.js'
import type { PriceBook } from '../../pricing/book.js'
import { ask } from '../question.js'
import { comparedCharges, dayOfCharge, isLong, moved, providerOf, zonesByProvider } from './charges.js'
import {
  comparedOf,
  summedBy,
  type Compared,
  type ReconcileDimension,
  type ReconciledRow,
} from './compared.js'
import { billedRow, loggedRows } from './sides.js'
import { daysIn, onlyZone, windowIn, zonesOf, type ZonedWindow, type ZoneOf } from './zones.js'

export interface Reconciled {
  readonly rows: readonly ReconciledRow[]
  readonly parts: readonly Part[]
  readonly billed: Money
  readonly computed: Money
  /** True where every amount agrees within what rounding does to it. */
  readonly agrees: boolean
  /** What is not compared, in sentences. */
  readonly left: readonly string[]
  /** The window, in the zone of the bills where they have one. */
  readonly window: ZonedWindow
  /** In which zone the days of each biller begin. */
  readonly zones: ReadonlyMap<string, string>
}

const quarterMs = 900_000

/**
 * @param scope a window of days: of each biller's own, where its zone is another than `tz`
 * @param zoneOf in which zone a biller's days begin
 * @throws UserError (usage) where the days of one provider begin in two zones
 */
export async function reconcile(
  db: Database,
  scope: Scope & { readonly since: string; readonly until: string },
  by: readonly ReconcileDimension[],
  biller: string | undefined,
  book: PriceBook,
  zoneOf: ZoneOf = () => scope.tz,
): Promise<Reconciled> {
  // Days of two zones begin up to 26 hours apart, and a day's call may be moved by another day.
  const wide = { ...scope, since: moved(scope.since, -3 * dayMs), until: moved(scope.until, 3 * dayMs) }
  const days = daysIn(scope)
  // A charge of a day mostly begins at midnight UTC, whatever the zone of that day: it is taken by its day.
  const inWindow = (row: BilledSumRow): boolean => {
    const zone = zoneOf(row.biller)
    const [[first, last], day] = [days(zone), dayOfCharge(row, zone)]
    return day >= first && day <= last
  }
  const charges = (await ask(db, billedSums(wide))).filter(inWindow)
  const { chosen, left } = comparedCharges(charges, biller)
  const zones = zonesOf(chosen, zoneOf)
  const byProvider = zonesByProvider(chosen, zoneOf)
  const window = windowIn(scope, onlyZone(zones) ?? scope.tz)
  const logged = (await ask(db, loggedSums(wide))).flatMap((row) => loggedRows(row))
  const billed = chosen.map((row) => billedRow(row, zoneOf(row.biller)))
  const months = new Set(chosen.filter(isLong).map(providerOf))
  const bucketIn = (provider: string, day: string): string => (months.has(provider) ? day.slice(0, 7) : day)
  const parts: Part[] = []
  const rows: Compared[] = []
  for (const [provider, zone] of [...byProvider].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const dayOf = dayWithin(windowIn(scope, zone))
    const own = billed
      .filter((row) => row.provider === provider)
      .map((row) => ({ ...row, bucket: bucketIn(provider, row.bucket) }))
    const wideLogs = logged
      .filter((row) => row.provider === provider && isNear(row.quarter, windowIn(scope, zone)))
      .map((row) => ({ ...row, bucket: bucketIn(provider, dayOf(row.quarter) ?? '') }))
    const day = (quarter: number): string | undefined => {
      const found = dayOf(quarter)
      return found === undefined ? undefined : bucketIn(provider, found)
    }
    parts.push(...partsOf(provider, { billed: own, logged: wideLogs }, day, listPriceOf(book, window.until)))
    rows.push(
      ...comparedOf(
        provider,
        own,
        wideLogs.filter(({ quarter }) => dayOf(quarter) !== undefined),
      ),
    )
  }
  const sums = summedBy(rows, by)
  const [all, worth] = [sumOf(sums, (row) => row.billed), sumOf(sums, (row) => row.computed)]
  return {
    rows: sums,
    parts,
    billed: all,
    computed: worth,
    agrees: parts.every(({ cause }) => cause === 'rounding'),
    left: [...left, ...unbilledProviders(logged, new Set(byProvider.keys()), dayWithin(window))],
    window,
    zones,
  }
}

type DayOf = (quarter: number) => string | undefined

/** The day of a quarter-hour; undefined beyond the window. */
function dayWithin({ since, until, tz }: ZonedWindow): DayOf {
  const [from, to] = [Date.parse(since) / quarterMs, Date.parse(until) / quarterMs]
  return (quarter) =>
    quarter < from || quarter >= to ? undefined : localDate(new Date(quarter * quarterMs).toISOString(), tz)
}

/** Within a day of the window: days that are cut in another zone are found in it. */
const isNear = (quarter: number, { since, until }: ZonedWindow): boolean =>
  quarter * quarterMs >= Date.parse(since) - dayMs && quarter * quarterMs < Date.parse(until) + dayMs

/** Calls of providers that no bill is of are in no difference. */
function unbilledProviders(
  logged: readonly LoggedRow[],
  providers: ReadonlySet<string>,
  dayOf: DayOf,
): string[] {
  const own = logged.filter(
    ({ provider, quarter }) => !providers.has(provider) && dayOf(quarter) !== undefined,
  )
  const names = [...new Set(own.map(({ provider }) => provider))].toSorted()
  return names.length === 0
    ? []
    : [`calls of ${names.join(', ')} are left out: no bill of the window is of them`]
}

/** What the list says of a model's tokens at the end of the window, for tokens that no call was logged of. */
function listPriceOf(book: PriceBook, until: string): ListPrice {
  const at = until.slice(0, 19).replace('T', ' ')
  const column = {
    input: 'input_price',
    cache_read: 'cache_read_price',
    cache_write: 'cache_write_price',
    cache_write_1h: 'cache_write_1h_price',
    output: 'output_price',
  } as const
  return (provider, model, kind) => {
    if (kind === 'all' || kind === 'other') return undefined
    const rate = book
      .resolve(provider, model)
      .rates.find(
        ({ mode, valid_from: from, valid_to: to, band_lo: low }) =>
          mode === 'standard' && from < at && at <= to && low <= 0,
      )
    const price = rate?.[column[kind]] ?? rate?.input_price
    return price === undefined || price === null ? undefined : [moneyOf(price), 1_000_000n]
  }
}

/** Whether a difference is more than a share of what was billed. */
export const isBeyond = (
  { billed, computed }: Pick<Reconciled, 'billed' | 'computed'>,
  share: number,
): boolean => {
  const difference = billed - computed
  const most = (billed < 0n ? -billed : billed) * BigInt(Math.round(share * 1e9))
  return (difference < 0n ? -difference : difference) * 1_000_000_000n > most
}
