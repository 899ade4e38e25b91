/** SIGKILL at any moment costs nothing: the next run ends with the calls, rejects and rates of an undisturbed one. */
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { contentsOf } from '../property/ingesting.js'
import { emptyFolder, run, runWell, start } from './program.js'

const moments = 50

/** Several files with ids, repeats across files, lines without ids and bad lines. */
function writeLogs(folder: string, files: number, lines: number): void {
  mkdirSync(folder)
  for (let file = 0; file < files; file++) {
    const text = Array.from({ length: lines }, (_, i) => {
      if (i % 97 === 0) return '{"timestamp": "never", "model": "gpt-4o", "input_tokens": 1}'
      const call = {
        ...(i % 5 === 0 ? {} : { id: `call-${(i * 7 + file * lines) % (files * lines * 0.7)}` }),
        timestamp: new Date(Date.UTC(2026, 8, 1) + i * 1000).toISOString(),
        model: ['gpt-4o', 'claude-haiku-4-5', 'gpt-4o-mini'][i % 3],
        user_id: `u${i % 40}`,
        input_tokens: 100 + (i % 900),
        output_tokens: i % 300,
      }
      return JSON.stringify(call)
    })
    writeFileSync(join(folder, `log-${file}.jsonl`), text.join('\n') + '\n')
  }
}

test(`killed at ${moments} moments, the next run makes it good`, async () => {
  const cwd = emptyFolder()
  writeLogs(join(cwd, 'first'), 1, 500)
  writeLogs(join(cwd, 'logs'), 3, 1500)
  // A store that holds something already, so that a merge can also damage.
  await runWell(['ingest', 'first', '--db', 'before.duckdb'], { cwd })
  cpSync(join(cwd, 'before.duckdb'), join(cwd, 'whole.duckdb'))
  const began = performance.now()
  await runWell(['ingest', 'logs', '--db', 'whole.duckdb'], { cwd })
  let lasts = performance.now() - began
  const undisturbed = await contentsOf(join(cwd, 'whole.duckdb'))
  expect(undisturbed.calls.length).toBeGreaterThan(1_000)

  let killed = 0
  for (let i = 0; killed < moments && i < 3 * moments; i++) {
    const db = join(cwd, 'killed.duckdb')
    for (const old of [db, `${db}.wal`]) rmSync(old, { force: true })
    cpSync(join(cwd, 'before.duckdb'), db)
    const child = start(['ingest', 'logs', '--db', db], { cwd })
    const ended = new Promise<NodeJS.Signals | null>((resolve) =>
      child.on('close', (_code, signal) => resolve(signal)),
    )
    // Evenly over the run; every other one in its last part, where the merge is.
    const share = ((i * 37) % 100) / 100
    await sleep(lasts * (i % 2 === 0 ? share : 0.65 + share * 0.35))
    child.kill('SIGKILL')
    if ((await ended) === 'SIGKILL') killed += 1
    // It was ready before: a less busy machine is faster.
    else lasts *= 0.95
    // Now and then it is asked before it is mended.
    if (i % 10 === 0) await run(['status', '--db', db], { cwd })
    await runWell(['ingest', 'logs', '--db', db], { cwd })
    const contents = await contentsOf(db)
    expect(contents.calls.length, `moment ${i}`).toBe(undisturbed.calls.length)
    expect(contents, `moment ${i}`).toEqual(undisturbed)
  }
  expect(killed).toBe(moments)
}, 400_000)

test('killed while it makes the store, the next run makes it', async () => {
  const cwd = emptyFolder()
  writeLogs(join(cwd, 'logs'), 2, 50)
  await runWell(['ingest', 'logs', '--db', 'whole.duckdb'], { cwd })
  const undisturbed = await contentsOf(join(cwd, 'whole.duckdb'))
  const db = join(cwd, 'new.duckdb')
  for (let i = 0; i < 12; i++) {
    for (const old of [db, `${db}.wal`]) rmSync(old, { force: true })
    const child = start(['ingest', 'logs', '--db', db], { cwd })
    const ended = new Promise((resolve) => child.on('close', resolve))
    // The file's first bytes are the sign that it is being made.
    for (let waited = 0; !existsSync(db) && waited < 5000; waited++) await sleep(1)
    await sleep(i * 4)
    child.kill('SIGKILL')
    await ended
    await runWell(['ingest', 'logs', '--db', db], { cwd })
    expect(await contentsOf(db), `moment ${i}`).toEqual(undisturbed)
  }
}, 120_000)
