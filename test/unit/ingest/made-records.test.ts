/** Records that are made of several lines keep the numbers of their lines, and none is lost. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../../src/db/database.js'
import { areOfLines, firstPlace, makeRecords, sampleOf } from '../../../src/ingest/made-records.js'
import type { Unit } from '../../../src/ingest/files/units.js'

let db: Database
beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1, memoryLimit: '256MiB' })
})
afterAll(() => db.close())

/** A unit of these lines, of one file or of several. */
function unit(lines: readonly (string | null)[], files: readonly number[] = [lines.length]): Unit {
  const rows = lines.map((text, i) => `(${i}, ${text === null ? 'NULL' : `'${text}'`})`).join(', ')
  return {
    relation: {
      kind: 'json',
      header: [],
      sql: `SELECT text FROM (VALUES ${rows}) t(nth, text) ORDER BY nth`,
    },
    segments: files.map((n) => ({ rows: n })),
  } as unknown as Unit
}

async function made(
  given: Unit,
  records: (lines: string) => string,
  place = firstPlace,
): Promise<{ lines: number; rows: unknown[][] }> {
  const { relation, lines } = await makeRecords(db, given, given.relation, place, records)
  const { rows } = await db.query<{ nth: number; text: string | null }>(
    `SELECT place - ${place} AS nth, text FROM (${relation.sql})`,
  )
  return { lines, rows: rows.map(({ nth, text }) => [nth, text]) }
}

const asTheyAre = (lines: string): string => `SELECT line, text FROM ${lines}`

test('a line may give several records; each has the place of its line, in its order', async () => {
  const twice = (lines: string): string =>
    `SELECT line, text FROM ${lines}, range(CASE text WHEN 'b' THEN 2 ELSE 1 END)`
  expect(await made(unit(['a', 'b', null]), twice)).toEqual({
    lines: 3,
    rows: [
      [0, 'a'],
      [1, 'b'],
      [1, 'b'],
      [2, null],
    ],
  })
})

test('lines of several files: each knows its file, one without lines takes none', async () => {
  const files = (lines: string): string => `SELECT line, CAST(file AS VARCHAR) AS text FROM ${lines}`
  const { rows } = await made(unit(['a', 'b', 'c'], [1, 0, 2]), files)
  expect(rows).toEqual([
    [0, '0'],
    [1, '2'],
    [2, '2'],
  ])
})

test('what a line is made of may stand in others of its file, and in none of another', async () => {
  const first = (lines: string): string =>
    `SELECT line, first_value(text) OVER (PARTITION BY file ORDER BY line) AS text FROM ${lines}`
  const { rows } = await made(unit(['a', 'b', 'c', 'd'], [2, 2]), first, firstPlace + 7)
  expect(rows).toEqual([
    [0, 'a'],
    [1, 'a'],
    [2, 'c'],
    [3, 'c'],
  ])
})

test('a line without a record stops all: it could be a call', async () => {
  const without = (lines: string): string => `SELECT line, text FROM ${lines} WHERE text <> 'b'`
  await expect(made(unit(['a', 'b']), without)).rejects.toThrow('making records lost its place: 1 of 2 lines')
})

test('half a sign does not cost its line', async () => {
  const { rows } = await made(unit(['{"a":"\\ud83d"}']), asTheyAre)
  expect(rows).toEqual([[0, '{"a":"\\ufffd"}']])
})

test('the sample leaves out what tells nothing', async () => {
  const given = unit(['{}', 'x', '{"a":1}'])
  const { relation } = await makeRecords(db, given, given.relation, firstPlace, asTheyAre)
  expect((await sampleOf(db, relation)).records).toEqual([{ a: 1 }])
})

test('places begin beyond any row', () => {
  expect([areOfLines(0), areOfLines(1e9), areOfLines(firstPlace), areOfLines(firstPlace + 5)]).toEqual([
    false,
    false,
    true,
    true,
  ])
})
