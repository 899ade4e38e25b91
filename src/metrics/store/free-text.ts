/**
 * Which columns and tags of a store hold what a person wrote and not a name: found by words, length and how
 * often the same value comes again. The texts themselves never leave the query.
 */
import { callColumns } from '../../domain/call.js'
import { freeTextRule } from '../../domain/words/free-text.js'
import { entries, longest, textLength, wholeMatch } from '../dialect.js'
import type { Query, Whole } from '../query.js'

export interface FreeTextRow {
  /** A column, `tag.x`, or `rejects.text`. */
  readonly place: string
  /** Rows that hold a text. */
  readonly rows: Whole
  /** Different texts. */
  readonly texts: Whole
  /** Characters of the three longest, the longest first. */
  readonly lengths: readonly number[]
  /** Free text, else a few long labels that come again and again. */
  readonly free: boolean
}

/** Letters, digits and signs that names, ids, paths and addresses are made of. */
const bareName = '[0-9A-Za-z_.:/@+=,-]+'

const isText = (value: string): string =>
  `(${textLength(value)} - ${textLength(`replace(${value}, ' ', '')`)} >= ${freeTextRule.words - 1}
    OR ${textLength(value)} >= ${freeTextRule.characters} AND NOT ${wholeMatch(value, bareName)})`

/** Columns first, then tags, then texts of rejected records. */
export function freeText(): Query<FreeTextRow> {
  const columns = callColumns.filter(({ type }) => type === 'VARCHAR').map(({ name }) => name)
  const values = [
    ...columns.map((name) => `SELECT 1 AS part, '${name}' AS place, ${name} AS value FROM store.main.calls`),
    `SELECT 2 AS part, 'tag.' || e.key AS place, e.value AS value FROM (SELECT unnest(${entries('tags')}) AS e FROM store.main.calls)`,
    `SELECT 3 AS part, 'rejects.text' AS place, text AS value FROM rejects`,
  ]
  const texts = values.map(
    (sql) =>
      `SELECT part, place, value, count(*) AS n FROM (${sql}) WHERE value IS NOT NULL AND ${isText('value')} GROUP BY ALL`,
  )
  return {
    sql: /* sql */ `
      SELECT place, CAST(sum(n) AS BIGINT) AS rows, count(*) AS texts, ${longest(textLength('value'), 3)} AS lengths,
        count(*) > ${freeTextRule.fewTexts} OR sum(n) < ${freeTextRule.repeats} * count(*) AS free
      FROM (${texts.join(' UNION ALL ')})
      GROUP BY part, place ORDER BY part, texts DESC, place`,
    params: {},
  }
}
