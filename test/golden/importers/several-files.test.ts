/** What files of one run do to each other, and how cached tokens are read where a cost tells. */
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ingestInto, write } from '../../property/ingesting.js'
import { readFiles, workshop } from './reading.js'

afterAll(() => workshop.close())

const record = (fields: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ timestamp: '2026-06-01T10:00:00Z', output_tokens: 10, ...fields })

describe('files of one run', () => {
  test('a file with a header alone takes nothing from the next', async () => {
    const room = workshop.room()
    const header = write(join(room, 'a.csv'), 'timestamp,model,input_tokens,output_tokens\n')
    const calls = write(join(room, 'b.jsonl'), `${record({ model: 'gpt-4o', input_tokens: 1 })}\n`)
    expect((await readFiles([header, calls])).counts).toEqual([
      [1, 0, 0, 0, 1, 0],
      [1, 1, 0, 0, 0, 0],
    ])
  })
})

describe('cached tokens of our own record', () => {
  /** 1,000 input and 800 cached tokens of claude-sonnet-4-5: $3 in, $0.30 cached, $15 out a million. */
  const read = async (fields: Readonly<Record<string, unknown>>, choices = {}): Promise<unknown> => {
    const line = record({
      id: 'a1',
      model: 'claude-sonnet-4-5',
      input_tokens: 1000,
      cached_tokens: 800,
      ...fields,
    })
    const { calls, repairs, doubts } = await readFiles(
      [write(join(workshop.room(), 'log.jsonl'), `${line}\n`)],
      choices,
    )
    expect(repairs).toEqual({})
    const { input_tokens: input, cost_usd: cost } = calls[0]!
    return { input, cost: Number(cost), doubts }
  }

  test('a reported cost that fits one reading decides', async () => {
    // 200 × 3 + 800 × 0.3 + 10 × 15 = 990; 1,000 × 3 + 800 × 0.3 + 10 × 15 = 3,390 millionths.
    expect(await read({ cost_usd: 0.00099 })).toEqual({ input: 1000, cost: 0.00099, doubts: [] })
    expect(await read({ cost_usd: 0.00339 })).toEqual({
      input: 1800,
      cost: 0.00339,
      doubts: ['1 call: cached tokens are beside input, as 1 call with its own cost shows'],
    })
  })

  test('a cost that fits neither, or both once it was rounded, or none, leaves the habit, and says so', async () => {
    const assumed = {
      input: 1000,
      cost: 0.00099,
      doubts: [
        '1 call: it was taken that input tokens include cached ones; --cache-tokens excluded reads them apart',
      ],
    }
    expect(await read({ cost_usd: 0.5 })).toEqual(assumed)
    expect(await read({ cost_usd: 0.001, cached_tokens: 1 })).toMatchObject({ input: 1000 })
    expect(await read({})).toEqual(assumed)
    // A tracker that charges all input in full: 1,000 × 3 + 10 × 15, which 9 cached tokens hardly change.
    expect(await read({ cost_usd: 0.00315, cached_tokens: 9 })).toMatchObject({ input: 1000 })
  })

  test('a total of tokens decides', async () => {
    expect(await read({ total_tokens: 1010 })).toEqual({ input: 1000, cost: 0.00099, doubts: [] })
    expect(await read({ total_tokens: 1810 })).toEqual({
      input: 1800,
      cost: 0.00339,
      doubts: ['1 call: cached tokens are beside input, as 1 call with its own counts shows'],
    })
  })
})

test('bodies that stand elsewhere in each file of a folder are all read', async () => {
  const folder = workshop.room()
  const body = (id: string): object => ({
    id: `chatcmpl-several-files-${id}`,
    object: 'chat.completion',
    model: 'gpt-4o',
    choices: [],
    usage: { prompt_tokens: 100, completion_tokens: 10 },
  })
  const places = ['response', 'llm', 'reply_of_model', 'raw']
  const paths = places.map((place, i) =>
    write(
      join(folder, `${place}.jsonl`),
      JSON.stringify({ ts: `2026-09-05T08:00:0${i}Z`, user: place, [place]: body(place) }),
    ),
  )
  const store = workshop.store()
  const { totals } = await ingestInto(store, paths)
  expect([totals.imported, totals.skipped]).toEqual([places.length, 0])
})

test('a record with something else where other files of the run have their bodies is read as it is alone', async () => {
  const body = (tokens: number): object => ({
    id: `chatcmpl-AAAAAAAAAAAAAAAAAAAA${tokens}`,
    object: 'chat.completion',
    model: 'gpt-4o',
    choices: [],
    usage: { prompt_tokens: tokens, completion_tokens: 10, total_tokens: tokens + 10 },
  })
  const ts = '2026-06-01T10:00:00Z'
  const lines = {
    a: { ts, answer_a: body(1) },
    b: { ts, answer_b: body(2) },
    // Neither is a body: a limit, and the counts of another kind of work.
    c: { ts, response: body(3), answer_a: { usage: { limit: 5 } }, answer_b: { usage_limit: 7, model: 'x' } },
    // One that might be, alone too.
    d: { ts, answer_b: { usage: { input_tokens: 9 } }, response: body(4) },
    e: { ts, response: body(5), answer_a: { usage: { prompt_tokens: 9, completion_tokens: 9 } } },
  }
  const room = workshop.room()
  const files = Object.entries(lines).map(([name, line]) =>
    write(join(room, `${name}.jsonl`), `${JSON.stringify(line)}\n`),
  )
  const inputs = async (some: readonly string[]): Promise<number[]> =>
    (await readFiles(some)).calls.map((call) => Number(call['input_tokens'])).toSorted((a, b) => a - b)
  expect(await inputs(files)).toEqual([1, 2, 3, 4, 5])
  for (const [i, file] of files.entries()) expect(await inputs([file])).toEqual([i + 1])
  const [a = '', b = '', c = '', d = '', e = ''] = files
  expect(await inputs([a, b, c])).toEqual([1, 2, 3])
  expect(await inputs([d, a])).toEqual([1, 4])
  expect(await inputs([a, a, e])).toEqual([1, 5])
})

test('a few spans of a trace beside very many calls take no time for all pairs', async () => {
  const folder = workshop.room()
  const calls = Array.from({ length: 25_000 }, (_, i) =>
    JSON.stringify({
      ts: '2026-09-05T08:00:00Z',
      model: 'gpt-4o',
      request_id: `r-${i}`,
      input_tokens: i,
      output_tokens: 1,
    }),
  )
  const span = (id: string, parent: string | null, input: number): string =>
    JSON.stringify({
      ts: '2026-09-05T09:00:00Z',
      model: 'gpt-4o',
      span_id: id,
      parent_span_id: parent,
      trace_id: 't',
      input_tokens: input,
      output_tokens: input,
    })
  const spans = [span('p', null, 30), span('a', 'p', 10), span('b', 'p', 20)]
  const paths = [
    write(join(folder, 'calls.jsonl'), calls.join('\n')),
    write(join(folder, 'spans.jsonl'), spans.join('\n')),
  ]
  const { totals } = await ingestInto(workshop.store(), paths)
  expect([totals.imported, totals.skipped]).toEqual([25_002, 1])
})
