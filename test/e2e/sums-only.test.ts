/** A store that has only sums of its hours answers as the one that has the calls, and names what it leaves out. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { sharedFolder } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const cwd = sharedFolder()
const day = ['--since', '2026-10-01', '--until', '2026-10-05']

let taken = ''

beforeAll(async () => {
  const calls = Array.from({ length: 600 }, (_, i) => ({
    timestamp: new Date(Date.UTC(2026, 8, 10) + i * 3_999_000).toISOString(),
    provider: 'openai',
    model: ['gpt-4o', 'gpt-4o-mini', 'in-house'][i % 3],
    feature: ['chat', 'search'][i % 2],
    user_id: `u${i % 7}`,
    input_tokens: 100 + ((i * 7919) % 5000),
    output_tokens: 10 + ((i * 104_729) % 900),
    latency_ms: 50 + ((i * 1299) % 9000),
    status: i % 50 === 0 ? 'error' : 'ok',
  }))
  writeFileSync(join(cwd, 'calls.jsonl'), `${calls.map((call) => JSON.stringify(call)).join('\n')}\n`)
  writeFileSync(join(cwd, 'llmcost.config.yaml'), 'rollups: always\napproximate_above: 10\n')
  await runWarmWell(['trust'], { cwd })
  await runWarmWell(['ingest', 'calls.jsonl', '--db', 'whole.duckdb'], { cwd })
  writeFileSync(
    join(cwd, 'bill.csv'),
    'start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,line_item,project_id,organization_id\n1789000000,1789086400,x,x,1,usd,,"gpt-4o, input",p,org\n',
  )
  await runWarmWell(['ingest', 'bill.csv', '--db', 'whole.duckdb'], { cwd })
  taken = await runWarmWell(['merge', '--rollup', 'whole.duckdb', '--db', 'sums.duckdb'], { cwd })
})

test('bills that sums leave behind are told', () => {
  expect(taken.replaceAll(/\s+/g, ' ')).toContain('whole.duckdb: 1 charge of bills is left out')
})

const from = (db: string, args: readonly string[]): Promise<string> =>
  runWarmWell([...args, '--db', `${db}.duckdb`], { cwd })

interface Answer {
  readonly rows: readonly unknown[]
  readonly columns: readonly unknown[]
  readonly sections?: readonly { readonly id: string; readonly rows: readonly unknown[] }[]
  readonly warnings: readonly string[]
}

const json = async (db: string, args: readonly string[]): Promise<Answer> =>
  JSON.parse(await from(db, [...args, '--json'])) as Answer

test.each([
  ['breakdown', '--by', 'model'],
  ['breakdown', '--by', 'day'],
  ['breakdown', '--by', 'user', '--columns', 'calls,cost_usd,mean_cost_usd'],
  ['breakdown', '--by', 'feature', '--columns', 'p95_latency_ms,p50_cost_usd'],
  ['trend', '--by', 'feature'],
])('the same as from the calls: %s %s %s', async (...args) => {
  const [whole, sums] = [await json('whole', [...args, ...day]), await json('sums', [...args, ...day])]
  expect(sums.rows).toEqual(whole.rows)
  expect(sums.columns).toEqual(whole.columns)
  expect(sums.rows.length).toBeGreaterThan(1)
})

test('what nobody asked for by name is left out and named; what somebody asked for is refused', async () => {
  const users = await json('sums', ['breakdown', '--by', 'user', ...day])
  expect(users.warnings.join()).toContain('do not tell p50_cost_usd, p95_cost_usd: left out')
  expect(JSON.stringify(users.columns)).not.toContain('p50_cost_usd')
  expect(users.rows.length).toBeGreaterThan(6)
  const efficiency = await from('sums', ['efficiency', ...day])
  expect(efficiency).toMatch(/do not tell repeated_input_tokens,[\s\S]*sessions: left\s+out/)
  expect(efficiency).not.toContain('Input that repeats')
  const latency = await from('sums', ['latency', ...day])
  expect(latency).toContain('Latency by day')
  expect(latency).toMatch(/models of one feature side by\s+side/)
  const asked = await runWarm(
    ['breakdown', '--by', 'user', '--columns', 'p95_cost_usd', ...day, '--db', 'sums.duckdb'],
    { cwd },
  )
  expect(asked.code).toBe(1)
  expect(asked.stderr).toContain('of which the database has only sums')
})

test('forecast and budgets are as of the quarter-hour that had begun', async () => {
  const at = (time: string): string[] => ['--as-of', `2026-10-05T${time}Z`]
  for (const args of [['forecast'], ['budget', '--budget', '100']]) {
    const [whole, sums] = [
      await json('whole', [...args, ...at('13:00:00')]),
      await json('sums', [...args, ...at('13:07:33')]),
    ]
    expect(sums.rows).toEqual(whole.rows)
    expect(sums.warnings.join()).toContain('the calls since 2026-10-05T13:00Z: left out')
  }
})

test('metrics are those of the calls but for histogram and incidents, which are named', async () => {
  const args = ['metrics', '--as-of', '2026-10-05T13:00:00Z', '--by', 'model,feature']
  const own = /^(?:# \w+ )?llmcost_(?:request_duration|anomaly|ingest|last_ingest|read_timestamp|build)/
  const lines = (text: string): readonly string[] => text.split('\n').filter((line) => !own.test(line))
  const sums = await runWarm([...args, '--db', 'sums.duckdb'], { cwd })
  expect(lines(sums.stdout)).toEqual(lines(await from('whole', args)))
  expect(sums.stdout).toContain('llmcost_cost_usd_total{model="gpt-4o",feature="chat"}')
  expect(sums.stdout).not.toContain('llmcost_request_duration_seconds')
  expect(sums.stderr).toContain('do not tell the histogram of latency, open incidents: left out')
})
