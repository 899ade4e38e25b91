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
const count = isSoak ? 10_000 : 600
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

/** Runs statements as they are, in a process that has used up its descriptors. */
class Unparsed {
  readonly #program: string
  #child: ReturnType<typeof spawn> | undefined
  #runs = 0

  /** @param opening code that makes `run` */
  constructor(name: string, opening: string) {
    this.#program = write(
      join(built, `${name}.mjs`),
      `import { createRequire } from 'node:module'
      import { takeAllDescriptors } from './db/descriptors.js'
      process.on('disconnect', () => process.exit())
      ${opening}
      await run('SELECT 1')
      takeAllDescriptors()
      process.on('message', async (sql) => {
        const text = await run(sql).catch((error) => String(error.message))
        await run('ROLLBACK').catch(() => undefined)
        process.send(text)
      })
      process.send('ready')`,
    )
  }

  async run(sql: string): Promise<string> {
    if (this.#runs++ % 50 === 0 || this.#child?.connected !== true) await this.#begin()
    const answer = this.#heard()
    this.#child!.send(sql)
    return answer
  }

  async #begin(): Promise<void> {
    this.end()
    const limited = ['-c', 'ulimit -n 128; exec "$0" "$@"', process.execPath, this.#program]
    this.#child = spawn('/bin/sh', limited, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    expect(await this.#heard()).toBe('ready')
  }

  #heard(): Promise<string> {
    return new Promise((resolve) => {
      const child = this.#child!
      const gone = (): void => resolve('Error: gone')
      child.once('exit', gone)
      child.once('message', (text) => {
        child.off('exit', gone)
        resolve(String(text))
      })
    })
  }

  end(): void {
    this.#child?.kill('SIGKILL')
  }
}

/** How many ran. @param sound answers with what must stay as it is */
async function ranUnparsed(
  unparsed: Unparsed,
  all: readonly string[],
  sound: () => Record<string, string>,
): Promise<number> {
  const before = sound()
  let ran = 0
  for (const sql of all) {
    const text = await unparsed.run(sql)
    if (!/Error:/.test(text)) ran++
    expect(text.includes(secretText), sql).toBe(false)
    expect(sound(), sql).toEqual(before)
  }
  unparsed.end()
  return ran
}

/** Without those that log or profile into a file: all that follows them fails. */
const unloggedSample = (): string[] =>
  sample(count / 2).filter((sql) => !/logging|profil|log_query/i.test(sql) && !sql.includes('\0'))

test(
  `${count / 2} statements, whatever a parser would say of them, change nothing and show no file`,
  async () => {
    const unparsed = new Unparsed(
      'sealed',
      `const { openStoreForReading } = await import('./db/store.js')
      const db = await openStoreForReading(${JSON.stringify(store)}, { threads: 1, lockTimeoutMs: 5000, spills: false })
      await db.hold()
      const plain = (_, value) => (typeof value === 'bigint' ? String(value) : value)
      const run = async (sql) => JSON.stringify((await db.query(sql)).rows, plain)`,
    )
    expect(await ranUnparsed(unparsed, unloggedSample(), state)).toBeGreaterThan(count / 40)
  },
  timeout,
)

test(
  `${count / 2} statements, unparsed and unsealed, find no file that they could open`,
  async () => {
    const unparsed = new Unparsed(
      'unsealed',
      `const { DuckDBInstance } = createRequire(import.meta.url)('@duckdb/node-api')
      const instance = await DuckDBInstance.create(':memory:', { temp_directory: '' })
      const connection = await instance.connect()
      await connection.run(${JSON.stringify(`ATTACH '${store}' AS store (READ_ONLY); CREATE TEMP VIEW calls AS FROM store.main.calls`)})
      const holder = await instance.connect()
      await holder.run('BEGIN')
      await holder.run('FROM store.main.meta')
      const run = async (sql) => JSON.stringify((await connection.runAndReadAll(sql)).getRowsJson())`,
    )
    // What is removed, or made, by its name needs no descriptor: that is left to the engine's own wall.
    const opening = unloggedSample().filter((sql) => !/overwrite/i.test(sql))
    const files = (): Record<string, string> =>
      Object.fromEntries(Object.entries(state()).filter(([, hash]) => hash !== 'a folder'))
    expect(await ranUnparsed(unparsed, opening, files)).toBeGreaterThan(count / 40)
  },
  timeout,
)
