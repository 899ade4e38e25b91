/** `llmcost merge`: the calls of several machines, each once. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder } from './program.js'
import { runWarm, runWarmWell } from './together.js'

/** gpt-4o, USD per million tokens: $2.50 input, $10 output. */
const line = (n: number, more: object = {}): string =>
  `${JSON.stringify({ timestamp: `2026-09-2${n}T10:00:00Z`, call_id: `chatcmpl-${'0'.repeat(12)}${n}`, model: 'gpt-4o', input_tokens: 1000 * n, output_tokens: 100, ...more })}\n`
const costOf = (...calls: readonly number[]): number =>
  calls.reduce((sum, n) => sum + (1000 * n * 2.5 + 100 * 10) / 1e6, 0)

const totals = async (cwd: string, db: string, by = 'tag.host'): Promise<Record<string, unknown>> => {
  const asked = ['breakdown', '--by', by, '--since', '2026-09-01', '--json', '--db', db]
  return JSON.parse(await runWarmWell(asked, { cwd })) as Record<string, unknown>
}
const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

test('a call that two machines have counts once; what did not change brings nothing; none is written to', async () => {
  const cwd = emptyFolder()
  writeFileSync(join(cwd, 'a.jsonl'), line(1) + line(2))
  // No id: these lines are told apart by what they say.
  writeFileSync(join(cwd, 'b.jsonl'), line(2) + line(3) + line(4, { call_id: undefined }))
  await runWarmWell(['ingest', 'a.jsonl', '--db', 'ada.duckdb'], { cwd })
  await runWarmWell(['ingest', 'b.jsonl', '--db', 'bob.duckdb'], { cwd })
  const before = ['ada.duckdb', 'bob.duckdb'].map((name) => hashOf(join(cwd, name)))
  const team = ['--db', 'team.duckdb']
  const rehearsal = await runWarmWell(['merge', 'ada.duckdb', '--dry-run', ...team], { cwd })
  expect(rehearsal).toContain('calls to come  2')
  await runWarmWell(['merge', 'ada.duckdb', '--set', 'tag.host=ada', ...team], { cwd })
  await runWarmWell(['merge', 'bob.duckdb', '--set', 'tag.host=bob', ...team], { cwd })
  const merged = await totals(cwd, 'team.duckdb')
  expect(merged['totals']).toMatchObject({ calls: 4 })
  expect(Number((merged['totals'] as { cost_usd: unknown }).cost_usd)).toBeCloseTo(costOf(1, 2, 3, 4), 12)
  const again = await runWarmWell(['merge', 'ada.duckdb', '--set', 'tag.host=ada', ...team], { cwd })
  expect(again).toContain('1 unchanged since the last time')
  // The logs themselves bring nothing that the databases had not.
  await runWarmWell(['ingest', 'a.jsonl', 'b.jsonl', ...team], { cwd })
  expect((await totals(cwd, 'team.duckdb', 'model'))['totals']).toMatchObject({ calls: 4 })
  expect(['ada.duckdb', 'bob.duckdb'].map((name) => hashOf(join(cwd, name)))).toEqual(before)
})

test('a database that grew brings what is new in it', async () => {
  const cwd = emptyFolder()
  writeFileSync(join(cwd, 'a.jsonl'), line(1))
  await runWarmWell(['ingest', 'a.jsonl', '--db', 'ada.duckdb'], { cwd })
  await runWarmWell(['merge', 'ada.duckdb', '--db', 'team.duckdb'], { cwd })
  writeFileSync(join(cwd, 'a.jsonl'), line(1) + line(2))
  await runWarmWell(['ingest', 'a.jsonl', '--db', 'ada.duckdb'], { cwd })
  await runWarmWell(['merge', 'ada.duckdb', '--db', 'team.duckdb'], { cwd })
  expect((await totals(cwd, 'team.duckdb', 'model'))['totals']).toMatchObject({ calls: 2 })
})

test('what is no database, not there, or the one itself is refused by name', async () => {
  const cwd = emptyFolder()
  writeFileSync(join(cwd, 'a.jsonl'), line(1))
  await runWarmWell(['ingest', 'a.jsonl', '--db', 'ada.duckdb'], { cwd })
  const refusals = []
  for (const name of ['a.jsonl', 'gone.duckdb', 'ada.duckdb']) {
    const { code, stderr } = await runWarm(['merge', name, '--db', 'ada.duckdb'], { cwd })
    refusals.push([code === 0, stderr.split('\n')[0]])
    // Of the databases that are merged none is named by an option.
    expect(stderr.includes('--db')).toBe(name === 'ada.duckdb')
  }
  expect(refusals).toEqual([
    [false, expect.stringContaining('a.jsonl: this file is not a database of llmcost')],
    [false, 'llmcost: gone.duckdb: no such database'],
    [false, 'llmcost: ada.duckdb: it is the database that is merged into'],
  ])
})

test('bills come along, each once, and go with the database that brought them', async () => {
  const cwd = emptyFolder()
  const bill = (amount: string, org: string): string =>
    `start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,line_item,project_id,organization_id\n1789000000,1789086400,x,x,${amount},usd,,"gpt-4o, input",p,${org}\n`
  writeFileSync(join(cwd, 'a.jsonl'), line(1))
  writeFileSync(join(cwd, 'ada.csv'), bill('1.000000000000000001', 'org-a'))
  writeFileSync(join(cwd, 'bob.csv'), bill('2.5', 'org-b'))
  await runWarmWell(['ingest', 'a.jsonl', 'ada.csv', '--db', 'ada.duckdb'], { cwd })
  await runWarmWell(['ingest', 'ada.csv', 'bob.csv', '--db', 'bob.duckdb'], { cwd })
  const team = ['--db', 'team.duckdb']
  const billed = async (): Promise<string> =>
    (
      await runWarmWell(
        ['sql', 'SELECT count(*) AS n, sum(billed_cost) AS s FROM billed', '--csv', ...team],
        { cwd },
      )
    ).trim()
  const rehearsal = await runWarmWell(['merge', 'ada.duckdb', 'bob.duckdb', '--dry-run', ...team], { cwd })
  expect(rehearsal).toContain('What bills say')
  const merged = JSON.parse(
    await runWarmWell(['merge', 'ada.duckdb', 'bob.duckdb', '--json', ...team], { cwd }),
  ) as { sections: { id: string; rows: Record<string, unknown>[] }[] }
  const files = merged.sections
    .find(({ id }) => id === 'files')!
    .rows.toSorted((x, y) => (String(x['path']) < String(y['path']) ? -1 : 1))
  // Each database, then its bills; one holds no calls, and a bill that the other has.
  expect(files.map((row) => [row['state'], row['lines'], row['imported'], row['duplicates']])).toEqual([
    ['read', 1, 1, 0],
    ['read', 1, 1, 0],
    ['empty', 0, 0, 0],
    ['read', 1, 0, 1],
    ['read', 1, 1, 0],
  ])
  expect(await billed()).toBe('n,s\n2,3.500000000000000001')
  const again = await runWarmWell(['merge', 'ada.duckdb', ...team], { cwd })
  expect(again).toContain('2 unchanged since the last time')
  expect(await runWarmWell(['forget', 'bob.duckdb', ...team], { cwd })).toContain('forgot 1 charges')
  expect(await runWarmWell(['forget', 'ada.duckdb', ...team], { cwd })).toContain('forgot 1 calls, 1 charges')
  expect(await billed()).toBe('n,s\n0,')
})
