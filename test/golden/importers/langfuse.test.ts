/** Exports of Langfuse, against the figures that its own traces state. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ask, ingestInto } from '../../property/ingesting.js'
import { fixtures, marker, readEach, readFiles, readFixture, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

const total = (calls: Read['calls'], name: string): number =>
  calls.reduce((sum, call) => sum + Number(call[name] ?? 0), 0)
const sums = ({ calls }: Read): readonly unknown[] => [
  calls.length,
  total(calls, 'input_tokens'),
  total(calls, 'output_tokens'),
  total(calls, 'cache_read_input_tokens'),
  Number(total(calls, 'reported_cost_usd').toFixed(12)),
]

describe('traces as they are exported whole', () => {
  // Of agno two generations stand above two others for the same two calls; of microsoft-agent an AGENT above its own.
  const expected: Readonly<Record<string, readonly unknown[]>> = {
    'agno-2025-06-11.json': [2, 826, 245, 0, 0.0002709],
    'claude-agent-2025-12-22.json': [4, 34, 232, 0, 0.003582],
    'langgraph-python-2025-08-22.json': [2, 168, 66, 0, 0.000234],
    'microsoft-agent-2025-12-17.json': [2, 293, 106, 0, 0.00028525],
    'openai-agents-2025-09-30.json': [2, 140, 44, 0, 0.000632],
  }

  test('an observation above another with usage is no call', async () => {
    const names = readdirSync(join(fixtures, 'langfuse/traces')).toSorted()
    const read = await readEach(names.map((name) => join(fixtures, 'langfuse/traces', name)))
    expect(Object.fromEntries(names.map((name, i) => [name, sums(read[i]!)]))).toEqual(
      Object.fromEntries(
        names.map((name) => [
          name,
          [...expected[name]!.slice(0, 4), expect.closeTo(expected[name]![4] as number, 9)],
        ]),
      ),
    )
    expect(read[0]!.doubts.join()).toContain('3 records sum up the calls below them in their trace')
    for (const { counts } of read) {
      const [lines = 0, ...parts] = counts[0]!
      expect(parts.reduce((a, b) => a + b, 0)).toBe(lines)
    }
  })

  test('the user, session and name of the trace are those of its observations', async () => {
    const { calls } = await readFixture('langfuse/traces')
    const [one] = calls.filter(({ call_id: id }) => id === 'fc7f61b57ecebbaf')
    expect(one).toMatchObject({
      model: 'gpt-4o-mini',
      feature: 'Agent.run',
      session_id: '35cc6c90-b657-4819-b66c-c931c03ad569',
      trace_id: '080130871f53145aecf7c29d5dfb6e4c',
      input_tokens: 663,
      output_tokens: 225,
      // 663 × 0.15 + 225 × 0.6 per million
      cost_usd: '0.00023445',
      reported_cost_usd: '0.000234449999',
      latency_ms: 4793,
      tags: { observation: 'chat gpt-4o-mini' },
    })
  })
})

test('a page of the API: cached tokens stand beside `input`, an older `usage` is read where there is no other', async () => {
  const read = await readFixture('langfuse/page')
  expect(sums(read)).toEqual([3, 3100, 710, 200, 0.005472])
  expect(read.calls[0]).toMatchObject({
    call_id: 'obs-001',
    user_id: 'test-user',
    session_id: 'sess-xyz',
    input_tokens: 1700,
    cache_read_input_tokens: 200,
    // 1,500 × 3 + 200 × 0.3 + 320 × 15 per million
    cost_usd: '0.00936',
    temperature: 0.7,
  })
  expect(read.calls.map((call) => call['unread_usage'])).toEqual([undefined, undefined, undefined])
})

test('a table without parents: each row beside what Langfuse says that it cost', async () => {
  const { calls, counts } = await readFixture('langfuse/table')
  // A header, an AGENT, and a row that stands twice.
  expect(counts).toEqual([[42, 39, 1, 0, 2, 0]])
  const differing = calls.filter(
    ({ cost_usd: ours, reported_cost_usd: theirs }) => Math.abs(Number(ours) - Number(theirs)) > 1e-9,
  )
  /** Prices, USD per million tokens of input and output, by which the project had its own models priced. */
  const own: Readonly<Record<string, readonly [number, number]>> = {
    '83517f9062f5ada4': [0.5, 1.5],
    '4f6535aaebcda355': [1, 1],
    '5ba09605e0929d78': [1, 1],
    '125abcbf5c41f4df': [1, 1],
  }
  expect(differing.map(({ call_id: id }) => String(id)).toSorted()).toEqual(Object.keys(own).toSorted())
  for (const call of differing) {
    const [input, output] = own[String(call['call_id'])]!
    const theirs = (Number(call['input_tokens']) * input + Number(call['output_tokens']) * output) / 1e6
    expect(Number(call['reported_cost_usd'])).toBeCloseTo(theirs, 9)
  }
  // What is counted of the input alone has no output: unknown, not 0.
  expect(calls.find(({ call_id: id }) => id === '52df0f7f9dad6b23')).not.toHaveProperty('output_tokens')
  // All rows state $0.02365675: but for the agent's own sum and the row that stands twice.
  expect(total(calls, 'reported_cost_usd')).toBeCloseTo(0.02365675 - 0.000371 - 0.0010375, 8)
})

