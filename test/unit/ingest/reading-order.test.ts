/**
 * Calls lie in the store as they were read, but for the rows that the engine handles together: blocks of a stretch of
 * time are passed over by it, and exports come in this order.
 */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Database } from '../../../src/db/database.js'
import { ingestInto, Workshop, write } from '../../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const models = ['gpt-4o', 'gpt-4o-mini', 'claude-sonnet-4-5', 'gemini-2.5-pro', 'of-nobody']
const lines = 1500

/** Rows of a vector. */
const handledTogether = 2048

/** A line a minute, of several models and one that has no price. */
const log = (day: number): string =>
  Array.from({ length: lines }, (_, i) => {
    const ts = new Date(Date.UTC(2026, 2, day, 0, i)).toISOString()
    const model = models[(i * 7) % models.length]
    return `${JSON.stringify({ ts, id: `${day}-${i}`, model, input_tokens: 10 + i, output_tokens: 2 })}\n`
  }).join('')

test('files one after another, and their lines', async () => {
  const store = workshop.store()
  const room = workshop.room()
  const days = [1, 2, 3, 4, 5, 6]
  await ingestInto(
    store,
    days.map((day) => write(join(room, `${day}.jsonl`), log(day))),
  )
  const db = await Database.open(store, 'read')
  try {
    const { rows } = await db.query<{ id: string }>('SELECT call_id AS id FROM calls ORDER BY rowid')
    const read = days.flatMap((day) => Array.from({ length: lines }, (_, i) => `${day}-${i}`))
    expect(rows.map(({ id }) => id).toSorted()).toEqual(read.toSorted())
    const places = new Map(read.map((id, place) => [id, place]))
    const far = rows.map(({ id }, place) => Math.abs(place - (places.get(id) ?? Infinity)))
    expect(Math.max(...far)).toBeLessThan(handledTogether)
  } finally {
    db.close()
  }
})
