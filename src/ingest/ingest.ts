/**
 * ingest: sources become calls in the store, in steps that SQL does: discover → stage → normalise →
 * dedupe and price → merge. Staging has a database of its own; the store's lock is held for the merge alone.
 */
import { Database, type Resources } from '../db/database.js'
import { openStoreBeforeWriting, writeStore } from '../db/store.js'
import type { CostBasis } from '../domain/basis.js'
import { addCounts } from '../domain/record-counts.js'
import { UserError } from '../errors.js'
import { loadPriceBook, type PriceBook } from '../pricing/book.js'
import { discover, type SourceFile } from './discover.js'
import { knownFiles, type KnownFile } from './files.js'
import { mergeStaged, Overtaken } from './land.js'
import type { ReadOptions } from './options.js'
import { priceDataWords } from './price-data.js'
import { repairRules, type RepairRule } from './repairs.js'
import type { IngestRequest } from './request.js'
import { stageFiles } from './stage-files.js'
import type { FileSummary, IngestSummary } from './summary.js'

export type { IngestRequest, RejectLimit } from './request.js'

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
  const store = await openStoreBeforeWriting(request.dbPath, request.store)
  if (store === undefined) return new Map()
  try {
    return await knownFiles(store, 'main')
  } finally {
    store.close()
  }
}

async function unpricedModels(db: Database): Promise<IngestSummary['unpricedModels']> {
  const without = `NOT EXISTS (SELECT 1 FROM new_rates r WHERE r.provider = m.provider AND r.model = m.model)`
  const { n } = await db.one<{ n: number }>(`SELECT count(*) AS n FROM resolved m WHERE ${without}`)
  // Counting their calls takes a scan, which most runs need not make.
  if (n === 0) return []
  const { rows } = await db.query<{ provider: string | null; model: string | null; calls: number }>(
    `SELECT m.provider, s.model, count(*) AS calls FROM located s
     JOIN resolved m ON s.model = m.model AND s.provider IS NOT DISTINCT FROM m.given_provider
     WHERE s.state = 'call' AND s.reported_cost_usd IS NULL AND ${without}
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
    for (const warning of [...doubts(summary), ...(await rejectedWords(db, summary))]) request.warn(warning)
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
    hint: [...rest, ...reasons].join('\n'),
  })
}

/** Sentences on what a run repaired or replaced: one a rule, whatever the number of files. */
export function doubts(summary: IngestSummary): string[] {
  const out: string[] = []
  for (const [rule, words] of Object.entries(repairRules)) {
    const files = summary.files.filter((file) => (file.repairs[rule as RepairRule] ?? 0) > 0)
    const calls = files.reduce((sum, file) => sum + (file.repairs[rule as RepairRule] ?? 0), 0)
    const where = files.length === 1 ? files[0]!.label : `${files.length} files`
    if (calls > 0) out.push(`${where}: ${calls} ${calls === 1 ? 'call' : 'calls'}: ${words}`)
  }
  for (const file of summary.files) {
    if (file.state === 'read' && file.note !== null) out.push(`${file.label}: ${file.note}`)
  }
  return out
}

/** A sentence on the records that a question goes without, with the first reasons. */
async function rejectedWords(db: Database, summary: IngestSummary): Promise<string[]> {
  const { rejected } = summary.totals
  if (rejected === 0) return []
  const { rows } = await db.query<{ path: string; line: number; reason: string }>(
    `SELECT f.path, r.line, r.reason FROM store.rejects r JOIN store.files f ON f.file_id = r.file_id
     ORDER BY r.file_id, r.line LIMIT 3`,
  )
  const first = rows.map(({ path, line, reason }) => `  ${path}:${line}: ${reason}`)
  return [[`${rejected} ${rejected === 1 ? 'record was' : 'records were'} rejected:`, ...first].join('\n')]
}
