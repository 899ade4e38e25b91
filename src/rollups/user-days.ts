/**
 * What the calls of a user add up to in a UTC day: the parts that tables of users and counts of them are made of.
 * Labels are not kept beside them, so a part that only some calls have is one of its own for each such condition.
 */
import { owners, type CubeColumn } from './labels.js'
import {
  cellColumn,
  conditions,
  foldedPart,
  partOfCalls,
  partOfOneSql,
  parts,
  type ConditionName,
  type PartName,
  type PartSql,
} from './parts.js'

type UserPart = readonly [name: PartName, of?: ConditionName]

/** Few, as there may be many users. */
export const userParts: readonly UserPart[] = [
  ['rows'],
  ['rows', 'call'],
  ['rows', 'failed'],
  ['rows', 'with_status'],
  ['priced_rows'],
  ['priced_rows', 'call'],
  ['partly_priced_rows'],
  ['first_ts'],
  ['last_ts'],
  ['cost_usd'],
  ['cost_usd', 'call'],
  ['min_cost_usd', 'call'],
  ['max_cost_usd', 'call'],
  ['squared_cost', 'call'],
  ['input_tokens'],
  ['input_tokens', 'call'],
  ['input_rows', 'call'],
  ['output_tokens'],
  ['output_tokens', 'call'],
  ['output_rows', 'call'],
  ['total_tokens'],
]

/** The column of a part, of the calls that meet a condition. */
export const userColumn = (name: PartName, of?: ConditionName): string =>
  of === undefined ? cellColumn(name) : `${cellColumn(name)}_of_${of}`

const columns: ReadonlySet<string> = new Set(userParts.map(([name, of]) => userColumn(name, of)))

/** Whether `daily_users` has the part of the calls that meet a condition. */
export const hasUserPart = (name: PartName, of?: ConditionName, where?: string): boolean =>
  where === undefined && columns.has(userColumn(name, of))

/** Over rows of `daily_users`, or calls as `userPartsOfOne` makes them. */
export const partOfUserDays: PartSql = (name, of) => foldedPart(name, userColumn(name, of))

/** Select items: the parts of calls, to be grouped. */
export const userPartsOfCalls: readonly string[] = userParts.map(
  ([name, of]) => `${partOfCalls(name, of)} AS ${userColumn(name, of)}`,
)

/** Select items: those of days that are added together. */
export const userPartsOfDays: readonly string[] = userParts.map(
  ([name, of]) => `${partOfUserDays(name, of)} AS ${userColumn(name, of)}`,
)

/** Select items: those of one call. */
export const userPartsOfOne: readonly string[] = userParts.map(
  ([name, of]) => `${partOfOneSql(name, of && conditions[of])} AS ${userColumn(name, of)}`,
)

export const userPartColumns: readonly string[] = userParts.map(([name, of]) => userColumn(name, of))

/** Columns of `daily_users`; `ts` is the beginning of a UTC day. */
export const dailyUserColumns: readonly CubeColumn[] = [
  { name: 'ts', type: 'TIMESTAMP', required: true },
  { name: 'owner', type: 'VARCHAR', required: true, words: owners },
  { name: 'user_id', type: 'VARCHAR' },
  ...userParts.map(([name, of]) => ({ name: userColumn(name, of), type: parts[name].type })),
  // Of a day of pulled hours, who brought them.
  { name: 'file_id', type: 'BIGINT', since: 11 },
]
