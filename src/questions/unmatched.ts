/** Finds out why filters leave nothing; asked only once nothing was found. */
import type { Database } from '../db/database.js'
import { filterDimension } from '../domain/dimensions.js'
import { noneValue } from '../domain/filters.js'
import { isComparison, type Filter, type Scope } from '../domain/scope.js'
import { filterExtent, nearTags, nearValues } from '../metrics/doubts/near-values.js'
import { CallsElsewhere } from '../errors.js'
import { matchesNever, type Unmatched } from '../reports/unmatched.js'

const shown = 3

/** The filters that no call in the window passes by itself. `!=` is left out: it names what is not wanted. */
export async function unmatchedFilters(
  db: Database,
  scope: Pick<Scope, 'since' | 'until' | 'filters'>,
): Promise<readonly Unmatched[]> {
  const found: Unmatched[] = []
  for (const filter of scope.filters.filter(({ operator }) => operator !== '!=')) {
    const { sql, params } = filterExtent(filter, scope)
    const [extent] = await whereHeld(async () => [await db.one<Unmatched['extent']>(sql, params)])
    if (extent === undefined || Number(extent.calls_inside) > 0) continue
    const unmatched = { filter, extent, near: [], nearTags: [] }
    found.push(matchesNever(unmatched) ? { ...unmatched, ...(await closest(db, filter)) } : unmatched)
  }
  return found
}

async function closest(db: Database, filter: Filter): Promise<Pick<Unmatched, 'near' | 'nearTags'>> {
  if (filter.value === noneValue || isComparison(filter.operator)) return { near: [], nearTags: [] }
  const near = await names(db, nearValues(filter, shown))
  const dimension = filterDimension(filter.dimension)
  if (near.length > 0 || dimension.kind !== 'tag') return { near, nearTags: [] }
  return { near, nearTags: await names(db, nearTags(dimension.tag, shown)) }
}

async function names(db: Database, { sql, params }: ReturnType<typeof nearValues>): Promise<string[]> {
  const rows = await whereHeld(async () => (await db.query<{ readonly value: string }>(sql, params)).rows)
  return rows.map(({ value }) => value)
}

/** The rows; none where some calls are elsewhere: of these nobody knows what they would have matched. */
async function whereHeld<R>(ask: () => Promise<readonly R[]>): Promise<readonly R[]> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof CallsElsewhere) return []
    throw error
  }
}
