/**
 * Questions of stores that are asked of their sums: twenty million calls, and a hundred million, of which four fifths
 * are copies of the sums of these, put before them. CPU against what DuckDB alone takes to read 1M calls of JSONL.
 */
import { bare, llmcost, type Run } from './child.js'
import { compare, type Comparison } from './compare.js'
import { floorOf } from './ingest.js'
import { callsInWords, logFile, store } from './logs.js'

const million = 1_000_000
const real = 20 * million
/** Of the generated logs. */
const days = 60
const copies = 4

const questions: readonly (readonly string[])[] = [
  ['report', '--as-of', 'latest'],
  ['breakdown', '--by', 'feature'],
  ['breakdown', '--by', 'model'],
  ['breakdown', '--by', 'user', '--columns', 'calls,cost_usd'],
  ['trend', '--as-of', 'latest'],
  ['forecast', '--as-of', '2026-10-01'],
  ['budget', '--as-of', '2026-10-01', '--budget', '500'],
]

export async function compareLarge(): Promise<Comparison[]> {
  const floorLog = await logFile(million, 'jsonl')
  const database = await store(real)
  const rows = await asked(callsInWords(real), database, floorLog)
  await bare('shift-cubes', [database, String(copies), String(days)])
  const simulated = `${callsInWords(real * (copies + 1))} (sums of ${callsInWords(real)}, copied)`
  return [...rows, ...(await asked(simulated, database, floorLog))]
}

async function asked(what: string, database: string, floorLog: string): Promise<Comparison[]> {
  const rows: Comparison[] = []
  for (const args of questions)
    rows.push(
      await compare(
        {
          what: `${args.join(' ')}, ${what}, beside reading 1M calls`,
          target: '≤ 0.2',
          of: 'cpuSeconds',
          program: () => llmcost([...args, '--db', database], 'resource-hook'),
          floor: (): Promise<Run> => floorOf(floorLog),
        },
        3,
      ),
    )
  return rows
}
