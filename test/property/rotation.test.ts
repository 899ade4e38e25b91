/** A log that is rotated while it is written, and read now and then: every call is there once. */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { ask, ingestInto, Workshop } from './ingesting.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const call = (i: number): string =>
  JSON.stringify({
    ...(i % 3 === 0 ? {} : { call_id: `call-${i}` }),
    timestamp: new Date(Date.UTC(2026, 9, 1) + i * 1000).toISOString(),
    model: 'gpt-4o',
    input_tokens: 100 + (i % 7),
    output_tokens: 10,
  })

/** What happens to `app.log`, in turn; a number: so many calls are logged. */
const events = fc.array(fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom('ingest', 'rotate')), {
  minLength: 2,
  maxLength: 14,
})

/** How logs are rotated: a copy is taken and the file cut, or it is renamed and begun anew. */
const ways = {
  copytruncate: (log: string, older: string): void => {
    copyFileSync(log, older)
    writeFileSync(log, '')
  },
  rename: (log: string, older: string): void => {
    renameSync(log, older)
    writeFileSync(log, '')
  },
}

/** Numbers go up, the third and older are compressed. */
function shift(log: string): void {
  for (let n = 5; n >= 1; n--) {
    for (const end of ['', '.gz']) {
      const from = `${log}.${n}${end}`
      if (!existsSync(from)) continue
      if (n + 1 === 3) writeFileSync(`${log}.3.gz`, gzipSync(readFileSync(from)))
      else renameSync(from, `${log}.${n + 1}${end}`)
      rmSync(from, { force: true })
    }
  }
}

describe.each(['copytruncate', 'rename'] as const)('a log rotated by %s', (way) => {
  test('loses no call and doubles none, whenever it is read', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (drawn) => {
        const room = workshop.room()
        const log = join(room, 'app.log')
        const db = workshop.store()
        let logged = 0
        let rotations = 0
        writeFileSync(log, `${call(logged++)}\n`)
        for (const event of [...drawn, 'ingest' as const]) {
          if (typeof event === 'number')
            for (let i = 0; i < event; i++) appendFileSync(log, `${call(logged++)}\n`)
          else if (event === 'ingest') await ingestInto(db, [room])
          // More would leave the folder, as they do where no more are kept.
          else if (rotations++ < 5) {
            shift(log)
            ways[way](log, `${log}.1`)
          }
        }
        const rows = await ask(db, 'SELECT ts FROM calls ORDER BY ts')
        expect(rows.map(({ ts }) => ts)).toEqual(
          Array.from({ length: logged }, (_, i) =>
            new Date(Date.UTC(2026, 9, 1) + i * 1000).toISOString().replace('.000Z', 'Z'),
          ),
        )
      }),
      { numRuns: tries(3, 15) },
    )
  })
})

test('a .gz that is written further is read once it can be, and then again', async () => {
  const room = workshop.room()
  const path = join(room, 'app.jsonl.gz')
  const db = workshop.store()
  const members = [0, 1, 2].map((part) =>
    gzipSync(Array.from({ length: 5 }, (_, i) => `${call(part * 5 + i)}\n`).join('')),
  )
  const states: string[] = []
  const calls: unknown[] = []
  for (const bytes of [
    members[0]!.subarray(0, 40),
    members[0]!,
    Buffer.concat([members[0]!, members[1]!.subarray(0, 30)]),
    Buffer.concat(members),
  ]) {
    writeFileSync(path, bytes)
    const { files } = await ingestInto(db, [path])
    states.push(files[0]!.state)
    calls.push(...((existsSync(db) && (await ask(db, 'SELECT count(*) AS n FROM calls'))) || [{ n: 0 }]))
  }
  expect(states).toEqual(['refused', 'read', 'refused', 'read'])
  expect(calls).toEqual([{ n: 0 }, { n: 5 }, { n: 5 }, { n: 15 }])
})
