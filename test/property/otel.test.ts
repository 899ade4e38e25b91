/**
 * Laws of OpenTelemetry's requests: however spans are parted among requests, files and namings, they are the
 * same calls; a broken line loses itself alone; and an unknown number of usage is used or named.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { askAll, ingestInto, Workshop, write } from './ingesting.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

interface Call {
  readonly input: number
  readonly output: number
  /** Spans above it: agents, steps and outer looks at the same call, some of which count it again. */
  readonly above: readonly ('agent' | 'step' | 'counted' | 'bare')[]
  readonly copies: number
}

const call: fc.Arbitrary<Call> = fc.record({
  input: fc.integer({ min: 1, max: 100_000 }),
  output: fc.integer({ min: 0, max: 10_000 }),
  above: fc.array(fc.constantFrom('agent', 'step', 'counted', 'bare'), { maxLength: 4 }),
  copies: fc.integer({ min: 1, max: 2 }),
})

type Json = Record<string, unknown>

const attribute = (key: string, value: string | number): Json => ({
  key,
  value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
})

const usage = ({ input, output }: Call): Json[] => [
  attribute('gen_ai.usage.input_tokens', input),
  attribute('gen_ai.usage.output_tokens', output),
]

const chat = [attribute('gen_ai.operation.name', 'chat'), attribute('gen_ai.request.model', 'gpt-4o')]

/** The spans of a call and of those above it, in its own trace. */
function spansOf(one: Call, trace: number): Json[] {
  const id = (n: number): string => (trace * 100 + n + 1).toString(16).padStart(16, '0')
  const span = (n: number, attributes: readonly Json[]): Json => ({
    traceId: (trace + 1).toString(16).padStart(32, '0'),
    spanId: id(n),
    ...(n > 0 ? { parentSpanId: id(n - 1) } : {}),
    name: 'x',
    startTimeUnixNano: `${1_790_000_000 + trace}000000000`,
    endTimeUnixNano: `${1_790_000_001 + trace}000000000`,
    attributes,
  })
  const outer = {
    agent: [attribute('gen_ai.operation.name', 'invoke_agent'), ...usage(one)],
    step: [attribute('http.request.method', 'GET')],
    counted: [...chat, ...usage(one)],
    bare: chat,
  }
  return [
    ...one.above.map((kind, n) => span(n, outer[kind])),
    span(one.above.length, [...chat, ...usage(one)]),
  ]
}

const request = (spans: readonly Json[]): string =>
  JSON.stringify({
    resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: 'x' }, spans }] }],
  })

const inSnakes = (line: string): string =>
  Object.entries({
    resourceSpans: 'resource_spans',
    scopeSpans: 'scope_spans',
    traceId: 'trace_id',
    spanId: 'span_id',
    parentSpanId: 'parent_span_id',
    startTimeUnixNano: 'start_time_unix_nano',
    endTimeUnixNano: 'end_time_unix_nano',
    stringValue: 'string_value',
    intValue: 'int_value',
  }).reduce((text, [a, b]) => text.replaceAll(`"${a}"`, `"${b}"`), line)

