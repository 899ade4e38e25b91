/** `llmcost export report`: the figures of `llmcost report`, one row a value. */
import { Database } from '../../db/database.js'
import { exportFormats } from '../../exports/columns.js'
import { tidyColumns, tidyQuery } from '../../exports/tidy.js'
import { outputOptions, type CommandSpec } from '../command.js'
import { destinationOf, exported, exportOptions } from './exporting.js'
import { askReport, reportQuestionOptions } from '../report-asking.js'
import { settingsOf } from '../settings.js'

const outputs = new Set(outputOptions)

export const exportReport: CommandSpec = {
  name: 'report',
  summary: 'the figures of llmcost report, one row a value',
  details: [
    'section, part and row say where a value stands; its findings, notes and warnings are rows too.',
    `Columns: ${tidyColumns.map(({ name }) => name).join(', ')}.`,
  ].join('\n'),
  options: [
    ...exportOptions(exportFormats),
    ...reportQuestionOptions.filter((option) => !outputs.has(option)),
  ],
  examples: [
    { command: 'llmcost export report --period week --output week.csv', about: 'the last calendar week' },
    {
      command: 'llmcost export report --sections summary,models --format jsonl',
      about: 'a part, for a program',
    },
  ],
  run: async (invocation) => {
    const destination = destinationOf(invocation, exportFormats)
    const report = await askReport(invocation)
    const { storeOptions } = await settingsOf(invocation)
    const db = await Database.open(':memory:', 'write', storeOptions)
    try {
      const outcome = await exported(invocation, db, tidyQuery(report), destination, ['row', 'rows'])
      for (const text of report.warnings) invocation.terminal.warn(`warning: ${text}`)
      return outcome
    } finally {
      db.close()
    }
  },
}
