/** The laws of ingest, on generated logs against a plain model: nothing lost, nothing doubled, nothing by chance. */
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { ask, contentsOf, ingestInto, Workshop, write } from './ingesting.js'
import {
  counted,
  expectedCalls,
  expectedRejects,
  fileText,
  log,
  logs,
  lineText,
  timeOf,
  type Expected,
  type Log,
} from './logs.js'
import type { IngestSummary } from '../../src/ingest/summary.js'
import { tries } from './seed.js'

/** Shrinking a failure ends in time to be told. */

const workshop = new Workshop()
afterAll(() => workshop.close())

const place = (room: string, all: readonly Log[]): string[] =>
  all.map((one) => write(join(room, one.name), fileText(one)))

async function storedCalls(db: string): Promise<Expected[]> {
  const rows = (await ask(
    db,
    'SELECT call_id, ts, model, input_tokens, output_tokens, user_id, feature FROM calls',
  )) as unknown as Expected[]
  return rows.map((row) => (row.call_id?.startsWith('#') ? { ...row, call_id: null } : row))
}

const sorted = (rows: readonly Expected[]): string[] => rows.map((row) => JSON.stringify(row)).sort()

function expectConserved(summary: IngestSummary, all: readonly Log[]): void {
  for (const [i, file] of summary.files.entries()) {
    const { lines, calls, skipped, rejected } = counted(all[i]!)
    expect(file.state, file.note ?? '').toBe('read')
    expect(file.lines).toBe(file.imported + file.duplicates + file.superseded + file.skipped + file.rejected)
    expect([file.lines, file.skipped, file.rejected]).toEqual([lines, skipped, rejected])
    expect(file.imported + file.duplicates + file.superseded).toBe(calls)
  }
  const sum = (key: 'lines' | 'imported' | 'rejected'): number =>
    summary.files.reduce((total, file) => total + file[key], 0)
  expect([summary.totals.lines, summary.totals.imported, summary.totals.rejected]).toEqual([
    sum('lines'),
    sum('imported'),
    sum('rejected'),
  ])
}

describe('any logs', () => {
  test('are conserved, and are the same calls in any order, again, renamed and gzipped', async () => {
    await fc.assert(
      // A line more costs nothing beside a file more.
      fc.asyncProperty(logs(tries(6, 14), { maxLines: 40 }), fc.nat(), async (all, turn) => {
        const room = workshop.room()
        const paths = place(room, all)
        const db = workshop.store()
        const summary = await ingestInto(db, paths)
        expectConserved(summary, all)
        const expected = expectedCalls(all)
        expect(summary.totals.imported).toBe(expected.length)
        expect(sorted(await storedCalls(db))).toEqual(sorted(expected))
        const once = await contentsOf(db)
        expect(once.rejects.length).toBe(expectedRejects(all))

        const again = await ingestInto(db, [...paths].reverse())
        expect(again.files.map((file) => file.state)).toEqual(all.map(() => 'unchanged'))
        const copies = all.map((one, i) =>
          i % 2 === 0
            ? write(join(room, `copies/renamed-${one.name}`), fileText(one))
            : write(join(room, `copies/${one.name}.gz`), gzipSync(fileText(one))),
        )
        const copied = await ingestInto(db, copies)
        expectConserved(copied, all)
        expect(copied.totals.imported).toBe(0)
        expect(await contentsOf(db)).toEqual(once)

        // Another order, in several runs, the copies before some of the originals.
        const other = workshop.store()
        const mixed = rotated([...paths].reverse(), turn)
        const cut = turn % (mixed.length + 1)
        if (cut > 0) await ingestInto(other, mixed.slice(0, cut))
        await ingestInto(other, rotated(copies, turn))
        if (cut < mixed.length) await ingestInto(other, mixed.slice(cut))
        expect(await contentsOf(other)).toEqual(once)
      }),
      { numRuns: tries(4, 60) },
    )
  })
})

const rotated = <T>(items: readonly T[], turn: number): T[] => {
  const at = items.length === 0 ? 0 : turn % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

describe('a log whose calls have ids', () => {
  test('may be split anywhere, over files and runs', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(log({ formats: ['jsonl', 'csv'], ids: 'all', maxLines: 25 }), {
          minLength: 1,
          maxLength: tries(3, 6),
        }),
        fc.array(fc.nat(4), { minLength: 25, maxLength: 25 }),
        async (all, parts) => {
          const room = workshop.room()
          const whole = workshop.store()
          await ingestInto(
            whole,
            place(
              room,
              all.map((one, i) => ({ ...one, name: `whole-${i}-${one.name}` })),
            ),
          )
          const split = all.flatMap((one, i) =>
            [0, 1, 2, 3, 4].flatMap((part): Log[] => {
              const lines = one.lines.filter((line, at) => line.kind === 'call' && (parts[at] ?? 0) === part)
              return lines.length === 0 ? [] : [{ ...one, lines, name: `part-${part}-of-${i}-${one.name}` }]
            }),
          )
          const paths = place(room, split)
          const pieces = workshop.store()
          await ingestInto(pieces, paths.slice(0, Math.ceil(paths.length / 2)).reverse())
          await ingestInto(pieces, paths)
          const { calls, rates } = await contentsOf(whole)
          const got = await contentsOf(pieces)
          expect(got.calls).toEqual(calls)
          expect(got.rates).toEqual(rates)
        },
      ),
      { numRuns: tries(3, 40) },
    )
  })
})

