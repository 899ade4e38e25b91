/**
 * ingest: sources become calls in the store, in steps that SQL does: discover → stage → normalise →
 * dedupe and price → merge. Staging has a database of its own; the store's lock is held for the merge alone.
 */
import { plural } from '../domain/words/plurals.js'
import { Database, type Resources } from '../db/database.js'
import { openStoreBeforeWriting, writeStore } from '../db/store.js'
import type { CostBasis } from '../domain/costs/basis.js'
import { addCounts } from '../domain/record-counts.js'
import { isOfTheMachine, machineFault, UserError } from '../errors.js'
import { culpritsAmong } from './culprits.js'
import { loadPriceBook, type PriceBook } from '../pricing/book.js'
import { discover, together, type SourceFile } from './files/discover.js'
import { knownFiles, type KnownFile } from './files.js'
import { mergeStaged, nothingMerged, Overtaken } from './merging/commit.js'
import { nameModels } from './bills/stage-bills.js'
import type { ReadOptions } from './options.js'
import { priceDataWords } from './price-data.js'
import { doubts } from './doubts.js'
import type { IngestRequest } from './request.js'
import { wipeWhereSpilled, withRoom } from './spilling.js'
import { stageFiles, unforeseen } from './stage-files.js'
import type { FileSummary, IngestSummary } from './summary.js'

export { doubts } from './doubts.js'
export type { IngestRequest, RejectLimit } from './request.js'

/** Reads sources into the store. @throws UserError when nothing could be read at all */
export async function ingest(request: IngestRequest): Promise<IngestSummary> {
  const files = together(await discover(request.sources, request.cwd), request.found ?? [])
  const book = await loadPriceBook({
    overrideFiles: request.priceFiles,
    updatesFile: request.priceUpdates,
  })
  wipeWhereSpilled(files, request.store)
  let blamed: IngestRequest['blamed']
  for (let attempt = 1; ; attempt++) {
    try {
      return await ingestOnce(blamed === undefined ? request : { ...request, blamed }, files, book)
    } catch (error) {
      if (attempt === 5) throw error
      if (error instanceof Overtaken) continue
      if (blamed !== undefined || isOfNoFile(error)) throw withRoom(machineFault(error) ?? error, files)
      blamed = await blame(request, files, book)
      // Without a file that fails by itself it is the store, or the program.
      if (blamed.size === 0) throw error
    }
  }
}

/** True for what no file can be blamed for: it has words already, or is the machine's. */
const isOfNoFile = (error: unknown): boolean => error instanceof UserError || isOfTheMachine(error)

/** The files, by path, that a run fails for even into an empty store. */
async function blame(
  request: IngestRequest,
  files: readonly SourceFile[],
  book: PriceBook,
): Promise<ReadonlyMap<string, unknown>> {
  const { onProgress: _, ...quiet } = request
  const attempt = (some: readonly SourceFile[]): Promise<IngestSummary> =>
    ingestOnce({ ...quiet, dbPath: ':memory:', dryRun: false }, some, book)
  const found = await culpritsAmong(files, attempt, isOfNoFile)
  return new Map([...found].map(([file, error]) => [file.path, error]))
}

async function ingestOnce(
  request: IngestRequest,
  files: readonly SourceFile[],
  book: PriceBook,
): Promise<IngestSummary> {
  const db = await Database.open(':memory:', 'write', request.store)
  try {
    return await ingestWith(db, request, files, book)
  } finally {
    db.close()
  }
}

/** One run with `db` for staging; a store `:memory:` stays attached to it. */
async function ingestWith(
  db: Database,
  request: IngestRequest,
  files: readonly SourceFile[],
  book: PriceBook,
): Promise<IngestSummary> {
  const known = await knownBefore(request)
  const run = await stageFiles(db, request, files, known)
  if (run.bills.bills.length > 0) await nameModels(db, book)
  const isNothing = run.stage.files.length + run.bills.bills.length === 0
  const {
    files: merged,
    billFiles,
    ...together
  } = isNothing ? nothingMerged : await mergeStaged(db, request, run, known, book)
  const summaries = run.entries.map(({ fileNo, billNo, summary }) =>
    fileNo !== undefined ? merged.get(fileNo)! : billNo !== undefined ? billFiles.get(billNo)! : summary,
  )
  return {
    files: summaries,
    totals: addCounts(summaries.filter((s) => s.state === 'read')),
    ...together,
    priceData: priceDataWords(book),
    dryRun: request.dryRun,
  }
}

