/**
 * Nothing that a person's statement says changes a file or shows one: statements of a grammar, most of them
 * harmful, through all walls together and through each alone. `npm run soak -- statements` asks 10,000.
 */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askApart } from '../../src/db/ask-apart.js'
import { askHere, type Asker } from '../../src/db/asker.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { ingestInto, Workshop, write } from './ingesting.js'
import { statements } from './statements.js'

const isSoak = process.env['SOAK_SEED'] !== undefined
const count = isSoak ? 10_000 : 1000
/** A soak asks ten times as many. */
const timeout = isSoak ? 1_800_000 : 300_000
const root = fileURLToPath(new URL('../..', import.meta.url))
const built = join(root, '.build', `statements-${process.pid}`)
const secretText = 'a-secret-that-nobody-sees'

const workshop = new Workshop()
const outside = workshop.room()
const folder = workshop.room()
const secret = join(outside, 'secret.csv')
const store = join(folder, 'calls.duckdb')
const options = { threads: 1, memoryLimit: '256MiB', lockTimeoutMs: 5000 }

beforeAll(async () => {
  execFileSync(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    join(root, 'tsconfig.build.json'),
    '--noCheck',
    '--outDir',
    built,
  ])
  write(secret, `text\n${secretText}\n`)
  write(join(folder, 'llmcost.config.yaml'), 'tz: UTC\n')
  mkdirSync(join(folder, 'kept'))
  write(join(folder, 'kept', 'file'), 'kept')
  const log = write(
    join(outside, 'log.jsonl'),
    [1, 2, 3]
      .map((n) =>
        JSON.stringify({ ts: `2026-09-05T08:00:0${n}Z`, model: 'gpt-4o', input_tokens: n, output_tokens: 1 }),
      )
      .join('\n'),
  )
  await ingestInto(store, [log])
  // A WAL that a killed run left.
  const writer = await Database.open(':memory:', 'write', options)
  await writer.run(
    `ATTACH '${store}' AS store; PRAGMA disable_checkpoint_on_shutdown; SET checkpoint_threshold = '1TB'`,
  )
  await writer.run("INSERT INTO store.label_members VALUES ('team', 'a')")
  cpSync(`${store}.wal`, join(outside, 'wal'))
  cpSync(store, join(outside, 'store'))
  writer.close()
  cpSync(join(outside, 'store'), store)
  cpSync(join(outside, 'wal'), `${store}.wal`)
})

afterAll(() => {
  workshop.close()
  rmSync(built, { recursive: true, force: true })
})

const targets = {
  kept: [store, `${store}.wal`, join(folder, 'llmcost.config.yaml'), join(folder, 'kept', 'file')],
  secret,
  folder,
}

/** Every file of both folders by name and hash. */
function state(): Record<string, string> {
  const found: Record<string, string> = {}
  for (const place of [folder, outside]) {
    for (const name of readdirSync(place, { recursive: true }).map(String).sort()) {
      const path = join(place, name)
      found[path] = statSync(path).isFile()
        ? createHash('sha256').update(readFileSync(path)).digest('hex')
        : 'a folder'
    }
  }
  return found
}

const sample = (n: number): string[] => fc.sample(statements(targets), n)

/** Asks all; how many were answered. @param open makes an asker anew when one is gone */
async function asked(all: readonly string[], open: () => Promise<Asker>): Promise<number> {
  const before = state()
  let asker = await open()
  let answered = 0
  for (const [i, sql] of all.entries()) {
    try {
      const { rows } = await asker.ask(sql)
      answered++
      const shown = JSON.stringify(rows, (_, value: unknown) =>
        typeof value === 'bigint' ? `${value}` : value,
      )
      expect(shown.includes(secretText), sql).toBe(false)
    } catch (error) {
      if (!(error instanceof Error) || error.name === 'AssertionError') throw error
      expect(error.message.includes(secretText), sql).toBe(false)
      if (error.message.startsWith('the process that ran the statement was ended')) asker = await open()
    }
    if (i % 20 === 19 || i === all.length - 1)
      expect(state(), all.slice(i - 19, i + 1).join('\n\n')).toEqual(before)
  }
  asker.close()
  expect(state()).toEqual(before)
  return answered
}

test(
  `${count} statements over the store change nothing and show no file`,
  async () => {
    const answered = await asked(sample(count), () =>
      askApart(store, options, join(built, 'db', 'apart-process.js')),
    )
    // The generator is no good if all is refused.
    expect(answered).toBeGreaterThan(count / 10)
  },
  timeout,
)

test(
  `${count / 2} statements over calls in memory change nothing and show no file`,
  async () => {
    const db = await Database.open(':memory:', 'write', options)
    await writeStore(db, ':memory:', options, async () => undefined)
    await db.run('USE store')
    const asker = await askHere(db)
    const answered = await asked(sample(count / 2), async () => asker)
    expect(answered).toBeGreaterThan(count / 20)
    db.close()
  },
  timeout,
)

test(
  `${count / 2} statements, unparsed and unsealed, find no file that they could open`,
  async () => {
    const before = state()
    const program = write(
      join(built, 'unsealed.mjs'),
      `import { createRequire } from 'node:module'
    import { takeAllDescriptors } from './db/descriptors.js'
    const { DuckDBInstance } = createRequire(import.meta.url)('@duckdb/node-api')
    process.on('disconnect', () => process.exit())
    const instance = await DuckDBInstance.create(':memory:', { temp_directory: '' })
    const connection = await instance.connect()
    await connection.run(${JSON.stringify(`ATTACH '${store}' AS store (READ_ONLY); CREATE TEMP VIEW calls AS FROM store.main.calls`)})
    const holder = await instance.connect()
    await holder.run('BEGIN')
    await holder.run('FROM store.main.meta')
    await (await connection.runAndReadAll('SELECT 1')).getRowsJson()
    takeAllDescriptors()
    process.on('message', async (sql) => {
      let text
      try {
        text = JSON.stringify((await connection.runAndReadAll(sql)).getRowsJson())
      } catch (error) {
        text = String(error.message)
      }
      await connection.run('ROLLBACK').catch(() => undefined)
      process.send(text)
    })
    process.send('ready')`,
    )
    let child: ReturnType<typeof spawn> | undefined
    const heard = (): Promise<string> =>
      new Promise((resolve) => {
        const gone = (): void => resolve('gone')
        child!.once('exit', gone)
        child!.once('message', (text) => {
          child!.off('exit', gone)
          resolve(String(text))
        })
      })
    let ran = 0
    // What logs or profiles into a file fails at all that follows.
    const all = sample(count / 2).filter((sql) => !/logging|profil/i.test(sql) && !sql.includes('\0'))
    for (const [i, sql] of all.entries()) {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null || i % 50 === 0) {
        child?.kill('SIGKILL')
        child = spawn('/bin/sh', ['-c', 'ulimit -n 128; exec "$0" "$@"', process.execPath, program], {
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        })
        expect(await heard()).toBe('ready')
      }
      const answer = heard()
      child.send(sql)
      const text = await answer
      if (text !== 'gone' && !/Error:/.test(text)) ran++
      expect(text.includes(secretText), sql).toBe(false)
      // An empty folder is all that is made without opening anything.
      const after = Object.fromEntries(
        Object.entries(state()).filter(([path, hash]) => hash !== 'a folder' || path in before),
      )
      expect(after, sql).toEqual(before)
    }
    child?.kill('SIGKILL')
    expect(ran).toBeGreaterThan(count / 20)
  },
  timeout,
)