test('calls are the leaves, once each, whatever stands above them and wherever they are written', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.nat(1_000_000)),
      fc.integer({ min: 1, max: 5 }),
      async (calls, stream, size) => {
        const random = (): number => stream.next().value
        const spans = calls
          .flatMap((one, i) =>
            spansOf(one, i).flatMap((span) => Array.from({ length: one.copies }, () => span)),
          )
          .map((span) => ({ span, at: random() }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ span }) => span)
        const lines: string[] = []
        for (let i = 0; i < spans.length; i += size) lines.push(request(spans.slice(i, i + size)))
        const folder = workshop.room()
        const half = Math.ceil(lines.length / 2)
        const paths = [
          write(
            join(folder, 'a.jsonl'),
            lines
              .slice(0, half)
              .map((line) => `${line}\n`)
              .join(''),
          ),
          ...(half < lines.length
            ? [
                write(
                  join(folder, 'b.jsonl'),
                  lines
                    .slice(half)
                    .map((line) => `${inSnakes(line)}\n`)
                    .join(''),
                ),
              ]
            : []),
        ]
        const store = workshop.store()
        const { totals } = await ingestInto(store, paths)
        const { lines: all, ...others } = totals
        expect(Object.values(others).reduce((a, b) => a + b, 0)).toBe(all)
        expect(all).toBe(spans.length)
        const [rows = []] = await askAll(store, ['SELECT input_tokens, output_tokens FROM calls'])
        const sorted = (pairs: readonly (readonly unknown[])[]): string[] =>
          pairs.map((pair) => pair.join('/')).toSorted()
        expect(sorted(rows.map((row) => [row['input_tokens'], row['output_tokens']]))).toEqual(
          sorted(calls.map(({ input, output }) => [input, output])),
        )
      },
    ),
    { numRuns: tries(3, 30) },
  )
})

test('a line that is cut or changed anywhere loses itself alone', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { minLength: 3, maxLength: 8 }),
      fc.nat(),
      fc.constantFrom('cut', '"', '{', ' 1 ', 'é', '\\'),
      async (calls, seed, change) => {
        const lines = calls.map((one, i) => request(spansOf({ ...one, above: [] }, i)))
        const broken = lines[1]!
        const at = seed % broken.length
        lines[1] =
          change === 'cut' ? broken.slice(0, at) : broken.slice(0, at) + change + broken.slice(at + 1)
        const store = workshop.store()
        const { totals } = await ingestInto(store, [
          write(join(workshop.room(), 'a.jsonl'), lines.join('\n')),
        ])
        const { lines: all, ...others } = totals
        expect(Object.values(others).reduce((a, b) => a + b, 0)).toBe(all)
        const [rows = []] = await askAll(store, ['SELECT ts, input_tokens FROM calls'])
        const kept = new Set(
          rows.map((row) => `${String(row['ts']).slice(0, 19)} ${String(row['input_tokens'])}`),
        )
        for (const [i, { input }] of calls.entries())
          if (i !== 1)
            expect(kept).toContain(
              `${new Date((1_790_000_000 + i) * 1000).toISOString().slice(0, 19)} ${input}`,
            )
      },
    ),
    { numRuns: tries(4, 40) },
  )
})

test('an unknown number of usage or money among the attributes is named, and the call is priced in part', async () => {
  const names = fc.constantFrom('gen_ai.usage.zork_tokens', 'gen_ai.usage.grue', 'llm.token_count.prompt_details.fnord', 'ai.usage.plughTokens', 'x.yzzy.cost', 'quux_price', 'vendor.spend', 'gen_ai.usage.cache_read.blah_tokens')
  const value = fc.oneof(fc.integer({ min: 1, max: 1_000_000 }).map((n) => ({ intValue: String(n) })), fc.constantFrom({ doubleValue: 0.5 }, { stringValue: '17' }))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ names, value }), { minLength: 4, maxLength: 8 }), async (additions) => {
      const one: Call = { input: 10, output: 1, above: [], copies: 1 }
      const lines = additions.map(({ names: key, value: told }, i) => {
        const [span] = spansOf(one, i)
        return request([{ ...span, attributes: [...(span!['attributes'] as Json[]), { key, value: told }] }])
      })
      const store = workshop.store()
      await ingestInto(store, [write(join(workshop.room(), 'a.jsonl'), lines.join('\n'))])
      const [rows = []] = await askAll(store, ['SELECT unread_usage, partly_priced FROM calls ORDER BY ts'])
      expect(rows.map((row) => [row['unread_usage'], row['partly_priced']])).toEqual(additions.map(({ names: key }) => [key, true]))
    }),
    { numRuns: tries(4, 16) },
  )
}) // prettier-ignore
