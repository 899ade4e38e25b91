/**
 * ingest: sources become calls in the store, in steps that SQL does: discover → stage → normalise →
 * dedupe and price → merge. Staging has a database of its own; the store's lock is held for the merge alone.
 */
import { existsSync } from 'node:fs'
import { Database, type Resources } from '../db/database.js'
import { openStoreForReading, writeStore, type StoreOptions } from '../db/store.js'
import { UserError } from '../errors.js'
import type { CostBasis } from '../domain/basis.js'
import { loadPriceBook, type PriceBook } from '../pricing/book.js'
import { decideCacheReadings } from './cache-reading.js'
import { dedupeAgainstStore, dedupeStaged } from './dedupe.js'
import { discover, type SourceFile } from './discover.js'
import { judge, knownFiles, readingFrom, type KnownFile, type Verdict } from './files.js'
import {
  countsSql,
  mergeCalls,
  mergeFile,
  mergeRates,
  mergeRejects,
  removeFile,
  type MergeFile,
} from './merge.js'
import { repairRules } from './repairs.js'
import type { ReadOptions } from './options.js'
import { look, prepare, type Reading } from './prepare.js'
import { priceStaged } from './price.js'
import { notePriceData, priceDataWords } from './price-data.js'
import { Stage, type StagedFile } from './stage.js'
import { addCounts, noCounts, type Counts, type FileSummary, type IngestSummary } from './summary.js'

/** How many rejects a file may have: a share of its records, or a count. */
export interface RejectLimit {
  readonly share?: number
  readonly count?: number
}

export interface IngestRequest {
  readonly sources: readonly string[]
  readonly cwd: string
  readonly read: ReadOptions
  readonly priceFiles: readonly string[]
  readonly costBasis: CostBasis
  readonly store: StoreOptions
  readonly dbPath: string
  readonly now: Date
  readonly version: string
  readonly rejectLimit: RejectLimit
  readonly replace: boolean
  readonly dryRun: boolean
  readonly keepRejectedText: boolean
  /** Told how far the reading is: bytes done of all, and calls staged. */
  readonly onProgress?: (done: number, total: number, rows: number) => void
}

/** Another process ingested one of the same files meanwhile: all is decided anew. */
class Overtaken extends Error {}

/** Reads sources into the store. @throws UserError when nothing could be read at all */
export async function ingest(request: IngestRequest): Promise<IngestSummary> {
  const files = await discover(request.sources, request.cwd)
  const book = await loadPriceBook({ overrideFiles: request.priceFiles })
  for (let attempt = 1; ; attempt++) {
    try {
      return await ingestOnce(request, files, book)
    } catch (error) {
      if (!(error instanceof Overtaken) || attempt === 5) throw error
    }
  }
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
  const counted =
    run.stage.files.length === 0
      ? new Map<number, FileSummary>()
      : await mergeStaged(db, request, run, known, book)
  const summaries = run.entries.map((entry) =>
    entry.fileNo === undefined ? entry.summary : counted.get(entry.fileNo)!,
  )
  return {
    files: summaries,
    totals: addCounts(summaries.filter((s) => s.state === 'read')),
    unpricedModels: run.stage.files.length === 0 ? [] : await unpricedModels(db),
    priceData: priceDataWords(book),
    dryRun: request.dryRun,
  }
}

async function knownBefore(request: IngestRequest): Promise<Map<string, KnownFile>> {
  if (request.dbPath === ':memory:' || !existsSync(request.dbPath)) return new Map()
  const store = await openStoreForReading(request.dbPath, request.store)
  try {
    return await knownFiles(store, 'main')
  } finally {
    store.close()
  }
}

interface Entry {
  readonly summary: FileSummary
  /** Number of the staged file; undefined when it was not staged. */
  fileNo?: number
  readonly verdict: Verdict
}

interface Run {
  readonly stage: Stage
  readonly entries: Entry[]
}

