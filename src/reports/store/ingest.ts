import type { BillTotals } from '../../domain/costs/billed.js'
import { loggedCostWords, type LoggedCostRow } from '../../domain/costs/logged-costs.js'
import { countNames, countsBy, type CountName, type Counts } from '../../domain/record-counts.js'
import { counted, plural } from '../../domain/words/plurals.js'
import type { Typed } from '../../domain/words/commands.js'
import { capital, count } from '../../domain/words/wording.js'
import type { Column, Report, Row, Section } from '../report.js'
import { billsSection } from './brought-bills.js'
import { broughtSection, nextAfterIngest, type BroughtCalls } from './brought.js'

export interface FileCounts extends Counts {
  readonly label: string
  readonly importer: string | null
  readonly state: string
  readonly note: string | null
  readonly reasons: readonly { readonly line: number; readonly reason: string }[]
  /** By field of a call: the names under which the file has it. */
  readonly fields?: Readonly<Record<string, readonly string[]>>
}

/** What a run of ingest did. */
export interface IngestFacts {
  readonly files: readonly FileCounts[]
  readonly totals: Counts
  readonly brought: BroughtCalls
  /** What bills said, by source, biller, kind and currency. */
  readonly bills: readonly BillTotals[]
  readonly unpricedModels: readonly {
    readonly provider: string | null
    readonly model: string | null
    readonly calls: number
  }[]
  readonly loggedCosts: readonly LoggedCostRow[]
  readonly priceData: string
  readonly dryRun: boolean
  /** Of a rehearsal: the first calls, each beside the line that it is read from. */
  readonly mapped?: readonly MappedRow[] | undefined
}

type MappedRow = Readonly<Record<(typeof mappedColumns)[number]['key'] | 'raw', string | number | null>> & {
  readonly label: string
}

const columns: readonly Column[] = [
  { key: 'file', title: 'file', kind: 'text' },
  { key: 'path', title: 'path', kind: 'text', dataOnly: true },
  { key: 'importer', title: 'importer', kind: 'text' },
  { key: 'state', title: 'state', kind: 'text', optional: 2 },
  ...countNames.map(countColumn),
]

/** What became of a file's records; a narrow terminal goes without the quiet ones, which the totals tell. */
function countColumn(key: CountName): Column {
  const optional = { lines: 3, duplicates: 4, superseded: 6, skipped: 5 }[key as string]
  return { key, title: key, kind: 'count', ...(optional === undefined ? {} : { optional }) }
}

/** Remarkable files beyond this many are summed up in the table; JSON and CSV have them all. */
const shownFiles = 40
/** More files that were simply read are no news, one by one. */
const fewFiles = 5

/** What the command adds to what the run did. */
export interface IngestAsked {
  readonly dbPath: string
  /** Commands of hints, so that they ask the same database. */
  readonly typed: Typed
  readonly now: Date
  /** A row a file, whatever became of it. */
  readonly verbose: boolean
}

/**
 * The summary of a run: the files that are remarkable, then what came in, in which the conservation law can
 * be seen. Programs have a row of every file, and the totals.
 * @param doubts sentences on repaired and replaced records
 */
export function ingestReport(facts: IngestFacts, asked: IngestAsked, doubts: readonly string[]): Report {
  const shorten = labelShortener(facts.files.map((file) => file.label))
  const rows = facts.files.map((file): Row => {
    const { label, importer, state } = file
    return { file: shorten(label), path: label, importer, state, ...countsBy((name) => file[name]) }
  })
  const files: Section = {
    id: 'files',
    title: facts.dryRun ? 'What would be read' : 'Read',
    columns,
    rows,
    ...(asked.verbose ? {} : { shownRows: remarkable(rows) }),
    totals: { file: 'total', importer: null, state: null, ...facts.totals },
    notes: [...refusalNotes(facts.files), ...noLogs(facts.files)],
    shownNotes: refusalNotes(facts.files),
  }
  return {
    kind: 'ingest',
    title: titleOf(facts, asked.dbPath),
    period: { since: null, until: null, tz: 'UTC' },
    sections: [files, broughtSection(facts), ...billsSection(facts), ...mappedSection(facts)],
    warnings: [
      ...doubts,
      ...rejected(facts, asked.typed),
      ...unpriced(facts, asked.typed),
      ...loggedCostWords(facts.loggedCosts).map((words) => `${capital(words)}.`),
    ],
    footer: [`Prices: ${facts.priceData}.`],
    next: nextAfterIngest(facts, asked),
  }
}

const mappedColumns = [
  { key: 'line', title: 'line', kind: 'count' },
  { key: 'ts', title: 'time', kind: 'time' },
  { key: 'model', title: 'model', kind: 'text' },
  { key: 'feature', title: 'feature', kind: 'text', optional: 2 },
  { key: 'user_id', title: 'user', kind: 'text', optional: 3 },
  { key: 'input_tokens', title: 'input', kind: 'count' },
  { key: 'output_tokens', title: 'output', kind: 'count' },
  { key: 'cost_usd', title: 'cost', kind: 'usd' },
] as const satisfies readonly Column[]

/** What a rehearsal shows: whether fields were understood is seen beside the lines. */
function mappedSection({ mapped = [] }: IngestFacts): Section[] {
  if (mapped.length === 0) return []
  const isOneFile = new Set(mapped.map(({ label }) => label)).size === 1
  return [
    {
      id: 'mapped',
      title: mapped.length === 1 ? 'The first call' : `The first ${count(mapped.length)} calls`,
      columns: [
        { key: 'file', title: 'file', kind: 'text', ...(isOneFile ? { dataOnly: true as const } : {}) },
        ...mappedColumns,
      ],
      rows: mapped.map(({ label, raw: _raw, ...call }) => ({ file: label, ...call })),
    },
    {
      id: 'lines',
      title: mapped.length === 1 ? 'The line that it is read from' : 'The lines that they are read from',
      columns: [
        { key: 'file', title: 'file', kind: 'text', ...(isOneFile ? { dataOnly: true as const } : {}) },
        { key: 'line', title: 'line', kind: 'count' },
        { key: 'raw', title: 'text', kind: 'text', wraps: true },
      ],
      rows: mapped.map(({ label, line, raw }) => ({ file: label, line, raw })),
    },
  ]
}

