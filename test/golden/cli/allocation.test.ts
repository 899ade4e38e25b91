/** Cost centers as people see them: every look of a breakdown, over time, on bills, and what is refused. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { moneyOf } from '../../../src/domain/costs/units.js'
import { sharedFolder } from '../../e2e/program.js'
import { runWarmWell } from '../../e2e/together.js'
import { testLooks, testQuestions } from './recorded.js'

const cwd = sharedFolder()
const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url))

const teams = ['search', 'ranking', 'support', 'sales', undefined, 'support', 'search'] as const

/** Two months of teams, a gateway and calls that nobody labelled; one has no price. */
const log = (): string[] =>
  Array.from({ length: 70 }, (_, i) => {
    const isGateway = i % 5 === 0
    const team = isGateway ? 'platform' : teams[i % teams.length]
    return JSON.stringify({
      timestamp: new Date(Date.UTC(2026, 8, 1, 9) + i * 20 * 3_600_000).toISOString(),
      request_id: `call-${i}`,
      model: i === 33 ? 'nobody-knows-1' : ['gpt-4o', 'gpt-4o-mini', 'claude-sonnet-4-5'][i % 3],
      feature: isGateway ? 'gateway' : ['answers', 'triage'][i % 2],
      ...(team === undefined ? {} : { team }),
      user_id: `user-${i % 4}`,
      input_tokens: 40_000 + 977 * i,
      output_tokens: 900 + 31 * i,
    })
  })

const config = `allocate:
  cost_centers:
    search: [search, ranking]
  shared:
    - { where: feature=gateway, by: cost }
    - { to: { search: 60%, support: 40% } }
  costs:
    - { name: GPU cluster, monthly: 4.2, since: 2026-09-10, by: tokens }
    - { name: observability, monthly: 0.31, since: 2026-10-01, to: platform }
`

beforeAll(async () => {
  writeFileSync(join(cwd, 'calls.jsonl'), `${log().join('\n')}\n`)
  writeFileSync(join(cwd, 'centers.yaml'), config)
  writeFileSync(
    join(cwd, 'early.yaml'),
    'allocate:\n  from: tag.squad\n  shared: [{ by: calls }]\n  costs: [{ name: GPUs, monthly: 5, since: 2026-09-01, by: calls }]\n',
  )
  writeFileSync(
    join(cwd, 'slip.yaml'),
    'allocate: { shared: [{ where: feature=gateway, to: serach }], costs: [{ name: GPUs, monthly: 5, since: 2026-09-01, to: platform }] }\n',
  )
  writeFileSync(join(cwd, 'billed.yaml'), 'allocate: { from: model, shared: [{ by: tokens }] }\n')
  cpSync(join(fixtures, 'readme/september'), join(cwd, 'september'), { recursive: true })
  writeFileSync(
    join(cwd, 'growing.yaml'),
    'allocate: { from: feature, costs: [{ name: GPU cluster, monthly: 4200, since: 2026-09-01, by: tokens }] }\n',
  )
  cpSync(join(fixtures, 'demo'), join(cwd, 'demo'), { recursive: true })
  await runWarmWell(['ingest', 'demo/'], { cwd, env: { LLMCOST_DB: 'demo.duckdb' } })
  await runWarmWell(['ingest', 'calls.jsonl'], { cwd, env: { LLMCOST_DB: 'calls.duckdb' } })
  await runWarmWell(['ingest', 'september/'], { cwd, env: { LLMCOST_DB: 'billed.duckdb' } })
  const saved = await runWarmWell(['breakdown', '--by', 'cost_center', ...latest, '--json'], { cwd, env })
  writeFileSync(join(cwd, 'saved.json'), saved)
})

const latest = ['--as-of', 'latest']
const env = { LLMCOST_DB: 'calls.duckdb', LLMCOST_CONFIG: 'centers.yaml' }
const early = { ...env, LLMCOST_CONFIG: 'early.yaml' }
const slip = { ...env, LLMCOST_CONFIG: 'slip.yaml' }
const billed = { LLMCOST_DB: 'billed.duckdb', LLMCOST_CONFIG: 'billed.yaml' }

describe('cost centers', () => {
  testLooks('allocation', ['breakdown', '--by', 'cost_center', ...latest], { cwd, env })
})

describe('over time', () => {
  testLooks('allocation-trend', ['trend', '--every', 'month', '--by', 'cost_center', ...latest], { cwd, env })
})

testQuestions(
  [
    [
      'allocation-by-feature',
      ['breakdown', '--by', 'cost_center,feature', ...latest, '--since', '2026-10-05'],
    ],
    ['allocation-where', ['breakdown', '--by', 'feature', '--where', 'cost_center=support', ...latest]],
    ['allocation-where-nobody', ['breakdown', '--by', 'feature', '--where', 'cost_center=suport', ...latest]],
    ['allocation-nobody', ['breakdown', '--by', 'cost-center', ...latest], early],
    ['allocation-slip', ['breakdown', '--by', 'cost_center', ...latest], slip],
    ['allocation-none', ['breakdown', '--by', 'cost_center'], { LLMCOST_DB: 'calls.duckdb' }],
    ['allocation-by-user', ['breakdown', '--by', 'cost_center,user']],
    ['allocation-where-cost', ['breakdown', '--by', 'cost_center', '--where', 'cost_usd>0.1']],
    ['allocation-forecast', ['forecast', '--where', 'cost_center=search']],
    ['allocation-compare', ['compare', '--by', 'cost_center']],
    ['allocation-compare-saved', ['compare', '--against', 'saved.json', ...latest]],
    ['allocation-billed', ['breakdown', '--by', 'cost_center', '--cost', 'billed', ...latest], billed],
  ],
  { cwd, env },
)

test('bills and their cost centers come to the same', async () => {
  const sumBy = async (by: string): Promise<bigint> => {
    const args = ['breakdown', '--by', by, '--cost', 'billed', '--columns', 'cost_usd', '--csv']
    const [, ...rows] = (await runWarmWell([...args, ...latest], { cwd, env: billed })).trim().split(/\r?\n/)
    return rows.reduce((sum, row) => sum + moneyOf(row.split(',').at(-1)!), 0n)
  }
  const plain = await sumBy('model')
  expect(plain).toBe(moneyOf('4.0256525'))
  expect(await sumBy('cost_center')).toBe(plain)
})

testQuestions([['allocation-growth', ['trend', '--every', 'week', '--by', 'cost_center', ...latest]]], {
  cwd,
  env: { LLMCOST_DB: 'demo.duckdb', LLMCOST_CONFIG: 'growing.yaml' },
})
