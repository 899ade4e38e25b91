/**
 * A run that is killed within a checkpoint, or a machine that loses power, leaves a part of what it was writing.
 * Every such part is made here, of what a real run wrote: the store opens with the rows of before or of after.
 */
import {
  copyFileSync,
  existsSync,
  linkSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Database } from '../../src/db/database.js'
import { headersSize, isWhole, pageSize } from '../../src/db/file-pages.js'
import { withKept } from '../../src/db/kept-blocks.js'
import { migrations } from '../../src/db/schema.js'
import { openStoreForReading, writeStore } from '../../src/db/store.js'
import { ask, ingestInto, Workshop, write } from '../property/ingesting.js'
import { tries } from '../property/seed.js'
import { quoteText } from '../../src/domain/words/quoting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const mended = vi.fn<() => void>()
const options = { threads: 1, memoryLimit: '256MiB', lockTimeoutMs: 5000, onMended: mended }

const lines = (first: number, count: number): string =>
  Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      id: `call-${first + i}`,
      ts: new Date(Date.UTC(2026, 8, 1) + (first + i) * 1000).toISOString(),
      model: ['gpt-4o', 'claude-haiku-4-5'][i % 2],
      input_tokens: 100 + i,
      output_tokens: i,
    }),
  ).join('\n')

/** A store as an older version of the program left it, in the engine's oldest file format. */
async function oldStore(path: string): Promise<void> {
  const old = await Database.open(':memory:', 'write')
  await old.run(`ATTACH ${quoteText(path)} AS store; USE store`)
  await old.run(
    "CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR); INSERT INTO meta VALUES ('application', 'llmcost'), ('schema_version', '1')",
  )
  for (const statement of migrations[0]!) await old.run(statement)
  await old.run(
    `INSERT INTO calls (call_id, source, ts, model, input_tokens, output_tokens)
     SELECT 'call-' || i, 'llmcost', TIMESTAMP '2026-10-05 08:00:00' + to_seconds(i), 'gpt-4o', i, 1 FROM range(500) r(i)`,
  )
  await old.run('USE memory; DETACH store')
  old.close()
}

interface Scene {
  readonly verb: string
  readonly prepare: (store: string) => Promise<unknown>
  readonly run: (store: string) => Promise<unknown>
}

const inMemory = async (work: (db: Database) => Promise<unknown>): Promise<void> => {
  const db = await Database.open(':memory:', 'write', options)
  try {
    await work(db)
  } finally {
    db.close()
  }
}

const ingested = (store: string, first: number, count: number): Promise<unknown> =>
  ingestInto(store, [write(join(workshop.room(), 'log.jsonl'), lines(first, count))])

const scenes: readonly Scene[] = [
  {
    verb: 'a small ingest',
    prepare: async (store) => {
      for (const first of [0, 300, 600]) await ingested(store, first, 300)
    },
    run: (store) => ingested(store, 900, 40),
  },
  {
    verb: 'the first ingest',
    prepare: async () => undefined,
    run: (store) => ingested(store, 0, 40),
  },
  {
    verb: 'a migration from schema 1',
    prepare: oldStore,
    run: (store) => inMemory((db) => writeStore(db, store, options, async () => undefined)),
  },
  {
    verb: 'a deletion',
    prepare: (store) => ingested(store, 0, 2_000),
    run: (store) =>
      inMemory((db) =>
        writeStore(db, store, options, async () => {
          await db.run("DELETE FROM store.main.calls WHERE call_id LIKE '%7'")
        }),
      ),
  },
]

/** What stands on the disk when a checkpoint begins, and what it has written when it ends. */
interface Moment {
  readonly before: Buffer
  readonly log: Buffer
  readonly kept: Buffer
  readonly after: Buffer
  /** Places of the blocks that are written over themselves. */
  readonly blocks: readonly { readonly offset: number; readonly size: number }[]
  /** What the store holds without the run, where it holds anything, and with it. */
  readonly rows: { readonly before: string | undefined; readonly after: string | undefined }
}

