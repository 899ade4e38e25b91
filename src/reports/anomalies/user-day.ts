/** What a user's day up to an hour is held against: a part of `llmcost anomalies --explain --series user=…`. */
import { number, roundUsd } from '../../domain/words/wording.js'
import type { UserDayRow } from '../../metrics/anomalies/users-beyond.js'
import { column, dataColumn } from '../columns.js'
import type { Column, Row, Section } from '../report.js'
import { withoutNoise } from './surprise-verdicts.js'

const facts: readonly Column[] = [
  column('cost_usd', 'cost of the day up to the hour', 'usd'),
  column('usual_usd', 'usual day', 'usd'),
  column('active_days', 'active days of 28', 'count'),
  column('ratio_usd', 'bound by the usual day', 'usd'),
  column('median_usd', 'median active day', 'usd'),
  column('spread', 'σ: spread of the logarithms above the median', 'number'),
  column('spreads', 'σ that the day must be above', 'number'),
  column('spread_usd', 'bound by the spread', 'usd'),
  column('account_usd', 'usual day of all calls', 'usd'),
  column('share_usd', 'bound by its share', 'usd'),
  column('bound_usd', 'bound: the largest of these and the least amount', 'usd'),
  column('beyond', 'beyond the usual', 'boolean'),
  dataColumn('is_newcomer', 'new', 'boolean'),
  dataColumn('users', 'users that are known', 'count'),
]

/** @param row undefined where too little is known */
export function userDaySection(row: UserDayRow | undefined): Section {
  return {
    id: 'user_day',
    title: 'The day so far',
    layout: 'facts',
    columns: facts,
    rows: row === undefined ? [] : [rowOf(row)],
    notes: row === undefined ? [] : [verdictOf(row), ...newcomer(row)],
    empty:
      'the day is not judged: fewer than 7 active days in the 28 before it, and fewer than 5 users that have so many',
  }
}

function rowOf(row: UserDayRow): Row {
  const own = row as unknown as Row
  const cells = facts.map(({ key }): [string, Row[string]] => {
    const cell = own[key] ?? null
    return [key, typeof cell === 'number' ? withoutNoise(cell) : cell]
  })
  return { ...Object.fromEntries(cells), beyond: isBeyond(row) }
}

const isBeyond = (row: UserDayRow): boolean => Number(row.cost_usd) >= row.bound_usd

/** What was spent so far is held against what a whole day must come to. */
function verdictOf(row: UserDayRow): string {
  const { bound_usd: bound, ratio_usd: ratio, spread_usd: spread, share_usd: share } = row
  const by =
    bound === ratio
      ? `${number(withoutNoise(ratio / row.usual_usd))} times the usual day`
      : bound === spread
        ? 'the spread of the days'
        : bound === share
          ? "the share of the account's usual day"
          : 'the least amount'
  const verdict = isBeyond(row) ? 'is beyond the usual: it reaches' : 'is not beyond the usual: it is below'
  return `the day so far ${verdict} the bound of ${roundUsd(bound)}, ${by}`
}

const newcomer = ({ is_newcomer }: UserDayRow): string[] =>
  is_newcomer ? ['the user is new: judged as one of the 95th centile of users'] : []
