/** Rows below a table that add up those above them, as spreadsheets and data frames have. */
import type { CallField } from '../../domain/call.js'

/** The name of such a row among what is left out: its numbers are those of other rows again. */
export const totalRow = 'a total of other rows'

/** Words of several languages by which such a row calls itself. */
const words = ['total', 'totals', 'grand total', 'subtotal', 'sub total', 'sub-total', 'sum', 'summe', 'gesamt', 'gesamtsumme', 'insgesamt', 'overall', 'total général'] // prettier-ignore

/** Labels that may be the cell in which a row says so. */
const labels: readonly CallField[] = ['user_id', 'customer', 'team', 'project', 'provider'] // prettier-ignore

/**
 * @param fields SQL for the cells of the fields that a table of CSV has
 * @returns SQL: true for a row that adds up others. No model and no time is called `Total`; a customer may be, so
 * that another cell says it only where the row has no model or no time.
 */
export function isTotalRow(fields: Readonly<Partial<Record<CallField, string>>>): string {
  const one = (sql: string): string =>
    `coalesce(lower(rtrim(trim(${sql}), ':')) IN (${words.map((word) => `'${word}'`).join(', ')}), false)`
  const model = fields.response_model ?? fields.request_model
  const own = [fields.ts, fields.request_model, fields.response_model].filter((sql) => sql !== undefined)
  const blank = [fields.ts, model].filter((sql) => sql !== undefined).map((sql) => `coalesce(trim(${sql}), '') = ''`) // prettier-ignore
  const named = labels.map((field) => fields[field]).filter((sql) => sql !== undefined)
  const cells = ['c0', ...(blank.length === 0 ? [] : named)].map(one).join(' OR ')
  const isBlank = blank.length === 0 ? 'true' : blank.join(' OR ')
  return `(${[...own.map(one), `((${isBlank}) AND (${cells}))`].join(' OR ')})`
}
