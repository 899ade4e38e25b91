/** Answers of engines in files: Parquet, or CSV with a header. */
import { extname } from 'node:path'
import { statSync } from 'node:fs'
import type { Database } from '../db/database.js'
import { quoteName, quoteText } from '../domain/words/quoting.js'
import { UserError } from '../errors.js'
import { isPattern } from '../ingest/files/parquet.js'

/**
 * Reads an answer into a temporary table of texts, '' for none.
 * @param columns those that it must have
 * @throws UserError when the file is no such answer
 */
export async function readAnswer(
  db: Database,
  path: string,
  table: string,
  columns: readonly string[],
): Promise<void> {
  const source = sourceOf(path)
  const found = await columnsOf(db, path, source)
  const lacking = columns.filter((name) => !found.has(name))
  if (lacking.length > 0)
    throw new UserError(`it has no column ${lacking.slice(0, 3).join(', ')}`, {
      code: 'refused',
      location: path,
      hint: 'Give the answer to the statement that llmcost rollup --print-sql prints, with all of its columns.',
    })
  const texts = columns.map((name) => {
    const own = quoteName(found.get(name)!.name)
    // Some engines write texts to Parquet without saying that they are.
    const text = found.get(name)!.type === 'BLOB' ? `decode(${own})` : `CAST(${own} AS VARCHAR)`
    return `coalesce(${text}, '') AS ${name}`
  })
  try {
    await db.run(`CREATE OR REPLACE TEMP TABLE ${table} AS SELECT ${texts.join(', ')} FROM ${source}`)
  } catch (error) {
    throw unread(path, error)
  }
}

function sourceOf(path: string): string {
  if (isPattern(path))
    throw new UserError('its name has characters of a pattern', {
      code: 'usage',
      location: path,
      hint: 'Rename it: without * ? [ ] { }.',
    })
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new UserError('no such file', {
      code: 'usage',
      location: path,
      hint: 'Name a .parquet or .csv file.',
    })
  if (extname(path).toLowerCase() === '.parquet') return `read_parquet(${quoteText(path)})`
  if (!/\.csv(\.gz)?$/i.test(path))
    throw new UserError('neither .parquet nor .csv', {
      code: 'usage',
      location: path,
      hint: 'Write the answer as one of these.',
    })
  return `read_csv(${quoteText(path)}, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"', nullstr = '', auto_detect = true)`
}

async function columnsOf(
  db: Database,
  path: string,
  source: string,
): Promise<ReadonlyMap<string, { readonly name: string; readonly type: string }>> {
  try {
    const { columns } = await db.query(`SELECT * FROM ${source} LIMIT 0`)
    return new Map(columns.map((column) => [column.name.toLowerCase(), column]))
  } catch (error) {
    throw unread(path, error)
  }
}

const unread = (path: string, error: unknown): UserError => {
  const [what = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  return new UserError(`it cannot be read: ${what.slice(0, 200)}`, {
    code: 'refused',
    location: path,
    hint: 'Nothing of it was kept. Write the answer again.',
    cause: error,
  })
}

/** The names of an answer's columns, in a CSV file with a header. */
export async function headerOf(db: Database, path: string): Promise<readonly string[]> {
  return [...(await columnsOf(db, path, sourceOf(path))).keys()]
}
