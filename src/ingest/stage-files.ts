/** The first half of a run: every file is looked at, and those that bring something are staged. */
import type { Database } from '../db/database.js'
import { noCounts } from '../domain/record-counts.js'
import { isOfTheMachine, OutOfMemory, UserError } from '../errors.js'
import type { SourceFile } from './files/discover.js'
import { judge, readingFrom, type KnownFile, type Verdict } from './files.js'
import type { IngestRequest } from './request.js'
import { accountField } from './options.js'
import { FirstLines } from './first-calls.js'
import { look, prepare } from './files/prepare.js'
import type { OtherBills } from './bills/other-stores.js'
import { BillStage } from './bills/stage-bills.js'
import { Stage } from './stage.js'
import type { FileSummary } from './summary.js'
import type { Reading, Unit } from './files/units.js'
import { Unrecognised } from './files/unrecognised.js'

/** A file of this run. */
export interface Entry {
  readonly path: string
  readonly summary: FileSummary
  /** Number of the staged file; undefined when it was not staged. */
  fileNo?: number
  /** Number of the staged bill; undefined where it is none. */
  billNo?: number
  readonly verdict: Verdict
}

export interface Run {
  readonly stage: Stage
  readonly bills: BillStage
  readonly entries: Entry[]
}

/** Looks at every file and stages those that bring something. */
export async function stageFiles(
  db: Database,
  request: IngestRequest,
  files: readonly SourceFile[],
  known: ReadonlyMap<string, KnownFile>,
): Promise<Run> {
  const stage = new Stage(db, request.keepRejectedText, request.dryRun ? new FirstLines() : undefined)
  const bills = new BillStage(db, request.keepRejectedText, request.read.set[accountField])
  const billed: Read[] = []
  const starved: OutOfMemory[] = []
  if (request.onProgress) await db.watchProgress()
  const entries: Entry[] = []
  const groups = new Map<string, { reading: Reading; entry: Entry }[]>()
  let total = 0
  for (const file of files) {
    const verdict = judge(file, known.get(file.path), request.read, request.replace)
    const entry: Entry = { path: file.path, summary: blankSummary(file, verdict), verdict }
    entries.push(entry)
    if (verdict.action === 'skip' || verdict.action === 'refuse') continue
    const blamed = request.blamed?.get(file.path)
    if (blamed !== undefined) {
      refuse(entry, unforeseen(blamed))
      continue
    }
    const reading = await lookAt(file, request, entry, verdict)
    if (reading === undefined) continue
    total += file.size - reading.fromByte
    const { importer, shape, bill } = reading.recognised
    if (bill !== undefined) {
      billed.push({ reading, entry })
      continue
    }
    // The calls of a database that is merged stand beside its bills, which the account is of.
    const hasBills = request.bills?.some(({ store }) => store === file.path) === true
    if (request.read.set[accountField] !== undefined && !hasBills)
      Object.assign(entry.summary, {
        note: `${accountField} is of bills, and this is none: --set tag.${accountField} says it of calls`,
      })
    // CSV files and JSON lines are staged apart; JSON of one importer shares a unit.
    const key = `${importer.id} ${shape.kind === 'csv'}`
    groups.set(key, [...(groups.get(key) ?? []), { reading, entry }])
  }
  let done = 0
  for (const group of groups.values()) {
    for (const batch of batches(group)) {
      for (const unit of await prepared(batch)) {
        const before = done
        request.onProgress?.({ total, lines: stage.rows, done: () => before + unit.bytes * stage.progress })
        await stageUnit(stage, unit, request, batch, starved)
        unit.release?.()
        done += unit.bytes
      }
    }
  }
  await stageBills(bills, billed, starved)
  for (const from of request.bills ?? []) entries.push(...(await carried(bills, from, entries)))
  request.onProgress?.({ total, lines: stage.rows, done: () => total })
  // Where no file found enough memory, no file is to blame.
  if (starved[0] !== undefined && stage.files.length + bills.bills.length === 0) throw starved[0]
  return { stage, bills, entries }
}

/** A file with its reading. */
interface Read {
  readonly reading: Reading
  readonly entry: Entry
}

/**
 * Stages a unit. Where that fails, its halves are tried, down to each file alone: whatever the fault, it
 * takes no other file down.
 */
