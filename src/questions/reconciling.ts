/** Brings bills and calls together: what was billed, what the calls cost, and the parts of the difference. */
import { counted } from '../domain/words/plurals.js'
import type { Database } from '../db/database.js'
import type { Part } from '../billing/reconcile/cause.js'
import {
  groupBy,
  share,
  sumOf,
  type BilledRow,
  type Kind,
  type LoggedRow,
} from '../billing/reconcile/cells.js'
import { partsOf, type ListPrice } from '../billing/reconcile/reconcile.js'
import { modelKey } from '../domain/costs/billed.js'
import { moneyOf, type Money } from '../domain/costs/units.js'
import type { Scope } from '../domain/scope.js'
import { dayMs } from '../domain/time/zones.js'
import { datePeriod, localDate } from '../domain/time/periods.js'
import {
  billedSums,
  loggedSums,
  type BilledSumRow,
  type BillExtentRow,
  type LoggedSumRow,
} from '../metrics/comparison/reconciling.js'
import type { PriceBook } from '../pricing/book.js'
import { ask } from './question.js'

/** What may be grouped by. */
export const reconcileDimensions = ['day', 'provider', 'model', 'project'] as const
export type ReconcileDimension = (typeof reconcileDimensions)[number]

/** One group: both sides, and what only one of them has. */
export interface ReconciledRow {
  readonly labels: Readonly<Partial<Record<ReconcileDimension, string | null>>>
  readonly billed: Money
  readonly computed: Money
  /** Null where the bill does not tell tokens. */
  readonly billedTokens: bigint | null
  readonly tokens: bigint
}

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

const moved = (iso: string, ms: number): string => new Date(Date.parse(iso) + ms).toISOString()

