/**
 * Costs whose name or whose record says in which currency or unit they are. Their text goes on with the unit
 * behind the number (`12 cents`, `0.01 EUR`); casting makes dollars of it, or says that it can't.
 */
import { fieldNames } from './field-names.js'
import { firstOf, literal } from './importer.js'

const codes =
  'eur|gbp|jpy|cny|rmb|inr|chf|cad|aud|nzd|sek|nok|dkk|pln|czk|huf|brl|mxn|krw|sgd|hkd|twd|ils|zar|aed|thb'
const scales = 'cents?|micros?|nanos?|ticks|credits?|micro(?=usd|dollars?)|nano(?=usd|dollars?)'
const around =
  'reported|total|overall|call|request|response|llm|estimated|est|usage|api|in|of|usd|us|dollars?|cost|costs|spend|spent|price|amount|charged?|charges|fee|tokens?(?=cost)'
const money = 'cost|spend|spent|price|amount|charge|fee'

const shape = new RegExp(`^(?:${around}|${scales}|${codes})+$`)
const unitOnly = new RegExp(
  `^(?:total)?(?:usd)?(?:cents|micros|nanos|(?:micro|nano)(?:usd|dollars))$|^(?:${codes})(?:cents)?$`,
)

/**
 * The unit that a cost's name speaks of: `cost_cents` → cents, `total_cost_eur` → EUR.
 * @param name as field names are compared
 * @returns undefined for every other name
 */
export function unitOfName(name: string): string | undefined {
  if (!unitOnly.test(name) && !(shape.test(name) && new RegExp(money).test(name))) return undefined
  const rest = name.replaceAll(new RegExp(money, 'g'), ' ')
  const scale = /cents?|micros?|nanos?|ticks|credits?/.exec(rest)?.[0]
  const code = new RegExp(`(?:^|[^a-z]|cents?|in|total|usage|api|llm)(${codes})|(${codes})(?:cents?)?$`).exec(
    rest,
  )
  const currency = (code?.[1] ?? code?.[2])?.toUpperCase().replace('RMB', 'CNY')
  if (scale === undefined && currency === undefined) return undefined
  return [currency, scale?.replace(/^(cent|micro|nano|credit)$/, '$1s')].filter(Boolean).join(' ')
}

/** Names of a field that says in which currency or unit the record's costs are. */
const currencyNames = [
  'currency',
  'costcurrency',
  'currencycode',
  'billingcurrency',
  'spendcurrency',
  'pricecurrency',
  'amountcurrency',
  'currencyiso',
  'costunit',
  'costunits',
]

/** What a bare `unit` must say to be one of money: elsewhere it counts tokens. */
const moneyUnits =
  '(usd|us|eur|gbp)?[ _-]?(cents?|micros?|nanos?|mills?|ticks)|usd|eur|gbp|jpy|chf|inr|cny|cad|aud|credits?|dollars?|euros?'

/** SQL between a cost and its unit. */
const behind = " || ' ' || "

/** True when the SQL of a cost puts a unit behind the number. */
export const carriesUnit = (cost: string | undefined): boolean => cost?.includes(behind) === true

interface Named {
  readonly name: string
  readonly sql: string
}

/** Names that say dollars themselves: the record's currency is another field's. */
const saysDollars = (name: string): boolean => /usd|dollars/.test(name)

/** How the record's own currency is put behind a cost. */
export type InCurrency = (cost: string) => string

/** The record's currency, if it names one, put behind a cost that does not say dollars. */
export function currencyBehind(
  take: (names: readonly string[]) => string | undefined,
): InCurrency | undefined {
  const unit = take(['unit', 'units'])
  const ofMoney =
    unit && `CASE WHEN regexp_full_match(lower(trim(${unit})), ${literal(moneyUnits)}) THEN ${unit} END`
  const currency = firstOf(take(currencyNames), ofMoney)
  if (currency === undefined) return undefined
  const isDollars = `(${currency} IS NULL OR list_contains(['', 'usd', 'us$', '$', 'dollar', 'dollars', 'null', 'none'], lower(trim(${currency}))))`
  return (cost) => `CASE WHEN ${isDollars} THEN ${cost} ELSE ${cost}${behind}trim(${currency}) END`
}

/**
 * SQL for the reported cost from every field that may hold it: those in dollars first, then those in parts
 * of one, then those in other currencies.
 * @param entries what no other field took
 * @param use marks an entry as taken
 */
export function reportedCost<E extends Named>(
  entries: readonly E[],
  allowed: (entry: E) => boolean,
  use: (entry: E) => void,
  inCurrency: InCurrency | undefined,
): string | undefined {
  const names = fieldNames.reported_cost_usd ?? []
  const plain = names.flatMap((name) => entries.filter((e) => e.name === name && allowed(e)))
  const dollars = inCurrency === undefined ? plain : plain.filter((e) => saysDollars(e.name))
  const others = plain.filter((e) => !dollars.includes(e))
  const unitNamed = entries.flatMap((entry) => {
    const unit = names.includes(entry.name) || !allowed(entry) ? undefined : unitOfName(entry.name)
    return unit === undefined ? [] : [{ entry, unit }]
  })
  const sorted = unitNamed.toSorted(
    (a, b) => Number(/[A-Z]|credit/.test(a.unit)) - Number(/[A-Z]|credit/.test(b.unit)),
  )
  for (const entry of [...plain, ...sorted.map((one) => one.entry)]) use(entry)
  return firstOf(
    ...dollars.map((entry) => entry.sql),
    ...others.map((entry) => inCurrency!(entry.sql)),
    ...sorted.map(({ entry, unit }) => `nullif(${entry.sql}, '')${behind}${literal(unit)}`),
  )
}
