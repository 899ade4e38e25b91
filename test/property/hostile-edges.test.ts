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
  type Seed,
} from './hostile-records.js'
import { ingestInto, Workshop, write } from './ingesting.js'
import { tries } from './seed.js'

const workshop = new Workshop()
/** Half of it is for the many keys that the edges bring. */
const store = { threads: 1, memoryLimit: '3GiB', lockTimeoutMs: 5_000 }
afterAll(() => workshop.close())

/** Every so manieth value at each place; `npm run soak` tries them all. */
const stride = tries(60, 1)

/** What becomes of files of one importer, by their text, that are read in one run. */
async function read(
  texts: Readonly<Record<string, string | Buffer>>,
  from: string,
): Promise<readonly FileSummary[]> {
  const room = workshop.room()
  const paths = Object.entries(texts).map(([name, text]) => write(join(room, name), text))
  const { files } = await ingestInto(workshop.store(), paths, { read: { from }, store }).catch(
    (error: unknown) => ({
      files: paths.map(
        () => ({ state: 'refused', note: `the run ended: ${String(error).split('\n')[0]}` }) as FileSummary,
      ),
    }),
  )
  return files
}

const textOf = (lines: readonly string[]): string => lines.join('\n') + '\n'
const bookedOf = (file: FileSummary): number =>
  file.imported + file.duplicates + file.superseded + file.skipped + file.rejected

/** Asserts that a file was read whole and each line booked; else names the lines that are to blame. */
async function expectBooked(
  file: FileSummary,
  name: string,
  first: readonly string[],
  lines: readonly string[],
  from: string,
): Promise<void> {
  const blamed = file.state === 'read' ? [] : await toBlame(name, first, lines, from)
  expect([
    file.state,
    file.state === 'read' ? '' : file.note,
    ...blamed.slice(0, 2).map((one) => one.slice(-400)),
  ]).toEqual(['read', ''])
  expect([file.lines, bookedOf(file)]).toEqual(
    Array(2).fill(leastOf(file, first.length + lines.length, from)),
  )
}

/** Where a line may hold several records, what is changed in it may hold more. */
const leastOf = (file: FileSummary, lines: number, importer: string): number =>
  severalALine.has(importer) ? Math.max(lines, file.lines) : lines

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
    if ((await read({ [name]: textOf([...first, ...part]) }, from))[0]!.state !== 'read')
      return toBlame(name, first, part, from)
  return lines
}

/** Lines, and rows, of each kind of log that are tried at random. */
const faulty = tries(30, 2000)
const seed = Number(process.env['SOAK_SEED'] ?? 20_261_121)

/** What is tried of a kind of log: its fine lines, those with a value at the edge, and those with any fault. */
function triedOf(kind: Seed): { fine: string[]; edges: string[]; bytes: Buffer; count: number } {
  const fine = kind.records.map((record) => JSON.stringify(record))
  const edges = kind.records.slice(0, 2).flatMap((record) => [...everyEdge(record, stride)])
  const next = random(seed)
  const lines = [
    ...fine.map((line) => Buffer.from(line)),
    ...Array.from({ length: faulty }, () => hostileLine(next, kind)),
  ]
  const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]))
  return { fine, edges, bytes, count: lines.length }
}

const runs = new Map<string, Promise<readonly FileSummary[]>>()

/** What became of both files of a kind. All of an importer are read in one run, but for the many lines of a soak. */
async function readKind(kind: Seed): Promise<readonly FileSummary[]> {
  const kinds = tries(1, 0) === 0 ? [kind] : seeds().filter(({ importer }) => importer === kind.importer)
  const texts = kinds.flatMap((one, i) => {
    const { fine, edges, bytes } = triedOf(one)
    return [
      [`${10 + i}-edges.jsonl`, textOf([...fine, ...edges])],
      [`${10 + i}-faults.jsonl`, bytes],
    ] as const
  })
  const key = kinds.map(({ name }) => name).join()
  if (!runs.has(key)) runs.set(key, read(Object.fromEntries(texts), kind.importer))
  const at = 2 * kinds.findIndex(({ name }) => name === kind.name)
  return (await runs.get(key)!).slice(at, at + 2)
}

describe('every value at the edge in every field, and lines with faults of every kind, of', () => {
  test.each(seeds())('$name', async (kind) => {
    const { importer } = kind
    const { fine, edges, count } = triedOf(kind)
    const [ofEdges, ofFaults] = await readKind(kind)
    await expectBooked(ofEdges!, 'edges.jsonl', fine, edges, importer)
    expect(
      [ofFaults!.state, ofFaults!.note?.includes('could not be read')],
      ofFaults!.note ?? '',
    ).not.toContain('refused')
    const least = leastOf(ofFaults!, count, importer)
    expect([ofFaults!.lines, bookedOf(ofFaults!)]).toEqual([least, least])
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
    const [file] = await read({ 'edges.csv': textOf([...fine, ...lines]) }, seed.importer)
    await expectBooked(file!, 'edges.csv', fine, lines, seed.importer)
  })
})

describe('faults of every kind in', () => {
  test('rows of CSV', async () => {
    const next = random(seed)
    const own = seeds().find(({ name }) => name === 'own')!
    const { header, rows } = csvOf(own)
    const lines = [header.join(','), ...Array.from({ length: faulty * 4 }, () => hostileRow(next, rows[0]!))]
    const path = write(join(workshop.room(), 'faults.csv'), lines.join('\n') + '\n')
    const { files, totals } = await ingestInto(workshop.store(), [path], { read: { decimal: '.' }, store })
    expect([files[0]?.state, files[0]?.state === 'read' ? '' : files[0]?.note]).toEqual(['read', ''])
    const booked = totals.imported + totals.duplicates + totals.superseded + totals.skipped + totals.rejected
    expect(booked).toBe(totals.lines)
    expect(totals.lines).toBeGreaterThan(faulty)
  })
})
