/** One record never stops a run, whatever stands in it: every value at the edge, in every field of every log. */
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { FileSummary } from '../../src/ingest/summary.js'
import {
  csvOf,
  everyCell,
  everyEdge,
  hostileLine,
  hostileRow,
  random,
  seeds,
  severalALine,
} from './hostile-records.js'
import { ingestInto, Workshop, write } from './ingesting.js'

const workshop = new Workshop()
/** Half of it is for the many keys that the edges bring. */
const store = { threads: 1, memoryLimit: '3GiB', lockTimeoutMs: 5_000 }
afterAll(() => workshop.close())

/** `npm run soak` tries them all. */
const stride = process.env['SOAK_SEED'] ? 1 : 5

/** What becomes of a file of these lines. */
async function read(name: string, lines: readonly string[], from: string): Promise<FileSummary> {
  const path = write(join(workshop.room(), name), lines.join('\n') + '\n')
  const { files } = await ingestInto(workshop.store(), [path], { read: { from }, store }).catch(
    (error: unknown) => ({
      files: [{ state: 'refused', note: `the run ended: ${String(error).split('\n')[0]}` } as FileSummary],
    }),
  )
  return files[0]!
}

/** Asserts that a file is read whole and each line booked; else names the lines that are to blame. */
async function expectBooked(
  name: string,
  first: readonly string[],
  lines: readonly string[],
  from: string,
): Promise<void> {
  const file = await read(name, [...first, ...lines], from)
  const blamed = file.state === 'read' ? [] : await toBlame(name, first, lines, from)
  expect([
    file.state,
    file.state === 'read' ? '' : file.note,
    ...blamed.slice(0, 2).map((one) => one.slice(-400)),
  ]).toEqual(['read', ''])
  const all = file.imported + file.duplicates + file.superseded + file.skipped + file.rejected
  expect([file.lines, all]).toEqual([first.length + lines.length, first.length + lines.length])
}

/** The fewest lines found by halving that a file is still refused for. */
async function toBlame(
  name: string,
  first: readonly string[],
  lines: readonly string[],
  from: string,
): Promise<readonly string[]> {
  if (lines.length <= 1) return lines
  const half = lines.length >> 1
  for (const part of [lines.slice(0, half), lines.slice(half)])
    if ((await read(name, [...first, ...part], from)).state !== 'read')
      return toBlame(name, first, part, from)
  return lines
}

describe('every value at the edge in every field of', () => {
  test.each(seeds())('$name', async ({ importer, records }) => {
    const fine = records.map((record) => JSON.stringify(record))
    const lines = records.slice(0, 2).flatMap((record) => [...everyEdge(record, stride)])
    await expectBooked('edges.jsonl', fine, lines, importer)
  })
})

describe('every value at the edge in every cell of', () => {
  // What a file of one's own says in columns, and what is JSON in a cell.
  test.each(seeds().filter(({ name }) => /own|exported|spend-logs/.test(name)))('$name', async (seed) => {
    const { header, rows } = csvOf(seed)
    const line = (cells: readonly string[]): string =>
      cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(',')
    const fine = [line(header), ...rows.map(line)]
    const lines = rows.slice(0, 2).flatMap((row) => [...everyCell(row, stride)])
    await expectBooked('edges.csv', fine, lines, seed.importer)
  })
})

/** Lines, and rows, of each kind of log that are tried at random. */
const tries = process.env['SOAK_SEED'] ? 2000 : 60
const seed = Number(process.env['SOAK_SEED'] ?? 20_261_121)

describe('lines with faults of every kind', () => {
  test.each(seeds())('$name', async (kind) => {
    const next = random(seed)
    const fine = kind.records.map((record) => Buffer.from(JSON.stringify(record)))
    const lines = [...fine, ...Array.from({ length: tries }, () => hostileLine(next, kind))]
    const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]))
    const path = write(join(workshop.room(), 'faults.jsonl'), bytes)
    const read = { from: kind.importer }
    const { files, totals } = await ingestInto(workshop.store(), [path], { read, store })
    expect(
      [files[0]?.state, files[0]?.note?.includes('could not be read')],
      files[0]?.note ?? '',
    ).not.toContain('refused')
    const booked = totals.imported + totals.duplicates + totals.superseded + totals.skipped + totals.rejected
    // Where a line may hold several records, what is changed in it may hold more.
    const least = severalALine.has(kind.importer) ? Math.max(lines.length, totals.lines) : lines.length
    expect([totals.lines, booked]).toEqual([least, least])
  })

  test('rows of CSV', async () => {
    const next = random(seed)
    const own = seeds().find(({ name }) => name === 'own')!
    const { header, rows } = csvOf(own)
    const lines = [header.join(','), ...Array.from({ length: tries * 4 }, () => hostileRow(next, rows[0]!))]
    const path = write(join(workshop.room(), 'faults.csv'), lines.join('\n') + '\n')
    const { files, totals } = await ingestInto(workshop.store(), [path], { read: { decimal: '.' }, store })
    expect([files[0]?.state, files[0]?.state === 'read' ? '' : files[0]?.note]).toEqual(['read', ''])
    const booked = totals.imported + totals.duplicates + totals.superseded + totals.skipped + totals.rejected
    expect(booked).toBe(totals.lines)
    expect(totals.lines).toBeGreaterThan(tries)
  })
})
