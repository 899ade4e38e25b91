/** What a run of ingest brought in, in a few facts. */
import { dayMs } from '../../domain/time/zones.js'
import { plural } from '../../domain/words/plurals.js'
import { count, usd } from '../../domain/words/wording.js'
import type { Column, Report, Row, Section } from '../report.js'
import type { FileCounts, IngestAsked, IngestFacts } from './ingest.js'

/** The calls that a run brought, together. */
export interface BroughtCalls {
  readonly calls: number
  /** ISO 8601 UTC; null where there is none. */
  readonly first_ts: string | null
  readonly last_ts: string | null
  /** USD, exact; null where none has a price. */
  readonly cost_usd: string | null
  readonly unpriced_calls: number
}

const columns: readonly Column[] = [
  { key: 'files', title: 'files read', kind: 'count' },
  { key: 'calls', title: 'new calls', kind: 'count' },
  { key: 'first_ts', title: 'first call', kind: 'time' },
  { key: 'last_ts', title: 'last call', kind: 'time' },
  { key: 'cost_usd', title: 'cost', kind: 'usd' },
  { key: 'unpriced_calls', title: 'unpriced calls', kind: 'count' },
  { key: 'importers', title: 'read as', kind: 'json' },
  { key: 'fields', title: 'fields', kind: 'json' },
]

const text = (key: string, title: string): Column => ({ key, title, kind: 'text' })

/** Files, calls, period and cost, and how the files were understood; the counts of all records under it. */
export function broughtSection(facts: IngestFacts): Section {
  const { files, brought, dryRun } = facts
  const read = files.filter(({ state }) => state === 'read')
  const row: Row = { files: read.length, ...brought, importers: importersOf(read), fields: fieldsOf(read) }
  const shown = [
    text('files', 'files'),
    text('calls', dryRun ? 'calls to come' : 'new calls'),
    ...(brought.calls === 0 ? [] : [text('period', 'period'), text('cost', 'cost')]),
    ...(read.length === 0 ? [] : [text('importers', 'read as')]),
  ]
  return {
    id: 'brought',
    title: dryRun ? 'What would come in' : 'What came in',
    layout: 'facts',
    columns,
    rows: [row],
    shownColumns: shown,
    shownRows: [
      {
        files: filesWords(files),
        calls: count(brought.calls),
        period: periodWords(brought),
        cost: costWords(brought),
        importers: importerWords(read),
      },
    ],
    shownNotes: [...fieldNotes(read), ...recordNotes(facts)],
    beside: true,
  }
}

const stateWords = {
  read: 'read',
  unchanged: 'unchanged since the last time',
  empty: 'empty',
  refused: 'refused',
  'not-read': 'not read',
  'not-a-log': 'no call log',
} as const

/** `9 read, 3 unchanged since the last time` */
function filesWords(files: readonly FileCounts[]): string {
  const parts = Object.entries(stateWords).flatMap(([state, words]) => {
    const n = files.filter((file) => file.state === state).length
    return n === 0 ? [] : [`${count(n)} ${words}${state === 'not-a-log' && n > 1 ? 's' : ''}`]
  })
  return parts.join(', ')
}

const costWords = ({ cost_usd: cost, unpriced_calls: unpriced }: BroughtCalls): string =>
  `${cost === null ? 'not known' : usd(cost)}${unpriced === 0 || cost === null ? '' : `, without ${count(unpriced)} unpriced ${plural(unpriced, 'call')}`}`

/** Days, UTC; of one day, its hours. */
function periodWords({ first_ts: first, last_ts: last }: BroughtCalls): string {
  if (first === null || last === null) return ''
  const [from, to] = [first.slice(0, 10), last.slice(0, 10)]
  return from === to ? `${from}, ${first.slice(11, 16)} – ${last.slice(11, 16)} UTC` : `${from} – ${to} (UTC)`
}

/** Importer and number of files, the most first. */
function importersOf(files: readonly FileCounts[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>()
  for (const { importer } of files)
    if (importer !== null) counts.set(importer, (counts.get(importer) ?? 0) + 1)
  return Object.fromEntries([...counts].toSorted(([a, m], [b, n]) => n - m || a.localeCompare(b)))
}

function importerWords(files: readonly FileCounts[]): string {
  const counts = Object.entries(importersOf(files))
  if (counts.length === 1) return counts[0]![0]
  return counts.map(([importer, n]) => `${importer} (${count(n)})`).join(', ')
}

/** By field: every name under which a file has it. */
function fieldsOf(files: readonly FileCounts[]): Readonly<Record<string, readonly string[]>> {
  const names = new Map<string, Set<string>>()
  for (const { fields = {} } of files)
    for (const [field, found] of Object.entries(fields))
      names.set(field, new Set([...(names.get(field) ?? []), ...found]))
  return Object.fromEntries([...names].map(([field, found]) => [field, [...found]]))
}

/** What of each call is looked at first. */
const firstFields = [
  'ts',
  'request_model',
  'response_model',
  'input_tokens',
  'output_tokens',
  'feature',
  'user_id',
  'reported_cost_usd',
]

/** Where a field is that bears another name in the log. */
function fieldNotes(files: readonly FileCounts[]): string[] {
  const fields = fieldsOf(files)
  const own = firstFields.flatMap((field) => {
    const names = (fields[field] ?? []).filter((name) => name !== field)
    return names.length === 0 ? [] : [`${field} = ${names.join(' or ')}`]
  })
  return own.length === 0 ? [] : [`Fields: ${own.join(', ')}.`]
}

/** All records in their kinds, which add up. */
function recordNotes({ totals }: IngestFacts): string[] {
  const { lines, ...parts } = totals
  if (lines === 0) return []
  const words = Object.entries(parts).flatMap(([name, n]) => (n === 0 ? [] : [`${count(n)} ${name}`]))
  return [`Records: ${count(lines)} = ${words.join(' + ')}.`]
}

/** What to type next. */
export function nextAfterIngest(
  facts: IngestFacts,
  { typed, now }: IngestAsked,
): NonNullable<Report['next']> {
  if (facts.dryRun) return []
  const { brought, files } = facts
  const isBilled = facts.bills.length > 0
  const isIn = brought.calls > 0 || (!isBilled && files.some(({ state }) => state === 'unchanged'))
  return [
    ...(isIn ? [reportCommand({ typed, now, newest: brought.last_ts })] : []),
    ...(isBilled ? [typed('llmcost reconcile')] : []),
  ]
}

/** The report that has the newest calls in it. @param newest time of the newest call */
export function reportCommand({
  typed,
  now,
  newest,
}: Pick<IngestAsked, 'typed' | 'now'> & { readonly newest: string | null }): string {
  const old = newest !== null && Math.abs(now.getTime() - Date.parse(newest)) > 2 * dayMs
  return typed(`llmcost report${old ? ' --as-of latest' : ''}`)
}
