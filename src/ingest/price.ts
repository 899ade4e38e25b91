/** Looks up the price of every distinct provider and model that was staged. */
import type { Database } from '../db/database.js'
import { priceNames, type PriceName, type Rate } from '../domain/costs/rate.js'
import type { PriceBook } from '../pricing/book.js'
import { ratesQuery } from '../pricing/price-sql.js'

/**
 * Makes `resolved` (given_provider, model, provider) and `new_rates` for the calls in `staged`.
 * @returns the prices that any of the rates has
 */
export async function priceStaged(db: Database, book: PriceBook): Promise<ReadonlySet<PriceName>> {
  const { rows } = await db.query<{ provider: string | null; model: string }>(
    "SELECT DISTINCT provider, model FROM located WHERE state = 'call' AND model IS NOT NULL",
  )
  const rates = new Map<string, Rate>()
  const resolved = rows.map(({ provider, model }) => {
    const resolution = book.resolve(provider, model)
    for (const rate of resolution.rates) rates.set(JSON.stringify(rate), rate)
    return { given_provider: provider, model, provider: resolution.provider }
  })
  await db.run(
    `CREATE TABLE resolved AS SELECT unnest(from_json(CAST($rows AS JSON),
      '[{"given_provider":"VARCHAR","model":"VARCHAR","provider":"VARCHAR"}]'), recursive := true)`,
    { rows: JSON.stringify(resolved) },
  )
  await db.run(`CREATE TABLE new_rates AS ${ratesQuery}`, { rates: JSON.stringify([...rates.values()]) })
  return new Set(priceNames.filter((name) => [...rates.values()].some((rate) => rate[name] !== null)))
}
