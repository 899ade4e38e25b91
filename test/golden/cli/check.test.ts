/** Rules on the demo log: what fires, what would have, and what is said of rules that are wrong. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, test } from 'vitest'
import { demoIn } from '../../e2e/demo.js'
import { sharedFolder } from '../../e2e/program.js'
import { expectRecorded, testLooks, testQuestions } from './recorded.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'demo.duckdb', LLMCOST_CONFIG: 'rules.yaml' }

const rules = `
budgets:
  - monthly: 100
  - {name: Search, weekly: 3, feature: search}
user_caps: {daily_usd: 3, request_tokens: 60000}
rules:
  - {kind: budget_used, over: 50%}
  - {kind: budget_forecast, severity: critical}
  - {name: dear hour, kind: cost, over: 1, by: feature}
  - {kind: cost_spike, min_usd: 0.5}
  - {kind: unusual_cost, by: feature, tests: [spike, sustained, drop]}
  - {kind: call_cost, over: 0.25, message: 'a call cost {measured} (severity {severity}, since {since})'}
  - {kind: user_share, over: 5%}
  - {kind: user_caps}
  - {kind: error_rate, over: 2%, window: 2h}
  - {kind: truncation_rate, by: feature, for: 6h}
  - {kind: p95_latency, over: 10s}
  - {kind: cache_hit_rate, under: 20%, where: feature=search}
  - {kind: growth, by: feature}
  - {kind: no_data, enabled: false}
  - {kind: p95_input_over_mean, over: 3}
  - name: dear users
    kind: sql
    window: 1d
    sql: |
      SELECT user_id AS value, sum(cost_usd) AS measured, user_id || ' spent a lot' AS text
      FROM calls WHERE ts >= $since AND ts < $as_of GROUP BY ALL HAVING sum(cost_usd) > 3
`
const failing = `
rules:
  - {kind: p95_input_over_mean, over: 3}
  - {name: wrong, kind: sql, sql: SELECT modle FROM calls}
  - {name: writes, kind: sql, sql: DELETE FROM calls}
  - {name: reads, kind: sql, sql: "SELECT * FROM read_csv('/etc/passwd')"}
  - {name: two, kind: sql, sql: SELECT 1; SELECT 2}
  - {kind: budget_used, budget: Nothing}
budgets: [{monthly: 100}]
`

beforeAll(async () => {
  await demoIn(cwd)
  writeFileSync(join(cwd, 'rules.yaml'), rules)
  writeFileSync(join(cwd, 'failing.yaml'), failing)
  writeFileSync(join(cwd, 'none.yaml'), 'tz: UTC\n')
  writeFileSync(
    join(cwd, 'idle.yaml'),
    'rules: [{kind: budget_used}, {kind: user_share}, {kind: user_caps}]\n',
  )
  mkdirSync(join(cwd, 'new'))
  writeFileSync(join(cwd, 'new', 'empty.jsonl'), '')
})

const asOf = ['--as-of', '2026-09-23T12:00Z']
const questions: Readonly<Record<string, readonly string[]>> = {
  check: ['check', ...asOf],
  'check-dry-run': ['check', '--dry-run', '--as-of', '2026-09-28T09:00Z'],
}

describe.each(Object.entries(questions))('%s', (name, args) => {
  testLooks(name, args, { cwd, env })
})

const config = (file: string): Record<string, string> => ({ ...env, LLMCOST_CONFIG: file })

describe('other checks', () => {
  testQuestions(
    [
      ['check-quiet', ['check', '--only', 'p95_input_over_mean', '--as-of', '2026-08-10']],
      [
        'check-quiet-csv',
        ['check', '--only', 'p95_input_over_mean', '--as-of', '2026-08-10', '--format', 'csv'],
      ],
      ['check-quiet-json', ['check', '--only', 'p95_input_over_mean', '--as-of', '2026-08-10', '--json']],
      ['check-severity', ['check', ...asOf, '--severity', 'critical', '--quiet']],
      ['check-disabled-by-name', ['check', '--only', 'no_data', '--as-of', '2026-10-03']],
      ['check-held-for-long', ['check', '--only', 'no_data', '--as-of', '2026-11-21']],
      ['check-only-unknown', ['check', '--only', 'eror_rate']],
      ['check-days-alone', ['check', '--days', '7']],
      [
        'check-berlin',
        [
          'check',
          ...asOf,
          '--tz',
          'Europe/Berlin',
          '--only',
          'user_caps',
          '--only',
          'unusual_cost by feature',
        ],
      ],
      ['check-failing', ['check', ...asOf], config('failing.yaml')],
      ['check-failing-dry-run', ['check', '--dry-run', '--days', '2', ...asOf], config('failing.yaml')],
      ['check-no-rules', ['check'], config('none.yaml')],
      ['check-no-config', ['check', '--json'], config('/dev/null')],
      ['check-idle', ['check', ...asOf, '--json'], config('idle.yaml')],
      ['check-input', ['check', ...asOf, '--input', 'logs', '--only', 'user_caps']],
      ['check-no-calls', ['check', '--input', 'new/empty.jsonl', '--only', 'error_rate', ...asOf]],
    ],
    { cwd, env },
  )
  test.each([
    ['init-rules', ['init', '--rules', 'new/llmcost.config.yaml'], config('/dev/null')],
    ['init-rules-check', ['check', '--dry-run', '--as-of', 'latest'], config('new/llmcost.config.yaml')],
  ] as const)('%s', (name, args, own) => expectRecorded(name, args, { cwd, env: own }))
})
