/** Latency, errors and caches as people see them: in every format, narrow and wide, and where there is nothing to see. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, test } from 'vitest'
import { sharedFolder } from '../../e2e/program.js'
import { runWarmWell } from '../../e2e/together.js'
import { expectRecorded, testLooks, testQuestions } from './recorded.js'
import { serviceLog } from './service-log.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'service.duckdb' }

beforeAll(async () => {
  mkdirSync(join(cwd, 'logs'))
  for (const [name, text] of Object.entries(serviceLog)) writeFileSync(join(cwd, 'logs', name), text)
  writeFileSync(
    join(cwd, 'bare.csv'),
    'timestamp,model,input_tokens,output_tokens\n2026-10-01T08:00:00Z,gpt-4o,100,10\n',
  )
  await runWarmWell(['ingest', 'logs'], { cwd, env })
})

const latest = ['--as-of', 'latest']

describe.each(['latency', 'errors', 'cache'])('%s', (name) => {
  testLooks(name, [name, ...latest], { cwd, env })
  test('of a log without any', () =>
    expectRecorded(`${name}-bare`, [name, '--input', 'bare.csv', ...latest], { cwd, env }))
})

describe('other questions', () => {
  testQuestions(
    [
      ['latency-hour-of-day', ['latency', '--by', 'hour-of-day', ...latest, '--tz', 'Asia/Kolkata']],
      [
        'latency-top',
        ['latency', '--by', 'feature,model', '--top', '2', '--sort', 'mean_latency_ms', ...latest],
      ],
      ['latency-feature-day', ['latency', '--by', 'feature,day', '--top', '1', ...latest]],
      ['latency-none', ['latency', '--by', 'none', ...latest]],
      ['latency-empty-window', ['latency', '--since', '2025-01-01', '--until', '2025-02-01']],
      ['errors-day', ['errors', '--by', 'day', '--tz', 'America/New_York', ...latest]],
      ['errors-gap', ['errors', '--by', 'model', '--top', '1', '--gap', '2s', ...latest]],
      ['errors-none-failed', ['errors', '--where', 'feature=search', ...latest]],
      ['cache-day', ['cache', '--by', 'day', '--top', '2', ...latest]],
      ['cache-hits-only', ['cache', '--where', 'feature=faq', ...latest]],
      ['cache-none', ['cache', '--by', 'none', '--where', 'feature=support', ...latest]],
      ['wrong-gap', ['errors', '--gap', 'soon']],
      ['wrong-latency-sort', ['latency', '--sort', 'speed']],
      ['wrong-cache-by', ['cache', '--by', 'kind']],
    ],
    { cwd, env },
  )
})
