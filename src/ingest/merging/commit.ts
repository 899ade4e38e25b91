/** The second half of a run: what was staged is judged, deduplicated, priced and merged into the store. */
import type { BillTotals } from '../../domain/costs/billed.js'
import type { LoggedCostRow } from '../../domain/costs/logged-costs.js'
import { addCounts } from '../../domain/record-counts.js'
import type { PriceName } from '../../domain/costs/rate.js'
import type { Database } from '../../db/database.js'
import { openStoreBeforeWriting, openStoreForReading, readStore, writeStore } from '../../db/store.js'
import { importers } from '../../importers/registry.js'
import { mergeBills } from '../bills/merge-bills.js'
import { deletePulled, writeCalls } from '../../rollups/upkeep.js'
import type { PriceBook } from '../../pricing/book.js'
import {
  findCacheHabits,
  readCachesByCost,
  rereadStoredCaches,
  type CacheHabit,
} from '../typing/cache-reading.js'
import { dedupeStaged } from '../sameness/dedupe.js'
import { knownFiles, type KnownFile } from '../files.js'
import { refuseBadFiles, type Refused } from '../refuse.js'
import { refuseElsewhere } from '../sameness/refuse-elsewhere.js'
import type { IngestRequest } from '../request.js'
import { broughtBy } from './brought.js'
import { fileSummary, mergeFileOf, noRows, withHeader, type CountRow } from './file-counts.js'
import { mergedCalls, planLanding } from './landing.js'
import {
  callsToMerge,
  countsSql,
  makeRoom,
  mergeCalls,
  mergeFiles,
  mergeRejects,
  removeFile,
  type Merging,
} from './merge.js'
import { findPlaceholders, type Placeholders } from '../typing/placeholders.js'
import { takeBackArchived } from '../sameness/archived.js'
import { bookSummed, leaveOutParents, spanWords, type Spans } from '../sameness/parents.js'
import { priceStaged } from '../price.js'
import { notePriceData } from '../price-data.js'
import { addToRun, lastIngest, nextIngest, recordRun } from './run-row.js'
import { compareWithStore } from '../sameness/sameness.js'
import { bookOutdone } from '../sameness/session-totals.js'
import type { Entry, Run } from '../stage-files.js'
import type { Brought, FileSummary, MappedCall, UnpricedModel, UnreadUsage } from '../summary.js'
import { unreadUsage } from '../unread.js'

/** Another process ingested one of the same files meanwhile: all is decided anew. */
export class Overtaken extends Error {}

/** What became of the staged files, and what is to be said of their calls together. */
export interface Merged {
  readonly files: ReadonlyMap<number, FileSummary>
  /** Of bills, by their numbers. */
  readonly billFiles: ReadonlyMap<number, FileSummary>
  readonly bills: readonly BillTotals[]
  /** Sentences on what the files are to each other and to the store. */
  readonly notes: readonly string[]
  readonly cacheHabits: readonly CacheHabit[]
  /** Calls of earlier runs whose tokens were read anew. */
  readonly reread: number
  readonly brought: Brought
  readonly unpricedModels: readonly UnpricedModel[]
  readonly placeholders?: Placeholders | undefined
  /** Models whose logged costs differ from those that count. */
  readonly loggedCosts: readonly LoggedCostRow[]
  /** Of a rehearsal: the first calls. */
  readonly mapped?: readonly MappedCall[] | undefined
  /** What the calls say of usage or money that was not read. */
  readonly unread: readonly UnreadUsage[]
}

interface MergedCalls extends Omit<Merged, 'files' | 'billFiles' | 'bills' | 'placeholders' | 'unread'> {
  readonly counts: readonly CountRow[]
}

