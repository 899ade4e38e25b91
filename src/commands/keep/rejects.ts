import { openStoreForReading } from '../../db/store.js'
import { rejectsQuery, type RejectRow } from '../../metrics/store/rejects.js'
import type { Report } from '../../reports/report.js'
import { outputOptions, storeOptions, type CommandSpec } from '../command.js'
import { settingsOf } from '../settings.js'

export const rejects: CommandSpec = {
  name: 'rejects',
  summary: 'list the records that were refused, and why',
  options: [
    { flags: '-n, --top <n>', about: 'how many to list', fallback: '50' },
    ...storeOptions,
    ...outputOptions,
  ],
  examples: [
    { command: 'llmcost rejects', about: 'file, line, reason and field names of each rejected record' },
  ],
  async run(invocation) {
    const settings = await settingsOf(invocation)
    const top = Number(invocation.options['top'])
    const db = await openStoreForReading(settings.dbPath, settings.storeOptions)
    try {
      const { sql, params } = rejectsQuery(Number.isInteger(top) && top > 0 ? top : 50)
      const { rows } = await db.query<RejectRow>(sql, params)
      return { report: rejectsReport(rows) }
    } finally {
      db.close()
    }
  },
}

function rejectsReport(rows: readonly RejectRow[]): Report {
  const all = rows[0]?.all_rejects ?? 0
  const text = rows.some((row) => row.text !== null)
  return {
    kind: 'rejects',
    title: 'Rejected records',
    period: { since: null, until: null, tz: 'UTC' },
    sections: [
      {
        id: 'rejects',
        title: 'Rejected records',
        columns: [
          { key: 'path', title: 'file', kind: 'text' },
          { key: 'line', title: 'line', kind: 'count' },
          { key: 'reason', title: 'reason', kind: 'text' },
          { key: 'fields', title: 'fields', kind: 'text', optional: 1 },
          ...(text ? [{ key: 'text', title: 'text', kind: 'text', optional: 2 } as const] : []),
        ],
        rows: rows.map(({ path, line, reason, fields, text: kept }) => ({
          path,
          line,
          reason,
          fields,
          ...(text ? { text: kept } : {}),
        })),
        empty: 'No record was rejected.',
        notes: all > rows.length ? [`${all - rows.length} more; --top ${all} lists them all.`] : [],
      },
    ],
    warnings: [],
  }
}
