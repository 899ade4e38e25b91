/** `llmcost sql`: a read-only query over the store's tables and views. */
import { text as readAll } from 'node:stream/consumers'
import { askApart } from '../../db/ask-apart.js'
import { askHere, type Asker } from '../../db/asker.js'
import type { Result } from '../../db/database.js'
import { views } from '../../db/schema.js'
import { UserError } from '../../errors.js'
import { sqlReport } from '../../reports/sql.js'
import {
  outputOptions,
  scopeOptions,
  sourceOptions,
  storeOptions,
  type CommandSpec,
  type Invocation,
} from '../command.js'
import { optionTexts } from '../option-values.js'
import { assertStoreOptions, withDatabase } from '../with-calls.js'
import { settingsOf } from '../settings.js'

const hint = 'llmcost sql --help lists the tables and views; SELECT * FROM calls LIMIT 1 shows the columns.'

export const sqlCommand: CommandSpec = {
  name: 'sql',
  summary: 'ask the database in SQL, read-only',
  details: [
    'One SELECT in the dialect of DuckDB; it can reach neither files nor the network, nor change anything.',
    'It runs in a process that can open nothing, and so has to fit in memory. EXPLAIN is refused, and PIVOT without IN.',
    'calls: one row a provider call. billed: one row a charge of a bill, never a call; bills: one row a bill. Views:',
    ...views.map(({ name, about }) => `  ${name}: ${about}`),
  ].join('\n'),
  arguments: [{ name: '<query>', about: 'the statement, or - to read it from stdin' }],
  options: [
    // A window or a filter would be ignored: the query says for itself which calls it means.
    ...scopeOptions.filter(({ flags }) => flags.startsWith('--input')),
    ...sourceOptions,
    ...storeOptions,
    ...outputOptions,
  ],
  examples: [
    {
      command: 'llmcost sql "SELECT model, sum(cost_usd) AS cost_usd FROM calls GROUP BY model"',
      about: 'cost by model',
    },
    {
      command: 'llmcost sql "FROM daily_costs ORDER BY day" --format csv',
      about: 'daily figures for a spreadsheet',
    },
    { command: 'llmcost sql - < query.sql', about: 'a query from a file' },
  ],
  run: async (invocation) => {
    const [given = ''] = invocation.args
    const query = given === '-' ? await readAll(process.stdin) : given
    if (query.trim() === '') throw new UserError('no query was given', { code: 'usage', hint })
    const report = await withAsker(invocation, async (asker) => {
      const told = sqlReport(await answer(asker, query))
      const lacking = optionTexts(invocation, 'input').length > 0 ? [] : await sumsAlone(asker)
      return { ...told, warnings: [...told.warnings, ...lacking] }
    })
    return { report }
  },
}

/** Asks the store in a process that can open nothing else, or calls in memory here. */
async function withAsker<T>(invocation: Invocation, work: (asker: Asker) => Promise<T>): Promise<T> {
  if (optionTexts(invocation, 'input').length > 0)
    return withDatabase(invocation, async (db) => work(await askHere(db)))
  assertStoreOptions(invocation)
  const { dbPath, storeOptions } = await settingsOf(invocation)
  const asker = await askApart(dbPath, storeOptions)
  try {
    return await work(asker)
  } finally {
    asker.close()
  }
}

/**
 * Of which hours the table of calls has none, though there were some. A statement that looks at a minute of them or
 * more fails; one that looks at less cannot know.
 */
async function sumsAlone(asker: Asker): Promise<readonly string[]> {
  const time = (moment: string): string => `strftime(${moment}, '%Y-%m-%dT%H:%MZ')`
  const { rows } =
    await asker.ask(`SELECT 'of ' || ${time('min(ts)')} || ' to ' || ${time('max(ts) + INTERVAL 15 MINUTE')}
    || ' the database has only sums (hourly_labels): their calls are not in calls' AS words
    FROM hourly_labels WHERE owner = 'cube' HAVING count(*) > 0`)
  return rows.flatMap(({ words }) => (typeof words === 'string' ? [words] : []))
}

async function answer(asker: Asker, query: string): Promise<Result> {
  const result = await inWords(() => asker.ask(query))
  const names = result.columns.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) {
    throw new UserError(`two columns are named ${twice}`, {
      code: 'usage',
      hint: 'Name them apart with AS; JSON holds one value a name.',
    })
  }
  return result
}

/** DuckDB's own words about a query are for whoever wrote it. */
async function inWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UserError || !(error instanceof Error)) throw error
    // What it has to add: where in the statement, with a mark below, or a name that is near.
    const [what = '', ...where] = error.message
      .replace(/^Failed to extract statements: /, '')
      .split(/\n+(?=LINE \d+: |Did you mean |Candidate )/)
    throw new UserError(what, {
      code: 'usage',
      hint: [...where.flatMap((lines) => lines.split('\n')), hint],
      cause: error,
    })
  }
}
