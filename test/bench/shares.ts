/**
 * What questions take of the machine, as shares of what DuckDB alone takes to read 1M calls of JSONL: CPU against
 * CPU, in turns, so that a slower machine moves both.
 */
import { join } from 'node:path'
import { llmcost, type Run } from './child.js'
import { compare, type Comparison } from './compare.js'
import { folder } from './folders.js'
import { floorOf } from './ingest.js'
import { callsInWords, logFile, store } from './logs.js'

interface Question {
  readonly args: readonly string[]
  /** The greatest share that is still good; absent: none is set. */
  readonly target?: number
  /** Megabytes. */
  readonly peak?: number
  /** Asked with the rules that `init --rules` writes. */
  readonly ruled?: true
}

interface Sized {
  readonly calls: number
  readonly pairs: number
  /** A log with an incident, of 28 days and 20 features. */
  readonly incident?: true
  readonly questions: readonly Question[]
}

const latest = ['--as-of', 'latest']

const asked: readonly Sized[] = [
  {
    calls: 25_000,
    pairs: 7,
    questions: [{ args: ['report', ...latest], target: 0.12, peak: 150 }, { args: ['breakdown'] }],
  },
  {
    calls: 1_000_000,
    pairs: 5,
    questions: [
      { args: ['report', ...latest], target: 0.2 },
      { args: ['metrics'], target: 0.2 },
      { args: ['efficiency'], target: 0.2 },
      { args: ['check', ...latest], target: 0.2, ruled: true },
    ],
  },
  {
    calls: 1_000_000,
    pairs: 5,
    incident: true,
    questions: [{ args: ['anomalies', ...latest], target: 0.4 }],
  },
  {
    calls: 10_000_000,
    pairs: 3,
    questions: [
      { args: ['report', ...latest], target: 0.4 },
      { args: ['breakdown', '--by', 'feature'] },
      { args: ['trend', ...latest] },
      { args: ['forecast', ...latest] },
      { args: ['budget', ...latest, '--budget', '500'] },
      { args: ['metrics'] },
    ],
  },
  {
    calls: 10_000_000,
    pairs: 3,
    incident: true,
    questions: [{ args: ['anomalies', ...latest], target: 1.2 }],
  },
]

/** @param quick up to 1M calls */
export async function compareShares(quick: boolean): Promise<Comparison[]> {
  const floorLog = await logFile(1_000_000, 'jsonl')
  const rules = join(folder, 'rules.yaml')
  await llmcost(['init', '--rules', '--force', rules])
  const rows: Comparison[] = []
  for (const { calls, pairs, incident, questions } of asked) {
    if (quick && calls > 1_000_000) continue
    const database = await store(calls, incident && 'incident')
    for (const { args, target, peak, ruled } of questions) {
      const asking = [...args, '--db', database, ...(ruled ? ['--config', rules] : [])]
      rows.push(
        await compare(
          {
            what: `${args.join(' ')}, ${callsInWords(calls)}, beside reading 1M calls`,
            target: [target && `≤ ${target}`, peak && `≤ ${peak} MB`].filter(Boolean).join(', '),
            of: 'cpuSeconds',
            program: () => llmcost(asking, 'resource-hook'),
            floor: (): Promise<Run> => floorOf(floorLog),
          },
          pairs,
        ),
      )
    }
  }
  return rows
}
