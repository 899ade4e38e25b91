/**
 * Names of a field that says in which currency or unit a record's costs are, and whether the costs beside it
 * are meant: a shop's currency among its own labels need not be that of the call.
 */
import { comparable } from './comparable.js'
import type { Survey } from '../survey.js'
import { isLookedInto, wordsOf } from '../unread/money.js'
import { quoteText } from '../../domain/words/quoting.js'

/** Names that say it wherever they stand beside a cost; what they say is taken as it is. */
const currencyNames = [
  'currency', 'costcurrency', 'currencycode', 'billingcurrency', 'spendcurrency', 'pricecurrency', 'amountcurrency', 'currencyiso',
  'currencyisocode', 'isocurrency', 'isocurrencycode', 'costunit', 'costunits',
] as const // prettier-ignore

/** Names that say it where a currency, or a part of one, stands under them. */
const unitNames = new Set([
  'cur', 'ccy', 'curr', 'currencies', 'currencysymbol', 'currencyname', 'currencyunit', 'unit', 'units', 'priceunit', 'priceunits', 'amountunit',
  'spendunit', 'moneyunit', 'unitofcost', 'unitofprice', 'costin', 'pricein', 'amountin', 'valuta', 'devise', 'moneycurrency',
  'totalcurrency', 'usagecurrency', 'invoicecurrency', 'chargecurrency', 'reportedcurrency', 'reportingcurrency', 'llmcurrency', 'apicurrency',
]) // prettier-ignore

const codes =
  'eur|gbp|jpy|cny|rmb|inr|chf|cad|aud|nzd|sek|nok|dkk|pln|czk|huf|brl|mxn|krw|sgd|hkd|twd|ils|zar|aed|thb|rub|try|uah|ron|bgn|idr|myr|php|vnd|sar|clp|cop|ars|ngn|egp|pkr|isk'

/** Words of money other than whole dollars, as a regular expression of SQL over lower case. */
const otherMoney = `(?:(?:usd?|eur|gbp)[ _-]?)?(?:cents?|micros?|nanos?|mills?|ticks)|(?:micro|nano)[ _-]?(?:usd|dollars?)|${codes}|credits?|euros?|€|£|¥|₹|₩|r\\$`
const dollars = 'usd|us\\$|us ?dollars?|\\$|dollars?'

/** SQL: true for a word of money, dollars among them. */
export const isMoneyWord = (text: string): string =>
  `regexp_full_match(lower(trim(${text})), ${quoteText(`${otherMoney}|${dollars}`)})`

/** SQL: true for a word of another currency or unit than the dollar. */
export const isOtherMoney = (text: string): string =>
  `regexp_full_match(lower(trim(${text})), ${quoteText(otherMoney)})`

/** SQL: true for what people write as a currency under a label of any name: a code in capitals, or a sign. */
export const isCode = (text: string): string =>
  `((strlen(${text}) = 3 AND contains(${quoteText(`${codes.toUpperCase().replaceAll('|', ' ')} € ₹`)}, ${text})) OR ${text} = '£')`

/** Words that make a currency that of somebody else: of a shop's order, or of how a user sees prices. */
const others =
  /^(?:user|locale|display|shop|store|order|customer|client|preferred|account|merchant|country|market|default|base|source|target|from|to|ui|wallet|tenant|home|local)$/

/** Objects that say of the call what it cost, or what kind of call it was. */
const besides =
  /^(?:meta|metadata|billing|bill|pricing|price|prices|cost|costs|money|charge|charges|spend|payment|usage|totals?|amount|info|details?|units?|financials?|finance|costdetails|costinfo|billinginfo|llm)$/

/** Objects that say so where the cost itself stands in them. */
const labels = /^(?:tags|labels|attributes|properties|customproperties|extra|dimensions)$/

/** True for a key that speaks of a currency. */
export function speaksOfCurrency(path: readonly string[]): boolean {
  const leaf = comparable(path.at(-1) ?? '')
  if (currencyNames.some((name) => name === leaf) || unitNames.has(leaf)) return true
  if (wordsOf(path.at(-1) ?? '').some((word) => /^currenc(?:y|ies)$/.test(word))) return true
  return /^(?:fx|forex|currency|currencyconversion|exchange)$/.test(comparable(path.at(-2) ?? ''))
}

/** Names of what one currency costs in another. */
export const isExchangeRate = (path: readonly string[]): boolean =>
  /^(?:exchangerate|fxrate|forexrate|currencyrate|conversionrate|usdrate|usdexchangerate|eurusd|usdeur|ratetousd)$/.test(
    comparable(path.at(-1) ?? ''),
  )

/**
 * How sure it is that a currency is that of the record's costs: it stands beside them or around them, in an
 * object that speaks of money or of the call; or it is among somebody's own labels.
 * @param costs the keys that lead to the costs
 */
export function isNear(path: readonly string[], costs: readonly (readonly string[])[]): boolean {
  const leaf = path.at(-1) ?? ''
  if (wordsOf(leaf).some((word) => others.test(word))) return false
  const inside = path.slice(0, -1)
  const holdsCost = (keys: readonly string[]): boolean =>
    costs.some((cost) => keys.length < cost.length && keys.every((key, i) => cost[i] === key))
  if (holdsCost(inside)) return true
  const last = comparable(inside.at(-1) ?? '')
  return !labels.test(last) && besides.test(last) && holdsCost(inside.slice(0, -1))
}

/** A currency that may be that of a cost. */
export interface Near {
  readonly path: readonly string[]
  /** What stands there is taken as it is; else it must be a word of money. */
  readonly certain: boolean
}

/** Most places that are asked: a record says it once or twice, a file of many writers in more ways. */
const mostNear = 12

/** The places near a cost that speak of its currency, the closest to it first. */
export function currenciesNear(survey: Survey, costs: readonly (readonly string[])[]): readonly Near[] {
  const places = [...survey.shape].flatMap(([place, keys]) =>
    keys.map((key) => [...(JSON.parse(place) as string[]), key]),
  )
  /** Keys that lead to the currency and to a cost. */
  const shared = (path: readonly string[]): number =>
    Math.max(...costs.map((cost) => path.findIndex((key, i) => key !== cost[i])))
  return places
    .filter((path) => path.every(isLookedInto) && speaksOfCurrency(path) && isNear(path, costs))
    .map((path) => ({ path, certain: isCertainName(path) && shared(path) === path.length - 1 }))
    .toSorted(
      (a, b) =>
        shared(b.path) - shared(a.path) ||
        Number(b.certain) - Number(a.certain) ||
        rank(a.path) - rank(b.path) ||
        a.path.length - b.path.length,
    )
    .slice(0, mostNear)
}

/** The usual names first. */
const rank = (path: readonly string[]): number => {
  const at = currencyNames.findIndex((name) => name === comparable(path.at(-1) ?? ''))
  return at < 0 ? currencyNames.length : at
}

const isCertainName = (path: readonly string[]): boolean =>
  currencyNames.some((name) => name === comparable(path.at(-1) ?? ''))
