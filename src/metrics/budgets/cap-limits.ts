/** The cap that holds for a user, as SQL: one number for all, or a table of those who have others. */
import { capsSet, type CapLimits } from '../../domain/budgets/cap-limits.js'
import { capNames, tokenCaps, type CapName } from '../../domain/budgets/user-caps.js'
import { rowsOfJson } from '../dialect.js'
import type { Param } from '../query.js'

export interface LimitSql {
  /** CTEs, each with a comma behind it. */
  readonly ctes: string
  /** Behind the table of which `user_id` is a column. */
  readonly join: (table: string) => string
  /** What a user may use, USD or tokens, with twelve places; NULL: no cap. */
  readonly of: (cap: CapName) => string
  readonly params: Record<string, Param>
}

/** An amount with the places of a cost. */
export const amount = (value: string): string => `CAST(${value} AS DECIMAL(38, 12))`

export function limitSql(limits: CapLimits): LimitSql {
  const { all, own } = limits
  const params: Record<string, Param> = {}
  for (const cap of capNames) if (all[cap] !== undefined) params[`limit_${cap}`] = String(all[cap])
  const ofAll = (cap: CapName): string => amount(all[cap] === undefined ? 'NULL' : `$limit_${cap}`)
  if (own.length === 0) return { ctes: '', join: () => '', of: ofAll, params }
  const set = capsSet(limits)
  const columns = Object.fromEntries(['user_id', ...set].map((name) => [name, 'VARCHAR']))
  const rows = own.map(({ userId, caps }) => ({
    user_id: userId,
    ...Object.fromEntries(set.map((cap) => [cap, caps[cap] === undefined ? null : String(caps[cap])])),
  }))
  return {
    ctes: /* sql */ `own_limit_texts AS (
      SELECT ${rowsOfJson('$own_limits', columns)}
    ), own_limits AS (
      SELECT ${['user_id AS limited_user', ...set.map((cap) => `${amount(cap)} AS limit_${cap}`)].join(', ')}
      FROM own_limit_texts
    ), `,
    join: (table) => ` LEFT JOIN own_limits ON own_limits.limited_user = ${table}.user_id`,
    of: (cap) =>
      set.includes(cap)
        ? `CASE WHEN own_limits.limited_user IS NULL THEN ${ofAll(cap)} ELSE own_limits.limit_${cap} END`
        : amount('NULL'),
    params: { ...params, own_limits: JSON.stringify(rows) },
  }
}

/** What a call uses of a cap on requests. */
export function requestUse(cap: CapName, table = 'calls'): string {
  switch (cap) {
    case 'request_input_tokens':
      return `coalesce(${table}.input_tokens, 0)`
    case 'request_output_tokens':
      return `coalesce(${table}.output_tokens, 0)`
    case 'request_tokens':
      return `coalesce(${table}.input_tokens, 0) + coalesce(${table}.output_tokens, 0)`
    case 'request_usd':
    case 'hourly_usd':
    case 'daily_usd':
    case 'monthly_usd':
      return `${table}.cost_usd`
  }
}

/** Whether the column `cap` is one in tokens. */
export const inTokens = `cap IN (${tokenCaps.map((cap) => `'${cap}'`).join(', ')})`
