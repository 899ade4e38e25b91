/**
 * What a survey of a table found, resolved here: which words are which, which prices hold for whom and when. So the
 * statement that asks for the cells carries whole numbers and no rules.
 */
import type { Database } from '../db/database.js'
import { modeOf, unknownModes } from '../domain/modes.js'
import { countPrices, priceNames, type PriceName, type Rate } from '../domain/costs/rate.js'
import { UserError } from '../errors.js'
import * as casts from '../ingest/typing/casts.js'
import { toBillionths } from '../pricing/billionths.js'
import type { PriceBook } from '../pricing/book.js'
import { currencyOnly } from '../pricing/price-sql.js'

/** A row of a survey's answer: so many rows have these values; `''` where there is none. */
export interface SurveyRow {
  readonly kind: 'price' | 'status' | 'unread_usage'
  readonly values: readonly string[]
}

/** How calls of one provider, model, tier, speed and region are told, and which prices they fall under. */
export interface PriceKey {
  readonly raw: readonly string[]
  readonly provider: string
  readonly model: string
  readonly tier: string
  /** Number of its prices; 0: none. */
  readonly group: number
  /** Its tier or speed is a word without a price. */
  readonly isUnknown: boolean
}

/** Prices within one box of time, size and minute of the day; the boxes of a group are all there is. */
export interface RateBox {
  readonly group: number
  readonly micros: readonly [from: number, to: number]
  readonly size: readonly [above: number, upTo: number]
  readonly minute: readonly [from: number, to: number]
  /** Whole numbers of 1e-15 USD; absent where there is no price. Undefined: no rate. */
  readonly prices: Readonly<Partial<Record<PriceName, bigint>>> | undefined
  readonly lacks: boolean
}

export interface Resolved {
  readonly keys: readonly PriceKey[]
  readonly boxes: readonly RateBox[]
  /** What a logged status is; '' for none. */
  readonly statuses: readonly (readonly [string, string])[]
  /** Texts of what was not read that bear on money beyond a currency. */
  readonly unread: readonly string[]
}

const first = -8_000_000_000_000_000_000
const last = 8_000_000_000_000_000_000
/** Numbers beyond all times and sizes, exact as doubles. */
const bounds = { micros: [-1e18, 1e18], size: [-1e18, 1e18], minute: [0, 1440] } as const

/**
 * @param db any database: it works out the words
 * @param isOurs the table was written by `export calls`, so that its words are ours, and no status is none
 * @param span microseconds since 1970 of the calls, from and to: prices of other times are left out
 */
export async function resolved(
  db: Database,
  book: PriceBook,
  survey: readonly SurveyRow[],
  isOurs: boolean,
  span: readonly [number, number],
): Promise<Resolved> {
  const rows = survey.filter(({ kind }) => kind === 'price').map(({ values }) => values)
  const named = await namedKeys(db, book, rows)
  const groups = new Map<string, number>()
  const boxes: RateBox[] = [emptyBox(0)]
  const keys = named.map(({ raw, provider, model, tier, mode, unknown }) => {
    const rates =
      provider === '' || model === ''
        ? []
        : book.resolve(provider, model).rates.filter((rate) => rate.mode === mode)
    const id = JSON.stringify([provider, model, mode])
    let group = rates.length === 0 ? 0 : groups.get(id)
    if (group === undefined) {
      groups.set(id, (group = groups.size + 1))
      boxes.push(...boxesOf(group, rates, span))
    }
    return { raw, provider, model, tier, group, isUnknown: unknown }
  })
  return {
    keys,
    boxes,
    statuses: await statusesOf(db, survey, isOurs),
    unread: await unreadOf(db, survey),
  }
}

interface NamedKey {
  readonly raw: readonly string[]
  readonly provider: string
  readonly model: string
  readonly tier: string
  readonly mode: string
  readonly unknown: boolean
}