test('the blob export: snake case, numbers as texts, rows that are exported again', async () => {
  const { calls, counts, rejects, everything } = await readFixture('langfuse/blob')
  expect(counts).toEqual([[5, 2, 1, 0, 1, 1]])
  expect(rejects).toEqual([[5, 'not JSON']])
  expect(calls).toEqual([
    {
      call_id: 'obs-91',
      ts: '2026-09-14T10:00:00Z',
      provider: 'anthropic',
      request_model: 'claude-sonnet-4-5',
      model: 'claude-sonnet-4-5',
      feature: 'answer',
      trace_id: 'tr-7',
      environment: 'production',
      prompt_name: 'rag-answer',
      input_tokens: 3620, // 120 + 3,000 + 500
      cache_read_input_tokens: 3000,
      cache_creation_input_tokens: 500,
      output_tokens: 300, // 240 + 60
      reasoning_output_tokens: 60,
      reported_cost_usd: '0.0071',
      // 120 × 3 + 3,000 × 0.3 + 500 × 3.75 + 300 × 15 per million
      cost_usd: '0.007635',
      latency_ms: 3200,
      ttft_ms: 800,
      temperature: 0.3,
      max_tokens: 1024,
      revision_id: '2026-09-14 10:00:05.000',
      tags: { observation: 'answer', prompt_version: '4', team: 'support' },
    },
    expect.objectContaining({ call_id: 'obs-92', status: 'error', error: '429 rate limited' }),
  ])
  expect(everything).not.toContain(marker)
})

test('exports of both spellings are read together as apart', async () => {
  const folders = ['traces', 'page', 'blob'] as const
  const apart = []
  for (const folder of folders) apart.push(...(await readFixture(`langfuse/${folder}`)).calls)
  const files = folders.flatMap((folder) =>
    readdirSync(join(fixtures, 'langfuse', folder)).map((file) => join(fixtures, 'langfuse', folder, file)),
  )
  const { calls } = await readFiles(files)
  const one = (call: Read['calls'][number]): string =>
    JSON.stringify([call['call_id'], call['input_tokens'], call['output_tokens'], call['unread_usage']])
  expect(calls.map(one).toSorted()).toEqual(apart.map(one).toSorted())
})

test('a part that is no count, or beyond any, refuses its record and is not nothing', async () => {
  const part = (id: string, value: unknown): string =>
    JSON.stringify({
      id,
      traceId: 't',
      type: 'GENERATION',
      startTime: '2026-09-14T10:00:00Z',
      model: 'gpt-4o',
      usageDetails: { input: 10, input_cached_tokens: value, output: 5 },
    })
  const path = join(workshop.room(), 'parts.jsonl')
  writeFileSync(
    path,
    `${[part('p-1', 4), part('p-2', '9223372036854775807'), part('p-3', -8), part('p-4', 'many')].join('\n')}\n`,
  )
  const { calls, rejects } = await readFiles([path], { rejectLimit: { share: 1 } })
  expect(calls.map((call) => [call['call_id'], call['input_tokens']])).toEqual([['p-1', 14]])
  expect(rejects.map(([line]) => line)).toEqual([2, 3, 4])
})