async function momentOf({ prepare, run }: Scene): Promise<Moment> {
  const store = workshop.store()
  await prepare(store)
  const copy = `${store}.copy`
  const log = `${store}.log`
  const isNew = !existsSync(store)
  if (!isNew) copyFileSync(store, copy)
  // eslint-disable-next-line typescript/unbound-method -- called below with its own database
  const original = Database.prototype.run
  let found: Pick<Moment, 'before' | 'kept' | 'blocks'> | undefined
  let wasKept = false
  const spy = vi.spyOn(Database.prototype, 'run').mockImplementation(async function (
    this: Database,
    sql,
    ...more
  ) {
    if (sql === 'COMMIT' && existsSync(`${store}.blocks`)) {
      wasKept = true
      // Whoever may not read the store reads nothing of it there.
      expect(statSync(`${store}.blocks`).mode & 0o777).toBe(statSync(store).mode & 0o666)
    }
    // A process's locks go when it closes the file, which is what reading it here does: nobody else is about.
    if (sql === 'CHECKPOINT store') {
      // The log loses its name when all is done, and says before it that a checkpoint began.
      linkSync(`${store}.wal`, log)
      found = {
        before: readFileSync(store),
        kept: readFileSync(`${store}.blocks`),
        blocks: withKept(store, (kept) => kept!.blocks()!),
      }
    }
    if (sql === 'DETACH store') expect(existsSync(`${store}.blocks`)).toBe(false)
    return original.call(this, sql, ...more)
  })
  await run(store)
  spy.mockRestore()
  expect(wasKept).toBe(true)
  expect(existsSync(`${store}.wal`)).toBe(false)
  const after = readFileSync(store)
  return {
    ...found!,
    log: readFileSync(log),
    after,
    rows: { before: isNew ? undefined : await rowsOf(copy), after: await rowsOf(store) },
  }
}

/** Lays out a store as it was when its run was killed. */
function killed(
  moment: Moment,
  file: Buffer,
  { log = true, kept = moment.kept }: { log?: boolean; kept?: Buffer | null } = {},
): string {
  const store = workshop.store()
  writeFileSync(store, file)
  if (log) writeFileSync(`${store}.wal`, moment.log)
  if (kept !== null) writeFileSync(`${store}.blocks`, kept)
  mended.mockClear()
  return store
}

/** The rows that a store opens with, as any command would open it; undefined for one that has none yet. */
async function opened(store: string): Promise<string | undefined> {
  const rows = await rowsOf(store)
  for (const ending of ['.blocks', '.blocks.lock']) expect(existsSync(store + ending), ending).toBe(false)
  return rows
}

async function rowsOf(store: string): Promise<string | undefined> {
  let db: Database
  try {
    db = await openStoreForReading(store, options)
  } catch (error) {
    if (String(error).includes('no calls have been ingested yet')) return undefined
    throw error
  }
  try {
    const tables = ['calls', 'files', 'rates', 'rejects', 'ingests']
    const parts = tables.map(
      (name) => `(SELECT count(*) || ' ' || coalesce(bit_xor(hash(t)), 0) FROM ${name} t)`,
    )
    return (await db.one<{ rows: string }>(`SELECT concat_ws(', ', ${parts.join(', ')}) AS rows`)).rows
  } finally {
    db.close()
  }
}

/** `file` with the bytes of another from one place to another. */
function spliced(file: Buffer, other: Buffer, from: number, to: number): Buffer {
  const longer = Buffer.alloc(Math.max(file.length, to))
  file.copy(longer)
  other.copy(longer, from, from, to)
  return longer
}

