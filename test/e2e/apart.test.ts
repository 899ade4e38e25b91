/** The process that runs a person's statements ends with the one that asked, and says what went wrong. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { run, runWell, sharedFolder, start } from './program.js'
import { quoteText } from '../../src/domain/words/quoting.js'

const cwd = sharedFolder()
const endless =
  'SELECT count(*) FROM range(1000000000000) a, range(1000000) b WHERE a.range % 7 = b.range % 5'

beforeAll(async () => {
  const call = { ts: '2026-09-05T08:00:00Z', model: 'gpt-4o', input_tokens: 1000, output_tokens: 10 }
  writeFileSync(join(cwd, 'log.jsonl'), `${JSON.stringify(call)}\n`)
  await runWell(['ingest', 'log.jsonl', '--db', 'calls.duckdb'], { cwd })
})

/** Processes by the id of their parent. */
const childrenOf = (pid: number): number[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child!)

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function until(holds: () => boolean): Promise<void> {
  const ends = Date.now() + 240_000
  while (!holds()) {
    if (Date.now() > ends) throw new Error('it took over four minutes')
    await sleep(50)
  }
}

test.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
  'an endless statement ends when its command gets %s',
  async (signal) => {
    const before = readFileSync(join(cwd, 'calls.duckdb'))
    const command = start(['sql', endless, '--db', 'calls.duckdb'], { cwd })
    const over = once(command, 'exit')
    await until(() => childrenOf(command.pid!).length > 0)
    const [apart] = childrenOf(command.pid!)
    await sleep(1500) // It is at work by now, or will find that nobody waits.
    command.kill(signal)
    expect((await over)[1]).toBe(signal)
    await until(() => !isThere(apart!))
    expect(readFileSync(join(cwd, 'calls.duckdb')).equals(before)).toBe(true)
  },
)

test('an answer, or work, that memory does not hold is said in one sentence', async () => {
  // Many columns of nothing: no cells are made faster.
  const wide = Array.from({ length: 200 }, (_, i) => `NULL AS c${i}`).join(', ')
  for (const [sql, words] of [
    [`SELECT ${wide} FROM range(200000)`, 'the answer is larger than what can be shown'],
    [
      'SELECT count(*) FROM (SELECT DISTINCT repeat(CAST(i AS VARCHAR), 20) FROM range(20000000) t(i))',
      'the statement needs more memory than it may have',
    ],
  ] as const) {
    const ran = await run(['sql', sql, '--db', 'calls.duckdb', '--memory-limit', '300MB'], { cwd })
    expect([ran.code === 0, ran.stdout, ran.stderr.split('\n')[0]]).toEqual([false, '', `llmcost: ${words}`])
  }
})

test('who waits for a writer says so, and then answers', async () => {
  const db = await Database.open(':memory:', 'write')
  await db.run(`ATTACH ${quoteText(join(cwd, 'calls.duckdb'))} AS store`)
  const busy = await run(['sql', 'SELECT 1 AS one', '--db', 'calls.duckdb', '--lock-timeout', '1s'], { cwd })
  expect([busy.code, busy.stdout]).toEqual([1, ''])
  expect(busy.stderr).toContain(`the database is in use by process ${process.pid}`)
  const asked = run(['sql', 'SELECT 1 AS one', '--json', '--db', 'calls.duckdb'], { cwd })
  await sleep(1500)
  db.close()
  expect(await asked).toMatchObject({ code: 0, stdout: expect.stringContaining('"one": 1') })
})

test('reads by many statements go on side by side', async () => {
  const asked = Array.from({ length: 4 }, () =>
    runWell(['sql', 'SELECT count(*) AS n FROM calls', '--json', '--db', 'calls.duckdb'], { cwd }),
  )
  for (const answer of await Promise.all(asked)) expect(answer).toContain('"n": 1')
})

test('a store in a folder that may only be read is asked', async () => {
  mkdirSync(join(cwd, 'fixed'))
  cpSync(join(cwd, 'calls.duckdb'), join(cwd, 'fixed', 'calls.duckdb'))
  chmodSync(join(cwd, 'fixed', 'calls.duckdb'), 0o400)
  chmodSync(join(cwd, 'fixed'), 0o500)
  try {
    const answer = await runWell(
      ['sql', 'SELECT count(*) AS n FROM calls', '--json', '--db', 'fixed/calls.duckdb'],
      { cwd },
    )
    expect(answer).toContain('"n": 1')
  } finally {
    chmodSync(join(cwd, 'fixed'), 0o700)
  }
})

test('a rule that switches something on, or fails, leaves the next one as it is', async () => {
  const rules = [
    "{name: log, kind: sql, sql: \"FROM enable_logging(storage = 'file', storage_path = 'out')\"}",
    '{name: write, kind: sql, sql: "EXPLAIN ANALYZE COPY (SELECT 1) TO \'calls.duckdb\' (FORMAT csv, USE_TMP_FILE false)"}',
    '{name: caps, kind: sql, window: 8w, sql: "WITH caps(model, most) AS (VALUES (\'gpt-4o\', 0)) SELECT model AS value, count(*) AS measured FROM calls JOIN caps USING (model) WHERE ts >= $since AND ts < $as_of GROUP BY ALL HAVING count(*) > max(most)"}',
  ]
  writeFileSync(join(cwd, 'rules.yaml'), `rules:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`)
  const before = readFileSync(join(cwd, 'calls.duckdb'))
  const ran = await run(['check', '--db', 'calls.duckdb', '--as-of', '2026-10-05'], {
    cwd,
    env: { LLMCOST_CONFIG: 'rules.yaml' },
  })
  expect(readFileSync(join(cwd, 'calls.duckdb')).equals(before)).toBe(true)
  expect(ran.stdout, ran.stderr).toContain('gpt-4o')
  expect(`${ran.stdout}${ran.stderr}`).toContain('the function enable_logging is refused')
  expect(`${ran.stdout}${ran.stderr}`).toContain('an EXPLAIN statement is refused')
})
