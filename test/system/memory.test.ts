/** How much memory a large ingest takes, as the operating system counts it. */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runWell, sharedFolder } from '../e2e/program.js'

const cwd = sharedFolder()

const models = ['gpt-4o-mini', 'gpt-4o', 'claude-sonnet-4-5', 'claude-haiku-4-5']

const line = (i: number): string =>
  JSON.stringify({
    timestamp: new Date(Date.UTC(2026, 7, 3) + i * 5000).toISOString(),
    request_id: `req_${(i * 2654435761).toString(16).padStart(16, '0')}`,
    provider: i % 4 < 2 ? 'openai' : 'anthropic',
    model: models[i % 4],
    feature: `feature_${i % 8}`,
    user_id: `user_${i % 997}`,
    session_id: `s_${(i * 40503) % 100_003}`,
    input_tokens: 1000 + (i % 5000),
    cached_tokens: i % 3 === 0 ? 500 : 0,
    output_tokens: i % 900,
    latency_ms: 200 + (i % 4000),
    status: 'ok',
    finish_reason: 'stop',
    environment: 'production',
    prompt_hash: ((i * 97) % 65_537).toString(16).padStart(16, '0'),
  })

test('a million calls are ingested within 1 GB where 0.8 are allowed', { timeout: 600_000 }, async () => {
  const log = openSync(join(cwd, 'calls.jsonl'), 'w')
  for (let at = 0; at < 1_000_000; at += 10_000)
    writeSync(log, Array.from({ length: 10_000 }, (_, i) => `${line(at + i)}\n`).join(''))
  closeSync(log)
  const hook = join(cwd, 'peak.mjs')
  writeFileSync(
    hook,
    `import { writeFileSync } from 'node:fs'
     process.once('exit', () => writeFileSync('peak.txt', String(process.resourceUsage().maxRSS)))`,
  )
  const env = { NODE_OPTIONS: `--import=file://${hook}` }
  const stdout = await runWell(
    ['ingest', 'calls.jsonl', '--db', 'costs.duckdb', '--memory-limit', '800MB', '--json'],
    { cwd, env },
  )
  expect((JSON.parse(stdout) as { totals: { imported: number } }).totals.imported).toBe(1_000_000)
  // Kibibytes; 0.83 GB on two processors. The rest is what the allocator has not given back yet.
  expect(Number(readFileSync(join(cwd, 'peak.txt'), 'utf8')) * 1024).toBeLessThan(1e9)
})
