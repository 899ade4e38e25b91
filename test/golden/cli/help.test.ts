/** What a person sees who asks for help, or mistypes. */
import { describe, expect, test } from 'vitest'
import type { CommandSpec } from '../../../src/commands/command.js'
import { loadCommands } from '../../../src/commands/registry.js'
import { sharedFolder } from '../../e2e/program.js'
import { expectRecorded, recorded } from './recorded.js'

const cwd = sharedFolder()
const commands = await loadCommands()

describe('help', () => {
  test('alone', () => expectRecorded('alone', [], { cwd }))
  test('--help', () => expectRecorded('help', ['--help'], { cwd }))
  test('--help at 60 columns', () => expectRecorded('help-60', ['--help'], { cwd, env: { COLUMNS: '60' } }))
  test('options', () => expectRecorded('help-options', ['help', 'options'], { cwd }))
  test.each(pathsOf(commands))('%s --help, no longer than a screen', async (path) => {
    const args = [...path.split(' '), '--help']
    const { stdout } = await recorded(`help-${path.replaceAll(' ', '-')}`, args, { cwd })
    expect(stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(40)
  })
})

describe('wrong use', () => {
  test.each([
    ['command', ['reprot']],
    ['command-unlike-any', ['xyzzy']],
    ['command-synonym', ['import', 'logs/']],
    ['command-dimension', ['models']],
    ['command-daily', ['daily']],
    ['option', ['report', '--sinse', '7d']],
    ['option-synonym', ['breakdown', '--filter', 'feature=chat']],
    ['columns-some-added', ['breakdown', '--columns', 'calls,+users']],
    ['option-value-missing', ['report', '--since']],
    ['argument-missing', ['ingest']],
    ['argument-too-many', ['status', 'now']],
    ['word-dimension', ['breakdown', 'feature', 'model']],
    ['word-section', ['report', 'forecast']],
    ['word-slip', ['breakdown', 'featur']],
    ['word-option', ['breakdown', 'by', 'user']],
    ['word-period', ['report', '30d']],
    ['word-time', ['breakdown', 'yesterday']],
    ['word-filter', ['calls', 'user=ada']],
    ['word-format', ['report', 'html']],
    ['word-path', ['report', 'logs/gone.jsonl']],
    ['word-pattern', ['report', '*.jsonl']],
    ['word-unknown', ['report', 'xyzzy']],
    ['leading-option', ['--db', 'gone.duckdb', 'report']],
    ['leading-option-unknown', ['--dbx', 'gone.duckdb', 'report']],
    ['choice', ['calls', '--sort', 'cheapest']],
    ['format', ['report', '--format', 'pdf']],
    ['output-ending', ['report', '--output', 'report.docx']],
    ['dimension', ['breakdown', '--by', 'modle']],
    ['column', ['breakdown', '--columns', 'costs']],
    ['sort', ['breakdown', '--sort', 'cost_usd:up']],
    ['top', ['breakdown', '--top', '0']],
    ['since', ['report', '--since', 'yesteryear']],
    ['since-after-until', ['report', '--since', '2026-09-02', '--until', '2026-09-01']],
    ['as-of', ['report', '--as-of', 'soon']],
    ['tz', ['report', '--tz', 'Europe/Berlim']],
    ['where', ['report', '--where', 'feature']],
    ['where-key', ['report', '--where', 'featur=chat']],
    ['map', ['ingest', 'x.jsonl', '--map', 'when']],
    ['map-field', ['ingest', 'x.jsonl', '--map', 'inputs=In']],
    ['preset', ['ingest', 'x.jsonl', '--preset', 'mine']],
    ['max-rejects', ['ingest', 'x.jsonl', '--max-rejects', 'few']],
    ['lock-timeout', ['report', '--lock-timeout', 'soon']],
    ['memory-limit', ['report', '--memory-limit', 'much']],
    ['budget', ['report', '--budget', 'lots']],
    ['reading-without-input', ['report', '--map', 'ts=When']],
  ])('%s', (name, args) => expectRecorded(`wrong-${name}`, args, { cwd }))
})

function pathsOf(specs: readonly CommandSpec[], parent = ''): string[] {
  return specs.flatMap((spec) => [
    `${parent}${spec.name}`,
    ...pathsOf(spec.subcommands ?? [], `${parent}${spec.name} `),
  ])
}