test('cache writes of LangChain by the time they are kept: their sum is told as 0', async () => {
  const line = (id: string, usageDetails: Readonly<Record<string, number>>): string =>
    JSON.stringify({ id, traceId: 't', type: 'GENERATION', startTime: '2026-09-14T10:00:00Z', model: 'claude-haiku-4-5-20251001', usageDetails }) // prettier-ignore
  const path = join(workshop.room(), 'writes.jsonl')
  const lines = [
    line('w-1', { input: 780, output: 254, input_cache_read: 1024, input_cache_creation: 0, input_ephemeral_5m_input_tokens: 214, input_ephemeral_1h_input_tokens: 0 }),
    line('w-2', { input: 780, output: 254, input_cache_read: 1024, input_cache_creation: 0, input_ephemeral_5m_input_tokens: 0, input_ephemeral_1h_input_tokens: 214 }),
    line('w-3', { input: 780, output: 254, input_cache_read: 1024, input_cache_creation: 214 }),
  ] // prettier-ignore
  writeFileSync(path, `${lines.join('\n')}\n`)
  const { calls } = await readFiles([path])
  expect(calls.map((call) => call['input_tokens'])).toEqual([2018, 2018, 2018])
  expect(calls.map((call) => call['cache_creation_input_tokens'])).toEqual([214, 214, 214])
  // 780 × 1 + 1024 × 0.1 + 254 × 5, and 214 at 1.25 or, kept for an hour, at 2.
  expect(calls.map((call) => call['cost_usd'])).toEqual(['0.0024199', '0.0025804', '0.0024199'])
  expect(calls.map((call) => call['unread_usage'])).toEqual([undefined, undefined, undefined])
})

describe('parents', () => {
  type Values = Readonly<Record<string, unknown>>

  /** An observation of a model that lasts from second `start` to `end` of its minute. */
  const one = (id: string, parentObservationId: string | null, more: Values = {}): Values => ({
    id,
    parentObservationId,
    traceId: 't',
    type: 'GENERATION',
    startTime: '2026-09-14T10:00:02Z',
    endTime: '2026-09-14T10:00:03Z',
    model: 'gpt-4o',
    usageDetails: { input: 10, output: 5 },
    ...more,
  })
  const whole = {
    startTime: '2026-09-14T10:00:00Z',
    endTime: '2026-09-14T10:00:09Z',
    usageDetails: { input: 12, output: 4 },
  }
  const log = (...records: readonly Values[]): string => {
    const path = join(workshop.room(), 'log.jsonl')
    writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''))
    return path
  }
  /** The interface's table says nothing of parents. */
  const table = (...records: readonly Values[]): string => {
    const path = join(workshop.room(), 'table.csv')
    const rows = records.map(({ id, startTime, endTime, usageDetails }) => {
      const { input, output } = usageDetails as { input: number; output: number }
      return `${String(id)},t,GENERATION,${String(startTime)},${String(endTime)},gpt-4o,"{""input"":${input},""output"":${output}}","{}"`
    })
    writeFileSync(
      path,
      `id,traceId,type,startTime,endTime,model,usageDetails,costDetails\n${rows.join('\n')}\n`,
    )
    return path
  }
  const ids = async (db: string): Promise<unknown[]> =>
    (await ask(db, 'SELECT call_id FROM calls ORDER BY call_id')).map((row) => row['call_id'])

  test('that name each other, by however many between, all count', async () => {
    const circle = [one('a', 'b'), one('b', 'a'), one('c', 'c'), one('d', 'f'), one('e', 'd'), one('f', 'e')]
    // Below the circle, and above one that is below nobody.
    const beside = [one('g', 'f'), one('h', null, whole), one('i', 'h')]
    const { calls } = await readFiles([log(...circle, ...beside)])
    // What is below a circle is a leaf; who it hangs on is above it in earnest, and of the circle all the same.
    expect(calls.map((call) => call['call_id'])).toEqual(['a', 'b', 'c', 'd', 'e', 'g', 'i'])
  })

  test('are no calls in a table without parents either, in one run or in two', async () => {
    const [parent, child] = [one('p', null, whole), one('q', 'p')]
    const together = workshop.store()
    await ingestInto(together, [table(parent, child), log(parent, child)])
    expect(await ids(together)).toEqual(['q'])

    const apart = workshop.store()
    await ingestInto(apart, [table(parent, child)])
    expect(await ids(apart)).toEqual(['p', 'q'])
    const { notes } = await ingestInto(apart, [log(parent, child)])
    expect(await ids(apart)).toEqual(['q'])
    expect(notes).toContain(
      '1 call of an earlier run sums up calls below it, as its trace shows here: it is no call any more',
    )
    const files = await ask(
      apart,
      'SELECT lines - imported - duplicates - superseded - skipped - rejected AS lost FROM files',
    )
    expect(files.map(({ lost }) => Number(lost))).toEqual([0, 0])
  })

  test('of calls that another run brought are told', async () => {
    const db = workshop.store()
    await ingestInto(db, [log(one('q', 'p'))])
    const { notes } = await ingestInto(db, [log(one('p', null, whole))])
    expect(await ids(db)).toEqual(['p', 'q'])
    expect(notes.at(-1)).toBe(
      '1 call lasts around or within calls of its trace that another run brought: if one sums up the other, both count; take them out by llmcost forget, and ingest the logs of a trace in one run',
    )
    const later = { startTime: '2026-09-14T10:01:00Z', endTime: '2026-09-14T10:01:09Z' }
    expect((await ingestInto(db, [log(one('r', null, later))])).notes).toEqual([])
  })
})

