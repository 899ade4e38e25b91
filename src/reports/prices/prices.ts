/** Reports on prices as such: the price list, and where one price comes from. */
import { priceNames, type Rate } from '../../domain/costs/rate.js'
import { counted } from '../../domain/words/plurals.js'
import { count } from '../../domain/words/wording.js'
import type { Column, Report, Row, Section } from '../report.js'

/** Prices are of no period. */
export const noPeriod = { since: null, until: null, tz: 'UTC' } as const

/** Where prices come from; printed with every report on prices. */
export interface PriceData {
  readonly version: string
  readonly date: string | null
  readonly overrideFiles: readonly string[]
  /** What `prices update` took in, the oldest first. */
  readonly updates: readonly { readonly made: string; readonly source: string }[]
}

/** Version and date of the price data, and the override files in force. */
export function priceDataLines({ version, date, overrideFiles, updates }: PriceData): string[] {
  const data = date === null ? version : `${version}, published ${date}`
  const files = overrideFiles.length === 0 ? 'none' : overrideFiles.join(', ')
  const last = updates.at(-1)
  const earlier = updates.length > 1 ? `, and ${count(updates.length - 1)} before it` : ''
  const update = last && `Updates: ${last.made.slice(0, 10)} from ${last.source}${earlier}`
  return [`Price data: ${data}`, ...(update === undefined ? [] : [update]), `Override files: ${files}`]
}

/** A rate with what the reader of a list needs beside it. */
export interface ListedRate {
  readonly rate: Rate
  /** When it holds, in words. */
  readonly conditions: string
  readonly inForce: boolean
}

const price = (key: string, title: string, optional?: number): Column => ({
  key,
  title,
  kind: 'price',
  ...(optional === undefined ? {} : { optional }),
})
const data = (key: string, kind: Column['kind']): Column => ({
  key,
  title: key.replaceAll('_', ' '),
  kind,
  dataOnly: true,
})

const shownPrices = new Set<string>([
  'input_price',
  'cache_read_price',
  'cache_write_price',
  'cache_write_1h_price',
  'output_price',
])

const rateColumns: readonly Column[] = [
  { key: 'provider', title: 'provider', kind: 'text' },
  { key: 'model', title: 'model', kind: 'text' },
  price('input_price', 'input'),
  price('cache_read_price', 'cache read', 1),
  price('cache_write_price', 'cache write', 3),
  price('cache_write_1h_price', '1h write', 4),
  price('output_price', 'output'),
  { key: 'conditions', title: 'when', kind: 'text', optional: 2 },
  { key: 'mode', title: 'mode', kind: 'text' },
  ...priceNames.filter((name) => !shownPrices.has(name)).map((key) => data(key, 'price')),
  data('multiplier', 'number'),
  data('multiplier_source', 'text'),
  data('lacks', 'text'),
  data('valid_from', 'time'),
  data('valid_to', 'time'),
  data('above_input_tokens', 'count'),
  data('up_to_input_tokens', 'count'),
  data('from_minute', 'count'),
  data('to_minute', 'count'),
  data('in_force', 'boolean'),
  { key: 'price_source', title: 'source', kind: 'text', optional: 5 },
  { key: 'doubt', title: 'doubt', kind: 'text', optional: 3 },
  data('note', 'text'),
]

/** The columns of these rates: mode and doubt are shown where they say something. */
function columnsOf(rates: readonly ListedRate[]): readonly Column[] {
  const idle = new Set<string>([
    ...(rates.every(({ rate }) => rate.mode === 'standard') ? ['mode'] : []),
    ...(rates.every(({ rate }) => rate.doubt === null) ? ['doubt'] : []),
  ])
  return rateColumns.map((column) => (idle.has(column.key) ? data(column.key, 'text') : column))
}

function rateRow({ rate, conditions, inForce }: ListedRate): Row {
  const { valid_from: from, valid_to: to, band_lo: lo, band_hi: hi, minute_lo, minute_hi, ...rest } = rate
  const time = (text: string): string => `${text.replace(' ', 'T')}Z`
  return {
    ...rest,
    conditions: conditions === '' ? null : conditions,
    valid_from: from < '1970-01-02' ? null : time(from),
    valid_to: to >= '9999' ? null : time(to),
    above_input_tokens: lo < 0 ? null : lo,
    up_to_input_tokens: hi > 1e15 ? null : hi,
    from_minute: minute_lo,
    to_minute: minute_hi,
    in_force: inForce,
  }
}

