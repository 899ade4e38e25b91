/** `llmcost ingest --rollup`: sums of calls that are elsewhere, from an engine's answer in a file or from the engine itself. */
import { resolve } from 'node:path'
import { Database } from '../../db/database.js'
import { sumOf } from '../../domain/costs/decimal.js'
import { addCounts } from '../../domain/record-counts.js'
import { counted } from '../../domain/words/plurals.js'
import { bytes, count } from '../../domain/words/wording.js'
import { exitCodes, UserError } from '../../errors.js'
import { isAddress } from '../../engines/servers/address.js'
import { pullCells, type Pulled } from '../../engines/pulling/pull.js'
import { dayColumns } from '../../engines/days/days-sql.js'
import type { KeptDays } from '../../engines/days/keep-days.js'
import { headerOf, readAnswer } from '../../engines/read-answer.js'
import { rollupImporter } from '../../rollups/pulled-hours.js'
import { cubeColumns } from '../../engines/statements.js'
import { takeAnswer, takeDays, type BroughtCells, type Taken, type TakeRequest } from '../../engines/take.js'
import { priceDataWords } from '../../ingest/price-data.js'
import { loadPriceBook, type PriceBook } from '../../pricing/book.js'
import type { Settings } from '../../questions/question.js'
import { ingestReport, type FileCounts } from '../../reports/store/ingest.js'
import type { Invocation, Outcome, Terminal } from '../command.js'
import { hoursOf, unfit } from './engine-options.js'
import { ofSameCalls } from '../command-text.js'
import { fileMode } from '../file-mode.js'
import { priceData, settingsOf } from '../settings.js'
import { openTable } from './engine-table.js'

/** What was taken of a source, under the name that it was given by. */
export interface TakenSource {
  readonly label: string
  readonly taken: readonly Taken[]
  /** Days that somebody brought, and that were not taken. */
  readonly daysLeftOut?: KeptDays['leftOut']
  /** Sentences on the taking itself. */
  readonly notes: readonly string[]
}

/** Options that are about logs, and of which sums know nothing. */
const ofLogs = ['from', 'baseTime', 'inputTz', 'dateOrder', 'decimal', 'keepAcrossSources', 'agents', 'dryRun', 'strict', 'maxRejects', 'verbose', 'keepRejectedText', 'calls'] // prettier-ignore
/** Options that are about a table in an engine. */
const ofTables = ['table', 'since', 'until', 'map', 'set', 'preset', 'cacheTokens', 'engineTimeout']

/** @throws UserError */
export async function takeCells(invocation: Invocation): Promise<Outcome> {
  const { args, given } = invocation
  const wrong = ofLogs.find((name) => given(name))
  if (wrong !== undefined) throw unfit(wrong, 'is about logs, and does not go with --rollup')
  if (args.length === 0)
    throw new UserError('there is nothing named to take sums from', {
      code: 'usage',
      hint: 'Write llmcost ingest --rollup <file.parquet|file.csv>, or the address of an engine.',
    })
  const about = args.every((label) => isAddress(label)) ? undefined : ofTables.find((name) => given(name))
  if (about !== undefined) throw unfit(about, "is about an engine's table, and not about files")
  const settings = await settingsOf(invocation)
  const book = await loadPriceBook(priceData(settings))
  const sources: TakenSource[] = []
  for (const label of args) {
    const take = isAddress(label) ? pullFrom : takeFile
    sources.push(await take(label, book, invocation, settings))
  }
  return outcomeOf(sources, book, invocation, settings)
}

/** What all ways of taking have in common. */
const request = (
  book: PriceBook,
  invocation: Invocation,
  settings: Settings,
): Omit<TakeRequest, 'answer' | 'source' | 'options' | 'prices'> => ({
  replace: invocation.options['replace'] === true,
  now: invocation.now,
  dbPath: settings.dbPath,
  store: { ...settings.storeOptions, mode: fileMode(invocation) },
  version: invocation.version,
  book,
})

async function takeFile(
  label: string,
  book: PriceBook,
  invocation: Invocation,
  settings: Settings,
): Promise<TakenSource> {
  const db = await Database.open(':memory:', 'write', settings.storeOptions)
  try {
    const source = resolve(label)
    const shared = request(book, invocation, settings)
    if ((await headerOf(db, source)).includes('day_lines')) {
      await readAnswer(db, source, 'answer', dayColumns)
      const { days, leftOut } = await takeDays(db, { ...shared, answer: 'answer' })
      return { label, taken: [], daysLeftOut: leftOut, notes: [dayWords(days)] }
    }
    await readAnswer(db, source, 'answer', cubeColumns)
    const taken = await takeAnswer(db, { ...shared, answer: 'answer', source, options: '{}', prices: '' })
    return { label, taken: [taken], notes: [] }
  } finally {
    db.close()
  }
}

