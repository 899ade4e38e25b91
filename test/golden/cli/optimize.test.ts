/** What to change, as people see it: in every format, narrow and wide, and where there is nothing to gain or to know. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { sharedFolder } from '../../e2e/program.js'
import { runWarmWell } from '../../e2e/together.js'
import { expectRecorded, testLooks, testQuestions } from './recorded.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'calls.duckdb' }
const hour = 3_600_000

/** Two weeks of a chat that repeats itself, a nightly digest, an agent whose history grows, and prompts asked twice. */
function* records(): Generator<object> {
  const start = Date.parse('2026-09-01T00:00:00Z')
  const at = (ms: number): string => new Date(start + ms).toISOString()
  for (let i = 0; i < 280; i++) {
    yield {
      timestamp: at(Math.floor(i / 10) * 11.7 * hour + (i % 10) * 0.3 * hour),
      request_id: `chat-${i}`,
      provider: 'openai',
      model: 'gpt-4o',
      feature: 'chat',
      user_id: `user-${i % 9}`,
      session_id: `chat-${i}`,
      prompt_hash: i % 10 < 6 ? `p${i}` : `p${i - (i % 10)}`,
      input_tokens: 1500 + (i % 10 < 6 ? i % 7 : 0) * 100,
      cached_tokens: 0,
      output_tokens: i % 20 === 0 ? 900 : 150,
      max_tokens: 4096,
      temperature: 0.2,
      latency_ms: 900,
      status: i % 40 === 39 ? 'error' : 'ok',
      finish_reason: i % 40 === 39 ? 'error' : 'stop',
    }
    if (i % 20 === 0)
      for (let n = 0; n < 15; n++)
        yield {
          timestamp: at(Math.floor(i / 20) * 24 * hour + 2.5 * hour + n * 2000),
          request_id: `digest-${i}-${n}`,
          provider: 'anthropic',
          model: 'claude-sonnet-4-5',
          feature: 'digest',
          prompt_hash: `d${i}-${n}`,
          input_tokens: 6000,
          cached_tokens: 0,
          output_tokens: 700,
          status: 'ok',
          finish_reason: 'stop',
        }
  }
  for (let n = 0; n < 30; n++)
    yield {
      timestamp: at(100 * hour + n * 240_000),
      request_id: `agent-${n}`,
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      feature: 'agent \u001b[31m<b>',
      user_id: 'user-1',
      session_id: 'agent-1',
      prompt_hash: `a${n}`,
      input_tokens: 4000 + n * 2500,
      cached_tokens: 0,
      output_tokens: 400,
      status: 'ok',
      finish_reason: 'stop',
    }
}

beforeAll(async () => {
  mkdirSync(join(cwd, 'logs'))
  const lines = [...records()].map((record) => JSON.stringify(record))
  writeFileSync(join(cwd, 'logs', 'calls.jsonl'), `${lines.join('\n')}\n`)
  writeFileSync(
    join(cwd, 'bare.csv'),
    'timestamp,model,input_tokens,output_tokens\n2026-09-10T08:00:00Z,gpt-4o,100,10\n',
  )
  await runWarmWell(['ingest', 'logs'], { cwd, env })
})

const until = ['--as-of', '2026-09-15']

describe('optimize', () => {
  testLooks('optimize', ['optimize', ...until], { cwd, env }, ['--top', '1'])
  test('of a log that says little', () =>
    expectRecorded('optimize-bare', ['optimize', '--input', 'bare.csv', ...until], { cwd, env }))
  test('writes the routing table', async () => {
    const asked = ['optimize', '--strategy', 'model-routing', '--routes', 'routes.json', ...until]
    await expectRecorded('optimize-routes', asked, { cwd, env })
    const table = JSON.parse(readFileSync(join(cwd, 'routes.json'), 'utf8')) as { rules: unknown[] }
    expect(table).toMatchObject({ version: 1, kind: 'llmcost_routes' })
    expect(table.rules[0]).toMatchObject({
      feature: 'chat',
      provider: 'openai',
      model: 'gpt-4o',
      to: { provider: 'openai' },
    })
  })
})

describe('other questions', () => {
  testQuestions(
    [
      ['optimize-plan', ['optimize', '--plan', '--top', '1', ...until]],
      [
        'optimize-combine',
        ['optimize', '--combine', '--strategy', 'response-caching,output-limits', ...until],
      ],
      ['optimize-explain', ['optimize', '--explain', 'context-growth', '--assume', 'turns=5', ...until]],
      [
        'optimize-explain-lacking',
        ['optimize', '--explain', 'response-caching', '--input', 'bare.csv', ...until],
      ],
      [
        'optimize-shares',
        [
          'optimize',
          '--strategy',
          'model-routing',
          '--candidates',
          'gpt-4o-mini',
          '--share',
          '80%',
          ...until,
        ],
      ],
      ['report-savings', ['report', '--sections', 'summary,savings', ...until]],
      ['optimize-nothing', ['optimize', '--where', 'feature=none-such', ...until]],
      ['optimize-empty-window', ['optimize', '--since', '2025-01-01', '--until', '2025-02-01']],
      ['wrong-strategy', ['optimize', '--strategy', 'response-cashing']],
      ['wrong-assumption', ['optimize', '--assume', 'quantile=90%']],
      ['wrong-assumed-value', ['optimize', '--assume', 'response-caching.ttl=soon']],
      ['wrong-share', ['optimize', '--candidates', 'gpt-4o-mini', '--share', '120%']],
      ['wrong-candidate', ['optimize', '--candidates', 'gpt-4x', ...until]],
      ['wrong-routes', ['optimize', '--routes', 'nowhere/routes.json', ...until]],
      ['wrong-explain', ['optimize', '--explain', 'heavy-users', '--plan']],
    ],
    { cwd, env },
  )
})
