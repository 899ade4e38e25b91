/** `llmcost compare`: two periods, two models, a file saved before, and what is wrong with others. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe } from 'vitest'
import { demoIn } from '../../e2e/demo.js'
import { sharedFolder } from '../../e2e/program.js'
import { runWarmWell } from '../../e2e/together.js'
import { testLooks, testQuestions } from './recorded.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'demo.duckdb' }

beforeAll(async () => {
  await demoIn(cwd)
  for (const command of ['compare', 'report', 'breakdown']) {
    const window = ['--since', '2026-09-14', '--until', '2026-09-21', '--output', `${command}.json`]
    await runWarmWell([command, ...window], { cwd, env })
  }
  writeFileSync(join(cwd, 'other.json'), '{"schemaVersion": 2, "kind": "calls", "rows": []}')
  writeFileSync(join(cwd, 'newer.json'), '{"schemaVersion": 9, "kind": "report"}')
  writeFileSync(join(cwd, 'words.json'), 'calls\u001b[31m, cost\n')
  writeFileSync(join(cwd, 'few.jsonl'), few())
})

/** Twelve calls on each of two days, half of them unpriced on the first. */
function few(): string {
  const lines = Array.from({ length: 24 }, (_, i) => ({
    timestamp: new Date(Date.UTC(2026, 8, i < 12 ? 1 : 2, i % 12)).toISOString(),
    request_id: `q-${i}`,
    provider: 'openai',
    model: i < 12 && i % 2 === 0 ? 'our-own-model' : 'gpt-4o',
    feature: i < 12 ? 'old' : 'new',
    input_tokens: 400 + 3 * i,
    output_tokens: 900 - 2 * i,
    quality_score: i < 12 ? 0.5 : undefined,
  }))
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

const latest = ['--as-of', 'latest']
const models = [...latest, '--where', 'model=gpt-4o', '--vs', 'model=gpt-4o-mini', '--by', 'feature']

describe.each([
  ['compare-weeks', ['compare', ...latest]],
  ['compare-models', ['compare', ...models]],
])('%s', (name, args) => {
  testLooks(name, args, { cwd, env })
})

testQuestions(
  [
    [
      'compare-running-week',
      ['compare', ...latest, '--since', 'this-week', '--vs', 'last-week', '--by', 'feature', '--top', '2'],
    ],
    ['compare-berlin', ['compare', ...latest, '--tz', 'Europe/Berlin', '--vs', '28d', '--by', 'none']],
    ['compare-month-not-whole', ['compare', ...latest, '--since', 'this-month', '--vs', 'last-month']],
    [
      'compare-before-first-call',
      ['compare', '--since', '2026-08-10', '--until', '2026-08-17', '--vs', '2026-07-01..2026-07-08'],
    ],
    ['compare-on-both-sides', ['compare', ...latest, '--vs', 'env=production', '--by', 'none']],
    ['compare-nothing', ['compare', '--as-of', '2027-03-01']],
    ['compare-against-compare', ['compare', ...latest, '--against', 'compare.json']],
    [
      'compare-against-report',
      ['compare', ...latest, '--against', 'report.json', '--since', '14d', '--where', 'feature=search'],
    ],
    ['compare-against-breakdown', ['compare', ...latest, '--against', 'breakdown.json']],
    ['compare-against-nothing', ['compare', '--against', 'no-such.json']],
    ['compare-against-other-kind', ['compare', '--against', 'other.json']],
    ['compare-against-newer', ['compare', '--against', 'newer.json']],
    ['compare-against-words', ['compare', '--against', 'words.json']],
    ['compare-against-and-vs', ['compare', '--against', 'compare.json', '--vs', '14d']],
    ['compare-vs-wrong', ['compare', '--vs', 'last-weak']],
    ['compare-vs-same', ['compare', '--where', 'model=gpt-4o', '--vs', 'model=gpt-4o']],
    ['compare-by-day', ['compare', '--by', 'feature,day']],
    [
      'compare-few-calls',
      ['compare', '--input', 'few.jsonl', '--since', '2026-09-02', '--until', '2026-09-03'],
    ],
  ],
  { cwd, env },
)
