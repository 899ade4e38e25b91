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

/** What a store says of its sums by day and user. */
export interface UserNote {
  /** False where there would be too many. */
  readonly kept: boolean
}

const userKey = 'user_days'

/** Undefined where they were never made, or otherwise. */
export async function readUserNote(db: Database, meta: string): Promise<UserNote | undefined> {
  const { rows } = await db.query<{ value: string | null }>(
    `SELECT value FROM ${meta} WHERE key = '${userKey}'`,
  )
  const value = rows[0]?.value
  if (value === `kept ${partsVersion}`) return { kept: true }
  return value === `left ${partsVersion}` ? { kept: false } : undefined
}

/** @param note undefined takes it out */
export async function writeUserNote(db: Database, note: UserNote | undefined): Promise<void> {
  await db.run(`DELETE FROM store.main.meta WHERE key = '${userKey}'`)
  if (note === undefined) return
  await db.run(`INSERT INTO store.main.meta VALUES ('${userKey}', $note)`, {
    note: `${note.kept ? 'kept' : 'left'} ${partsVersion}`,
  })
}
