/** GitHub Copilot's sessions, store, telemetry and chats. Counts are those that the files say, added up by hand. */
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { copilot } from '../../../src/importers/agents/copilot.js'
import { ask, forgetIn, ingestInto, write } from '../../property/ingesting.js'
import { database } from './databases.js'
import { fixtures, marker, readFiles, workshop } from './reading.js'

afterAll(() => workshop.close())

const at = (...names: string[]): string => join(fixtures, 'copilot', ...names)
const lines = (...values: readonly unknown[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('')

const sums = `SELECT count(*) AS rows, count(*) FILTER (operation <> 'session_total') AS calls, sum(input_tokens) AS input,
  sum(cache_read_input_tokens) AS read, sum(cache_creation_input_tokens) AS write, sum(output_tokens) AS output,
  CAST(sum(reported_cost_usd) AS VARCHAR) AS cost FROM calls`

const totalsIn = async (store: string): Promise<unknown[]> => Object.values((await ask(store, sums))[0]!)

async function sumsOf(...paths: readonly string[]): Promise<unknown[]> {
  const store = workshop.store()
  await ingestInto(store, paths)
  return totalsIn(store)
}

const shutdown = (
  time: string,
  metrics: Readonly<Record<string, readonly [input: number, output: number]>>,
  others = {},
): unknown => ({
  type: 'session.shutdown',
  id: `e-${time}`,
  timestamp: time,
  data: {
    modelMetrics: Object.fromEntries(
      Object.entries(metrics).map(([model, [inputTokens, outputTokens]]) => [
        model,
        { requests: { count: 1, cost: 1 }, usage: { inputTokens, outputTokens, ...others } },
      ]),
    ),
  },
})
const start = (session: string): unknown => ({
  type: 'session.start',
  timestamp: '2026-08-01T09:00:00Z',
  data: { sessionId: session, copilotVersion: '1.0.78', context: { cwd: '/work/shop', branch: 'main' } },
})

describe('what sessions used in all', () => {
  test('a session is a row a model, which is no call', async () => {
    expect(await sumsOf(at('session-state/sess-shutdown'))).toEqual([1, 0, 71282, 35495, 35783, 345, null])
    expect(await sumsOf(at('session-state/sess-multi'))).toEqual([2, 0, 15150, 13000, 2000, 300, null])
    const { calls } = await readFiles([at('session-state/sess-multi/events.jsonl')])
    expect(new Set(calls.map((call) => call['call_id']))).toEqual(
      new Set(['sess-multi:claude-sonnet-4-5', 'sess-multi:gpt-5']),
    )
    expect(calls.find((call) => call['model'] === 'gpt-5')).toMatchObject({
      session_id: 'sess-multi',
      project: 'myproject',
      reasoning_output_tokens: 12,
      tags: { git_branch: 'main', version: '1.0.78', premium_units: '1' },
    })
  })

  test('figures that count on over resumed runs are taken once, and those that began anew added', async () => {
    // 10,000, then anew 2,000 and on to 5,000.
    expect(await sumsOf(at('session-state/sess-reset'))).toEqual([1, 0, 15000, 2000, 6500, 18, null])
  })

  test('that a session began anew shows by any of its models, also one that is gone', async () => {
    const file = write(
      join(workshop.room(), 'events.jsonl'),
      lines(
        start('s1'),
        shutdown('2026-08-01T10:00:00Z', { a: [100, 10], b: [50, 5] }),
        shutdown('2026-08-02T10:00:00Z', { a: [300, 30], b: [20, 2] }), // b fell: a's 300 are new
        shutdown('2026-08-03T10:00:00Z', { a: [400, 40] }), // b is gone: 400 are new
        shutdown('2026-08-04T10:00:00Z', { a: [450, 41], c: [7, 1] }),
      ),
    )
    expect(await sumsOf(file)).toEqual([
      3,
      0,
      100 + 300 + 450 + 50 + 20 + 7,
      null,
      null,
      10 + 30 + 41 + 5 + 2 + 1,
      null,
    ])
  })

  test('units that a model used are dollars', async () => {
    const event = shutdown('2026-08-01T10:00:00Z', { a: [100, 10] }, { totalNanoAiu: 1_510_581_560_000 })
    const file = write(join(workshop.room(), 'events.jsonl'), lines(start('s1'), event))
    const [, , , , , , cost] = await sumsOf(file)
    expect(Number(cost)).toBe(15.1058156)
  })

  test('what is no count refuses the row, and an unknown count is named', async () => {
    const room = workshop.room()
    write(join(room, 'a.jsonl'), lines(start('s1'), shutdown('2026-08-01T10:00:00Z', { a: [-5, 10] })))
    write(
      join(room, 'b.jsonl'),
      lines(start('s2'), shutdown('2026-08-01T10:00:00Z', { 'gpt-5': [5, 10] }, { audioTokens: 3 })),
    )
    const { calls, rejects } = await readFiles([room])
    expect(rejects).toEqual([[2, 'input_tokens: below 0']])
    expect(calls.map((call) => [call['unread_usage'], call['partly_priced']])).toEqual([
      ['usage.audioTokens', true],
    ])
  })

  test('events of calls take the place of the session’s end', async () => {
    const usage = (id: string, inputTokens: number): unknown => ({
      type: 'assistant.usage',
      id,
      timestamp: '2026-08-01T09:30:00Z',
      data: {
        model: 'gpt-5',
        apiCallId: `api-${id}`,
        inputTokens,
        outputTokens: 3,
        cost: 1,
        duration: 900,
        copilotUsage: { tokenDetails: [{ tokenCount: 5 }], totalNanoAiu: 2_000_000 },
        quotaSnapshots: { premium: { usedRequests: 12 } },
      },
    })
    const file = write(
      join(workshop.room(), 'events.jsonl'),
      lines(
        start('s1'),
        usage('u1', 10),
        usage('u2', 20),
        shutdown('2026-08-01T10:00:00Z', { 'gpt-5': [30, 6] }),
      ),
    )
    const { calls, counts } = await readFiles([file])
    expect(counts).toEqual([[4, 2, 1, 0, 1, 0]])
    expect(
      calls.map((call) => [
        call['call_id'],
        call['input_tokens'],
        call['reported_cost_usd'],
        call['unread_usage'],
      ]),
    ).toEqual([
      ['api-u1', 10, '0.00002', undefined],
      ['api-u2', 20, '0.00002', undefined],
    ])
  })
})

describe('the store', () => {
  test('a row is a call, zeros are none; its units are dollars and its model is the one that was billed', async () => {
    expect(await sumsOf(at('session-store.db'))).toEqual([4, 4, 70826, 24678, 45765, 205, '0.005565700010'])
    const { calls } = await readFiles([at('session-store.db')])
    expect(
      calls.map((call) => [call['call_id'], call['ts'], call['model'], call['project'], call['latency_ms']]),
    ).toEqual([
      ['#', '2026-08-07T17:56:38.756Z', 'claude-sonnet-4-5', 'myproject', 2600],
      ['#', '2026-08-07T17:56:40.414Z', 'claude-sonnet-4-5', 'myproject', 1100],
      ['#', '2026-07-01T12:34:56Z', 'gpt-5.4-mini', 'dev', 1234],
      ['#', '2026-07-01T12:35:56Z', 'claude-sonnet-4-5', 'dev', undefined],
    ])
    expect(calls[3]!['request_model']).toBe('gpt-4o')
  })

  test('a session that the store has calls of is not taken from its end too, whichever is read first', async () => {
    const [events, store] = [at('session-state/sess-a/events.jsonl'), at('session-store.db')]
    const alone = [1, 0, 49473, 24678, 24791, 100, null]
    const both = [4, 4, 70826, 24678, 45765, 205, '0.005565700010']
    expect(await sumsOf(events)).toEqual(alone)
    expect(await sumsOf(events, store)).toEqual(both)
    for (const order of [
      [events, store],
      [store, events],
    ]) {
      const db = workshop.store()
      for (const file of order) await ingestInto(db, [file])
      expect(await totalsIn(db)).toEqual(both)
      await ingestInto(db, [events, store])
      expect(await totalsIn(db)).toEqual(both)
    }
  })

  test('where the store is forgotten, the end of its session is read again', async () => {
    const [events, store] = [at('session-state/sess-a/events.jsonl'), at('session-store.db')]
    const path = workshop.store()
    await ingestInto(path, [events])
    await ingestInto(path, [store])
    await forgetIn(path, [store])
    await ingestInto(path, [events])
    expect(await totalsIn(path)).toEqual([1, 0, 49473, 24678, 24791, 100, null])
  })

  test('calls of the store that telemetry tells of too are one, equal calls of a session several', async () => {
    const attributes = (input: number, output: number): unknown => ({
      'gen_ai.operation.name': 'chat',
      'gen_ai.response.model': 'claude-sonnet-4.5',
      'gen_ai.conversation.id': 'sess-a',
      'gen_ai.usage.input_tokens': input,
      'gen_ai.usage.output_tokens': output,
    })
    const span = (id: string, counts: unknown): unknown => ({
      type: 'span',
      traceId: 't',
      spanId: id,
      startTime: [1786125396, 0],
      attributes: counts,
    })
    const telemetry = write(
      join(workshop.room(), 'copilot.jsonl'),
      lines(
        span('1', attributes(24680, 81)),
        span('1', attributes(24680, 81)), // sent again
        span('2', attributes(7, 1)),
        span('3', attributes(7, 1)),
      ),
    )
    const both = [6, 6, 70840]
    expect((await sumsOf(telemetry, at('session-store.db'))).slice(0, 3)).toEqual(both)
    for (const order of [
      [telemetry, at('session-store.db')],
      [at('session-store.db'), telemetry],
    ]) {
      const db = workshop.store()
      for (const file of order) await ingestInto(db, [file])
      expect((await totalsIn(db)).slice(0, 3)).toEqual(both)
    }
  })

  test('an unknown count of a row is named', async () => {
    const path = database(
      join(workshop.room(), 'session-store.db'),
      'CREATE TABLE assistant_usage_events (id INTEGER PRIMARY KEY, session_id TEXT, turn_index INTEGER, model TEXT, input_tokens INTEGER, output_tokens INTEGER, audio_tokens INTEGER, created_at TEXT)',
      `INSERT INTO assistant_usage_events VALUES (1, 's', 4, 'gpt-5', 10, 2, 3, '2026-08-07T17:56:38Z')`,
    )
    const { calls } = await readFiles([path])
    expect(calls.map((call) => call['unread_usage'])).toEqual(['usage.audio_tokens'])
  })
})

describe('telemetry in a file', () => {
  const span = (
    attributes: Readonly<Record<string, unknown>>,
    others: Readonly<Record<string, unknown>> = {},
  ): unknown => ({
    type: 'span',
    traceId: 't1',
    spanId: 's1',
    startTime: [1790000000, 500000000],
    endTime: [1790000002, 0],
    attributes: { 'gen_ai.response.model': 'gpt-5', ...attributes },
    ...others,
  })
  const counted = { 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 2 }
  const file = (...values: readonly unknown[]): string =>
    write(join(workshop.room(), 'copilot.jsonl'), lines(...values))

  test('agents and turns that repeat a chat are no calls, and written tokens are in the input', async () => {
    expect(await sumsOf(at('otel'))).toEqual([6, 6, 20595, 323, 75, 356, null])
    const { calls } = await readFiles([at('otel/copilot-otel.jsonl')])
    expect(
      calls.map((call) => [
        call['call_id'],
        call['session_id'],
        call['ts'],
        call['latency_ms'],
        call['reasoning_output_tokens'],
      ]),
    ).toEqual([
      ['#', 'conv-1', '2026-04-11T19:04:20.133Z', 4834.317, 128],
      ['#', 'conv-vscode', '2026-04-11T19:04:24.967317Z', undefined, 12],
      ['#', 'conv-dupe', '2026-04-11T19:04:24.967317Z', undefined, undefined],
      ['#', 'conv-mix', '2026-04-11T19:04:24.967317Z', undefined, undefined],
      ['resp-A', 'conv-shared', '2026-04-11T19:04:20Z', undefined, undefined],
      ['resp-B', 'conv-shared', '2026-04-11T19:04:22Z', undefined, undefined],
    ])
  })

  test('a call that a span and an event tell of is one', async () => {
    const chat = { 'gen_ai.operation.name': 'chat', ...counted }
    const event = { 'event.name': 'gen_ai.client.inference.operation.details', ...counted }
    const inSpan = { traceId: undefined, spanId: undefined, spanContext: { traceId: 't1', spanId: 's1' } }
    expect((await sumsOf(file(span(chat), span(event, inSpan)))).slice(0, 3)).toEqual([1, 1, 10])
    const answered = { 'gen_ai.response.id': 'r1' }
    const elsewhere = { spanContext: { traceId: 't2', spanId: 's2' }, traceId: undefined, spanId: undefined }
    expect(
      (await sumsOf(file(span({ ...chat, ...answered }), span({ ...event, ...answered }, elsewhere)))).slice(
        0,
        3,
      ),
    ).toEqual([1, 1, 10])
  })

  test('an agent whose calls are not told is its own total; a call that failed is one without counts', async () => {
    const { calls } = await readFiles([
      file(
        span({ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.conversation.id': 'c1', ...counted }),
        span({ 'gen_ai.operation.name': 'chat', 'error.type': 'timeout' }, { traceId: 't2' }),
      ),
    ])
    expect(
      calls.map((call) => [
        call['operation'],
        call['session_id'],
        call['input_tokens'],
        call['status'],
        call['error'],
      ]),
    ).toEqual([
      ['session_total', 'c1', 10, undefined, undefined],
      [undefined, undefined, undefined, 'error', 'timeout'],
    ])
  })

  test('an unknown count is named; what was said is nowhere', async () => {
    const { calls, everything } = await readFiles([
      file(
        span({
          'gen_ai.operation.name': 'chat',
          ...counted,
          'gen_ai.usage.audio_tokens': 4,
          'gen_ai.input.messages': marker,
          'gen_ai.response.finish_reasons': ['length'],
        }),
      ),
    ])
    expect(calls.map((call) => [call['unread_usage'], call['finish_reason']])).toEqual([
      ['usage.gen_ai.usage.audio_tokens', 'length'],
    ])
    expect(everything).not.toContain(marker)
  })
})

describe('chats of VS Code', () => {
  const request = (requestId: string, others = {}): unknown => ({
    requestId,
    modelId: 'copilot/gpt-5',
    timestamp: 1790000000000,
    message: { text: marker },
    ...others,
  })
  const first = (...requests: readonly unknown[]): unknown => ({
    kind: 0,
    v: { version: 3, creationDate: 1790000000000, sessionId: 'chat-1', requests },
  })
  const set = (k: readonly unknown[], v: unknown): unknown => ({ kind: 1, k, v })
  const push = (k: readonly unknown[], v: readonly unknown[], i?: number): unknown => ({
    kind: 2,
    k,
    v,
    ...(i === undefined ? {} : { i }),
  })
  const read = (...values: readonly unknown[]): ReturnType<typeof readFiles> =>
    readFiles([write(join(workshop.room(), 'chat.jsonl'), lines(...values))])

  test('later entries replace what earlier ones said', async () => {
    expect(await sumsOf(at('vscode-chatSessions'))).toEqual([2, 2, 13345, null, null, 678, null])
    const { calls, counts, everything } = await read(
      first(),
      push(['requests'], [request('r1')]),
      set(['requests', 0, 'promptTokens'], 100),
      set(['requests', 0, 'completionTokens'], 5),
      push(['requests', 0, 'response'], [{ value: marker }]),
      push(['requests'], [request('r2', { promptTokens: 7, completionTokens: 1 })]),
      set(['requests', 0, 'promptTokens'], 120),
      set(['requests', 0, 'completionTokens'], 9),
      set(['requests', 1, 'result'], {
        timings: { firstProgress: 300, totalElapsed: 900 },
        metadata: { resolvedModel: 'gpt-5-2025-08-07', toolCallRounds: [{ response: marker }] },
      }),
      set(['inputState', 'inputText'], marker),
    )
    expect(counts).toEqual([[10, 2, 0, 0, 8, 0]])
    expect(calls).toMatchObject([
      { call_id: 'r1', input_tokens: 120, output_tokens: 9, model: 'gpt-5', session_id: 'chat-1' },
      {
        call_id: 'r2',
        input_tokens: 7,
        output_tokens: 1,
        model: 'gpt-5-2025-08-07',
        request_model: 'gpt-5',
        latency_ms: 900,
        ttft_ms: 300,
      },
    ])
    expect(everything).not.toContain(marker)
  })

  test('a request that was cut off was made all the same, and its place is another’s', async () => {
    const { calls } = await read(
      first(
        request('r1', { promptTokens: 10, completionTokens: 1 }),
        request('r2', { promptTokens: 20, completionTokens: 2 }),
      ),
      push(['requests'], [request('r3')], 1),
      set(['requests', 1, 'promptTokens'], 30),
      push(['requests'], [request('r4', { promptTokens: 40 })]),
      set(['requests', 2, 'promptTokens'], 41),
    )
    expect(calls.map((call) => [call['call_id'], call['input_tokens']])).toEqual([
      ['r1', 10],
      ['r2', 20],
      ['r3', 30],
      ['r4', 41],
    ])
  })

  test('a chat as one document, as older versions keep it', async () => {
    const path = write(
      join(workshop.room(), 'chat.json'),
      JSON.stringify(
        {
          version: 3,
          sessionId: 'chat-2',
          creationDate: 1790000000000,
          responderUsername: 'GitHub Copilot',
          requests: [request('r1', { promptTokens: 10, completionTokens: 1, modelTotals: { tokens: 12 } })],
        },
        null,
        2,
      ),
    )
    const { calls } = await readFiles([path])
    expect(calls).toMatchObject([
      { call_id: 'r1', session_id: 'chat-2', input_tokens: 10, unread_usage: 'usage.modelTotals.tokens' },
    ])
  })
})

test('every line is accounted for, whatever stands in it', async () => {
  const value = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.string(),
    fc.constant(null),
    fc.constant([]),
    fc.constant({}),
  )
  const line = fc.oneof(
    fc.constantFrom('', '{', '[]', '1', '"x"', 'null', '{}'),
    fc.json(),
    fc.record({ inputTokens: value, outputTokens: value }).map((usage) =>
      JSON.stringify({
        type: 'session.shutdown',
        timestamp: '2026-08-01T10:00:00Z',
        data: { modelMetrics: { 'a/b~c': { usage } } },
      }),
    ),
    fc
      .tuple(
        fc.integer({ min: -1, max: 4 }),
        fc.array(fc.oneof(fc.constantFrom('requests', 'promptTokens'), fc.integer({ min: -1, max: 3 }))),
        value,
      )
      .map(([kind, k, v]) => JSON.stringify({ kind, k, v })),
    fc
      .record({ 'gen_ai.usage.input_tokens': value, 'gen_ai.operation.name': value })
      .map((attributes) => JSON.stringify({ traceId: 't', startTime: [1790000000, 0], attributes })),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (texts) => {
      const head = lines(start('s1'), { kind: 0, v: { sessionId: 's', requests: [{ requestId: 'r' }] } })
      const path = write(
        join(workshop.room(), 'mixed.jsonl'),
        head + texts.map((text) => `${text}\n`).join(''),
      )
      const { files } = await ingestInto(workshop.store(), [path])
      const [file] = files
      expect(file!.state).toBe('read')
      expect(file!.lines).toBeGreaterThanOrEqual(texts.length + 2)
      expect(file!.imported + file!.duplicates + file!.superseded + file!.skipped + file!.rejected).toBe(
        file!.lines,
      )
    }),
    { numRuns: 8 },
  )
})

test('a session that grows is read once more, as it is then', async () => {
  const path = join(workshop.room(), 'events.jsonl')
  const store = workshop.store()
  const before = lines(start('s1'), shutdown('2026-08-01T10:00:00Z', { a: [100, 10] }))
  write(path, before)
  await ingestInto(store, [path])
  write(path, before + lines(shutdown('2026-08-02T10:00:00Z', { a: [250, 11] })))
  await ingestInto(store, [path])
  expect((await totalsIn(store)).slice(0, 3)).toEqual([1, 0, 250])
})

test('it keeps its logs where its environment says', () => {
  const folders = (env: Record<string, string>, platform = 'linux'): unknown =>
    copilot.homes!({ home: '/h', env, platform }).map(({ folder }) => folder)
  expect(folders({})).toContain('/h/.copilot')
  expect(folders({})).toContain('/h/.config/Code/User/workspaceStorage')
  expect(folders({ COPILOT_HOME: '/c' })).toContain('/c')
  expect(folders({ COPILOT_OTEL_FILE_EXPORTER_PATH: '/o/x.jsonl' })).toContain('/o')
  expect(folders({}, 'darwin')).toContain('/h/Library/Application Support/Code/User/workspaceStorage')
})
