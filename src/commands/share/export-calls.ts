/** `llmcost export calls` and `llmcost export hourly`: rows of the store, or sums of them, as files. */
import { callColumns } from '../../domain/call.js'
import { exportFormats, type ExportColumn } from '../../exports/columns.js'
import { exportedCalls, type Partition } from '../../metrics/exports/exported-calls.js'
import { hourly, hourlyColumns } from '../../metrics/exports/hourly.js'
import type { Query } from '../../metrics/query.js'
import type { Scope } from '../../domain/scope.js'
import {
  scopeOptions,
  sourceOptions,
  storeOptions,
  type CommandSpec,
  type Invocation,
  type Outcome,
} from '../command.js'
import {
  destinationOf,
  exported,
  exportOptions,
  partitionOption,
  warnOfDoubts,
  writtenIn,
} from './exporting.js'
import { type Question } from '../../questions/question.js'
import { withCalls } from '../with-calls.js'

const options = (isPrivate: boolean): CommandSpec['options'] => [
  ...exportOptions(exportFormats, isPrivate),
  partitionOption,
  ...scopeOptions,
  ...sourceOptions,
  ...storeOptions,
]

interface Kind {
  readonly columns: readonly ExportColumn[]
  readonly query: (scope: Scope, partition?: Partition) => Query<unknown>
  readonly noun: readonly [string, string]
  /** Every call of every user stands in it. */
  readonly isPrivate: boolean
}

async function run(invocation: Invocation, { columns, query, noun, isPrivate }: Kind): Promise<Outcome> {
  const destination = destinationOf(invocation, exportFormats, isPrivate)
  const { partition } = destination
  const answer = async (question: Question): Promise<Outcome> => {
    const { sql, params } = query(question.scope, partition)
    const rows = { columns, sql, params, ...(partition === undefined ? {} : { partition }) }
    const outcome = await exported(invocation, question.db, rows, destination, noun)
    await warnOfDoubts(invocation, question)
    return outcome
  }
  return withCalls(invocation, answer, undefined, writtenIn(destination))
}

const listed = (columns: readonly ExportColumn[]): string => columns.map(({ name }) => name).join(', ')

export const exportCalls: CommandSpec = {
  name: 'calls',
  summary: 'every call with all its columns, one row each',
  details: [
    'Rows are in the order in which they were read. llmcost ingest reads CSV and JSONL of this export again, under the same ids; it does not read Parquet.',
    'The file is for you alone; --mode 0640 shares it with your group. One that is replaced keeps its mode.',
  ].join('\n'),
  more: `Columns: ${listed(callColumns)}.`,
  options: options(true),
  examples: [
    { command: 'llmcost export calls --output calls.parquet', about: 'everything, for another engine' },
    {
      command: 'llmcost export calls --since mtd --where team=search --format jsonl | gzip > search.jsonl.gz',
      about: 'a part of it, through a pipe',
    },
    {
      command: 'llmcost export calls --format parquet --partition-by day --output lake',
      about: 'a folder a day',
    },
  ],
  run: (invocation) =>
    run(invocation, { columns: callColumns, query: exportedCalls, noun: ['call', 'calls'], isPrivate: true }),
}

export const exportHourly: CommandSpec = {
  name: 'hourly',
  summary: 'sums by UTC hour, provider, model, feature, user and other labels',
  details: [
    'Every figure adds up over rows; a mean is one column over another: latency_ms / calls_with_latency.',
    'With --partition-by, an hour is in the local day in which it begins.',
  ].join('\n'),
  more: `Columns: ${listed(hourlyColumns)}.`,
  options: options(false),
  examples: [
    {
      command: 'llmcost export hourly --since 30d --output hourly.csv',
      about: 'the last 30 days for a spreadsheet',
    },
    {
      command: 'llmcost export hourly --partition-by month --format parquet --output hourly',
      about: 'a folder a month',
    },
  ],
  run: (invocation) =>
    run(invocation, { columns: hourlyColumns, query: hourly, noun: ['row', 'rows'], isPrivate: false }),
}
