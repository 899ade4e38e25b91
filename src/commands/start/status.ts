import { statSync } from 'node:fs'
import type { BillTotals } from '../../domain/costs/billed.js'
import { openStoreForReading } from '../../db/store.js'
import {
  billedQuery,
  filesQuery,
  rollupSpans,
  severalSourcesQuery,
  statusQuery,
  unreadQuery,
  type FileRow,
  type RollupSpanRow,
  type SeveralSourcesRow,
  type StatusRow,
  type UnreadRow,
} from '../../metrics/store/status.js'
import { cubesOf, sketchesOf, userNoteOf } from '../../rollups/answering.js'
import { priceDataWords } from '../../ingest/price-data.js'
import { loadPriceBook } from '../../pricing/book.js'
import { statusReport } from '../../reports/store/status.js'
import { outputOptions, storeOptions, type CommandSpec } from '../command.js'
import { ofSameCalls } from '../command-text.js'
import { priceData, settingsOf } from '../settings.js'

export const status: CommandSpec = {
  name: 'status',
  summary: 'show where the database is and what it holds',
  options: [
    { flags: '--files', about: 'list every file with its counts' },
    ...storeOptions,
    ...outputOptions,
  ],
  examples: [
    { command: 'llmcost status', about: 'path, size, calls, unpriced models, price data' },
    { command: 'llmcost status --files --json', about: 'every ingested file, for a program' },
  ],
  async run(invocation) {
    const settings = await settingsOf(invocation)
    const book = await loadPriceBook(priceData(settings))
    const db = await openStoreForReading(settings.dbPath, settings.storeOptions)
    try {
      const facts = statusQuery()
      const row = await db.one<StatusRow>(facts.sql, facts.params)
      const list = filesQuery()
      const files =
        invocation.options['files'] === true
          ? (await db.query<FileRow>(list.sql, list.params)).rows
          : undefined
      const { rows: unread } = await db.query<UnreadRow>(unreadQuery().sql)
      // One source does not disagree with itself, and the question is a long one.
      const several =
        Number(row.sources) > 1 ? await db.one<SeveralSourcesRow>(severalSourcesQuery().sql) : undefined
      const { rows: bills } = await db.query<BillTotals>(billedQuery().sql)
      const cubes = await cubesOf(db)
      const rollups = cubes && {
        left: cubes.left,
        unsketched: (await sketchesOf(db))?.left ?? [],
        users: await userNoteOf(db),
        spans: (await db.query<RollupSpanRow>(rollupSpans().sql)).rows,
      }
      const prices = priceDataWords(book)
      const size = statSync(settings.dbPath).size
      return {
        report: statusReport({
          path: settings.dbPath,
          size,
          row,
          files,
          unread,
          bills,
          rollups,
          several,
          prices,
          fingerprint: book.fingerprint,
          configPath: settings.config.path,
          typed: ofSameCalls(invocation),
        }),
      }
    } finally {
      db.close()
    }
  },
}
