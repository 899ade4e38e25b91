/** `llmcost efficiency` and `llmcost quality`: the demo log, and a log with scores. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe } from 'vitest'
import { demoIn } from '../../e2e/demo.js'
import { sharedFolder } from '../../e2e/program.js'
import { testLooks, testQuestions } from './recorded.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'demo.duckdb' }

beforeAll(async () => {
  await demoIn(cwd)
  writeFileSync(join(cwd, 'scored.jsonl'), scored())
})

/** A dear and a cheap model, scores from 1 to 5, thumbs; half of the prompts have a name. */
function scored(): string {
  const lines = Array.from({ length: 120 }, (_, i) => ({
    timestamp: new Date(Date.UTC(2026, 8, 1) + i * 3_600_000).toISOString(),
    request_id: `q-${i}`,
    provider: 'openai',
    model: i % 3 === 0 ? 'gpt-4o-mini' : 'gpt-4o',
    feature: i % 2 === 0 ? 'search' : 'chat',
    prompt_hash: `h${i % 3}`,
    ...(i % 4 < 2 ? { prompt_name: `answer-v${1 + (i % 2)}` } : {}),
    input_tokens: 400 + 3 * i,
    output_tokens: 900 - 2 * i,
    max_tokens: 8_192,
    ...(i % 5 === 0 ? {} : { quality_score: 1 + ((i * 7) % 5) }),
    ...(i % 6 === 0 ? { user_feedback: i % 4 === 0 ? 'up' : 'down' } : {}),
    groundedness: 0.5 + (i % 5) / 10,
  }))
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

const week = ['--as-of', 'latest', '--since', '7d']
const input = ['--input', 'scored.jsonl', '--as-of', '2026-10-01']
const questions: Readonly<Record<string, readonly string[]>> = {
  efficiency: ['efficiency', ...week],
  'efficiency-scored': ['efficiency', '--by', 'model', ...input],
  quality: ['quality', ...input],
}

describe.each(Object.entries(questions))('%s', (name, args) => {
  testLooks(name, args, { cwd, env })
})

describe('other questions', () => {
  testQuestions(
    [
      ['efficiency-none', ['efficiency', '--by', 'none', '--as-of', 'latest']],
      [
        'efficiency-user',
        ['efficiency', '--by', 'user', '--top', '3', '--sort', 'p95_input_tokens', ...week],
      ],
      ['efficiency-columns', ['efficiency', '--columns', 'calls,stop_rate', '--by', 'model', ...week]],
      ['efficiency-empty-window', ['efficiency', '--as-of', '2020-01-01']],
      ['quality-not-logged', ['quality', '--as-of', 'latest']],
      ['quality-empty-window', ['quality', '--as-of', '2020-01-01']],
      ['quality-by', ['quality', '--by', 'feature,prompt-version', '--top', '2', ...input]],
    ],
    { cwd, env },
  )
})
