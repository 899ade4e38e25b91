/**
 * bench: how long the program takes beside what no program could do without, as ratios of runs that took
 * turns, and how well anomalies and forecasts do. `npm run bench -- [--quick]
 * [--only ingest,query,shares,large,optimize,export,start,track,anomalies,forecast] [--keep]` prints Markdown tables.
 */
import { parseArgs } from 'node:util'
import { compareAnomalies, scoreAnomalies } from './anomalies.js'
import type { Comparison } from './compare.js'
import { forecastKindTable } from './forecast-kind-score.js'
import { forecastTable } from './forecast-score.js'
import { compareIngest } from './ingest.js'
import { compareExports } from './exports.js'
import { compareLarge } from './large.js'
import { removeFiles } from './logs.js'
import { compareOptimize, compareQueries } from './queries.js'
import { compareShares } from './shares.js'
import { compareStart } from './start.js'
import { trackerTable } from './tracker-table.js'
import { machine, table } from './table.js'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
})

const million = 1_000_000

const parts: Readonly<Record<string, () => Promise<Comparison[]>>> = {
  ingest: () =>
    compareIngest(
      options.quick
        ? [{ calls: million, pairs: 3 }]
        : [
            { calls: million, pairs: 5 },
            { calls: 10 * million, pairs: 2 },
          ],
    ),
  query: () =>
    compareQueries(
      options.quick
        ? [{ calls: million, pairs: 5 }]
        : [
            { calls: million, pairs: 7 },
            { calls: 10 * million, pairs: 3 },
          ],
    ),
  shares: () => compareShares(options.quick),
  // Twenty million calls take seven gigabytes, and some minutes.
  large: () => (options.quick ? Promise.resolve([]) : compareLarge()),
  optimize: () => compareOptimize([{ calls: million, pairs: options.quick ? 3 : 5 }]),
  export: () =>
    compareExports(
      options.quick
        ? [{ calls: million, pairs: 3 }]
        : [
            { calls: million, pairs: 5 },
            { calls: 10 * million, pairs: 2 },
          ],
    ),
  start: () => compareStart(options.quick ? 11 : 21),
  anomalies: () =>
    compareAnomalies(
      options.quick
        ? [{ calls: million, pairs: 3 }]
        : [
            { calls: million, pairs: 5 },
            { calls: 10 * million, pairs: 2 },
          ],
    ),
}

/** What is scored, not timed: a table of its own each. */
const scores: Readonly<Record<string, () => string | Promise<string>>> = {
  anomalies: () => scoreAnomalies(options.quick),
  track: trackerTable,
  forecast: () =>
    [forecastTable(options.quick ? 200 : 1000), forecastKindTable(options.quick ? 200 : 500)].join('\n\n'),
}

const { only } = options
const names = [...new Set([...Object.keys(parts), ...Object.keys(scores)])]
const chosen = only?.split(',').map((name) => name.trim()) ?? names
if (!chosen.every((name) => names.includes(name))) {
  throw new Error(`--only ${only}: choose from ${names.join(', ')}`)
}
const rows: Comparison[] = []
try {
  for (const [name, part] of Object.entries(parts)) {
    if (chosen.includes(name)) rows.push(...(await part()))
  }
} finally {
  if (!options.keep) removeFiles()
}
process.stdout.write(`${machine()}\n\n`)
if (rows.length > 0) process.stdout.write(`${table(rows)}\n`)
try {
  for (const [name, score] of Object.entries(scores)) {
    if (chosen.includes(name)) process.stdout.write(`\n${await score()}\n`)
  }
} finally {
  if (!options.keep) removeFiles()
}
