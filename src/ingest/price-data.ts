/** Keeps in the store which price data its costs were worked out with. */
import type { Database } from '../db/database.js'
import type { PriceBook } from '../pricing/book.js'

/** Version and date of a price book in words: `genai-prices 0.1.8 (2026-09-23), update 2026-11-28`. */
export function priceDataWords(book: PriceBook): string {
  const data = book.date === null ? book.version : `${book.version} (${book.date})`
  const last = book.updates.at(-1)
  return last === undefined ? data : `${data}, update ${last.made.slice(0, 10)}`
}

/**
 * Notes the price data of an ingest or of a reprice, in the attached store.
 * @param everything true when every call was priced with it, false when calls were added to older ones
 */
export async function notePriceData(db: Database, book: PriceBook, everything: boolean): Promise<void> {
  const before = new Map(
    (
      await db.query<{ key: string; value: string }>(
        "SELECT key, value FROM store.meta WHERE key IN ('price_data', 'price_fingerprint', 'price_date')",
      )
    ).rows.map((row) => [row.key, row.value]),
  )
  const known = everything ? [] : (before.get('price_data') ?? '').split('; ').filter((text) => text !== '')
  const words = priceDataWords(book)
  const fingerprint = before.get('price_fingerprint')
  const same = everything || fingerprint === undefined || fingerprint === book.fingerprint
  // Older calls keep the price they have: what is newest says when any of them was last looked up.
  const dates = [everything ? undefined : before.get('price_date'), book.known ?? undefined]
  const date = dates
    .filter((one) => one !== undefined)
    .toSorted()
    .at(-1)
  await db.run("DELETE FROM store.meta WHERE key IN ('price_data', 'price_fingerprint', 'price_date')")
  await db.run("INSERT INTO store.meta VALUES ('price_data', $data), ('price_fingerprint', $fingerprint)", {
    data: (known.includes(words) ? known : [...known, words]).join('; '),
    fingerprint: same ? book.fingerprint : 'mixed',
  })
  if (date !== undefined) await db.run("INSERT INTO store.meta VALUES ('price_date', $date)", { date })
}
