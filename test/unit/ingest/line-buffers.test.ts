/** Buffers by the length of lines, and that every line is there once, whatever they hold. */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Database } from '../../../src/db/database.js'
import { discover } from '../../../src/ingest/files/discover.js'
import { look, prepare } from '../../../src/ingest/files/prepare.js'
import { Workshop, write } from '../../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

/** Lines of so many bytes, a fifth more than are copied before they are read. */
function log(length: number): { text: string; lines: number } {
  const lines = Math.ceil((10 << 20) / length)
  const line = (n: number): string => {
    const record = `{"ts":"2026-03-01T00:00:00Z","id":"call-${n}","model":"gpt-4o","input_tokens":1,"output_tokens":1,"note":"`
    return `${record.padEnd(length - 3, 'x')}"}`
  }
  return { text: `${Array.from({ length: lines }, (_, n) => line(n)).join('\n')}\n`, lines }
}

test.each([
  // Pieces of the usual buffers hold enough lines.
  [200, undefined],
  [400, 4 * 1.02 * 122_880 * 400],
  // Buffers of the fitting size would take half a gigabyte.
  [1000, undefined],
])('lines of %d bytes', async (length, buffer) => {
  const { text, lines } = log(length)
  const path = write(join(workshop.room(), 'calls.jsonl'), text)
  const [file] = await discover([path], '/')
  const reading = await look(file!, { map: {}, set: {} })
  const [unit] = await prepare([{ ...reading!, fromByte: 0, fromLine: 0 }])
  const { sql } = unit!.relation
  const size = /buffer_size=(\d+)/.exec(sql)?.[1]
  expect(size === undefined ? undefined : Number(size) / buffer!).toEqual(
    buffer === undefined ? undefined : expect.closeTo(1, 2),
  )
  const db = await Database.open(':memory:', 'write')
  try {
    const read = await db.one(`SELECT count(*) AS n, count(DISTINCT text ->> 'id') AS ids FROM (${sql})`)
    expect(read).toEqual({ n: lines, ids: lines })
  } finally {
    db.close()
  }
})