async function stageUnit(
  stage: Stage,
  unit: Unit,
  request: IngestRequest,
  batch: readonly Read[],
  starved: OutOfMemory[],
): Promise<void> {
  const owners = unit.segments.map((segment) => batch.find((one) => one.reading === segment.reading)!)
  const first = stage.files.length
  try {
    await stage.add(unit, request.read, request.now)
  } catch (error) {
    const hungry = error instanceof OutOfMemory
    if ((isOfTheMachine(error) && !hungry) || isBroken(error)) throw error
    if (owners.length === 1) {
      if (hungry) starved.push(error)
      return refuse(owners[0]!.entry, unforeseen(error))
    }
    const middle = owners.length >> 1
    for (const half of [owners.slice(0, middle), owners.slice(middle)])
      for (const part of await prepared(half)) {
        await stageUnit(stage, part, request, half, starved)
        part.release?.()
      }
    return
  }
  for (const [i, owner] of owners.entries()) owner.entry.fileNo = first + i
}

/** Stages each bill alone: whatever is wrong with one, it takes no other down. */
async function stageBills(stage: BillStage, billed: readonly Read[], starved: OutOfMemory[]): Promise<void> {
  for (const one of billed) {
    for (const unit of await prepared([one])) {
      try {
        one.entry.billNo = await stage.add(unit)
      } catch (error) {
        const hungry = error instanceof OutOfMemory
        if ((isOfTheMachine(error) && !hungry) || isBroken(error)) throw error
        if (hungry) starved.push(error)
        refuse(one.entry, unforeseen(error))
      }
      unit.release?.()
    }
  }
}

/** Stages the bills of another store, each with an entry of its own. */
async function carried(stage: BillStage, from: OtherBills, entries: readonly Entry[]): Promise<Entry[]> {
  const isSame = entries.some(({ verdict, path }) => path === from.store && verdict.action === 'skip')
  const out: Entry[] = []
  for (const bill of from.bills) {
    const verdict: Verdict = { action: isSame ? 'skip' : 'read' }
    const label = `${from.label}: ${bill.path}`
    const summary = { ...blankSummary({ label }, { action: 'read' }), importer: bill.source }
    out.push({ path: bill.path, summary, verdict, billNo: await stage.carry(from, bill) })
  }
  return out
}

/** True where the engine gave up for good: nothing can be staged beside it any more. */
const isBroken = (error: unknown): boolean =>
  error instanceof Error && /^(?:INTERNAL|FATAL|TransactionContext) Error/i.test(error.message)

/** The refusal of a file that nothing but its failure is known of. */
export function unforeseen(error: unknown): UserError {
  if (error instanceof UserError) return error
  const [what = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  return new UserError(`it could not be read: ${what.slice(0, 200)}`, {
    code: 'refused',
    hint: 'The other files are not touched by it.',
    cause: error,
  })
}

/** Units of a batch; a file whose bytes turn out to be damaged is refused, the others still come in. */
async function prepared(batch: readonly Read[]): Promise<Unit[]> {
  try {
    return await prepare(batch.map((one) => one.reading))
  } catch (error) {
    if (isOfTheMachine(error)) throw error
  }
  const units: Unit[] = []
  for (const { reading, entry } of batch) {
    try {
      units.push(...(await prepare([reading])))
    } catch (error) {
      if (isOfTheMachine(error)) throw error
      refuse(entry, unforeseen(error))
    }
  }
  return units
}

/** Temporary texts of at most this many source bytes, so that temporary files stay within bounds. */
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

/** Looks into a file; a file that no importer knows is refused, the others still come in. */
async function lookAt(
  file: SourceFile,
  request: IngestRequest,
  entry: Entry,
  verdict: Verdict,
): Promise<Reading | undefined> {
  try {
    if (file.unreadable !== undefined)
      throw new UserError(file.unreadable, { location: file.label, hint: 'Check its permissions.' })
    const looked = await look(file, request.read)
    if (looked !== undefined) return readingFrom(looked, verdict)
    Object.assign(entry.summary, { state: 'empty', note: 'no records' })
  } catch (error) {
    if (isOfTheMachine(error)) throw error
    refuse(entry, unforeseen(error))
    // What merely stands in a folder was not asked for: it is no failure, and is told where money may be in it.
    if (file.inFolder !== true) return undefined
    const noLog = error instanceof Unrecognised && !error.mayHoldCalls
    if (noLog || request.rejectLimit.count !== 0)
      Object.assign(entry.summary, { state: noLog ? 'not-a-log' : 'not-read' })
  }
  return undefined
}

/** Notes why a file can't be read. @throws what is wrong with the command, and not with the file */
function refuse(entry: Entry, error: UserError): void {
  if (error.code === 'usage') throw error
  Object.assign(entry.summary, {
    state: 'refused',
    note: [error.message, error.hint].filter(Boolean).join('\n'),
  })
}

function blankSummary(file: Pick<SourceFile, 'label'>, verdict: Verdict): FileSummary {
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