/** Looks at every file and stages those that bring something. */
async function stageFiles(
  db: Database,
  request: IngestRequest,
  files: readonly SourceFile[],
  known: ReadonlyMap<string, KnownFile>,
): Promise<Run> {
  const stage = new Stage(db)
  const entries: Entry[] = []
  const groups = new Map<string, { reading: Reading; entry: Entry }[]>()
  let total = 0
  for (const file of files) {
    const verdict = judge(file, known.get(file.path), request.read, request.replace)
    const entry: Entry = { summary: blankSummary(file, verdict), verdict }
    entries.push(entry)
    if (verdict.action === 'skip' || verdict.action === 'refuse') continue
    const reading = await lookAt(file, request, entry, verdict)
    if (reading === undefined) continue
    const { importer, shape } = reading.recognised
    // CSV files and JSON lines are staged apart; JSON of one importer shares a unit.
    const key = `${importer.id} ${shape.kind === 'csv'}`
    groups.set(key, [...(groups.get(key) ?? []), { reading, entry }])
    total += file.size - reading.fromByte
  }
  let done = 0
  for (const group of groups.values()) {
    for (const batch of batches(group)) {
      for (const unit of await prepare(batch.map((g) => g.reading))) {
        request.onProgress?.(done, total, stage.rows)
        const first = stage.files.length
        await stage.add(unit, request.read, request.now)
        for (const [i, segment] of unit.segments.entries()) {
          const owner = group.find((g) => g.reading === segment.reading)
          if (owner) owner.entry.fileNo = first + i
        }
        done += unit.bytes
      }
    }
  }
  request.onProgress?.(total, total, stage.rows)
  return { stage, entries }
}

/** Spools of at most this many source bytes, so that temporary files stay within bounds. */
const batchBytes = 1 << 30

function* batches<T extends { reading: Reading }>(group: readonly T[]): Generator<T[]> {
  let batch: T[] = []
  let bytes = 0
  for (const one of group) {
    batch.push(one)
    bytes += one.reading.file.size
    if (bytes >= batchBytes) {
      yield batch
      batch = []
      bytes = 0
    }
  }
  if (batch.length > 0) yield batch
}

/** Looks into a file; a file that no importer knows is refused, the others still land. */
async function lookAt(
  file: SourceFile,
  request: IngestRequest,
  entry: Entry,
  verdict: Verdict,
): Promise<Reading | undefined> {
  try {
    const looked = await look(file, request.read)
    if (looked !== undefined) return readingFrom(looked, verdict)
    Object.assign(entry.summary, { state: 'empty', note: 'no records' })
  } catch (error) {
    if (!(error instanceof UserError) || error.code === 'usage') throw error
    Object.assign(entry.summary, {
      state: 'refused',
      note: [error.message, error.hint].filter(Boolean).join('\n'),
    })
  }
  return undefined
}

function blankSummary(file: SourceFile, verdict: Verdict): FileSummary {
  return {
    label: file.label,
    importer: null,
    state: verdict.action === 'skip' ? 'unchanged' : verdict.action === 'refuse' ? 'refused' : 'read',
    note:
      verdict.action === 'refuse' ? verdict.why : verdict.action === 'read' ? (verdict.note ?? null) : null,
    reasons: [],
    repairs: {},
    ...noCounts,
  }
}

type CountRow = Counts & { file_no: number; content_ids: boolean } & Record<string, number>

async function mergeStaged(
  db: Database,
  request: IngestRequest,
  run: Run,
  known: ReadonlyMap<string, KnownFile>,
  book: PriceBook,
): Promise<Map<number, FileSummary>> {
  await run.stage.finish()
  const refused = await refuseBadFiles(db, run, request.rejectLimit)
  await dedupeStaged(db)
  await priceStaged(db, book)
  await decideCacheReadings(db)
  const work = async (): Promise<readonly CountRow[]> => mergeInto(db, request, run, known, book, refused)
  const counts = request.dryRun
    ? await rehearse(db, request, work)
    : await writeStore(db, request.dbPath, request.store, work)
  return new Map(
    run.entries
      .filter((entry) => entry.fileNo !== undefined)
      .map((entry) => [entry.fileNo!, fileSummary(entry, run, counts, refused)]),
  )
}

/** Staged files with too many rejects: none of their rows counts. */
async function refuseBadFiles(
  db: Database,
  run: Run,
  limit: RejectLimit,
): Promise<Map<number, FileSummary['reasons']>> {
  const { rows } = await db.query<{ file_no: number; rejected: number; records: number }>(
    `SELECT file_no, count(*) FILTER (WHERE state = 'reject') AS rejected, count(*) FILTER (WHERE state <> 'skip') AS records
     FROM located WHERE line > known_lines GROUP BY file_no HAVING rejected > 0`,
  )
  const refused = new Map<number, FileSummary['reasons']>()
  for (const { file_no: fileNo, rejected, records } of rows) {
    const most = limit.count ?? (limit.share ?? 1) * records
    if (rejected <= most) continue
    const reasons = await db.query<{ line: number; reason: string }>(
      `SELECT line, reason FROM located WHERE file_no = $fileNo AND state = 'reject' ORDER BY line LIMIT 3`,
      { fileNo },
    )
    refused.set(fileNo, reasons.rows)
    const file = run.stage.files[fileNo]!
    await db.run(`UPDATE staged SET state = 'refused' WHERE rowid BETWEEN $first AND $last`, {
      first: file.firstRow,
      last: file.firstRow + file.rows - 1,
    })
  }
  return refused
}

