/**
 * How the text of a field becomes a value, in SQL. Every cast keeps "absent" (NULL, empty, null-like)
 * apart from "present but impossible", which is never dropped in silence.
 */
import { quoteTimestamp } from '../../domain/words/quoting.js'
import { noTierWords, tierWords } from '../../importers/records/tier-words.js'
import { isOneOf } from './columns.js'
import type { DateOrder, ReadOptions } from '../options.js'

/** A date in numbers, with what may follow it. */
export const datePattern = `^\\s*(\\d{1,4})[./-](\\d{1,2})[./-](\\d{1,4})\\.?(?:[ ,T].*)?$`

const nullLike = ['', 'null', 'None', 'NULL', 'none', 'nil', '\\N']

const isNullLike = (raw: string): string => isOneOf(raw, nullLike)

/** Labels are names, not texts: longer ones are cut, and the cut is counted. */
export const labelLimit = 500

/**
 * SQL for a label: trimmed, cut, never a JSON object or list. Nearly all labels pass the first test, which
 * is cheap: they begin with a letter, a digit or a sign between these that opens no list, and end with no space. The
 * rest are looked at closely. (Of an OR the engine puts the rows of both sides in order again.)
 */
export const label = (raw: string): string =>
  `CASE WHEN strlen(${raw}) BETWEEN 5 AND ${labelLimit} AND ${raw} >= '0' AND ${raw} < '{' AND NOT starts_with(${raw}, '[')
      AND NOT ends_with(${raw}, ' ') THEN ${raw}
    ELSE CASE WHEN ${raw} IS NULL OR ${isNullLike(raw)} OR starts_with(${raw}, '{') OR starts_with(${raw}, '[') THEN NULL
      ELSE nullif(left(trim(${raw}), ${labelLimit}), '') END END`

/**
 * SQL for a whole number. What does not fit 32 bits is no count of tokens: it becomes NULL here, and a problem
 * by its text, so that no sum of counts can overflow.
 */
export const whole = (raw: string): string => `CAST(TRY_CAST(${raw} AS INTEGER) AS BIGINT)`

/** SQL for a record's own total: what is beyond any call stays beyond, so that it is rejected and not left out. */
export const wholeTotal = (raw: string): string =>
  `CASE WHEN TRY_CAST(${raw} AS DOUBLE) > 2147483647 THEN 2147483647 ELSE ${whole(raw)} END`

/** Largest token count of one call that is believed. */
export const tokenLimit = 1_000_000_000

/** SQL: true for a whole number without any surprise; only the others are worth a closer look. */
export const wholeFine = (raw: string, value: string): string =>
  // A fraction shows by a point, or by the minus of an exponent.
  `(${raw} IS NULL OR (${value} BETWEEN 0 AND ${tokenLimit} AND NOT contains(${raw}, '.') AND NOT contains(${raw}, '-')))`

/** SQL for the reason why a whole number is refused; NULL when it is fine. */
export function wholeProblem(field: string, raw: string, value: string): string {
  return `CASE
    WHEN ${raw} IS NULL THEN NULL
    WHEN ${value} IS NULL THEN
      CASE WHEN ${isNullLike(raw)} THEN NULL
           WHEN isnan(TRY_CAST(${raw} AS DOUBLE)) THEN '${field}: not a whole number'
           WHEN TRY_CAST(${raw} AS DOUBLE) > ${tokenLimit} THEN '${field}: above 1,000,000,000'
           WHEN TRY_CAST(${raw} AS DOUBLE) < 0 THEN '${field}: below 0'
           ELSE '${field}: not a whole number' END
    WHEN ${value} < 0 THEN '${field}: below 0'
    WHEN ${value} > ${tokenLimit} THEN '${field}: above 1,000,000,000'
    WHEN TRY_CAST(${raw} AS DOUBLE) IS DISTINCT FROM CAST(${value} AS DOUBLE) THEN '${field}: not a whole number'
    END`
}

/** Largest cost of one call that is believed, USD. */
const costLimit = 100_000

export const costFine = (raw: string, value: string): string =>
  `(${raw} IS NULL OR ${value} BETWEEN 0 AND ${costLimit})`

/**
 * SQL for the reason why a cost is refused.
 * @param leftOut SQL for the currency of an amount that is left out for want of a rate
 */
