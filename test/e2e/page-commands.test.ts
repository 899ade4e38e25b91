/** What a page tells to type is typed here: it must ask the same calls, wherever these are. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { sharedFolder, pinnedEnv, programPath } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const demo = fileURLToPath(new URL('../../fixtures/demo', import.meta.url))

function linkProgram(cwd: string): void {
  mkdirSync(join(cwd, 'bin'))
  symlinkSync(programPath(), join(cwd, 'bin', 'llmcost'))
}

function typed(cwd: string, command: string): string {
  const { PATH = '', ...env } = pinnedEnv(cwd)
  return execFileSync('sh', ['-c', command], {
    cwd,
    env: { ...env, PATH: [join(cwd, 'bin'), PATH].join(delimiter) },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** The demo, a model without a price, a line that is no call, failures and a dear call, in a store of their own. */
async function ownStore(cwd: string): Promise<readonly string[]> {
  cpSync(demo, join(cwd, "it's here"), { recursive: true })
  const call = {
    timestamp: '2026-09-26T10:00:00Z',
    model: 'never-heard-of',
    feature: 'search',
    input_tokens: 9,
    output_tokens: 1,
  }
  const failed = Array.from({ length: 150 }, (_, i) => ({
    ...call,
    timestamp: `2026-09-26T11:${String(i % 60).padStart(2, '0')}:00Z`,
    model: 'gpt-4o',
    feature: 'importing',
    status: i % 2 === 0 ? 'error' : 'ok',
    attempt: (i % 3) + 1,
    input_tokens: 100 + i,
  }))
  const dear = { ...call, model: 'gpt-4o', feature: 'search', input_tokens: 9_000_000, output_tokens: 10 }
  const lines = [call, ...failed, dear].map((one) => JSON.stringify(one))
  writeFileSync(join(cwd, 'one.jsonl'), `${lines.join('\n')}\nnot json\n`)
  const sources = ["it's here", 'one.jsonl']
  await runWarmWell(['ingest', ...sources, '--max-rejects', '100%', '--db', 'own store.duckdb'], { cwd })
  return sources
}

/** Every text of an answer. */
const textsOf = (value: unknown): readonly string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(textsOf)
      : []

const questions: readonly (readonly string[])[] = [
  ['report', '--full', '--budget', '10'],
  ['anomalies', '--min-usd', '0.01'],
  ['breakdown'],
  ['trend', '--every', 'week', '--by', 'feature'],
  ['errors'],
  ['efficiency'],
  ['cache'],
  ['latency'],
  ['quality'],
  ['compare'],
  ['calls'],
  ['budget', '--budget', '10'],
  ['forecast'],
  ['caps', '--cap', 'daily_usd=1'],
]
const others: readonly (readonly string[])[] = [['status'], ['prices', 'check'], ['reprice', '--dry-run']]

const cwd = sharedFolder()
let sources: readonly string[]
beforeAll(async () => {
  sources = await ownStore(cwd)
  linkProgram(cwd)
})

test('every command that an answer tells asks the same calls', async () => {
  const from = ['--db', 'own store.duckdb']
  const asked = ['--where', 'model!=gpt-5', '--as-of', 'latest', ...from]
  const runs = [
    ...questions.map((words) => [...words, ...asked]),
    ...others.map((words) => [...words, ...from]),
  ]
  const told = new Map<string, readonly string[]>()
  const answers = await Promise.all(runs.map((args) => runWarm([...args, '--json'], { cwd })))
  for (const [i, { stdout }] of answers.entries()) {
    const commands = textsOf(JSON.parse(stdout)).flatMap((text) => /llmcost [a-z].*/.exec(text)?.[0] ?? [])
    told.set(runs[i]!.slice(0, 2).join(' '), commands)
  }
  const all = [...new Set([...told.values()].flat())].filter(
    (text) => !text.startsWith('llmcost prices update'),
  )
  for (const text of all) expect(text).toContain("--db 'own store.duckdb'")
  const verbs = new Set(all.map((text) => /llmcost (?:prices )?\w+/.exec(text)![0]))
  expect([...verbs].toSorted()).toEqual([
    'llmcost breakdown',
    'llmcost calls',
    'llmcost explain',
    'llmcost prices check',
    'llmcost rejects',
    'llmcost reprice',
    'llmcost trend',
  ])
  for (const text of all.filter((one) => /^llmcost (?:breakdown|calls|trend)/.test(one)))
    expect(text).toContain("--where 'model!=gpt-5'")
  // What people see of a finding ends with its command on a line of its own: all of them can be typed.
  const pages = await Promise.all(
    [['anomalies', '--min-usd', '0.01'], ['errors'], ['efficiency']].map((words) =>
      runWarm([...words, ...asked], { cwd }),
    ),
  )
  const shown = pages.flatMap(({ stdout }) =>
    stdout.split('\n').flatMap((line) => /^ +(llmcost .*)$/.exec(line)?.[1] ?? []),
  )
  expect(shown.length).toBeGreaterThan(2)
  for (const command of new Set(shown)) expect(typed(cwd, command)).not.toMatch(/no calls|No record/)
  const logsAsked = ['anomalies', ...sources, ...asked.slice(0, 4), '--json']
  const answer: unknown = JSON.parse(await runWarmWell(logsAsked, { cwd }))
  const ofLogs = textsOf(answer).flatMap((text) => /llmcost [a-z].*/.exec(text)?.[0] ?? [])
  expect(ofLogs.length).toBeGreaterThan(1)
  for (const text of ofLogs.filter((one) => !one.startsWith('llmcost prices update')))
    expect(text).toContain(String.raw`--input 'it'\''s here' one.jsonl`)
})

test('every command of the first page asks the calls that the page is about', async () => {
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
