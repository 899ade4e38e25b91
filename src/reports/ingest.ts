import type { Column, Report, Row, Section } from './report.js'

/** Counts of one file or of all: lines = the sum of the others. */
interface Counts {
  readonly lines: number
  readonly imported: number
  readonly duplicates: number
  readonly superseded: number
  readonly skipped: number
  readonly rejected: number
}

interface FileCounts extends Counts {
  readonly label: string
  readonly importer: string | null
  readonly state: string
  readonly note: string | null
  readonly reasons: readonly { readonly line: number; readonly reason: string }[]
}

/** What a run of ingest did. */
export interface IngestFacts {
  readonly files: readonly FileCounts[]
  readonly totals: Counts
  readonly unpricedModels: readonly {
    readonly provider: string | null
    readonly model: string | null
    readonly calls: number
  }[]
  readonly priceData: string
  readonly dryRun: boolean
}

const count = (key: keyof Counts, optional?: number): Column => ({
  key,
  title: key,
  kind: 'count',
  ...(optional ? { optional } : {}),
})

const columns: readonly Column[] = [
  { key: 'file', title: 'file', kind: 'text' },
  { key: 'importer', title: 'importer', kind: 'text' },
  { key: 'state', title: 'state', kind: 'text' },
  count('lines'),
  count('imported'),
  count('duplicates'),
  count('superseded'),
  count('skipped'),
  count('rejected'),
]

/** Files beyond this many are summed up in the table; JSON and CSV have them all. */
const shownFiles = 40

/**
 * The summary of a run: a line a file, then the totals, in which the conservation law can be seen.
 * @param doubts sentences on repaired and replaced records
 */
export function ingestReport(facts: IngestFacts, dbPath: string, doubts: readonly string[]): Report {
  const rows = facts.files.map((file): Row => {
    const { label, importer, state, lines, imported, duplicates, superseded, skipped, rejected } = file
    return { file: label, importer, state, lines, imported, duplicates, superseded, skipped, rejected }
  })
  const files: Section = {
    id: 'files',
    title: facts.dryRun ? 'What would be read' : 'Read',
    columns,
    rows: rows.length > shownFiles ? summedUp(rows) : rows,
    totals: { file: 'total', importer: null, state: null, ...facts.totals },
    notes: facts.files.filter((f) => f.state === 'refused').flatMap(refusalNotes),
  }
  return {
    kind: 'ingest',
    title: facts.dryRun ? 'Dry run: nothing was changed' : `Ingested into ${dbPath}`,
    period: { since: null, until: null, tz: 'UTC' },
    sections: [files],
    warnings: [...doubts, ...unpriced(facts)],
    footer: [`Prices: ${facts.priceData}.`],
  }
}

function summedUp(rows: readonly Row[]): readonly Row[] {
  const remarkable = rows.filter((row) => row['state'] === 'refused' || row['rejected'] !== 0)
  const quiet = rows.filter((row) => !remarkable.includes(row))
  const shown = [...remarkable, ...quiet].slice(0, shownFiles)
  const rest = rows.filter((row) => !shown.includes(row))
  const sum = (key: string): number => rest.reduce((total, row) => total + Number(row[key]), 0)
  const keys = ['lines', 'imported', 'duplicates', 'superseded', 'skipped', 'rejected']
  return [
    ...shown,
    {
      file: `${rest.length} more files`,
      importer: null,
      state: null,
      ...Object.fromEntries(keys.map((key) => [key, sum(key)])),
    },
  ]
}

function refusalNotes(file: FileCounts): string[] {
  return [
    `${file.label} was refused: ${file.note ?? ''}`,
    ...file.reasons.map((r) => `${file.label}:${r.line}: ${r.reason}`),
  ]
}

function unpriced(facts: IngestFacts): string[] {
  if (facts.unpricedModels.length === 0) return []
  const names = facts.unpricedModels.map(
    (m) => `${m.provider === null ? '' : `${m.provider}/`}${m.model} (${m.calls})`,
  )
  const calls = facts.unpricedModels.reduce((sum, m) => sum + m.calls, 0)
  return [
    `${calls} calls have no known price and count as unpriced: ${names.join(', ')}. Try llmcost prices check.`,
  ]
}