export function costProblem(field: string, raw: string, value: string, leftOut: string): string {
  const double = `TRY_CAST(ltrim(${raw}, '$ ') AS DOUBLE)`
  return `CASE
    WHEN ${raw} IS NULL OR ${value} BETWEEN 0 AND ${costLimit} THEN NULL
    WHEN ${value} IS NULL THEN
      CASE WHEN ${isNullLike(raw)} OR ${leftOut} IS NOT NULL THEN NULL
           WHEN isnan(${double}) THEN '${field}: not an amount in USD'
           WHEN ${double} > ${costLimit} THEN '${field}: above $100,000'
           WHEN ${double} < 0 THEN '${field}: below 0'
           ELSE '${field}: not an amount in USD' END
    WHEN ${value} < 0 THEN '${field}: below 0'
    WHEN ${value} > ${costLimit} THEN '${field}: above $100,000'
    END`
}

/** SQL: true for parts of a cost without any surprise in their sum; a part that is absent makes none. */
export const costPartsFine = (parts: readonly string[], sum: string): string =>
  `(${parts.map((part) => `${part} IS NULL`).join(' OR ')} OR ${sum} <= ${costLimit})`

/** SQL for the reason why the parts of a cost are refused for their sum. */
export function costPartsProblem(parts: readonly string[], sum: string): string {
  const double = parts.map((part) => `TRY_CAST(ltrim(${part}, '$ ') AS DOUBLE)`).join(' + ')
  return `CASE WHEN ${sum} <= ${costLimit} THEN NULL
    WHEN ${sum} IS NULL AND isnan(${double}) THEN 'cost_usd: not an amount in USD'
    WHEN ${sum} IS NOT NULL OR ${double} > ${costLimit} THEN 'cost_usd: above $100,000'
    END`
}

/** SQL for a measure: a finite number within bounds, else NULL (and counted as dropped). */
export const measure = (raw: string, low: number, high: number): string =>
  `CASE WHEN TRY_CAST(${raw} AS DOUBLE) BETWEEN ${low} AND ${high} THEN TRY_CAST(${raw} AS DOUBLE) END`

/** SQL: true when a text is there but gave no value. */
export const dropped = (raw: string, value: string): string =>
  `CASE WHEN ${value} IS NOT NULL OR ${raw} IS NULL THEN false ELSE NOT ${isNullLike(raw)} END`

/**
 * SQL for a moment, UTC, from a text with or without zone (the session's zone then) or from epoch
 * seconds, ms, µs or ns, told apart by size; smaller numbers count from `baseTime`. Dates in numbers and
 * spreadsheets' numbers of days are read where their order, or that they are such, is known.
 */
export function moment(raw: string, options: TimeOptions, relativeUnit: 's' | 'ms'): string {
  const { baseTime, dateOrder } = options
  if (options.excelDates === true) return excelMoment(raw)
  const number = `TRY_CAST(${raw} AS DOUBLE)`
  const relative =
    baseTime === undefined
      ? 'NULL'
      : `epoch_us(${quoteTimestamp(baseTime)}) + ${number} * ${relativeUnit === 'ms' ? '1e3' : '1e6'}`
  const utc = `TRY_CAST(${raw} AS TIMESTAMPTZ)`
  // The common shape first, and in CASE: coalesce is several times slower here.
  return `CASE WHEN right(${raw}, 2) BETWEEN '0Z' AND '9Z' AND ${utc} IS NOT NULL THEN make_timestamp(epoch_us(${utc}))
    ELSE coalesce(make_timestamp(epoch_us(${zoned(raw)})), CASE
      ${dateOrder === undefined ? '' : `WHEN ${number} IS NULL AND regexp_matches(${raw}, '${datePattern}') THEN make_timestamp(epoch_us(${ordered(raw, dateOrder)}))`}
      WHEN ${number} IS NULL THEN make_timestamp(epoch_us(${zoned(`regexp_replace(replace(trim(${raw}), ',', '.'), '^(\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d)(Z|[+-]\\d\\d:?\\d\\d)?$', '\\1:00\\2')`)}))
      WHEN NOT isfinite(${number}) OR ${number} < 0 OR ${number} > 4.2e18 THEN NULL
      WHEN ${number} > 1e17 THEN make_timestamp(coalesce(TRY_CAST(${raw} AS BIGINT) // 1000, CAST(${number} / 1000 AS BIGINT)))
      WHEN ${number} > 1e14 THEN make_timestamp(CAST(${number} AS BIGINT))
      WHEN ${number} > 1e11 THEN make_timestamp(CAST(${number} * 1e3 AS BIGINT))
      WHEN ${number} > 1e8 THEN make_timestamp(CAST(${number} * 1e6 AS BIGINT))
      ELSE make_timestamp(CAST(${relative} AS BIGINT)) END) END`
}

