/** What is said of the shape of our tables without the engine is what the engine says of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { inStore, metaTable, migrations, newestTables, schemaVersion } from '../../src/db/schema.js'
import { assertOurTables, isMeta, tablesAt, tablesOf } from '../../src/db/shape.js'

let db: Database
beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
})
afterAll(() => db.close())

describe.each(Array.from({ length: schemaVersion }, (_, i) => i + 1))('schema version %i', (version) => {
  test('its tables are ours, and no others', async () => {
    await db.run("ATTACH ':memory:' AS store")
    try {
      await db.run(inStore(metaTable))
      for (const statement of migrations.slice(0, version).flat()) await db.run(inStore(statement))
      const found = await tablesOf(db, 'store')
      expect(isMeta(found.get('meta'))).toBe(true)
      expect([...found.keys()].sort()).toEqual(['meta', ...tablesAt(version).keys()].sort())
      expect(() => assertOurTables(found, version, 'a.duckdb')).not.toThrow()
      for (const [name, columns] of tablesAt(version)) {
        const { rows } = await db.query<{ text: string }>(
          `SELECT concat_ws(' ', column_name, data_type, CASE WHEN NOT is_nullable THEN 'NOT NULL' END) AS text
          FROM duckdb_columns() WHERE database_name = 'store' AND table_name = $name`,
          { name },
        )
        expect([name, ...rows.map(({ text }) => text).sort()]).toEqual([name, ...[...columns].sort()])
      }
    } finally {
      await db.run('DETACH store')
    }
  })
})

test('a new store has the tables that all the steps leave, column by column', async () => {
  const made = async (statements: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    await db.run("ATTACH ':memory:' AS store")
    try {
      for (const statement of statements) await db.run(inStore(statement))
      return new Map([...(await tablesOf(db, 'store'))].map(([name, { sql }]) => [name, sql]))
    } finally {
      await db.run('DETACH store')
    }
  }
  const stepwise = await made(migrations.flat())
  expect(await made(newestTables())).toEqual(stepwise)
  expect([...stepwise.keys()].sort()).toEqual([...tablesAt(schemaVersion).keys()].sort())
})

const changed: readonly (readonly [string, string])[] = [
  ['a default', "ALTER TABLE store.calls ALTER COLUMN model SET DEFAULT upper('x')"],
  ['a column more', 'ALTER TABLE store.calls ADD COLUMN other VARCHAR'],
  ['a column less', 'ALTER TABLE store.calls DROP COLUMN model'],
  ['another type', 'ALTER TABLE store.calls ALTER COLUMN model TYPE BLOB'],
  ['another name', 'ALTER TABLE store.calls RENAME COLUMN model TO Model2'],
  ['NULL where none may be', 'ALTER TABLE store.calls ALTER COLUMN call_id DROP NOT NULL'],
  ['an index', 'CREATE INDEX i ON store.calls (upper(model))'],
  ['no table', 'DROP TABLE store.calls'],
  ['a view in its place', 'DROP TABLE store.calls; CREATE VIEW store.calls AS SELECT 1 AS call_id'],
  [
    'a check',
    'DROP TABLE store.label_members; CREATE TABLE store.label_members (label VARCHAR NOT NULL, value VARCHAR, CHECK (label > value))',
  ],
  [
    'a generated column',
    "DROP TABLE store.label_members; CREATE TABLE store.label_members (label VARCHAR NOT NULL, value VARCHAR AS (concat(label, ', x')))",
  ],
  [
    'a key',
    'DROP TABLE store.label_members; CREATE TABLE store.label_members (label VARCHAR PRIMARY KEY, value VARCHAR)',
  ],
]

test.each(changed)('%s is no table of ours', async (_, sql) => {
  await db.run("ATTACH ':memory:' AS store")
  try {
    for (const statement of migrations.flat()) await db.run(inStore(statement))
    await db.run(sql)
    const found = await tablesOf(db, 'store')
    expect(() => assertOurTables(found, schemaVersion, 'a.duckdb')).toThrow(/^the database has /)
  } finally {
    await db.run('DETACH store')
  }
})
