/** How many users the calls of each lever have: what new users are measured by. */
import type { Filter, Scope } from '../../domain/scope.js'
import type { Param, Query, Whole } from '../query.js'
import { inFilters, inScope } from '../scope.js'

export interface LeverUsers {
  readonly filters: readonly Filter[]
  /** Those of a tier; null for all. */
  readonly users: readonly string[] | null
}

export interface LeverUsersRow {
  /** Distinct users, one for each of the request, in its order. */
  readonly users: readonly Whole[]
}

export function leverUsers(scope: Scope, all: readonly LeverUsers[]): Query<LeverUsersRow> {
  const scoped = inScope(scope)
  const params: Record<string, Param> = { ...scoped.params }
  const counts = all.map(({ filters, users }, i) => {
    const own = inFilters(filters, `lever_${i}_`)
    Object.assign(params, own.params)
    if (users !== null) params[`lever_${i}_users`] = JSON.stringify(users)
    const among =
      users === null
        ? ''
        : ` AND user_id IN (SELECT unnest(from_json(CAST($lever_${i}_users AS JSON), '["VARCHAR"]')))`
    return `count(DISTINCT user_id) FILTER (WHERE ${own.sql}${among})`
  })
  return { sql: `SELECT [${counts.join(', ')}] AS users FROM calls WHERE ${scoped.sql}`, params }
}
