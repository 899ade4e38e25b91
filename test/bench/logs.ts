/** The logs and databases that the benchmark works on. */
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bare, llmcost, type Run } from './child.js'
import { folder } from './folders.js'

export type Format = 'jsonl' | 'csv'

/** `1,000 calls`, `1M calls`. */
export const callsInWords = (calls: number): string =>
  `${calls >= 1e6 ? `${calls / 1e6}M` : calls.toLocaleString('en')} calls`

/** A log of so many calls, made unless it is there, and read once so that the disk is out of the figures. */
export async function logFile(calls: number, format: Format, kind?: 'incident'): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${calls}${kind === undefined ? '' : `-${kind}`}.${format}`)
  if (!existsSync(path)) {
    process.stderr.write(`writing ${callsInWords(calls)} as ${format} …\n`)
    const partial = join(folder, `partial.${format}`)
    await bare('generate-log', [String(calls), partial, ...(kind === undefined ? [] : [kind])])
    renameSync(partial, path)
  }
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) void chunk
  return path
}

/** Path for a database that is not there yet. */
export function freshDatabase(name: string): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${name}.duckdb`)
  for (const file of [path, `${path}.wal`]) rmSync(file, { force: true })
  return path
}

/** Ingests a log. A run that did not import every call is no measurement. */
export async function ingest(log: string, calls: number, database: string): Promise<Run> {
  const run = await llmcost(['ingest', log, '--db', database, '--json'], 'resource-hook')
  const { totals } = JSON.parse(run.stdout) as { totals: { imported: number } }
  if (totals.imported !== calls) throw new Error(`${log}: ${totals.imported} of ${calls} calls imported`)
  return run
}

/** A database of so many calls. */
export async function store(calls: number, kind?: 'incident'): Promise<string> {
  const database = freshDatabase(`store-${calls}`)
  await ingest(await logFile(calls, kind === undefined ? 'jsonl' : 'csv', kind), calls, database)
  return database
}

/** Databases, and the logs that take gigabytes; smaller logs serve the next run. */
export function removeFiles(): void {
  if (!existsSync(folder)) return
  const done = /^([12]0000000\.|partial\.|statements-|hook-)|\.duckdb(\.wal|\.sums\.json)?$/
  for (const name of readdirSync(folder)) if (done.test(name)) rmSync(join(folder, name), { force: true })
}
