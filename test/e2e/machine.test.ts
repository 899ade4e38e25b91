/** What the machine refuses is told in a sentence, ends with 1, and leaves the store as it was. */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { emptyFolder, pinnedEnv, programPath, run, runWell, sharedFolder, type Ran } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const lines = (count: number): string =>
  Array.from(
    { length: count },
    (_, i) =>
      `{"ts":"2026-09-05T08:00:00Z","id":"c${i}","model":"gpt-4o","input_tokens":${i},"output_tokens":5,"user":"user-${i}"}\n`,
  ).join('')

const db = ['--db', 'calls.duckdb']

/** Runs the program from a shell that sets a limit, or sends its answer elsewhere. */
function under(
  cwd: string,
  shell: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', shell, process.execPath, programPath(), ...args], {
      cwd,
      env: pinnedEnv(cwd, env),
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => (stdout += String(chunk)))
    child.stderr.on('data', (chunk) => (stderr += String(chunk)))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ stdout, stderr, code, signal }))
  })
}

/** One sentence and what to do, and no word of a defect. */
function expectTold(ran: Ran, words: RegExp, code: number | null = 1): void {
  expect(ran.stderr).toMatch(words)
  expect(ran.stderr).not.toMatch(/defect|unexpected|\n {4}at |node:internal/)
  expect(ran.stderr.split('\n').filter((line) => line.startsWith('llmcost: '))).toHaveLength(1)
  expect([ran.code, ran.signal]).toEqual([code, null])
}

const cwd = sharedFolder()
beforeAll(async () => {
  writeFileSync(join(cwd, 'first.jsonl'), lines(200))
  writeFileSync(join(cwd, 'more.jsonl'), lines(20_000))
  await runWarmWell(['ingest', 'first.jsonl', ...db], { cwd })
})

const expectIntact = async (): Promise<void> => {
  const answer = await runWarmWell(['breakdown', '--as-of', 'latest', '--since', '30d', '--json', ...db], {
    cwd,
  })
  expect((JSON.parse(answer) as { totals: { calls: number } }).totals.calls).toBe(200)
}

