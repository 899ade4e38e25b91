/**
 * Amounts of money as people write them, in SQL: with a sign, a code or a unit before or behind the number.
 * Only US dollars are dollars: other currencies are converted by a rate that was given, or left out. A plain
 * number takes none of the slow path.
 */
import { quoteTimestamp } from '../../domain/words/quoting.js'
import type { CurrencyRate, ReadOptions } from '../options.js'

/** SQL type that holds any amount that is believed, in any currency. */
const wide = 'DECIMAL(24,12)'

/** A number with any grouping: what stands around it is its unit. */
const numberPattern = `[-+]?[0-9.,][0-9.,''’ ]*(?:[eE][-+]?[0-9]+)?`

/**
 * SQL for a text that holds one number, with the decimal mark as a point and without grouping.
 * @param decimal how the column writes its decimals; undefined: with a point, and no groups
 */
export function plainNumber(text: string, decimal: ReadOptions['decimal']): string {
  if (decimal === undefined) return text
  const group = decimal === '.' ? ',' : '.'
  const mark = decimal === '.' ? '\\.' : ','
  const shape = `[-+]?(?:[0-9]+|[0-9]{1,3}(?:[${group}'' ’][0-9]{3})+)?(?:${mark}[0-9]*)?(?:[eE][-+]?[0-9]+)?`
  return `CASE WHEN regexp_full_match(${text}, '${shape}') THEN replace(translate(${text}, '${group}'' ’', ''), ',', '.') END`
}

/** SQL for the number in the text of an amount. */
const numberIn = (raw: string): string => `trim(regexp_extract(${raw}, '${numberPattern}'))`

/** Signs of currencies, longest first, and what they stand for. */
const signs: readonly (readonly [sign: string, code: string])[] = [
  ['us$', ' usd '],
  ['ca$', ' cad '],
  ['au$', ' aud '],
  ['nz$', ' nzd '],
  ['hk$', ' hkd '],
  ['a$', ' aud '],
  ['c$', ' cad '],
  ['s$', ' sgd '],
  ['r$', ' brl '],
  ['$', ' usd '],
  ['€', ' eur '],
  ['£', ' gbp '],
  ['₹', ' inr '],
  ['₩', ' krw '],
  ['¢', ' cents '],
]

/** Parts of a unit of money, with what they multiply by. */
const scales: readonly (readonly [word: string, factor: string])[] = [
  ['cents?|ct', '0.01'],
  ['mills?', '0.001'],
  ['micros?', '0.000001'],
  ['nanos?', '0.000000001'],
  ['ticks', '0.0000000001'],
]

/** SQL for the words around the number: lower case, single spaces. */
function unitWords(raw: string): string {
  const rest = `lower(regexp_replace(${raw}, '${numberPattern}', ' '))`
  const spelled = signs.reduce((sql, [sign, code]) => `replace(${sql}, '${sign}', '${code}')`, rest)
  // `usd_cents`, `microusd` and `nanodollars` are two words each.
  const parted = `regexp_replace(replace(${spelled}, '_', ' '), '(micro|nano|usd|eur|gbp)(usd|dollars?|cents?|micros?|nanos?|ticks)', '\\1 \\2', 'g')`
  return `trim(regexp_replace(${parted}, '\\s+', ' ', 'g'))`
}

/** SQL for the words of the currency alone. */
const currencyWords = (raw: string): string =>
  `trim(regexp_replace(${unitWords(raw)}, '\\b(?:${scales.map(([word]) => word).join('|')})\\b', '', 'g'))`

/** SQL for the currency's code, `USD` for none; NULL for words that name none. */
export function currencyOf(raw: string): string {
  const words = currencyWords(raw)
  return `CASE WHEN regexp_full_match(${words}, '|(?:us ?)?dollars?|usd|usd usd') THEN 'USD'
    WHEN regexp_full_match(${words}, 'euros?') THEN 'EUR'
    WHEN regexp_full_match(${words}, '(?:[a-z]+ )?credits?') THEN 'credits'
    WHEN regexp_full_match(${words}, '([a-z]{3})(?: [a-z]{3})?') AND (strlen(${words}) = 3 OR left(${words}, 3) = right(${words}, 3)) THEN upper(left(${words}, 3))
    WHEN ${words} = '¥' THEN '¥' END`
}

