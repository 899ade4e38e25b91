/** A statement with its values in its text answers like the prepared one, with the same types; nothing in a value acts. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database, type SqlValue } from '../../src/db/database.js'
import { inlined } from '../../src/domain/words/inlined.js'

let db: Database
beforeAll(async () => (db = await Database.open(':memory:', 'write', { threads: 1, memoryLimit: '256MiB' })))
afterAll(() => db.close())

type Params = Record<string, SqlValue>
/** Columns and rows, or the words of the error without the excerpt of the statement. */
type Answer = { readonly columns: unknown; readonly rows: unknown } | string

async function answer(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    return (error as Error).message.split('\n\nLINE ')[0]!
  }
}
const asked = (sql: string, params: Params): Promise<Answer> => answer(() => db.query(sql, params))

/** A stream is always prepared. */
const prepared = (sql: string, params: Params): Promise<Answer> =>
  answer(async () => {
    let columns: unknown
    const rows: unknown[] = []
    for await (const batch of db.stream(sql, params, (are) => void (columns = are))) rows.push(...batch)
    return { columns, rows }
  })

/** What depends on the type of a value, on being a constant, or on what is wanted of it. */
const uses = [
  'typeof($x)',
  '$x',
  '[$x]',
  '[$x, CAST(1 AS TINYINT)]',
  '$x + 1',
  '$x || 1',
  'CAST(1 AS UTINYINT) + $x',
  'CAST(1.5 AS DECIMAL(18, 3)) + $x',
  'CAST(1.5 AS DECIMAL(5, 2)) * $x',
  'CAST(1 AS DECIMAL(3, 1)) > $x',
  'coalesce($x, 1)',
  'greatest($x, CAST(2 AS BIGINT))',
  "least($x, TIMESTAMP '2026-01-01')",
  "date_trunc('day', $x)",
  "ts >= $x FROM (SELECT TIMESTAMP '2026-01-01' AS ts)",
  'CAST($x AS TIMESTAMP)',
  'CAST($x AS DECIMAL(38, 18))',
  'CAST($x AS DOUBLE)',
  'CAST($x AS BIGINT)',
  '-$x',
  'CASE WHEN true THEN $x ELSE CAST(1 AS UTINYINT) END',
  'round(1.2345, $x)',
  'sum($x)',
  'quantile_cont(v, $x) FROM (VALUES (1.0), (2.0)) AS t(v)',
  'v FROM (VALUES (1), (2)) AS t(v) LIMIT $x',
  "m[$x] FROM (SELECT MAP {'x': 1} AS m)",
  'a FROM (SELECT $x AS a UNION ALL SELECT CAST(1 AS TINYINT))',
  'error($x)',
  `['$x', 'it''s $x', CAST($x AS VARCHAR)]`,
]

const harmless = fc.stringMatching(/^[A-Za-z0-9 _.:+-]{0,64}$/)
const time = fc
  .date({ min: new Date('2015-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((d) => d.toISOString().slice(0, 19).replace('T', ' '))
const hostile = fc.oneof(
  fc.constantFrom(
    "'",
    "''",
    "\\'",
    "' OR 1=1 --",
    "'; DROP TABLE t; --",
    '"',
    '$x',
    '$$',
    '--',
    '/*',
    '*/',
    '\0',
  ),
  fc.constantFrom('é', '’', '\u2028', '\n', "x'||error('acts')||'x", 'E', '–', 'a/b', 'x'.repeat(65)),
  fc.string({ unit: 'binary', maxLength: 20 }),
)
const numbers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 2_147_483_647, -2_147_483_648, 2_147_483_648, -2_147_483_649, 1e300, 1e21),
  fc.double(),
  fc.constantFrom(0.1, -0.1, 5e-324, 1.7976931348623157e308, NaN, Infinity, -Infinity),
  fc.bigInt({ min: -(2n ** 127n) + 1n, max: 2n ** 127n - 1n }),
)
const value: fc.Arbitrary<SqlValue> = fc.oneof(
  harmless,
  time,
  hostile,
  numbers,
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('5', '-5', '1e3', 'true', 'NULL', '', ' ', 'infinity', '2026-02-30'),
)

test('both ways answer alike, in values, types and errors', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...uses), value, async (use, x) => {
      // A column without a name is named by its text.
      const sql = `SELECT answer FROM (SELECT ${use}) AS t(answer)`
      expect(await asked(sql, { x })).toEqual(await prepared(sql, { x }))
    }),
    { numRuns: 600, seed: 7 },
  )
})

test('a text comes back as it went in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(hostile, harmless), async (x) => {
      // The client ends a text at a NUL.
      fc.pre(!x.includes('\0'))
      expect(await db.one(`SELECT $x AS x, '$x' AS quoted`, { x })).toEqual({ x, quoted: '$x' })
    }),
    { numRuns: 300, seed: 7 },
  )
})

test('only a few characters get into a statement, whatever the value', () => {
  fc.assert(
    fc.property(hostile, (x) => {
      const text = inlined('SELECT $x', { x })
      if (text !== undefined) expect(text).toMatch(/^SELECT '[A-Za-z0-9 _.:+-]{0,64}'$/)
    }),
    { numRuns: 500, seed: 7 },
  )
})

describe('a parameter', () => {
  test('is replaced as a whole token, outside of quotes', () => {
    const sql = `SELECT $a, $ab, '$a ''$a''', "$a""$a" FROM t WHERE b = $a`
    expect(inlined(sql, { a: 1, ab: 'x' })).toBe(
      `SELECT CAST(1 AS INTEGER), 'x', '$a ''$a''', "$a""$a" FROM t WHERE b = CAST(1 AS INTEGER)`,
    )
  })

  test.each([
    ['a comment between signs', "SELECT $a /* ' */"],
    ['a parameter that is in a comment alone', 'SELECT 1 -- $a'],
    ['a text without end, after a comment', "SELECT $a -- it's\n'"],
    ['a text with escapes', String.raw`SELECT e'\' $a', $a`],
    ['a text with escapes', String.raw`SELECT U&'\0027', $a`],
    ['a dollar quote', 'SELECT $$ $a $$, $a'],
    ['a dollar quote with a name', 'SELECT $a$ x $a$, $a'],
    ['a name with a dollar sign', 'SELECT x$a, $a'],
    ['a name that is longer', 'SELECT $aé, $a'],
    ['a text without end', "SELECT $a, '"],
    ['a parameter without a value', 'SELECT $a, $b'],
    ['a parameter by number', 'SELECT $a, $1'],
    ['a value without a parameter', 'SELECT 1'],
    ['a value whose parameter is in a text', "SELECT '$a'"],
  ])('beside %s stays one', (_, sql) => {
    expect(inlined(sql, { a: 1 })).toBeUndefined()
  })

  test('is left in a comment, however its line ends', async () => {
    const sql = `SELECT $a -- it's $a "\n + $a --\r * $a - -1 -- $a`
    expect(inlined(sql, { a: 3 })).toBe(
      `SELECT CAST(3 AS INTEGER) -- it's $a "\n + CAST(3 AS INTEGER) --\r * CAST(3 AS INTEGER) - -1 -- $a`,
    )
    const named = `SELECT answer FROM (${sql}\n) AS t(answer)`
    expect(await asked(named, { a: 3 })).toEqual(await prepared(named, { a: 3 }))
    expect(await asked(named, { a: 3 })).toMatchObject({ rows: [{ answer: 13 }] })
  })

  test('is none of those that every object has', () => {
    expect(inlined('SELECT $a, $constructor', { a: 1 })).toBeUndefined()
  })
})
