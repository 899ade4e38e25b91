/** What a page tells to type is typed here: it must ask the same calls, wherever these are. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { emptyFolder, pinnedEnv, programPath } from './program.js'
import { runWarmWell } from './together.js'

const demo = fileURLToPath(new URL('../../fixtures/demo', import.meta.url))

function typed(cwd: string, command: string): string {
  const { PATH = '', ...env } = pinnedEnv(cwd)
  return execFileSync('sh', ['-c', command], {
    cwd,
    env: { ...env, PATH: [join(cwd, 'bin'), PATH].join(delimiter) },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

test('every command of the first page asks the calls that the page is about', async () => {
  const cwd = emptyFolder()
  cpSync(demo, join(cwd, "it's here"), { recursive: true })
  writeFileSync(
    join(cwd, 'one.jsonl'),
    '{"timestamp":"2026-09-26T10:00:00Z","model":"never-heard-of","feature":"search","input_tokens":9,"output_tokens":1}\nnot json\n',
  )
  mkdirSync(join(cwd, 'bin'))
  symlinkSync(programPath(), join(cwd, 'bin', 'llmcost'))
  await runWarmWell(
    ['ingest', "it's here", 'one.jsonl', '--max-rejects', '100%', '--db', 'own store.duckdb'],
    {
      cwd,
    },
  )
  const scope = ['--where', 'model!=gpt-5', '--as-of', 'latest']
  const page = await runWarmWell(['report', ...scope, '--db', 'own store.duckdb'], { cwd })
  const commands = page.split('\n').flatMap((line) => /^ +(llmcost .*)$/.exec(line)?.[1] ?? [])
  const verbs = commands.map((command) => command.split(' ').slice(1, 3).join(' '))
  expect(verbs).toEqual(
    expect.arrayContaining(['calls --since', 'prices check', 'rejects --db', 'report --as-of']),
  )
  // There is no other database: one that is not named has no calls.
  for (const command of commands) expect(typed(cwd, command)).not.toMatch(/no calls|No record/)
  const calls = commands.find((command) => command.startsWith('llmcost calls'))!
  expect(calls).toContain("--where 'model!=gpt-5'")
  const logs = await runWarmWell(['report', "it's here", ...scope], { cwd })
  const asked = logs.split('\n').flatMap((line) => /^ +(llmcost calls .*)$/.exec(line)?.[1] ?? [])
  expect(asked).toHaveLength(1)
  const rows = (text: string): string[] => text.split('\n').filter((line) => /^ +2026-/.test(line))
  expect(rows(typed(cwd, asked[0]!))).toEqual(rows(typed(cwd, calls)))
  expect(rows(typed(cwd, calls))).toHaveLength(20)
})
