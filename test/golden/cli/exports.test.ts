/** What exports say, and the beginning of what they write, on the demo log. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, test } from 'vitest'
import { sharedFolder } from '../../e2e/program.js'
import { runWarmWell } from '../../e2e/together.js'
import { expectRecorded } from './recorded.js'

const demo = fileURLToPath(new URL('../../../fixtures/demo', import.meta.url))
const cwd = sharedFolder()
const env = { LLMCOST_DB: 'demo.duckdb' }

beforeAll(async () => {
  cpSync(demo, join(cwd, 'logs'), { recursive: true })
  await runWarmWell(['ingest', 'logs'], { cwd, env })
})

const morning = ['--since', '2026-09-26T08:00:00Z', '--until', '2026-09-26T08:10:00Z']

describe('export', () => {
  test.each<[string, string[]]>([
    ['calls-csv', ['calls', ...morning, '--format', 'csv']],
    ['calls-jsonl', ['calls', ...morning, '--format', 'jsonl']],
    ['hourly-csv', ['hourly', ...morning]],
    ['report-csv', ['report', '--as-of', '2026-09-28', '--sections', 'summary,models']],
    ['calls-file', ['calls', '--output', 'calls.csv']],
    ['calls-there-already', ['calls', '--output', 'calls.csv']],
    [
      'calls-partitions',
      ['calls', ...morning, '--partition-by', 'day', '--output', 'lake', '--format', 'jsonl'],
    ],
    ['calls-no-call', ['calls', '--since', '2027-01-01', '--until', '2027-02-01']],
    ['focus', ['focus', ...morning, '--by', 'feature,tag.tier']],
    ['focus-accounts', ['focus', ...morning, '--billing-account', 'anthropic=a-1', '--output', 'focus.csv']],
    ['focus-1.2', ['focus', ...morning, '--focus-version', '1.2', '--by', 'none']],
    ['focus-version', ['focus', '--focus-version', '1.1']],
    ['focus-billed-where', ['focus', '--billed', '--where', 'team=a']],
    ['focus-time', ['focus', '--by', 'day']],
    ['focus-account', ['focus', '--billing-account', 'openai=']],
    ['focus-jsonl', ['focus', '--format', 'jsonl']],
    ['nothing', []],
    ['unknown', ['call']],
    ['parquet-to-stdout', ['calls', '--format', 'parquet']],
    ['partitions-to-stdout', ['calls', '--partition-by', 'day']],
    ['unknown-ending', ['calls', '--output', 'calls.xlsx']],
    ['unknown-format', ['calls', '--format', 'html']],
    ['no-folder', ['calls', '--output', 'missing/calls.csv']],
  ])('%s', (name, args) => expectRecorded(`export-${name}`, ['export', ...args], { cwd, env }))
})
