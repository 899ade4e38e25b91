/** Counts the calls of a database on a basis from here on, and says what of the money is not in them. */
import type { Database } from '../db/database.js'
import { besideCalls, type MoneyBasis } from '../domain/costs/basis.js'
import type { Currency } from '../domain/costs/currency.js'
import { isForModels } from '../domain/costs/billed.js'
import { sumOf } from '../domain/costs/decimal.js'
import { counted } from '../domain/words/plurals.js'
import { money } from '../domain/words/wording.js'
import { UserError } from '../errors.js'
import { billerDaysOf } from './biller-days.js'
import { lay, type Statement } from './layer.js'
import { layerOf, type Agreed } from './registry.js'

/** @throws UserError (usage) where nothing is known of what was agreed or billed */
export async function countAs(
  db: Database,
  basis: MoneyBasis,
  agreed: Agreed,
  billZones: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (basis === 'contract' && agreed.contracts.length === 0)
    throw new UserError('the config file has no contracts', {
      code: 'usage',
      hint: 'Say under contracts what is paid, such as: - { provider: openai, discount: 12% }; --cost list counts list prices.',
    })
  if (basis === 'billed' && !(await hasBills(db)))
    throw new UserError('there are no bills here', {
      code: 'usage',
      hint: 'llmcost ingest reads bills as it reads logs; docs/bills.md says where to get them.',
    })
  const billerDays = basis === 'billed' ? await billerDaysOf(db, billZones) : []
  await lay(db, layerOf(basis, { ...agreed, billerDays }))
}

const hasBills = async (db: Database): Promise<boolean> =>
  (await db.one<{ found: boolean }>(`SELECT EXISTS (FROM billed WHERE kind = 'cost') AS found`)).found

/** What there is to say of the money of an answer. @param within the scope of the answer as a condition */
export async function saidOf(
  db: Database,
  basis: MoneyBasis,
  within: Required<Statement>,
  currency?: Currency,
): Promise<readonly string[]> {
  switch (basis) {
    case 'list':
    case 'reported':
      return []
    case 'contract':
      return besideWords(db, within, currency)
    case 'billed':
      return [...(await besideWords(db, within, currency)), ...(await foreignWords(db))]
  }
}

/** `$0.43 is of no call: $0.22 (not in the logs: usage), $0.21 (not in the logs: tax)` */
async function besideWords(
  db: Database,
  { sql, params }: Required<Statement>,
  currency: Currency | undefined,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ what: string; cost_usd: string }>(
    `SELECT ${besideCalls} AS what, sum(cost_usd) AS cost_usd FROM calls WHERE ${besideCalls} IS NOT NULL AND ${sql} GROUP BY ALL ORDER BY what`,
    { ...params },
  )
  if (rows.length === 0) return []
  const parts = rows.map(({ what, cost_usd: cost }) => `${money(cost, currency)} ${what}`)
  const all = money(sumOf(rows.map(({ cost_usd: cost }) => cost)), currency)
  return [rows.length === 1 ? `${parts.join('')} is of no call` : `${all} is of no call: ${parts.join(', ')}`]
}

/** Only USD is added as USD. */
async function foreignWords(db: Database): Promise<readonly string[]> {
  const { rows } = await db.query<{ currency: string | null; charges: number }>(
    `SELECT currency, count(*) AS charges FROM billed WHERE kind = 'cost' AND currency IS DISTINCT FROM 'USD' AND ${isForModels} GROUP BY ALL ORDER BY currency`,
  )
  return rows.map(
    ({ currency, charges }) =>
      `${counted(charges, 'charge')} in ${currency ?? 'no currency'} left out: only USD is added as USD`,
  )
}