describe('too little', () => {
  test.each([
    ['ingest', 'more.jsonl', '--dry-run'],
    ['report', '--as-of', 'latest'],
  ])('memory for %s: what it says would do does', async (...args) => {
    let limit = '1MB'
    for (let tries = 0; tries < 4; tries++) {
      const ran = await runWarm([...args, '--memory-limit', limit, ...db], { cwd })
      if (ran.code === 0) break
      expectTold(
        ran,
        new RegExp(`the memory limit of ${limit} is too small for this\n  Try --memory-limit \\d+[MG]B\\.\n`),
      )
      limit = /Try --memory-limit (\w+)/.exec(ran.stderr)![1]!
    }
    expect((await runWarm([...args, '--memory-limit', limit, ...db], { cwd })).code).toBe(0)
    await expectIntact()
  })

  test('room for a file', async () => {
    const ran = await under(cwd, 'ulimit -f 600; exec "$0" "$@"', ['ingest', 'more.jsonl', ...db])
    expectTold(ran, /: a file may not grow as large as it must\n  Allow larger files \(ulimit -f\)/)
    await expectIntact()
  })

  test.each([18, 22, 26, 30, 36])('files that may be open: %s', async (most) => {
    const ran = await under(cwd, `ulimit -n ${most}; exec "$0" "$@"`, ['report', '--as-of', 'latest', ...db])
    if (ran.code !== 0) expectTold(ran, /too (?:few|many)(?: open)? files/)
  })

  test.each(['/nonexistent/folder', '/dev/null/x'])('temporary folder: %s', async (folder) => {
    const ran = await runWarm(['ingest', 'more.jsonl', ...db], { cwd, env: { TMPDIR: folder } })
    expectTold(ran, /: temporary files cannot be made\n  Name a folder that can be written to: TMPDIR/)
    await expectIntact()
  })

  test.skipIf(process.getuid?.() !== 0)('disk', async () => {
    const small = join(cwd, 'small')
    mkdirSync(small)
    const room = statSync(join(cwd, 'calls.duckdb')).size + (512 << 10)
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${room}`, 'tmpfs', small]).status === 0
    // Some containers forbid it.
    if (!mounted) return
    try {
      copyFileSync(join(cwd, 'calls.duckdb'), join(small, 'calls.duckdb'))
      const store = ['--db', join(small, 'calls.duckdb')]
      const ran = await run(['ingest', 'more.jsonl', ...store], { cwd })
      expectTold(ran, /small\/\S+: the disk is full\n  Make room there.*\n  Logs of [\d.]+ .?B take up to/)
      const answer = await runWell(['sql', 'SELECT count(*) AS n FROM calls', '--json', ...store], {
        cwd,
      })
      expect(answer).toContain('"n": 200')
      rmSync(join(small, 'calls.duckdb'))
      writeFileSync(join(small, 'filler'), Buffer.alloc(room - (400 << 10)))
      const copy = await run(['ingest', 'more.jsonl', ...db], { cwd, env: { TMPDIR: small } })
      expectTold(
        copy,
        /small: the disk is full\n  Make room there.*\n  Logs of [\d.]+ .?B take up to [\d.]+ .?B in .*small for a while, and [\d.]+ .?B beside the database/,
      )
    } finally {
      spawnSync('umount', [small])
    }
    await expectIntact()
  })
})

describe('a database that is none', () => {
  test.each(['/dev/null', '/dev/zero', '/dev/full', 'pipe'])('%s', async (path) => {
    if (path === 'pipe') spawnSync('mkfifo', [join(cwd, 'pipe')])
    for (const args of [['status'], ['ingest', 'first.jsonl'], ['report'], ['doctor']]) {
      const ran = await runWarm([...args, '--db', path], { cwd })
      if (args[0] === 'doctor')
        expect([ran.code, ran.stdout]).toEqual([1, expect.stringContaining('a pipe or a device')])
      else expectTold(ran, /: the database path is a pipe or a device, not a file\n/)
    }
  })

  test('a folder', async () => {
    for (const args of [['status'], ['ingest', 'first.jsonl']])
      expectTold(await runWarm([...args, '--db', '.'], { cwd }), /: the database path is a folder\n/)
  })

  test('in a folder that nobody may read: it is not said that there are no calls', async () => {
    const room = emptyFolder()
    mkdirSync(join(room, 'closed'))
    copyFileSync(join(cwd, 'calls.duckdb'), join(room, 'closed/calls.duckdb'))
    chmodSync(join(room, 'closed'), 0o000)
    const root = process.getuid?.() === 0
    // The program itself must be readable.
    if (root)
      for (let at = dirname(programPath()); at.includes('llmcost-'); at = dirname(at)) chmodSync(at, 0o755)
    if (root) for (let at = room; at.includes('llmcost-'); at = dirname(at)) chmodSync(at, 0o755)
    for (const args of [['status'], ['ingest', '/dev/null'], ['report']]) {
      const ran = spawnSync(
        process.execPath,
        [programPath(), ...args, '--db', join(room, 'closed/calls.duckdb')],
        {
          cwd: room,
          env: pinnedEnv(room),
          encoding: 'utf8',
          ...(root ? { uid: 65534, gid: 65534 } : {}),
        },
      )
      expectTold(
        { stdout: ran.stdout, stderr: ran.stderr, code: ran.status, signal: ran.signal },
        /the database cannot be looked at: its folder is not readable\n  Make the folder readable/,
      )
    }
    chmodSync(join(room, 'closed'), 0o755)
  })

  test.each(["'abc'", "'-1'", "'1.5'", "''", 'NULL', "'99999999999999999999'"])(
    'whose schema version is %s',
    async (version) => {
      const room = emptyFolder()
      copyFileSync(join(cwd, 'calls.duckdb'), join(room, 'calls.duckdb'))
      const { DuckDBInstance } = await import('@duckdb/node-api')
      const instance = await DuckDBInstance.create(join(room, 'calls.duckdb'))
      const connection = await instance.connect()
      await connection.run(`UPDATE meta SET value = ${version} WHERE key = 'schema_version'`)
      connection.closeSync()
      instance.closeSync()
      for (const args of [['status'], ['ingest', join(cwd, 'first.jsonl')]])
        expectTold(
          await runWarm([...args, ...db], { cwd: room }),
          /: the database says no version of its tables: /,
        )
    },
  )
})

describe('an answer that nobody takes', () => {
  test('a full disk', async () => {
    const ran = await under(cwd, 'exec "$0" "$@" > /dev/full', ['report', '--as-of', 'latest', ...db])
    expectTold(ran, /: stdout cannot be written\n/)
  })

  test('a reader that left', async () => {
    const ran = await under(cwd, '{ "$0" "$@"; echo "code $?" >&2; } | true', [
      'calls',
      '--top',
      '200',
      ...db,
    ])
    expect(ran.stderr).toBe('code 0\n')
  })

  test('closed from the start', async () => {
    const ran = await under(cwd, 'exec "$0" "$@" >&-', ['report', '--as-of', 'latest', ...db])
    expect(ran.stderr).not.toMatch(/defect|unexpected|\n {4}at /)
  })
})
