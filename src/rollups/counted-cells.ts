/**
 * Cells counted at list price, or as logs say: where only sums are left of some hours, they tell such an answer as far
 * as their labels say of all their calls what each costs. A cell that does not tell a figure fails where that is
 * looked at, as calls do that are elsewhere: no answer is partial.
 */
import type { Database } from '../db/database.js'
import { elsewhereMark } from '../db/faults.js'
import type { MoneyBasis } from '../domain/costs/basis.js'
import { cellColumn, parts, type PartName } from './parts.js'

/** Bases that each call tells by itself. */
export type PlainBasis = Extract<MoneyBasis, 'list' | 'reported'>

export const isPlain = (basis: MoneyBasis): basis is PlainBasis => basis === 'list' || basis === 'reported'

/**
 * What a cell's calls cost on a basis:
 * `same` as they do anyway; `nothing` (0 each); `unknown` each; `sum`: all have a cost, of which the sum alone is kept;
 * `some`: some have one, and their sum is kept; else it does not tell.
 */
type Case = 'same' | 'nothing' | 'unknown' | 'sum' | 'some'

/** From here on cells of the database are counted on the basis. */
export async function countCells(db: Database, basis: PlainBasis): Promise<void> {
  const columns = Object.entries(columnsOn(basis)).map(([name, sql]) => `${sql} AS ${name}`)
  await db.run(`CREATE OR REPLACE TEMP VIEW hourly_labels AS SELECT * EXCLUDE (told) REPLACE (${columns.join(', ')})
    FROM (SELECT *, ${caseOn(basis)} AS told FROM store.main.hourly_labels)`)
}

const cell = (name: PartName): string => cellColumn(name)
const none = (name: PartName): string => `coalesce(${cell(name)}, 0) = 0`

const isFailed = `status IS NOT DISTINCT FROM 'error'`
/** No call of the cell counted a token: of failed ones, none was charged for. */
const isUnused = `${none('input_tokens')} AND ${none('output_tokens')}`
/** Each call of the cell was sent input: none was free for want of usage. */
const isUsed = `${cell('sent_rows')} = ${cell('rows')}`

/** SQL: how a cell tells that its calls have no cost by themselves but that nothing is charged for what failed unused. */
const uncosted = `CASE WHEN NOT (${isFailed}) OR ${isUsed} THEN 'unknown' WHEN ${isUnused} THEN 'nothing' END`

/** SQL: the case of a cell. */
function caseOn(basis: PlainBasis): string {
  return basis === 'list'
    ? `CASE WHEN cache_hit THEN CASE WHEN ${none('cost_usd')} THEN 'same' ELSE 'nothing' END
        WHEN cost_basis IS NULL OR cost_basis IN ('list', 'no_usage') THEN 'same'
        WHEN ${cell('list_cost_usd')} IS NULL THEN ${uncosted}
        WHEN ${cell('list_cost_usd')} > 0 THEN 'some' END`
    : `CASE WHEN cost_basis IS NULL OR cost_basis IN ('reported', 'no_usage') THEN 'same'
        WHEN cache_hit AND ${cell('cost_usd')} = coalesce(${cell('reported_cost_usd')}, 0) THEN 'same'
        WHEN cache_hit OR ${cell('reported_cost_rows')} = ${cell('rows')} THEN 'sum'
        WHEN ${cell('reported_cost_usd')} IS NULL THEN ${uncosted}
        WHEN ${cell('reported_cost_rows')} > 0 THEN 'some'
        -- Zeros of a tracker that knows no price: what was used and costs something at list price was not free.
        WHEN ${isUsed} AND ${cell('min_cost_usd')} > 0 THEN 'unknown' END`
}

/** SQL: fails with what is said of the cell's quarter-hour. */
const failing = (type: string): string =>
  `CAST(error(concat_ws(' ', '${elsewhereMark}', ${minute('ts')}, ${minute('ts + INTERVAL 15 MINUTE')}, 'cube', strftime(ts, '%Y-%m-%d'))) AS ${type})`

const minute = (time: string): string => `strftime(${time}, '%Y-%m-%dT%H:%MZ')`

/** SQL of each column that hangs on what calls cost. */
function columnsOn(basis: PlainBasis): Readonly<Record<string, string>> {
  const sum = cell(basis === 'list' ? 'list_cost_usd' : 'reported_cost_usd')
  const column = (name: PartName, cases: Partial<Record<Case, string>>): Record<string, string> => ({
    [cell(name)]: inCases({ same: cell(name), ...cases }, parts[name].type),
  })
  /** Of those of its calls that have the counted quantity: all of them, or none. */
  const sumWhere = (rows: PartName, all: string): string =>
    `CASE WHEN ${all} THEN ${sum} WHEN ${none(rows)} THEN NULL ELSE ${failing('DECIMAL(38,12)')} END`
  const zeroWhere = (rows: PartName): string => `CASE WHEN ${cell(rows)} > 0 THEN 0 END`
  const hasTokens = `CASE WHEN ${cell('input_rows')} > 0 OR ${cell('output_rows')} > 0 THEN`
  const tokens = `${hasTokens} coalesce(${cell('input_tokens')}, 0) + coalesce(${cell('output_tokens')}, 0) END`
  const isAll = (rows: PartName): string => `${cell(rows)} = ${cell('rows')}`
  const extreme = { nothing: '0', unknown: 'NULL' }
  return {
    ...column('cost_usd', { nothing: '0', unknown: 'NULL', sum, some: sum }),
    ...column('priced_rows', { nothing: cell('rows'), unknown: '0', sum: cell('rows') }),
    ...column('min_cost_usd', extreme),
    ...column('max_cost_usd', extreme),
    ...column('squared_cost', extreme),
    ...column('token_cost_usd', {
      nothing: `${hasTokens} 0 END`,
      unknown: 'NULL',
      sum: `CASE WHEN ${isAll('input_rows')} OR ${isAll('output_rows')} THEN ${sum}
        WHEN ${none('input_rows')} AND ${none('output_rows')} THEN NULL ELSE ${failing('DECIMAL(38,12)')} END`,
    }),
    ...column('priced_tokens', { nothing: tokens, unknown: 'NULL', sum: tokens }),
    ...column('output_cost_usd', {
      nothing: zeroWhere('output_rows'),
      unknown: 'NULL',
      sum: sumWhere('output_rows', isAll('output_rows')),
    }),
    ...column('priced_output_tokens', {
      nothing: cell('output_tokens'),
      unknown: 'NULL',
      sum: cell('output_tokens'),
    }),
    ...column('later_attempt_cost_usd', {
      nothing: zeroWhere('later_attempt_rows'),
      unknown: 'NULL',
      sum: sumWhere('later_attempt_rows', isAll('later_attempt_rows')),
    }),
    // What its price does not cover is no doubt about what a log says.
    ...(basis === 'reported' && { [cell('partly_priced_rows')]: 'CAST(0 AS BIGINT)' }),
    cost_basis: inCases(
      {
        same: `CASE WHEN cost_basis = 'no_usage' THEN '${basis}' ELSE cost_basis END`,
        nothing: `CASE WHEN cache_hit THEN 'response_cache' ELSE '${basis}' END`,
        unknown: 'NULL',
        sum: `CASE WHEN cache_hit THEN 'response_cache' ELSE '${basis}' END`,
      },
      'VARCHAR',
    ),
  }
}

const inCases = (cases: Partial<Record<Case, string>>, type: string): string =>
  `CAST(CASE told ${Object.entries(cases)
    .map(([name, sql]) => `WHEN '${name}' THEN ${sql}`)
    .join(' ')} ELSE ${failing(type)} END AS ${type})`
