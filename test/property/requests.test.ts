/**
 * Sessions of Claude Code, its events and the provider's answers: the sessions know the ids of the answer and of
 * the request, the others one of both. Against a plain model: what is in the store depends on what was read and is
 * still there, never on the order, the split or the runs.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { ask, contentsOf, forgetIn, ingestInto, Workshop, write } from './ingesting.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const kinds = ['session', 'partial', 'nameless', 'replayed', 'event', 'answer'] as const

/** What one line says of a call: a session in full, before it ended, without its request, or under the next call's. */
interface Saying {
  readonly call: number
  readonly kind: (typeof kinds)[number]
  readonly file: number
}

const saying: fc.Arbitrary<Saying> = fc.record({
  call: fc.nat(7),
  kind: fc.constantFrom(...kinds),
  file: fc.nat(1),
})

const message = (call: number): string => `msg_01AAAAAAAAAAAAAAAAAAAA${call}`
const request = (call: number): string => `req_011BBBBBBBBBBBBBBBBBBB${call}`
const model = 'claude-sonnet-4-5-20250929'
const time = (call: number, ms = 0): string => new Date(Date.UTC(2026, 8, 14, 9, call, 0, ms)).toISOString()
const input = (call: number): number => 10 + call
const full = 200

const usage = (call: number, output: number): object => ({
  input_tokens: input(call),
  cache_read_input_tokens: 5000,
  cache_creation_input_tokens: 100,
  cache_creation: { ephemeral_1h_input_tokens: 100, ephemeral_5m_input_tokens: 0 },
  output_tokens: output,
})

const outputOf = ({ kind }: Saying): number => (kind === 'partial' ? 3 : full)

/** The request that a line names, where it does. */
const named = ({ call, kind }: Saying): string | undefined =>
  kind === 'nameless' ? undefined : request(kind === 'replayed' ? call + 1 : call)

const attribute = (key: string, value: string | number): object => ({
  key,
  value: typeof value === 'string' ? { stringValue: value } : { intValue: value },
})

function line(one: Saying): string {
  const { call, kind } = one
  if (kind === 'answer')
    return JSON.stringify({
      ts: time(call),
      response: { id: message(call), type: 'message', role: 'assistant', model, usage: usage(call, full) },
    })
  if (kind === 'event')
    return JSON.stringify({
      resourceLogs: [
        {
          resource: { attributes: [attribute('service.name', 'claude-code')] },
          scopeLogs: [
            {
              scope: { name: 'com.anthropic.claude_code.events' },
              logRecords: [
                {
                  timeUnixNano: `${Date.parse(time(call, 40))}000000`,
                  body: { stringValue: 'claude_code.api_request' },
                  attributes: [
                    attribute('event.name', 'api_request'),
                    attribute('model', model),
                    attribute('input_tokens', input(call)),
                    attribute('output_tokens', full),
                    attribute('cache_read_tokens', 5000),
                    attribute('cache_creation_tokens', 100),
                    attribute('cost_usd', '0.01'),
                    attribute('duration_ms', 1500),
                    attribute('request_id', request(call)),
                  ],
                },
              ],
            },
          ],
        },
      ],
    })
  return JSON.stringify({
    type: 'assistant',
    sessionId: 's-1',
    uuid: `u-${call}-${kind}`,
    timestamp: time(call),
    requestId: named(one),
    message: { id: message(call), role: 'assistant', model, usage: usage(call, outputOf(one)) },
  })
}

const groupOf = ({ kind }: Saying): string => (kind === 'event' || kind === 'answer' ? kind : 'session')

interface Logged {
  readonly path: string
  readonly sayings: readonly Saying[]
}

function place(all: readonly Saying[]): Logged[] {
  const room = workshop.room()
  const files = new Map<string, Saying[]>()
  for (const one of all) {
    const name = `${groupOf(one)}-${one.file}.jsonl`
    files.set(name, [...(files.get(name) ?? []), one])
  }
  return [...files].map(([name, sayings]) => ({
    path: write(join(room, name), sayings.map(line).join('\n') + '\n'),
    sayings,
  }))
}

/** Rows: id, source, output, whether a cost was reported, a duration told, the lifetime of writes known. */
function expected(files: readonly Logged[]): string[] {
  const all = files.flatMap(({ sayings }) => sayings)
  return [0, 1, 2, 3, 4, 5, 6, 7].flatMap((call) => {
    const of = (group: string): Saying[] => all.filter((one) => one.call === call && groupOf(one) === group)
    const sessions = of('session')
    const hasEvent = of('event').length > 0
    const hasAnswer = of('answer').length > 0
    const isLinked = hasEvent && sessions.some((one) => named(one) === request(call))
    const output = isLinked ? full : Math.max(...sessions.map(outputOf))
    const row = (id: string, source: string, tokens: number, withEvent: boolean, alone = false): string =>
      JSON.stringify([id, source, tokens, withEvent, withEvent, !alone, alone])
    const rows: string[] = []
    const isAnswered = hasAnswer && sessions.length > 0 && output === full
    if (sessions.length > 0)
      rows.push(row(message(call), isAnswered ? 'anthropic' : 'claude-code', output, isLinked))
    if (hasAnswer && !isAnswered) rows.push(row(message(call), 'anthropic', full, false))
    if (hasEvent && !isLinked) rows.push(row(request(call), 'otel', full, true, true))
    return rows
  })
}

const stored = async (db: string): Promise<string[]> =>
  (
    await ask(
      db,
      `SELECT call_id, source, output_tokens, reported_cost_usd IS NOT NULL AS costed, latency_ms = 1500 IS TRUE AS timed,
        cache_creation_1h_input_tokens = 100 IS TRUE AS lasting, unread_usage IS NOT NULL AS doubtful FROM calls`,
    )
  )
    .map((row) => JSON.stringify(Object.values(row)))
    .sort()

const stateOf = async (db: string): Promise<unknown> => ({
  ...(await contentsOf(db)),
  same: (await ask(db, 'SELECT * EXCLUDE (file_id, line) FROM same_calls'))
    .map((row) => JSON.stringify(row))
    .sort(),
  rates: [],
})

const rotated = <T>(items: readonly T[], turn: number): T[] => {
  const at = items.length === 0 ? 0 : turn % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

test('count once in any order and runs, and after any of their files is forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(saying, { minLength: 1, maxLength: 40 }),
      fc.nat(),
      fc.nat(),
      async (drawn, turn, gone) => {
        const files = place(drawn)
        const paths = files.map(({ path }) => path)
        const together = workshop.store()
        const summary = await ingestInto(together, paths)
        for (const file of summary.files)
          expect(file.lines).toBe(
            file.imported + file.duplicates + file.superseded + file.skipped + file.rejected,
          )
        expect(await stored(together)).toEqual(expected(files).sort())
        expect(summary.totals.imported).toBe(expected(files).length)
        const once = await stateOf(together)

        const apart = workshop.store()
        for (const path of rotated(paths, turn)) await ingestInto(apart, [path])
        expect(await stateOf(apart)).toEqual(once)

        const left = files.filter((_, i) => i !== gone % files.length)
        await forgetIn(apart, [files[gone % files.length]!.path])
        if (left.length > 0)
          await ingestInto(
            apart,
            rotated(left, gone).map(({ path }) => path),
          )
        expect(await stored(apart)).toEqual(expected(left).sort())
        await ingestInto(apart, paths)
        expect(await stateOf(apart)).toEqual(once)
      },
    ),
    { numRuns: tries(4, 60), endOnFailure: true },
  )
})
