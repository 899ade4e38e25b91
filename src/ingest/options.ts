/** How to read sources; part of each file's fingerprint, so that reading it otherwise is noticed. */
export interface ReadOptions {
  /** Importer id; the content decides when it is not given. */
  readonly from?: string | undefined
  /** Field → path in the log, dots reach into JSON. */
  readonly map: Readonly<Record<string, string>>
  /** Field → value, for what a log lacks. */
  readonly set: Readonly<Record<string, string>>
  /** ISO 8601 UTC moment that relative times count from. */
  readonly baseTime?: string | undefined
  /** IANA zone of times that carry none. */
  readonly inputTz?: string | undefined
  /** Order of day, month and year in dates that write them in numbers; the whole column decides when not given. */
  readonly dateOrder?: DateOrder | undefined
  /** Decimal mark of numbers; the whole column decides when not given. */
  readonly decimal?: '.' | ',' | undefined
  /** What was found out of the columns: dates are Excel's numbers of days; costs carry a currency or a unit. */
  readonly excelDates?: boolean | undefined
  readonly costUnits?: boolean | undefined
  /** Dollars per unit of other currencies. Like prices, they are no part of the fingerprint. */
  readonly currencyRates?: readonly CurrencyRate[] | undefined
  /** Whether input tokens include cached ones; the importer's habit when not given. */
  readonly cacheTokens?: 'included' | 'excluded' | undefined
  /** Calls of these sources count beside the same calls in logs of other sources. */
  readonly keepAcrossSources?: true | undefined
}

/** What `set` may say of bills: whose account they are of, where they do not tell. */
export const accountField = 'account'

/** True where the user says which field holds the id of a call. */
export const givesIds = ({ map, set }: ReadOptions): boolean =>
  map['call_id'] !== undefined || set['call_id'] !== undefined

export type DateOrder = 'dmy' | 'mdy' | 'ymd'

/** What one unit of a currency cost from a moment on. */
export interface CurrencyRate {
  /** ISO 4217 code, upper case. */
  readonly currency: string
  /** ISO 8601 day or moment, UTC. */
  readonly validFrom: string
  /** US dollars per unit, exact decimal text. */
  readonly usd: string
}

/** Options in one canonical line of JSON, for comparing. */
export function optionsKey(options: ReadOptions): string {
  const sorted = (record: Readonly<Record<string, string>>): [string, string][] =>
    Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const { from, map, set, baseTime, inputTz, cacheTokens, keepAcrossSources, dateOrder, decimal } = options
  return JSON.stringify({
    from,
    map: sorted(map),
    set: sorted(set),
    baseTime,
    inputTz,
    cacheTokens,
    keepAcrossSources,
    dateOrder,
    decimal,
  })
}

/** SQL: true for a file's `options` of a reading that keeps calls which other sources hold too. */
export const keepsAcrossSources = (options: string): string =>
  `contains(${options}, '"keepAcrossSources":true}')`
