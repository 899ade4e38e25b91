import type {
  FileRow,
  RollupSpanRow,
  SeveralSourcesRow,
  StatusRow,
  UnreadRow,
} from '../../metrics/store/status.js'
import type { BillTotals } from '../../domain/costs/billed.js'
import { plural } from '../../domain/words/plurals.js'
import type { Typed } from '../../domain/words/commands.js'
import { count } from '../../domain/words/wording.js'
import type { Column, Report, Section } from '../report.js'
import { billedSection } from './brought-bills.js'

export interface StatusFacts {
  /** Commands of hints, so that they ask the same database. */
  readonly typed: Typed
  readonly path: string
  /** Bytes on disk. */
  readonly size: number
  readonly row: StatusRow
  /** Undefined: not asked for. */
  readonly files: readonly FileRow[] | undefined
  /** What stored calls say of usage or money that was not read. */
  readonly unread: readonly UnreadRow[]
  /** What was billed, by biller, source, kind and currency. */
  readonly bills: readonly BillTotals[]
  /** Calls that several sources log otherwise; undefined where there is one source. */
  readonly several: SeveralSourcesRow | undefined
  /** Version and date of the price data that this program carries. */
  readonly prices: string
  /** Fingerprint of that price data and the override files in force. */
  readonly fingerprint: string
  readonly configPath: string | undefined
  /** Spans of the rollups, and labels that they lack; undefined where the store has none. */
  readonly rollups:
    | {
        readonly spans: readonly RollupSpanRow[]
        readonly left: readonly string[]
        /** Labels without sketches of quantiles. */
        readonly unsketched: readonly string[]
        /** Whether there are sums by day and user; undefined where none were made yet. */
        readonly users: { readonly kept: boolean } | undefined
      }
    | undefined
}

/** Where the database is and what it holds. */
export function statusReport({
  path,
  size,
  row,
  files,
  unread,
  bills,
  several,
  prices,
  fingerprint,
  configPath,
  typed,
  rollups,
}: StatusFacts): Report {
  const columns: Column[] = [
    { key: 'database', title: 'database', kind: 'text' },
    { key: 'size', title: 'size', kind: 'bytes' },
    { key: 'calls', title: 'calls', kind: 'count' },
    { key: 'first_ts', title: 'first call', kind: 'time' },
    { key: 'last_ts', title: 'last call', kind: 'time' },
    { key: 'files', title: 'files', kind: 'count' },
    { key: 'rejects', title: 'rejected records', kind: 'count' },
    { key: 'unpriced_calls', title: 'unpriced calls', kind: 'count' },
    { key: 'unpriced_models', title: 'unpriced models', kind: 'text' },
    { key: 'last_ingest', title: 'last ingest', kind: 'time' },
    { key: 'stored_price_data', title: 'prices of the costs', kind: 'text' },
    { key: 'price_data', title: 'prices of this program', kind: 'text' },
    { key: 'config', title: 'config file', kind: 'text' },
  ]
  const facts: Section = {
    id: 'status',
    title: 'Store',
    layout: 'facts',
    columns,
    rows: [
      {
        database: path,
        size,
        calls: row.calls,
        first_ts: row.first_ts,
        last_ts: row.last_ts,
        files: row.files,
        rejects: row.rejects,
        unpriced_calls: row.unpriced_calls,
        unpriced_models: row.unpriced_models === null ? null : named(row.unpriced_models),
        last_ingest: row.last_ingest,
        stored_price_data: row.price_data,
        price_data: prices,
        config: configPath ?? null,
      },
    ],
    notes: notes(row, fingerprint, typed),
  }
  const sections = [
    facts,
    ...billedSection(bills, 'Bills'),
    ...(rollups === undefined || rollups.spans.length === 0 ? [] : [rollupSection(rollups)]),
    ...(unread.length === 0 ? [] : [unreadSection(unread)]),
    ...(files === undefined ? [] : [filesSection(files)]),
  ]
  return {
    kind: 'status',
    title: 'Status',
    period: { since: null, until: null, tz: 'UTC' },
    sections,
    warnings: several === undefined || Number(several.ids) === 0 ? [] : [disagreeing(several)],
  }
}