/** Everything a merge does, then undone. */
async function rehearse<T>(db: Database, request: IngestRequest, work: () => Promise<T>): Promise<T> {
  let result: { value: T } | undefined
  class Undo extends Error {}
  try {
    const path = existsSync(request.dbPath) ? request.dbPath : ':memory:'
    await writeStore(db, path, request.store, async () => {
      result = { value: await work() }
      throw new Undo()
    })
  } catch (error) {
    if (!(error instanceof Undo)) throw error
  }
  return result!.value
}

async function mergeInto(
  db: Database,
  request: IngestRequest,
  run: Run,
  known: ReadonlyMap<string, KnownFile>,
  book: PriceBook,
  refused: ReadonlyMap<number, unknown>,
): Promise<readonly CountRow[]> {
  await assertNotOvertaken(db, run, known)
  const { id, file } = await db.one<{ id: number; file: number }>(
    'SELECT coalesce((SELECT max(ingest_id) FROM store.ingests), 0) + 1 AS id, coalesce((SELECT max(file_id) FROM store.files), 0) + 1 AS file',
  )
  const landing = run.entries.filter((e) => e.fileNo !== undefined && !refused.has(e.fileNo))
  const replaced = landing.flatMap((e) =>
    e.verdict.action === 'read' && e.verdict.replaces ? [e.verdict.replaces] : [],
  )
  for (const old of replaced) await removeFile(db, old.file_id)
  const continued = new Map<number, KnownFile>()
  for (const entry of landing) {
    const { verdict } = entry
    const goesOn =
      (verdict.action === 'continue' || verdict.action === 'recount') &&
      run.stage.files[entry.fileNo!]!.segment.reading.fromLine > 0
    if (goesOn) continued.set(entry.fileNo!, verdict.known)
  }
  let next = file
  const ids = landing.map((e) => [e.fileNo!, continued.get(e.fileNo!)?.file_id ?? next++] as const)
  await db.run('CREATE OR REPLACE TEMP TABLE file_ids (file_no BIGINT, file_id BIGINT)')
  for (let at = 0; at < ids.length; at += 500) {
    await db.run(
      `INSERT INTO file_ids VALUES ${ids
        .slice(at, at + 500)
        .map((pair) => `(${pair.join(', ')})`)
        .join(', ')}`,
    )
  }
  await dedupeAgainstStore(db)
  const rows = (await db.query<CountRow>(countsSql)).rows.map((row) =>
    withHeader(row, run.stage.files[row.file_no]!),
  )
  await mergeCalls(db, request.costBasis)
  await mergeRates(db)
  await mergeRejects(db, request.keepRejectedText)
  const merged: MergeFile[] = ids.map(([fileNo, fileId]) => {
    const row = rows.find((r) => r.file_no === fileNo) ?? { ...noCounts, file_no: fileNo, content_ids: false }
    const repairs = Object.fromEntries(
      Object.keys(repairRules).map((rule) => [rule, (row as CountRow)[rule] ?? 0]),
    )
    const continues = continued.get(fileNo)
    const contentIds = row.content_ids || (continues?.content_ids ?? false)
    return { staged: run.stage.files[fileNo]!, fileId, continues, counts: row, repairs, contentIds }
  })
  for (const one of merged) await mergeFile(db, one, request.read, id)
  await recordRun(db, request, merged, book, id)
  if (merged.some((file) => file.counts.imported + file.counts.superseded > 0))
    await notePriceData(db, book, false)
  return rows
}

/** A CSV header is a line that was read, and skipped. */
function withHeader(row: CountRow, file: StagedFile): CountRow {
  const { recognised, fromLine } = file.segment.reading
  const header = recognised.shape.kind === 'csv' && fromLine === 0 ? 1 : 0
  return { ...row, lines: row.lines + header, skipped: row.skipped + header } as CountRow
}

async function recordRun(
  db: Database,
  request: IngestRequest,
  merged: readonly MergeFile[],
  book: PriceBook,
  id: number,
): Promise<void> {
  const totals = addCounts(merged.map((m) => m.counts))
  const sqlTime = (time: Date): string => time.toISOString().replace('T', ' ').replace('Z', '')
  await db.run(
    `INSERT INTO store.ingests BY NAME SELECT $id AS ingest_id, CAST($started AS TIMESTAMP) AS started_at, CAST($finished AS TIMESTAMP) AS finished_at,
      $version AS version, $priceData AS price_data, $files AS files, $lines AS lines, $imported AS imported, $duplicates AS duplicates,
      $superseded AS superseded, $skipped AS skipped, $rejected AS rejected`,
    {
      id,
      started: sqlTime(request.now),
      finished: sqlTime(new Date()),
      version: request.version,
      priceData: priceDataWords(book),
      files: merged.length,
      ...totals,
    },
  )
}