/** Keys in the words of `calls`, worked out by the same SQL as those of a log. */
async function namedKeys(
  db: Database,
  book: PriceBook,
  rows: readonly (readonly string[])[],
): Promise<NamedKey[]> {
  const [unknownTier, unknownSpeed] = unknownModes('c.service_tier', 'c.speed')
  const words = await db.query<{
    n: number
    provider: string | null
    model: string | null
  }>(
    `SELECT n, ${casts.label('p')} AS provider, ${casts.label('m')} AS model FROM (${unnested}) ORDER BY n`,
    { rows: json(rows) },
  )
  const providers = words.rows.map(({ provider, model }) =>
    model === null ? provider : (book.resolve(provider, model).provider ?? provider),
  )
  const { rows: modes } = await db.query<{ n: number; tier: string | null; mode: string; unknown: boolean }>(
    `SELECT n, service_tier AS tier, ${modeOf('c')} AS mode, coalesce((${unknownTier![0]}) OR (${unknownSpeed![0]}), false) AS unknown
    FROM (SELECT n, nullif(p, '') AS provider, ${casts.serviceTier(`nullif(t, '')`)} AS service_tier,
      ${casts.speed(`nullif(s, '')`)} AS speed, ${casts.region(`nullif(r, '')`)} AS region FROM (${unnested})) c ORDER BY n`,
    { rows: json(rows.map((row, i) => [providers[i] ?? '', ...row.slice(1)])) },
  )
  return modes.map(({ tier, mode, unknown }, i) => ({
    raw: rows[i]!,
    provider: providers[i] ?? '',
    model: words.rows[i]!.model ?? '',
    tier: tier ?? '',
    mode,
    unknown,
  }))
}

const json = (rows: readonly (readonly string[])[]): string =>
  JSON.stringify(rows.map(([p, m, t, s, r], n) => ({ n, p, m, t, s, r })))

const unnested = `SELECT unnest(from_json(CAST($rows AS JSON), '[{"n":"BIGINT","p":"VARCHAR","m":"VARCHAR","t":"VARCHAR","s":"VARCHAR","r":"VARCHAR"}]'), recursive := true)`

async function wordsOf(
  db: Database,
  survey: readonly SurveyRow[],
  kind: SurveyRow['kind'],
  sql: string,
): Promise<readonly { readonly raw: string; readonly word: string | null }[]> {
  const values = survey.filter((row) => row.kind === kind).map((row) => row.values[0] ?? '')
  const { rows } = await db.query<{ raw: string; word: string | null }>(
    `SELECT raw, CAST(${sql} AS VARCHAR) AS word FROM (SELECT raw, nullif(raw, '') AS value FROM
      (SELECT unnest(from_json(CAST($values AS JSON), '["VARCHAR"]')) AS raw))`,
    { values: JSON.stringify([...new Set(values)]) },
  )
  return rows
}

async function statusesOf(
  db: Database,
  survey: readonly SurveyRow[],
  isOurs: boolean,
): Promise<Resolved['statuses']> {
  const sql = casts.status('value', 'NULL', !isOurs)
  const words = await wordsOf(db, survey, 'status', sql)
  return words.map(({ raw, word }) => [raw, word ?? ''] as const)
}

async function unreadOf(db: Database, survey: readonly SurveyRow[]): Promise<readonly string[]> {
  const words = await wordsOf(
    db,
    survey,
    'unread_usage',
    `value IS NOT NULL AND NOT ${currencyOnly('value')}`,
  )
  return words.filter(({ word }) => word === 'true').map(({ raw }) => raw)
}

const emptyBox = (group: number): RateBox => ({
  group,
  ...bounds,
  prices: undefined,
  lacks: false,
})

/**
 * The rates of a group as boxes that leave nothing open: wherever a rate begins or ends, in time, size or minute of
 * the day, all are cut. Each call then is in one box, by comparison alone, and no engine need join by more.
 */
