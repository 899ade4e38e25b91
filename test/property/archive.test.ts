/**
 * An archive changes no answer: after any sequence of ingest, late ingest, replace, forget, archive and restore the
 * store and its files hold what a store holds that was never archived.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { StoreOptions } from '../../src/db/store-lock.js'
import { openStoreForReading } from '../../src/db/store.js'
import { CallsElsewhere, UserError } from '../../src/errors.js'
import { archive, restore, verify, type Place } from '../../src/rollups/archiving.js'
import { Workshop } from './ingesting.js'
import { cubed, steps, World, type Step } from './rollups-world.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

type Move = { readonly kind: 'archive' | 'restore'; readonly day: number }
const move: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom('archive' as const, 'archive' as const, 'restore' as const),
  day: fc.integer({ min: 2, max: 5 }),
})

/** Steps of a store, with what is done to its archive after each. */
const histories = (count: number): fc.Arbitrary<readonly (readonly [Step, Move | null])[]> =>
  fc
    .tuple(
      steps(count),
      fc.array(fc.option(move, { nil: null, freq: 4 }), { minLength: count + 1, maxLength: count + 1 }),
    )
    .map(([all, moves]) => all.map((step, i) => [step, moves[i] ?? null] as const))

const midnight = (day: number): Date => new Date(Date.UTC(2026, 9, day))

/** What is in a store and its archive, each row as a line. */
async function contentsOf(
  path: string,
  options: StoreOptions,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const db = await openStoreForReading(path, options)
  const lines = async (sql: string): Promise<readonly string[]> =>
    (await db.query(sql)).rows.map((row) => JSON.stringify(row)).toSorted()
  try {
    return {
      calls: await lines('SELECT * EXCLUDE (file_id, line) FROM calls'),
      same: await lines('SELECT * EXCLUDE (file_id, line) FROM same_calls'),
      rejects: await lines('SELECT * EXCLUDE (file_id) FROM rejects'),
      files: await lines('SELECT path, lines, imported, duplicates, superseded, rejected FROM files'),
      cells: await lines('SELECT * EXCLUDE (owner) FROM hourly_labels'),
      sketches: await lines('SELECT * EXCLUDE (owner) FROM daily_sketches'),
      users: await lines('SELECT * EXCLUDE (owner) FROM daily_users'),
    }
  } finally {
    db.close()
  }
}

type Contents = Awaited<ReturnType<typeof contentsOf>>

function expectSame(found: Contents, wanted: Contents): void {
  const differ = Object.keys(wanted).flatMap((table) => [
    ...wanted[table]!.filter((line) => !found[table]!.includes(line)).map((line) => `- ${table} ${line}`),
    ...found[table]!.filter((line) => !wanted[table]!.includes(line)).map((line) => `+ ${table} ${line}`),
  ])
  expect(differ.slice(0, 4)).toEqual([])
  for (const table of Object.keys(wanted)) expect(found[table]!.length, table).toBe(wanted[table]!.length)
}

test('a store holds the same, whatever of it is archived', async () => {
  let taken = 0
  await fc.assert(
    fc.asyncProperty(histories(tries(5, 9)), async (all) => {
      const [whole, path, room, folder] = [
        workshop.store(),
        workshop.store(),
        workshop.room(),
        workshop.room(),
      ]
      const options = { ...cubed, archive: folder }
      const place: Place = { path, options, folder }
      const plain = new World(room, whole, cubed)
      const archived = new World(room, path, options)
      for (const [step, moved] of all) {
        await plain.take(step)
        try {
          await archived.take(step)
        } catch (error) {
          if (step.kind !== 'reprice' || !(error instanceof UserError)) throw error
          await restore(place, () => true)
          await archived.take(step)
        }
        // A log without a call makes no store.
        if (!existsSync(whole)) continue
        if (moved?.kind === 'archive') {
          const { days } = await archive(place, { before: midnight(moved.day), keep: true, totalling: [] })
          taken += days.length
        }
        if (moved?.kind === 'restore')
          await restore(place, (day) => Date.parse(day) < midnight(moved.day).getTime())
        expectSame(await contentsOf(path, options), await contentsOf(whole, cubed))
      }
      await archive(place, { before: midnight(9), keep: true, totalling: [] })
      expect((await verify(place)).faults).toEqual([])
    }),
    { numRuns: tries(3, 40), endOnFailure: true },
  )
  expect(taken).toBeGreaterThan(3)
})

test('of dropped days the sums, and which calls they had, stay', async () => {
  await fc.assert(
    fc.asyncProperty(steps(0), async ([first]) => {
      const [whole, path, room] = [workshop.store(), workshop.store(), workshop.room()]
      const folder = join(room, 'archive')
      const options = { ...cubed, archive: folder }
      const place: Place = { path, options, folder }
      await new World(room, whole, cubed).take(first!)
      const world = new World(room, path, options)
      await world.take(first!)
      await archive(
        { ...place, folder: (mkdirSync(folder), folder) },
        { before: midnight(2), keep: true, totalling: [] },
      )
      await archive(place, { before: midnight(3), keep: false, totalling: [] })
      const sums = async (store: string): Promise<unknown> => {
        const db = await openStoreForReading(store, options)
        const { rows } = await db.query('SELECT * EXCLUDE (owner) FROM hourly_labels ORDER BY ALL')
        db.close()
        return rows
      }
      expect(await sums(path)).toEqual(await sums(whole))
      expect(readdirSync(folder).filter((name) => name.startsWith('calls-'))).toEqual([])
      expect((await verify(place)).faults).toEqual([])
      // The same log under another name: what was there is a duplicate, in both.
      const { kind, lines } = first as Step & { kind: 'ingest' }
      await new World(room, whole, cubed).take({ kind, lines, file: 2 })
      await world.take({ kind, lines, file: 2 })
      expect(await sums(path)).toEqual(await sums(whole))
      const db = await openStoreForReading(path, options)
      try {
        const { n } = await db.one<{ n: number }>(
          "SELECT count(*) AS n FROM rejects WHERE reason LIKE 'archived%'",
        )
        expect(n).toBe(0)
        const asked = db.query('SELECT count(*) FROM calls')
        if (JSON.stringify(first).includes('2026-10-0'))
          await expect(asked).rejects.toBeInstanceOf(CallsElsewhere)
      } finally {
        db.close()
      }
    }),
    { numRuns: tries(2, 20) },
  )
})
