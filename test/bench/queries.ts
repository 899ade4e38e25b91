/** Questions against the very statements that they run, in a process that does nothing else. */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { bare, llmcost } from './child.js'
import { compare, type Comparison } from './compare.js'
import { folder } from './folders.js'
import type { Size } from './ingest.js'
import { callsInWords, store } from './logs.js'

const dimensions = ['none', 'feature', 'model', 'feature,model', 'user', 'day', 'hour', 'hour-of-day']

const questions: readonly (readonly string[])[] = [
  ['report', '--as-of', 'latest'],
  ['forecast', '--as-of', 'latest', '--by', 'feature'],
  ...dimensions.map((by) => ['breakdown', '--by', by]),
]

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
