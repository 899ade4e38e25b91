/** The second half of a run: what was staged is judged, deduplicated, priced and merged into the store. */
import { timestampText } from '../domain/words/quoting.js'
import { count } from '../domain/words/wording.js'
import { countedByList, loggedCostsSql, type LoggedCostRow } from '../domain/costs/logged-costs.js'
import { addCounts, countNames, countsBy, noCounts, type Counts } from '../domain/record-counts.js'
import type { PriceName } from '../domain/costs/rate.js'
import type { Database } from '../db/database.js'
import { openStoreBeforeWriting, openStoreForReading, readStore, writeStore } from '../db/store.js'
import { importers } from '../importers/registry.js'
import { mergeBills } from './bills/merge-bills.js'
import { deletePulled, writeCalls } from '../rollups/upkeep.js'
import type { PriceBook } from '../pricing/book.js'
import {
  findCacheHabits,
  readCachesByCost,
  rereadStoredCaches,
  type CacheHabit,
} from './typing/cache-reading.js'
import { dedupeStaged } from './sameness/dedupe.js'
import { knownFiles, type KnownFile } from './files.js'
import { refusedNote, refuseBadFiles, type Refused } from './refuse.js'
import { refuseElsewhere } from './sameness/refuse-elsewhere.js'
import type { IngestRequest, RejectLimit } from './request.js'
import {
  callsToMerge,
  countsSql,
  makeRoom,
  mergeCalls,
  mergeFiles,
  mergeRejects,
  removeFile,
  type MergeFile,
  type Merging,
} from './merge.js'
import { findPlaceholders, type Placeholders } from './typing/placeholders.js'
import { takeBackArchived } from './sameness/archived.js'
import { bookSummed, leaveOutParents, spanWords, type Spans } from './sameness/parents.js'
import { priceStaged } from './price.js'
import { notePriceData, priceDataWords } from './price-data.js'
import { repairRules } from './typing/repairs.js'
import { compareWithStore } from './sameness/sameness.js'
import { bookOutdone } from './sameness/session-totals.js'
import type { StagedFile } from './stage.js'
import { stagedFacts } from './staged-facts.js'
import type { Entry, Run } from './stage-files.js'
import type { Brought, BroughtBill, FileSummary, MappedCall, UnpricedModel, UnreadUsage } from './summary.js'
import { unreadUsage } from './unread.js'

/** Another process ingested one of the same files meanwhile: all is decided anew. */
export class Overtaken extends Error {}

type CountRow = Counts & { file_no: number; content_ids: boolean } & Record<string, number>

/** What became of the staged files, and what is to be said of their calls together. */
export interface Merged {
  readonly files: ReadonlyMap<number, FileSummary>
  /** Of bills, by their numbers. */
  readonly billFiles: ReadonlyMap<number, FileSummary>
  readonly bills: readonly BroughtBill[]
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
    await lastIngest(db, request.dryRun),
  )
  if (!request.dryRun)
    await db.run(
      `UPDATE store.main.ingests SET files = files + $files, ${countNames.map((name) => `${name} = ${name} + $${name}`).join(', ')}
       WHERE ingest_id = (SELECT max(ingest_id) FROM store.main.ingests)`,
      { files, ...counts },
    )
  return { billFiles: summaries, bills: brought, notes }
}

