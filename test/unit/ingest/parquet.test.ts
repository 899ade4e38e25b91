/** Parquet files as containers of records. */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../../src/db/database.js'
import { quoteText } from '../../../src/domain/words/quoting.js'
import { encodingOf } from '../../../src/ingest/files/bytes.js'
import { headOfParquet } from '../../../src/ingest/files/parquet.js'
import { ask, ingestInto } from '../../property/ingesting.js'

const folder = mkdtempSync(join(tmpdir(), 'llmcost-parquet-'))
let db: Database
beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
})
afterAll(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Writes a query's rows; under a plain name first, since the engine takes some for patterns. */
async function written(name: string, sql: string): Promise<string> {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  await db.run(`COPY (${sql}) TO ${quoteText(path)} (FORMAT parquet)`)
  return path
}

const call = (id: string, input = '10'): string =>
  `SELECT ${quoteText(id)} AS call_id, TIMESTAMPTZ '2026-10-05 10:00:00+02' AS ts, 'gpt-4o' AS model, ${input} AS input_tokens, 5 AS output_tokens`

const stored = async (...paths: readonly string[]): Promise<unknown[]> => {
  const store = join(folder, `${stores++}.duckdb`)
  await ingestInto(store, paths)
  return (
    await ask(store, 'SELECT call_id, ts, input_tokens, output_tokens FROM calls ORDER BY call_id')
  ).map((row) => Object.values(row))
}
let stores = 0

const complaint = async (path: string): Promise<string> => {
  try {
    await headOfParquet(path)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

test('rows are records, with their zones; bytes are left out, and no number is lost', async () => {
  const path = await written(
    'rows.parquet',
    `${call('c1')}, 'x'::BLOB AS picture, 'nan'::DOUBLE AS odd, 0.1::FLOAT AS small, MAP {'a': 'b'} AS tags, {'n': 1} AS inner, 1.234567890123::DECIMAL(18, 12) AS exact`,
  )
  expect(encodingOf(path)).toBe('parquet')
  expect((await headOfParquet(path)).toString()).toBe(
    '{"call_id":"c1","ts":"2026-10-05 08:00:00+00","model":"gpt-4o","input_tokens":10,"output_tokens":5,"odd":"nan","small":0.1,"tags":{"a":"b"},"inner":{"n":1},"exact":1.234567890123}\n',
  )
  expect(await stored(path)).toEqual([['c1', '2026-10-05T08:00:00Z', 10, 5]])
})

test('a name that the engine would take for a pattern is that of one file', async () => {
  const rows = async (name: string, id: string): Promise<string> => written(name, call(id))
  await rows('named/xa.parquet', 'other')
  const paths = [await rows('named/x[a].parquet', 'brackets'), await rows('named/x*.parquet', 'star')]
  expect((await stored(...paths)).map((row) => (row as unknown[])[0])).toEqual(['brackets', 'star'])
})

test('a large log of such a name too is itself, and no other', async () => {
  const line = (id: string): string =>
    JSON.stringify({
      call_id: id,
      ts: '2026-10-05T08:00:00Z',
      model: 'gpt-4o',
      input_tokens: 1,
      output_tokens: 1,
      note: '-'.repeat(100_000),
    })
  const [path, other] = ['large/y*.jsonl', 'large/yb.jsonl'].map((name) => join(folder, name))
  mkdirSync(dirname(path!), { recursive: true })
  writeFileSync(path!, Array.from({ length: 90 }, (_, i) => `${line(`own ${i}`)}\n`).join(''))
  writeFileSync(other!, `${line('other')}\n`)
  const ids = (await stored(path!)).map((row) => (row as unknown[])[0])
  expect(ids).toHaveLength(90)
  expect(ids).not.toContain('other')
})

test('folders that say a day are no column, and are read whole', async () => {
  await written('lake/day=2026-10-05/a.parquet', call('c1'))
  await written('lake/day=2026-10-06/a.parquet', call('c2'))
  expect((await stored(join(folder, 'lake'))).map((row) => (row as unknown[])[0])).toEqual(['c1', 'c2'])
})

test('impossible values are rejected as in any other log, and rows are counted', async () => {
  const path = await written('odd.parquet', `${call('c1', '-3')} UNION ALL ${call('c2', '7')}`)
  const summary = await ingestInto(join(folder, 'odd.duckdb'), [path])
  expect(summary.totals).toMatchObject({ lines: 2, imported: 1, rejected: 1 })
})

test('a damaged file is one clear sentence', async () => {
  const path = await written('damaged.parquet', call('c1'))
  truncateSync(path, 100)
  expect(await complaint(path)).toMatch(/^the Parquet file cannot be read: /)
})

test('a few bytes that state more rows than can be are refused', async () => {
  const path = await written('bomb.parquet', 'SELECT 1 AS a FROM range(10_000_001)')
  expect(await complaint(path)).toMatch(/^the file says that it holds 10,000,001 rows/)
})
