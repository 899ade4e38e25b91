/** Answers in another currency as people see them, and what is said where there is no rate. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe } from 'vitest'
import { sharedFolder } from '../../e2e/program.js'
import { runWarmWell } from '../../e2e/together.js'
import { testLooks, testQuestions } from './recorded.js'
import { serviceLog } from './service-log.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'service.duckdb', LLMCOST_CONFIG: 'euros.yaml' }

/** Files of rates, each with a config file of its name. */
const rates: Readonly<Record<string, string>> = {
  euros: [
    'day,currency,rate',
    '2026-10-01,EUR,0.9102',
    '2026-10-02,EUR,0.9131',
    '2026-10-03,EUR,0.9345',
    '2026-10-04,EUR,0.92',
    '2026-10-01,CHF,0.8',
    '2026-09-02,GBP,0.7412',
    '2026-09-03,GBP,0.738',
    '2026-09-04,GBP,0.7399',
    '2026-10-03,CHF,0.81',
    '2026-10-02,JPY,149.35',
  ].join('\n'),
  'two-rates': 'day,currency,rate\n2026-10-01,EUR,0.91\n2026-10-02,EUR,0.92\n2026-10-01,EUR,0.93\n',
  'many-places': 'currency,day,rate\nEUR,2026-10-01,0.91\nEUR,2026-10-02,0.9123456\n',
  'no-rate': 'day,currency,rate\n2026-10-01,EUR,0\n',
  'no-day': 'day,currency,rate\n2026-02-30,EUR,0.91\n',
  'no-currency': 'day,currency,rate\n2026-10-01,euro,0.91\n',
  'no-column': 'day,currency,usd\n2026-10-01,EUR,0.91\n',
  'no-csv': 'day,currency,rate\n2026-10-01,EUR\n',
  nothing: 'day,currency,rate\n',
}

beforeAll(async () => {
  mkdirSync(join(cwd, 'logs'))
  for (const [name, text] of Object.entries(serviceLog)) writeFileSync(join(cwd, 'logs', name), text)
  for (const [name, text] of Object.entries(rates)) {
    writeFileSync(join(cwd, `${name}.csv`), text)
    writeFileSync(
      join(cwd, `${name}.yaml`),
      `exchange_rates: ${name}.csv\ncontracts:\n  - { provider: openai, discount: 12.5% }\nallocate: { from: feature, cost_centers: { product: [search, support] }, shared: [{ where: feature=faq, by: cost }] }\n`,
    )
  }
  writeFileSync(join(cwd, 'none.yaml'), 'tz: UTC\n')
  cpSync(
    fileURLToPath(new URL('../../../fixtures/readme/september', import.meta.url)),
    join(cwd, 'september'),
    {
      recursive: true,
    },
  )
  await runWarmWell(['ingest', 'logs'], { cwd, env })
})

const latest = ['--as-of', 'latest']
const euros = [...latest, '--currency', 'EUR']

describe('breakdown', () => {
  testLooks('currency-breakdown', ['breakdown', '--by', 'feature,model', ...euros], { cwd, env })
})

describe('compare', () => {
  testLooks(
    'currency-compare',
    ['compare', '--since', '2026-10-03', '--until', '2026-10-04', '--vs', 'previous', '--currency', 'EUR'],
    { cwd, env },
  )
})

describe('the report', () => {
  const window = ['--since', '2026-10-02', '--until', '2026-10-04']
  testLooks('currency-report', ['report', ...window, '--currency', 'EUR'], { cwd, env })
})

testQuestions(
  [
    ['currency-report-full', ['report', '--full', '--period', '2d', ...euros]],
    [
      'currency-report-days-beside',
      ['report', '--since', '2026-10-02', '--until', '2026-10-03', '--currency', 'JPY'],
    ],
    ['currency-report-sections', ['report', '--sections', 'summary,forecast,caps', ...euros]],
    ['currency-trend', ['trend', ...euros]],
    ['currency-trend-by', ['trend', '--by', 'model', '--json', '--since', '2026-10-02', ...euros]],
    ['currency-efficiency', ['efficiency', '--by', 'model', ...euros]],
    ['currency-cache', ['cache', ...euros]],
    ['currency-calls', ['calls', '--top', '5', '--where', 'cost_eur>0.05', ...euros]],
    ['currency-contract', ['breakdown', '--by', 'model', '--cost', 'contract', ...euros]],
    ['currency-francs-before', ['breakdown', '--by', 'day', ...latest, '--currency', 'chf', '--rate-before']],
    [
      'currency-yen-of-one-day',
      ['breakdown', '--by', 'model', '--since', '2026-10-02', '--until', '2026-10-03', '--currency', 'JPY'],
    ],
    ['currency-days-without', ['breakdown', ...latest, '--currency', 'CHF']],
    ['currency-days-before-first', ['breakdown', ...latest, '--currency', 'JPY', '--rate-before']],
    [
      'currency-other-side-without',
      [
        'compare',
        '--since',
        '2026-10-01',
        '--until',
        '2026-10-02',
        '--vs',
        '2026-10-02..2026-10-03',
        '--currency',
        'CHF',
      ],
    ],
    ['currency-input', ['breakdown', '--input', 'september', '--currency', 'EUR']],
    [
      'currency-billed',
      [
        'breakdown',
        '--by',
        'model',
        '--cost',
        'billed',
        '--input',
        'september',
        ...latest,
        '--currency',
        'GBP',
      ],
    ],
    ['currency-centers', ['breakdown', '--by', 'cost_center', ...euros]],
    ['currency-filter-in-dollars', ['calls', '--where', 'cost_usd>0.05', ...euros]],
    ['currency-nothing-found', ['calls', '--where', 'cost_eur>500', ...euros]],
    ['currency-unknown', ['breakdown', ...latest, '--currency', 'SEK']],
    ['currency-no-code', ['breakdown', ...latest, '--currency', 'euro']],
    ['currency-not-offered', ['budget', ...latest, '--currency', 'EUR']],
    ['currency-before-alone', ['breakdown', ...latest, '--rate-before']],
    ['currency-dollars', ['breakdown', ...latest, '--currency', 'usd', '--csv']],
    ['currency-no-file', ['breakdown', ...euros], { ...env, LLMCOST_CONFIG: 'none.yaml' }],
    ...Object.keys(rates)
      .filter((name) => name !== 'euros')
      .map((name): [string, string[], Record<string, string>] => [
        `currency-file-${name}`,
        ['breakdown', ...euros],
        { ...env, LLMCOST_CONFIG: `${name}.yaml` },
      ]),
  ],
  { cwd, env },
)
