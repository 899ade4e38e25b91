/** A database file of somebody else's: nothing in it acts, whoever opens it, and what is not ours is refused. */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { migrations, schemaVersion } from '../../src/db/schema.js'
import { openStoreBeforeWriting, openStoreForReading, readStore, writeStore } from '../../src/db/store.js'
import { contentsOf, ingestInto, Workshop, write, type Contents } from '../property/ingesting.js'

const workshop = new Workshop()
const folder = workshop.room()
const good = join(folder, 'good.duckdb')
const secret = join(folder, 'secret.txt')
const options = { threads: 1, memoryLimit: '256MiB', lockTimeoutMs: 5000 }
const logOf = (day: number): string =>
  [1, 2, 3]
    .map((n) =>
      JSON.stringify({
        ts: `2026-09-0${day}T08:00:0${n}Z`,
        model: 'gpt-4o',
        provider: 'openai',
        input_tokens: n,
        output_tokens: 10 * day,
      }),
    )
    .join('\n')
let logs: string[]

beforeAll(async () => {
  logs = [4, 5].map((day) => write(join(folder, `log-${day}.jsonl`), logOf(day)))
  await ingestInto(good, [logs[0]!])
  write(secret, 'a-secret-that-nobody-sees')
})
afterAll(() => workshop.close())

/** A copy of a good store with what somebody did to it. @param inWal leaves it in the WAL, as a killed run would */
async function made(sql: string, inWal = false): Promise<string> {
  const path = workshop.store()
  cpSync(good, path)
  const db = await Database.open(path, 'write', options)
  if (inWal) await db.run("PRAGMA disable_checkpoint_on_shutdown; SET checkpoint_threshold = '1TB'")
  await db.run(sql.replaceAll('SECRET', secret))
  db.close()
  expect(existsSync(`${path}.wal`)).toBe(inWal)
  return path
}

/** A view that reads the secret into each text column. */
const readsSecret = (table: string): string =>
  `CREATE TABLE was_${table} AS FROM ${table}; DROP TABLE ${table};
  CREATE VIEW ${table} AS SELECT * REPLACE (${{ calls: 'content AS model', files: 'content AS path', meta: "CASE WHEN content = '' THEN '' ELSE key END AS key" }[table]})
  FROM was_${table}, (SELECT content FROM read_text('SECRET'))`

const refused: Readonly<Record<string, string>> = {
  'a view named as our calls': readsSecret('calls'),
  'a view named as our files': readsSecret('files'),
  'a view named as our meta': readsSecret('meta'),
  'a default': "ALTER TABLE calls ALTER COLUMN model SET DEFAULT upper('x')",
  'an index on an expression': 'CREATE INDEX i ON calls (lower(model))',
  'a check':
    "DROP TABLE label_members; CREATE TABLE label_members (label VARCHAR NOT NULL, value VARCHAR, CHECK (error('x') IS NULL))",
  'a generated column':
    "DROP TABLE label_members; CREATE TABLE label_members (label VARCHAR NOT NULL, value VARCHAR AS (error('x')))",
  'a type of its own':
    "CREATE TYPE mood AS ENUM ('a'); DROP TABLE label_members; CREATE TABLE label_members (label mood NOT NULL, value VARCHAR)",
  'a sequence as default':
    "CREATE SEQUENCE s; ALTER TABLE rejects ALTER COLUMN line SET DEFAULT nextval('s')",
  'a table that is not there': 'DROP TABLE rejects',
  'a version that it has not': `UPDATE meta SET value = '${schemaVersion - 1}' WHERE key = 'schema_version'; ALTER TABLE calls ALTER COLUMN model SET DEFAULT upper('x')`,
}

/** What opens a store, reading or writing. */
const openers: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'for reading': async (path) => (await openStoreForReading(path, options)).close(),
  'before writing': async (path) => (await openStoreBeforeWriting(path, options))?.close(),
  'for writing': (path) => inMemory((db) => writeStore(db, path, options, async () => undefined)),
  'for a rehearsal': (path) => inMemory((db) => readStore(db, path, options, async () => undefined)),
  'to ingest': (path) => ingestInto(path, [logs[1]!]),
}

async function inMemory(work: (db: Database) => Promise<unknown>): Promise<void> {
  const db = await Database.open(':memory:', 'write', options)
  try {
    await work(db)
  } finally {
    db.close()
  }
}

describe.each(Object.entries(refused))('%s is refused, and the file left as it was', (_, sql) => {
  test.each([false, true])('in the WAL: %s', async (inWal) => {
    const path = await made(sql, inWal)
    const before = readFileSync(path)
    for (const [how, open] of Object.entries(openers)) {
      const error: unknown = await open(path).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error, how).toMatchObject({ name: 'UserError', code: 'failure', location: path })
      expect((error as Error).message, how).toMatch(
        /^(?:the database (?:has |is damaged)|this is a DuckDB file, but not one of llmcost)/,
      )
      expect((error as Error).message, how).not.toContain('a-secret')
    }
    // Whoever attaches a file to write it takes its WAL in.
    if (!inWal) expect(readFileSync(path).equals(before)).toBe(true)
  })
})

