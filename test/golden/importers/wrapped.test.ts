/** Calls inside the lines of other logs: the JSON is the record, other lines are no calls, and all are counted. */
import fc from 'fast-check'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, ingestInto, write } from '../../property/ingesting.js'
import { tries } from '../../property/seed.js'
import { readEach, readFiles, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

const call = (i: number, more: object = {}): object => ({
  id: `call-${i}`,
  model: 'gpt-4o',
  user: 'Zoë "Z"',
  input_tokens: 10 + i,
  output_tokens: 1,
  ...more,
})

const time = '2026-10-05T08:00:00.123Z'

/** How each program writes a text that was logged at `time`. */
const wrappers: Readonly<Record<string, (text: string) => string>> = {
  'python logging': (text) => `INFO:app.llm:${text}`,
  'python logging with a time': (text) => `2026-10-05 08:00:00,123 INFO app.llm ${text}`,
  'a worker': (text) => `[2026-10-05 08:00:00,123: INFO/MainProcess] ${text}`,
  'docker compose': (text) => `web_1  | ${text}`,
  CRI: (text) => `${time} stdout F ${text}`,
  'docker json-file': (text) => JSON.stringify({ log: `${text}\n`, stream: 'stdout', time }),
  'CloudWatch tail': (text) => `${time}\t${text}`,
  'CloudWatch export': (text) => `${time} ${text}`,
  'CloudWatch events': (text) =>
    JSON.stringify({ timestamp: Date.parse(time), message: text, ingestionTime: 1 }),
  journald: (text) =>
    JSON.stringify({ __CURSOR: 's=1', __REALTIME_TIMESTAMP: String(Date.parse(time) * 1000), MESSAGE: text }),
  'Cloud Logging text': (text) =>
    JSON.stringify({ insertId: 'i', logName: 'l', textPayload: text, timestamp: time }),
}

const readLines = (lines: readonly string[]): Promise<Read> =>
  readFiles([write(join(workshop.room(), 'app.log'), `${lines.join('\n')}\n`)])

const tokens = (got: Read): unknown[] => got.calls.map((one) => one['input_tokens'])

const own = { ts: '2026-10-05T07:00:00Z' }
const whole = JSON.stringify(call(1, { ts: time }))

/** Logs of each wrapper; ids differ, so that none holds a call of another. */
const logs: Readonly<Record<string, readonly string[]>> = {
  records: [
    'server started',
    JSON.stringify(call(1, own)),
    JSON.stringify({ level: 'info', msg: 'GET /health' }),
    JSON.stringify(call(2, own)),
    '',
  ],
  broken: ['up', whole, whole.slice(0, -4)],
  timeless: [JSON.stringify(call(1)), JSON.stringify(call(2, { created_at: '2026-10-01T00:00:00Z' }))],
}
const names = Object.keys(wrappers)
/** What does not say its time has none to give. */
const hasTime = (name: string): boolean => !['python logging', 'docker compose'].includes(name)
const idOf = (name: string, kind: string): string => `${kind}-${names.indexOf(name)}-`

describe('each wrapper', () => {
  const read = new Map<string, Read>()
  beforeAll(async () => {
    const room = workshop.room()
    const kinds = names.flatMap((name) =>
      Object.keys(logs)
        .filter((kind) => kind !== 'timeless' || hasTime(name))
        .map((kind) => [name, kind] as const),
    )
    const files = kinds.map(([name, kind]) => {
      const lines = logs[kind]!.map((text) => wrappers[name]!(text.replace('call-', idOf(name, kind))))
      return write(join(room, `${idOf(name, kind)}.log`), `${lines.join('\n')}\n`)
    })
    for (const [i, one] of (await readEach(files)).entries()) read.set(kinds[i]!.join(), one)
  })
  const got = (name: string, kind: string): Read => read.get([name, kind].join())!

  test.each(names)('%s: the JSON inside is the record, other lines are no calls', (name) => {
    const { counts, calls } = got(name, 'records')
    // lines = imported + duplicates + superseded + skipped + rejected
    expect(counts).toEqual([[5, 2, 0, 0, 3, 0]])
    expect(calls.map((one) => [one['call_id'], one['user_id'], one['ts'], one['input_tokens']])).toEqual([
      [`${idOf(name, 'records')}1`, 'Zoë "Z"', '2026-10-05T07:00:00Z', 11],
      [`${idOf(name, 'records')}2`, 'Zoë "Z"', '2026-10-05T07:00:00Z', 12],
    ])
  })

  test.each(names)('%s: broken JSON of a call is rejected, with the line of the file', (name) => {
    const { counts, rejects } = got(name, 'broken')
    expect(counts).toEqual([[3, 1, 0, 0, 1, 1]])
    expect(rejects).toEqual([[3, 'not JSON']])
  })

  test.each(names.filter(hasTime))('%s: its time counts where the record has none', (name) => {
    const times = got(name, 'timeless').calls.map((one) => one['ts'])
    expect(times).toEqual(['2026-10-05T08:00:00.123Z', '2026-10-01T00:00:00Z'])
  })
})

test('objects of Cloud Logging, in lines and in an array, keep all their digits', async () => {
  const entry = (i: number): string =>
    `{"insertId":"i${i}","jsonPayload":{"model":"some-model","input_tokens":${i},"note":"a \\"}\\" b","cost":0.123456789012},"logName":"l","timestamp":"${time}"}`
  for (const text of [`${entry(1)}\n${entry(2)}\n`, `[\n${entry(1)},\n${entry(2)}\n]\n`]) {
    const got = await readFiles([write(join(workshop.room(), 'log.json'), text)])
    expect(got.calls.map((one) => [one['ts'], one['input_tokens'], one['reported_cost_usd']])).toEqual([
      ['2026-10-05T08:00:00.123Z', 1, '0.123456789012'],
      ['2026-10-05T08:00:00.123Z', 2, '0.123456789012'],
    ])
  }
})

test('bodies of providers inside a container log', async () => {
  const body = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1790000000,
    model: 'gpt-4o',
    choices: [],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  }
  const got = await readLines([wrappers['docker json-file']!(JSON.stringify(body))])
  expect(got.importers).toEqual(['openai'])
  expect(got.calls.map((one) => [one['call_id'], one['input_tokens']])).toEqual([['chatcmpl-1', 5]])
})

