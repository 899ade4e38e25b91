/**
 * Whose cost it is: calls get a cost center, and what is shared goes from the calls that it is of to the centers. Calls
 * stay as they are; beside them stand a row that takes the cost away and one for what each center gets, so that every
 * sum by a label of the calls is the same as before. Laid over what counts as money.
 */
import { besideCalls, allocationSource, centerColumn } from '../domain/costs/basis.js'
import { sessionTotal } from '../domain/call.js'
import {
  carriedColumns,
  sharedCenter,
  type Allocation,
  type MonthlyCost,
  type ShareBasis,
  type Sharing,
} from '../domain/costs/allocation.js'
import { moneyOf } from '../domain/costs/units.js'
import { dayMs } from '../domain/time/zones.js'
import { quoteText, quoteTimestamp } from '../domain/words/quoting.js'
import { allPass, labelSql } from './labels.js'
import type { Layer, Statement } from './layer.js'
import { partOf, sharesFrom } from './shares.js'
import { amountOf, unitsOf } from './spread.js'

/** Column of such rows, and of the calls that a rule is for: how their cost is shared. */
export const allocatedBy = 'allocated_by'

export const monthly = 'monthly'

const shared = quoteText(sharedCenter)

/** SQL: the UTC month of a row as a number. */
const month = '(year(ts) * 12 + month(ts))'

export interface LaidOver {
  /** What is known by then counts. */
  readonly asOf: Date
  /** The calls have a column for money of no call. */
  readonly hasBeside: boolean
}

export function allocation(terms: Allocation, { asOf, hasBeside }: LaidOver): Layer {
  const beside = hasBeside ? '' : `CAST(NULL AS VARCHAR) AS ${besideCalls}, `
  return {
    prepare: (from) => [
      centers(terms, from, asOf),
      ...sharesFrom(weights(terms)),
      added(terms.costs, terms.shared.length, asOf),
    ],
    over: (from) => {
      const placed = placedCalls(terms, from)
      return `SELECT * EXCLUDE (own_center, rule), ${beside}
          CASE WHEN rule IS NULL THEN coalesce(own_center, ${shared}) ELSE ${shared} END AS ${centerColumn}, ${kindSql(terms)} AS ${allocatedBy}
        FROM ${placed} AS placed
        UNION ALL BY NAME ${parts(terms, placed, hasBeside)}
        UNION ALL BY NAME FROM allocation_added`
    },
  }
}

/** Calls with the center that their label says, and the number of the rule for them. */
function placedCalls(terms: Allocation, from: string): string {
  const center = centerSql(terms)
  const whens = terms.shared.map(
    ({ where }, i) => `WHEN ${where === undefined ? `${center} IS NULL` : allPass(where)} THEN ${i}`,
  )
  const rule = whens.length === 0 ? 'CAST(NULL AS INTEGER)' : `CASE ${whens.join(' ')} END`
  return `(SELECT *, ${center} AS own_center, ${rule} AS rule FROM ${from})`
}

/** SQL: the center that the label of a call says; NULL where it says none. */
export function centerSql({ from, centers: named }: Allocation): string {
  const label = labelSql(from)
  const whens = Object.entries(named)
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => `WHEN ${label} IN (${values.map(quoteText).join(', ')}) THEN ${quoteText(name)}`)
  return `nullif(${whens.length === 0 ? label : `CASE ${whens.join(' ')} ELSE ${label} END`}, ${shared})`
}

/** How it is shared, as answers call it. */
const kindOf = (sharing: Sharing): string => ('by' in sharing ? sharing.by : 'percent')

const kindSql = ({ shared: rules }: Pick<Allocation, 'shared'>): string =>
  rules.length === 0
    ? 'CAST(NULL AS VARCHAR)'
    : `CASE rule ${rules.map(({ sharing }, i) => `WHEN ${i} THEN ${quoteText(kindOf(sharing))}`).join(' ')} END`

/** What the centers' own calls of a month come to. */
function centers(terms: Allocation, from: string, asOf: Date): Statement {
  return {
    sql: `CREATE TEMP TABLE allocation_centers AS
      SELECT ${month} AS period, own_center AS center,
        CAST(count(*) FILTER (WHERE operation IS DISTINCT FROM '${sessionTotal}') AS HUGEINT) AS calls,
        CAST(coalesce(sum(total_tokens), 0) AS HUGEINT) AS tokens, ${trillionths('coalesce(sum(cost_usd), 0)')} AS cost
      FROM ${placedCalls(terms, from)}
      WHERE rule IS NULL AND own_center IS NOT NULL AND ts < ${quoteTimestamp(asOf.toISOString())}
      GROUP BY ALL`,
  }
}

/** A share of cost is a share of whole 1e-12 USD. */
const trillionths = (amount: string): string =>
  `CAST(replace(CAST(CAST(${amount} AS DECIMAL(38,12)) AS VARCHAR), '.', '') AS HUGEINT)`

