/**
 * Fuzzed logs of every importer: whatever a line holds, each is accounted for, by a count that is not ours; no
 * file takes another down; nothing impossible gets in; and nothing is called a defect.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { importers } from '../../src/importers/registry.js'
import type { FileSummary } from '../../src/ingest/summary.js'
import { severalALine } from '../property/hostile-records.js'
import { ask, ingestInto, Workshop, write } from '../property/ingesting.js'
import { fuzzedLine, fuzzedRow } from './mutate.js'
import { csvSamples, jsonSamples } from './samples.js'
import { attackTimeout, dice, sized, tell, type Dice } from './size.js'

const lines = sized(1_500, 1_000_000)

const ofARound = importers.length + 2 * Object.keys(csvSamples).length
/** Lines of each file of a round: hundreds of kinds of records, each with keys and values of its own. */
const perFile = sized(Math.ceil(lines / ofARound), 5_000)

const workshop = new Workshop()
afterAll(() => workshop.close())

test('every importer has a sample here', () => {
  expect(Object.keys(jsonSamples).toSorted()).toEqual(importers.map(({ id }) => id).toSorted())
})

interface Fuzzed {
  readonly path: string
  /** Lines or records, counted as they were written; null where quotes are torn. */
  readonly count: number | null
  /** Nothing was done to it: all of it must land. */
  readonly sound?: true
}

/** A log of one importer: sound at first, so that its format can be told. */
function jsonLog(room: string, id: string, throws: Dice): Fuzzed {
  const samples = jsonSamples[id]!
  const all = Array.from({ length: perFile }, (_, i) =>
    i < 3 ? samples[i % samples.length]! : fuzzedLine(throws.oneOf(samples), throws),
  )
  const end = throws.chance(0.2) ? '\r\n' : '\n'
  const last = throws.chance(0.8) ? end : ''
  // Without a last newline, a blank last line is no line.
  if (last === '' && all.at(-1)!.trim() === '') all.push('{}')
  const text = all.join(end) + last
  const path = write(join(room, `${id}.jsonl`), text)
  return { path, count: severalALine.has(id) ? null : newlines(text) + (last === '' ? 1 : 0) }
}

const newlines = (text: string): number => text.split('\n').length - 1

function csvLog(room: string, id: string, throws: Dice, torn: boolean): Fuzzed {
  const [header, ...rows] = csvSamples[id]!
  const all = Array.from({ length: perFile }, (_, i) =>
    i < 3 ? rows[i % rows.length]!.map(cell).join(',') : fuzzedRow(throws.oneOf(rows), throws, torn),
  )
  const text = `${[header!.join(','), ...all].join('\n')}\n`
  return {
    path: write(join(room, `${id}${torn ? '-torn' : ''}.csv`), text),
    count: torn ? null : perFile + 1,
  }
}

const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

function soundLog(room: string, round: number): Fuzzed {
  const all = Array.from({ length: 50 }, (_, i) =>
    JSON.stringify({
      call_id: `sound-${round}-${i}`,
      timestamp: new Date(Date.UTC(2026, 8, 1) + i * 1000).toISOString(),
      model: 'gpt-4o',
      input_tokens: 100 + i,
      output_tokens: 10,
    }),
  )
  return { path: write(join(room, 'sound.jsonl'), `${all.join('\n')}\n`), count: 50, sound: true }
}

/** The plan for a log with hundreds of kinds of records is long, and takes memory of its own. */
const store = { threads: 2, memoryLimit: '2GiB', lockTimeoutMs: 5_000 }

/** Calls that no log can have brought: beyond the bounds, or with parts beyond the whole. */
const impossible = `SELECT source, line, call_id FROM calls
  WHERE input_tokens NOT BETWEEN 0 AND 1000000000 OR output_tokens NOT BETWEEN 0 AND 1000000000
    OR total_tokens NOT BETWEEN 0 AND 2000000000
    OR cache_read_input_tokens NOT BETWEEN 0 AND input_tokens OR cache_creation_input_tokens NOT BETWEEN 0 AND input_tokens
    OR cache_creation_1h_input_tokens > cache_creation_input_tokens OR reasoning_output_tokens NOT BETWEEN 0 AND output_tokens
    OR reported_cost_usd NOT BETWEEN 0 AND 100000 OR cost_usd < 0 OR list_cost_usd < 0
    OR ts NOT BETWEEN TIMESTAMP '2015-01-01' AND TIMESTAMP '2100-01-01' OR latency_ms < 0 OR isnan(latency_ms)`

interface Tally {
  lines: number
  calls: number
  rejected: number
  readonly refusals: Map<string, number>
}

function expectAccounted(file: FileSummary, { count, sound }: Fuzzed, where: string, tally: Tally): void {
  // A refusal says where: CSV whose quotes stand where none may be.
  expect(file.note ?? '', where).not.toMatch(/defect|could not be read(?!.* at line \d)|Error:|INTERNAL/)
  if (file.state === 'refused') {
    expect(sound, `${where}: ${file.note}`).toBeUndefined()
    const why = (file.note ?? '').split('\n')[0]!
    tally.refusals.set(why, (tally.refusals.get(why) ?? 0) + 1)
    return
  }
  expect(file.state, `${where}: ${file.note}`).toBe('read')
  const { imported, duplicates, superseded, skipped, rejected } = file
  expect(imported + duplicates + superseded + skipped + rejected, `${where}: what was booked`).toBe(
    file.lines,
  )
  if (count !== null) expect(file.lines, `${where}: lines that were written`).toBe(count)
  if (sound) expect(imported, where).toBe(count)
  tally.lines += file.lines
  tally.calls += imported
  tally.rejected += rejected
}

test(
  `${lines.toLocaleString('en')} fuzzed lines over all importers are accounted for, each`,
  async () => {
    const tally: Tally = { lines: 0, calls: 0, rejected: 0, refusals: new Map() }
    const throws = dice(400)
    const ids = importers.map(({ id }) => id)
    for (let round = 0, left = lines; left > 0; round++) {
      const room = join(workshop.folder, `round-${round}`)
      mkdirSync(room)
      const files = [
        soundLog(room, round),
        ...ids.map((id) => jsonLog(room, id, throws)),
        ...Object.keys(csvSamples).flatMap((id) => [
          csvLog(room, id, throws, false),
          csvLog(room, id, throws, true),
        ]),
      ]
      left -= (files.length - 1) * perFile
      const db = join(room, 'calls.duckdb')
      const summary = await ingestInto(
        db,
        files.map(({ path }) => path),
        { keepRejectedText: throws.chance(0.2), store },
      )
      for (const [i, file] of summary.files.entries())
        expectAccounted(file, files[i]!, `round ${round}, ${file.label}`, tally)
      expect(await ask(db, impossible), `round ${round}`).toEqual([])
      // What every object inherits is as it was.
      for (const key in {}) expect.fail(`round ${round}: a log has written ${key}`)
      const booked = summary.files.reduce((sum, file) => sum + file.imported, 0)
      expect(await ask(db, 'SELECT count(*) AS n FROM calls'), `round ${round}`).toEqual([{ n: booked }])
      rmSync(room, { recursive: true })
    }
    const refused = [...tally.refusals.values()].reduce((sum, n) => sum + n, 0)
    tell(
      `${tally.lines} fuzzed lines: ${tally.calls} calls, ${tally.rejected} rejected with a reason, ${tally.lines - tally.calls - tally.rejected} no calls or repeats, as many as were written in each file; ${refused} files refused with their cause`,
    )
  },
  attackTimeout,
)
