/** Bills in several stores that are merged: what counts is the same as if one store had read every file. */
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import type { IngestSummary } from '../../src/ingest/summary.js'
import {
  anywhere,
  csvOf,
  filesOf,
  mergeBillsOf,
  questions,
  replacedElsewhere,
  sumOf,
  workshop,
} from './bill-versions.js'
import { tries } from './seed.js'
import { askAll, forgetIn, ingestInto, write } from './ingesting.js'

afterAll(() => workshop.close())

const balanced = ({ files }: IngestSummary): void => {
  for (const file of files) {
    const { lines, imported, duplicates, superseded, skipped, rejected } = file
    expect(lines).toBe(imported + duplicates + superseded + skipped + rejected)
  }
}

test('files of several stores, merged in any order, count as in one store; merged again, nothing changes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(anywhere, replacedElsewhere),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      async (drawn, reversed, ingestsReversed, atOnce) => {
        const versions = drawn.map(([one]) => one)
        const paths = filesOf(versions, atOnce)
        const files = drawn.map(([, where], i) => ({ path: paths[i]!, where }))
        const order = ingestsReversed ? files.toReversed() : files
        const [one, a, b, team] = [workshop.store(), workshop.store(), workshop.store(), workshop.store()]
        const ofA = ['a', 'both', 'a and team']
        const ofB = ['b', 'both']
        const parts = [
          { store: one, paths: order },
          { store: a, paths: order.filter(({ where }) => ofA.includes(where)) },
          { store: b, paths: order.filter(({ where }) => ofB.includes(where)) },
          { store: team, paths: order.filter(({ where }) => where.endsWith('team')) },
        ]
        for (const { store, paths } of parts) for (const { path } of paths) await ingestInto(store, [path])
        // A store is made by what it reads.
        const made = parts.filter(({ paths }) => paths.length > 0).map(({ store }) => store)
        const sources = (reversed ? [b, a] : [a, b]).filter((store) => made.includes(store))
        for (const store of sources) balanced(await mergeBillsOf(store, team))
        const expected = await askAll(one, questions)
        expect(await askAll(team, questions)).toEqual(expected)
        if (!atOnce) expect(String(expected[2]![0]!['n'])).toBe(String(sumOf(versions)))
        const before = await askAll(team, ['SELECT * FROM files ORDER BY ALL'])
        for (const store of sources) {
          const again = await mergeBillsOf(store, team)
          balanced(again)
          expect(again.totals).toMatchObject({ imported: 0, rejected: 0 })
        }
        expect(await askAll(team, questions)).toEqual(expected)
        expect(await askAll(team, ['SELECT * FROM files ORDER BY ALL'])).toEqual(before)
        for (const store of sources) await mergeBillsOf(store, team, true)
        expect((await askAll(team, questions))[2]).toEqual(expected[2])
      },
    ),
    { numRuns: tries(5, 20) },
  )
})

test('what a newer bill had replaced comes back with the next merge once that is taken out', async () => {
  const [older, newer] = filesOf(
    [
      { days: [1, 2], amounts: [100, 200] },
      { days: [2, 3], amounts: [300, 400] },
    ].map((one) => ({ org: 'org-a', items: ['input', 'output'], ...one }) as const),
  ) as [string, string]
  const [other, team] = [workshop.store(), workshop.store()]
  await ingestInto(other, [older])
  await ingestInto(team, [newer])
  const sum = async (): Promise<unknown> => (await askAll(team, [questions[2]!]))[0]![0]!['n']
  await mergeBillsOf(other, team)
  const both = 302 + 704 + 706
  expect(await sum()).toBe(String(both))
  await forgetIn(team, [newer])
  expect(await sum()).toBe('302')
  await mergeBillsOf(other, team)
  expect(await sum()).toBe(String(302 + 304))
  await ingestInto(team, [newer])
  expect(await sum()).toBe(String(both))
  // A rehearsal of --replace leaves aside what would go: only the newer bill stands in its way.
  expect((await mergeBillsOf(other, team, true, true)).totals).toMatchObject({ imported: 2, superseded: 2 })
  // Its own file says no more than what came by the other store.
  await ingestInto(team, [older])
  expect(await sum()).toBe(String(both))
})

test('where nothing tells accounts apart, what is said to do does it: of databases, files, and one of each', async () => {
  const room = workshop.room()
  const bills = ['a', 'b'].map((name, i) => {
    const path = write(
      join(room, `${name}.csv`),
      csvOf({ org: '', days: [1], items: ['input', 'output'], amounts: [100 * (i + 1), 200 * (i + 1)] }),
    )
    utimesSync(path, 1_780_000_000 + i * 1000, 1_780_000_000 + i * 1000)
    return path
  })
  const stores = [workshop.store(), workshop.store()]
  for (const [i, store] of stores.entries()) await ingestInto(store, [bills[i]!])
  type Bring = (into: string, account?: string) => Promise<IngestSummary>
  const sources = stores.map((store, i): readonly Bring[] => [
    (into, account) => mergeBillsOf(store, into, false, false, account),
    (into, account) =>
      ingestInto(into, [bills[i]!], account === undefined ? {} : { read: { map: {}, set: { account } } }),
  ])
  const words = [
    'llmcost forget both databases, and merge each',
    'llmcost forget the file and the database, ingest the one and merge the other, each',
    'llmcost forget both files, and ingest each',
  ]
  for (const first of [0, 1])
    for (const second of [0, 1]) {
      const both = [sources[0]![first]!, sources[1]![second]!]
      const team = workshop.store()
      await both[0]!(team)
      const { notes } = await both[1]!(team)
      expect(notes.join()).toContain(`${words[first + second]} with --set account=NAME`)
      if (first === 0) expect(notes.join()).toContain(`${stores[0]}: ${bills[0]} says`)
      const sum = async (): Promise<unknown> => (await askAll(team, [questions[2]!]))[0]![0]!['n']
      expect(await sum()).toBe('602')
      await forgetIn(team, bills)
      for (const [i, bring] of both.entries()) expect((await bring(team, `account-${i}`)).notes).toEqual([])
      expect(await sum()).toBe(String(302 + 602))
    }
})

test.each([
  ['UPDATE billed SET billed_cost = 10000000000000000000', 'too large to be added up'],
  ['DELETE FROM bills', 'not of one bill each'],
])('a store whose bills were tampered with is refused: %s', async (statement, words) => {
  const [other, team] = [workshop.store(), workshop.store()]
  const file = write(
    join(workshop.room(), 'costs.csv'),
    csvOf({ org: 'o', days: [1], items: ['input', 'output'], amounts: [1, 2] }),
  )
  await ingestInto(other, [file])
  const db = await Database.open(other, 'write', { threads: 1, memoryLimit: '512MiB' })
  try {
    await db.run(statement)
  } finally {
    db.close()
  }
  await expect(mergeBillsOf(other, team)).rejects.toThrow(words)
})
