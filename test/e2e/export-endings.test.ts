/** Exports that end before their last row: by a signal, a file that may not grow, or a reader that has enough. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { pinnedEnv, programPath, runWell, sharedFolder, start } from './program.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: join(cwd, 'demo.duckdb') }
/** Under load; each starts the program some times. */
const slow = 240_000

beforeAll(async () => {
  cpSync(fileURLToPath(new URL('../../fixtures/demo', import.meta.url)), join(cwd, 'demo'), {
    recursive: true,
  })
  await runWell(['ingest', 'demo'], { cwd, env })
}, slow)

/** Runs a line of the shell in which `llmcost` is the program. */
function shell(line: string, more: Readonly<Record<string, string>> = {}) {
  const program = `llmcost() { "${process.execPath}" "${programPath()}" "$@"; }`
  return spawnSync('sh', ['-c', `${program}; ${line}`], {
    cwd,
    env: pinnedEnv(cwd, { ...env, ...more }),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
}

const cases = [
  ['SIGTERM', ['--format', 'csv']],
  ['SIGINT', ['--format', 'jsonl']],
  ['SIGHUP', ['--format', 'parquet', '--partition-by', 'day']],
] as const

test.each(cases)(
  '%s takes away what is not whole, and the process dies of it',
  async (signal, args) => {
    const room = join(cwd, signal)
    mkdirSync(room)
    let killed = 0
    for (let i = 0; i < 60 && killed < 2; i++) {
      rmSync(join(room, 'calls'), { recursive: true, force: true })
      const child = start(['export', 'calls', ...args, '--output', join(room, 'calls')], { cwd, env })
      const ended = new Promise((resolve) => child.on('exit', (_code, by) => resolve(by)))
      while (child.exitCode === null && readdirSync(room).length === 0) await sleep(1)
      child.kill(signal)
      if ((await ended) !== signal) continue
      killed += 1
      // It may have been whole in the moment of the signal.
      expect(readdirSync(room).filter((name) => name !== 'calls')).toEqual([])
    }
    expect(killed).toBe(2)
  },
  slow,
)

test(
  'a signal takes away the temporary files of an answer on stdout',
  async () => {
    const temporary = join(cwd, 'temporary')
    mkdirSync(temporary)
    const writing = (): boolean =>
      readdirSync(temporary, { recursive: true }).some((name) => String(name).includes('export.'))
    let killed = 0
    for (let i = 0; i < 60 && killed < 1; i++) {
      // The pipe to this test is a socket: the rows are put into a file first.
      const child = start(['export', 'calls', '--quiet'], { cwd, env: { ...env, TMPDIR: temporary } })
      child.stdout!.resume()
      const ended = new Promise((resolve) => child.on('exit', (_code, by) => resolve(by)))
      while (child.exitCode === null && !writing()) await sleep(1)
      child.kill('SIGTERM')
      if ((await ended) === 'SIGTERM') killed += 1
      expect(readdirSync(temporary)).toEqual([])
    }
    expect(killed).toBe(1)
  },
  slow,
)

test.each(['csv', 'jsonl'])(
  'a pipe gets the rows of %s that a file would hold, without a temporary file',
  async (format) => {
    await runWell(['export', 'calls', '--output', `file.${format}`], { cwd, env })
    // Nothing can be written to a folder that is none.
    const piped = shell(`llmcost export calls --format ${format} --quiet | cat`, { TMPDIR: '/dev/null' })
    expect([piped.stderr, piped.stdout.length]).toEqual(['', expect.any(Number)])
    expect(piped.stdout).toBe(readFileSync(join(cwd, `file.${format}`), 'utf8'))
    const file = shell(`(echo first; llmcost export hourly --quiet; echo last) > all.csv; tail -n 1 all.csv`)
    expect(file.stdout).toBe('last\n')
    expect(readFileSync(join(cwd, 'all.csv'), 'utf8')).toMatch(/^first\nhour,/)
  },
  slow,
)

test(
  'a reader that has enough ends it quietly',
  () => {
    for (const what of ['calls', 'hourly', 'focus --billing-account a', 'report --as-of latest']) {
      const headed = shell(`{ llmcost export ${what} --quiet; echo $? >&2; } | head -n 1`)
      expect([what, headed.stdout.split('\n').length, headed.stderr]).toEqual([what, 2, '0\n'])
    }
  },
  slow,
)

test(
  'a file that may grow no further leaves what was there, nothing else, and a message',
  () => {
    const room = join(cwd, 'full')
    mkdirSync(room)
    for (const args of [
      'calls --output full/x.csv',
      'calls --output full/x.parquet',
      'focus --output full/x.csv',
    ]) {
      for (const before of [undefined, 'mine']) {
        if (before !== undefined) writeFileSync(join(room, args.split('/')[1]!), before)
        // No file may grow beyond some kilobytes: the system refuses the write, as it does on a full disk.
        const ran = shell(`trap '' XFSZ; ulimit -f 8; llmcost export ${args} --force`)
        const told = expect.stringContaining('a file may not grow as large as it must') as unknown
        expect([ran.status, ran.stderr]).toEqual([1, told])
        expect(ran.stderr).toContain('ulimit -f')
        for (const name of readdirSync(room)) {
          expect(readFileSync(join(room, name), 'utf8')).toBe(before)
          rmSync(join(room, name))
        }
      }
    }
  },
  slow,
)

test.skipIf(!existsSync('/dev/full'))(
  'a full stdout is a message, no stack',
  () => {
    for (const line of ['llmcost export hourly --quiet', 'llmcost report --as-of latest', 'llmcost --help']) {
      const ran = shell(`${line} > /dev/full`)
      expect([line, ran.status]).toEqual([line, 1])
      expect(ran.stderr).toMatch(/^llmcost: stdout cannot be written\n  Check that there is room: ENOSPC/)
      expect(ran.stderr.split('\n').length).toBe(3)
    }
  },
  slow,
)