export interface PriceList {
  readonly filter: string
  readonly rates: readonly ListedRate[]
  readonly models: number
  /** All dates are listed, not the present prices alone. */
  readonly history: boolean
  /** Names close to the filter, for when nothing matched. */
  readonly closest: readonly string[]
  /** A command that the filter may be a slip of: `llmcost prices explain`. */
  readonly meant?: string
}

/** Unit prices by model, USD per million tokens. */
export function pricesReport(list: PriceList, source: PriceData): Report {
  const { filter, closest, meant } = list
  const nothing = [
    `No model matches "${filter}".`,
    ...(meant === undefined ? [] : [`Did you mean ${meant}?`]),
    ...(closest.length > 0 ? [`Close names: ${closest.join(', ')}.`] : []),
  ].join(' ')
  const notes = [
    `${counted(list.models, 'model')}${list.history ? ', prices of all dates' : ', prices in force now'}; USD per million tokens.`,
  ]
  const section: Section = {
    id: 'prices',
    title: filter === '' ? 'Prices' : `Prices of "${filter}"`,
    columns: columnsOf(list.rates),
    rows: list.rates.map(rateRow),
    empty: nothing,
    ...(list.rates.length > 0 ? { notes } : {}),
  }
  return {
    kind: 'prices',
    title: 'Prices',
    period: noPeriod,
    sections: [section],
    warnings: [],
    footer: priceDataLines(source),
  }
}

export interface PriceOrigin {
  readonly given: string
  readonly provider: string | null
  readonly matched: string | null
  readonly rule: string
  /** ISO 8601 UTC: the moment asked about. */
  readonly at: string
  readonly rates: readonly ListedRate[]
  readonly closest: readonly string[]
}

/** What is doubtful about prices in force, where they come from, and what multiplies them, each said once. */
function originNotes(inForce: readonly ListedRate[]): string[] {
  const rates = inForce.map(({ rate }) => rate)
  const notes = rates.flatMap(({ doubt, note, mode, multiplier, multiplier_source: source }) => [
    ...(doubt === null ? [] : [`The price is doubtful: ${doubt}.`]),
    ...(note === null ? [] : [`From ${note}.`]),
    ...(source === null
      ? []
      : [`${mode}: ${multiplier === null ? 'prices of its own' : `× ${multiplier}`} (${source}).`]),
  ])
  const lacks = rates.flatMap((rate) => (rate.lacks === null ? [] : [`Not covered: ${rate.lacks}.`]))
  return [...new Set([...notes, ...lacks])]
}

/** Which price a name gets at a time, and by which rule. */
export function priceOriginReport(origin: PriceOrigin, source: PriceData): Report {
  const { given, provider, matched, rule, at, rates, closest } = origin
  // Whole: the table may have cut it.
  const price_source = rates.find((one) => one.inForce)?.rate.price_source ?? null
  const facts: Section = {
    id: 'origin',
    title: `Price of ${given}`,
    layout: 'facts',
    columns: [
      { key: 'name', title: 'name', kind: 'text' },
      { key: 'provider', title: 'provider', kind: 'text' },
      { key: 'matched', title: 'matched', kind: 'text' },
      { key: 'rule', title: 'rule', kind: 'text' },
      { key: 'price_source', title: 'price from', kind: 'text' },
      { key: 'at', title: 'at', kind: 'time' },
    ],
    rows: [{ name: given, provider, matched, rule, price_source, at }],
    notes: [
      ...(closest.length > 0 ? [`Close names: ${closest.join(', ')}.`] : []),
      ...originNotes(rates.filter((one) => one.inForce)),
    ],
  }
  const inForce: Section = {
    id: 'prices',
    title: 'Prices, USD per million tokens',
    columns: columnsOf(rates).filter(({ key }) => !['provider', 'model'].includes(key)),
    rows: rates.filter((one) => one.inForce).map(rateRow),
    empty: rates.length > 0 ? 'No price at that time.' : 'No price: calls with this name are unpriced.',
  }
  const others = rates.filter((one) => !one.inForce)
  const past: Section = { ...inForce, id: 'other_prices', title: 'At other times', rows: others.map(rateRow) }
  return {
    kind: 'price_origin',
    title: `Price of ${given}`,
    period: noPeriod,
    sections: others.length > 0 ? [facts, inForce, past] : [facts, inForce],
    warnings: [],
    footer: priceDataLines(source),
  }
}
