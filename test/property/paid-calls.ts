/** Calls of a test as rows of a store. */
import { type Database } from '../../src/db/database.js'
import type { PaidCall } from './anomaly-model.js'
import { quoteText } from '../../src/domain/words/quoting.js'

/** Replaces the calls of the open store by these. */
export async function loadPaidCalls(
  db: Database,
  calls: readonly (PaidCall & { readonly session?: string | null })[],
): Promise<void> {
  await db.run('DELETE FROM calls')
  const text = (value: string | null | undefined): string =>
    value === null || value === undefined ? 'NULL' : quoteText(value)
  const rows = calls.map(
    ({ ts, feature, user, session, cost }, i) =>
      `('c${i}', 'test', epoch_ms(${ts}), ${text(feature)}, ${text(user)}, ${text(session)}, ${cost === null ? 'NULL' : `${cost} * 0.000001`})`,
  )
  for (let i = 0; i < rows.length; i += 2000) {
    const some = rows.slice(i, i + 2000).join(', ')
    await db.run(
      `INSERT INTO calls (call_id, source, ts, feature, user_id, session_id, cost_usd) VALUES ${some}`,
    )
  }
}
