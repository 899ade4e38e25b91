/** `llmcost rollup`: the statements that an engine behind a wall is asked by hand. */
import { Database } from '../../db/database.js'
import { UserError } from '../../errors.js'
import { hourMicros } from '../../engines/calls-sql.js'
import { givenTable } from '../../engines/given-table.js'
import { engineNames, engineOf } from '../../engines/registry.js'
import { readAnswer } from '../../engines/read-answer.js'
import { resolved, surveyRows } from '../../engines/resolve.js'
import {
  cubeStatement,
  dayStatement,
  fingerprintStatement,
  surveyColumns,
  surveyStatement,
  type EngineQuery,
} from '../../engines/statements.js'
import { loadPriceBook } from '../../pricing/book.js'
import type { Settings } from '../../questions/question.js'
import { sourceOptions, storeOptions, type CommandSpec, type OptionSpec } from '../command.js'
import { hoursOf, tableOf, tableOptions } from './engine-options.js'
import { priceData, settingsOf } from '../settings.js'

const of = (name: string): OptionSpec => sourceOptions.find(({ flags }) => flags.startsWith(`--${name} `))!

export const rollupCommand: CommandSpec = {
  name: 'rollup',
  summary: 'print the statements by which an engine adds up the calls that it holds',
  details: `The calls may be where another engine has them: it is asked for sums by quarter-hour and label, and llmcost
answers from these. First the survey, which says what is in the table; then, with its answer as --survey, the cubes,
and with --days quantiles and users of whole days. Write each answer as Parquet or CSV, and give those of the cubes
and of the days to llmcost ingest --rollup, in this order.`,
  options: [
    { flags: '--print-sql', about: 'print a statement; llmcost runs none here', group: 'Engine' },
    { flags: '--engine <name>', about: 'whose SQL', choices: engineNames, group: 'Engine' },
    ...tableOptions,
    {
      flags: '--survey <file>',
      about: 'answer to the survey (.parquet, .csv): prints the cubes',
      group: 'Engine',
    },
    {
      flags: '--days',
      about: 'with --survey: prints quantiles and users by day',
      group: 'Engine',
    },
    { flags: '--fingerprints', about: 'print what shows whether an hour has changed', group: 'Engine' },
    of('map'),
    of('set'),
    of('preset'),
    of('cache-tokens'),
    { flags: '--since <time>', about: 'whole hours from here on', fallback: '30d', group: 'Scope' },
    { flags: '--until <time>', about: 'up to the beginning of this hour (default: now)', group: 'Scope' },
    ...storeOptions.slice(0, 1),
  ],
  examples: [
    {
      command: 'llmcost rollup --print-sql --engine athena --table lake.calls > survey.sql',
      about: 'what is in the table',
    },
    {
      command:
        'llmcost rollup --print-sql --engine athena --table lake.calls --survey survey.csv > cubes.sql',
      about: 'the sums, with the prices of what was found',
    },
    {
      command:
        'llmcost rollup --print-sql --engine athena --table lake.calls --survey survey.csv --days > days.sql',
      about: 'quantiles and users of the same hours',
    },
  ],
  async run(invocation) {
    const { options } = invocation
    if (options['printSql'] !== true || typeof options['engine'] !== 'string')
      throw new UserError('llmcost rollup prints statements alone', {
        code: 'usage',
        hint: 'Write --print-sql --engine trino, athena or clickhouse; llmcost ingest --rollup asks an engine itself.',
      })
    const settings = await settingsOf(invocation)
    const dialect = engineOf(options['engine'])
    const table = givenTable(dialect, tableOf(invocation, settings))
    const query: EngineQuery = { dialect, table, hours: [hoursOf(invocation)] }
    if (options['fingerprints'] === true) return { text: `${fingerprintStatement(query)}\n` }
    const survey = options['survey']
    if (typeof survey !== 'string' && options['days'] === true)
      throw new UserError('--days needs the prices of what is in the table', {
        code: 'usage',
        hint: 'Give the answer to the survey: --survey survey.csv.',
      })
    if (typeof survey !== 'string') return { text: `${surveyStatement(query)}\n` }
    const statement = options['days'] === true ? dayStatement : cubeStatement
    return { text: `${await pricedOf(statement, query, survey, settings)}\n` }
  },
}

async function pricedOf(
  statement: typeof cubeStatement,
  query: EngineQuery,
  survey: string,
  settings: Settings,
): Promise<string> {
  const book = await loadPriceBook(priceData(settings))
  const db = await Database.open(':memory:', 'write', { threads: 1 })
  try {
    await readAnswer(db, survey, 'survey', surveyColumns)
    const [from, to] = query.hours[0]!
    const span = [from * hourMicros, to * hourMicros] as const
    const prices = await resolved(db, book, await surveyRows(db, 'survey'), query.table.isOurs === true, span)
    return statement(query, prices, settings.costBasis)
  } finally {
    db.close()
  }
}
