/** What a filter could also have meant, and what a comparison cannot tell; asked only where there is one. */
import type { Database } from '../db/database.js'
import { keyIn } from '../domain/costs/currency.js'
import { noneValue, type Reading } from '../domain/filters.js'
import { isComparison, type Filter, type Scope } from '../domain/scope.js'
import { counted, plural } from '../domain/words/plurals.js'
import { filterExtent } from '../metrics/doubts/near-values.js'
import { filterText } from '../reports/unmatched.js'

/**
 * Sentences for people, without their stop: calls that have a list of values, or the name of a group, as their
 * very value, and calls of the scope that have no number to compare.
 */
export async function filterDoubts(
  db: Database,
  scope: Scope,
  readings: readonly Reading[],
): Promise<readonly string[]> {
  const found: string[] = []
  for (const { said, text, literal } of readings) {
    const calls = await callsWith(db, scope, literal, [])
    if (calls > 0)
      found.push(
        `${said} ${text}: ${some(calls)} of the window ${has(calls)} ${filterText(literal)} itself; for those write ${said} ${escaped(literal)}`,
      )
  }
  for (const filter of scope.filters.filter(({ operator }) => isComparison(operator))) {
    const others = scope.filters.filter((one) => one.dimension !== filter.dimension)
    const absent = { ...filter, operator: '=', value: noneValue } as const
    const calls = await callsWith(db, scope, absent, others)
    if (calls > 0)
      found.push(
        `--where ${filterText(filter, scope.currency)} leaves out ${some(calls)} without ${scope.currency === undefined ? filter.dimension : keyIn(filter.dimension, scope.currency)}`,
      )
  }
  return found
}

async function callsWith(
  db: Database,
  scope: Scope,
  filter: Filter,
  others: readonly Filter[],
): Promise<number> {
  const { sql, params } = filterExtent(filter, scope, others)
  return Number((await db.one<{ readonly calls_inside: bigint | number }>(sql, params)).calls_inside)
}

const some = (calls: number): string => counted(calls, 'call')

const has = (calls: number): string => plural(calls, 'has', 'have')

/** As it is typed in a shell. */
const escaped = ({ dimension, value }: Filter): string =>
  `'${dimension}=${value.replaceAll(/,|^@/g, (sign) => `\\${sign}`)}'`
