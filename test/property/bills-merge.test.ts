/** Bills in several stores that are merged: what counts is the same as if one store had read every file. */
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { openStoreForReading } from '../../src/db/store.js'
import { writeCharges, type OtherBills } from '../../src/ingest/bills/other-stores.js'
import type { IngestSummary } from '../../src/ingest/summary.js'
import { askAll, forgetIn, ingestInto, Workshop, write } from './ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const header =
  'start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,line_item,project_id,organization_id'
const start = (day: number): number => Date.UTC(2026, 8, day) / 1000

/** A version of the bill of an organisation: each of its days has one line item that all versions have. */
interface Version {
  readonly org: string
  readonly days: readonly number[]
  /** Hundredths of a millionth of a dollar. */
  readonly amounts: readonly number[]
}

const version = fc.record({
  org: fc.constantFrom('org-a', 'org-b'),
  days: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
  amounts: fc.array(fc.integer({ min: -(10 ** 6), max: 10 ** 9 }), { minLength: 2, maxLength: 2 }),
})

const dollars = (amount: number): string =>
  `${amount < 0 ? '-' : ''}${Math.trunc(Math.abs(amount) / 10 ** 8)}.${String(Math.abs(amount) % 10 ** 8).padStart(8, '0')}`

const csvOf = ({ org, days, amounts }: Version): string =>
  `${header}\n${days
    .flatMap((day) =>
      amounts.map(
        (amount, i) =>
          `${start(day)},${start(day + 1)},x,x,${dollars(amount + day)},usd,,"gpt-4o, ${i === 0 ? 'input' : 'output'}",p,${org}\n`,
      ),
    )
    .join('')}`

/** The sum by the rule: of each day of an organisation, the newest version that has it. */
function sumOf(versions: readonly Version[]): bigint {
  const newest = new Map<string, bigint>()
  for (const { org, days, amounts } of versions)
    for (const day of days)
      newest.set(
        `${org} ${day}`,
        amounts.reduce((sum, amount) => sum + BigInt(amount + day), 0n),
      )
  return [...newest.values()].reduce((sum, amount) => sum + amount, 0n)
}

/** Merges the bills of a store into another, as the command does. */
async function mergeBillsOf(
  other: string,
  into: string,
  replace = false,
  dryRun = false,
  account?: string,
): Promise<IngestSummary> {
  const room = workshop.room()
  const charges = join(room, 'charges.parquet')
  const db = await openStoreForReading(other, { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5_000 }, [
    room,
  ])
  try {
    const bills: OtherBills[] = [
      { store: other, label: 'other', charges, bills: await writeCharges(db, 'other', charges) },
    ]
    const read = account === undefined ? {} : { read: { map: {}, set: { account } } }
    return await ingestInto(into, [], { bills, replace, dryRun, ...read })
  } finally {
    db.close()
  }
}

const questions = [
  `SELECT f.path, b.* EXCLUDE (file_id) FROM billed b JOIN files f ON f.file_id = b.file_id ORDER BY ALL`,
  // What is replaced wholly is not carried: a store may have it or not.
  `SELECT f.path, b.* EXCLUDE (file_id) FROM bills b JOIN files f ON f.file_id = b.file_id WHERE charges > replaced ORDER BY ALL`,
  `SELECT CAST(CAST(coalesce(sum(billed_cost), 0) * 100000000 AS BIGINT) AS VARCHAR) AS n FROM billed`,
]

const balanced = ({ files }: IngestSummary): void => {
  for (const file of files) {
    const { lines, imported, duplicates, superseded, skipped, rejected } = file
    expect(lines).toBe(imported + duplicates + superseded + skipped + rejected)
  }
}

test('files of several stores, merged in any order, count as in one store; merged again, nothing changes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(version, fc.constantFrom('a', 'b', 'both', 'team', 'a and team')), {
        minLength: 2,
        maxLength: 3,
      }),
      fc.boolean(),
      fc.boolean(),
      async (drawn, reversed, ingestsReversed) => {
        const room = workshop.room()
        const files = drawn.map(([one, where], i) => {
          const path = write(join(room, `costs ${String.fromCharCode(97 + i)}.csv`), csvOf(one))
          utimesSync(path, 1_780_000_000 + i * 1000, 1_780_000_000 + i * 1000)
          return { path, where }
        })
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
        expect(String(expected[2]![0]!['n'])).toBe(String(sumOf(drawn.map(([v]) => v))))
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
    { numRuns: 4 },
  )
})

test('what a newer bill had replaced comes back with the next merge once that is taken out', async () => {
  const room = workshop.room()
  const [older, newer] = [
    { org: 'org-a', days: [1, 2], amounts: [100, 200] },
    { org: 'org-a', days: [2, 3], amounts: [300, 400] },
  ].map((one, i) => {
    const path = write(join(room, `costs ${'ab'[i]}.csv`), csvOf(one))
    utimesSync(path, 1_780_000_000 + i * 1000, 1_780_000_000 + i * 1000)
    return path
  }) as [string, string]
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
      csvOf({ org: '', days: [1], amounts: [100 * (i + 1), 200 * (i + 1)] }),
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
  const file = write(join(workshop.room(), 'costs.csv'), csvOf({ org: 'o', days: [1], amounts: [1, 2] }))
  await ingestInto(other, [file])
  const db = await Database.open(other, 'write', { threads: 1, memoryLimit: '512MiB' })
  try {
    await db.run(statement)
  } finally {
    db.close()
  }
  await expect(mergeBillsOf(other, team)).rejects.toThrow(words)
})