/** What bears on the reading of times. */
type TimeOptions = Pick<ReadOptions, 'baseTime' | 'dateOrder' | 'excelDates'>

/** SQL for a spreadsheet's number of days, in the session's zone, to the second as sheets show it. */
const excelMoment = (raw: string): string =>
  `make_timestamp(epoch_us(CAST(TIMESTAMP '1899-12-30' + to_seconds(round(TRY_CAST(${raw} AS DOUBLE) * 86400)) AS TIMESTAMPTZ)))`

/** SQL for a TIMESTAMPTZ from a date in numbers of this order, with or without a time of 12 or 24 hours. */
function ordered(raw: string, order: DateOrder): string {
  const part = (i: number): string => `regexp_extract(${raw}, '${datePattern}', ${i})`
  const [y, m, d] = [order.indexOf('y') + 1, order.indexOf('m') + 1, order.indexOf('d') + 1].map(part)
  const clock = `^\\s*[\\d./-]+[ ,T]+(\\d\\d?):?(\\d\\d)?:?(\\d\\d(?:[.,]\\d+)?)?\\s*([AaPp]?)\\.?[Mm]?\\.?\\s*(Z|[+-]\\d\\d:?\\d\\d|UTC|GMT)?\\s*$`
  const time = (i: number): string => `regexp_extract(${raw}, '${clock}', ${i})`
  const hour = `CASE WHEN ${time(4)} = '' THEN ${time(1)}
      WHEN TRY_CAST(${time(1)} AS INTEGER) BETWEEN 1 AND 12 THEN CAST(CAST(${time(1)} AS INTEGER) % 12 + CASE WHEN lower(${time(4)}) = 'p' THEN 12 ELSE 0 END AS VARCHAR) END`
  const year = `CASE WHEN strlen(${y}) = 2 THEN '20' || ${y} ELSE ${y} END`
  const zone = `CASE WHEN ${time(5)} IN ('UTC', 'GMT') THEN 'Z' ELSE ${time(5)} END`
  const date = `${year} || '-' || lpad(${m}, 2, '0') || '-' || lpad(${d}, 2, '0')`
  const full = `${date} || ' ' || lpad(${hour}, 2, '0') || ':' || coalesce(nullif(${time(2)}, ''), '00') || ':' || replace(coalesce(nullif(${time(3)}, ''), '00'), ',', '.') || ${zone}`
  return `CASE WHEN regexp_full_match(${raw}, '\\s*[\\d./-]+\\s*') THEN TRY_CAST(${date} AS TIMESTAMPTZ)
    WHEN regexp_matches(${raw}, '${clock}') THEN TRY_CAST(${full} AS TIMESTAMPTZ) END`
}

/**
 * SQL for a TIMESTAMPTZ. Texts with a zone's name are cast apart from all others: within a batch of rows
 * DuckDB 1.5 carries the last name on to the texts after it that have no zone of their own.
 */
function zoned(text: string): string {
  const cast = `TRY_CAST(${text} AS TIMESTAMPTZ)`
  return `CASE WHEN right(${text}, 2) BETWEEN '0Z' AND '9Z' OR NOT regexp_matches(${text}, '[^0-9TZ:.+ -]') THEN ${cast}
    WHEN regexp_full_match(${text}, '\\d{4}-\\d\\d-\\d\\d[T ][0-9:.]+ ?[A-Za-z][A-Za-z0-9_/+-]*') THEN ${cast} END`
}

/** SQL for the reason why a time is refused; NULL when it is fine. */
export function momentProblem(raw: string, value: string, baseTime: string | undefined): string {
  const relative =
    baseTime === undefined
      ? `WHEN TRY_CAST(${raw} AS DOUBLE) BETWEEN 0 AND 1e8 THEN 'ts: a relative time; say with --base-time what it counts from'`
      : 'WHEN false THEN NULL'
  return `CASE WHEN ${value} >= TIMESTAMP '2015-01-01' AND ${value} < TIMESTAMP '2101-01-01' THEN NULL ELSE CASE
    WHEN ${raw} IS NULL OR ${isNullLike(raw)} THEN 'ts: missing'
    WHEN ${value} IS NULL THEN CASE ${relative} ELSE 'ts: not a time' END
    ELSE 'ts: outside 2015 to 2100' END END`
}