async function knownBefore(request: IngestRequest): Promise<Map<string, KnownFile>> {
  const store = await openStoreBeforeWriting(request.dbPath, request.store)
  if (store === undefined) return new Map()
  try {
    return await knownFiles(store)
  } finally {
    store.close()
  }
}

/** The refusal of the first file that reading fails for; the error itself where none does. */
async function blamed(
  request: IngestRequest,
  files: readonly SourceFile[],
  book: PriceBook,
  error: unknown,
): Promise<unknown> {
  if (isOfNoFile(error)) return error
  const [first] = await blame(request, files, book)
  if (first === undefined) return error
  const [path, cause] = first
  const { message, hint } = unforeseen(cause)
  const location = files.find((file) => file.path === path)?.label ?? path
  return new UserError(message, { code: 'refused', location, hint, cause })
}

export interface InputRequest extends Resources {
  readonly sources: readonly string[]
  /** Folder that relative sources are in; default the working directory. */
  readonly cwd?: string
  readonly read: ReadOptions
  readonly priceFiles: readonly string[]
  readonly priceUpdates?: string | undefined
  readonly costBasis: CostBasis
  readonly now: Date
  /** In the place of `sources`: files that were found, and that nobody named. What is refused of them is told. */
  readonly found?: readonly SourceFile[]
  readonly onProgress?: IngestRequest['onProgress'] | undefined
  /** Told what became of each file. */
  readonly onFiles?: (files: readonly FileSummary[]) => void
  readonly warn: (text: string | readonly string[]) => void
}

/**
 * Reads sources into memory and returns a database with the same tables and views as the store, ready
 * for questions. The caller closes it.
 */
export async function openInput(request: InputRequest): Promise<Database> {
  const cwd = request.cwd ?? process.cwd()
  const files = request.found ?? (await discover(request.sources, cwd))
  const book = await loadPriceBook({
    overrideFiles: request.priceFiles,
    updatesFile: request.priceUpdates,
  })
  wipeWhereSpilled(files, request)
  const db = await Database.open(':memory:', 'write', request)
  try {
    const whole = { ...request, ...inputDefaults, cwd, store: { ...request, lockTimeoutMs: 0 } }
    const summary = await ingestWith(db, whole, files, book).catch(async (error: unknown) => {
      throw await blamed(whole, files, book, error)
    })
    request.onFiles?.(summary.files)
    const refused = summary.files.find((file) => file.state === 'refused')
    if (refused && request.found === undefined) throw refusal(refused)
    const passedOver = summary.files.filter(({ state }) => state === 'not-read' || state === 'refused')
    const noLogs = summary.files.every((file) => ['not-read', 'not-a-log'].includes(file.state))
    if (noLogs && request.found === undefined) {
      if (passedOver[0]) throw refusal(passedOver[0])
      throw new UserError('none of these files is a call log', {
        code: 'refused',
        location: request.sources.join(', '),
        hint: 'Call logs are JSON lines, JSON or CSV, plain, .gz or .zst.',
      })
    }
    for (const file of passedOver)
      request.warn(`${file.label} was not read: ${(file.note ?? '').split('\n')[0]}`)
    if (summary.files.every((file) => file.state !== 'read'))
      await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
    for (const warning of doubts(summary)) request.warn(warning)
    const rejected = await rejectedWords(db, summary)
    if (rejected.length > 0) request.warn(rejected)
    await db.run('DROP TABLE IF EXISTS staged CASCADE')
    await db.run('USE store')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

const inputDefaults = {
  dbPath: ':memory:',
  version: 'input',
  rejectLimit: { share: 0.2 },
  replace: false,
  dryRun: false,
  keepRejectedText: false,
} as const

/** The error for a file that was refused. */
function refusal(file: FileSummary): UserError {
  const reasons = file.reasons.map((r) => `line ${r.line}: ${r.reason}`)
  const [what = 'refused', ...rest] = (file.note ?? '').split('\n')
  return new UserError(what, {
    code: 'refused',
    location: file.label,
    hint: [...rest, ...reasons],
  })
}

/** Lines on the records that a question goes without, with the first reasons. */
async function rejectedWords(db: Database, summary: IngestSummary): Promise<string[]> {
  const { rejected } = summary.totals
  if (rejected === 0) return []
  const { rows } = await db.query<{ path: string; line: number; reason: string }>(
    `SELECT f.path, r.line, r.reason FROM store.rejects r JOIN store.files f ON f.file_id = r.file_id
     ORDER BY r.file_id, r.line LIMIT 3`,
  )
  const first = rows.map(({ path, line, reason }) => `  ${path}:${line}: ${reason}`)
  return [`${rejected} ${plural(rejected, 'record was', 'records were')} rejected:`, ...first]
}
