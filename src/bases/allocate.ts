/** Allocates the cost of a database's calls to cost centers from here on, and says what was shared. */
import type { Database } from '../db/database.js'
import { allocationSource, centerColumn } from '../domain/costs/basis.js'
import { sharedCenter, type Allocation } from '../domain/costs/allocation.js'
import type { Currency } from '../domain/costs/currency.js'
import { sumOf } from '../domain/costs/decimal.js'
import { quoteText } from '../domain/words/quoting.js'
import { money } from '../domain/words/wording.js'
import { UserError } from '../errors.js'
import { allocation, monthly, allocatedBy, type LaidOver } from './allocation.js'
import { lay, type Statement } from './layer.js'

/** @throws UserError (usage) where the config file does not say how */
export async function allocate(db: Database, terms: Allocation | undefined, over: LaidOver): Promise<void> {
  if (terms === undefined)
    throw new UserError('the config file has no allocate', {
      code: 'usage',
      hint: `Say there which label names the cost center of a call, and how shared cost is spread, such as: allocate: {from: team, shared: [{by: cost}]}; docs/allocation.md tells more.`,
    })
  await lay(db, allocation(terms, over))
}

interface SharedRow {
  readonly kind: string
  readonly given: string
}

export interface AllocatedWords {
  /** What was shared how, and what was added; undefined where nothing was. */
  readonly note: string | undefined
  /** What could not be shared. */
  readonly warnings: readonly string[]
}

/** What there is to say of an answer's shared cost. @param within the scope of the answer as a condition */
export async function allocatedWords(
  db: Database,
  { sql, params }: Required<Statement>,
  currency?: Currency,
): Promise<AllocatedWords> {
  const { rows } = await db.query<SharedRow>(
    `SELECT ${allocatedBy} AS kind, sum(cost_usd) AS given FROM calls
      WHERE source = '${allocationSource}' AND (${centerColumn} <> ${quoteText(sharedCenter)} OR ${allocatedBy} = '${monthly}') AND ${sql}
      GROUP BY ALL ORDER BY kind`,
    { ...params },
  )
  const left = await db.query<{ month: string; cost: string }>(
    `SELECT strftime(ts, '%Y-%m') AS month, sum(cost_usd) AS cost FROM calls
      WHERE ${allocatedBy} IS NOT NULL AND ${centerColumn} = ${quoteText(sharedCenter)} AND ${sql}
      GROUP BY month HAVING sum(cost_usd) <> 0 ORDER BY month`,
    { ...params },
  )
  return { note: givenWords(rows, currency), warnings: leftWords(left.rows, currency) }
}

/** `$12.30 of shared cost allocated by cost, $3.00 in fixed parts; $4,200.00 of monthly cost added` */
function givenWords(rows: readonly SharedRow[], currency: Currency | undefined): string | undefined {
  if (rows.length === 0) return undefined
  const amount = (given: string): string => money(given, currency)
  const shared = rows
    .filter(({ kind }) => kind !== monthly)
    .map(({ kind, given }, i) => {
      const how = kind === 'percent' ? 'in fixed parts' : `by ${kind}`
      return i === 0 ? `${amount(given)} of shared cost allocated ${how}` : `${amount(given)} ${how}`
    })
  const added = rows
    .filter(({ kind }) => kind === monthly)
    .map(({ given }) => `${amount(given)} of monthly cost added`)
  return [...(shared.length === 0 ? [] : [shared.join(', ')]), ...added].join('; ')
}

function leftWords(
  rows: readonly { readonly month: string; readonly cost: string }[],
  currency: Currency | undefined,
): readonly string[] {
  if (rows.length === 0) return []
  const months = rows.length > 3 ? `${rows.length} months` : rows.map(({ month }) => month).join(', ')
  const all = money(sumOf(rows.map(({ cost }) => cost)), currency)
  return [`${all} stays ${sharedCenter}: in ${months} no cost center has calls of its own to share it by`]
}
