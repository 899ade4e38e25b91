/**
 * Texts that were cut within a sign. A program that cuts a prompt after so many UTF-16 units may leave half of a
 * sign, and writes it as `\ud83d` alone: JSON by its grammar, but no text, so that the engine reads nothing of
 * the line. The half becomes the sign for what cannot be read; the call is a call.
 */
import type { Database } from '../../db/database.js'
import type { SourceRelation } from '../typing/normalise.js'

const hasHalf = String.raw`(contains(text, '\ud') OR contains(text, '\uD')) AND NOT json_valid(text)`

const hex = '[0-9a-fA-F]{2}'
/** Whole signs are put aside, with a mark that no JSON has, while the halves are replaced. */
const mended = [
  [
    String.raw`\\u([dD][89abAB]${hex})\\u([dD][c-fC-F]${hex})`,
    String.raw`chr(30) || 'u\1' || chr(30) || 'u\2'`,
  ],
  [String.raw`\\u[dD][89a-fA-F]${hex}`, String.raw`'\\ufffd'`],
].reduce((text, [from, to]) => `regexp_replace(${text}, '${from}', ${to}, 'g')`, 'text')

/** The lines of a relation with their half signs replaced; undefined where none has any. */
export async function withoutHalfSigns(
  db: Database,
  relation: SourceRelation,
): Promise<SourceRelation | undefined> {
  const { n } = await db.one<{ n: number }>(
    `SELECT count(*) AS n FROM (SELECT 1 FROM (${relation.sql}) WHERE ${hasHalf} LIMIT 1)`,
  )
  if (n === 0) return undefined
  const text = `CASE WHEN ${hasHalf} THEN replace(${mended}, chr(30), chr(92)) ELSE text END`
  return { ...relation, sql: `SELECT * REPLACE (${text} AS text) FROM (${relation.sql})` }
}
