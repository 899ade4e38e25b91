/**
 * Which config files are trusted. A file that was found on the way up from the working directory may have
 * come with somebody else's files: it is trusted by its path and the hash of its content, as long as neither
 * changes. Each has a record of its own in the user's data folder, so that no two runs write the same file.
 */
import { utcMinute } from '../domain/words/wording.js'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { UserError } from '../errors.js'
import { realFolder } from './file.js'
import { platformFolders } from './folders.js'
import type { Needing } from './needs.js'

/** What stands in a record. */
export interface Trusted {
  /** Of the config file, absolute; links are followed in its folder alone. */
  readonly path: string
  readonly sha256: string
  /** ISO 8601, UTC. */
  readonly since: string
}

/** What is known of a config file. */
type Known = { readonly record: Trusted } | { readonly record: undefined; readonly doubt?: string }

/** A file by the path that trust knows it by: what it names is relative to the folder that it is found in. */
export const trustPath = (path: string): string => {
  const whole = resolve(path)
  return join(realFolder(dirname(whole)), basename(whole))
}

/** Where records are; undefined where there is no home folder. */
async function recordFolder(): Promise<string | undefined> {
  const folders = await platformFolders()
  return folders && join(folders.data, 'trusted')
}

const recordName = (path: string): string => `${createHash('sha256').update(path, 'utf8').digest('hex')}.json`

/** The record of a config file, whatever the file holds by now. */
export async function trustOf(path: string): Promise<Known> {
  const folder = await recordFolder()
  if (folder === undefined) return { record: undefined }
  const whole = trustPath(path)
  const known = readRecord(join(folder, recordName(whole)))
  return known.record === undefined || known.record.path === whole ? known : { record: undefined }
}

/** All records, by path. */
export async function allTrusted(): Promise<readonly Trusted[]> {
  const folder = await recordFolder()
  const names = folder === undefined ? [] : namesIn(folder)
  return names
    .flatMap((name) => {
      const { record } = readRecord(join(folder ?? '', name))
      return record !== undefined && recordName(record.path) === name ? [record] : []
    })
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^[\da-f]{64}\.json$/.test(name))
  } catch {
    return []
  }
}

/** More than any record has. */
const mostBytes = 100_000

/** A record, when it is as `trust` writes it: what came with an archive or a checkout is open to others. */
function readRecord(file: string): Known {
  let open: number
  try {
    open = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return { record: undefined }
    return { record: undefined, doubt: `what was trusted cannot be read (${file}: ${code ?? 'unknown'})` }
  }
  try {
    const facts = fstatSync(open)
    if (!facts.isFile() || facts.size > mostBytes) return { record: undefined }
    if (isShared(facts.uid, facts.mode))
      return { record: undefined, doubt: `what was trusted is not kept for you alone (${file})` }
    return { record: recordFrom(readFileSync(open, 'utf8')) }
  } finally {
    closeSync(open)
  }
}

/** Windows keeps rights elsewhere, in lists that a user's own folder inherits. */
function isShared(owner: number, mode: number): boolean {
  const me = process.geteuid?.()
  if (me === undefined) return false
  return (owner !== me && owner !== 0) || (mode & 0o077) !== 0
}

function recordFrom(text: string): Trusted | undefined {
  try {
    const { path, sha256, since } = JSON.parse(text) as Partial<Record<string, unknown>>
    if (typeof path !== 'string' || typeof sha256 !== 'string' || typeof since !== 'string') return undefined
    return Number.isNaN(Date.parse(since))
      ? undefined
      : { path, sha256, since: new Date(since).toISOString() }
  } catch {
    return undefined
  }
}

/**
 * Trusts a file as it is.
 * @param digest SHA-256 of its bytes
 * @throws UserError where that cannot be kept
 */
export async function trust(path: string, digest: string, now: Date): Promise<void> {
  const folder = await recordFolder()
  if (folder === undefined) {
    throw new UserError('there is no home folder to keep in what is trusted', {
      code: 'usage',
      hint: `${nameIt}, or set HOME.`,
    })
  }
  const whole = trustPath(path)
  const record: Trusted = { path: whole, sha256: digest, since: now.toISOString() }
  const draft = join(folder, `.${randomBytes(8).toString('hex')}`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
    writeFileSync(draft, `${JSON.stringify(record)}\n`, { flag: 'wx', mode: 0o600 })
    renameSync(draft, join(folder, recordName(whole)))
  } catch (error) {
    removeDraft(draft)
    throw unkept(folder, error)
  }
}

function removeDraft(draft: string): void {
  try {
    rmSync(draft, { force: true })
  } catch {
    // Why it could not be written is what is told.
  }
}

/** Ends the trust in a file. Answers whether there was any. @throws UserError where that cannot be kept */
export async function revoke(path: string): Promise<boolean> {
  const folder = await recordFolder()
  if (folder === undefined) return false
  try {
    rmSync(join(folder, recordName(trustPath(path))))
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw unkept(folder, error)
  }
}

const nameIt = 'Name the config file with --config or in LLMCOST_CONFIG: what is named is trusted'

function unkept(folder: string, error: unknown): UserError {
  const { code } = error as NodeJS.ErrnoException
  return new UserError(`what is trusted cannot be kept here (${code ?? 'unknown'})`, {
    location: folder,
    hint: `${nameIt}.`,
    cause: error,
  })
}

/**
 * Lets a file pass that was found on the way up.
 * @returns since when it is trusted (ISO 8601); null when it is not, and has nothing that needs it
 * @throws UserError (usage) that names the line and the keys that need trust
 */
export async function assertTrusted(file: {
  readonly path: string
  readonly digest: string
  readonly needs: readonly Needing[]
}): Promise<string | null> {
  const { path, digest, needs } = file
  const known = await trustOf(path)
  const { record } = known
  if (record?.sha256 === digest) return record.since
  const [first, ...others] = needs
  if (first === undefined) return null
  const why =
    record === undefined
      ? 'this config file is not trusted'
      : `this config file changed since you trusted it on ${utcMinute(record.since)}`
  const doubt = 'doubt' in known && known.doubt !== undefined ? `: ${known.doubt}` : ''
  throw new UserError(`${first.key} ${first.does}, and ${why}${doubt}`, {
    code: 'usage',
    location: `${path}:${first.line}`,
    hint: [
      ...(others.length === 0 ? [] : [`Besides: ${listed(others)}.`]),
      (await recordFolder()) === undefined
        ? `${nameIt}. There is no home folder in which llmcost trust could keep it.`
        : 'It may have come with files of somebody else. Read it, then run llmcost trust; or name the config file that you want with --config.',
    ],
  })
}

/** More would not be read. */
const mostListed = 6

function listed(needs: readonly Needing[]): string {
  const shown = needs.slice(0, mostListed).map(({ key, line, does }) => `${key} in line ${line} ${does}`)
  const more = needs.length - shown.length
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join('; ')
}