/** Calls that may count twice. */
function disagreeing({ ids, example }: SeveralSourcesRow): string {
  const are = plural(ids, 'id of a call is', 'ids of calls are')
  return `${count(ids)} ${are} in logs of several sources with other tokens or models; all were kept, so they may count twice: ${example}`
}

const named = (models: readonly string[]): string =>
  models.length <= 5 ? models.join(', ') : `${models.slice(0, 5).join(', ')} and ${models.length - 5} more`

function notes(row: StatusRow, fingerprint: string, typed: Typed): string[] {
  const out: string[] = []
  if (Number(row.unpriced_calls) > 0)
    out.push(`${typed('llmcost prices check')} names the closest known models.`)
  if (row.rejects > 0) out.push(`${typed('llmcost rejects')} says why records were refused.`)
  if (row.price_fingerprint !== null && row.price_fingerprint !== fingerprint) {
    out.push(
      `Some calls were priced with other price data or overrides than are in force now: ${typed('llmcost reprice --dry-run')} shows what would change.`,
    )
  }
  return out
}

/** Who has the calls, where it is not the table of the store. */
const ownerNotes: Readonly<Record<string, string>> = {
  archive: 'archive: the calls are in the Parquet files of the archive.',
  cube: 'cube: there are these sums alone; what needs single calls of these hours is refused.',
}

/** What questions are answered from instead of the calls, and where these are. */
function rollupSection({ spans, left, unsketched, users }: NonNullable<StatusFacts['rollups']>): Section {
  const many = (what: string, labels: readonly string[], rest: string): string[] => {
    const [has, it] = labels.length === 1 ? ['has', 'it'] : ['have', 'them']
    return labels.length === 0
      ? []
      : [
          `${what} by ${labels.join(', ')}, which ${has} too many values: ${rest} ${it} is answered from the calls.`,
        ]
  }
  const lacking = [
    ...many('They are not kept', left, 'what asks for'),
    ...many(
      'Quantiles are not sketched',
      unsketched.filter((label) => !left.includes(label)),
      'a quantile by',
    ),
    ...(users?.kept === false
      ? [
          'Sums by day and user are not kept: there are more than one for four calls, and users are counted in the calls.',
        ]
      : []),
  ]
  return {
    id: 'rollups',
    title: 'Rollups',
    columns: [
      { key: 'owner', title: 'calls are in', kind: 'text' },
      { key: 'since', title: 'from', kind: 'time' },
      { key: 'until', title: 'until', kind: 'time' },
      { key: 'calls', title: 'calls', kind: 'count' },
      { key: 'cells', title: 'rows of sums', kind: 'count' },
    ],
    rows: spans.map((span) => ({ ...span })),
    notes: [
      'Sums by quarter-hour and label; questions that they can answer are asked of them.',
      ...spans
        .flatMap(({ owner }) => ownerNotes[owner] ?? [])
        .filter((note, i, all) => all.indexOf(note) === i),
      ...lacking,
    ],
  }
}

/** Kinds of usage that are named but not read, each with its files; JSON and CSV have all files. */
function unreadSection(unread: readonly UnreadRow[]): Section {
  return {
    id: 'unread',
    title: 'Usage that was not read',
    columns: [
      { key: 'name', title: 'what the records say', kind: 'text' },
      { key: 'calls', title: 'calls', kind: 'count' },
      { key: 'files', title: 'in', kind: 'text' },
    ],
    rows: unread.map(({ name, calls, files }) => ({ name, calls, files: named(files) })),
    notes: ['These calls count as partly priced, but for currencies: what they say here is in no figure.'],
  }
}

function filesSection(files: readonly FileRow[]): Section {
  const count = (key: string, optional?: number): Column => ({
    key,
    title: key,
    kind: 'count',
    ...(optional === undefined ? {} : { optional }),
  })
  return {
    id: 'files',
    title: 'Files',
    columns: [
      { key: 'path', title: 'file', kind: 'text' },
      { key: 'importer', title: 'importer', kind: 'text', optional: 1 },
      count('lines'),
      count('imported'),
      count('duplicates', 2),
      count('superseded', 3),
      count('skipped', 4),
      count('rejected'),
    ],
    rows: files.map(({ size: _size, ...row }) => row),
    empty: 'No file has been ingested.',
  }
}
