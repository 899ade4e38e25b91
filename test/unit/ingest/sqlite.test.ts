/** SQLite databases as containers of lines: what is read of them, and that nothing is left beside them. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { scratchFolder } from '../../../src/db/scratch.js'
import { encodingOf, readBytes } from '../../../src/ingest/files/bytes.js'
import { discover } from '../../../src/ingest/files/discover.js'
import { database } from '../../golden/importers/databases.js'

const folder = mkdtempSync(join(tmpdir(), 'llmcost-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => {
  vi.doUnmock('node-sqlite3-wasm')
})

const sample = fileURLToPath(new URL('../../../fixtures/opencode/wal/', import.meta.url))

async function linesOf(path: string): Promise<unknown[]> {
  const parts: Buffer[] = []
  for await (const part of readBytes(path, 'sqlite')) parts.push(part)
  const lines = Buffer.concat(parts).toString('utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as unknown)
}

const complaint = async (path: string): Promise<string> => {
  try {
    await linesOf(path)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

/** Names, contents and times of all that stands in a folder. */
const looksLike = (path: string): unknown =>
  readdirSync(path).map((name) => [
    name,
    readFileSync(join(path, name)).toString('base64'),
    statSync(join(path, name)).mtimeMs,
  ])

test('a database is known by how it begins', () => {
  expect(encodingOf(join(sample, 'opencode.db'))).toBe('sqlite')
  writeFileSync(join(folder, 'short'), 'SQLite')
  expect(encodingOf(join(folder, 'short'))).toBe('plain')
})

test('the rows of the tables that are asked for are lines, without bytes', async () => {
  const path = database(
    join(folder, 'rows.db'),
    'CREATE TABLE session (id TEXT, picture BLOB, big INTEGER, small REAL, none TEXT)',
    `INSERT INTO session VALUES ('ä"\n', x'00ff', 9223372036854775807, 0.1, NULL)`,
    'CREATE TABLE message (id TEXT, data TEXT)',
    `INSERT INTO message VALUES ('m1', '{"a":\n 1}'), ('m2', '{"a":'), ('m3', '[1]')`,
    'CREATE TABLE secrets (key TEXT)',
    `INSERT INTO secrets VALUES ('k')`,
  )
  expect(await linesOf(path)).toEqual([
    { $table: 'message', id: 'm1', data: { a: 1 } },
    { $table: 'message', id: 'm2', data: '{"a":' },
    { $table: 'message', id: 'm3', data: '[1]' },
    // As JSON the number stands with all its digits.
    { $table: 'session', id: 'ä"\n', big: Number('9223372036854775807'), small: 0.1, none: null },
  ])
})

test('the folder of the database is as it was, and no copy is left', async () => {
  const room = join(folder, 'agent')
  cpSync(sample, room, { recursive: true })
  const before = looksLike(room)
  const rows = await linesOf(join(room, 'opencode.db'))
  expect(rows).toHaveLength(3)
  expect(looksLike(room)).toEqual(before)
  expect(readdirSync(scratchFolder()).filter((name) => /\.db/.test(name))).toEqual([])
})

test('a view by the name of a table is not asked', async () => {
  const path = database(
    join(folder, 'view.db'),
    'CREATE TABLE other (id TEXT)',
    `CREATE VIEW message AS SELECT 'm' AS id, '{}' AS data`,
  )
  expect(await complaint(path)).toBe('no importer knows a table of this SQLite database: other')
})

test('a damaged database is one clear sentence', async () => {
  const path = database(join(folder, 'damaged.db'), 'CREATE TABLE message (id TEXT)')
  writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, 100), Buffer.alloc(4000, 7)]))
  expect(await complaint(path)).toMatch(/^the SQLite database cannot be read: /)
})

test('without the optional package one sentence says what is missing', async () => {
  vi.doMock('node-sqlite3-wasm', () => {
    throw new Error('not there')
  })
  expect(await complaint(join(sample, 'opencode.db'))).toBe(
    'SQLite databases are read with the package node-sqlite3-wasm, which is not installed',
  )
})

test('a database is as large and as new as it is with its write-ahead log', async () => {
  const path = join(sample, 'opencode.db')
  const [found] = await discover([path], '/')
  expect(found!.size).toBe(statSync(path).size + statSync(`${path}-wal`).size)
  // A pattern that names the log too names one database.
  const both = await discover([`${sample}opencode.db*`], '/')
  expect(both.map((file) => file.path)).toEqual([found!.path])
})
