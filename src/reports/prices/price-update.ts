/** What an update of prices changes, by model and unit price. */
import { counted } from '../../domain/words/plurals.js'
import { count } from '../../domain/words/wording.js'
import { noPeriod, priceDataLines, type PriceData } from './prices.js'
import type { Column, Report, Row, Section } from '../report.js'

/** One unit price that becomes another; null: none. */
export interface ChangedPrice {
  readonly provider: string
  readonly model: string
  /** The column of the price list: `input_price`. */
  readonly unit: string
  /** Input tokens above which it holds; 0: from the start. */
  readonly above: number
  /** Minutes of the UTC day. */
  readonly minutes: readonly [number, number]
  readonly before: string | null
  readonly after: string | null
  /** `YYYY-MM-DD` */
  readonly from: string
  readonly isNew: boolean
}

export interface PriceUpdate {
  readonly changes: readonly ChangedPrice[]
  /** What kind of list it was, and where it came from. */
  readonly shape: string
  readonly source: string
  /** Models of the list that have a price. */
  readonly models: number
  readonly free: number
  readonly ambiguous: number
  /** Names of gateways, whose calls count as those of the provider behind them. */
  readonly passedOn: number
  readonly dryRun: boolean
  /** Changes by over ten times, in words. */
  readonly jumps: readonly string[]
  /** The file that it is written to. */
  readonly path: string
}

const columns: readonly Column[] = [
  { key: 'provider', title: 'provider', kind: 'text' },
  { key: 'model', title: 'model', kind: 'text' },
  { key: 'unit', title: 'price of', kind: 'text' },
  { key: 'old_price', title: 'old', kind: 'price' },
  { key: 'new_price', title: 'new', kind: 'price' },
  { key: 'price_change', title: 'change', kind: 'change' },
  { key: 'from', title: 'from', kind: 'text', optional: 1 },
  { key: 'unit_price', title: 'unit price', kind: 'text', dataOnly: true },
  { key: 'above_input_tokens', title: 'above input tokens', kind: 'count', dataOnly: true },
  { key: 'is_new', title: 'new model', kind: 'boolean', dataOnly: true },
]

/** People see so many rows; programs see all. */
const mostRows = 60

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

/** `cache write, above 200,000, 00:30–16:30` */
export function unitWords({ unit, above, minutes: [lo, hi] }: ChangedPrice): string {
  return [
    unit.replace(/_price$/, '').replaceAll('_', ' '),
    ...(above > 0 ? [`above ${count(above)}`] : []),
    ...(hi - lo < 1440 ? [`${clock(lo)}–${clock(hi)}`] : []),
  ].join(', ')
}

const rowOf = (change: ChangedPrice): Row => ({
  provider: change.provider,
  model: change.model,
  unit: unitWords(change),
  old_price: change.before,
  new_price: change.after,
  price_change:
    change.before === null || change.after === null || Number(change.before) === 0
      ? null
      : Number((Number(change.after) / Number(change.before) - 1).toFixed(9)),
  from: change.from,
  unit_price: change.unit,
  above_input_tokens: change.above === 0 ? null : change.above,
  is_new: change.isNew,
})

export function priceUpdateReport(update: PriceUpdate, prices: PriceData): Report {
  const changes = update.changes.toSorted((a, b) => Number(a.isNew) - Number(b.isNew))
  const rows = changes.map(rowOf)
  const section: Section = {
    id: 'price_changes',
    title: update.dryRun ? 'What the update would change' : 'What the update changes',
    columns,
    rows,
    ...(rows.length > mostRows ? { shownRows: rows.slice(0, mostRows) } : {}),
    empty: `No price changes: ${update.shape} agrees on ${models(update.models)}.`,
    notes: notesOf(update, rows.length),
  }
  return {
    kind: 'price_update',
    title: 'Price update',
    period: noPeriod,
    sections: [section],
    warnings: update.dryRun ? update.jumps.map((jump) => `--yes would be needed: ${jump}`) : [],
    footer: priceDataLines(prices),
  }
}

const models = (number: number): string => counted(number, 'model')

function notesOf(update: PriceUpdate, rows: number): string[] {
  const { changes, dryRun, free, ambiguous, passedOn, path, source } = update
  const names = (isNew: boolean): number =>
    new Set(changes.filter((one) => one.isNew === isNew).map((one) => `${one.provider}/${one.model}`)).size
  const sum = [
    ...(names(false) > 0 ? [`${models(names(false))} with another price`] : []),
    ...(names(true) > 0 ? [`${models(names(true))} without a price until now`] : []),
  ]
  return [
    ...(sum.length > 0
      ? [`${sum.join(', ')}; USD per million tokens, per thousand requests and searches.`]
      : []),
    ...(rows > mostRows ? [`${count(rows - mostRows)} more rows with --json or --format csv.`] : []),
    ...(free > 0 ? [`${models(free)} at 0 left out: a 0 may mean that nobody knows.`] : []),
    ...(ambiguous > 0 ? [`${models(ambiguous)} left out: the list has two prices for each.`] : []),
    ...(passedOn > 0
      ? [`${models(passedOn)} of gateways left out: their calls are priced as those of the provider behind.`]
      : []),
    dryRun
      ? 'Nothing was written.'
      : `Written to ${path}, from ${source}. llmcost reprice --dry-run says what moves; llmcost prices update --undo takes it back.`,
  ]
}

/** The last update, taken back. */
export function undoneReport(
  update: { readonly made: string; readonly source: string; readonly models: number; readonly rows: number },
  { dryRun }: { readonly dryRun: boolean },
  prices: PriceData,
): Report {
  return {
    kind: 'price_update_undone',
    title: 'Price update taken back',
    period: noPeriod,
    sections: [
      {
        id: 'update',
        title: dryRun ? 'The update that would be taken back' : 'The update that was taken back',
        layout: 'facts',
        columns: [
          { key: 'made', title: 'made', kind: 'time' },
          { key: 'source', title: 'from', kind: 'text' },
          { key: 'models', title: 'models of the list', kind: 'count' },
          { key: 'prices', title: 'prices', kind: 'count' },
        ],
        rows: [{ made: update.made, source: update.source, models: update.models, prices: update.rows }],
        notes: [dryRun ? 'Nothing was written.' : 'llmcost reprice --dry-run says what moves.'],
      },
    ],
    warnings: [],
    footer: priceDataLines(prices),
  }
}
