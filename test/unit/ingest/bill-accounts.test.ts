/** Bills of two accounts of one biller and day: kept apart where their data tell them apart, warned of where not. */
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ask, forgetIn, ingestInto, Workshop, write } from '../../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

interface Item {
  readonly project?: string
  readonly org?: string
  readonly amount: string
}

let made = 0

/** A page of OpenAI's costs API. */
function page(items: readonly Item[]): string {
  const results = items.map(({ project, org, amount }) => ({
    object: 'organization.costs.result',
    amount: { value: amount, currency: 'usd' },
    line_item: 'gpt-4o, input',
    project_id: project ?? null,
    organization_id: org ?? null,
  }))
  const bucket = { object: 'bucket', start_time: 1_789_000_000, end_time: 1_789_086_400, results }
  const path = write(
    join(workshop.room(), 'costs.json'),
    JSON.stringify({ object: 'page', data: [bucket], has_more: false }),
  )
  utimesSync(path, 1_790_000_000 + ++made, 1_790_000_000 + made)
  return path
}

const billed = async (db: string): Promise<string> =>
  String(
    (await ask(db, 'SELECT CAST(CAST(sum(billed_cost) AS DECIMAL(38,2)) AS VARCHAR) AS n FROM billed'))[0]![
      'n'
    ],
  )

test('two organizations that are named stand beside each other, in any order', async () => {
  const [a, b] = [page([{ org: 'org-a', amount: '1' }]), page([{ org: 'org-b', amount: '2' }])]
  for (const order of [
    [a, b],
    [b, a],
  ]) {
    const db = workshop.store()
    for (const path of order) expect((await ingestInto(db, [path])).notes).toEqual([])
    expect(await billed(db)).toBe('3.00')
  }
})

test('without an organization, ids of projects tell two apart, though both have charges of none', async () => {
  const [a, b] = ['proj_AAAAAA1', 'proj_BBBBBB2'].map((project, i) =>
    page([{ amount: String(i + 1) }, { project, amount: '10' }]),
  ) as [string, string]
  const corrected = page([{ amount: '5' }, { project: 'proj_BBBBBB2', amount: '10' }])
  const db = workshop.store()
  for (const path of [a, b]) expect((await ingestInto(db, [path])).notes).toEqual([])
  expect(await billed(db)).toBe('23.00')
  // The same projects are the same account: the newer bill takes the place of the older.
  expect((await ingestInto(db, [corrected])).notes).toHaveLength(1)
  expect(await billed(db)).toBe('26.00')
})

test('names, which may change, tell nothing apart', async () => {
  const db = workshop.store()
  for (const project of ['Production', 'Prod'])
    await ingestInto(db, [page([{ amount: '1' }, { project, amount: '10' }])])
  expect(await billed(db)).toBe('11.00')
})

test('where nothing tells, the newer counts with a warning that says what to do, and doing it helps', async () => {
  const [a, b] = [page([{ amount: '1' }]), page([{ amount: '2' }])]
  const db = workshop.store()
  await ingestInto(db, [a])
  const { notes } = await ingestInto(db, [b])
  expect(notes.join()).toContain('ingest each with --set account=NAME')
  expect(await billed(db)).toBe('2.00')
  await forgetIn(db, [a, b])
  expect((await ingestInto(db, [a], { read: { set: { account: 'one' } } })).notes).toEqual([])
  expect((await ingestInto(db, [b], { read: { set: { account: 'two' } } })).notes).toEqual([])
  expect(await billed(db)).toBe('3.00')
})

test('an account that the bill names is not overridden, and one given to a log is told', async () => {
  const db = workshop.store()
  const log = write(
    join(workshop.room(), 'log.jsonl'),
    `${JSON.stringify({ timestamp: '2026-09-20T10:00:00Z', model: 'gpt-4o', input_tokens: 1, output_tokens: 1 })}\n`,
  )
  const { files } = await ingestInto(db, [page([{ org: 'org-a', amount: '1' }]), log], {
    read: { set: { account: 'mine' } },
  })
  expect(await ask(db, 'SELECT DISTINCT account FROM billed')).toEqual([{ account: 'org-a' }])
  expect(files.map(({ note }) => note)).toEqual([null, expect.stringContaining('is of bills')])
  expect(files.map(({ imported }) => imported)).toEqual([1, 1])
})