/** The files' rows must be as they were when the reading was decided. */
async function assertNotOvertaken(
  db: Database,
  run: Run,
  known: ReadonlyMap<string, KnownFile>,
): Promise<void> {
  const now = await knownFiles(db, 'store')
  for (const { segment } of run.stage.files) {
    const { path } = segment.reading.file
    if (now.get(path)?.ingest_id !== known.get(path)?.ingest_id)
      throw new Overtaken('another ingest was faster')
  }
}

function fileSummary(
  entry: Entry,
  run: Run,
  rows: readonly CountRow[],
  refused: ReadonlyMap<number, FileSummary['reasons']>,
): FileSummary {
  const fileNo = entry.fileNo!
  const staged = run.stage.files[fileNo]!
  const importer = staged.segment.reading.recognised.importer.id
  const reasons = refused.get(fileNo)
  if (reasons !== undefined) {
    return {
      ...entry.summary,
      importer,
      state: 'refused',
      note: 'too many of its records were rejected; nothing of it was kept',
      reasons,
    }
  }
  const row = rows.find((r) => r.file_no === fileNo)
  const repairs = Object.fromEntries(
    Object.keys(repairRules)
      .map((rule) => [rule, row?.[rule] ?? 0])
      .filter(([, n]) => n !== 0),
  )
  const counts = row ?? noCounts
  const replaced = staged.segment.passage.replaced ? 'bytes that are not UTF-8 text were replaced' : null
  return {
    ...entry.summary,
    importer,
    repairs,
    note: entry.summary.note ?? replaced,
    lines: counts.lines,
    imported: counts.imported,
    duplicates: counts.duplicates,
    superseded: counts.superseded,
    skipped: counts.skipped,
    rejected: counts.rejected,
  }
}

async function unpricedModels(db: Database): Promise<IngestSummary['unpricedModels']> {
  const { rows } = await db.query<{ provider: string | null; model: string | null; calls: number }>(
    `SELECT m.provider, s.model, count(*) AS calls FROM located s
     JOIN resolved m ON s.model = m.model AND s.provider IS NOT DISTINCT FROM m.given_provider
     WHERE s.state = 'call' AND s.reported_cost_usd IS NULL AND NOT EXISTS (SELECT 1 FROM new_rates r WHERE r.provider = m.provider AND r.model = s.model)
     GROUP BY ALL ORDER BY calls DESC, s.model LIMIT 20`,
  )
  return rows
}

export interface InputRequest extends Resources {
  readonly sources: readonly string[]
  /** Folder that relative sources are in; default the working directory. */
  readonly cwd?: string
  readonly read: ReadOptions
  readonly priceFiles: readonly string[]
  readonly costBasis: CostBasis
  readonly now: Date
  readonly warn: (text: string) => void
}

/**
 * Reads sources into memory and returns a database with the same tables and views as the store, ready
 * for questions. The caller closes it.
 */
export async function openInput(request: InputRequest): Promise<Database> {
  const cwd = request.cwd ?? process.cwd()
  const files = await discover(request.sources, cwd)
  const book = await loadPriceBook({ overrideFiles: request.priceFiles })
  const db = await Database.open(':memory:', 'write', request)
  try {
    const summary = await ingestWith(
      db,
      { ...request, ...inputDefaults, cwd, store: { ...request, lockTimeoutMs: 0 } },
      files,
      book,
    )
    const refused = summary.files.find((file) => file.state === 'refused')
    if (refused) throw refusal(refused)
    if (summary.files.every((file) => file.state === 'empty'))
      await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
    for (const warning of doubts(summary)) request.warn(warning)
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
export function refusal(file: FileSummary): UserError {
  const reasons = file.reasons.map((r) => `line ${r.line}: ${r.reason}`)
  const [what = 'refused', ...rest] = (file.note ?? '').split('\n')
  return new UserError(what, {
    code: 'refused',
    location: file.label,
    hint: [...rest, ...reasons].join('\n'),
  })
}

/** Sentences on what a run repaired, replaced or rejected. */
export function doubts(summary: IngestSummary): string[] {
  const out: string[] = []
  for (const file of summary.files) {
    for (const [rule, n] of Object.entries(file.repairs)) {
      out.push(
        `${file.label}: ${n} ${n === 1 ? 'call' : 'calls'}: ${repairRules[rule as keyof typeof repairRules]}`,
      )
    }
    if (file.state === 'read' && file.note !== null) out.push(`${file.label}: ${file.note}`)
  }
  return out
}
