/** A record's charges: from text to the columns of `billed`, with the reason where a value is none of its kind. */
import { absurdAmount, billedAmount, billedAmounts, billedLabels } from '../../domain/costs/billed.js'
import type { BilledField, BillSource, Charge } from '../../billing/bill.js'
import { absent } from './bill-records.js'

const texts: readonly BilledField[] = [
  'start',
  'end',
  'biller',
  'billing_month',
  'exported_at',
  'is_llm',
  'quantity',
  ...billedAmounts,
  ...billedLabels,
]

/** SQL: seconds since 1970, a day, or a moment of ISO 8601, UTC unless it says otherwise; months stand first in dates with strokes. */
const time = (text: string): string => `CASE WHEN regexp_full_match(${text}, '[0-9]{9,11}([.]0+)?')
      THEN make_timestamp(CAST(CAST(${text} AS DECIMAL(18,3)) AS BIGINT) * 1000000)
    WHEN regexp_full_match(${text}, '[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}.*') THEN try_strptime(regexp_extract(${text}, '^[0-9/]+'), '%m/%d/%Y')
    WHEN regexp_full_match(${text}, '[0-9]{8}') THEN try_strptime(${text}, '%Y%m%d')
    ELSE TRY_CAST(${text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END`

const number = (text: string): string => `TRY_CAST(${text} AS ${billedAmount})`

/**
 * SELECT of one charge of each record of `records`: columns of `billed`, `exported_at`, and `reason`, NULL where all
 * is well.
 * @param records FROM item of readable records
 */
export function chargeSql(charge: Charge, part: number, source: BillSource, records: string): string {
  const raw = texts.map((field) => `${charge.fields[field] ?? absent} AS raw_${field}`)
  const read = `SELECT record, ${raw.join(', ')}, ${charge.tags ?? 'CAST(NULL AS MAP(VARCHAR, VARCHAR))'} AS tags, CAST(${charge.times ?? '1'} AS DECIMAL(8,0)) AS times
    FROM ${records}${charge.when === undefined ? '' : ` WHERE coalesce(${charge.when}, false)`}`
  const typed = `SELECT *, ${time('raw_start')} AS charge_period_start, ${time('raw_end')} AS raw_period_end,
      ${number('raw_quantity')} AS raw_number, TRY(CAST(${number('raw_quantity')} * times AS ${billedAmount})) AS quantity,
      ${billedAmounts.map((name) => `${number(`raw_${name}`)} AS ${name}`).join(', ')} FROM (${read})`
  const isCost = charge.kind === 'cost'
  const labels = billedLabels.map((name) =>
    name === 'currency'
      ? 'upper(raw_currency) AS currency'
      : name === 'charge_category'
        ? `coalesce(raw_charge_category, 'Usage') AS charge_category`
        : `raw_${name} AS ${name}`,
  )
  const month = `strftime(coalesce(${time('raw_billing_month')}, charge_period_start), '%Y-%m')`
  return `SELECT record, ${part} AS part, '${source.id}' AS source, coalesce(raw_biller, 'unknown') AS biller, '${charge.kind}' AS kind,
      charge_period_start, coalesce(raw_period_end, charge_period_start + INTERVAL 1 DAY) AS charge_period_end,
      ${source.replacesBy === 'month' ? month : `strftime(charge_period_start, '%Y-%m-%d')`} AS bill_span,
      ${labels.join(', ')}, CAST(NULL AS VARCHAR) AS model, quantity, ${billedAmounts.join(', ')},
      coalesce(TRY_CAST(raw_is_llm AS BOOLEAN), coalesce(raw_charge_category, 'Usage') <> 'Tax') AS is_llm, tags,
      ${time('raw_exported_at')} AS exported_at, ${reason(isCost)} AS reason
    FROM (${typed})`
}

/** SQL: why a charge can't be read. */
function reason(isCost: boolean): string {
  const noNumber = (name: string, value: string): string =>
    `WHEN raw_${name} IS NOT NULL AND ${value} IS NULL THEN '${name}: no number, or too large'`
  return `CASE WHEN raw_start IS NULL THEN 'charge period: missing'
    WHEN charge_period_start IS NULL OR (raw_end IS NOT NULL AND raw_period_end IS NULL) THEN 'charge period: no time'
    WHEN year(charge_period_start) NOT BETWEEN 2015 AND 2100 THEN 'charge period: outside 2015 to 2100'
    WHEN raw_period_end < charge_period_start THEN 'charge period: ends before it begins'
    WHEN raw_period_end > charge_period_start + INTERVAL 10 YEAR THEN 'charge period: longer than ten years'
    ${billedAmounts.map((name) => noNumber(name, name)).join(' ')}
    ${noNumber('quantity', 'quantity')}
    ${billedAmounts.map((name) => `WHEN abs(${name}) >= ${absurdAmount} THEN '${name}: too large'`).join(' ')}
    ${isCost ? `WHEN billed_cost IS NULL THEN 'billed_cost: missing' WHEN raw_currency IS NULL THEN 'currency: missing'` : ''}
    END`
}
