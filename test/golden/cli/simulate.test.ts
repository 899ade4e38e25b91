/** `llmcost simulate` and `llmcost estimate`: the demo log, planned calls and a prompt. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe } from 'vitest'
import { demoIn } from '../../e2e/demo.js'
import { sharedFolder } from '../../e2e/program.js'
import { testLooks, testQuestions } from './recorded.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'demo.duckdb' }

beforeAll(async () => {
  await demoIn(cwd)
  cpSync(join(import.meta.dirname, '../../../fixtures/readme'), cwd, { recursive: true })
  writeFileSync(join(cwd, 'wrong.yaml'), 'scenarios:\n  one:\n    cache_hit: 140%\n')
  writeFileSync(
    join(cwd, 'bare.jsonl'),
    '{"id":"a","timestamp":"2026-09-01T10:00:00Z","model":"gpt-4o","input_tokens":1000,"output_tokens":10}\n',
  )
})

const latest = ['--as-of', 'latest']
const planned = ['simulate', '--calls', '10000', '--input', '500', '--output', '300', '--model', 'gpt-4']
const bare = ['--input', 'bare.jsonl', '--as-of', '2026-09-02', '--since', '1d']

describe('simulate', () => {
  testLooks(
    'simulate',
    [
      'simulate',
      ...latest,
      '--move',
      'gpt-4o=gpt-4o-mini,share=80%',
      '--cache-hit',
      '0.4',
      '--fixed',
      '50/month',
    ],
    { cwd, env },
  )
})

describe('estimate', () => {
  testLooks('estimate', ['estimate', 'prompt.json', '--output-tokens', '300', '--max-tokens', '40'], {
    cwd,
    env,
  })
})

describe('other questions', () => {
  testQuestions(
    [
      ['simulate-today', ['simulate', ...latest]],
      ['simulate-file', ['simulate', ...latest, '--scenarios', 'plans.yaml']],
      [
        'simulate-unknown',
        ['simulate', ...latest, '--move', 'gpt-4o=gpt-4,to_tier=flex', '--volume', '2x,feature=none-such'],
      ],
      ['simulate-multipliers', ['simulate', ...latest, '--multipliers']],
      ['simulate-multipliers-json', ['simulate', ...latest, '--multipliers', '--json']],
      ['simulate-multipliers-bare', ['simulate', ...bare, '--multipliers']],
      ['simulate-bare', ['simulate', ...bare, '--cache-hit', '0.5']],
      ['simulate-bare-users', ['simulate', ...bare, '--new-users', '10']],
      ['simulate-empty-window', ['simulate', '--as-of', '2020-01-01', '--volume', '4x']],
      [
        'simulate-planned',
        [
          ...planned,
          '--history',
          '40%',
          '--retries',
          '15%',
          '--development',
          '25%',
          '--instructions',
          '30%',
          '--turns',
          '50%',
        ],
      ],
      ['simulate-planned-json', [...planned, '--move', 'gpt-4=gpt-4o-mini', '--json']],
      ['simulate-wrong-lever', ['simulate', '--cache-hit', '1.4']],
      ['simulate-wrong-model', ['simulate', ...latest, '--move', 'gpt-4o=gpt-4oo']],
      ['simulate-wrong-file', ['simulate', '--scenarios', 'wrong.yaml']],
      ['simulate-wrong-planned', ['simulate', '--calls', '10000', '--model', 'gpt-4']],
      ['simulate-wrong-surcharge', ['simulate', '--history', '40%']],
      ['estimate-fit', ['estimate', 'prompt.json', '--model', 'gpt-4o', '--max-tokens', '40', '--fit']],
      ['estimate-fit-not', ['estimate', 'prompt.json', '--model', 'gpt-4o', '--max-tokens', '10', '--fit']],
      ['estimate-no-file', ['estimate', 'nowhere.txt']],
      ['estimate-unpriced', ['estimate', 'plans.yaml', '--model', 'gpt-4o,no-such-model']],
    ],
    { cwd, env },
  )
})
