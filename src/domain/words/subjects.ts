/** Who or what a figure is of, and dates and amounts, in as few words as a line of news has. */
import { centerDimension, dimensionNoun, dimensionOf } from '../dimensions.js'
import type { Currency } from '../costs/currency.js'
import { localAt } from '../time/zones.js'
import { capital, inWords, moneySign, roundMoney } from './wording.js'

/** A member of a dimension, called by its noun unless its own name says it: `user-31`, `feature search`, `no user`. */
export function memberWords(dimension: string | null, value: string | null): string {
  if (dimension === null) return 'all calls'
  return value === null ? `no ${nounOf(dimension)}` : namedWords(dimension, value)
}

/** A value by the noun of its dimension, said once: `user-31`, `user anna`, `model models-r-us`. */
export function namedWords(dimension: string, value: string): string {
  const noun = nounOf(dimension)
  const [begin, next] = [value.slice(0, noun.length), value.slice(noun.length)]
  // `users` and `featureless` are other words.
  const says = begin.toLowerCase() === noun.toLowerCase() && /^[^\p{L}]/u.test(next)
  return says ? value : `${noun} ${value}`
}

/** The same at the beginning of a sentence: a noun gets its capital, a name keeps its own letters. */
export function sentenceWords(dimension: string, value: string): string {
  const words = namedWords(dimension, value)
  return words === value ? words : capital(words)
}

const nounOf = (dimension: string): string =>
  dimensionNoun(dimension === centerDimension.key ? centerDimension : dimensionOf(dimension))

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const local = (iso: string, tz: string): Date => new Date(localAt(Date.parse(iso), tz))

/** `Tuesday` */
export const weekdayWords = (iso: string, tz: string): string => weekdays[local(iso, tz).getUTCDay()] ?? ''

/** `22 Sep` */
export function dayWords(iso: string, tz: string): string {
  const date = local(iso, tz)
  return `${date.getUTCDate()} ${months[date.getUTCMonth()] ?? ''}`
}

/** `11:00` */
export const hourWords = (iso: string, tz: string): string => local(iso, tz).toISOString().slice(11, 16)

/** The first and last day of a half-open window of whole days: `21–27 Sep`, `28 Sep – 4 Oct`, `27 Sep`. */
export function daysWords(since: string, until: string, tz: string): string {
  const last = new Date(Date.parse(until) - 1).toISOString()
  const [from, to] = [dayWords(since, tz), dayWords(last, tz)]
  if (from === to) return from
  const [day, month] = from.split(' ')
  return to.endsWith(` ${month}`) ? `${day}–${to}` : `${from} – ${to}`
}

/** Whole units from 10 on: `$65`, `€1,204`, `$9.50`; in dollars where no currency is said. */
export const shortMoney = (amount: number, currency?: Currency): string =>
  Math.abs(amount) >= 10
    ? inWords(Math.round(amount), { places: 0, prefix: moneySign(currency) })
    : roundMoney(amount, currency)

/** The same in US dollars. */
export const shortUsd = (amount: number): string => shortMoney(amount)

/** `$148–243` */
export function rangeUsd(low: number, high: number): string {
  const [from, to] = [shortUsd(low), shortUsd(high)]
  return from === to ? from : `${from}–${to.replace('$', '')}`
}

/** A relative change; whole percents from 100 % on: `+378%`, `-12.5%`. */
export const shortChange = (change: number): string =>
  inWords(change, { places: Math.abs(change) >= 1 ? 0 : 1, power: 2, suffix: '%', signed: true })