function boxesOf(group: number, rates: readonly Rate[], [from, to]: readonly [number, number]): RateBox[] {
  const edges = (low: number, high: number, at: readonly number[]): (readonly [number, number])[] => {
    const inside = [...new Set(at.filter((edge) => edge > low && edge < high))].toSorted((a, b) => a - b)
    return [low, ...inside].map((edge, i) => [edge, inside[i] ?? high] as const)
  }
  const spans = rates.map((rate) => ({
    rate,
    from: microsOf(rate.valid_from),
    to: microsOf(rate.valid_to),
  }))
  const times = edges(
    ...bounds.micros,
    spans.flatMap((one) => [one.from, one.to]),
  ).filter(([low, high]) => low < to && high > from)
  const sizes = edges(
    ...bounds.size,
    rates.flatMap(({ band_lo, band_hi }) => [band_lo, band_hi]),
  )
  const minutes = edges(
    ...bounds.minute,
    rates.flatMap(({ minute_lo, minute_hi }) => [minute_lo, minute_hi]),
  )
  // What lies outside of the span is asked of no call; were it, it had no price.
  const outside = [
    [bounds.micros[0], times[0]?.[0] ?? bounds.micros[1]],
    [times.at(-1)?.[1] ?? bounds.micros[1], bounds.micros[1]],
  ] as const
  return [
    ...outside.filter(([low, high]) => low < high).map((micros) => ({ ...emptyBox(group), micros })),
    ...times.flatMap((micros) =>
      sizes.flatMap((size) =>
        minutes.map((minute): RateBox => {
          const found = spans.find(
            (one) =>
              one.from <= micros[0] &&
              micros[0] < one.to &&
              one.rate.band_lo <= size[0] &&
              size[0] < one.rate.band_hi &&
              one.rate.minute_lo <= minute[0] &&
              minute[0] < one.rate.minute_hi,
          )
          const box = { group, micros, size, minute }
          return found === undefined
            ? { ...box, prices: undefined, lacks: false }
            : { ...box, prices: pricesOf(found.rate), lacks: found.rate.lacks !== null }
        }),
      ),
    ),
  ]
}

const microsOf = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`) * 1000

function pricesOf(rate: Rate): Readonly<Partial<Record<PriceName, bigint>>> {
  const out: Partial<Record<PriceName, bigint>> = {}
  for (const name of priceNames) {
    const price = rate[name]
    if (price === null) continue
    const units = toBillionths(price) * (countPrices.some((one) => one === name) ? 1000n : 1n)
    if (units < BigInt(first) || units > BigInt(last))
      throw new UserError(
        `the ${name} of ${rate.provider}/${rate.model} is too large for an engine: ${price}`,
        {
          hint: 'Correct the price, or fetch the calls themselves with --calls.',
        },
      )
    out[name] = units
  }
  return out
}

/** The rows of a survey's answer, in a table of texts. @throws UserError where it is none */
export async function surveyRows(db: Database, table: string): Promise<readonly SurveyRow[]> {
  const { rows } = await db.query<Readonly<Record<'kind' | 'v1' | 'v2' | 'v3' | 'v4' | 'v5', string>>>(
    `SELECT kind, v1, v2, v3, v4, v5 FROM ${table} ORDER BY ALL`,
  )
  if (rows.length > mostSurveyed)
    throw new UserError(`the survey found ${rows.length} models, tiers and words`, {
      code: 'refused',
      hint: `A statement holds ${mostSurveyed} at most: is the column of the model the right one?`,
    })
  return rows.map(({ kind, v1, v2, v3, v4, v5 }) => {
    if (kind !== 'price' && kind !== 'status' && kind !== 'unread_usage')
      throw new UserError(`"${kind.slice(0, 40)}" is nothing that a survey tells`, {
        code: 'refused',
        hint: 'Give the answer to the first statement that llmcost rollup --print-sql prints.',
      })
    return { kind, values: [v1, v2, v3, v4, v5] }
  })
}

/** Each is a row of constants in the statement, which engines bound. */
const mostSurveyed = 5_000
