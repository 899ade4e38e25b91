/** Every question on the demo log, in every format, narrow and wide, plain and in colour. */
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, test } from 'vitest'
import { sharedFolder } from '../../e2e/program.js'
import { runWarmWell } from '../../e2e/together.js'
import { expectRecorded, testLooks, testQuestions } from './recorded.js'

const demo = fileURLToPath(new URL('../../../fixtures/demo', import.meta.url))
const cwd = sharedFolder()
const env = { LLMCOST_DB: 'demo.duckdb' }

beforeAll(async () => {
  const logs = join(cwd, 'logs')
  cpSync(demo, logs, { recursive: true })
  await runWarmWell(['ingest', ...readdirSync(logs).map((name) => `logs/${name}`)], { cwd, env })
})

const latest = ['--as-of', 'latest']
const week = [...latest, '--since', '7d']
const questions: Readonly<Record<string, readonly string[]>> = {
  report: ['report', ...latest, '--budget', '300', '--full'],
  breakdown: ['breakdown', '--by', 'feature,model', '--top', '5', ...week],
  calls: ['calls', '--top', '5', ...week],
  sql: [
    'sql',
    'SELECT provider, count(*) AS calls, sum(cost_usd) AS cost_usd, max(ts) AS last FROM calls GROUP BY ALL ORDER BY ALL',
  ],
  status: ['status', '--files'],
}

describe.each(Object.entries(questions))('%s', (name, args) => {
  testLooks(name, args, { cwd, env })
})

describe('other questions', () => {
  testQuestions(
    [
      ['report-empty-window', ['report', '--as-of', '2027-03-01']],
      ['report-no-match', ['report', ...latest, '--where', 'feature=nothing']],
      ['mistyped-value', ['breakdown', ...week, '--where', 'feature=chat-asistant']],
      ['mistyped-case', ['calls', ...week, '--where', 'feature=Search']],
      ['mistyped-value-csv', ['calls', ...week, '--where', 'feature=Search', '--format', 'csv']],
      [
        'mistyped-value-csv-quiet',
        ['calls', ...week, '--where', 'feature=Search', '--format', 'csv', '--quiet'],
      ],
      ['mistyped-value-json', ['calls', ...week, '--where', 'feature=Search', '--json']],
      ['mistyped-tag', ['trend', ...week, '--where', 'tag.tear=pro']],
      ['mistyped-input', ['breakdown', '--input', 'logs', ...latest, '--where', 'model=gpt4o-mini']],
      ['mistyped-outside', ['errors', '--as-of', '2027-03-01', '--since', '7d', '--where', 'user=user31']],
      [
        'other-time',
        ['cache', '--until', '2026-08-04', '--where', 'feature=search', '--where', 'user=user-11'],
      ],
      [
        'report-berlin',
        ['report', '--full', ...latest, '--tz', 'Europe/Berlin', '--where', 'feature=search'],
      ],
      ['report-month', ['report', ...latest, '--period', 'month', '--sections', 'summary,models']],
      ['breakdown-none', ['breakdown', '--by', 'none', ...latest]],
      ['breakdown-day', ['breakdown', '--by', 'day', ...week]],
      ['breakdown-hour-of-day', ['breakdown', '--by', 'hour-of-day', ...week, '--where', 'user=user-31']],
      ['breakdown-tag', ['breakdown', '--by', 'tag.tier', ...week]],
      ['breakdown-missing', ['breakdown', '--by', 'team', ...week]],
      ['calls-failed', ['calls', '--sort', 'failed', '--top', '3', ...week]],
      ['calls-latest', ['calls', '--sort', 'latest', '--top', '3', ...week]],
      ['sql-wrong', ['sql', 'SELECT modle FROM calls']],
      ['sql-writes', ['sql', 'DELETE FROM calls']],
      ['sql-reads-file', ['sql', "SELECT * FROM read_csv('/etc/passwd')"]],
      ['sql-no-rows', ['sql', 'SELECT * FROM unpriced_models']],
      ['rejects-none', ['rejects']],
      ['explain', ['explain', 'req-024000']],
      ['explain-unknown', ['explain', 'req-0']],
      ['prices-check', ['prices', 'check']],
      ['reprice-dry-run', ['reprice', '--dry-run']],
      ['forget-unknown', ['forget', 'logs/nothing.jsonl']],
    ],
    { cwd, env },
  )
  test.each([
    ['ingest-again', ['ingest', 'logs', '--quiet']],
    ['ingest-dry-run', ['ingest', 'logs/calls-2026-09-28.jsonl.gz', '--dry-run', '--db', 'new.duckdb']],
  ])('%s', (name, args) => expectRecorded(name, args, { cwd, env }))
})
