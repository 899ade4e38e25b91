/** Answers in another currency than US dollars: by rates that the user gives, of each UTC day. */

/** A currency by its three letters (ISO 4217). */
export type Currency = string

/** What a dollar was worth on a UTC day, in units of the currency. */
export interface ExchangeRate {
  /** `2026-10-01` */
  readonly day: string
  readonly currency: Currency
  /** Decimal above 0, with at most six places. */
  readonly rate: string
}

/** Columns of calls in another currency: the rate of the call's day, and two costs as they are in dollars. */
export const convertedColumns = {
  rate: 'currency_rate',
  cost: 'cost_in_usd',
  reported: 'reported_cost_in_usd',
} as const

/** A key of an answer, such as `cost_usd_change`, as it is called in the currency: `cost_eur_change`. */
export const keyIn = (key: string, currency: Currency): string =>
  key.replaceAll(/_usd(?=_|$)/g, `_${currency.toLowerCase()}`)

/** The key that `keyIn` gives such a name. */
export const keyFrom = (name: string, currency: Currency): string =>
  name.replace(new RegExp(`_${currency.toLowerCase()}(?=_|$)`), '_usd')