describe.each(scenes)('$verb', (scene) => {
  let moment: Moment
  beforeAll(async () => {
    moment = await momentOf(scene)
  })
  const isFirst = scene === scenes[0]

  /** What is written before the blocks in place: blocks that were not in use. */
  const appended = (): Buffer => {
    const { before, after, blocks } = moment
    let file = spliced(after, before, 0, headersSize)
    for (const { offset, size } of blocks) file = spliced(file, before, offset, offset + size)
    return file
  }

  test('what is in use of a block that is written over itself is as it was', () => {
    const { before, after, blocks } = moment
    for (const { offset, size } of blocks) {
      const [old, now] = [before, after].map((file) => file.subarray(offset, offset + size))
      expect(isWhole(old!)).toBe(true)
      expect(isWhole(now!)).toBe(true)
    }
  })

  test('killed within the write of a block, it opens with the rows of before, or those of its log', async () => {
    const { after, blocks, rows } = moment
    let damaged = 0
    for (const { offset, size } of blocks) {
      const ends = Array.from({ length: size / pageSize }, (_, i) => (i + 1) * pageSize)
      const sectors = [512, 1024, 2048, 3584, pageSize + 512, size - 512]
      const some = ends.filter((end) => end % (tries(21, 1) * pageSize) === 0)
      const tried = isFirst ? [...some, ...sectors] : [512, ...ends.filter((_, i) => i % tries(30, 15) === 0)]
      for (const end of tried) {
        const torn = spliced(appended(), after, offset, offset + end)
        const isTorn = !isWhole(torn.subarray(offset, offset + size))
        const store = killed(moment, torn)
        expect(await opened(store), `${end} bytes`).toEqual(rows.after)
        expect(mended.mock.calls.length, `${end} bytes`).toBe(isTorn ? 1 : 0)
        if (end % (7 * pageSize) === 0)
          expect(await opened(killed(moment, torn, { log: false })), `${end} bytes, no log`).toEqual(
            rows.before,
          )
        if (!isTorn) continue
        damaged += 1
        if (damaged % 8 !== 1) continue
        // Without what was kept it is refused: the test can fail.
        await expect(opened(killed(moment, torn, { kept: null }))).rejects.toThrow(/the database is damaged/)
      }
    }
    if (blocks.length > 0) expect(damaged).toBeGreaterThan(0)
  })

  test('killed within the write of a header, it opens with the rows of before or of after', async () => {
    const { before, after, blocks, rows } = moment
    let file = appended()
    for (const { offset, size } of blocks) file = spliced(file, after, offset, offset + size)
    let torn = 0
    for (let page = 0; page < headersSize; page += pageSize) {
      const [old, now] = [before, after].map((whole) => whole.subarray(page, page + pageSize))
      if (old!.equals(now!)) continue
      // Behind these a header holds nothing.
      for (const end of isFirst ? [8, 16, 24, 32, 40, 48, 64, 96, pageSize] : [8, 64, pageSize]) {
        const newFirst = spliced(file, after, page, page + end)
        const oldFirst = spliced(spliced(file, after, page, page + pageSize), before, page, page + end)
        for (const one of [newFirst, oldFirst]) {
          if (!isWhole(one.subarray(page, page + pageSize))) torn += 1
          expect(await opened(killed(moment, one)), `page ${page}, ${end} bytes`).toEqual(rows.after)
          if (end >= 64)
            expect([rows.before, rows.after]).toContainEqual(
              await opened(killed(moment, one, { log: false })),
            )
        }
      }
    }
    expect(torn).toBeGreaterThan(0)
  })

  test('killed while blocks were being kept, it opens as it was, and they are gone', async () => {
    const { before, kept, rows } = moment
    const pages = Array.from({ length: kept.length / pageSize }, (_, i) => (i + 1) * pageSize)
    const ends = [0, 1, 16, 40, headersSize, kept.length - 32, kept.length - 1]
    for (const end of [...ends, ...pages.filter((_, i) => i % (isFirst ? tries(16, 4) : 40) === 0)]) {
      const store = killed(moment, before, { log: false, kept: kept.subarray(0, end) })
      expect(await opened(store), `${end} bytes`).toEqual(rows.before)
      expect(mended).not.toHaveBeenCalled()
    }
    // A disk may have the length of what was written, and not all of its text.
    const holed = Buffer.from(kept)
    holed.fill(0, kept.length - pageSize, kept.length)
    expect(await opened(killed(moment, before, { log: false, kept: holed }))).toEqual(rows.before)
  })

  test('killed after all was written, it opens with the rows of after, and nothing is put back', async () => {
    const { after, rows } = moment
    for (const log of [true, false]) {
      const store = killed(moment, after, { log })
      expect(await opened(store)).toEqual(rows.after)
      // The log of a file of the oldest format is of no more use, and in the way.
      expect(mended.mock.calls.length).toBe(log && scene.prepare === oldStore ? 1 : 0)
    }
  })
})

