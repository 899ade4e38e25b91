/** `llmcost watch`: what is written while it runs is in the database, through rotation and cutting, until it is ended. */
import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync, copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { emptyFolder, pinnedEnv, programPath, run, runWell } from './program.js'

/** gpt-4o, USD per million tokens: $2.50 input, $10 output; each call costs $0.0035. */
const line = (id: string): string =>
  `${JSON.stringify({ timestamp: new Date().toISOString(), id: `chatcmpl-${'0'.repeat(16)}${id}`, model: 'gpt-4o', feature: 'shop', input_tokens: 1000, output_tokens: 100 })}\n`

const cameIn = (said: string): number =>
  [...said.matchAll(/(\d+) calls? came in/g)].reduce((sum, [, n]) => sum + Number(n), 0)

interface Watching {
  readonly child: ChildProcess
  readonly said: () => string
  /** Waits until it has said something; of a number, that so many calls came in since the start. */
  readonly until: (what: RegExp | number) => Promise<void>
  readonly end: (signal: NodeJS.Signals) => Promise<{ readonly code: number | null; readonly stdout: string }>
}

function watching(cwd: string, args: readonly string[]): Watching {
  const child = spawn(process.execPath, [programPath(), 'watch', ...args], { cwd, env: pinnedEnv(cwd) })
  let stderr = ''
  let stdout = ''
  child.stderr.on('data', (bytes) => (stderr += String(bytes)))
  child.stdout.on('data', (bytes) => (stdout += String(bytes)))
  const closed = new Promise<number | null>((done) => child.on('close', done))
  return {
    child,
    said: () => stderr,
    until: async (what) => {
      const deadline = Date.now() + 60_000
      while (typeof what === 'number' ? cameIn(stderr) < what : !what.test(stderr)) {
        if (Date.now() > deadline || child.exitCode !== null) throw new Error(`it said: ${stderr}${stdout}`)
        await sleep(50)
      }
    },
    end: async (signal) => {
      child.kill(signal)
      return { code: await closed, stdout }
    },
  }
}

const callsIn = async (cwd: string): Promise<unknown> => {
  const text = await runWell(
    ['breakdown', '--since', '2d', '--by', 'feature', '--json', '--db', 'w.duckdb'],
    { cwd },
  )
  return (JSON.parse(text) as { totals: unknown }).totals
}

test('follows a log that grows, is rotated and is cut, and new files; SIGINT ends it in good order', async () => {
  const cwd = emptyFolder()
  const log = join(cwd, 'logs', 'app.jsonl')
  mkdirSync(join(cwd, 'logs'))
  writeFileSync(log, line('a1'))
  const watch = watching(cwd, ['logs', '--db', 'w.duckdb'])
  await watch.until(1)
  expect(watch.said()).toMatch(/\d\d:\d\d:\d\d {2}today \$\S+ \(\d calls?\), this hour \$\S+; /)
  appendFileSync(log, line('a2'))
  await watch.until(2)
  renameSync(log, `${log}.1`)
  writeFileSync(log, line('b1'))
  await watch.until(3)
  // As logrotate's copytruncate does.
  appendFileSync(log, line('b2'))
  copyFileSync(log, `${log}.2`)
  writeFileSync(log, '')
  await watch.until(4)
  mkdirSync(join(cwd, 'logs', 'new'))
  writeFileSync(join(cwd, 'logs', 'new', 'other.jsonl'), line('c1'))
  await watch.until(5)
  expect(await watch.end('SIGINT')).toEqual({ code: 0, stdout: 'Ended. 5 calls came in.\n' })
  expect(await callsIn(cwd)).toMatchObject({ calls: 5, cost_usd: 0.0175 })
}, 120_000)

test('an empty folder is waited in; rules are judged as it goes', async () => {
  const cwd = emptyFolder()
  mkdirSync(join(cwd, 'logs'))
  writeFileSync(
    join(cwd, 'llmcost.config.yaml'),
    'rules:\n  - name: dear-hour\n    kind: cost\n    over: 0.005\n    window: 24h\n',
  )
  const watch = watching(cwd, ['logs', '--check', '--db', 'w.duckdb', '--config', 'llmcost.config.yaml'])
  await watch.until(/no call logs in this folder/)
  writeFileSync(join(cwd, 'logs', 'a.jsonl'), line('a1'))
  await watch.until(1)
  expect(watch.said()).not.toContain('dear-hour')
  appendFileSync(join(cwd, 'logs', 'a.jsonl'), line('a2'))
  await watch.until(/dear-hour/)
  expect((await watch.end('SIGTERM')).code).toBe(3)
}, 120_000)

test('nothing to follow is wrong use', async () => {
  const cwd = emptyFolder()
  const refusals = []
  for (const args of [[], ['-'], ['--agents']])
    refusals.push((await run(['watch', ...args], { cwd })).stderr.split('\n')[0])
  expect(refusals).toEqual([
    'llmcost: there is nothing named to watch',
    'llmcost: stdin cannot be followed',
    'llmcost: no coding agent of yours has sessions here',
  ])
})