/** Shows files below the folder that they have in common; JSON and CSV keep the labels whole. */
function labelShortener(labels: readonly string[]): (label: string) => string {
  const folders = labels.map((label) => label.split('/').slice(0, -1))
  const [first = [], ...rest] = folders
  let shared = first.length
  for (const folder of rest)
    while (shared > 0 && !first.slice(0, shared).every((part, i) => folder[i] === part)) shared -= 1
  return (label) => (labels.length < 2 ? label : label.split('/').slice(shared).join('/'))
}

function noLogs(files: readonly FileCounts[]): string[] {
  const n = files.filter(({ state }) => state === 'not-a-log').length
  return n === 0 ? [] : [`${counted(n, 'file is no call log', 'files are no call logs')}.`]
}

function titleOf(facts: IngestFacts, dbPath: string): string {
  if (facts.dryRun) return 'Dry run: nothing was changed'
  return facts.files.every((file) => ['refused', 'not-a-log', 'not-read'].includes(file.state))
    ? 'Nothing was ingested'
    : `Ingested into ${dbPath}`
}

function rejected({ totals, dryRun }: IngestFacts, typed: Typed): string[] {
  if (totals.rejected === 0) return []
  const records = counted(totals.rejected, 'record was', 'records were')
  return [`${records} rejected${dryRun ? '' : `; ${typed('llmcost rejects')} says why`}.`]
}

/** Files that were refused, not read or hold rejects; those that are new, where they are few. */
function remarkable(rows: readonly Row[]): readonly Row[] {
  const odd = rows.filter(
    (row) =>
      ['refused', 'not-read', 'empty'].some((state) => row['state'] === state) || row['rejected'] !== 0,
  )
  const plain = rows.filter((row) => row['state'] === 'read' && !odd.includes(row))
  const logs = plain.length <= fewFiles ? rows.filter((row) => odd.includes(row) || plain.includes(row)) : odd
  if (logs.length <= shownFiles) return logs
  const rest = logs.slice(shownFiles)
  return [
    ...logs.slice(0, shownFiles),
    {
      file: `${rest.length} more files`,
      importer: null,
      state: null,
      ...countsBy((name) => rest.reduce((total, row) => total + Number(row[name]), 0)),
    },
  ]
}

/** Which files were refused, or not read, and why, in one sentence for all files with the same reason. */
export const refusedWords = ({ files }: Pick<IngestFacts, 'files'>): string[] =>
  refusalsOf(files).map(({ sentence }) => sentence)

/** True when a file that was named was refused, or a log; or when nothing that was found is a log. */
export const hasRefused = ({ files }: Pick<IngestFacts, 'files'>): boolean =>
  files.some(({ state }) => state === 'refused') ||
  (files.length > 0 && files.every(({ state }) => ['not-a-log', 'not-read'].includes(state)))

/** What several refusals say to do is said once, after the last of them. */
function refusalNotes(files: readonly FileCounts[]): string[] {
  const refusals = refusalsOf(files)
  const last = new Map(refusals.flatMap(({ hints }, i) => hints.map((hint): [string, number] => [hint, i])))
  return refusals.flatMap(({ sentence, hints, reasons }, i) => [
    sentence,
    ...hints.filter((hint) => last.get(hint) === i),
    ...reasons,
  ])
}

interface Refusal {
  readonly sentence: string
  readonly hints: readonly string[]
  readonly reasons: readonly string[]
}

function refusalsOf(files: readonly FileCounts[]): Refusal[] {
  const groups = new Map<string, FileCounts[]>()
  for (const file of files.filter(({ state }) => state === 'refused' || state === 'not-read')) {
    const key = `${file.state}\n${file.note ?? ''}`
    groups.set(key, [...(groups.get(key) ?? []), file])
  }
  return [...groups].map(([key, [first, ...more]]) => {
    const others = more.length === 0 ? '' : ` (and ${more.length} more)`
    const [state, what, ...hints] = key.split('\n')
    const reasons = [first!, ...more]
      .slice(0, 5)
      .flatMap((f) => f.reasons.map((r) => `${f.label}:${r.line}: ${r.reason}`))
    return {
      sentence: `${first!.label}${others} was ${state === 'refused' ? 'refused' : 'not read'}: ${what}`,
      hints: hints.map((hint) => hint.trim()),
      reasons,
    }
  })
}

/** Models beyond this many are counted together. */
const namedModels = 5

function unpriced({ unpricedModels: models }: IngestFacts, typed: Typed): string[] {
  if (models.length === 0) return []
  const names = models
    .slice(0, namedModels)
    .map((m) => `${m.provider === null ? '' : `${m.provider}/`}${m.model ?? '(none)'} (${count(m.calls)})`)
  const more = models.length - names.length
  const others = more === 0 ? '' : ` and ${count(more)} more ${plural(more, 'model')}`
  const calls = models.reduce((sum, m) => sum + m.calls, 0)
  const isNameless = models.some((m) => m.model === null)
  const given = isNameless ? ' Where a log names no model, --set model=NAME gives it.' : ''
  return [
    `${counted(calls, 'call has no known price and counts', 'calls have no known price and count')} as unpriced: ${names.join(', ')}${others}. Try ${typed('llmcost prices check')}.${given}`,
  ]
}
