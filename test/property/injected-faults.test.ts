/**
 * A fault at every step of a run of several files: what is refused is named, the others land, and the store is
 * as an undisturbed run leaves it once the fault is gone.
 */
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { Database } from '../../src/db/database.js'
import { MachineFault } from '../../src/errors.js'
import type { IngestSummary } from '../../src/ingest/summary.js'
import { contentsOf, ingestInto, Workshop, write } from './ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())
afterEach(() => {
  vi.restoreAllMocks()
})

/** `npm run soak` tries every step; else every so manieth. */
const stride = process.env['SOAK_SEED'] ? 1 : 21

const call = (id: string, fields: object = {}): string =>
  `${JSON.stringify({ ts: '2026-09-05T08:00:00Z', call_id: id, model: 'gpt-4o', input_tokens: 10, output_tokens: 3, ...fields })}\n`

/** Two files that share a unit with the bad one, and a CSV file. */
function place(): { readonly good: readonly string[]; readonly bad: string } {
  const room = workshop.room()
  return {
    good: [
      write(join(room, 'a.jsonl'), call('a-1') + call('a-2', { cached_tokens: 4 }) + 'no call\n'),
      write(join(room, 'c.jsonl'), call('c-1', { user: 'u' }) + call('c-1', { user: 'u' })),
      write(
        join(room, 'd.csv'),
        'ts,call_id,model,input_tokens,output_tokens\n2026-09-05T09:00:00Z,d-1,gpt-4o,5,1\n',
      ),
    ],
    bad: write(join(room, 'b.jsonl'), call('b-1', { model: 'bad-model' })),
  }
}

type Method = 'run' | 'query'
type Statement = (this: Database, sql: string, params?: object) => Promise<unknown>

/** Lets `before` look at every statement of every database; what it throws is what the engine answers. */
function watch(
  before: (db: Database, sql: string, own: (sql: string) => Promise<unknown>) => Promise<void>,
): void {
  let within = false
  for (const method of ['run', 'query'] as readonly Method[]) {
    const original = Database.prototype[method] as Statement
    vi.spyOn(Database.prototype, method).mockImplementation(async function (
      this: Database,
      sql: string,
      params?: object,
    ) {
      const own = async (text: string): Promise<unknown> => {
        within = true
        try {
          return await (Database.prototype.query as Statement).call(this, text)
        } finally {
          within = false
        }
      }
      if (!within) await before(this, sql, own)
      return original.call(this, sql, params) as never
    })
  }
}

const booked = ({ files }: IngestSummary): void => {
  for (const file of files.filter(({ state }) => state === 'read'))
    expect([
      file.label,
      file.imported + file.duplicates + file.superseded + file.skipped + file.rejected,
    ]).toEqual([file.label, file.lines])
}

/** Statements of an undisturbed run. */
async function statements(): Promise<readonly string[]> {
  const seen: string[] = []
  watch(async (_, sql) => void seen.push(sql))
  const { good, bad } = place()
  await ingestInto(workshop.store(), [...good, bad])
  vi.restoreAllMocks()
  return seen
}

/** A statement, whatever numbers are in it. */
const kindOf = (sql: string): string =>
  sql
    .replace(/VALUES.*/s, 'VALUES')
    .replaceAll(/\d+/g, '#')
    .slice(0, 150)

const everySo = (count: number, from: number): number[] =>
  Array.from({ length: count }, (_, i) => i).filter((i) => i % stride === from % stride)

describe('a fault that passes, at each statement', () => {
  test('costs no call and doubles none', async () => {
    const all = await statements()
    const { good, bad } = place()
    const whole = workshop.store()
    await ingestInto(whole, [...good, bad])
    const expected = await contentsOf(whole)
    for (const k of everySo(all.length, 0)) {
      let count = 0
      watch(async () => {
        if (count++ === k) throw new Error('Conversion Error: injected')
      })
      const store = workshop.store()
      const summary = await ingestInto(store, [...good, bad]).catch((error: unknown) => error)
      vi.restoreAllMocks()
      if (!(summary instanceof Error)) booked(summary as IngestSummary)
      const again = await ingestInto(store, [...good, bad])
      booked(again)
      expect([k, all[k]?.slice(0, 80), await contentsOf(store)]).toEqual([k, all[k]?.slice(0, 80), expected])
    }
  })
})

describe('a fault of one file, at each statement after it is staged', () => {
  test('refuses that file with its cause; the others land', async () => {
    const all = await statements()
    const isAfter = all.findIndex((sql) => sql.startsWith('CREATE TABLE segments'))
    const { good, bad } = place()
    const others = workshop.store()
    await ingestInto(others, good)
    const expected = await contentsOf(others)
    // What looks at the store once all has landed, or lets go of it, reads no row of a file, and fails for none.
    const isOfStore =
      /^(?:DETACH|CHECKPOINT|PRAGMA|SELECT count\(\*\) AS n FROM store\.main\.calls$)|pragma_metadata_info/
    const steps = [...new Set(all.slice(isAfter).map(kindOf))].filter((kind) => !isOfStore.test(kind))
    let refusals = 0
    for (const k of everySo(steps.length, 1)) {
      watch(async (_, sql, own) => {
        if (kindOf(sql) !== steps[k]) return
        const found = (await own("SELECT count(*) AS n FROM staged WHERE request_model = 'bad-model'").catch(
          () => ({ rows: [{ n: 0 }] }),
        )) as { rows: { n: number }[] }
        if (found.rows[0]!.n > 0) throw new Error('Conversion Error: injected into b')
      })
      const store = workshop.store()
      const summary = await ingestInto(store, [...good, bad])
      vi.restoreAllMocks()
      booked(summary)
      const refused = summary.files.filter(({ state }) => state === 'refused')
      expect([steps[k], refused.map(({ label, note }) => [label, note?.split('\n')[0]])]).toEqual([
        steps[k],
        [[bad, 'it could not be read: Conversion Error: injected into b']],
      ])
      refusals += 1
      expect(await contentsOf(store)).toEqual(expected)
    }
    expect(refusals).toBeGreaterThan(3)
  })
})

test('a fault of the machine, at each statement, ends the run in its own words and leaves the store', async () => {
  const all = await statements()
  const { good, bad } = place()
  for (const k of everySo(all.length, 2)) {
    let count = 0
    watch(async () => {
      if (count++ === k) throw new MachineFault('the disk is full')
    })
    const store = workshop.store()
    const ended = await ingestInto(store, [...good, bad]).catch((error: unknown) => error)
    vi.restoreAllMocks()
    // Some steps only look whether another way is needed.
    if (ended instanceof Error) expect([k, ended.message]).toEqual([k, 'the disk is full'])
    else expect((ended as IngestSummary).files.filter(({ state }) => state === 'refused')).toEqual([])
    const again = await ingestInto(store, [...good, bad])
    expect(again.files.filter(({ state }) => state === 'refused')).toEqual([])
  }
})
