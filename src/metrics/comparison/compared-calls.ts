/**
 * The calls of two scopes one after the other, each with its side: what every comparison begins with. A call
 * may be on both sides. Each side reads its own stretch of time and nothing between.
 */
import type { Scope } from '../../domain/scope.js'
import type { Param } from '../query.js'
import { inScope } from '../scope.js'

export interface Sides {
  readonly a: Scope
  readonly b: Scope
}

/** A table expression with the columns asked for and `is_a`, and the values it binds. */
export function callsBySide(
  { a, b }: Sides,
  columns: string,
): { readonly sql: string; readonly params: Record<string, Param> } {
  const [first, second] = [sideCondition(a, 'a'), sideCondition(b, 'b')]
  const sql = /* sql */ `
      SELECT ${columns}, TRUE AS is_a FROM calls WHERE ${first.sql}
      UNION ALL
      SELECT ${columns}, FALSE AS is_a FROM calls WHERE ${second.sql}`
  return { sql, params: { ...first.params, ...second.params } }
}

/** A scope's condition, with the names of its parameters set apart from those of the other side. */
export function sideCondition(scope: Scope, side: 'a' | 'b'): ReturnType<typeof inScope> {
  const { sql, params } = inScope(scope)
  return {
    // No value is ever part of the text, so a $ begins a parameter.
    sql: sql.replaceAll(/\$(\w+)/g, `$${side}_$1`),
    params: Object.fromEntries(Object.entries(params).map(([name, value]) => [`${side}_${name}`, value])),
  }
}
