/** `llmcost forecast`: the demo log, whose last week is unlike those before, and half a year of made calls. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { demoIn } from '../../e2e/demo.js'
import { sharedFolder } from '../../e2e/program.js'
import { runWarmWell } from '../../e2e/together.js'
import { expectRecorded, testLooks, testQuestions } from './recorded.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'demo.duckdb' }

beforeAll(async () => {
  await demoIn(cwd)
  writeFileSync(join(cwd, 'months.jsonl'), madeCalls())
  mkdirSync(join(cwd, 'none'))
  writeFileSync(join(cwd, 'budgets.json'), JSON.stringify({ budgets }))
  writeFileSync(join(cwd, 'unpriced.jsonl'), lines([{ timestamp: '2026-10-02T08:00:00Z', model: 'no-such' }]))
})

const budgets = [
  { name: 'all', monthly: 500 },
  { name: 'tight', monthly: 160 },
  { weekly: 30 },
  { monthly: 5, feature: 'search' },
]

const lines = (records: readonly object[]): string =>
  records
    .map((record, i) => `${JSON.stringify({ request_id: `r-${i}`, input_tokens: 100, ...record })}\n`)
    .join('')

/** Six months, quiet weekends, 3 % more a week; a new feature since September, a call a week without a price. */
function madeCalls(): string {
  const records = Array.from({ length: 190 }, (_, day) => {
    const at = (hour: number): string => new Date(Date.UTC(2026, 3, 6 + day, hour)).toISOString()
    const size = (day % 7 < 5 ? 10 : 2) * 1.03 ** (day / 7) * (1 + ((day * 31) % 11) / 30)
    const call = (feature: string, share: number, hour: number) => ({
      timestamp: at(hour),
      model: 'gpt-4o',
      feature,
      output_tokens: Math.round(size * share * 1000),
    })
    return [
      call('chat', 0.7, 9),
      call('search', 0.3, 14),
      ...(day >= 150 ? [call('drafts', 0.2, 16)] : []),
      ...(day % 7 === 3 ? [{ timestamp: at(10), model: 'no-such', feature: 'chat', output_tokens: 10 }] : []),
    ]
  })
  return lines(records.flat())
}

const made = ['--input', 'months.jsonl', '--as-of', '2026-10-12T12:00Z']
const questions: Readonly<Record<string, readonly string[]>> = {
  forecast: ['forecast', ...made],
  'forecast-by': ['forecast', '--by', 'feature', ...made],
  'forecast-backtest': ['forecast', '--backtest', ...made],
}

describe.each(Object.entries(questions))('%s', (name, args) => {
  testLooks(name, args, { cwd, env })
})

describe('other forecasts', () => {
  const latest = ['--as-of', 'latest']
  testQuestions(
    [
      ['forecast-demo', ['forecast', ...latest]],
      ['forecast-demo-by', ['forecast', '--by', 'feature,model', '--top', '3', ...latest]],
      ['forecast-week', ['forecast', '--period', 'week', ...latest, '--tz', 'Asia/Kolkata']],
      ['forecast-quarter', ['forecast', '--period', 'quarter', ...latest]],
      ['forecast-until', ['forecast', '--until', '2026-09-16', '--where', 'feature=search']],
      ['forecast-since', ['forecast', '--since', '2026-09-10', ...latest]],
      ['forecast-stale', ['forecast', '--as-of', '2026-10-10']],
      ['forecast-few-days', ['forecast', '--as-of', '2026-08-06']],
      ['forecast-first-hours', ['forecast', '--as-of', '2026-08-03T05:00Z']],
      ['forecast-before-any', ['forecast', '--as-of', '2026-08-01']],
      ['forecast-no-match', ['forecast', ...latest, '--where', 'feature=nothing']],
      ['forecast-unpriced', ['forecast', '--input', 'unpriced.jsonl', '--as-of', '2026-10-03']],
      ['forecast-empty-folder', ['forecast', '--input', 'none']],
      ['forecast-backtest-week', ['forecast', '--backtest', '--period', 'week', ...latest]],
      ['forecast-backtest-short', ['forecast', '--backtest', '--as-of', '2026-08-20']],
      ['forecast-wrong-by', ['forecast', '--by', 'day']],
      ['forecast-wrong-top', ['forecast', '--top', '3']],
      ['forecast-wrong-backtest-by', ['forecast', '--backtest', '--by', 'feature']],
      ['forecast-budget-flag', ['forecast', ...latest, '--budget', '500', '--budget', '160']],
      [
        'forecast-budget-flag-where',
        ['forecast', ...latest, '--where', 'feature=search', '--budget', '5 feature=search'],
      ],
      ['forecast-wrong-budget', ['forecast', '--budget', 'daily:20']],
      ['forecast-wrong-budget-quarter', ['forecast', '--period', 'quarter', '--budget', '500']],
      ['forecast-wrong-budget-calls', ['forecast', ...latest, '--budget', '5 feature=search']],
      ['forecast-wrong-budget-by', ['forecast', '--by', 'feature', '--budget', '500']],
      ['forecast-wrong-period', ['forecast', '--period', 'year']],
    ],
    { cwd, env },
  )
})

describe('against a budget of exactly this period and these calls', () => {
  const asked = ['forecast', '--as-of', 'latest']
  const configured = { ...env, LLMCOST_CONFIG: 'budgets.json' }
  test.each([
    ['month', []],
    ['week', ['--period', 'week']],
    ['where', ['--where', 'feature=search']],
    ['where-none', ['--where', 'feature=code-review']],
    ['quarter', ['--period', 'quarter']],
  ])('%s', (name, args) =>
    expectRecorded(`forecast-budget-${name}`, [...asked, ...args], { cwd, env: configured }),
  )

  test('is drawn in the chart, and no other', async () => {
    const drawn = async (...args: string[]): Promise<string[]> => {
      const page = await runWarmWell([...asked, ...args, '--format', 'html'], { cwd, env: configured })
      return [...new Set([...page.matchAll(/>(Budget [^<]*)</g)].map(([, title = '']) => title))]
    }
    expect(await drawn()).toEqual([
      'Budget tight: $160.00',
      'Budget tight: $160.00; the forecast is 110% of it.',
    ])
    expect(await drawn('--where', 'feature=code-review')).toEqual([])
  })
})