describe('a log that grows between runs', () => {
  test('ends with the calls and rejects of one reading, wherever it was cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        logs(tries(3, 4), { formats: ['jsonl', 'csv'], maxLines: 30 }),
        fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
        async (all, cuts) => {
          const room = workshop.room()
          const db = workshop.store()
          for (const round of [0, 1]) {
            for (const [i, one] of all.entries()) {
              write(join(room, one.name), grown(one, cuts[(i * 2 + round) % cuts.length]!, round))
            }
            await ingestInto(db, [room])
          }
          const paths = place(room, all)
          const last = await ingestInto(db, paths)
          expect(last.files.map((file) => file.state).filter((s) => s === 'refused')).toEqual([])
          const single = workshop.store()
          await ingestInto(single, paths)
          expect(await contentsOf(db)).toEqual(await contentsOf(single))
          // The counts of a file that was read in pieces add up as those of one reading.
          const counts =
            'SELECT path, lines, skipped, rejected, imported + duplicates + superseded AS calls FROM files WHERE current ORDER BY path'
          expect(await ask(db, counts)).toEqual(await ask(single, counts))
        },
      ),
      { numRuns: tries(3, 50) },
    )
  })
})

/** The beginning of a log: first after some line, then in the middle of any. */
function grown(one: Log, cut: number, round: number): string {
  const text = fileText(one)
  const first = text.indexOf(
    lineText(
      one.format,
      one.lines.find((line) => line.kind === 'call')!,
    ),
  )
  if (round === 0) {
    const ends = [...text.matchAll(/\n/g)].map((match) => match.index + 1)
    return text.slice(0, ends[cut % Math.max(1, ends.length)] ?? text.length)
  }
  return text.slice(0, first + (cut % Math.max(1, text.length - first)))
}

describe('a log that was cut or replaced', () => {
  test('brings what is new, and what it brought before stays', async () => {
    await fc.assert(
      fc.asyncProperty(
        log({ formats: ['jsonl', 'csv'] }),
        log({ formats: ['jsonl', 'csv'] }),
        fc.boolean(),
        async (before, after, rotates) => {
          const room = workshop.room()
          const db = workshop.store()
          const path = write(join(room, 'app.log'), fileText(before))
          await ingestInto(db, [path])
          if (rotates) write(join(room, 'app.log.1'), fileText(before))
          write(path, fileText(after))
          await ingestInto(db, rotates ? [path, join(room, 'app.log.1')] : [path])
          expect(sorted(await storedCalls(db))).toEqual(sorted(expectedCalls([before, after])))
        },
      ),
      { numRuns: tries(3, 60) },
    )
  })
})

describe('a message that grows as it is streamed', () => {
  const line = fc.record({
    message: fc.nat(15),
    request: fc.option(fc.nat(1)),
    output: fc.nat(3),
    second: fc.nat(2),
    uuid: fc.nat(50),
  })
  type Revision = Readonly<{
    message: number
    request: number | null
    output: number
    second: number
    uuid: number
  }>

  const sessionLine = ({ message, request, output, second, uuid }: Revision): string =>
    JSON.stringify({
      type: 'assistant',
      timestamp: timeOf(second),
      sessionId: 's',
      uuid: `uuid-${String(uuid).padStart(3, '0')}`,
      ...(request === null ? {} : { requestId: `req-${request}` }),
      message: {
        id: `msg-${message}`,
        model: 'claude-haiku-4-5',
        role: 'assistant',
        usage: { input_tokens: 5, output_tokens: output },
      },
    })

  test('is one call: the largest output, then the latest time, then the smallest uuid, in any files', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(line, fc.nat(3)), { minLength: 1, maxLength: 160 }),
        fc.boolean(),
        async (lines, backwards) => {
          const best = new Map<string, Revision>()
          for (const [one] of lines) {
            const key = `msg-${one.message}`
            const known = best.get(key)
            const order =
              known && (one.output - known.output || one.second - known.second || known.uuid - one.uuid)
            if (order === undefined || order > 0) best.set(key, one)
          }
          const expected = [...best].map(([call_id, one]) => ({
            call_id,
            output_tokens: one.output,
            ts: timeOf(one.second).replace('.000Z', 'Z'),
            revision_id: `uuid-${String(one.uuid).padStart(3, '0')}`,
          }))
          const room = workshop.room()
          const files = [0, 1, 2, 3].flatMap((file) => {
            const own = lines.filter(([, at]) => at === file).map(([one]) => sessionLine(one))
            return own.length === 0 ? [] : [write(join(room, `${file}.jsonl`), own.join('\n') + '\n')]
          })
          const ordered = backwards ? [...files].reverse() : files
          const together = workshop.store()
          const summary = await ingestInto(together, ordered)
          expect(summary.totals.lines).toBe(lines.length)
          expect(summary.totals.imported).toBe(expected.length)
          const apart = workshop.store()
          for (const file of ordered) await ingestInto(apart, [file])
          for (const db of [together, apart]) {
            const rows = await ask(
              db,
              'SELECT call_id, output_tokens, ts, revision_id FROM calls ORDER BY call_id',
            )
            expect(rows).toEqual(expected.sort((a, b) => (a.call_id < b.call_id ? -1 : 1)))
          }
        },
      ),
      { numRuns: tries(3, 40) },
    )
  })
})
