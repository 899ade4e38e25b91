/** Figures over time as people see them: on the demo log, and on small logs that grow or cross a change of the clock. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe } from 'vitest'
import { demoIn } from '../../e2e/demo.js'
import { sharedFolder } from '../../e2e/program.js'
import { testLooks, testQuestions } from './recorded.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'demo.duckdb' }
const hourMs = 3_600_000
const dayMs = 24 * hourMs

const record = (at: number, feature: string | undefined, cost: number): string =>
  JSON.stringify({
    timestamp: new Date(at).toISOString(),
    request_id: `${feature}-${at}`,
    model: 'own-model',
    feature,
    user_id: 'u1',
    input_tokens: 1000,
    output_tokens: 100,
    cost_usd: cost,
  })

/** Nine weeks from a Monday, a call a day: one feature grows by an eighth a week, one begins late, one is tiny. */
function growingLog(): string[] {
  const start = Date.UTC(2026, 5, 1, 12)
  return Array.from({ length: 64 }, (_, day) => {
    const at = start + day * dayMs
    const week = Math.floor(day / 7)
    return [
      record(at, 'search', 2 * 1.125 ** week),
      record(at + hourMs, undefined, 5),
      record(at + 2 * hourMs, 'tiny', 0.001 * 2 ** week),
      ...(day >= 32 ? [record(at + 3 * hourMs, 'new one', 1 + 0.4 * week)] : []),
    ]
  }).flat()
}

/** An hour of calls every half hour around the autumn of 2026 in Berlin. */
const autumnLog = (): string[] =>
  Array.from({ length: 12 }, (_, i) =>
    record(Date.UTC(2026, 9, 24, 22) + i * (hourMs / 2), 'chat', (i + 1) / 100),
  )

beforeAll(async () => {
  await demoIn(cwd)
  writeFileSync(join(cwd, 'growing.jsonl'), `${growingLog().join('\n')}\n`)
  writeFileSync(join(cwd, 'autumn.jsonl'), `${autumnLog().join('\n')}\n`)
  writeFileSync(join(cwd, 'one.jsonl'), `${record(Date.UTC(2026, 9, 1, 9, 30), 'chat', 0.25)}\n`)
  mkdirSync(join(cwd, 'empty'))
})

const latest = ['--as-of', 'latest']
const questions: Readonly<Record<string, readonly string[]>> = {
  trend: ['trend', ...latest, '--since', '12d'],
  'trend-by': ['trend', ...latest, '--by', 'feature', '--top', '4'],
  'trend-growth': ['trend', ...latest, '--every', 'week', '--input', 'growing.jsonl'],
}

describe.each(Object.entries(questions))('%s', (name, args) => {
  testLooks(name, args, { cwd, env }, ['--since', '3d'])
})

const berlin = ['--tz', 'Europe/Berlin', '--input', 'autumn.jsonl']
describe('other questions', () => {
  testQuestions(
    [
      ['trend-week', ['trend', ...latest, '--every', 'week', '--tz', 'America/New_York']],
      ['trend-month', ['trend', ...latest, '--every', 'month', '--metric', 'calls,error_rate']],
      [
        'trend-metrics-by',
        ['trend', ...latest, '--by', 'model', '--metric', 'calls,mean_latency_ms', '--every', 'week'],
      ],
      ['trend-share', ['trend', ...latest, '--by', 'feature,model', '--metric', 'cost_share', '--top', '2']],
      ['trend-autumn', ['trend', '--as-of', '2026-10-25T03:30Z', '--every', 'hour', ...berlin]],
      [
        'trend-autumn-json',
        ['trend', '--as-of', '2026-10-25T03:30Z', '--every', 'hour', ...berlin, '--json'],
      ],
      ['trend-hours', ['trend', ...latest, '--every', 'hour', '--since', '200h', '--metric', 'users']],
      ['trend-one-call', ['trend', '--as-of', '2026-10-03T09:00Z', '--input', 'one.jsonl']],
      ['trend-empty-window', ['trend', '--as-of', '2027-03-01']],
      ['trend-no-match', ['trend', ...latest, '--where', 'feature=nothing', '--json']],
      ['trend-empty-folder', ['trend', '--input', 'empty']],
      ['trend-wrong-every', ['trend', '--every', 'fortnight']],
      ['trend-wrong-moment', ['trend', '--metric', 'cost_usd,last-ts']],
      ['trend-wrong-by', ['trend', '--by', 'feature,weekday']],
      ['trend-wrong-top', ['trend', '--by', 'user', '--top', '5000']],
      ['trend-too-many', ['trend', '--every', 'hour', '--since', '2026-08-01', '--until', '2099-01-01']],
    ],
    { cwd, env },
  )
})