/** The number of the run that the calls were written under. */
async function lastIngest(db: Database, dryRun: boolean): Promise<number> {
  if (dryRun) return 0
  return (await db.one<{ id: number }>('SELECT max(ingest_id) AS id FROM store.main.ingests')).id
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
    const { id } = await db.one<{ id: number }>(
      'SELECT coalesce(max(ingest_id), 0) + 1 AS id FROM store.main.ingests',
    )
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

/** What the landing files are called in the store, and what they take the place of. */
interface Landing {
  readonly ingestId: number
  /** Staged file number and file_id, in order. */
  readonly ids: readonly (readonly [number, number])[]
  readonly continued: ReadonlyMap<number, KnownFile>
  readonly replaced: readonly { readonly file: KnownFile; readonly grown: boolean }[]
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
  const brought = mergedCalls(landing)
  const { figures, words } = await broughtFigures(db, brought)
  return {
    counts: rows,
    notes: [...notes, ...words],
    cacheHabits: caches.habits,
    reread,
    brought: figures,
    unpricedModels: await unpricedModels(db, brought),
    loggedCosts: await loggedCosts(db, brought),
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
  const { figures, words } = await broughtFigures(db, calls)
  return {
    counts,
    notes: [...notes, ...words],
    cacheHabits: caches.habits,
    reread: 0,
    brought: figures,
    unpricedModels: await unpricedModels(db, calls),
    loggedCosts: await loggedCosts(db, calls),
    mapped: await stage.firstLines?.beside(db, calls, labelsOf(entries)),
  }
}

const labelsOf = (entries: readonly Entry[]): ReadonlyMap<number, string> =>
  new Map(entries.flatMap(({ fileNo, summary }) => (fileNo === undefined ? [] : [[fileNo, summary.label]])))

/** FROM item: the calls that this run brought into the store. */
function mergedCalls(landing: Landing): string {
  // What earlier runs read of a file that grew is not of this one.
  if (landing.continued.size === 0)
    return '(SELECT * FROM store.calls WHERE file_id IN (SELECT file_id FROM file_ids))'
  return `(SELECT c.* FROM store.calls c JOIN file_ids f ON c.file_id = f.file_id JOIN segments g ON f.file_no = g.file_no
    WHERE c.line > greatest(g.line_base, g.known_lines))`
}

async function loggedCosts(db: Database, calls: string): Promise<readonly LoggedCostRow[]> {
  if ((await stagedFacts(db)).costs === 0) return []
  const { rows } = await db.query<LoggedCostRow>(loggedCostsSql(calls, countedByList, 'cost_usd', 'model'))
  return rows
}

/** SQL: true for a call that was made, of which the log tells neither tokens nor a cost. */
const isUncounted =
  "(coalesce(input_tokens, output_tokens, total_tokens) IS NULL AND reported_cost_usd IS NULL AND status IS DISTINCT FROM 'error' AND cache_hit IS NOT TRUE)"

/** The calls together, and a sentence on those of which nothing was counted. */
async function broughtFigures(
  db: Database,
  calls: string,
): Promise<{ readonly figures: Brought; readonly words: readonly string[] }> {
  const { uncounted, ...figures } = await db.one<Brought & { uncounted: number } & Record<string, unknown>>(
    `SELECT count(*) AS calls, min(ts) AS first_ts, max(ts) AS last_ts, sum(cost_usd) AS cost_usd,
    count(*) FILTER (cost_usd IS NULL) AS unpriced_calls, count(*) FILTER (${isUncounted}) AS uncounted FROM ${calls}`,
  )
  const words =
    uncounted === 0
      ? []
      : [
          `${count(uncounted)} ${uncounted === 1 ? 'call was made whose tokens the log does not say: it counts as a call' : 'calls were made whose tokens the log does not say: they count as calls'} without a price`,
        ]
  return { figures, words }
}

/** The models of the calls that have no cost once they are priced, the most used first. */
async function unpricedModels(db: Database, calls: string): Promise<readonly UnpricedModel[]> {
  const { rows } = await db.query<UnpricedModel>(`SELECT provider, model, count(*) AS calls FROM ${calls}
    WHERE cost_usd IS NULL AND NOT ${isUncounted} GROUP BY ALL ORDER BY calls DESC, provider NULLS LAST, model NULLS LAST`)
  return rows
}

async function planLanding(db: Database, run: Run, refused: Refused): Promise<Landing> {
  const { id, file } = await db.one<{ id: number; file: number }>(
    'SELECT coalesce((SELECT max(ingest_id) FROM store.ingests), 0) + 1 AS id, coalesce((SELECT max(file_id) FROM store.files), 0) + 1 AS file',
  )
  const landing = run.entries.filter((e) => e.fileNo !== undefined && !refused.has(e.fileNo))
  const continued = new Map<number, KnownFile>()
  for (const { verdict, fileNo } of landing) {
    const goesOn = verdict.action === 'continue' || verdict.action === 'recount'
    if (goesOn && run.stage.files[fileNo!]!.segment.reading.fromLine > 0)
      continued.set(fileNo!, verdict.known)
  }
  let next = file
  const ids = landing.map((e) => [e.fileNo!, continued.get(e.fileNo!)?.file_id ?? next++] as const)
  await db.run('CREATE OR REPLACE TEMP TABLE file_ids (file_no BIGINT, file_id BIGINT)')
  for (let at = 0; at < ids.length; at += 500) {
    const pairs = ids.slice(at, at + 500).map((pair) => `(${pair.join(', ')})`)
    await db.run(`INSERT INTO file_ids VALUES ${pairs.join(', ')}`)
  }
  const replaced = landing.flatMap(({ verdict }) =>
    verdict.action === 'read' && verdict.replaces
      ? [{ file: verdict.replaces, grown: verdict.grown === true }]
      : [],
  )
  return { ingestId: id, ids, continued, replaced }
}

function mergeFileOf(
  run: Run,
  rows: readonly CountRow[],
  landing: Landing,
  fileNo: number,
  fileId: number,
): MergeFile {
  const row = rows.find((r) => r.file_no === fileNo)
  const repairs = Object.fromEntries(Object.keys(repairRules).map((rule) => [rule, row?.[rule] ?? 0]))
  const continues = landing.continued.get(fileNo)
  const contentIds = (row?.content_ids ?? false) || (continues?.content_ids ?? false)
  return { staged: run.stage.files[fileNo]!, fileId, continues, counts: row ?? noCounts, repairs, contentIds }
}

/** Counts of a file without records. */
const noRows = ({ fileNo }: StagedFile): CountRow =>
  ({ ...noCounts, file_no: fileNo, content_ids: false }) as unknown as CountRow

/** A CSV header is a line that was read, and skipped. */
function withHeader(row: CountRow, file: StagedFile): CountRow {
  const { recognised, fromLine } = file.segment.reading
  const header = recognised.shape.kind === 'csv' && fromLine === 0 ? 1 : 0
  return { ...row, lines: row.lines + header, skipped: row.skipped + header } as CountRow
}

/** SQL: the counts of a run, from parameters of their names. */
const boundCounts = countNames.map((name) => `$${name} AS ${name}`).join(', ')

async function recordRun(
  db: Database,
  request: IngestRequest,
  { counts, files }: { readonly counts: Counts; readonly files: number },
  book: PriceBook,
  id: number,
): Promise<void> {
  const sqlTime = (time: Date): string => timestampText(time.toISOString())
  await db.run(
    `INSERT INTO store.ingests BY NAME SELECT $id AS ingest_id, CAST($started AS TIMESTAMP) AS started_at, CAST($finished AS TIMESTAMP) AS finished_at,
      $version AS version, $priceData AS price_data, $files AS files, ${boundCounts}`,
    {
      id,
      started: sqlTime(request.now),
      finished: sqlTime(new Date()),
      version: request.version,
      priceData: priceDataWords(book),
      files,
      ...counts,
    },
  )
}

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

function fileSummary(
  entry: Entry,
  run: Run,
  rows: readonly CountRow[],
  refused: Refused,
  limit: RejectLimit,
): FileSummary {
  const fileNo = entry.fileNo!
  const staged = run.stage.files[fileNo]!
  const importer = staged.segment.reading.recognised.importer.id
  const refusal = refused.get(fileNo)
  if (refusal !== undefined) {
    return {
      ...entry.summary,
      importer,
      state: 'refused',
      note: refusedNote(refusal, limit),
      reasons: refusal.reasons,
    }
  }
  const row = rows.find((r) => r.file_no === fileNo)
  const repairs = Object.fromEntries(
    Object.keys(repairRules)
      .map((rule) => [rule, row?.[rule] ?? 0])
      .filter(([, n]) => n !== 0),
  )
  const counts = row ?? noCounts
  const replaced = staged.segment.extent.replaced ? 'bytes that are not UTF-8 text were replaced' : null
  return {
    ...entry.summary,
    importer,
    repairs,
    fields: staged.fields,
    note: entry.summary.note ?? staged.note ?? replaced,
    ...countsBy((name) => counts[name]),
  }
}
