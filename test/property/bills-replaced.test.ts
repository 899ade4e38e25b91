/** Bills that are replaced in their store replace older ones of others all the same, when these are merged. */
import { afterAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { counts, filesOf, mergeBillsOf, workshop } from './bill-versions.js'
import { forgetIn, ingestInto } from './ingesting.js'

afterAll(() => workshop.close())

/** The first shares an item with the second alone, which the third replaces: that one counts, and nothing else. */
const chain = [
  { org: 'org-a', days: [1], items: ['input'], amounts: [100] },
  { org: 'org-a', days: [1], items: ['input', 'output'], amounts: [200, 300] },
  { org: 'org-a', days: [1], items: ['output'], amounts: [400] },
] as const
test.each([
  [[0], [1, 2]],
  [[1], [0, 2]],
  [[2], [0, 1]],
])('what is replaced in its store replaces an older bill of another: %j and %j', async (some, others) => {
  const paths = filesOf(chain)
  const stores = [some, others].map((which) => ({ store: workshop.store(), which }))
  for (const { store, which } of stores) for (const i of which) await ingestInto(store, [paths[i]!])
  for (const order of [stores, stores.toReversed()]) {
    const team = workshop.store()
    for (const { store } of order) await mergeBillsOf(store, team)
    expect(await counts(team)).toBe('401')
    for (const { store } of order) {
      await mergeBillsOf(store, team, true)
      expect(await counts(team)).toBe('401')
    }
    // And a store that was merged into is merged itself.
    const beyond = workshop.store()
    await ingestInto(beyond, [paths[0]!])
    await mergeBillsOf(team, beyond)
    expect(await counts(beyond)).toBe('401')
  }
})

test('a bill that the newest no longer replaces is as good as before once both come again', async () => {
  const paths = filesOf(chain)
  const [ofMiddle, ofOthers, team] = [workshop.store(), workshop.store(), workshop.store()]
  await ingestInto(ofMiddle, [paths[1]!])
  await ingestInto(ofOthers, [paths[0]!, paths[2]!])
  for (const store of [ofMiddle, ofOthers]) await mergeBillsOf(store, team)
  await forgetIn(team, [paths[2]!])
  // What the oldest says counts again, since nothing is known of the one between.
  await mergeBillsOf(ofOthers, team)
  expect(await counts(team)).toBe(String(101 + 401))
  await mergeBillsOf(ofMiddle, team)
  expect(await counts(team)).toBe('401')
  const again = await mergeBillsOf(ofMiddle, team)
  expect(again.totals).toMatchObject({ imported: 0, rejected: 0 })
  expect(await counts(team)).toBe('401')
})

test('a bill that came without what is replaced of it gets that with the next merge', async () => {
  const paths = filesOf(chain)
  const [other, team] = [workshop.store(), workshop.store()]
  await ingestInto(other, [paths[1]!, paths[2]!])
  await mergeBillsOf(other, team)
  const db = await Database.open(team, 'write', { threads: 1, memoryLimit: '512MiB' })
  try {
    await db.run('DELETE FROM replaced_charges')
  } finally {
    db.close()
  }
  await ingestInto(team, [paths[0]!])
  expect(await counts(team)).toBe(String(101 + 401))
  await mergeBillsOf(other, team)
  expect(await counts(team)).toBe('401')
})