describe('what lies where blocks are kept', () => {
  let moment: Moment
  let torn: Buffer
  beforeAll(async () => {
    moment = await momentOf(scenes[0]!)
    const [{ offset }] = moment.blocks as [Moment['blocks'][number]]
    torn = spliced(moment.before, moment.after, offset, offset + pageSize)
  })

  test('is taken by whoever writes, too', async () => {
    const store = killed(moment, torn)
    await ingested(store, 5_000, 3)
    expect(mended).not.toHaveBeenCalled()
    expect(await ask(store, 'SELECT count(*) AS n FROM calls')).toEqual([{ n: 943 }])
    const again = killed(moment, torn)
    await inMemory((db) => writeStore(db, again, options, async () => undefined))
    expect(mended).toHaveBeenCalledOnce()
    expect(await rowsOf(again)).toEqual(moment.rows.after)
  })

  test('is found by another name of the store', async () => {
    const store = killed(moment, torn)
    const link = `${store}.link`
    symlinkSync(store, link)
    expect(await opened(link)).toEqual(moment.rows.after)
    expect(existsSync(`${store}.blocks`)).toBe(false)
    await ingested(link, 5_000, 3)
    expect(await ask(store, 'SELECT count(*) AS n FROM calls')).toEqual([{ n: 943 }])
  })

  test('is of no use for another file, which is left as it is', async () => {
    const other = await momentOf(scenes[0]!)
    const store = killed(moment, torn, { kept: other.kept })
    await expect(opened(store)).rejects.toThrow('the database is damaged')
    expect(readFileSync(store).equals(torn)).toBe(true)
    const healthy = killed(moment, moment.before, { log: false, kept: other.kept })
    expect(await opened(healthy)).toEqual(moment.rows.before)
    expect(readFileSync(healthy).equals(moment.before)).toBe(true)
  })

  test('is not touched when it is a link, and what is whole is read all the same', async () => {
    const store = killed(moment, moment.before, { log: false, kept: null })
    const target = write(join(workshop.room(), 'kept'), moment.kept)
    symlinkSync(target, `${store}.blocks`)
    expect(await rowsOf(store)).toEqual(moment.rows.before)
    await expect(ingested(store, 5_000, 3)).rejects.toThrow('is in the way')
    expect(readFileSync(target).equals(moment.kept)).toBe(true)
    writeFileSync(store, torn)
    await expect(rowsOf(store)).rejects.toThrow('left the database half written')
    expect(readFileSync(store).equals(torn)).toBe(true)
  })

  test.each([
    ['a copy of the store', () => moment.before],
    ['notes', () => Buffer.from('what I have to do\n')],
    ['a word', () => Buffer.from('llm')],
  ])('is not taken for %s that a person keeps under its name', async (what, content) => {
    const store = killed(moment, moment.before, { log: false, kept: null })
    const path = write(`${store}.blocks`, content())
    expect(await rowsOf(store)).toEqual(moment.rows.before)
    if (what === 'a word') return expect(existsSync(path)).toBe(false)
    await expect(ingested(store, 5_000, 3)).rejects.toThrow('is in the way')
    expect(readFileSync(path).equals(content())).toBe(true)
    expect(readFileSync(store).equals(moment.before)).toBe(true)
  })

  test('that a loss of power left as zeros is removed', async () => {
    const store = killed(moment, moment.before, { log: false, kept: null })
    write(`${store}.blocks`, Buffer.alloc(moment.kept.length))
    await ingested(store, 5_000, 3)
    expect(existsSync(`${store}.blocks`)).toBe(false)
  })

  test('is put back though its own lock was just being made when a run was killed', async () => {
    const unused = workshop.store()
    await inMemory((db) => db.run(`ATTACH ${quoteText(unused)} AS unused; DETACH unused`))
    const whole = readFileSync(unused)
    for (const size of [0, pageSize, 2 * pageSize]) {
      const store = killed(moment, torn)
      writeFileSync(`${store}.blocks.lock`, whole.subarray(0, size))
      expect(await opened(store)).toEqual(moment.rows.after)
      expect(mended).toHaveBeenCalledOnce()
    }
  })

  test('outlives the store, and is no hindrance to the next', async () => {
    const store = killed(moment, torn)
    rmSync(store)
    rmSync(`${store}.wal`)
    await ingested(store, 0, 5)
    expect(await ask(store, 'SELECT count(*) AS n FROM calls')).toEqual([{ n: 5 }])
    expect(existsSync(`${store}.blocks`)).toBe(false)
  })
})

