/** Rows below a table that add up those above them, as spreadsheets and data frames have. */
import type { CallField } from '../../domain/call.js'

/** The name of such a row among what is left out: its numbers are those of other rows again. */
export const totalRow = 'a total of other rows'

/** Words of several languages by which such a row calls itself. */
const words = ['total', 'totals', 'grand total', 'subtotal', 'sub total', 'sub-total', 'sum', 'summe', 'gesamt', 'gesamtsumme', 'insgesamt', 'overall', 'total général'] // prettier-ignore

/** Labels that may be the cell in which a row says so. */
const labels: readonly CallField[] = ['user_id', 'customer', 'team', 'project', 'provider'] // prettier-ignore

/** Bytes of the longest of them, with a colon and some blanks. */
const longest = 24

/** Two letters with which each begins: nearly every cell is told by less than the whole pattern. */
const begins = '(?i)^\\s*(?:to|gr|su|ge|in|ov)'

/**
 * SQL: true for a cell that calls itself so. Each question is asked of the cells that the one before left: a list of
 * words would be joined to a table of a million rows, cell by cell.
 */
const isWord = (sql: string): string =>
  `CASE WHEN ${sql} IS NULL THEN false WHEN strlen(${sql}) > ${longest} THEN false
      WHEN ${sql} >= '0' AND ${sql} < ':' THEN false WHEN NOT regexp_matches(${sql}, '${begins}') THEN false
      ELSE regexp_full_match(${sql}, '(?i)\\s*(?:${words.join('|')})\\s*:*\\s*') END`

const isBlank = (sql: string): string =>
  `CASE WHEN ${sql} IS NULL THEN true WHEN strlen(${sql}) > 8 THEN false ELSE trim(${sql}) = '' END`

/**
 * @param fields SQL for the cells of the fields that a table of CSV has
 * @returns SQL: true for a row that adds up others. No model and no time is called `Total`; a customer may be, so
 * that another cell says it only where the row has no model or no time.
 */
export function isTotalRow(fields: Readonly<Partial<Record<CallField, string>>>): string {
  const model = fields.response_model ?? fields.request_model
  const own = [fields.ts, fields.request_model, fields.response_model].filter((sql) => sql !== undefined)
  const blank = [fields.ts, model].filter((sql) => sql !== undefined).map(isBlank)
  const named = labels.map((field) => fields[field]).filter((sql) => sql !== undefined)
  const cells = ['c0', ...(blank.length === 0 ? [] : named)].map(isWord).join(' OR ')
  const others =
    blank.length === 0 ? `(${cells})` : `CASE WHEN ${blank.join(' OR ')} THEN ${cells} ELSE false END`
  return `(${[...own.map(isWord), others].join(' OR ')})`
}