test('a count of another name is named, and the call is priced in part', async () => {
  const { calls, everything } = await readFixture('langfuse/unknown')
  expect(
    calls.map((call) => [call['input_tokens'], call['unread_usage'], call['partly_priced'] ?? false]),
  ).toEqual([
    [150, 'usageDetails.input_hologram_tokens', true],
    [100, 'usageDetails.searches', true],
    [1000, undefined, false],
  ])
  expect(calls[2]).toMatchObject({ operation: 'embedding' })
  expect(everything).not.toContain(marker)
})

test('a page of version 4: an agent repeats what its generation counts, labels stand on the observation', async () => {
  const { calls: inAnyOrder, counts, everything } = await readFixture('langfuse/v4')
  const calls = inAnyOrder.toSorted((a, b) => String(a['call_id']).localeCompare(String(b['call_id'])))
  expect(counts).toEqual([[3, 2, 0, 0, 1, 0]])
  expect(calls[0]).toMatchObject({
    call_id: 'obs-2',
    ts: '2026-09-14T10:00:00.5Z',
    model: 'claude-sonnet-4-5',
    feature: 'support-chat',
    user_id: 'cust-55',
    session_id: 'sess-3',
    trace_id: 'tr-1',
    environment: 'production',
    prompt_name: 'rag-answer',
    // 120 + 3,000 read + 500 written, and 240 + 60 of reasoning: 3,920 in all
    input_tokens: 3620,
    cache_read_input_tokens: 3000,
    cache_creation_input_tokens: 500,
    output_tokens: 300,
    reasoning_output_tokens: 60,
    latency_ms: 3200,
    ttft_ms: 800,
    reported_cost_usd: '0.0071',
    // 120 × 3 + 3,000 × 0.30 + 500 × 3.75 + 300 × 15 a million
    cost_usd: '0.007635',
  })
  expect(calls[1]).toMatchObject({
    call_id: 'obs-3',
    status: 'error',
    error: 'rate limited',
    model: 'gpt-4o-mini',
  })
  expect(calls[1]!['input_tokens']).toBeUndefined()
  expect(everything).not.toContain(marker)
})

test('a blob export in Parquet, whose counts are maps', async () => {
  const { calls, counts, everything } = await readFixture('langfuse/parquet')
  expect(counts).toEqual([[3, 2, 0, 0, 1, 0]])
  expect(calls).toMatchObject([
    {
      call_id: 'obs-92',
      ts: '2026-09-14T10:00:00Z',
      user_id: 'cust-55',
      input_tokens: 3120,
      cache_read_input_tokens: 3000,
      output_tokens: 300,
      max_tokens: 1024,
      // 120 × 3 + 3,000 × 0.30 + 300 × 15 a million, as its own cost says
      reported_cost_usd: '0.00576',
      cost_usd: '0.00576',
    },
    { call_id: 'obs-93', model: 'text-embedding-3-small', input_tokens: 5000, cost_usd: '0.0001' },
  ])
  expect(everything).not.toContain(marker)
})

test('the total tells whether details stand inside input and output; a sum of writes and its parts are one', async () => {
  const { calls } = await readFixture('langfuse/inside')
  const figures = calls.map((call) => [
    call['input_tokens'],
    call['cache_read_input_tokens'],
    call['cache_creation_input_tokens'],
    call['output_tokens'],
    call['cost_usd'],
  ])
  expect(figures).toEqual([
    [160, 60, undefined, 70, '0.0008325'], // total 230: 100 × 1.25 + 60 × 0.125 + 70 × 10
    [100, 60, undefined, 50, '0.0005575'], // total 150: 40 × 1.25 + 60 × 0.125 + 50 × 10
    [100, undefined, undefined, 50, '0.0006'], // total 150: 100 × 2 + 50 × 8
    [1100, undefined, 1000, 50, '0.006375'], // 100 × 3 + 300 × 3.75 + 700 × 6 + 50 × 15
  ])
})
