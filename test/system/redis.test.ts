/** A real Redis takes what `llmcost caps --over --format redis` writes, ids of any letters included, and forgets it in time. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run, sharedFolder } from '../e2e/program.js'
import { freePort } from './free-port.js'

const cwd = sharedFolder()
let server: ChildProcess
let port = 0

const cli = (args: readonly string[], input = ''): string =>
  execFileSync('redis-cli', ['-p', String(port), ...args], { cwd, input, encoding: 'utf8' })

beforeAll(async () => {
  port = await freePort()
  const options = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    cwd,
  ]
  server = spawn('redis-server', options, { stdio: 'ignore' })
  for (let tries = 0; tries < 100; tries++) {
    try {
      if (cli(['PING']).trim() === 'PONG') return
    } catch {
      // Not there yet.
    }
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error('redis-server does not answer')
})
afterAll(() => server.kill())

test('each user over a cap is a key that expires with the day', async () => {
  const users = ['ada', 'zoë', 'x\r\nDEL llmcost:over:ada\r\n', "'; --", '*1\r\n$8\r\nFLUSHALL\r\n']
  const now = new Date()
  const lines = users.map((user_id, i) =>
    JSON.stringify({
      timestamp: new Date(now.getTime() - 1000).toISOString(),
      request_id: `r${i}`,
      model: 'gpt-4o',
      user_id,
      input_tokens: 2_000_000,
      output_tokens: 10,
    }),
  )
  writeFileSync(join(cwd, 'calls.jsonl'), lines.map((line) => `${line}\n`).join(''))
  // An hour that ends within the test would let its keys go.
  const cap = ['--cap', 'monthly_usd=1', '--tz', 'UTC']
  const over = ['caps', '--over', 'calls.jsonl', ...cap, '--as-of', now.toISOString(), '--format', 'redis']
  const { stdout, code } = await run(over, { cwd })
  expect(code).toBe(3)
  cli(['SET', 'other', 'stays'])
  expect(cli(['--pipe'], stdout)).toMatch(/errors: 0, replies: 5/)
  expect(cli(['GET', 'other']).trim()).toBe('stays')
  expect(cli(['DBSIZE']).trim()).toBe('6')
  const end = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1) / 1000
  for (const user of users) {
    const key = `llmcost:over:${user}`
    expect(cli(['EXPIRETIME', key]).trim()).toBe(String(end))
    const value = JSON.parse(cli(['GET', key])) as { user_id: string; caps: { cap_key: string }[] }
    expect(value.user_id).toBe(user)
    expect(value.caps.map(({ cap_key: cap }) => cap)).toEqual(['monthly_usd'])
  }
})
