/** `llmcost ingest --rollup`: sums of calls that are elsewhere, from an engine's answer in a file. */
import { resolve } from 'node:path'
import { Database } from '../../db/database.js'
import { sumOf } from '../../domain/costs/decimal.js'
import { addCounts } from '../../domain/record-counts.js'
import { counted } from '../../domain/words/plurals.js'
import { count } from '../../domain/words/wording.js'
import { exitCodes, UserError } from '../../errors.js'
import { readAnswer } from '../../engines/read-answer.js'
import { rollupImporter } from '../../engines/source-row.js'
import { cubeColumns } from '../../engines/statements.js'
import { takeAnswer, type BroughtCells, type Taken } from '../../engines/take.js'
import { priceDataWords } from '../../ingest/price-data.js'
import { loadPriceBook, type PriceBook } from '../../pricing/book.js'
import type { Settings } from '../../questions/question.js'
import { ingestReport, type FileCounts } from '../../reports/store/ingest.js'
import type { Invocation, Outcome } from '../command.js'
import { ofSameCalls } from '../command-text.js'
import { fileMode } from '../file-mode.js'
import { priceData, settingsOf } from '../settings.js'

/** What was taken of a source, under the name that it was given by. */
export interface TakenSource {
  readonly label: string
  readonly taken: Taken
}

/** @throws UserError */
export async function takeCells(invocation: Invocation): Promise<Outcome> {
  const settings = await settingsOf(invocation)
  if (invocation.args.length === 0)
    throw new UserError('there is nothing named to take sums from', {
      code: 'usage',
      hint: 'Write llmcost ingest --rollup <file.parquet|file.csv>.',
    })
  const book = await loadPriceBook(priceData(settings))
  const sources: TakenSource[] = []
  for (const label of invocation.args)
    sources.push({ label, taken: await takeFile(label, book, invocation, settings) })
  return outcomeOf(sources, book, invocation, settings)
}

async function takeFile(
  label: string,
  book: PriceBook,
  invocation: Invocation,
  settings: Settings,
): Promise<Taken> {
  const db = await Database.open(':memory:', 'write', settings.storeOptions)
  try {
    await readAnswer(db, resolve(label), 'answer', cubeColumns)
    return await takeAnswer(db, {
      answer: 'answer',
      source: resolve(label),
      options: '{}',
      prices: '',
      replace: invocation.options['replace'] === true,
      now: invocation.now,
      dbPath: settings.dbPath,
      store: { ...settings.storeOptions, mode: fileMode(invocation) },
      version: invocation.version,
      book,
    })
  } finally {
    db.close()
  }
}

/** The report of what was taken; hours that were left out are told, and refused input is the exit code. */
export function outcomeOf(
  sources: readonly TakenSource[],
  book: PriceBook,
  invocation: Invocation,
  settings: Settings,
): Outcome {
  const files = sources.map(fileOf)
  const facts = {
    files,
    totals: addCounts(files),
    brought: sources.map(({ taken }) => taken.brought).reduce(together),
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
  const left = sources.flatMap(({ label, taken }) => leftOutWords(label, taken))
  for (const words of left) invocation.terminal.warn(words)
  return {
    report: ingestReport(facts, asked, [...sources.flatMap(({ taken }) => refusedWords(taken)), ...left]),
    ...(left.length > 0 ? { exitCode: exitCodes.refused } : {}),
  }
}

function fileOf({ label, taken }: TakenSource): FileCounts {
  const rejected = Object.values(taken.refused).reduce((sum, n) => sum + n, 0)
  return {
    label,
    importer: rollupImporter,
    state: 'read',
    note: null,
    reasons: [],
    lines: taken.rows,
    imported: taken.rows - rejected,
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

function leftOutWords(label: string, { leftOut }: Taken): string[] {
  const [first] = leftOut
  if (first === undefined) return []
  const hour = new Date(first.hour * 3_600_000).toISOString().slice(0, 16)
  return [
    `${label}: ${counted(leftOut.length, 'hour was', 'hours were')} left out, the first ${hour}Z: ${first.reason}${leftOut.length > 1 ? ` (and ${count(leftOut.length - 1)} more)` : ''}.`,
  ]
}

const together = (one: BroughtCells, other: BroughtCells): BroughtCells => ({
  calls: one.calls + other.calls,
  first_ts: edge(one.first_ts, other.first_ts, (a, b) => a < b),
  last_ts: edge(one.last_ts, other.last_ts, (a, b) => a > b),
  cost_usd: sumOf([one.cost_usd, other.cost_usd]),
  unpriced_calls: one.unpriced_calls + other.unpriced_calls,
})

const edge = (a: string | null, b: string | null, wins: (a: string, b: string) => boolean): string | null =>
  a === null ? b : b === null || wins(a, b) ? a : b
