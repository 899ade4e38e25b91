/**
 * `check --notify` killed at any moment: a message is never lost, and never told twice but for one that was on its
 * way when the run was killed, which goes out once more under the same id. Calls are not touched at all.
 */
import { cpSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { leaseMs } from '../../src/delivery/limits.js'
import { emptyFolder, run, runWell, start } from '../e2e/program.js'
import { attackTimeout, dice, sized, tell } from './size.js'
import { stateOf } from './state.js'

const rounds = sized(3, 90)

/** Tables that no check may touch. */
const ofCalls = ['calls', 'files', 'ingests', 'rates', 'rejects', 'same_calls']

interface Received {
  readonly id: string
  readonly type: string
}

const timeOf = (minutes: number): string =>
  new Date(Date.parse('2026-10-05T08:30:00Z') + minutes * 60_000).toISOString()

async function receiver(received: Received[]): Promise<number> {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
    request.on('end', () => {
      const { type } = JSON.parse(body) as { type: string }
      received.push({ id: String(request.headers['webhook-id']), type })
      response.writeHead(200).end('ok')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** As if the leases of dead runs were over. @returns how often the start was on its way when a run was killed */
async function later(path: string): Promise<number> {
  const db = await Database.open(path, 'write')
  try {
    const { attempts } = await db.one<{ attempts: number }>(
      "SELECT coalesce(max(attempts), 0) AS attempts FROM deliveries WHERE state = 'sending'",
    )
    await db.run(`UPDATE deliveries SET claimed_until = claimed_until - INTERVAL (${leaseMs}) MILLISECOND`)
    return attempts
  } finally {
    db.close()
  }
}

test(
  'checks that are killed tell nobody twice, and forget nobody',
  async () => {
    const cwd = emptyFolder()
    const received: Received[] = []
    const port = await receiver(received)
    const world = {
      cwd,
      env: {
        LLMCOST_CONFIG: 'costs.json',
        HOOK_URL: `http://127.0.0.1:${port}/hook`,
        HOOK_SECRET: 'whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ=',
      },
    }
    const calls = Array.from({ length: 10 }, (_, i) =>
      JSON.stringify({
        timestamp: timeOf(i - 20),
        request_id: `r${i}`,
        model: 'gpt-4o',
        input_tokens: 100_000,
      }),
    )
    writeFileSync(join(cwd, 'calls.jsonl'), `${calls.join('\n')}\n`)
    const hook = { kind: 'webhook', url_env: 'HOOK_URL', secret_env: 'HOOK_SECRET', remind_every: 'never' }
    const rules = [{ name: 'dear', kind: 'cost', over: 0.5 }]
    writeFileSync(
      join(cwd, 'costs.json'),
      JSON.stringify({ db: join(cwd, 'now.duckdb'), rules, notify: { hook } }),
    )
    await runWell(['ingest', 'calls.jsonl', '--db', 'before.duckdb'], world)
    const db = join(cwd, 'now.duckdb')
    const check = (minutes: number): readonly string[] => ['check', '--notify', '--as-of', timeOf(minutes)]
    const reset = (): void => cpSync(join(cwd, 'before.duckdb'), db)
    reset()
    const untouched = await stateOf(db, ofCalls)
    const began = performance.now()
    expect((await run(check(0), world)).code).toBe(3)
    let lasts = performance.now() - began
    const counts = { killed: 0, repeated: 0, givenUp: 0 }
    const throws = dice(101)
    for (let i = 0; i < rounds; i++) {
      reset()
      received.length = 0
      let cutOff = 0
      let minutes = 0
      for (let left = throws.chance(0.3) ? 2 : 1; left > 0; left--) {
        const ms = Math.round((lasts * (throws.chance(0.3) ? 10 : 45 + throws.below(58))) / 100)
        const child = start(check(minutes++), world)
        const end = new Promise<NodeJS.Signals | null>((done) =>
          child.on('close', (_code, signal) => done(signal)),
        )
        await sleep(ms)
        child.kill('SIGKILL')
        if ((await end) === 'SIGKILL') counts.killed += 1
        else lasts *= 0.98
        expect(await stateOf(db, ofCalls), `round ${i}, killed after ${ms} ms`).toBe(untouched)
        cutOff = Math.max(cutOff, await later(db))
      }
      await run(check(minutes++), world)
      await run(check(90), world)
      await run(check(91), world)
      const starts = received.filter(({ type }) => type === 'alert.start')
      const where = `round ${i}, ${cutOff} times on its way`
      // What left before the kill may have arrived: it goes out once more, under the same id.
      expect(new Set(starts.map(({ id }) => id)).size, where).toBeLessThanOrEqual(1)
      expect(starts.length, where).toBeLessThanOrEqual(Math.min(1 + cutOff, 2))
      if (cutOff < 2) expect(starts.length, where).toBeGreaterThanOrEqual(1)
      else counts.givenUp += 1
      if (starts.length > 1) counts.repeated += 1
      expect(received.filter(({ type }) => type === 'alert.end').length, where).toBe(1)
    }
    tell(
      `${counts.killed} kills of check --notify: no message lost, ${counts.repeated} sent once more under the same id as documented, ${counts.givenUp} given up and told as such after two kills on their way`,
    )
  },
  attackTimeout,
)
