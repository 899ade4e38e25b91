/** The installed program answers from a store's rollups as from its calls: the same bytes, in every format. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { demoIn } from './demo.js'
import { sharedFolder, type Ran } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const cwd = sharedFolder()
const config = (rollups: string, more: object = {}): string =>
  JSON.stringify({
    rollups,
    ...more,
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

test.each(questions.map((args, looks) => [args.join(' '), args, looks] as const))(
  '%s',
  async (_, args, looks) => {
    for (const format of ['table', 'json']) {
      const line = [...args, ...latest, '--format', format]
      const [ofRollups, ofCalls] = await Promise.all(
        ['always', 'never'].map((rollups) => answer(line, rollups, looks)),
      )
      expect(ofRollups).toEqual(ofCalls)
      expect([0, 3]).toContain(ofRollups?.code)
    }
  },
)

const latest = ['--as-of', 'latest']

/** What a command says, less the name of its config. */
async function answer(line: readonly string[], rollups: string, looks: number): Promise<Partial<Ran>> {
  const { stdout, stderr, code } = await runWarm(line, { cwd, env: envOf(rollups) }, looks)
  const plain = (text: string): string => text.replaceAll(`${rollups}.json`, 'config.json')
  return { stdout: plain(stdout), stderr: plain(stderr), code }
}

/** Quantiles of any number of calls from sketches. */
const sketched = { LLMCOST_DB: 'demo.duckdb', LLMCOST_CONFIG: 'sketched.json' }

describe('quantiles of many calls', () => {
  beforeAll(() => {
    writeFileSync(join(cwd, 'sketched.json'), config('always', { approximate_above: 1 }))
  })

  test('are marked in every format', async () => {
    const run = (format: string, ...more: string[]): Promise<string> =>
      runWarmWell(['breakdown', '--by', 'feature', ...latest, '--format', format, ...more], {
        cwd,
        env: sketched,
      })
    expect(await run('table')).toMatch(/≈\$/)
    expect(await run('markdown')).toMatch(/\| ≈\$/)
    expect(await run('html')).toMatch(/>≈\$/)
    expect((await run('csv')).split('\n')[0]).toMatch(
      /mean_cost_usd,p50_cost_usd_approx,p95_cost_usd_approx,max_cost_usd/,
    )
    const { columns } = JSON.parse(await run('json')) as { columns: { key: string; approximate?: boolean }[] }
    expect(columns.filter(({ approximate }) => approximate).map(({ key }) => key)).toEqual([
      'p50_cost_usd',
      'p95_cost_usd',
    ])
    expect(await run('table', '--exact')).not.toContain('≈')
  })

  test("are the calls' own with --exact, in each command that shows some", async () => {
    for (const args of [
      ['report', '--full'],
      ['breakdown'],
      ['trend', '--metric', 'p95_cost_usd'],
      ['efficiency'],
      ['latency', '--by', 'feature'],
    ]) {
      const line = [...args, ...latest]
      const [near, exact] = await Promise.all([
        runWarmWell(line, { cwd, env: sketched }),
        runWarmWell([...line, '--exact'], { cwd, env: sketched }),
      ])
      expect(near, args[0]).toContain('≈')
      const plain = await runWarmWell(line, { cwd, env: envOf('always') })
      expect(exact.replaceAll('--exact ', '').replaceAll('sketched.json', 'always.json'), args[0]).toBe(plain)
    }
  })
})
