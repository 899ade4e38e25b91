/** Bills beside calls: what ingest, status and formats show of them, and every look of `llmcost reconcile`. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe } from 'vitest'
import { sharedFolder } from '../../e2e/program.js'
import { runWarmWell } from '../../e2e/together.js'
import { testLooks, testQuestions } from './recorded.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'bills.duckdb' }
const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url))

beforeAll(async () => {
  cpSync(join(fixtures, 'readme/september'), join(cwd, 'september'), { recursive: true })
  cpSync(join(fixtures, 'bills'), join(cwd, 'bills'), { recursive: true })
  cpSync(join(fixtures, 'readme/contracts.yaml'), join(cwd, 'contracts.yaml'))
  writeFileSync(join(cwd, 'zones.yaml'), 'tz: Asia/Tokyo\nbill_zones: { openai: Asia/Kolkata }\n')
  writeFileSync(
    join(cwd, 'activity.csv'),
    'date,model,model_permaslug,usage,requests\n2026-09-03,openai/gpt-4o,openai/gpt-4o,7.5,12\n',
  )
  await runWarmWell(['ingest', 'september/'], { cwd, env })
  await runWarmWell(['ingest', 'september/', 'activity.csv'], { cwd, env: { LLMCOST_DB: 'two.duckdb' } })
})

describe('reconcile', () => {
  testLooks('reconcile', ['reconcile'], { cwd, env })
})

testQuestions(
  [
    ['billed-by-model', ['breakdown', '--by', 'model', '--cost', 'billed', '--as-of', 'latest']],
    ['billed-trend', ['trend', '--by', 'model', '--cost', 'billed', '--as-of', 'latest']],
    ['billed-report', ['report', '--cost', 'billed', '--period', '2026-09', '--as-of', 'latest']],
    ['contract-without-terms', ['breakdown', '--cost', 'contract']],
    ['reported-where-none', ['breakdown', '--cost', 'reported', '--as-of', 'latest']],
    ['billed-without-bills', ['breakdown', '--cost', 'billed', '--input', 'september/calls.jsonl']],
    ['reconcile-by-model', ['reconcile', '--by', 'model', '--fail-over', '1%']],
    ['reconcile-within', ['reconcile', '--by', 'provider', '--fail-over', '5%']],
    [
      'reconcile-another-zone',
      ['reconcile', '--by', 'day', '--tz', 'Asia/Kolkata', '--where', 'model=gpt-4o'],
    ],
    ['reconcile-no-bills', ['reconcile', '--since', '2026-08-01', '--until', '2026-09-01']],
    ['reconcile-by-user', ['reconcile', '--by', 'user']],
    ['reconcile-where-user', ['reconcile', '--where', 'user=ann']],
    ['reconcile-fail-over-words', ['reconcile', '--fail-over', 'much']],
    ['reconcile-other-biller', ['reconcile', '--biller', 'aws']],
    ['bills-dry-run', ['ingest', 'bills/aws-cur', 'bills/gcp', '--dry-run']],
    ['bills-as-calls', ['breakdown', '--input', 'bills/openai/console', '--from', 'litellm']],
  ],
  { cwd, env },
)

testQuestions(
  [
    [
      'contract-by-model',
      ['breakdown', '--by', 'model', '--cost', 'contract', '--since', '2026-09-01', '--as-of', '2026-10-02'],
    ],
  ],
  { cwd, env: { ...env, LLMCOST_CONFIG: 'contracts.yaml' } },
)

const two = { LLMCOST_DB: 'two.duckdb', LLMCOST_CONFIG: 'zones.yaml' }
const inZones = ['reconcile', '--by', 'provider,day']
testQuestions(
  [
    ['reconcile-bill-zones', inZones],
    ['reconcile-tz-before-bill-zones', [...inZones, '--tz', 'UTC']],
    ['reconcile-two-zones', [...inZones, '--since', '2026-09-03', '--until', '2026-09-05'], two],
    ['reconcile-two-zones-json', [...inZones, '--json'], two],
  ],
  { cwd, env: { ...env, LLMCOST_CONFIG: 'zones.yaml' } },
)
