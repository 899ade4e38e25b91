/** What a store says of its cubes, in `meta`: that they are there, and which labels have left them. */
import type { Database } from '../db/database.js'
import { freeLabels, type Label } from './labels.js'

export interface CubeNote {
  /** Labels that had too many values. */
  readonly left: readonly Label[]
}

export const cubeKey = 'rollups'

export const cubeNote = ({ left }: CubeNote): string => JSON.stringify({ left })

/** @param meta the store's table of that name; undefined where the store has no cubes, or none that can be read */
export async function readCubeNote(db: Database, meta: string): Promise<CubeNote | undefined> {
  const { rows } = await db.query<{ value: string | null }>(
    `SELECT value FROM ${meta} WHERE key = '${cubeKey}'`,
  )
  const [row] = rows
  return row === undefined ? undefined : parsed(row.value ?? '')
}

function parsed(text: string): CubeNote | undefined {
  const labels = new Set<unknown>(freeLabels)
  try {
    const { left } = JSON.parse(text) as { left?: unknown }
    return Array.isArray(left) && left.every((label) => labels.has(label)) ? { left } : undefined
  } catch {
    return undefined
  }
}