export async function mergeStaged(
  db: Database,
  request: IngestRequest,
  run: Run,
  known: ReadonlyMap<string, KnownFile>,
  book: PriceBook,
): Promise<Merged> {
  if (run.stage.files.length === 0) return mergeOnlyBills(db, request, run, known, book)
  await run.stage.finish()
  const importers = run.stage.files.map(({ segment }) => segment.reading.recognised.importer)
  const leaves = [...new Set(importers.flatMap(({ id, callsAreLeaves }) => (callsAreLeaves ? [id] : [])))]
  const spans = await leaveOutParents(db, leaves)
  const refused = await refuseBadFiles(db, run.stage.files, request.rejectLimit)
  const priced = await priceStaged(db, book)
  await readCachesByCost(db)
  // Providers, as they are resolved now, tell calls of one id apart.
  await dedupeStaged(db)
  const ofAgent = importers.some(({ id }) => id === 'claude-code')
  // All that is told of a run is asked before the store takes it: what fails then has changed nothing.
  const { counts, beside, ...together } = await withStore(db, request, async () => ({
    ...(await mergeInto(db, request, run, known, book, refused, { leaves, ...spans }, priced)),
    placeholders: ofAgent ? await findPlaceholders(db) : undefined,
    unread: await unreadUsage(db, run.entries),
    beside: await mergeBeside(db, request, run),
  }))
  const files = new Map(
    run.entries
      .filter((entry) => entry.fileNo !== undefined)
      .map((entry) => [entry.fileNo!, fileSummary(entry, run, counts, refused, request.rejectLimit)]),
  )
  return { files, ...together, ...beside, notes: [...together.notes, ...beside.notes] }
}

type Beside = Pick<Merged, 'billFiles' | 'bills' | 'notes'>

/** The bills of a run that has calls too, in the same transaction. */
async function mergeBeside(db: Database, request: IngestRequest, run: Run): Promise<Beside> {
  if (run.bills.bills.length === 0) return { billFiles: new Map(), bills: [], notes: [] }
  const { summaries, brought, notes, counts, files } = await mergeBills(
    db,
    request,
    run.bills.bills,
    run.entries,
    request.dryRun ? 0 : await lastIngest(db),
  )
  if (!request.dryRun) await addToRun(db, { counts, files })
  return { billFiles: summaries, bills: brought, notes }
}

/** A run that reads bills alone: no call is written. */
async function mergeOnlyBills(
  db: Database,
  request: IngestRequest,
  run: Run,
  known: ReadonlyMap<string, KnownFile>,
  book: PriceBook,
): Promise<Merged> {
  return withStore(db, request, async () => {
    await assertNotOvertaken(db, run, known)
    const id = await nextIngest(db)
    const { bills } = run.bills
    const { summaries, brought, notes, counts, files } = await mergeBills(db, request, bills, run.entries, id)
    if (!request.dryRun) await recordRun(db, request, { counts, files }, book, id)
    return { ...nothing, billFiles: summaries, bills: brought, notes }
  })
}

/** What a run without calls brings of them. */
const nothing: Omit<Merged, 'billFiles' | 'bills' | 'notes'> = {
  files: new Map(),
  cacheHabits: [],
  reread: 0,
  brought: { calls: 0, first_ts: null, last_ts: null, cost_usd: null, unpriced_calls: 0 },
  unpricedModels: [],
  loggedCosts: [],
  unread: [],
}

/** What a run merges that has nothing to read. */
export const nothingMerged: Merged = { ...nothing, billFiles: new Map(), bills: [], notes: [] }

/** A rehearsal looks at the store and leaves it alone. */
async function withStore<T>(db: Database, request: IngestRequest, work: () => Promise<T>): Promise<T> {
  if (!request.dryRun) return writeCalls(db, request.dbPath, request.store, work)
  const store = await openStoreBeforeWriting(request.dbPath, request.store)
  if (store === undefined) return writeStore(db, ':memory:', request.store, work)
  store.close()
  // Whoever reads a store of an older version brings it up to date first.
  ;(await openStoreForReading(request.dbPath, request.store)).close()
  return readStore(db, request.dbPath, request.store, work)
}

/** Sums of hours leave whose calls come now, in the same transaction. */
const takeOver = (db: Database, [from, to]: readonly [number, number]): Promise<void> =>
  deletePulled(
    db,
    `SELECT DISTINCT hour FROM store.main.pulled_hours WHERE source IS NULL AND hour >= ${from} AND hour < ${to}`,
  )

