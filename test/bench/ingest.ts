/**
 * Whole `llmcost ingest` against DuckDB alone: reading the same file into a table of the file's own columns, and
 * writing the columns that the program writes, priced by the same join; 10 times the calls against 1.
 */
import { bare, type Run } from './child.js'
import { compare, type Comparison } from './compare.js'
import { callsInWords, freshDatabase, ingest, logFile, type Format } from './logs.js'

export interface Size {
  readonly calls: number
  readonly pairs: number
}

const targets: Readonly<Record<Format, string>> = { jsonl: '≤ 2.0', csv: '≤ 1.5' }

export async function compareIngest(sizes: readonly Size[]): Promise<Comparison[]> {
  const rows: Comparison[] = []
  for (const format of ['jsonl', 'csv'] as const) {
    const bySize: Comparison[] = []
    for (const size of sizes) bySize.push(await ingestOf(format, size))
    rows.push(...bySize)
    if (sizes[0] !== undefined) rows.push(await ingestBesideWriting(format, sizes[0]))
    const [small, large] = bySize
    if (small !== undefined && large !== undefined) rows.push(growth(format, small, large))
  }
  return rows
}

async function ingestOf(format: Format, { calls, pairs }: Size): Promise<Comparison> {
  const log = await logFile(calls, format)
  return compare(
    {
      what: `ingest ${callsInWords(calls)}, ${format.toUpperCase()}`,
      target: targets[format],
      program: () => ingest(log, calls, freshDatabase('ingest')),
      floor: () => floorOf(log),
    },
    pairs,
  )
}

/** DuckDB alone reading a log into a table of the log's own columns. */
export const floorOf = (log: string): Promise<Run> =>
  bare('floor-ingest', [log, freshDatabase('floor')], 'resource-hook')

async function ingestBesideWriting(format: Format, { calls, pairs }: Size): Promise<Comparison> {
  const log = await logFile(calls, format)
  const rated = freshDatabase('rated')
  await ingest(log, calls, rated)
  return compare(
    {
      what: `ingest ${callsInWords(calls)}, ${format.toUpperCase()}, beside writing the same columns`,
      target: '≤ 1.3',
      program: () => ingest(log, calls, freshDatabase('ingest')),
      floor: () => bare('floor-write', [log, freshDatabase('floor'), rated], 'resource-hook'),
    },
    pairs,
  )
}

/** The large ingest as program, the small one as floor. */
function growth(format: Format, small: Comparison, large: Comparison): Comparison {
  return {
    what: `ingest 10M against 1M, ${format.toUpperCase()}`,
    target: '≤ 10.5',
    program: large.program,
    floor: small.program,
    ratio: large.program.seconds / small.program.seconds,
  }
}
