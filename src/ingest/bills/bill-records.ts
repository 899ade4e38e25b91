/** The records of a bill as a relation: their number, whether they can be read, and what their values are called in SQL. */
import type { BillSource, RecordReader } from '../../billing/bill.js'
import { quoteText } from '../../domain/words/quoting.js'
import { pointerOf } from '../../importers/document.js'
import type { SourceRelation } from '../typing/normalise.js'

/** SQL of an absent value. */
export const absent = 'CAST(NULL AS VARCHAR)'

/** Takes note of what is asked for, so that JSON is parsed once a record. */
export class Columns implements RecordReader {
  readonly #header: readonly string[] | undefined
  readonly #paths: string[] = []

  /** @param header of CSV; undefined for JSON */
  constructor(header?: readonly string[]) {
    this.#header = header
  }

  text(...path: readonly string[]): string {
    if (this.#header === undefined) return this.#ofJson(path)
    const index = path.length === 1 ? this.#header.indexOf(path[0]!) : -1
    return index < 0 ? absent : `c${index}`
  }

  any(...names: readonly string[]): string {
    if (this.#header === undefined) return `coalesce(${names.map((name) => this.#ofJson([name])).join(', ')})`
    const lower = this.#header.map((name) => name.toLowerCase())
    const found = [...new Set(names.map((name) => lower.indexOf(name.toLowerCase())))].filter((i) => i >= 0)
    if (found.length === 0) return absent
    return found.length === 1 ? `c${found[0]}` : `coalesce(${found.map((i) => `c${i}`).join(', ')})`
  }

  /** SQL of a list of the paths that were asked for. */
  get paths(): string {
    return `[${this.#paths.map(quoteText).join(', ')}]`
  }

  /** Columns that records carry along. */
  get names(): readonly string[] {
    return this.#header === undefined ? ['v'] : this.#header.map((_, i) => `c${i}`)
  }

  #ofJson(path: readonly string[]): string {
    const pointer = pointerOf(path)
    if (!this.#paths.includes(pointer)) this.#paths.push(pointer)
    return `v[${this.#paths.indexOf(pointer) + 1}]`
  }
}

/** SQL: numbers behind a key as texts. A number of JSON is read as a double, and an amount has up to 19 digits. */
const numbersAsText = (text: string): string =>
  `regexp_replace(${text}, '"(\\w+)"(\\s*:\\s*)(-?[0-9][0-9.eE+-]*)', '"\\1"\\2"\\3"', 'g')`

/**
 * SELECT of `record` (a number from 1), `readable`, `blank`, `content` (the record's text) and its columns.
 * @param read has been asked for all that is wanted
 */
export function recordsSql(relation: SourceRelation, source: BillSource, read: Columns): string {
  return relation.kind === 'csv' ? csvRecords(relation, read) : jsonRecords(relation, source, read)
}

function csvRecords({ sql, header }: SourceRelation, read: Columns): string {
  const trimmed = read.names.map((name) => `nullif(trim(${name}), '') AS ${name}`)
  const same = header.map((name, i) => `trim(c${i}) = ${quoteText(name)}`).join(' AND ')
  return `SELECT row_number() OVER () AS record, reject IS NULL OR reject = '' AS readable,
      coalesce(${same}, false) OR (${read.names.map((name) => `nullif(trim(${name}), '') IS NULL`).join(' AND ')}) AS blank,
      concat_ws(chr(31), ${read.names.join(', ')}) AS content, ${trimmed.join(', ')}
    FROM (${sql})`
}

function jsonRecords({ sql }: SourceRelation, { records }: BillSource, read: Columns): string {
  const lines = `(SELECT row_number() OVER () AS place, text, text IS NULL OR trim(text) = '' AS blank,
      text IS NOT NULL AND json_valid(text) AND starts_with(ltrim(text), '{') AS readable FROM (${sql}))`
  const sound = `(SELECT place, ${numbersAsText('text')} AS text FROM ${lines} WHERE readable)`
  const made = records === undefined ? `SELECT place, 0 AS inner_place, text FROM ${sound}` : records(sound)
  const values = `list_transform(json_extract_string(text, ${read.paths}), lambda x: nullif(trim(x), ''))`
  return `SELECT row_number() OVER (ORDER BY place, inner_place) AS record, readable, blank, content, v FROM (
    SELECT place, inner_place, true AS readable, false AS blank, text AS content, ${values} AS v FROM (${made})
    UNION ALL SELECT place, 0, false, blank, text, CAST([] AS VARCHAR[]) FROM ${lines} WHERE NOT readable)`
}