describe('texts that go on in later lines', () => {
  const cri = (tag: 'P' | 'F', stream: string, text: string): string => `${time} ${stream} ${tag} ${text}`

  test('are put together, by stream, and every line is counted', async () => {
    const one = JSON.stringify(call(1))
    const got = await readLines([
      cri('P', 'stdout', one.slice(0, 20)),
      cri('F', 'stderr', 'a warning'),
      cri('P', 'stdout', one.slice(20, 40)),
      cri('F', 'stdout', one.slice(40)),
      cri('F', 'stdout', JSON.stringify(call(2))),
    ])
    expect(got.counts).toEqual([[5, 2, 0, 0, 3, 0]])
    expect(tokens(got)).toEqual([11, 12])
  })

  test('are read anew when their end has come', async () => {
    const one = JSON.stringify(call(1))
    const file = write(
      join(workshop.room(), 'app.log'),
      `${cri('F', 'stdout', JSON.stringify(call(0)))}\n${cri('P', 'stdout', one.slice(0, 20))}\n`,
    )
    const db = workshop.store()
    await ingestInto(db, [file])
    appendFileSync(file, `${cri('F', 'stdout', one.slice(20))}\n`)
    await ingestInto(db, [file])
    expect(
      (await ask(db, 'SELECT input_tokens AS n FROM calls ORDER BY n')).map((row) => Number(row['n'])),
    ).toEqual([10, 11])
    expect(await ask(db, 'SELECT * FROM rejects')).toEqual([])
  })

  test('of docker json-file too', async () => {
    const one = JSON.stringify(call(1))
    const part = (text: string): string => JSON.stringify({ log: text, stream: 'stdout', time })
    const got = await readLines([
      wrappers['docker json-file']!(JSON.stringify(call(0))),
      part(one.slice(0, 30)),
      part(`${one.slice(30)}\n`),
    ])
    expect(got.counts).toEqual([[3, 2, 0, 0, 1, 0]])
    expect(tokens(got)).toEqual([10, 11])
  })
})

