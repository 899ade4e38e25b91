/** Keys of a log that mean something to JavaScript or to SQL are keys like others. */
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ask, ingestInto, Workshop, write } from '../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const body = (i: number): string =>
  `{"id": "msg_${i}", "type": "message", "model": "claude-sonnet-4-5", "content": [], "stop_reason": "end_turn", "usage": {"input_tokens": 12, "output_tokens": 7}}`

const keys = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  '$',
  '"',
  "'",
  '\\',
  'a.b',
  '/',
  '~',
]

describe.each(keys)('the key %j', (key) => {
  const name = JSON.stringify(key)
  const inherited = (): string[] => {
    const found: string[] = []
    for (const one in {}) found.push(one)
    return found
  }

  test('around a response: it is read there, and nothing is written into what all objects inherit', async () => {
    const lines = [0, 1, 2].map((i) => `{"ts": "2026-09-05T08:00:0${i}Z", ${name}: ${body(i)}}`)
    const db = workshop.store()
    const path = write(join(workshop.room(), 'log.jsonl'), `${lines.join('\n')}\n`)
    const { files } = await ingestInto(db, [path])
    expect(inherited()).toEqual([])
    expect(files[0]).toMatchObject({ state: 'read', imported: 3, rejected: 0 })
    expect(await ask(db, 'SELECT sum(input_tokens) AS n FROM calls')).toEqual([{ n: 36 }])
  })

  test('beside one, and in a record of one’s own: the calls are read', async () => {
    const room = workshop.room()
    const lines = [0, 1, 2].map((i) => `{"ts": "2026-09-05T08:00:0${i}Z", "response": ${body(i)}, ${name}: {"usage": {${name}: 5}}}`)
    const own = [0, 1, 2].map((i) => `{"ts": "2026-09-05T08:01:0${i}Z", "model": "gpt-4o", "input_tokens": 5, "output_tokens": 1, ${name}: {${name}: {"tokens": 4}}}`)
    const { files } = await ingestInto(workshop.store(), [
      write(join(room, 'bodies.jsonl'), `${lines.join('\n')}\n`),
      write(join(room, 'own.jsonl'), `${own.join('\n')}\n`),
    ])
    expect(inherited()).toEqual([])
    expect(files.map(({ state, imported, note }) => [state, imported, note])).toEqual([
      ['read', 3, null],
      ['read', 3, null],
    ])
  })
}) // prettier-ignore
