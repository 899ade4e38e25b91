/** What a person sees when something is missing, in the way, or not what it should be. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, test } from 'vitest'
import { sharedFolder } from '../../e2e/program.js'
import { expectRecorded } from './recorded.js'

const cwd = sharedFolder()

const call = (n: number): string =>
  `{"ts": "2026-10-0${n}T08:00:00Z", "model": "gpt-4o", "user": "u${n}", "input_tokens": 100, "output_tokens": 10}\n`

beforeAll(() => {
  const files = {
    'calls.jsonl': [1, 2, 3, 4, 5, 6].map(call).join(''),
    'some-bad.jsonl': `${[1, 2, 3, 4, 5, 6].map(call).join('')}{"ts": "soon", "model": "gpt-4o", "input_tokens": 1}\n`,
    'most-bad.jsonl': `${call(1)}{"ts": "2026-10-01T08:00:00Z"\nnothing\n{"ts": 7, "input_tokens": -1}\n`,
    'unlike.jsonl': '{"when": "2026-10-01T08:00:00Z", "words": 100}\n',
    'unlike.csv': 'When,Who,In,Out\n2026-10-01,ann,1,2\n',
    'empty.jsonl': '',
    'picture.png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]),
    'unpriced.jsonl': call(1).replace('gpt-4o', 'our-own-model') + call(2),
    'text.duckdb': 'this is a text\n',
    'newer.json': '{"db": "x.duckdb", "colour": true}',
    'home.yaml': 'db: ~/costs.duckdb\n',
    'broken.json': '{"db": ',
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content)
  mkdirSync(join(cwd, 'nothing-in-it'))
})

describe('no database yet', () => {
  test.each([
    ['report', ['report']],
    ['breakdown', ['breakdown']],
    ['sql', ['sql', 'SELECT 1']],
    ['status', ['status']],
    ['rejects', ['rejects']],
    ['forget', ['forget', 'calls.jsonl']],
    ['reprice', ['reprice']],
    ['json', ['report', '--json']],
  ])('%s', (name, args) => expectRecorded(`no-database-${name}`, args, { cwd }))
})

describe('files', () => {
  const db = ['--db', 'files.duckdb']
  test.each([
    ['missing', ['ingest', 'cals.jsonl', ...db]],
    ['missing-glob', ['ingest', '*.jsn', ...db]],
    ['empty-folder', ['ingest', 'nothing-in-it', ...db]],
    ['empty-file', ['ingest', 'empty.jsonl', ...db]],
    ['picture', ['ingest', 'picture.png', ...db]],
    ['unlike-json', ['ingest', 'unlike.jsonl', ...db]],
    ['unlike-csv', ['ingest', 'unlike.csv', ...db]],
    ['unknown-importer', ['ingest', 'calls.jsonl', '--from', 'bedrok', ...db]],
    ['wrong-importer', ['ingest', 'calls.jsonl', '--from', 'bedrock', ...db]],
    ['some-bad', ['ingest', 'some-bad.jsonl', ...db]],
    ['some-bad-strict', ['ingest', 'some-bad.jsonl', '--strict', '--db', 'strict.duckdb']],
    ['most-bad', ['ingest', 'most-bad.jsonl', 'calls.jsonl', '--db', 'most.duckdb']],
    ['stdin', ['ingest', '-', '--db', 'stdin.duckdb']],
    ['input-missing', ['report', '--input', 'cals.jsonl']],
    ['input-empty-folder', ['report', '--input', 'nothing-in-it']],
    ['input-unlike', ['report', '--input', 'unlike.jsonl']],
    ['input-some-bad', ['report', '--input', 'some-bad.jsonl', '--as-of', '2026-10-08']],
    ['input-unpriced', ['report', '--input', 'unpriced.jsonl', '--as-of', '2026-10-08']],
  ])('%s', (name, args) => expectRecorded(`files-${name}`, args, { cwd, input: call(7) }))
})

describe('the database', () => {
  test.each([
    ['text', ['report', '--db', 'text.duckdb']],
    ['ingest-into-text', ['ingest', 'calls.jsonl', '--db', 'text.duckdb']],
    ['folder', ['report', '--db', 'nothing-in-it']],
    ['ingest-into-folder', ['ingest', 'calls.jsonl', '--db', 'nothing-in-it']],
    ['ingest-below-file', ['ingest', 'calls.jsonl', '--db', 'calls.jsonl/x.duckdb']],
  ])('%s', (name, args) => expectRecorded(`database-${name}`, args, { cwd }))
})

describe('the output and the config file', () => {
  const input = ['report', '--input', 'calls.jsonl', '--as-of', '2026-10-08']
  test.each([
    ['output-in-no-folder', [...input, '--output', 'none/report.md'], {}],
    ['output-is-folder', [...input, '--output', 'nothing-in-it', '--json'], {}],
    ['config-missing', ['status'], { LLMCOST_CONFIG: 'none.json' }],
    ['config-broken', ['status'], { LLMCOST_CONFIG: 'broken.json' }],
    ['config-unknown-key', ['status'], { LLMCOST_CONFIG: 'newer.json' }],
    ['config-without-home', ['status'], { HOME: '', LLMCOST_CONFIG: 'home.yaml' }],
    ['database-without-home', ['report'], { HOME: '' }],
  ])('%s', (name, args, env) => expectRecorded(name, args, { cwd, env }))
})

describe('a report of no such thing', () => {
  test.each([
    ['help-of-command', ['help', 'completion']],
    ['help-mistyped', ['help', 'brekdown']],
    ['help-of-mistyped', ['brekdown', '--help']],
    ['report-period', ['report', '--period', 'fortnight']],
    ['report-period-and-since', ['report', '--period', 'month', '--since', '3d']],
    ['mistyped-subcommand', ['prices', 'expain', 'gpt-4o']],
    ['mistyped-subcommand-like-a-model', ['prices', 'chek']],
    ['mistyped-subcommand-beside-a-list', ['alerts', 'acknowledge', '1']],
    ['mistyped-shell', ['completion', 'bsh']],
    ['report-sections', ['report', '--sections', 'summary,feature']],
  ])('%s', (name, args) => expectRecorded(name, args, { cwd }))
})
