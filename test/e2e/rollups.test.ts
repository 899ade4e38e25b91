/** The installed program answers from a store's rollups as from its calls: the same bytes, in every format. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { demoIn } from './demo.js'
import { sharedFolder, type Ran } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const cwd = sharedFolder()
const config = (rollups: string): string =>
  JSON.stringify({
    rollups,
    budgets: [{ monthly: 100 }, { weekly: 20, feature: 'chat' }],
    rules: [
      { name: 'spend', kind: 'cost', window: '24h', over: 1 },
      { name: 'errors', kind: 'error_rate', window: '7d', over: 0.01, by: 'feature' },
    ],
  })

const envOf = (rollups: string): Record<string, string> => ({
  LLMCOST_DB: 'demo.duckdb',
  LLMCOST_CONFIG: `${rollups}.json`,
})

beforeAll(async () => {
  await demoIn(cwd)
  for (const rollups of ['always', 'never']) writeFileSync(join(cwd, `${rollups}.json`), config(rollups))
  // Whatever writes calls builds them.
  await runWarmWell(['reprice'], { cwd, env: envOf('always') })
})

test('status shows them', async () => {
  const shown = await runWarmWell(['status'], { cwd, env: envOf('always') })
  expect(shown).toMatch(/Rollups[\s\S]*rows of sums/)
})

const questions: readonly (readonly string[])[] = [
  ['report'],
  ['report', '--since', '36h', '--tz', 'Asia/Kolkata'],
  ['breakdown', '--by', 'feature'],
  [
    'breakdown',
    '--by',
    'model,day',
    '--columns',
    'calls,cost_usd,error_rate,stddev_cost_usd,mean_latency_ms',
  ],
  [
    'breakdown',
    '--by',
    'team',
    '--top',
    '2',
    '--columns',
    'cost,cost_share,truncation_rate',
    '--where',
    'model~gpt',
  ],
  [
    'breakdown',
    '--by',
    'hour',
    '--since',
    '50h',
    '--tz',
    'America/New_York',
    '--columns',
    'calls,input_tokens',
  ],
  ['breakdown', '--by', 'user', '--top', '3'],
  ['trend', '--by', 'feature', '--every', 'day'],
  ['trend', '--every', 'week', '--tz', 'Europe/Berlin'],
  ['forecast', '--by', 'feature'],
  ['budget'],
  ['check'],
  ['efficiency'],
  ['errors'],
  ['latency'],
  ['compare', '--since', '7d'],
]

test.each(questions.map((args) => [args.join(' '), args] as const))('%s', async (_, args) => {
  for (const format of ['table', 'json']) {
    const line = [...args, ...latest, '--format', format]
    const [ofRollups, ofCalls] = await Promise.all(
      ['always', 'never'].map((rollups) => answer(line, rollups)),
    )
    expect(ofRollups).toEqual(ofCalls)
    expect([0, 3]).toContain(ofRollups?.code)
  }
})

const latest = ['--as-of', 'latest']

/** What a command says, less the name of its config. */
async function answer(line: readonly string[], rollups: string): Promise<Partial<Ran>> {
  const { stdout, stderr, code } = await runWarm(line, { cwd, env: envOf(rollups) })
  const plain = (text: string): string => text.replaceAll(`${rollups}.json`, 'config.json')
  return { stdout: plain(stdout), stderr: plain(stderr), code }
}
