/**
 * Where the costs that the logs report differ from those that count: the cheapest alarm for a price, a tier
 * or a token count that was read wrongly. SQL and words, for whoever asks it of some calls.
 */
import { monthWords } from '../time/months.js'
import { plural } from '../words/plurals.js'
import { change, count, inWords, usdScale } from '../words/wording.js'

/** A model's month in which logged and counted costs differ, with the sums that it is part of. */
export interface LoggedCostRow {
  readonly provider: string | null
  readonly model: string | null
  /** `2024-06`, UTC. */
  readonly month: string
  /** Calls that have both costs, and these. */
  readonly calls: number | string
  readonly reported_cost_usd: string
  readonly counted_cost_usd: string
  /** Of the model, in all its months. */
  readonly model_reported_cost_usd: string
  readonly model_counted_cost_usd: string
  /** Of all models, those that agree included. */
  readonly all_calls: number | string
  readonly all_reported_cost_usd: string
  readonly all_counted_cost_usd: string
}

/** Calls whose cost counts by list price although the log has one too. A logged 0 is no cost. */
export const countedByList = "cost_basis = 'list' AND reported_cost_usd > 0"

/** SQL: the decimals that a cost was logged with. */
const decimals = `strlen(rtrim(split_part(CAST(reported_cost_usd AS VARCHAR), '.', 2), '0'))`

/** SQL: true where two sums differ by more than 1 %, and by more than rounding each of `calls` figures to `digits` decimals explains. */
const differs = (reported: string, counted: string, calls: string, digits: string): string =>
  `(abs(${reported} - ${counted}) * 100 > ${counted} AND CAST(abs(${reported} - ${counted}) AS DOUBLE) > ${calls} * 0.5 * power(10, -${digits}))`

/**
 * A query for the models whose logged costs differ: a row a model and month, the largest difference first.
 * Months and decimals are looked at only for models that differ at all.
 * @param calls FROM item with the columns of `calls`
 * @param where SQL condition beside: which calls have both costs
 * @param counted the column that the logged cost is compared with
 * @param by whether whole models are judged, or each month of a model by itself
 * @param reported the column of the logged cost
 */
export function loggedCostsSql(
  calls: string,
  where: string,
  counted: string,
  by: 'model' | 'month',
  reported = 'reported_cost_usd',
): string {
  const month = "date_trunc('month', ts)"
  const keys = by === 'model' ? ['provider', 'model'] : ['provider', 'model', 'month']
  const same = (a: string, b: string): string =>
    keys.map((key) => `${a}.${key} IS NOT DISTINCT FROM ${b}.${key}`).join(' AND ')
  const sums = `count(*) AS calls, sum(reported) AS reported, sum(counted) AS counted`
  return /* sql */ `
    WITH both_costs AS NOT MATERIALIZED (
      SELECT provider, model, ${month} AS month, ${reported} AS reported_cost_usd, ${reported} AS reported, ${counted} AS counted
      FROM ${calls} WHERE ${where}
    ), sums AS MATERIALIZED (
      SELECT ${keys.join(', ')}, ${sums} FROM both_costs GROUP BY ALL
    ), judged AS MATERIALIZED (
      SELECT * FROM sums WHERE abs(reported - counted) * 100 > counted
    ), months AS MATERIALIZED (
      SELECT c.provider, c.model, c.month, ${sums.replaceAll('(reported)', '(c.reported)').replaceAll('(counted)', '(c.counted)')}, max(${decimals}) AS digits
      FROM both_costs c JOIN judged j ON ${same('c', 'j')} GROUP BY ALL
    ), digits AS (
      SELECT ${keys.join(', ')}, max(digits) AS digits FROM months GROUP BY ALL
    ), found AS (
      SELECT j.* FROM judged j JOIN digits d ON ${same('j', 'd')}
      WHERE ${differs('j.reported', 'j.counted', 'j.calls', 'd.digits')}
    ), total AS (
      SELECT sum(calls) AS calls, sum(reported) AS reported, sum(counted) AS counted FROM sums
    )
    SELECT m.provider, m.model, strftime(m.month, '%Y-%m') AS month, m.calls,
      CAST(m.reported AS DECIMAL(38,12)) AS reported_cost_usd, CAST(m.counted AS DECIMAL(38,12)) AS counted_cost_usd,
      CAST(f.reported AS DECIMAL(38,12)) AS model_reported_cost_usd, CAST(f.counted AS DECIMAL(38,12)) AS model_counted_cost_usd,
      CAST(t.calls AS BIGINT) AS all_calls, CAST(t.reported AS DECIMAL(38,12)) AS all_reported_cost_usd,
      CAST(t.counted AS DECIMAL(38,12)) AS all_counted_cost_usd
    FROM months m JOIN found f ON ${same('m', 'f')} CROSS JOIN total t
    ORDER BY abs(f.reported - f.counted) DESC, m.provider NULLS LAST, m.model NULLS LAST, abs(m.reported - m.counted) DESC, m.month`
}

/** Differences up to this, in USD over all models that differ, are not worth a word. */
const least = 0.01

const difference = (row: LoggedCostRow): number =>
  Number(row.model_reported_cost_usd) - Number(row.model_counted_cost_usd)

const ofOneModel = (a: LoggedCostRow, b: LoggedCostRow): boolean =>
  a.provider === b.provider && a.model === b.model

/**
 * The sentence on them, from the rows of `loggedCostsSql` by model; none where they agree or the difference
 * is too small: `the logs say $1,250.88, list prices $1,173.14 for 12,361 calls; most: gpt-4o +84% (June 2024)`
 */
export function loggedCostWords(rows: readonly LoggedCostRow[]): string[] {
  // The first row of each model is its month with the largest difference.
  const models = rows.filter((row, i) => i === rows.findIndex((other) => ofOneModel(row, other)))
  const [most] = models
  if (most === undefined || models.reduce((sum, row) => sum + Math.abs(difference(row)), 0) <= least)
    return []
  const { all_calls: calls, all_reported_cost_usd: reported, all_counted_cost_usd: counted } = most
  const scale = usdScale([reported, counted])
  const more = models.length - 1
  const others = more === 0 ? '' : ` and ${count(more)} more ${plural(more, 'model')}`
  return [
    `the logs say ${inWords(reported, scale)}, list prices ${inWords(counted, scale)} for ${count(calls)} ${plural(calls, 'call')}; most: ${modelWords(most, rows)}${others}`,
  ]
}

/** `gpt-4o +84% (June 2024)`: by how much the logs are above the list, and when most. */
function modelWords(model: LoggedCostRow, rows: readonly LoggedCostRow[]): string {
  const months = rows.filter((row) => ofOneModel(row, model))
  const name = model.model ?? '(none)'
  const whole = Number(model.model_counted_cost_usd)
  const by = whole === 0 ? 'free by list' : change(difference(model) / whole)
  const when = monthWords(model.month)
  return `${name} ${by} (${months.length > 1 ? `most in ${when}` : when})`
}
