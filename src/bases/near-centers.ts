/**
 * Cost centers that a rule alone names, and that look like a slip of another: whatever `to` says becomes a center, so
 * that a misspelt one would get its cost without a word.
 */
import type { Database } from '../db/database.js'
import { allocationSource } from '../domain/costs/basis.js'
import type { Allocation } from '../domain/costs/allocation.js'
import { isSlipOf } from '../domain/words/names.js'
import { quoteText } from '../domain/words/quoting.js'
import { centerSql } from './allocation.js'

interface NearRow {
  readonly name: string
  readonly near: string
  /** Their letters alone. */
  readonly own: string
  readonly other: string
}

/** The database counts slips in bytes, of which a letter has up to four: so many may be two slips. */
const mostBytes = 8

/** Of such pairs, the closest are looked at. */
const mostPairs = 10_000

/** SQL: a name without what people write now so and now so: case, spaces and signs. */
const letters = (name: string): string => `regexp_replace(lower(${name}), '[^\\p{L}\\p{N}]', '', 'g')`

/** Sentences for people, without their stop: a center under `to` that no call and no other rule has, and the one it is like. */
export async function nearCenters(db: Database, terms: Allocation): Promise<readonly string[]> {
  const uses = receiversOf(terms)
  const declared = Object.keys(terms.centers)
  if (uses.every(([name]) => declared.includes(name))) return []
  const { rows } = await db.query<NearRow>(pairsSql(terms, uses, declared))
  const found = new Map<string, string>()
  for (const { name, near, own, other } of rows)
    if (!found.has(name) && isSlipOf(own, other) && isSlipOf(other, own)) found.set(name, near)
  return [...found].map(
    ([name, near]) =>
      `allocate: to names the cost center ${name}, which no call has, and which is much like ${near}: if it is one of its own, list it under cost_centers`,
  )
}

/** Centers under `to`, and in how many rules each is. */
function receiversOf({ shared, costs }: Allocation): readonly (readonly [string, number])[] {
  const found = new Map<string, number>()
  for (const { sharing } of [...shared, ...costs])
    if ('to' in sharing)
      for (const name of Object.keys(sharing.to)) found.set(name, (found.get(name) ?? 0) + 1)
  return [...found]
}

/**
 * Pairs that may be slips, the closest first. A label may have a million values, so they are compared where they are.
 * Of two that nothing else names, the one of fewer rules is the slip.
 */
function pairsSql(
  terms: Allocation,
  uses: readonly (readonly [string, number])[],
  declared: readonly string[],
): string {
  const own = declared.map((name) => `SELECT ${quoteText(name)} AS name`)
  const logged = `SELECT DISTINCT ${centerSql(terms)} AS name FROM calls WHERE source IS DISTINCT FROM '${allocationSource}'`
  return `WITH known AS (SELECT DISTINCT name FROM (${[...own, logged].join(' UNION ALL ')}) WHERE name IS NOT NULL),
    lone AS (
      SELECT * FROM (VALUES ${uses.map(([name, rules]) => `(${quoteText(name)}, ${rules})`).join(', ')}) AS named(name, rules)
      WHERE name NOT IN (FROM known)),
    pairs AS (
      SELECT lone.name, known.name AS near FROM lone, known
      UNION ALL
      SELECT a.name, b.name FROM lone AS a JOIN lone AS b ON b.rules > a.rules OR (b.rules = a.rules AND b.name < a.name)),
    compared AS (
      SELECT name, near, ${letters('name')} AS own, ${letters('near')} AS other, levenshtein(left(own, 200), left(other, 200)) AS bytes
      FROM pairs)
    SELECT name, near, own, other FROM compared WHERE bytes <= ${mostBytes} ORDER BY name, bytes, near LIMIT ${mostPairs}`
}
