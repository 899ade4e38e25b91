/** The figures as a Markdown table that reads as well unrendered. */
import { readFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os'
import type { Comparison } from './compare.js'
import { root } from './folders.js'

/** What the figures were taken on, and when. */
export function machine(): string {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const cores = `${availableParallelism()} cores${cpus()[0] === undefined ? '' : ` (${cpus()[0]!.model.trim()})`}`
  const duckdb = dependencies['@duckdb/node-api'] ?? ''
  const date = new Date().toISOString().slice(0, 10)
  return `${cores}, ${memory}, ${platform()} ${arch()}, Node ${process.versions.node}, DuckDB ${duckdb}, ${date}.`
}

const heads = ['', 'llmcost', 'floor', 'ratio', 'target', 'CPU', 'floor CPU', 'peak', 'floor peak']

export function table(rows: readonly Comparison[]): string {
  const cells = rows.map(({ what, program, floor, ratio, target }) => [
    what,
    seconds(program.seconds),
    seconds(floor.seconds),
    ratio.toFixed(2),
    target,
    seconds(program.cpuSeconds),
    seconds(floor.cpuSeconds),
    megabytes(program.peakMb),
    megabytes(floor.peakMb),
  ])
  const widths = heads.map((head, i) => Math.max(3, head.length, ...cells.map((row) => row[i]!.length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [heads, rule, ...cells].map(line).join('\n')
}

const seconds = (value: number): string => {
  if (Number.isNaN(value)) return ''
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(value < 10 ? 2 : 1)} s`
}

const megabytes = (value: number): string =>
  Number.isNaN(value) ? '' : `${Math.round(value).toLocaleString('en')} MB`
