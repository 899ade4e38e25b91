/** Budgets, caps and tiers on the demo log, in every format, narrow and wide, plain and in colour. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { demoIn } from '../../e2e/demo.js'
import { sharedFolder } from '../../e2e/program.js'
import { runWarmWell } from '../../e2e/together.js'
import { expectRecorded, testLooks, testQuestions } from './recorded.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'demo.duckdb' }

beforeAll(async () => {
  await demoIn(cwd)
  mkdirSync(join(cwd, 'empty'))
  const users = Array.from({ length: 34 }, (_, i) => {
    const id = `user-${String(i + 1).padStart(2, '0')}`
    return i % 3 === 0 ? `${id},pro,12.50` : i % 3 === 1 ? `${id},free,0` : `${id},team,`
  })
  writeFileSync(
    join(cwd, 'users.csv'),
    ['user_id,tier,monthly_revenue', ...users, 'user-99,pro,12.50', ''].join('\n'),
  )
  writeFileSync(join(cwd, 'twice.csv'), 'user_id,tier\nu1,pro\nu1,free\n')
})

const asOf = ['--as-of', '2026-09-20T15:00Z']
const questions: Readonly<Record<string, readonly string[]>> = {
  budget: [
    'budget',
    ...['60', '500', '40', 'weekly:17.5', 'daily:0.5', 'monthly:2 feature=search'].flatMap((one) => [
      '--budget',
      one,
    ]),
    ...asOf,
    '--tz',
    'Europe/Berlin',
  ],
  caps: [
    'caps',
    ...['hourly_usd=0.4', 'daily_usd=1', 'monthly_usd=8', 'request_usd=0.1', 'request_tokens=58000'].flatMap(
      (one) => ['--cap', one],
    ),
    '--as-of',
    'latest',
    '--top',
    '5',
  ],
  'caps-replay': [
    'caps',
    '--replay',
    '--cap',
    'hourly_usd=1',
    '--cap',
    'daily_usd=5',
    '--cap',
    'monthly_usd=50',
    '--cap-set',
    'tight: daily_usd=0.5 request_input_tokens=58000 tier.pro.daily_usd=none',
    '--tiers',
    'users.csv',
    '--as-of',
    'latest',
    '--top',
    '3',
    '--tz',
    'Europe/Berlin',
  ],
  'caps-suggest': [
    'caps',
    '--suggest',
    '--cap',
    'daily_usd=2',
    '--tiers',
    'users.csv',
    '--revenue-share',
    '5%',
    '--as-of',
    'latest',
  ],
  'caps-over': [
    'caps',
    '--over',
    ...['hourly_usd=0.001', 'daily_usd=0.3', 'monthly_usd=8'].flatMap((cap) => ['--cap', cap]),
    '--as-of',
    '2026-09-27T21:50:00Z',
    '--tz',
    'Europe/Berlin',
  ],
  tiers: ['tiers', '--tiers', 'users.csv', '--as-of', 'latest'],
}

describe.each(Object.entries(questions))('%s', (name, args) => {
  testLooks(name, args, { cwd, env })
})

const one = (budget: string): string[] => ['budget', '--budget', budget, ...asOf]

describe('other questions', () => {
  testQuestions(
    [
      ['budget-none', ['budget']],
      ['budget-wrong', ['budget', '--budget', 'yearly:500']],
      ['budget-wrong-filter', ['budget', '--budget', 'monthly:500 fature=search']],
      ['budget-since', ['budget', '--budget', '500', '--since', '7d']],
      ['budget-fail-over', [...one('40'), '--fail-on', 'over', '--quiet']],
      ['budget-fail-over-not', [...one('60'), '--fail-on', 'over', '--quiet']],
      ['budget-fail-forecast', [...one('60'), '--fail-on', 'forecast', '--quiet']],
      ['budget-fail-warning', [...one('weekly:17.5'), '--fail-on', 'warning', '--quiet']],
      ['budget-fail-forecast-not', [...one('weekly:17.5'), '--fail-on', 'forecast', '--quiet']],
      ['budget-unmatched', one('monthly:5 team=nobody')],
      ['budget-later', ['budget', '--budget', '500', '--as-of', '2026-09-30']],
      ['budget-before-data', ['budget', '--budget', '500', '--as-of', '2026-08-06']],
      ['budget-where', [...one('5'), '--where', 'feature=search']],
      [
        'budget-input',
        ['budget', '--budget', '500', '--as-of', 'latest', '--input', 'logs/calls-2026-09-28.jsonl.gz'],
      ],
      ['budget-input-empty', ['budget', '--budget', '500', '--input', 'empty']],
      ['caps-none', ['caps']],
      ['caps-wrong', ['caps', '--cap', 'dayly_usd=5']],
      ['caps-nobody', ['caps', '--cap', 'daily_usd=500', '--as-of', 'latest', '--fail-on', 'over']],
      ['caps-fail', ['caps', '--cap', 'daily_usd=11.9', '--as-of', 'latest', '--fail-on', 'over']],
      ['caps-empty-window', ['caps', '--cap', 'daily_usd=5', '--as-of', '2027-03-01']],
      [
        'caps-suggest-yaml',
        ['caps', '--suggest', '--tiers', 'users.csv', '--as-of', 'latest', '--format', 'yaml'],
      ],
      ['caps-suggest-share', ['caps', '--suggest', '--revenue-share', '130%']],
      ['caps-suggest-short', ['caps', '--suggest', '--since', '3d', '--as-of', 'latest']],
      ['caps-suggest-empty-window', ['caps', '--suggest', '--as-of', '2027-03-01']],
      ['caps-yaml-alone', ['caps', '--cap', 'daily_usd=5', '--format', 'yaml']],
      ['caps-over-redis-none', ['caps', '--over', '--format', 'redis']],
      ['caps-over-nobody', ['caps', '--over', '--cap', 'daily_usd=500', '--as-of', 'latest']],
      [
        'caps-over-redis',
        ['caps', '--over', '--cap', 'monthly_usd=9', '--as-of', 'latest', '--format', 'redis'],
      ],
      ['caps-over-since', ['caps', '--over', '--cap', 'daily_usd=5', '--since', '7d']],
      ['caps-over-replay', ['caps', '--over', '--replay']],
      ['caps-redis-alone', ['caps', '--cap', 'daily_usd=5', '--format', 'redis']],
      ['caps-over-later', ['caps', '--over', '--cap', 'daily_usd=5', '--as-of', '2027-03-01']],
      ['caps-replay-none', ['caps', '--replay']],
      [
        'caps-replay-reserve',
        ['caps', '--replay', '--reserve', '--cap', 'daily_usd=5', '--cap', 'request_usd=0.3', '--as-of', 'latest', '--top', '3'], // prettier-ignore
      ],
      ['caps-reserve-alone', ['caps', '--reserve', '--cap', 'daily_usd=5']],
      ['caps-replay-nothing', ['caps', '--replay', '--cap', 'daily_usd=500', '--as-of', 'latest']],
      ['caps-replay-empty-window', ['caps', '--replay', '--cap', 'daily_usd=5', '--as-of', '2027-03-01']],
      ['caps-set-without-replay', ['caps', '--cap-set', 'tight: daily_usd=5']],
      ['caps-set-empty', ['caps', '--replay', '--cap-set', 'tight: ']],
      ['caps-tiers-missing', ['caps', '--cap', 'tier.free.daily_usd=1']],
      [
        'caps-tiers',
        ['caps', '--cap', 'tier.free.daily_usd=1', '--tiers', 'users.csv', '--as-of', 'latest', '--top', '3'],
      ],
      ['tiers-none', ['tiers']],
      ['tiers-twice', ['tiers', '--tiers', 'twice.csv']],
      ['tiers-missing', ['tiers', '--tiers', 'no.csv']],
      ['tiers-part', [...questions['tiers']!, '--since', '2026-07-20', '--where', 'feature=search']],
      ['tiers-empty-window', ['tiers', '--tiers', 'users.csv', '--as-of', '2027-03-01']],
    ],
    { cwd, env },
  )
})

describe('from the config file', () => {
  const config = [
    'tz: Europe/Berlin',
    'user_tiers: users.csv',
    'budgets:',
    '  - monthly: 60',
    '  - { name: Search, weekly: 0.1, feature: search, warn_at: [50, 100] }',
    '  - { daily: 1.10, where: [user~USER-3] }',
    'user_caps: { daily_usd: 11.5, request_tokens: 58300 }',
  ]
  beforeAll(() => writeFileSync(join(cwd, 'budgets.yaml'), `${config.join('\n')}\n`))
  const configured = { ...env, LLMCOST_CONFIG: 'budgets.yaml' }

  test.each([
    ['config-budgets', ['budget', ...asOf]],
    ['config-budgets-flag', ['budget', '--budget', '500', ...asOf]],
    ['config-caps', ['caps', '--as-of', 'latest', '--cap', 'daily_usd=11.6']],
    ['config-tiers', ['tiers', '--as-of', 'latest', '--since', 'last-month']],
  ])('%s', (name, args) => expectRecorded(name, args, { cwd, env: configured }))
})

describe('plans', () => {
  const config = [
    'tz: Europe/Berlin',
    'plans:',
    '  - name: Search',
    '    feature: search',
    '    fee: 0.1',
    '    begins_on: 5',
    '    included_usd: 0.2',
    '    overage: list',
    '    alternatives:',
    '      - { name: Small, fee: 0.05, included_usd: 0.1, overage: none }',
    '      - { name: Large, fee: 0.4 }',
    '  - name: Bot',
    '    where: [user=user-31]',
    '    fee: 39',
    '    included_credits: 900',
    '    credit_usd: 0.04',
    '    overage: none',
    '    since: 2026-07-10',
    '  - { name: Rest, fee: 20, begins_on: 15 }',
    '  - { name: Nobody, user: nobody, fee: 5 }',
  ]
  beforeAll(() => {
    writeFileSync(join(cwd, 'plans.yaml'), `${config.join('\n')}\n`)
    writeFileSync(join(cwd, 'open-plan.yaml'), 'plans:\n  - { name: a, fee: 5, included_usd: 5 }\n')
  })
  const configured = { ...env, LLMCOST_CONFIG: 'plans.yaml' }
  testLooks('plans', ['plans', ...asOf], { cwd, env: configured })
  test.each([
    ['plans-months', ['plans', '--months', '1', '--as-of', 'latest'], 'plans.yaml'],
    ['plans-too-many-months', ['plans', '--months', '37'], 'plans.yaml'],
    ['plans-none', ['plans'], undefined],
    ['plans-open', ['plans'], 'open-plan.yaml'],
  ])('%s', (name, args, file) =>
    expectRecorded(name, args, { cwd, env: file === undefined ? env : { ...env, LLMCOST_CONFIG: file } }),
  )

  test('the note beside the money of coding agents names them, as they can be asked of the same calls', async () => {
    const sessions = fileURLToPath(new URL('../../../fixtures/claude-code/real-day', import.meta.url))
    const at = { cwd, env: { ...env, LLMCOST_CONFIG: 'plans.yaml' } }
    const store = ['--db', 'agents.duckdb']
    await runWarmWell(['ingest', sessions, ...store], at)
    const asked = ['--as-of', 'latest', '--tz', 'UTC', '--since', '90d', '--where', 'source=claude-code']
    const answer = await runWarmWell(['breakdown', ...asked, '--json', ...store], at)
    const { warnings } = JSON.parse(answer) as { warnings: readonly string[] }
    const told = warnings.map((text) => /; llmcost (plans.*) holds it against its fee$/.exec(text)?.[1])
    const [command] = told.filter((one) => one !== undefined)
    expect(command).toBe('plans --as-of latest --tz UTC --db agents.duckdb')
    expect(await runWarmWell(command!.split(' '), at)).toContain('Rest')
  })
})

describe('drawn as HTML', () => {
  /** The names of what is drawn across charts, and whether the table stands open. */
  const drawn = async (...args: string[]): Promise<{ bounds: string[]; isOpen: boolean }> => {
    const page = await runWarmWell(['budget', ...asOf, ...args, '--format', 'html'], { cwd, env })
    const bounds = [...page.matchAll(/>(Budget [^<]*)<\/text>/g)].map(([, title = '']) => title)
    return { bounds: [...new Set(bounds)], isOpen: !page.includes('<details>') && page.includes('<table') }
  }
  const all = ['--budget', '90', '--budget', 'monthly:0.01 feature=search', '--budget', 'daily:0.001']

  test('is the one closest to its end, of a week or a month', async () => {
    expect(await drawn(...all)).toEqual({
      bounds: ['Budget monthly feature=search: $0.01'],
      isOpen: true,
    })
    expect((await drawn(...all.slice(0, 2))).bounds).toHaveLength(1)
    expect((await drawn('--budget', 'daily:0.001')).bounds).toEqual([])
  })

  test('is none of which --where leaves a part', async () => {
    const bounds = async (where: string): Promise<string[]> => (await drawn(...all, '--where', where)).bounds
    expect(await bounds('feature=search')).toEqual(['Budget monthly feature=search: $0.01'])
    expect(await bounds('model=gpt-4o')).toEqual([])
  })
})