/** SQL for the amount in whole units of its currency; NULL where there is no number. */
function amountOf(raw: string, decimal: ReadOptions['decimal']): string {
  const number = `TRY_CAST(${plainNumber(numberIn(raw), decimal)} AS ${wide})`
  const factor = scales.map(
    ([word, by]) =>
      `WHEN regexp_matches(${unitWords(raw)}, '\\b(?:${word})\\b') THEN CAST(${by} AS DECIMAL(11,10))`,
  )
  return `(${number} * CASE ${factor.join(' ')} ELSE CAST(1 AS DECIMAL(11,10)) END)`
}

/** SQL for US dollars per unit of the currency at the moment `ts`; NULL where no rate is given. */
function rateOf(code: string, ts: string, options: Pick<ReadOptions, 'set' | 'currencyRates'>): string {
  const given = options.set['currency_rate']
  if (given !== undefined) return `CAST('${given}' AS DECIMAL(14,8))`
  const byCode = new Map<string, CurrencyRate[]>()
  for (const rate of options.currencyRates ?? [])
    byCode.set(rate.currency, [...(byCode.get(rate.currency) ?? []), rate])
  if (byCode.size === 0) return 'CAST(NULL AS DECIMAL(14,8))'
  const cases = [...byCode].map(([currency, rates]) => {
    const newestFirst = rates.toSorted((a, b) => (a.validFrom < b.validFrom ? 1 : -1))
    const dated = newestFirst.map(
      ({ validFrom, usd: rate }) =>
        `WHEN ${ts} >= ${quoteTimestamp(validFrom)} THEN CAST('${rate}' AS DECIMAL(14,8))`,
    )
    return `WHEN '${currency}' THEN CASE ${dated.join(' ')} END`
  })
  return `CASE ${code} ${cases.join(' ')} END`
}

/** SQL: true for what is a plain number already, which needs no look at its unit. */
export const isPlain = (raw: string, decimal: ReadOptions['decimal']): string =>
  decimal === ','
    ? // A point may part thousands there.
      `(TRY_CAST(${raw} AS DECIMAL(18,12)) IS NOT NULL AND NOT contains(${raw}, '.'))`
    : `TRY_CAST(${raw} AS DECIMAL(18,12)) IS NOT NULL`

/**
 * SQL for an amount in US dollars; NULL where there is none, or no rate.
 * @param units true when amounts may carry one; else a plain number is a dollar, with or without its sign
 */
export function usd(raw: string, ts: string, options: ReadOptions, units: boolean): string {
  if (!units)
    return `TRY_CAST(CASE WHEN starts_with(${raw}, '$') THEN ltrim(${raw}, '$ ') ELSE ${raw} END AS DECIMAL(18,12))`
  const amount = amountOf(raw, options.decimal)
  const code = currencyOf(raw)
  const converted = `TRY_CAST(round(TRY_CAST(${amount} AS ${wide}) * ${rateOf(code, ts, options)}, 12) AS DECIMAL(18,12))`
  return `CASE WHEN ${raw} IS NULL THEN NULL WHEN ${isPlain(raw, options.decimal)} THEN TRY_CAST(${raw} AS DECIMAL(18,12))
    ELSE CASE ${code} WHEN 'USD' THEN TRY_CAST(round(${amount}, 12) AS DECIMAL(18,12)) ELSE ${converted} END END`
}

/** SQL for the currency of an amount that is left out for want of a rate; NULL for all others. */
export function leftOut(raw: string, value: string, options: ReadOptions, units: boolean): string {
  if (!units) return 'CAST(NULL AS VARCHAR)'
  const code = currencyOf(raw)
  return `CASE WHEN ${raw} IS NULL OR ${value} IS NOT NULL OR ${isPlain(raw, options.decimal)} THEN NULL
    WHEN ${code} <> 'USD' AND ${amountOf(raw, options.decimal)} IS NOT NULL THEN ${code} END`
}

/** SQL for the sum of the parts of a cost, US dollars; NULL where one is absent, or they are beyond any call. */
export function sumOfParts(parts: readonly string[], options: ReadOptions, units: boolean): string {
  if (parts.length === 0) return 'CAST(NULL AS DECIMAL(18,12))'
  const sum = parts.map((part) => `CAST(${usd(part, 'ts', options, units)} AS ${wide})`).join(' + ')
  return `TRY_CAST(${sum} AS DECIMAL(18,12))`
}