test.each([0, pageSize, 2 * pageSize])(
  'a file of %i bytes that was just being made is no store yet, and becomes one',
  async (size) => {
    const store = workshop.store()
    await inMemory((db) => db.run(`ATTACH ${quoteText(store)} AS unused; DETACH unused`))
    truncateSync(store, size)
    await expect(openStoreForReading(store, options)).rejects.toThrow('no calls have been ingested yet')
    await ingested(store, 0, 7)
    expect(await ask(store, 'SELECT count(*) AS n FROM calls')).toEqual([{ n: 7 }])
  },
)

test.each([pageSize, 2 * pageSize])(
  'a store that was cut to %i bytes is not taken for one that is new',
  async (size) => {
    const store = workshop.store()
    await ingested(store, 0, 1)
    truncateSync(store, size + 1)
    await expect(openStoreForReading(store, options)).rejects.toThrow('it ends too early')
    await expect(ingested(store, 0, 1)).rejects.toThrow('it ends too early')
  },
)

test('a commit of much, which writes into the file itself, has its blocks kept before, and none after', async () => {
  const store = workshop.store()
  await ingested(store, 0, 3)
  // eslint-disable-next-line typescript/unbound-method -- called below with its own database
  const original = Database.prototype.run
  const seen: string[] = []
  const spy = vi.spyOn(Database.prototype, 'run').mockImplementation(async function (
    this: Database,
    sql,
    ...more
  ) {
    const before = existsSync(`${store}.blocks`)
    const result = await original.call(this, sql, ...more)
    if (/^(?:COMMIT|CHECKPOINT|DETACH)/.test(sql))
      seen.push(`${sql}: ${before}, log ${existsSync(`${store}.wal`)}`)
    return result
  })
  await inMemory((db) =>
    writeStore(db, store, options, async () => {
      await db.run("SET checkpoint_threshold = '1KB'")
      await db.run(
        "INSERT INTO store.main.label_members SELECT 'label', 'value ' || i FROM range(100000) r(i)",
      )
    }),
  )
  spy.mockRestore()
  expect(seen).toEqual(['COMMIT: true, log false', 'DETACH store: false, log false'])
  expect(await ask(store, 'SELECT count(*) AS n FROM label_members')).toEqual([{ n: 100_000 }])
})

test('a failure after blocks were kept leaves none', async () => {
  const store = workshop.store()
  await ingested(store, 0, 3)
  const rows = await rowsOf(store)
  // eslint-disable-next-line typescript/unbound-method -- called below with its own database
  const original = Database.prototype.run
  for (const fails of ['COMMIT', 'CHECKPOINT store']) {
    const spy = vi.spyOn(Database.prototype, 'run').mockImplementation(function (
      this: Database,
      sql,
      ...more
    ) {
      if (sql !== fails) return original.call(this, sql, ...more)
      expect(existsSync(`${store}.blocks`)).toBe(true)
      throw new Error('a fault')
    })
    const outcome = await inMemory((db) =>
      writeStore(db, store, options, () => db.run("DELETE FROM store.main.calls WHERE call_id = 'call-1'")),
    ).then(
      () => 'done',
      (error: Error) => error.message,
    )
    spy.mockRestore()
    // What was committed is in the log of changes, and not lost when it cannot be written into the file.
    expect(outcome).toBe(fails === 'COMMIT' ? 'a fault' : 'done')
    expect(existsSync(`${store}.blocks`)).toBe(false)
    expect(existsSync(`${store}.wal`)).toBe(fails !== 'COMMIT')
    if (fails === 'COMMIT') expect(await rowsOf(store)).toEqual(rows)
    else expect(await ask(store, 'SELECT count(*) AS n FROM calls')).toEqual([{ n: 2 }])
  }
})
