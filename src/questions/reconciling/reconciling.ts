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
import { comparedCharges, dayOfCharge, isLong, moved, providerOf } from './charges.js'
import {
  comparedOf,
  summedBy,
  type Compared,
  type ReconcileDimension,
  type ReconciledRow,
} from './compared.js'
import { billedRow, loggedRows } from './sides.js'

export interface Reconciled {
  readonly rows: readonly ReconciledRow[]
  readonly parts: readonly Part[]
  readonly billed: Money
  readonly computed: Money
  /** True where every amount agrees within what rounding does to it. */
  readonly agrees: boolean
  /** What is not compared, in sentences. */
  readonly left: readonly string[]
}

const quarterMs = 900_000

/** @param scope a window; its `tz` is the zone in which the biller's days begin */
export async function reconcile(
  db: Database,
  scope: Scope & { readonly since: string; readonly until: string },
  by: readonly ReconcileDimension[],
  biller: string | undefined,
  book: PriceBook,
): Promise<Reconciled> {
  const wide = { ...scope, since: moved(scope.since, -dayMs), until: moved(scope.until, dayMs) }
  // A charge of a day mostly begins at midnight UTC, whatever the zone of that day: it is taken by its day.
  const [firstDay, lastDay] = [localDate(scope.since, scope.tz), localDate(moved(scope.until, -1), scope.tz)]
  const inWindow = (row: BilledSumRow): boolean => {
    const day = dayOfCharge(row, scope.tz)
    return day >= firstDay && day <= lastDay
  }
  const charges = (await ask(db, billedSums(wide))).filter(inWindow)
  const calls = await ask(db, loggedSums(wide))
  const { chosen, left } = comparedCharges(charges, biller)
  const tz = scope.tz
  const billed = chosen.map((row) => billedRow(row, tz))
  const providers = new Set(billed.map(({ provider }) => provider))
  const months = new Set(chosen.filter(isLong).map(providerOf))
  const bucketIn = (provider: string, day: string): string => (months.has(provider) ? day.slice(0, 7) : day)
  const [from, to] = [Date.parse(scope.since) / quarterMs, Date.parse(scope.until) / quarterMs]
  const dayOf = (quarter: number): string | undefined =>
    quarter < from || quarter >= to ? undefined : localDate(new Date(quarter * quarterMs).toISOString(), tz)
  const logged = calls.flatMap((row) => loggedRows(row))
  const parts: Part[] = []
  const rows: Compared[] = []
  for (const provider of [...providers].toSorted()) {
    const own = billed
      .filter((row) => row.provider === provider)
      .map((row) => ({ ...row, bucket: bucketIn(provider, row.bucket) }))
    const wideLogs = logged
      .filter((row) => row.provider === provider)
      .map((row) => ({ ...row, bucket: bucketIn(provider, dayOf(row.quarter) ?? '') }))
    const day = (quarter: number): string | undefined => {
      const found = dayOf(quarter)
      return found === undefined ? undefined : bucketIn(provider, found)
    }
    parts.push(...partsOf(provider, { billed: own, logged: wideLogs }, day, listPriceOf(book, scope.until)))
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
    left: [...left, ...unbilledProviders(logged, providers, dayOf)],
  }
}

/** Calls of providers that no bill is of are in no difference. */
function unbilledProviders(
  logged: readonly LoggedRow[],
  providers: ReadonlySet<string>,
  dayOf: (quarter: number) => string | undefined,
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
