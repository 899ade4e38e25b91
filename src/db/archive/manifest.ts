/**
 * `manifest.json` beside the files says for people and other programs what the archive holds. Readers of the store
 * do not go by it: the store has the hashes itself.
 */
import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../errors.js'
import type { Database } from '../database.js'
import { schemaVersion } from '../schema.js'
import { archivedDays } from './days.js'
import { nameOf, namesIn, syncFolder } from './files.js'

const manifestName = 'manifest.json'
const idKey = 'archive_id'

interface Manifest {
  readonly archive_of: string
  readonly days: unknown
}

/** The name by which the archives of the attached store are known; made with the first. */
export async function archiveId(db: Database): Promise<string> {
  const { rows } = await db.query<{ value: string }>(
    `SELECT value FROM store.main.meta WHERE key = '${idKey}'`,
  )
  if (rows[0] !== undefined) return rows[0].value
  const id = randomBytes(16).toString('hex')
  await db.run(`INSERT INTO store.main.meta VALUES ('${idKey}', $id)`, { id })
  return id
}

/** @throws UserError where the folder holds the archive of another database, or files that nobody has listed */
export async function assertOurFolder(db: Database, folder: string, id: string): Promise<void> {
  const found = await manifestIn(folder)
  if (found?.archive_of === id) return
  const known = new Set((await archivedDays(db)).map(nameOf))
  if (found === undefined && (await namesIn(folder)).every((name) => known.has(name))) return
  throw new UserError('this folder holds the archive of another database', {
    location: folder,
    hint: 'Name a folder of its own for each database.',
  })
}

/** What the manifest says; undefined where there is none. @throws UserError where it cannot be read */
async function manifestIn(folder: string): Promise<Manifest | undefined> {
  const path = join(folder, manifestName)
  try {
    const found = JSON.parse(await readFile(path, 'utf8')) as Partial<Manifest> | null
    if (typeof found?.archive_of === 'string') return { archive_of: found.archive_of, days: found.days }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new UserError('this is no manifest of an archive', {
    location: path,
    hint: 'Put back the one that llmcost wrote, or move it away: llmcost archive --verify writes it anew.',
  })
}

const linesOf = async (db: Database): Promise<readonly unknown[]> =>
  (await archivedDays(db)).map(({ files: _files, ...day }) => ({ file: nameOf(day), ...day }))

/** Whether the manifest says what the store says. */
export async function isManifestTrue(db: Database, folder: string): Promise<boolean> {
  const found = await manifestIn(folder)
  return JSON.stringify(found?.days) === JSON.stringify(await linesOf(db))
}

/** Makes a folder say and hold what the store says, after it was written, or after a run that was killed. */
export async function settleFolder(db: Database, folder: string, id: string): Promise<void> {
  const days = await linesOf(db)
  await replaceFile(
    folder,
    manifestName,
    `${JSON.stringify({ llmcost_archive: 1, schema_version: schemaVersion, archive_of: id, days }, null, 1)}\n`,
  )
  const known = new Set((await archivedDays(db)).map(nameOf))
  for (const name of await namesIn(folder, 'unfinished'))
    if (!known.has(name)) await rm(join(folder, name), { force: true })
  await syncFolder(folder)
}

async function replaceFile(folder: string, name: string, text: string): Promise<void> {
  const part = join(folder, `.llmcost-${randomBytes(8).toString('hex')}.part`)
  const handle = await open(part, 'wx')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(part, join(folder, name))
}
