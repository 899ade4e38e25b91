/**
 * Money in another currency: each amount of a call times the rate of its UTC day. Costs have 12 places and rates six,
 * so that the product is exact with 18; amounts that were spread over calls (contracts, bills) have 18 places
 * themselves, and their product is rounded once a row to 18. Nothing else is rounded before it is shown.
 */
import { unratedMark } from '../db/faults.js'
import { callColumns } from '../domain/call.js'
import { convertedColumns, type Currency, type ExchangeRate } from '../domain/costs/currency.js'
import { dayMs } from '../domain/time/zones.js'
import type { Layer, Statement } from './layer.js'

export interface Conversion {
  readonly currency: Currency
  /** Of this currency alone; at least one. */
  readonly rates: readonly ExchangeRate[]
  /** Whether a day without a rate has the last one before it. */
  readonly takesBefore: boolean
  /** Whether costs may have 18 places. */
  readonly isFine: boolean
}

const money = 'DECIMAL(38,18)'
const rateType = 'DECIMAL(15,6)'

/** Columns of calls that are amounts. */
export const moneyColumns = callColumns.flatMap(({ name, type }) => (type === 'DECIMAL(18,12)' ? [name] : []))

export function converted({ currency, rates, takesBefore, isFine }: Conversion): Layer {
  const known = rates.toSorted((a, b) => (a.day < b.day ? -1 : 1))
  const rate = takesBefore ? rateBefore(known.at(-1)!) : 'rates.rate'
  const amounts = moneyColumns.map((name) => {
    const amount = `calls.${name}`
    const product = isFine && name === 'cost_usd' ? fineProduct(amount) : `${amount} * day_rate`
    return `CASE WHEN ${amount} IS NULL THEN NULL WHEN day_rate IS NULL THEN ${failing(currency)} ELSE CAST(${product} AS ${money}) END AS ${name}`
  })
  return {
    prepare: () => [ratesTable(takesBefore ? withDaysBetween(known) : known)],
    over: (
      from,
    ) => `SELECT calls.* EXCLUDE (day_rate) REPLACE (${amounts.join(', ')}), day_rate AS ${convertedColumns.rate},
        calls.cost_usd AS ${convertedColumns.cost}, calls.reported_cost_usd AS ${convertedColumns.reported}
      FROM (SELECT held.*, ${rate} AS day_rate FROM ${from} AS held LEFT JOIN exchange_rates AS rates ON CAST(held.ts AS DATE) = rates.day) AS calls`,
  }
}

/** SQL: the end of a statement that reads an amount of a day without a rate. */
const failing = (currency: Currency): string =>
  `CAST(error(concat('${unratedMark} ${currency} ', strftime(calls.ts, '%Y-%m-%d'))) AS ${money})`

/** The product of an amount with 18 places, its digits before and behind the point apart: all together pass 38 digits. */
const fineProduct = (amount: string): string =>
  `CAST(trunc(${amount}) AS DECIMAL(20,0)) * day_rate
    + CAST(CAST(${amount} - trunc(${amount}) AS DECIMAL(18,18)) * day_rate AS ${money})`

/** SQL: the rate of the last day at or before the call's. @param last of all rates */
const rateBefore = ({ day, rate }: ExchangeRate): string =>
  `coalesce(rates.rate, CASE WHEN CAST(held.ts AS DATE) > DATE '${day}' THEN CAST('${rate}' AS ${rateType}) END)`

/** With the days between two rates at the one before. @param known in their order */
function withDaysBetween(known: readonly ExchangeRate[]): readonly Pick<ExchangeRate, 'day' | 'rate'>[] {
  return known.flatMap(({ day, rate }, i) => {
    const next = known[i + 1]
    const days = next === undefined ? 1 : (Date.parse(next.day) - Date.parse(day)) / dayMs
    return Array.from({ length: days }, (_, place) => ({
      day: new Date(Date.parse(day) + place * dayMs).toISOString().slice(0, 10),
      rate,
    }))
  })
}

function ratesTable(rates: readonly Pick<ExchangeRate, 'day' | 'rate'>[]): Statement {
  const rows = rates.map(({ day, rate }) => `(DATE '${day}', CAST('${rate}' AS ${rateType}))`)
  return { sql: `CREATE TEMP TABLE exchange_rates AS FROM (VALUES ${rows.join(', ')}) AS rates(day, rate)` }
}