/** The charges that are compared: of one biller each, in dollars. */
function comparedCharges(
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

const providerOf = (row: BilledSumRow): string => row.provider ?? row.biller

/** Charges for tokens over more than a day. */
const isLong = (row: BilledSumRow): boolean =>
  row.token_type !== null && Date.parse(row.end) - Date.parse(row.start) > 1.5 * dayMs

/**
 * A charge of a whole day says which: it begins at midnight UTC, or at midnight of a zone, in whose day its noon lies
 * wherever it is looked at from. Shorter ones stand in the day of the zone.
 */
function dayOfCharge({ start, end }: BilledSumRow, tz: string): string {
  if (Date.parse(end) - Date.parse(start) < dayMs) return localDate(start, tz)
  return isMidnight(start) ? start.slice(0, 10) : localDate(moved(start, dayMs / 2), tz)
}

const isMidnight = (iso: string): boolean => Date.parse(iso) % dayMs === 0

/** The days of a zone that bills are of; undefined where there are none. */
export function daysOf(
  extents: readonly BillExtentRow[],
  tz: string,
): { readonly since: string; readonly until: string } | undefined {
  const days = extents.flatMap(({ whole_days: whole, first_start: start, last_end: end }) =>
    whole
      ? [
          isMidnight(start) ? start.slice(0, 10) : localDate(moved(start, dayMs / 2), tz),
          isMidnight(end) ? moved(end, -1).slice(0, 10) : localDate(moved(end, -dayMs / 2), tz),
        ]
      : [localDate(start, tz), localDate(moved(end, -1), tz)],
  )
  const [from, to] = [days.toSorted()[0], days.toSorted().at(-1)]
  if (from === undefined || to === undefined) return undefined
  const [first, last] = [datePeriod(from, tz), datePeriod(to, tz)]
  return first && last && { since: first.from.toISOString(), until: last.to.toISOString() }
}

function billedRow(row: BilledSumRow, tz: string): BilledRow {
  return {
    provider: providerOf(row),
    bucket: dayOfCharge(row, tz),
    model: row.model === null ? null : modelKey(row.model),
    kind: kindOf(row),
    tier: row.service_tier,
    region: row.region,
    project: row.project,
    labels: { api_key: row.api_key, principal: row.principal, workspace: row.workspace },
    category: row.charge_category,
    cost: row.kind === 'cost' ? moneyOf(row.cost ?? '0') : null,
    tokens: row.tokens === null ? null : BigInt(row.tokens),
    charges: Number(row.charges),
  }
}

function kindOf({ token_type: type, unit, model, kind }: BilledSumRow): Kind {
  if (type !== null) return type as Kind
  return kind === 'cost' && model !== null && unit === 'requests' ? 'all' : 'other'
}

/** Writes for five minutes and for an hour, whose cost is one sum: by 1.25 and 2 times the price of input, as they are sold. */
function writesOf(row: LoggedSumRow): readonly (readonly [Kind, bigint, Money])[] {
  const long = BigInt(row.cache_write_1h_tokens)
  const short = BigInt(row.cache_write_tokens) - long
  const cost = moneyOf(row.cache_write_cost ?? '0')
  const ofLong = share(cost, long * 8n, short * 5n + long * 8n)
  return [
    ['cache_write', short, cost - ofLong],
    ['cache_write_1h', long, ofLong],
  ]
}

/** A row of sums as one row a kind of tokens. */
function loggedRows(row: LoggedSumRow): LoggedRow[] {
  const shared = {
    provider: row.provider ?? '(none)',
    quarter: Number(row.quarter),
    bucket: '',
    model: row.model === null ? null : modelKey(row.model),
    tier: row.speed === 'fast' ? 'fast' : row.service_tier,
    project: row.project,
    priced: row.priced,
  }
  const money = (text: string | null): Money => (row.by_list && row.priced ? moneyOf(text ?? '0') : 0n)
  const of = (kind: Kind, tokens: string, cost: string | null): LoggedRow => ({
    ...shared,
    kind,
    tokens: BigInt(tokens),
    cost: money(cost),
  })
  const writes = writesOf(row).map(([kind, tokens, cost]) => ({
    ...shared,
    kind,
    tokens,
    cost: row.by_list && row.priced ? cost : 0n,
  }))
  const rows: LoggedRow[] = [
    of('input', row.input_tokens, row.input_cost),
    of('cache_read', row.cache_read_tokens, row.cache_read_cost),
    ...writes,
    of('output', row.output_tokens, row.output_cost),
    of('other', '0', row.other_cost),
  ]
  if (!row.by_list) rows.push({ ...shared, kind: 'all', tokens: 0n, cost: moneyOf(row.cost_usd ?? '0') })
  return rows.filter(({ tokens, cost }) => tokens !== 0n || cost !== 0n)
}

interface Compared extends Readonly<Record<ReconcileDimension, string | null>> {
  readonly billed: Money
  readonly computed: Money
  readonly billedTokens: bigint | null
  readonly tokens: bigint
}

function comparedOf(
  provider: string,
  billed: readonly BilledRow[],
  logged: readonly LoggedRow[],
): Compared[] {
  const isUsage = (row: BilledRow): boolean => row.cost === null && row.tokens !== null
  const hasUsage = billed.some(isUsage)
  const none = { billed: 0n, computed: 0n, billedTokens: null, tokens: 0n }
  return [
    ...billed.map((row) => ({
      ...none,
      provider,
      day: row.bucket,
      model: row.model,
      project: row.project,
      billed: row.cost ?? 0n,
      billedTokens: hasUsage === isUsage(row) ? row.tokens : null,
    })),
    ...logged.map((row) => ({
      ...none,
      provider,
      day: row.bucket,
      model: row.model,
      project: row.project,
      computed: row.cost,
      tokens: row.tokens,
    })),
  ]
}

function summedBy(rows: readonly Compared[], by: readonly ReconcileDimension[]): ReconciledRow[] {
  const groups = groupBy(rows, (row) => JSON.stringify(by.map((name) => row[name])))
  return [...groups]
    .map(([key, own]) => {
      const values = JSON.parse(key) as (string | null)[]
      const counts = own.flatMap(({ billedTokens }) => (billedTokens === null ? [] : [billedTokens]))
      return {
        labels: Object.fromEntries(by.map((name, i) => [name, values[i] ?? null])),
        billed: sumOf(own, (row) => row.billed),
        computed: sumOf(own, (row) => row.computed),
        billedTokens: counts.length === 0 ? null : sumOf(counts, (n) => n),
        tokens: sumOf(own, (row) => row.tokens),
      }
    })
    .filter(
      (row) =>
        row.billed !== 0n || row.computed !== 0n || row.tokens !== 0n || (row.billedTokens ?? 0n) !== 0n,
    )
    .toSorted((a, b) => compareLabels(a, b, by))
}

/** In the order of their labels; what has none stands last. */
function compareLabels(a: ReconciledRow, b: ReconciledRow, by: readonly ReconcileDimension[]): number {
  for (const name of by) {
    const [mine, theirs] = [a.labels[name] ?? '\uffff', b.labels[name] ?? '\uffff']
    if (mine !== theirs) return mine < theirs ? -1 : 1
  }
  return 0
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
