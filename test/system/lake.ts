/** Calls as a store has them, and the same calls as Parquet that a Hive catalog reads. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from '../../src/db/database.js'
import { emptyFolder, runWell } from '../e2e/program.js'
import { differing, differingTables } from '../property/engines-world.js'
import { ingestInto, write, type Workshop } from '../property/ingesting.js'
import { cubed } from '../property/rollups-world.js'
import type { Trino } from './trino-server.js'

/** Calls of a log. */
export interface Ingested {
  /** Has them as a table `calls`, and as `read` the store. */
  readonly db: Database
  readonly store: string
}

/** Reads a log into a store; the test closes the database. */
export async function ingested(
  workshop: Workshop,
  lines: readonly string[],
  priceFiles: readonly string[],
): Promise<Ingested> {
  const store = workshop.store()
  const log = write(join(workshop.room(), 'calls.jsonl'), `${lines.join('\n')}\n`)
  await ingestInto(store, [log], { priceFiles, store: cubed })
  const db = await Database.open(':memory:', 'write', { threads: 2 })
  await db.run(`ATTACH '${store}' AS read (READ_ONLY)`)
  await db.run('CREATE TABLE calls AS SELECT * FROM read.calls')
  return { db, store }
}

/** Makes a table `hive.default.<name>` of rows of `calls`, with a tag. @returns its columns */
export async function hiveTable(
  trino: Trino,
  db: Database,
  name: string,
  where = 'true',
): Promise<readonly string[]> {
  const folder = join(trino.data, name)
  mkdirSync(folder, { recursive: true })
  // Several files, so that both workers have something to do.
  for (let i = 0; i < 4; i++)
    await db.run(`COPY (SELECT * REPLACE (map {'part': feature} AS tags) FROM calls WHERE hash(call_id) % 4 = ${i} AND ${where}) TO '${join(folder, `part-${i}.parquet`)}' (FORMAT parquet)`) // prettier-ignore
  const { columns } = await db.query(`SELECT * FROM read_parquet('${folder}/*.parquet') LIMIT 0`)
  const typed = columns.map(({ name, type }) => `${name} ${type === 'TIMESTAMP' ? 'timestamp(6)' : type}`)
  // A test that is tried once more makes its tables anew.
  await trino.run(`DROP TABLE IF EXISTS hive.default.${name}`)
  await trino.run(`CREATE TABLE hive.default.${name} (${typed.join(', ')}) WITH (external_location = 'local:///${name}', format = 'PARQUET')`) // prettier-ignore
  return columns.map((column) => column.name)
}

/** What the program says of what it took. */
export interface Told {
  readonly totals: Readonly<Record<string, number>>
  readonly warnings: readonly string[]
}

/** Takes the sums of four days, or the calls, of an engine's table with the program itself. */
export async function takenByProgram(
  address: string,
  table: string,
  store: string,
  prices: string,
  how: '--rollup' | '--calls' = '--rollup',
): Promise<Told> {
  const cwd = emptyFolder()
  writeFileSync(join(cwd, 'llmcost.config.yaml'), `rollups: always\nprices: ${prices}\n`)
  const window = ['--since', '2025-11-01', '--until', '2025-11-05']
  const args = ['ingest', how, address, '--table', table, ...window, '--db', store, '--json']
  return JSON.parse(await runWell(args, { cwd })) as Told
}

/** What only a store of pulled cells has, or only `db`: cells, sketches and users, every column. */
export async function differences(db: Database, store: string): Promise<readonly unknown[]> {
  await db.run(`ATTACH '${store}' AS pulled (READ_ONLY)`)
  try {
    const cells = await db.query(`${differing('(SELECT * FROM pulled.hourly_labels)')} LIMIT 4`)
    return [...cells.rows, ...(await db.query(`${differingTables('read', 'pulled')} LIMIT 4`)).rows]
  } finally {
    await db.run('DETACH pulled')
  }
}
