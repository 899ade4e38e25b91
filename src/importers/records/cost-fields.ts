/**
 * Costs whose name or whose record says in which currency or unit they are. Their text goes on with the unit
 * behind the number (`12 cents`, `0.01 EUR`); casting makes dollars of it, or says that it can't.
 */
import { isMoneyWord } from './currency-names.js'
import { fieldNames } from './field-names.js'
import { firstOf } from '../document.js'
import { quoteText } from '../../domain/words/quoting.js'

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
  // Millionths of a cent are not read: taken for those of a dollar they would be a hundred times too much.
  if (/(?:micro|nano)s?cents?/.test(name)) return undefined
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

/** SQL between a cost and its unit. */
const behind = " || ' ' || "

/** True when the SQL of a cost puts a unit behind the number. */
export const carriesUnit = (cost: string | undefined): boolean => cost?.includes(behind) === true

interface Named {
  readonly name: string
  readonly sql: string
}

/** Names that say dollars themselves: the record's currency is another field's. */
export const saysDollars = (name: string): boolean => /usd|dollars/.test(name)

/** How the record's own currency is put behind a cost. */
export type InCurrency = (cost: string) => string

/**
 * Puts a currency behind a cost that does not say dollars; none where there is no currency.
 * @param texts SQL for what says the currency, the closest to the cost first
 */
export function inCurrencyOf(
  texts: readonly { readonly sql: string; readonly certain: boolean }[],
): InCurrency | undefined {
  const currency = firstOf(
    ...texts.map(({ sql, certain }) =>
      certain ? `nullif(trim(${sql}), '')` : `CASE WHEN ${isMoneyWord(sql)} THEN trim(${sql}) END`,
    ),
  )
  if (currency === undefined) return undefined
  const dollars = '|usd|us$|$|dollar|dollars|us dollar|us dollars|null|none|'
  const unit = `CASE WHEN NOT contains('${dollars}', '|' || lower(${currency}) || '|') THEN ${currency} END`
  return (cost) => `(${cost} || coalesce(''${behind}${unit}, ''))`
}

/** SQL of costs one after the other; those that share a currency have it put behind them in one go. */
function inTurn<E extends Named>(
  costs: readonly E[],
  currencyOf: (entry: E) => InCurrency | undefined,
): string[] {
  const runs: { of: InCurrency; sqls: string[] }[] = []
  for (const cost of costs) {
    const of = currencyOf(cost)!
    const last = runs.at(-1)
    if (last?.of === of) last.sqls.push(cost.sql)
    else runs.push({ of, sqls: [cost.sql] })
  }
  return runs.map(({ of, sqls }) => of(firstOf(...sqls)!))
}

/**
 * SQL for the reported cost from every field that may hold it: those in dollars first, then those in parts
 * of one, then those in other currencies.
 * @param entries what no other field took
 * @param use marks an entry as taken
 * @param currencyOf the currency that stands near a cost
 */
export function reportedCost<E extends Named>(
  entries: readonly E[],
  allowed: (entry: E) => boolean,
  use: (entry: E) => void,
  currencyOf: (entry: E) => InCurrency | undefined,
): string | undefined {
  const names = fieldNames.reported_cost_usd ?? []
  const plain = names.flatMap((name) => entries.filter((e) => e.name === name && allowed(e)))
  const inDollars = (e: E): boolean => saysDollars(e.name) || currencyOf(e) === undefined
  const dollars = plain.some((e) => !inDollars(e)) ? plain.filter(inDollars) : plain
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
    ...inTurn(others, currencyOf),
    ...sorted.map(({ entry, unit }) => `nullif(${entry.sql}, '')${behind}${quoteText(unit)}`),
  )
}
