/** What `llmcost doctor --privacy` asks of the store. */
import { statSync } from 'node:fs'
import { openStoreForReading } from '../../db/store.js'
import { freeText, type FreeTextRow } from '../../metrics/store/free-text.js'
import { privacyReport } from '../../reports/store/privacy.js'
import type { Report } from '../../reports/report.js'
import type { Invocation, OptionSpec } from '../command.js'
import { settingsOf } from '../settings.js'

export const privacyOption: OptionSpec = {
  flags: '--privacy',
  about: 'list where the database holds free text, by lengths alone',
}

export async function privacyOf(invocation: Invocation): Promise<Report> {
  const { dbPath, storeOptions } = await settingsOf(invocation)
  const db = await openStoreForReading(dbPath, storeOptions)
  try {
    const { sql, params } = freeText()
    const { rows } = await db.query<FreeTextRow>(sql, params)
    return privacyReport(rows, { path: dbPath, mode: statSync(dbPath).mode & 0o777 })
  } finally {
    db.close()
  }
}