test('whatever is logged between them, the calls are the same as in a log of their own', async () => {
  const noise = fc
    .oneof(fc.string({ maxLength: 40 }), fc.constantFrom('{}', '{"a":1}', '[1,2]', '"text"', 'null'))
    .filter((text) => !/[\r\n\0\x01]|token|usage|cost|spend|model/i.test(text))
  const lines = fc.array(fc.oneof(noise, fc.nat(1000)), { minLength: 1, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(lines, fc.constantFrom(...Object.keys(wrappers)), async (given, name) => {
      const numbered = given.map((one, i) =>
        typeof one === 'number' ? JSON.stringify(call(i, { ts: time, input_tokens: one })) : one,
      )
      const calls = given.filter((one) => typeof one === 'number')
      fc.pre(calls.length > 0)
      const got = await readLines(numbered.map(wrappers[name]!))
      expect(tokens(got).map(Number)).toEqual(calls)
      const [lineCount, imported, , , skipped, rejected] = got.counts[0]!
      expect([lineCount, imported! + skipped! + rejected!]).toEqual([given.length, given.length])
      expect(rejected).toBe(0)
    }),
    { numRuns: tries(8, 15) },
  )
})

test('a log of calls is no wrapper, whatever its fields are called', async () => {
  const lines = [
    call(1, { timestamp: time, message: JSON.stringify(call(7)), stream: true, log: '{"model":"x"}' }),
  ]
  const got = await readLines(lines.map((one) => JSON.stringify(one)))
  expect(tokens(got)).toEqual([11])
})

describe('lines that speak of a call and are no JSON', () => {
  const json = Array.from({ length: 20 }, (_, i) => `INFO:llm:${JSON.stringify(call(i, { ts: time }))}`)

  test.each([
    [
      "{'model': 'gpt-4o', 'usage': {'input_tokens': 500, 'output_tokens': 20}, 'stream': True, 'x': None}",
      'a printed Python dict, not JSON: log json.dumps(record)',
    ],
    [
      "request took {'prompt_tokens': 3, 'completion_tokens': 4}",
      'a printed Python dict, not JSON: log json.dumps(record)',
    ],
    [
      "{'model': 'gpt-4o', 'cost': Decimal('0.0123')}",
      'a printed Python dict, not JSON: log json.dumps(record)',
    ],
    ['{:model=>"gpt-4o", :input_tokens=>12}', 'a printed object, not JSON: log it as JSON'],
    [
      "{ model: 'gpt-4o', usage: { prompt_tokens: 12, completion_tokens: 3 } }",
      'a printed object, not JSON: log it as JSON',
    ],
    ['level=info model=gpt-4o input_tokens=12 output_tokens=3', 'key=value text, not JSON: log it as JSON'],
    [
      "ChatCompletion(id='x', model='gpt-4o', usage=CompletionUsage(completion_tokens=5))",
      'key=value text, not JSON: log it as JSON',
    ],
  ])('are rejected by name: %s', async (text, reason) => {
    const got = await readLines([...json, `INFO:llm:${text}`])
    expect(got.counts).toEqual([[21, 20, 0, 0, 0, 1]])
    expect(got.rejects).toEqual([[21, reason]])
  })

  test('are named where they tell it in words', async () => {
    const got = await readLines([
      ...json,
      'INFO:llm:used 512 tokens',
      'INFO:llm:Total cost: $0.0123',
      'INFO:llm:the context window has 128000 tokens',
      // A record over several lines.
      'INFO:llm:{',
      '  "model": "gpt-4o",',
      '  "input_tokens": 12,',
      '}',
      'INFO:llm:{"model": "gpt-4o", "credits": 12}',
    ])
    expect(got.counts).toEqual([[28, 20, 0, 0, 8, 0]])
    expect(got.doubts).toEqual([
      expect.stringMatching(
        /: 4 lines are left out as no calls, though they tell tokens or a cost in words; only what is logged as JSON is read$/,
      ),
    ])
  })

  test.each([
    "DEBUG:openai._base_client:Request options: {'method': 'post', 'json_data': {'model': 'gpt-4o', 'max_tokens': 500}}",
    "INFO:httpx:{'x-ratelimit-remaining-tokens': '149984', 'x-ratelimit-limit-tokens': '150000'}",
    "INFO:app:{'model': 'gpt-4o', 'input_tokens': 0}",
    'INFO:app:token=abc123 user=7',
    'INFO:app:GET /v1/usage?page=2 200 12ms',
  ])('are no calls where they tell none: %s', async (text) => {
    const got = await readLines([...json, text])
    expect([got.counts, got.doubts]).toEqual([[[21, 20, 0, 0, 1, 0]], []])
  })

  test('a record is read though a space stands behind its brace', async () => {
    const got = await readLines([
      ...json,
      `INFO:llm:{ "ts": "${time}", "model": "gpt-4o", "input_tokens": 99 }`,
    ])
    expect(tokens(got).at(-1)).toBe(99)
  })

  test('a record far behind, outside of the envelope of the others, is read', async () => {
    const wrap = wrappers['docker json-file']!
    const wrapped = Array.from({ length: 60 }, (_, i) => wrap(JSON.stringify(call(i))))
    const got = await readLines([...wrapped, JSON.stringify(call(60, { ts: time }))])
    expect(tokens(got)).toHaveLength(61)
  })
})
