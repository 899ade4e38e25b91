/** Several processes and one store: all end well, nothing is lost or doubled, and who waits says for whom. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { ask, contentsOf } from '../property/ingesting.js'
import { emptyFolder, run, runWell, start } from './program.js'

function writeLog(path: string, calls: number, from: number): void {
  const lines = Array.from({ length: calls }, (_, i) =>
    JSON.stringify({
      id: `call-${from + i}`,
      timestamp: new Date(Date.UTC(2026, 8, 1) + (from + i) * 1000).toISOString(),
      model: 'gpt-4o',
      input_tokens: 100,
      output_tokens: 10,
    }),
  )
  writeFileSync(path, lines.join('\n') + '\n')
}

test('two ingests and three reports started together end well; nothing is lost or doubled', async () => {
  const cwd = emptyFolder()
  mkdirSync(join(cwd, 'a'))
  mkdirSync(join(cwd, 'b'))
  writeLog(join(cwd, 'first.jsonl'), 100, 0)
  // Both folders hold calls 10,000 to 20,000.
  writeLog(join(cwd, 'a/one.jsonl'), 20_000, 0)
  writeLog(join(cwd, 'b/two.jsonl'), 20_000, 10_000)
  const db = ['--db', 'calls.duckdb']
  await runWell(['ingest', 'first.jsonl', ...db], { cwd })
  const ran = await Promise.all([
    run(['ingest', 'a', ...db], { cwd }),
    run(['ingest', 'b', 'a', ...db], { cwd }),
    ...[1, 2, 3].map(() => run(['report', '--as-of', 'latest', ...db], { cwd })),
  ])
  expect(ran.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0, 0, 0, 0])
  await runWell(['ingest', 'a/one.jsonl', 'b/two.jsonl', 'first.jsonl', '--db', 'alone.duckdb'], { cwd })
  const together = await contentsOf(join(cwd, 'calls.duckdb'))
  expect(together.calls.length).toBe(30_000)
  expect(together).toEqual(await contentsOf(join(cwd, 'alone.duckdb')))
  const files = await ask(
    join(cwd, 'calls.duckdb'),
    'SELECT lines, imported + duplicates + superseded + skipped + rejected AS booked FROM files',
  )
  expect(files.every((file) => file['lines'] === file['booked'])).toBe(true)
})

/** Another process that holds the store's lock for as long as it lives. */
async function hold(db: string): Promise<number> {
  const script = `import { DuckDBInstance } from '@duckdb/node-api'
    const db = await DuckDBInstance.create(process.argv[1])
    await (await db.connect()).run('CREATE TEMP TABLE held AS SELECT 1')
    console.log('held')
    setInterval(() => db, 1000)`
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const child = execFile(process.execPath, ['--input-type=module', '-e', script, db], { cwd: root })
  onTestFinished(() => void child.kill('SIGKILL'))
  await new Promise((resolve) => child.stdout!.once('data', resolve))
  return child.pid!
}

test('a lock that is not let go in time: the error names the process, and what to do', async () => {
  const cwd = emptyFolder()
  writeLog(join(cwd, 'log.jsonl'), 10, 0)
  await runWell(['ingest', 'log.jsonl', '--db', 'calls.duckdb'], { cwd })
  const pid = await hold(join(cwd, 'calls.duckdb'))
  for (const args of [['report'], ['status'], ['ingest', 'log.jsonl', '--replace']]) {
    const ran = await run([...args, '--db', 'calls.duckdb', '--lock-timeout', '300ms'], { cwd })
    expect([args[0], ran.code, ran.stdout]).toEqual([args[0], 1, ''])
    expect(ran.stderr).toContain(`process ${pid}`)
    expect(ran.stderr).toContain('--lock-timeout')
  }
})

test('who waits says for whom, and goes on when the lock is free', async () => {
  const cwd = emptyFolder()
  writeLog(join(cwd, 'log.jsonl'), 10, 0)
  await runWell(['ingest', 'log.jsonl', '--db', 'calls.duckdb'], { cwd })
  const pid = await hold(join(cwd, 'calls.duckdb'))
  const child = start(['report', '--as-of', 'latest', '--db', 'calls.duckdb'], { cwd })
  let told = ''
  child.stderr!.on('data', (chunk: Buffer) => (told += chunk.toString()))
  const ended = new Promise((resolve) => child.on('close', resolve))
  child.stdin!.end()
  child.stdout!.resume()
  for (let waited = 0; told === '' && waited < 2400; waited++) await sleep(50)
  expect(told).toContain(`process ${pid}`)
  process.kill(pid, 'SIGKILL')
  expect(await ended).toBe(0)
})

test('a report during a long ingest waits for the merge alone', async () => {
  const cwd = emptyFolder()
  writeLog(join(cwd, 'first.jsonl'), 10, 0)
  writeLog(join(cwd, 'long.jsonl'), 400_000, 100)
  await runWell(['ingest', 'first.jsonl', '--db', 'calls.duckdb'], { cwd })
  const ingest = start(['ingest', 'long.jsonl', '--db', 'calls.duckdb'], { cwd })
  ingest.stdin!.end()
  ingest.stdout!.resume()
  let ended = false
  const done = new Promise((resolve) =>
    ingest.on('close', (code) => {
      ended = true
      resolve(code)
    }),
  )
  let answered = 0
  while (!ended) {
    const ran = await run(['breakdown', '--by', 'none', '--json', '--db', 'calls.duckdb'], { cwd })
    expect(ran.code, ran.stderr).toBe(0)
    const [total] = (JSON.parse(ran.stdout) as { rows: { calls: number }[] }).rows
    // All of it or nothing of it.
    expect([10, 400_010]).toContain(total?.calls)
    if (total?.calls === 10) answered += 1
    if (ran.stderr !== '') expect(ran.stderr).toContain(`process ${ingest.pid}`)
  }
  expect(await done).toBe(0)
  expect(answered).toBeGreaterThan(0)
})
