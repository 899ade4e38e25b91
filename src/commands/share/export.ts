/** `llmcost export`: what the store holds, as files for other programs. */
import type { CommandSpec } from '../command.js'
import { exportCalls, exportHourly } from './export-calls.js'
import { exportFocus } from './export-focus.js'
import { exportReport } from './export-report.js'
import { unknownKind } from './exporting.js'

const kinds = [exportCalls, exportHourly, exportReport, exportFocus]

export const exportCommand: CommandSpec = {
  name: 'export',
  summary: 'write calls, sums by hour, the report or FOCUS charges to a file: CSV, JSONL or Parquet',
  details: [
    'A file or folder stands under its name only when it is whole; what is there already is replaced with --force alone. A pipe gets rows as they are read.',
    'CSV is safe to open: a text that a spreadsheet would compute begins with a quote mark, and hidden characters are shown.',
    'JSONL and Parquet hold every text as it is. Money is exact: DECIMAL in Parquet, all digits elsewhere.',
  ].join('\n'),
  arguments: [{ name: '[what]', about: kinds.map(({ name }) => name).join(', ') }],
  options: [],
  examples: [
    { command: 'llmcost export calls --output calls.parquet', about: 'every call' },
    { command: 'llmcost export hourly --since 30d > hourly.csv', about: 'sums by hour' },
    { command: 'llmcost export report --period week --output week.csv', about: 'the figures of a report' },
  ],
  subcommands: kinds,
  run: async ({ args }) => {
    throw unknownKind(
      args[0],
      kinds.map(({ name }) => name),
    )
  },
}
