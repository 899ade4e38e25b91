/** The sets of a star are written in another order each time; what they hold still has to be the same. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { oneSelect } from '../../src/db/one-select.js'

let db: Database
beforeAll(async () => (db = await Database.open(':memory:', 'write', { threads: 1, memoryLimit: '256MiB' })))
afterAll(() => db.close())

const names = Array.from({ length: 60 }, (_, i) => `c${(i * 37) % 60}`)

test.each([
  [
    'leaves out',
    `SELECT * EXCLUDE (${names.join(', ')}) FROM (SELECT 1 AS kept, ${names.map((n) => `2 AS ${n}`).join(', ')})`,
  ],
  [
    'puts others in the place of',
    `SELECT * REPLACE (${names.map((n) => `${n} + 1 AS ${n}`).join(', ')}) FROM (SELECT ${names.map((n) => `0 AS ${n}`).join(', ')})`,
  ],
  [
    'renames',
    `SELECT * RENAME (${names.map((n) => `${n} AS ${n}x`).join(', ')}) FROM (SELECT ${names.map((n) => `1 AS ${n}`).join(', ')})`,
  ],
])('a star that %s sixty names is proven to be what was given', async (_, sql) => {
  const text = await oneSelect(db, sql)
  expect((await db.query(text)).rows).toEqual((await db.query(sql)).rows)
})