/** SELECT of what each rule shares by: rules of calls first, then those of monthly costs. */
function weights({ shared: rules, costs }: Allocation): string {
  const all = [...rules, ...costs].map(({ sharing }, rule) => {
    if ('by' in sharing) return weighedBy(rule, sharing.by)
    const rows = Object.entries(sharing.to).map(([center, part]) => `(${quoteText(center)}, ${part})`)
    return `SELECT ${rule} AS rule, 0 AS period, center, CAST(part AS HUGEINT) AS weight FROM (VALUES ${rows.join(', ')}) AS fixed(center, part)`
  })
  // A UNION has a SELECT at least: the last is for none, and a weight of 0 gets nothing.
  return `SELECT * FROM (${[...all, `SELECT 0 AS rule, 0 AS period, '' AS center, CAST(0 AS HUGEINT) AS weight`].join(' UNION ALL BY NAME ')})`
}

const weighedBy = (rule: number, by: ShareBasis): string =>
  `SELECT ${rule} AS rule, period, center, ${by} AS weight FROM allocation_centers`

/** SQL: the month by which a row is shared; where its rule shares alike in all months, there is one. @param first the first rule's number */
const periodOf = (sharings: readonly Sharing[], first: number): string => {
  const fixed = sharings.flatMap((sharing, i) => ('by' in sharing ? [] : [first + i]))
  return fixed.length === 0 ? month : `CASE WHEN rule IN (${fixed.join(', ')}) THEN 0 ELSE ${month} END`
}

/** What is taken from each shared call, and what of it each center gets. */
function parts({ shared: rules }: Allocation, placed: string, hasBeside: boolean): string {
  const carried = [...carriedColumns, ...(hasBeside ? [besideCalls] : [])].join(', ')
  const period = periodOf(
    rules.map(({ sharing }) => sharing),
    0,
  )
  return `SELECT concat(call_id, ' ', center) AS call_id, '${allocationSource}' AS source, ts, '${sessionTotal}' AS operation, ${carried},
      ${amountOf(partOf('units'))} AS cost_usd, center AS ${centerColumn}, kind AS ${allocatedBy}
    FROM (SELECT call_id, ts, ${carried}, rule, ${period} AS period, ${kindSql({ shared: rules })} AS kind, ${unitsOf('cost_usd')} AS units
      FROM ${placed} AS placed WHERE rule IS NOT NULL AND cost_usd <> 0) AS shared_calls
    JOIN allocation_shares USING (rule, period)`
}

/** Monthly costs by UTC day, of which the first of a month have what does not divide; a day counts from its beginning. */
function added(costs: readonly MonthlyCost[], first: number, asOf: Date): Statement {
  const due = Math.ceil(asOf.getTime() / dayMs) * dayMs
  const time = (ms: number): string => quoteTimestamp(new Date(ms).toISOString())
  const days = costs.map(({ name, usd, since, until }, i) => {
    const end = until === undefined ? due : Math.min(due, Date.parse(until))
    const units = `CAST('${moneyOf(usd)}' AS HUGEINT)`
    return `SELECT ${first + i} AS rule, ${quoteText(`(${name})`)} AS name, ts,
        ${units} // days + CASE WHEN day(ts) <= ${units} % days THEN 1 ELSE 0 END AS units
      FROM (SELECT range AS ts, day(last_day(range)) AS days FROM range(${time(Date.parse(since))}, ${time(Math.max(end, Date.parse(since)))}, INTERVAL 1 DAY))`
  })
  // Where there are no costs; without units it is no row of the table.
  const none = `SELECT 0 AS rule, '' AS name, TIMESTAMP '1970-01-01' AS ts, CAST(0 AS HUGEINT) AS units`
  const period = periodOf(
    costs.map(({ sharing }) => sharing),
    first,
  )
  return {
    sql: `CREATE TEMP TABLE allocation_added AS
      SELECT concat(name, ' ', CAST(ts AS DATE), ' ', ${centerColumn}) AS call_id, '${allocationSource}' AS source, ts, '${sessionTotal}' AS operation,
        ${amountOf('units')} AS cost_usd, '${monthly}' AS cost_basis, name AS ${besideCalls}, ${centerColumn}, '${monthly}' AS ${allocatedBy}
      FROM (SELECT name, ts, coalesce(center, ${shared}) AS ${centerColumn}, CASE WHEN center IS NULL THEN units ELSE ${partOf('units')} END AS units
        FROM (SELECT *, ${period} AS period FROM (${[...days, none].join(' UNION ALL BY NAME ')}))
        LEFT JOIN (FROM allocation_shares WHERE center <> ${shared}) USING (rule, period))
      WHERE units <> 0`,
  }
}