const truths = ['true', 't', '1', 'yes', 'y', 'hit', 'exact', 'semantic']
const untruths = ['false', 'f', '0', 'no', 'n', 'miss', 'bypass', 'expired']

/** SQL for true / false / NULL from the many ways to write them. */
export const truth = (raw: string): string =>
  `CASE WHEN ${raw} IS NULL THEN NULL WHEN ${raw} = 'false' THEN false WHEN ${isOneOf(`lower(${raw})`, truths)} THEN true WHEN ${isOneOf(`lower(${raw})`, untruths)} THEN false END`

export const truthProblem = (field: string, raw: string, value: string): string =>
  `CASE WHEN ${dropped(raw, value)} THEN '${field}: not true or false' END`

/** SQL for user feedback: a number, or 1 / 0 for thumbs up / down. */
export const feedback = (raw: string): string =>
  `coalesce(${measure(raw, -1e9, 1e9)}, CASE
    WHEN ${isOneOf(`lower(${raw})`, ['up', 'thumbs_up', 'thumbsup', 'positive', 'good', 'like', 'true'])} THEN 1.0
    WHEN ${isOneOf(`lower(${raw})`, ['down', 'thumbs_down', 'thumbsdown', 'negative', 'bad', 'dislike', 'false'])} THEN 0.0 END)`

/** SQL for ok / error from words and HTTP codes; `error` is the error's text, `logged` whether the log has such fields. */
export const status = (raw: string, error: string, logged: boolean): string =>
  `CASE
    WHEN ${raw} IN ('ok', 'success') THEN 'ok' ELSE CASE
    WHEN ${isOneOf(`lower(${raw})`, ['ok', 'success', 'succeeded', 'successful', 'completed', 'complete', 'true', 'incomplete', 'done'])} THEN 'ok'
    WHEN ${isOneOf(`lower(${raw})`, ['error', 'failed', 'failure', 'fail', 'timeout', 'false', 'errored', 'cancelled', 'canceled', 'exception', 'rate_limited'])} THEN 'error'
    WHEN TRY_CAST(${raw} AS DOUBLE) BETWEEN 200 AND 399 THEN 'ok'
    WHEN TRY_CAST(${raw} AS DOUBLE) BETWEEN 400 AND 599 THEN 'error'
    WHEN ${error} IS NOT NULL THEN 'error'
    ${logged ? "ELSE 'ok'" : ''} END END`

/** SQL of a word as it is compared: `Batch API` and `batch-api` are one. */
const comparableWord = (raw: string): string => `replace(replace(lower(trim(${raw})), ' ', '_'), '-', '_')`

/**
 * SQL for standard / batch / flex / priority from the words of providers and people; other tiers keep their
 * name, so that pricing can say which it does not know.
 */
export const serviceTier = (raw: string): string =>
  `CASE WHEN ${raw} IS NULL THEN NULL WHEN ${raw} IN ('standard', 'default') THEN 'standard'
    ${Object.entries(tierWords)
      .map(([tier, words]) => `WHEN ${isOneOf(comparableWord(raw), words)} THEN '${tier}'`)
      .join(' ')}
    WHEN ${isOneOf(comparableWord(raw), noTierWords)} THEN NULL
    ELSE lower(${label(raw)}) END`

/** SQL for a speed mode; NULL for the standard one. */
export const speed = (raw: string): string =>
  `CASE WHEN ${raw} IS NULL OR ${isOneOf(comparableWord(raw), tierWords.standard)} THEN NULL ELSE lower(${label(raw)}) END`

/** Words for no place in particular. */
const nowhere = ['global', 'not_available', 'default', 'unknown', 'none', 'null', 'auto', 'any']

/** SQL for where a call was served; NULL where that is nowhere in particular. */
export const region = (raw: string): string =>
  `CASE WHEN ${raw} IS NULL OR ${isOneOf(comparableWord(raw), nowhere)} THEN NULL ELSE lower(${label(raw)}) END`
