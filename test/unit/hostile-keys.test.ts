/** Keys of a log that mean something to JavaScript or to SQL are keys like others. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { IngestSummary } from '../../src/ingest/summary.js'
import { ask, ingestInto, Workshop, write } from '../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

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

const body = (id: string): string =>
  `{"id": "msg_${id}", "type": "message", "model": "claude-sonnet-4-5", "content": [], "stop_reason": "end_turn", "usage": {"input_tokens": 12, "output_tokens": 7}}`

/** For each key: around a response, beside one, and in a record of one's own. */
const logsOf = (key: string, at: number): string[] => {
  const name = JSON.stringify(key)
  const time = (kind: number, i: number): string =>
    `"ts": "2026-09-05T08:${kind}${at % 10}:${Math.floor(at / 10)}${i}Z"`
  const around = [0, 1, 2].map((i) => `{${time(0, i)}, ${name}: ${body(`${at}a${i}`)}}`)
  const beside = [0, 1, 2].map(
    (i) => `{${time(1, i)}, "response": ${body(`${at}b${i}`)}, ${name}: {"usage": {${name}: 5}}}`,
  )
  const own = [0, 1, 2].map(
    (i) =>
      `{${time(2, i)}, "model": "gpt-4o", "input_tokens": 5, "output_tokens": 1, ${name}: {${name}: {"tokens": 4}}}`,
  )
  return [around, beside, own].map((lines) => `${lines.join('\n')}\n`)
}

const db = workshop.store()
let files: IngestSummary['files'] = []
beforeAll(async () => {
  const room = workshop.room()
  const paths = keys.flatMap((key, at) =>
    logsOf(key, at).map((text, kind) => write(join(room, `${at}-${kind}.jsonl`), text)),
  )
  files = (await ingestInto(db, paths)).files
})

test('nothing is written into what all objects inherit', () => {
  const found: string[] = []
  for (const one in {}) found.push(one)
  expect(found).toEqual([])
})

describe.each(keys.map((key, at) => [key, at] as const))('the key %j', (_, at) => {
  test('around a response: it is read there', async () => {
    expect(files[at * 3]).toMatchObject({ state: 'read', imported: 3, rejected: 0 })
    const sum = `SELECT sum(input_tokens) AS n FROM calls WHERE starts_with(call_id, 'msg_${at}a')`
    expect(await ask(db, sum)).toEqual([{ n: 36 }])
  })

  test('beside one, and in a record of one’s own: the calls are read', () => {
    expect(files.slice(at * 3 + 1, at * 3 + 3).map(({ state, imported, note }) => [state, imported, note])).toEqual([
      ['read', 3, null],
      ['read', 3, null],
    ])
  })
}) // prettier-ignore