const shadows = [
  'sum',
  'count',
  'coalesce',
  'max',
  'min',
  'lower',
  'hash',
  'date_trunc',
  'any_value',
  'list',
  'row_number',
  'now',
]
const harmless: Readonly<Record<string, string>> = {
  'macros named as functions': shadows
    .map((name) => `CREATE OR REPLACE MACRO ${name}(a) AS error('a macro ran')`)
    .join(';'),
  'operators of its own': ['+', '*', '=', '||', '-']
    .map((name) => `CREATE OR REPLACE MACRO "${name}"(a, b) AS error('a macro ran')`)
    .join(';'),
  'table macros':
    "CREATE MACRO unnest(a) AS TABLE FROM read_text('SECRET'); CREATE MACRO range(a) AS TABLE FROM read_text('SECRET')",
  'views of other names':
    "CREATE VIEW daily_costs AS SELECT content AS model FROM read_text('SECRET'); CREATE VIEW unpriced_models AS FROM daily_costs; CREATE VIEW other AS FROM read_csv('SECRET')",
  "schemas named as ours and the engine's":
    "CREATE SCHEMA store; CREATE SCHEMA memory; CREATE SCHEMA temp; CREATE VIEW store.calls AS FROM read_text('SECRET'); CREATE VIEW memory.calls AS FROM read_text('SECRET')",
  'types named as ours': "CREATE TYPE verdict AS ENUM ('a'); CREATE TYPE usage AS STRUCT(a INTEGER)",
  'another table':
    "CREATE TABLE located AS SELECT 'x' AS a; CREATE TABLE staged (a VARCHAR DEFAULT (error('ran')))",
}

describe('beside what is not ours', () => {
  let plain: Contents
  beforeAll(async () => {
    const path = workshop.store()
    cpSync(good, path)
    await ingestInto(path, logs)
    plain = await contentsOf(path)
  })

  test.each(Object.entries(harmless))('%s change nothing that is asked or ingested', async (_, sql) => {
    const path = await made(sql)
    await ingestInto(path, logs)
    expect(await contentsOf(path)).toEqual(plain)
    const db = await openStoreForReading(path, options)
    try {
      const { rows } = await db.query(
        'SELECT model, sum(output_tokens) + 0 AS n, count(*) AS calls FROM calls GROUP BY 1',
      )
      expect(rows).toEqual([{ model: 'gpt-4o', n: 270, calls: 6 }])
      await expect(db.query(`FROM read_text('${secret}')`)).rejects.toThrow(/Permission Error/)
      await expect(db.query('FROM store.main.other')).rejects.toThrow(/Permission Error|does not exist/)
      await expect(db.run('SET enable_external_access = true')).rejects.toThrow(/lock/i)
    } finally {
      db.close()
    }
  })
})

test('a file of views alone is none of llmcost, though it has no table', async () => {
  const path = workshop.store()
  const db = await Database.open(path, 'write', options)
  await db.run(`CREATE VIEW calls AS FROM read_text('${secret}')`)
  db.close()
  const before = readFileSync(path)
  await expect(openStoreForReading(path, options)).rejects.toThrow(
    /no calls have been ingested yet|not one of llmcost/,
  )
  await expect(ingestInto(path, [logs[0]!])).rejects.toThrow(/not one of llmcost/)
  expect(readFileSync(path).equals(before)).toBe(true)
})

test('a store of an older version is brought up to date past macros of its own', async () => {
  const path = workshop.store()
  const db = await Database.open(path, 'write', options)
  await db.run('CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR)')
  await db.run("INSERT INTO meta VALUES ('application', 'llmcost'), ('schema_version', '1')")
  for (const statement of migrations[0]!) await db.run(statement)
  await db.run(
    "INSERT INTO calls (call_id, source, ts, model, input_tokens, output_tokens) VALUES ('a', 'llmcost', '2026-10-05', 'gpt-4o', 3, 4)",
  )
  await db.run("CREATE MACRO coalesce(a, b) AS error('ran'); CREATE MACRO \"+\"(a, b) AS error('ran')")
  db.close()
  const store = await openStoreForReading(path, options)
  try {
    expect((await store.query('SELECT total_tokens FROM calls')).rows).toEqual([{ total_tokens: 7 }])
  } finally {
    store.close()
  }
})

test('a path with quotes, spaces and links is opened, and nothing beside it', async () => {
  const odd = join(workshop.room(), "it's a `store` [1] *.duckdb")
  cpSync(good, odd)
  const db = await openStoreForReading(odd, options)
  expect((await db.query('SELECT count(*) AS n FROM calls')).rows).toEqual([{ n: 3 }])
  db.close()
  writeFileSync(join(folder, 'beside.csv'), 'a\n1\n')
  const sealed = await openStoreForReading(good, options)
  await expect(sealed.query(`FROM read_csv('${join(folder, 'beside.csv')}')`)).rejects.toThrow(/Permission/)
  sealed.close()
})