/** Compares with the store and, unless this is a rehearsal, merges; `store` is attached. */
async function mergeInto(
  db: Database,
  request: IngestRequest,
  run: Run,
  known: ReadonlyMap<string, KnownFile>,
  book: PriceBook,
  refused: Refused,
  { leaves, ...spans }: Spans & { readonly leaves: readonly string[] },
  priced: ReadonlySet<PriceName>,
): Promise<MergedCalls> {
  await assertNotOvertaken(db, run, known)
  if (request.takesOver !== undefined) await takeOver(db, request.takesOver)
  const landing = await planLanding(db, run, refused)
  const leaving = landing.replaced.map(({ file }) => file.file_id)
  const archived = await takeBackArchived(db, {
    folder: request.store.archive,
    leaving,
    dryRun: request.dryRun,
  })
  const elsewhere = await refuseElsewhere(db)
  const totals = statingTotals(run)
  const notes = [
    ...spanWords(spans),
    ...archived,
    ...elsewhere,
    ...(await compareWithStore(db, leaving, request.read.keepAcrossSources === true, totals, leaves)),
  ]
  const counted = await db.query<CountRow>(countsSql)
  const byFile = new Map(counted.rows.map((row) => [row.file_no, row]))
  const rows = run.stage.files.map((file) => withHeader(byFile.get(file.fileNo) ?? noRows(file), file))
  const how = { basis: request.costBasis, absent: run.stage.absent, priced }
  if (request.dryRun) return rehearsal(db, how, rows, notes, run)
  await bookOutdone(db, totals)
  await bookSummed(db)
  await makeRoom(db)
  for (const old of landing.replaced) await removeFile(db, old.file.file_id, old.grown)
  const caches = await findCacheHabits(db)
  await mergeCalls(db, { ...how, asksReadings: caches.decide })
  const reread = caches.none ? 0 : await rereadStoredCaches(db, request.costBasis, request.store.archive)
  if (counted.rows.some(({ rejected }) => rejected > 0)) await mergeRejects(db, request.keepRejectedText)
  const merged = landing.ids.map(([fileNo, fileId]) => mergeFileOf(run, rows, landing, fileNo, fileId))
  await mergeFiles(db, merged, request.read, landing.ingestId)
  const came = { counts: addCounts(merged.map((m) => m.counts)), files: merged.length }
  await recordRun(db, request, came, book, landing.ingestId)
  const changed = merged.some((file) => file.counts.imported + file.counts.superseded > 0)
  if (changed) await notePriceData(db, book, false)
  const { words, ...told } = await broughtBy(db, mergedCalls(landing))
  return {
    counts: rows,
    notes: [...notes, ...words],
    cacheHabits: caches.habits,
    reread,
    ...told,
  }
}

/** Sources of a run that state what a session used in all; an exported file may hold calls of any. */
const statingTotals = (run: Run): readonly string[] => {
  const read = new Set(run.stage.files.map(({ segment }) => segment.reading.recognised.importer.id))
  return importers.flatMap(({ id, statesTotals }) =>
    statesTotals && (read.has(id) || read.has('llmcost')) ? [id] : [],
  )
}

/** What a run would do to the store, which stays as it is. */
async function rehearsal(
  db: Database,
  how: Omit<Merging, 'asksReadings'>,
  counts: readonly CountRow[],
  notes: readonly string[],
  { stage, entries }: Run,
): Promise<MergedCalls> {
  const caches = await findCacheHabits(db)
  const calls = `(${await callsToMerge(db, { ...how, asksReadings: caches.decide }, true)})`
  const { words, ...told } = await broughtBy(db, calls)
  return {
    counts,
    notes: [...notes, ...words],
    cacheHabits: caches.habits,
    reread: 0,
    ...told,
    mapped: await stage.firstLines?.beside(db, calls, labelsOf(entries)),
  }
}

const labelsOf = (entries: readonly Entry[]): ReadonlyMap<number, string> =>
  new Map(entries.flatMap(({ fileNo, summary }) => (fileNo === undefined ? [] : [[fileNo, summary.label]])))

/** The files' rows must be as they were when the reading was decided. */
async function assertNotOvertaken(
  db: Database,
  run: Run,
  known: ReadonlyMap<string, KnownFile>,
): Promise<void> {
  const now = await knownFiles(db)
  const bills = run.bills.bills.flatMap(({ path, read }) => (read.segment === undefined ? [] : [path]))
  for (const path of [...run.stage.files.map(({ segment }) => segment.reading.file.path), ...bills]) {
    if (now.get(path)?.ingest_id !== known.get(path)?.ingest_id)
      throw new Overtaken('another ingest was faster')
  }
}
