/** Reads fixtures into a store and shows the calls as short rows: what is absent or usual is left out. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { doubts } from '../../../src/ingest/doubts.js'
import type { IngestSummary } from '../../../src/ingest/summary.js'
import { askAll, ingestInto, Workshop, write, type Choices } from '../../property/ingesting.js'

export const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url))

/** What every prompt and completion in the fixtures says: it must be nowhere in a store. */
export const marker = 'MARKER-SECRET'

export interface Read {
  /** By file: lines, imported, duplicates, superseded, skipped, rejected. */
  readonly counts: readonly (readonly number[])[]
  readonly importers: readonly (string | null)[]
  readonly repairs: Readonly<Record<string, number>>
  /** What the run says of what it repaired or took for granted. */
  readonly doubts: readonly string[]
  readonly calls: readonly Readonly<Record<string, unknown>>[]
  readonly rejects: readonly (readonly [line: unknown, reason: unknown])[]
  /** All tables as one text, for what must not be in it. */
  readonly everything: string
}

export const workshop = new Workshop()

const usual: Readonly<Record<string, unknown>> = {
  operation: 'chat',
  status: 'ok',
  cost_basis: 'list',
  partly_priced: false,
}

/** @param folder below fixtures/ */
export async function readFixture(folder: string, choices: Choices = {}): Promise<Read> {
  const path = join(fixtures, folder)
  const files = readdirSync(path).toSorted()
  return readFiles(
    files.map((file) => join(path, file)),
    choices,
  )
}

export async function readFiles(files: readonly string[], choices: Choices = {}): Promise<Read> {
  return (await readWhole(files, choices)).read
}

async function readWhole(
  files: readonly string[],
  choices: Choices,
): Promise<{ read: Read; files: IngestSummary['files'] }> {
  const db = workshop.store()
  const summary = await ingestInto(db, files, choices)
  const tables = ['calls', 'rejects', 'files', 'rates', 'ingests', 'meta']
  const [rows = [], rejects = [], ...dumps] = await askAll(db, [
    `SELECT * EXCLUDE (source, file_id, line, id_kind, request_ids, list_cost_usd, list_input_cost_usd, list_cache_read_cost_usd,
       list_cache_write_cost_usd, list_output_cost_usd, list_other_cost_usd, cache_shape, cache_reading)
       REPLACE (nullif(total_tokens, coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) AS total_tokens) FROM calls ORDER BY file_id, line, ts, call_id`,
    'SELECT line, reason FROM rejects ORDER BY file_id, line',
    ...tables.map((table) => `SELECT * FROM ${table}`),
  ])
  const read = {
    counts: summary.files.map((f) => [
      f.lines,
      f.imported,
      f.duplicates,
      f.superseded,
      f.skipped,
      f.rejected,
    ]),
    importers: summary.files.map((file) => file.importer),
    repairs: added(summary.files.map(({ repairs }) => repairs)),
    doubts: doubts(summary),
    calls: rows.map(short),
    rejects: rejects.map((row) => [row['line'], row['reason']] as const),
    everything: JSON.stringify(dumps),
  }
  return { read, files: summary.files }
}

/**
 * Reads several logs at once, which is cheaper by far, and tells of each: no log may hold a call of another.
 * `everything` and `doubts` are of all.
 */
export async function readEach(files: readonly string[], choices: Choices = {}): Promise<readonly Read[]> {
  const { read: all, files: summaries } = await readWhole(files, choices)
  const taken = <T>(rows: readonly T[], column: number): T[][] => {
    let at = 0
    const parts = all.counts.map((counts) => rows.slice(at, (at += counts[column]!)))
    expect(at).toBe(rows.length)
    return parts
  }
  const [calls, rejects] = [taken(all.calls, 1), taken(all.rejects, 5)]
  return all.counts.map((counts, i) => ({
    ...all,
    counts: [counts],
    importers: [all.importers[i]!],
    repairs: { ...summaries[i]!.repairs },
    calls: calls[i]!,
    rejects: rejects[i]!,
  }))
}

function added(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const one of all) for (const [rule, n] of Object.entries(one)) sums[rule] = (sums[rule] ?? 0) + n
  return sums
}

/** Logs that a test wants read, and whoever waits for them. */
interface Wish {
  readonly files: readonly string[]
  readonly choices: Choices
  readonly grant: (read: Read | Promise<Read>) => void
}

let wishes: Wish[] = []

/**
 * Reads logs beside those that other tests of the file want at the same time, in one run: for tests that are
 * `atOnce`. They see what a run of their own would show, but for `everything` and `doubts`, which are of all.
 * What shares calls with another is read alone.
 */
export function readBeside(files: readonly string[], choices: Choices = {}): Promise<Read> {
  return new Promise((grant) => {
    if (wishes.length === 0) setImmediate(() => void grantAll())
    wishes.push({ files, choices, grant })
  })
}

let records = 0

/** A log of one record, in a run with others; each has a time of its own. */
export const readRecord = (record: object): Promise<Read> =>
  readBeside([
    write(
      join(workshop.room(), 'log.jsonl'),
      `${JSON.stringify({ timestamp: new Date(Date.UTC(2026, 8, 1) + 1000 * (records += 1)).toISOString(), ...record })}\n`,
    ),
  ])

/** Tests of a file that begin together, so that they can read together. */
export const atOnce = test.concurrent

async function grantAll(): Promise<void> {
  const all = wishes
  wishes = []
  const alike = new Map<string, Wish[]>()
  for (const one of all) {
    const key = JSON.stringify(one.choices)
    alike.set(key, [...(alike.get(key) ?? []), one])
  }
  for (const some of alike.values()) await grantSome(some)
}

async function grantSome(some: readonly Wish[]): Promise<void> {
  const [first] = some
  if (first === undefined) return
  if (some.length === 1) return first.grant(readFiles(first.files, first.choices))
  try {
    const reads = await readEach(
      some.flatMap(({ files }) => files),
      first.choices,
    )
    let at = 0
    const found = some.map((wish) => ({ wish, read: joined(reads.slice(at, (at += wish.files.length))) }))
    const shares = found.filter(({ read }) =>
      read.counts.some(([, , duplicates = 0, superseded = 0]) => duplicates + superseded > 0),
    )
    if (shares.length === 0) return found.forEach(({ wish, read }) => wish.grant(read))
    for (const { wish } of shares) wish.grant(readFiles(wish.files, wish.choices))
    await grantSome(some.filter((wish) => !shares.some((one) => one.wish === wish)))
  } catch {
    // One of them ends the run: its own test says so.
    for (const { files, choices, grant } of some) grant(readFiles(files, choices))
  }
}

const joined = (reads: readonly Read[]): Read => ({
  ...reads[0]!,
  counts: reads.flatMap(({ counts }) => counts),
  importers: reads.flatMap(({ importers }) => importers),
  repairs: added(reads.map(({ repairs }) => repairs)),
  calls: reads.flatMap(({ calls }) => calls),
  rejects: reads.flatMap(({ rejects }) => rejects),
})

/** Money without its trailing zeros; ids made of a line's hash as `#`. */
function short(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const shown = Object.entries(row).flatMap(([key, value]): [string, unknown][] => {
    if (value === null || usual[key] === value) return []
    if (key.endsWith('_usd')) return [[key, String(value).replace(/\.?0+$/, '')]]
    return [[key, key === 'call_id' && String(value).startsWith('#') ? '#' : value]]
  })
  return Object.fromEntries(shown)
}