async function pullFrom(
  label: string,
  book: PriceBook,
  invocation: Invocation,
  settings: Settings,
): Promise<TakenSource> {
  const { terminal } = invocation
  const { address, connection, table, source } = await openTable(label, invocation, settings)
  const pulled = await pullCells({
    ...request(book, invocation, settings),
    connection,
    table,
    hours: hoursOf(invocation),
    basis: settings.costBasis,
    source,
    ...(terminal.interactive ? { onBatch: shown(terminal) } : {}),
  })
  if (terminal.interactive) terminal.progress.write('\r\u001B[2K')
  return {
    label: address.said,
    taken: pulled.batches,
    notes: [...notesOn(pulled), ...dayNotes(address.said, pulled.daysLeftOut)],
  }
}

const shown =
  ({ progress }: Terminal) =>
  (done: number, total: number, rows: number): void => {
    progress.write(`\r\u001B[2K${count(done)} of ${count(total)} hours, ${count(rows)} rows`)
  }

const dayWords = (days: number): string =>
  `${counted(days, 'day has its', 'days have their')} quantiles and users from here.`

/** Of a day whose quantiles and users were not taken, questions for them fail: it is said, and why. */
export const dayNotes = (label: string, leftOut: KeptDays['leftOut']): string[] => {
  const [first] = leftOut
  return first === undefined
    ? []
    : [
        `${label}: quantiles and users of ${counted(leftOut.length, 'day are', 'days are')} not told, the first ${first.day}: ${first.reason}.`,
      ]
}

const notesOn = ({ unchanged, scanned, days }: Pulled): string[] => [
  ...(days > 0 ? [dayWords(days)] : []),
  ...(unchanged > 0
    ? [`${counted(unchanged, 'hour is as it was', 'hours are as they were')}, and not asked for again.`]
    : []),
  ...(scanned === undefined ? [] : [`The engine read ${bytes(scanned)}.`]),
]

/** The report of what was taken; hours that were left out are told, and refused input is the exit code. */
export function outcomeOf(
  sources: readonly TakenSource[],
  book: PriceBook,
  invocation: Invocation,
  settings: Settings,
): Outcome {
  const files = sources.map(fileOf)
  const all = sources.flatMap(({ taken }) => taken)
  const facts = {
    files,
    totals: addCounts(files),
    brought: all.map((one) => one.brought).reduce(together, nothing),
    bills: [],
    unpricedModels: [],
    loggedCosts: [],
    priceData: priceDataWords(book),
    dryRun: false,
  }
  const asked = {
    dbPath: settings.dbPath,
    typed: ofSameCalls(invocation),
    now: invocation.now,
    verbose: true,
  }
  const left = sources.flatMap(({ label, taken, daysLeftOut = [] }) => [
    ...leftOutWords(
      label,
      taken.flatMap((one) => one.leftOut),
    ),
    ...dayNotes(label, daysLeftOut),
  ])
  for (const words of left) invocation.terminal.warn(words)
  return {
    report: ingestReport(facts, asked, [
      ...all.flatMap(refusedWords),
      ...left,
      ...sources.flatMap(({ notes }) => notes),
    ]),
    ...(left.length > 0 ? { exitCode: exitCodes.refused } : {}),
  }
}

function fileOf({ label, taken, daysLeftOut }: TakenSource): FileCounts {
  const isOfDays = daysLeftOut !== undefined
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0)
  const rejected = sum(taken.flatMap(({ refused }) => Object.values(refused)))
  const lines = sum(taken.map(({ rows }) => rows))
  return {
    label,
    importer: rollupImporter,
    state: taken.length === 0 && !isOfDays ? 'unchanged' : 'read',
    note: null,
    reasons: [],
    lines,
    imported: lines - rejected,
    duplicates: 0,
    superseded: 0,
    skipped: 0,
    rejected,
  }
}

const refusedWords = ({ refused }: Taken): string[] =>
  Object.entries(refused).map(
    ([reason, n]) => `${counted(n, 'row was', 'rows were')} refused by the engine's statement: ${reason}.`,
  )

function leftOutWords(label: string, leftOut: Taken['leftOut']): string[] {
  const [first] = leftOut
  if (first === undefined) return []
  const hour = new Date(first.hour * 3_600_000).toISOString().slice(0, 16)
  return [
    `${label}: ${counted(leftOut.length, 'hour was', 'hours were')} left out, the first ${hour}Z: ${first.reason}${leftOut.length > 1 ? ` (and ${count(leftOut.length - 1)} more)` : ''}.`,
  ]
}

const nothing: BroughtCells = { calls: 0, first_ts: null, last_ts: null, cost_usd: null, unpriced_calls: 0 }

const together = (one: BroughtCells, other: BroughtCells): BroughtCells => ({
  calls: one.calls + other.calls,
  first_ts: edge(one.first_ts, other.first_ts, (a, b) => a < b),
  last_ts: edge(one.last_ts, other.last_ts, (a, b) => a > b),
  cost_usd: sumOf([one.cost_usd, other.cost_usd]),
  unpriced_calls: one.unpriced_calls + other.unpriced_calls,
})

const edge = (a: string | null, b: string | null, wins: (a: string, b: string) => boolean): string | null =>
  a === null ? b : b === null || wins(a, b) ? a : b
