/** What a store says of its cubes, in `meta`: that they are there, and which labels have left them. */
import type { Database } from '../db/database.js'
import { freeLabels, type Label } from './labels.js'
import { partsVersion } from './parts.js'

export interface CubeNote {
  /** Labels that had too many values. */
  readonly left: readonly Label[]
}

export const cubeKey = 'rollups'

export const sketchKey = 'sketches'

/** @param meta the store's table of that name; undefined where the store has no cubes, or none that can be read */
export const readCubeNote = (db: Database, meta: string): Promise<CubeNote | undefined> =>
  noteOf(db, meta, cubeKey)

export async function writeNote(db: Database, key: string, { left }: CubeNote): Promise<void> {
  await db.run(`DELETE FROM store.main.meta WHERE key = '${key}'`)
  await db.run(`INSERT INTO store.main.meta VALUES ('${key}', $note)`, {
    note: JSON.stringify({ left, parts: partsVersion }),
  })
}

/** What the store says of its cubes, or of its sketches, by their key. */
export async function noteOf(db: Database, meta: string, key: string): Promise<CubeNote | undefined> {
  const { rows } = await db.query<{ value: string | null }>(`SELECT value FROM ${meta} WHERE key = '${key}'`)
  const [row] = rows
  return row === undefined ? undefined : parsed(row.value ?? '')
}

function parsed(text: string): CubeNote | undefined {
  const labels = new Set<unknown>(freeLabels)
  try {
    const { left, parts } = JSON.parse(text) as { left?: unknown; parts?: unknown }
    if (parts !== partsVersion) return undefined
    return Array.isArray(left) && left.every((label) => labels.has(label)) ? { left } : undefined
  } catch {
    return undefined
  }
}
