/** ClickHouse's own engine makes the same cells of calls as the store does, every column to the last digit. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { clickhouse } from '../../src/engines/clickhouse.js'
import { ownTable } from '../../src/engines/table.js'
import { loadPriceBook } from '../../src/pricing/book.js'
import { sharedFolder } from '../e2e/program.js'
import { cellsFrom, differing, loggedCall, oddPrices } from '../property/engines-world.js'
import { ingestInto, Workshop, write } from '../property/ingesting.js'

const slow = 300_000
const cwd = sharedFolder()
const workshop = new Workshop()
let server: ChildProcess
let url: string

beforeAll(async () => {
  const kit = join(cwd, 'kit')
  cpSync(join(import.meta.dirname, 'clickhouse'), kit, { recursive: true })
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], { cwd: kit, stdio: 'inherit', timeout: slow }) // prettier-ignore
  server = spawn(process.execPath, ['server.mjs'], { cwd: kit, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: server.stdout! })) {
    url = `http://127.0.0.1:${line}/`
    break
  }
}, slow)

afterAll(() => {
  server.kill()
  workshop.close()
})

async function asked(sql: string): Promise<string> {
  const response = await fetch(url, { method: 'POST', body: `${sql}\nFORMAT CSVWithNames` })
  const text = await response.text()
  if (!response.ok) throw new Error(`${text.slice(0, 2000)}\n${sql.slice(0, 200)}`)
  return text
}

test.each(['list-first', 'reported-first'] as const)(
  '%s: the cells of the same calls',
  async (costBasis) => {
    const lines = fc.sample(loggedCall, { numRuns: 4000, seed: 20_260_101 })
    const store = workshop.store()
    const priceFiles = [write(join(workshop.room(), 'prices.csv'), oddPrices)]
    await ingestInto(store, [write(join(workshop.room(), 'calls.jsonl'), `${lines.join('\n')}\n`)], {
      costBasis,
      priceFiles,
    })
    const db = await Database.open(':memory:', 'write', { threads: 2 })
    try {
      await db.run(`ATTACH '${store}' AS store (READ_ONLY)`)
      await db.run('CREATE TABLE calls AS SELECT * FROM store.calls')
      const lake = join(workshop.room(), 'calls.parquet')
      await db.run(`COPY (SELECT * EXCLUDE (tags) FROM calls) TO '${lake}' (FORMAT parquet)`)
      const ask = async (sql: string): Promise<string> => {
        const path = join(workshop.room(), 'answer.csv')
        writeFileSync(path, await asked(sql))
        return `read_csv('${path}', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"', nullstr = '')`
      }
      const table = ownTable(clickhouse, `file('${lake}', Parquet)`)
      const hour = (iso: string): number => Date.parse(iso) / 3_600_000
      const hours = [[hour('2025-11-01T00:00:00Z'), hour('2025-11-05T00:00:00Z')]] as const
      const book = await loadPriceBook({ overrideFiles: priceFiles })
      const found = await cellsFrom(db, { dialect: clickhouse, ask }, table, book, costBasis, hours)
      const { rows } = await db.query(`${differing(found)} LIMIT 4`)
      expect(rows).toEqual([])
      expect((await db.one<{ n: number }>(`SELECT sum(cell_rows) AS n FROM ${found}`)).n).toBeGreaterThan(
        3000,
      )
    } finally {
      db.close()
    }
  },
  slow,
)
