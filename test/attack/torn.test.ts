/**
 * A store that a run left half written, and many who come upon it at once: one of them puts it right, and none
 * does so while the one that writes is alive. What parts of a write may be left is tried in
 * `test/unit/torn-checkpoints.test.ts`.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { isWhole, pageSize } from '../../src/db/file-pages.js'
import { Keeper } from '../../src/db/keeper.js'
import { withKept } from '../../src/db/kept-blocks.js'
import { emptyFolder, run, runWell } from '../e2e/program.js'
import { attackTimeout, sized, tell } from './size.js'
import { quoteText } from '../../src/domain/words/quoting.js'

const db = ['--db', 'calls.duckdb'] as const
const putRight = 'it was put right, and nothing is lost'

function writeLog(cwd: string, name: string, first: number, count: number): void {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      id: `call-${first + i}`,
      timestamp: new Date(Date.UTC(2026, 8, 1) + i * 1000).toISOString(),
      model: 'gpt-4o',
      input_tokens: 10,
      output_tokens: 1,
    }),
  )
  writeFileSync(join(cwd, name), `${lines.join('\n')}\n`)
}

interface Torn {
  readonly cwd: string
  readonly store: string
  /** Where the block begins that is half written. */
  readonly offset: number
  readonly whole: Buffer
  readonly file: Buffer
  /** Lays the store out as it was when its run was killed. */
  readonly layOut: () => void
}

/** A store of 199 calls whose last run took one out, and was killed within its checkpoint. */
async function tornStore(): Promise<Torn> {
  const cwd = emptyFolder()
  const store = join(cwd, 'calls.duckdb')
  writeLog(cwd, 'first.jsonl', 0, 200)
  await runWell(['ingest', 'first.jsonl', ...db], { cwd })
  const memory = await Database.open(':memory:', 'write')
  await memory.run(`ATTACH ${quoteText(store)} AS store`)
  const keeper = new Keeper(store)
  await memory.run("BEGIN; DELETE FROM store.main.calls WHERE call_id = 'call-7'")
  await keeper.keep(memory)
  await memory.run('COMMIT')
  for (const ending of ['', '.blocks']) cpSync(store + ending, `${store}${ending}.then`)
  linkSync(`${store}.wal`, `${store}.wal.then`)
  const [{ offset } = { offset: NaN }] = withKept(store, (kept) => kept!.blocks()!)
  await memory.run('CHECKPOINT store; DETACH store')
  keeper.remove()
  keeper.close()
  memory.close()
  const whole = readFileSync(`${store}.then`)
  const file = Buffer.from(whole)
  readFileSync(store).copy(file, offset, offset, offset + pageSize)
  writeFileSync(`${store}.then`, file)
  const layOut = (): void => {
    for (const ending of ['', '.wal', '.blocks']) cpSync(`${store}${ending}.then`, store + ending)
  }
  return { cwd, store, offset, whole, file, layOut }
}

const callsIn = async (cwd: string): Promise<string> =>
  (await runWell(['sql', 'SELECT count(*) AS n FROM calls', '--format', 'csv', ...db], { cwd })).trim()

test(
  'many come upon a half written store at once: each ends well, one puts it right, nothing is lost or doubled',
  async () => {
    const { cwd, store, layOut } = await tornStore()
    for (let file = 0; file < 3; file++) writeLog(cwd, `more-${file}.jsonl`, 1_000 * (file + 1), 10)
    const rounds = sized(2, 40)
    for (let round = 0; round < rounds; round++) {
      layOut()
      const readers = Array.from({ length: 4 }, (_, i) =>
        i % 2 === 0 ? ['status', ...db] : ['sql', 'SELECT count(*) AS n FROM calls', ...db],
      )
      const writers = [0, 1, 2].map((file) => ['ingest', `more-${file}.jsonl`, ...db])
      const ran = await Promise.all([...readers, ...writers].map((args) => run(args, { cwd })))
      expect(ran.filter(({ code }) => code !== 0).map(({ stderr }) => stderr)).toEqual([])
      expect(ran.filter(({ stderr }) => stderr.includes(putRight)).length, `round ${round}`).toBe(1)
      expect(await callsIn(cwd)).toBe('n\n229')
      for (const ending of ['.blocks', '.blocks.lock', '.wal'])
        expect(existsSync(store + ending), ending).toBe(false)
    }
    tell(`${rounds} times 7 at once came upon a half written store: one put it right, all ended well`)
  },
  attackTimeout,
)

test(
  'what a run that lives has half written is waited for, and not put back',
  async () => {
    const { cwd, store, offset, whole, file, layOut } = await tornStore()
    layOut()
    // Attached while it is whole, and then half written under the lock, as within a checkpoint.
    rmSync(`${store}.wal`)
    renameSync(`${store}.blocks`, `${store}.blocks.then`)
    writeFileSync(store, whole)
    const holder = spawn(process.execPath, [
      '-e',
      `const { DuckDBInstance } = require(${JSON.stringify(resolve('node_modules/@duckdb/node-api'))});
       (async () => {
         const connection = await (await DuckDBInstance.create(':memory:')).connect()
         await connection.run("ATTACH ${quoteText(store)} AS store")
         console.log('attached')
         setInterval(() => undefined, 1000)
       })()`,
    ])
    await new Promise((attached) => holder.stdout.once('data', attached))
    writeFileSync(store, file)
    cpSync(`${store}.blocks.then`, `${store}.blocks`)
    for (const args of [
      ['status', ...db, '--lock-timeout', '1s'],
      ['ingest', 'first.jsonl', ...db, '--lock-timeout', '1s'],
    ]) {
      const { code, stderr } = await run(args, { cwd })
      expect(code).toBe(1)
      expect(stderr).toContain(`the database is in use by process ${holder.pid}`)
    }
    expect(readFileSync(store).equals(file)).toBe(true)
    expect(isWhole(file.subarray(offset, offset + 262_144))).toBe(false)
    expect(existsSync(`${store}.blocks`)).toBe(true)
    holder.kill('SIGKILL')
    await new Promise((ended) => holder.once('close', ended))
    const { code, stderr } = await run(['status', ...db], { cwd })
    expect([code, stderr.includes(putRight)]).toEqual([0, true])
    expect(readFileSync(store).equals(whole)).toBe(true)
    expect(await callsIn(cwd)).toBe('n\n200')
  },
  attackTimeout,
)
