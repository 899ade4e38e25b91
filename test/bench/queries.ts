/** Questions against the very statements that they run, in a process that does nothing else. */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { reportSections } from '../../src/questions/report/sections.js'
import { bare, llmcost, type Run } from './child.js'
import { compare, type Comparison } from './compare.js'
import { folder } from './folders.js'
import type { Size } from './ingest.js'
import { callsInWords, store } from './logs.js'

const dimensions = ['none', 'feature', 'model', 'feature,model', 'user', 'day', 'hour', 'hour-of-day']

const questions: readonly (readonly string[])[] = [
  ['report', '--as-of', 'latest'],
  ...dimensions.map((by) => ['breakdown', '--by', by]),
  ['trend', '--as-of', 'latest'],
  ['trend', '--as-of', 'latest', '--every', 'week', '--by', 'feature'],
  ['efficiency'],
  ['quality'],
  ['latency'],
  ['errors'],
  ['cache'],
  ['forecast', '--as-of', 'latest', '--by', 'feature'],
  ['budget', '--as-of', 'latest', '--budget', '500', '--budget', 'daily:20 feature=feature-1'],
  ['caps', '--as-of', 'latest', '--cap', 'daily_usd=5'],
  ['compare', '--as-of', 'latest'],
]

/** The whole report beside its sections asked one by one, each in a process of its own. */
async function compareReport(database: string, calls: number, pairs: number): Promise<Comparison> {
  const ask = (...sections: readonly string[]): Promise<Run> =>
    llmcost(['report', '--as-of', 'latest', '--db', database, ...sections], 'resource-hook')
  const floor = async (): Promise<Run> => {
    const runs: Run[] = []
    for (const { name } of reportSections) runs.push(await ask('--sections', name))
    const sum = (of: (run: Run) => number): number => runs.reduce((total, run) => total + of(run), 0)
    return {
      seconds: sum(({ seconds }) => seconds),
      cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
      peakMb: Math.max(...runs.map(({ peakMb }) => peakMb)),
      stdout: '',
    }
  }
  const what = `report, beside its sections one by one, ${callsInWords(calls)}`
  return compare({ what, target: '≤ 1', program: () => ask(), floor }, pairs)
}

export async function compareQueries(sizes: readonly Size[]): Promise<Comparison[]> {
  const rows: Comparison[] = []
  for (const { calls, pairs } of sizes) {
    const database = await store(calls)
    for (const [i, question] of questions.entries()) {
      const args = [...question, '--db', database]
      const statements = await record(args, i)
      const what = `${question.join(' ')}, ${callsInWords(calls)}`
      const program = () => llmcost(args, 'resource-hook')
      const floor = () => bare('floor-queries', [database, statements], 'resource-hook')
      rows.push(await compare({ what, target: '≤ 1.3', program, floor }, pairs))
    }
    rows.push(await compareReport(database, calls, Math.min(pairs, 3)))
  }
  return rows
}

/** All strategies over a whole log, each for itself and together. */
export async function compareOptimize(sizes: readonly Size[]): Promise<Comparison[]> {
  const rows: Comparison[] = []
  for (const { calls, pairs } of sizes) {
    const database = await store(calls)
    const asked = ['optimize', '--since', '2026-08-01', '--as-of', 'latest']
    for (const [i, question] of [asked, [...asked, '--combine']].entries()) {
      const args = [...question, '--db', database]
      const statements = await record(args, 200 + i)
      const what = `${question.join(' ')}, ${callsInWords(calls)}`
      const program = () => llmcost(args, 'resource-hook')
      const floor = () => bare('floor-queries', [database, statements], 'resource-hook')
      rows.push(await compare({ what, target: i === 0 ? '≤ 1.3, 1M ≤ 5 s' : '≤ 1.3', program, floor }, pairs))
    }
  }
  return rows
}

/** Runs a question once, and keeps the statements it ran in a file. */
export async function record(args: readonly string[], index: number): Promise<string> {
  await llmcost(args, 'record-hook')
  const statements = join(folder, `statements-${index}.json`)
  renameSync(join(folder, `hook-${process.pid}.json`), statements)
  return statements
}
