/**
 * What an independent reader of agents' sessions counts in the same files: where both differ, the test says which
 * one is right, and why.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, ingestInto, Workshop } from '../property/ingesting.js'

const version = '20.0.24'
const workshop = new Workshop()
const room = workshop.room()
afterAll(() => workshop.close())

beforeAll(() => {
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', room, `ccusage@${version}`], {
    stdio: 'pipe',
  })
}, 300_000)

/** Tokens: plain input, read from the cache, written to it, and output. */
type Counts = readonly [input: number, read: number, written: number, output: number]

interface Both {
  readonly ours: Counts
  readonly theirs: Counts
  /** Dollars, to a millionth. */
  readonly costs: readonly [ours: number, theirs: number]
}

/** Reads the sessions of a folder of fixtures with both. */
async function readWithBoth(agent: 'claude' | 'codex', folder: string): Promise<Both> {
  const home = workshop.room()
  const sessions = join(home, agent === 'codex' ? 'sessions' : 'projects/p')
  mkdirSync(sessions, { recursive: true })
  const from = `fixtures/${folder}`
  for (const name of readdirSync(from).filter((one) => one.endsWith('.jsonl')))
    cpSync(join(from, name), join(sessions, name))
  const answer = execFileSync(
    join(room, 'node_modules/.bin/ccusage'),
    [agent, 'daily', '--offline', '--json'],
    { encoding: 'utf8', env: { ...process.env, CODEX_HOME: home, CLAUDE_CONFIG_DIR: home } },
  )
  const { totals } = JSON.parse(answer.slice(answer.indexOf('{'))) as { totals: Record<string, number> }
  const db = workshop.store()
  await ingestInto(db, [sessions])
  const [row] = await ask(
    db,
    `SELECT sum(input_tokens - coalesce(cache_read_input_tokens, 0) - coalesce(cache_creation_input_tokens, 0)) AS input,
       coalesce(sum(cache_read_input_tokens), 0) AS read, coalesce(sum(cache_creation_input_tokens), 0) AS written,
       sum(output_tokens) AS output, CAST(sum(cost_usd) AS DOUBLE) AS cost FROM calls`,
  )
  const n = (value: unknown): number => Number(value ?? 0)
  const rounded = (cost: unknown): number => Math.round(n(cost) * 1e6) / 1e6
  return {
    ours: [n(row!['input']), n(row!['read']), n(row!['written']), n(row!['output'])],
    theirs: [
      n(totals['inputTokens']),
      n(totals['cacheReadTokens']),
      n(totals['cacheCreationTokens']),
      n(totals['outputTokens']),
    ],
    costs: [rounded(row!['cost']), rounded(totals['totalCost'] ?? totals['costUSD'])],
  }
}

test.each([
  ['codex', 'codex/real', [189_998, 1_894_272, 0, 16_154]],
  ['codex', 'codex/branch-history', [1300, 300, 0, 450]],
  ['claude', 'claude-code/real-day', [233, 12_387_553, 559_475, 28_899]],
  ['claude', 'claude-code/streaming', [4, 18_000, 1200, 187]],
  ['claude', 'claude-code/resumed', [8, 36_000, 2400, 237]],
] as const)('%s: %s, tokens and dollars are the same', async (agent, folder, counts) => {
  const { ours, theirs, costs } = await readWithBoth(agent, folder)
  expect(ours).toEqual(counts)
  expect(theirs).toEqual(counts)
  expect(costs[0]).toBe(costs[1])
})

test('a place of inference has a price of its own: tokens are the same, one call costs a tenth more', async () => {
  const { ours, theirs, costs } = await readWithBoth('claude', 'claude-code/current')
  expect(ours).toEqual(theirs)
  expect(costs).toEqual([0.164249, 0.158465])
})

test.each([
  // It takes calls within one second for a replay of the parent. Nothing of a parent stands in this file.
  ['codex', 'codex/fork-local-modern', [600, 2400, 0, 120], [0, 1000, 0, 30]],
  // The replay of the parent takes longer than a second there, and counts as the fork's own.
  ['codex', 'codex/replay-multisecond', [2000, 3000, 0, 500], [36_702_000, 200_003_000, 0, 2_000_500]],
  // A message of a sub-agent that stands two levels down is none to it.
  ['claude', 'claude-code/agent-progress', [8, 36_000, 2400, 374], [4, 18_000, 1200, 187]],
  // It counts messages that report an error, and those that the program wrote itself.
  ['claude', 'claude-code/not-billed', [11, 0, 1000, 3], [15, 18_000, 2200, 6]],
] as const)('%s: %s, ours is right', async (agent, folder, right, theirs) => {
  expect(await readWithBoth(agent, folder)).toMatchObject({ ours: right, theirs })
})
