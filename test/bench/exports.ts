/** Exports of calls against the engine's own COPY of the same table, in a process that does nothing else. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bare, llmcost } from './child.js'
import { compare, type Comparison } from './compare.js'
import { folder } from './folders.js'
import type { Size } from './ingest.js'
import { callsInWords, store } from './logs.js'

/** In CSV every text is quoted and looked at: what could act in it is shown. */
const formats = [
  { format: 'parquet', options: 'FORMAT parquet, COMPRESSION zstd', target: '≤ 1.3' },
  { format: 'csv', options: 'FORMAT csv, HEADER true', target: '≤ 2' },
]

export async function compareExports(sizes: readonly Size[]): Promise<Comparison[]> {
  const rows: Comparison[] = []
  for (const { calls, pairs } of sizes) {
    const database = await store(calls)
    for (const { format, options, target } of formats) {
      const [ours, theirs] = ['ours', 'theirs'].map((name) => join(folder, `export-${name}.${format}`))
      const statements = join(folder, `export-${format}.json`)
      writeFileSync(
        statements,
        JSON.stringify([{ sql: `COPY (FROM calls) TO $target (${options})`, params: { target: theirs } }]),
      )
      const args = ['export', 'calls', '--quiet', '--force', '--output', ours!, '--db', database]
      const program = () => llmcost(args, 'resource-hook')
      const floor = () => bare('floor-queries', [database, statements], 'resource-hook')
      const what = `export calls as ${format}, ${callsInWords(calls)}`
      rows.push(await compare({ what, target, program, floor }, pairs))
    }
  }
  return rows
}
