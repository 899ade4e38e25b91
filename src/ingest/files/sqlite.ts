/**
 * SQLite as a container: the rows of the tables that importers ask for, each as a JSON line. The user's files
 * are only ever copied: even a database that is opened for reading gets a file beside it, and what the newest
 * calls are in, the write-ahead log, would be left out or written back.
 */
import { copyFileSync, constants, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { scratchPath } from '../../db/scratch.js'
import { machineFault, UserError } from '../../errors.js'
import { importers } from '../../importers/registry.js'
import { withoutKnownTable } from './unrecognised.js'

/** What stands beside a database while it is in use: its write-ahead log, and the journal of a change. */
const companions = ['', '-wal', '-journal'] as const
/** So often a database that changes while it is copied is copied again. */
const attempts = 5
/** Text is handed on in pieces of about this many characters. */
const pieceLength = 1 << 20

interface Copy {
  readonly path: string
  /** Sizes and times of the files that were copied. */
  readonly state: string
}

/** Copies of this process, by the path of the database: one is looked into first, and read then. */
const copies = new Map<string, Copy>()

/** Tables that importers ask for, the most telling first. */
const tablesAsked = (): readonly string[] => [...new Set(importers.flatMap(({ tables }) => tables ?? []))]

/**
 * The rows of an SQLite database in tables that importers ask for, as JSON lines, each with its table under
 * `$table`; BLOBs are left out. A text that is JSON stands in it as such, any other as text.
 * @throws UserError when it cannot be copied or read, or no table is asked for
 */
export async function* sqliteLines(path: string): AsyncGenerator<Buffer> {
  const { Database } = await library(path)
  const copy = copyOf(path)
  const db = new Database(copy.path, { fileMustExist: true })
  try {
    // With the copy to ourselves, the write-ahead log is read without memory that is shared with others.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF')
    const present = db.all(`SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'`)
    const names = present.flatMap(({ name }) => (typeof name === 'string' ? [name] : []))
    const asked = tablesAsked().filter((table) => names.includes(table))
    if (asked.length === 0) throw withoutKnownTable(names, path)
    let piece = ''
    for (const table of asked) {
      const statement = db.prepare(`SELECT * FROM "${table}"`)
      for (const row of statement.iterate()) {
        piece += lineOf(table, row)
        if (piece.length < pieceLength) continue
        yield Buffer.from(piece)
        piece = ''
      }
      statement.finalize()
    }
    if (piece !== '') yield Buffer.from(piece)
    forget(path)
  } catch (error) {
    forget(path)
    if (!(error instanceof Error) || error.name !== 'SQLite3Error') throw error
    throw new UserError(`the SQLite database cannot be read: ${error.message}`, {
      location: path,
      hint: 'Nothing of it was kept. Where the program that writes it still works, fetch the file again.',
      cause: error,
    })
  } finally {
    db.close()
  }
}

type Row = Readonly<Record<string, unknown>>

function lineOf(table: string, row: Row): string {
  const values = Object.entries(row).flatMap(([name, value]) => {
    const text = valueText(value)
    return text === undefined ? [] : [`,${JSON.stringify(name)}:${text}`]
  })
  return `{"$table":${JSON.stringify(table)}${values.join('')}}\n`
}

/** JSON of a value; undefined for bytes. */
function valueText(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return undefined
  if (typeof value === 'bigint') return value.toString()
  // Between values of JSON a line's end is a blank.
  if (typeof value === 'string' && isObjectText(value)) return value.replaceAll(/[\r\n]/g, ' ')
  return JSON.stringify(value)
}

function isObjectText(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** @throws UserError where the optional package is not installed */
async function library(path: string): Promise<typeof import('node-sqlite3-wasm')> {
  try {
    // Loaded late: hardly any log needs it.
    return (await import('node-sqlite3-wasm')).default
  } catch (error) {
    throw new UserError(
      'SQLite databases are read with the package node-sqlite3-wasm, which is not installed',
      {
        code: 'refused',
        location: path,
        hint: 'Install llmcost without --omit=optional, or add it: npm install --global node-sqlite3-wasm.',
        cause: error,
      },
    )
  }
}

/** A copy of the database as it is now. */
function copyOf(path: string): Copy {
  const state = stateOf(path)
  const known = copies.get(path)
  if (known?.state === state) return known
  forget(path)
  const target = scratchPath('db')
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const before = stateOf(path)
    copyFiles(path, target)
    if (before !== stateOf(path)) continue
    const copy = { path: target, state: before }
    copies.set(path, copy)
    return copy
  }
  removeFiles(target)
  throw new UserError('the SQLite database changes faster than it can be copied', {
    location: path,
    hint: 'Close the program that writes it, or try again in a moment.',
  })
}

function copyFiles(path: string, target: string): void {
  for (const ending of companions) {
    rmSync(target + ending, { force: true })
    try {
      copyFileSync(path + ending, target + ending, constants.COPYFILE_FICLONE)
    } catch (error) {
      // What stands beside it comes and goes; the state that is compared tells.
      if (ending !== '' && (error as NodeJS.ErrnoException).code === 'ENOENT') continue
      throw machineFault(error, tmpdir()) ?? error
    }
  }
}

/** Size and time of the database and of what stands beside it. */
function stateOf(path: string): string {
  const states = companions.map((ending) => {
    const stat = statSync(path + ending, { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? '-' : `${stat.size} ${stat.mtimeNs}`
  })
  return states.join(', ')
}

function forget(path: string): void {
  const known = copies.get(path)
  if (known === undefined) return
  copies.delete(path)
  removeFiles(known.path)
}

function removeFiles(path: string): void {
  for (const ending of [...companions, '.lock'])
    rmSync(path + ending, { force: true, recursive: true, maxRetries: 2 })
}
