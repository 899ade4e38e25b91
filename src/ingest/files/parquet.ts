/** Parquet as a container: the engine reads its rows, each as the text of a JSON object. */
import { statSync, symlinkSync } from 'node:fs'
import { Database } from '../../db/database.js'
import { scratchPath } from '../../db/scratch.js'
import { quoteName, quoteText } from '../../domain/words/quoting.js'
import { isOfTheMachine, UserError } from '../../errors.js'
import { isExported } from '../../importers/records/exported.js'
import { segment, type Reading, type Unit } from './units.js'

/** Records of which a file is recognised. */
const sampleSize = 200
/** A file may hold this many rows whatever its size, and one a byte beyond: a few bytes can state billions of equal rows. */
const rowsFloor = 10_000_000

/** First records of a Parquet file, as JSON lines. @throws UserError when it is none, or damaged */
export async function headOfParquet(path: string): Promise<Buffer> {
  const lines = await asked(path, async (db) => {
    const { rows } = await db.query<{ text: string }>(`${await rowsSql(db, path)} LIMIT ${sampleSize}`)
    return rows.map(({ text }) => `${text}\n`)
  })
  return Buffer.from(lines.join(''))
}

/** A file as a unit of its own, read where it is. @throws UserError when it is damaged */
export async function parquetUnit(reading: Reading): Promise<Unit> {
  const { path, recognised, file } = reading
  const passage = { lines: 0, bytes: statSync(path).size, endsWithNewline: true, replaced: false }
  return {
    relation: { kind: 'json', header: [], sql: await asked(path, (db) => rowsSql(db, path)) },
    recognised,
    segments: [{ ...segment(reading, passage), rows: undefined }],
    bytes: file.size,
  }
}

/** Asks the engine of a file; what it says against the file becomes words for people. */
async function asked<T>(path: string, question: (db: Database) => Promise<T>): Promise<T> {
  const db = await Database.open(':memory:', 'write', { threads: 1 })
  try {
    return await question(db)
  } catch (error) {
    if (error instanceof UserError || isOfTheMachine(error)) throw error
    const [what = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
    throw new UserError(`the Parquet file cannot be read: ${what.slice(0, 200)}`, {
      location: path,
      hint: 'Nothing of it was kept. Fetch or write the file again.',
      cause: error,
    })
  } finally {
    db.close()
  }
}

/** SELECT of the rows as `text`, in the file's order. Columns of bytes are left out. */
async function rowsSql(db: Database, path: string): Promise<string> {
  const file = quoteText(literally(path))
  await assertBelievable(db, path, file)
  const source = `read_parquet(${file}, hive_partitioning = false)`
  const { columns } = await db.query(`SELECT * FROM ${source} LIMIT 0`)
  const ours = isExported(columns.map(({ name }) => name))
  const members = columns
    .filter(({ type }) => type !== 'BLOB')
    .map(({ name, type }) => `${quoteName(name)} := ${valueSql(quoteName(name), type, ours)}`)
  if (members.length === 0)
    throw new UserError('the Parquet file has no column of values', { location: path })
  return `SELECT CAST(to_json(struct_pack(${members.join(', ')})) AS VARCHAR) AS text FROM ${source}`
}

/** SQL for a value as JSON holds it. Times of our own exports are in UTC; JSON knows no number that is not finite. */
function valueSql(name: string, type: string, ours: boolean): string {
  if (type === 'TIMESTAMP' && ours) return `CAST(${name} AS VARCHAR) || 'Z'`
  if (type === 'FLOAT' || type === 'DOUBLE')
    return `CASE WHEN isfinite(${name}) THEN CAST(CAST(${name} AS VARCHAR) AS JSON) ELSE to_json(CAST(${name} AS VARCHAR)) END`
  return name
}

async function assertBelievable(db: Database, path: string, file: string): Promise<void> {
  const { rows } = await db.one<{ rows: number }>(
    `SELECT coalesce(sum(num_rows), 0) AS rows FROM parquet_file_metadata(${file})`,
  )
  if (rows <= Math.max(rowsFloor, statSync(path).size)) return
  throw new UserError(
    `the file says that it holds ${rows.toLocaleString('en')} rows, more than one of its size may hold`,
    {
      code: 'refused',
      location: path,
      hint: 'Nothing of it was kept. Write it as JSON lines yourself if it is to be trusted, then ingest these.',
    },
  )
}

/** True for a path that the engine takes for a pattern: it would read other files, or none. */
export const isPattern = (path: string): boolean => /[*?[\]{}]/.test(path)

/** A path under which the engine opens this file and no other. */
function literally(path: string): string {
  if (!isPattern(path)) return path
  const link = links.get(path) ?? scratchPath('parquet')
  if (!links.has(path)) symlinkSync(path, link)
  links.set(path, link)
  return link
}

const links = new Map<string, string>()
