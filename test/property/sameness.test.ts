/**
 * The same calls in the logs of several sources, and several calls under one id, against a plain model: what
 * is in the store depends on what was read and is still there, never on the order, the split or the runs.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { ask, contentsOf, forgetIn, ingestInto, Workshop, write } from './ingesting.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

type Source = 'openai' | 'litellm' | 'llmcost'

/** What one source logged of a call: as all do, or with another count, or under another model. */
interface Saying {
  readonly call: number
  readonly source: Source
  readonly as: 'all do' | 'more output' | 'another model'
  readonly file: number
  /** Says what no other source does. */
  readonly says: boolean
}

const saying: fc.Arbitrary<Saying> = fc.record({
  call: fc.nat(19),
  source: fc.constantFrom('openai', 'litellm', 'llmcost'),
  as: fc.oneof(
    { weight: 4, arbitrary: fc.constant('all do') },
    fc.constantFrom('more output', 'another model'),
  ),
  file: fc.nat(1),
  says: fc.boolean(),
}) as fc.Arbitrary<Saying>

const idOf = (call: number): string => `chatcmpl-AAAAAAAAAAAAAAAAAAAA${call.toString(36)}`
const second = 1_790_000_000

/** Every source names the model in its own way; `another` is one of another price. */
const model = ({ source, as }: Saying): string => {
  if (as === 'another model') return 'gpt-4o-mini'
  return source === 'openai' ? 'gpt-4o-2024-08-06' : source === 'litellm' ? 'openai/gpt-4o' : 'gpt-4o'
}

function line(one: Saying): string {
  const { call, source, as, says } = one
  const output = as === 'more output' ? 300 + call : 200
  const input = 1000 + call
  const at = second + call
  const time = new Date(at * 1000).toISOString()
  const records = {
    openai: {
      id: idOf(call),
      object: 'chat.completion',
      created: at,
      model: model(one),
      choices: [{ finish_reason: 'stop' }],
      usage: {
        prompt_tokens: input,
        completion_tokens: output,
        ...(says ? { prompt_tokens_details: { cached_tokens: 500 } } : {}),
      },
    },
    litellm: {
      request_id: idOf(call),
      call_type: 'acompletion',
      startTime: time,
      spend: 0.5,
      model: model(one),
      custom_llm_provider: 'openai',
      prompt_tokens: input,
      completion_tokens: output,
      ...(says ? { team_id: 'team-l' } : {}),
    },
    llmcost: {
      id: idOf(call),
      timestamp: time,
      model: model(one),
      input_tokens: input,
      output_tokens: output,
      ...(says ? { feature: 'chat' } : {}),
    },
  }
  return JSON.stringify(records[source])
}

/** One source says one thing of a call; a copy in its other file repeats that. */
function settled(all: readonly Saying[]): Saying[] {
  const first = new Map<string, Saying>()
  for (const one of all) {
    const key = `${one.source} ${one.call}`
    if (!first.has(key)) first.set(key, one)
  }
  return all.map((one) => ({ ...first.get(`${one.source} ${one.call}`)!, file: one.file }))
}

interface Logged {
  readonly path: string
  readonly sayings: readonly Saying[]
}

function place(all: readonly Saying[]): Logged[] {
  const room = workshop.room()
  const files = new Map<string, Saying[]>()
  for (const one of all) {
    const name = `${one.source}-${one.file}.jsonl`
    files.set(name, [...(files.get(name) ?? []), one])
  }
  return [...files].map(([name, sayings]) => ({
    path: write(join(room, name), sayings.map(line).join('\n') + '\n'),
    sayings,
  }))
}

const order: readonly Source[] = ['openai', 'litellm', 'llmcost']

/** One row a call: who gives it, and what all of them say together. */
function expected(files: readonly Logged[]): string[] {
  const groups = new Map<string, Saying[]>()
  for (const one of files.flatMap(({ sayings }) => sayings)) {
    const key = `${one.call} ${one.as}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()]
    .map((sayings) => {
      const said = (source: Source): boolean => sayings.some((one) => one.source === source && one.says)
      const giver = order.find((source) => sayings.some((one) => one.source === source))!
      const one = sayings.find(({ source }) => source === giver)!
      return JSON.stringify([
        idOf(one.call),
        giver,
        model(one),
        one.as === 'more output' ? 300 + one.call : 200,
        said('openai') ? 500 : null,
        said('litellm') ? 'team-l' : null,
        said('llmcost') ? 'chat' : null,
        sayings.some(({ source }) => source === 'litellm'),
      ])
    })
    .sort()
}

const stored = async (db: string): Promise<string[]> =>
  (
    await ask(
      db,
      'SELECT call_id, source, model, output_tokens, cache_read_input_tokens, team, feature, reported_cost_usd IS NOT NULL AS costed FROM calls',
    )
  )
    .map((row) => JSON.stringify(Object.values(row)))
    .sort()

const rotated = <T>(items: readonly T[], turn: number): T[] => {
  const at = items.length === 0 ? 0 : turn % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

/** What each source said is kept beside the calls, and is part of the state. */
const stateOf = async (db: string): Promise<unknown> => ({
  ...(await contentsOf(db)),
  same: (await ask(db, 'SELECT * EXCLUDE (file_id, line) FROM same_calls'))
    .map((row) => JSON.stringify(row))
    .sort(),
  rates: [],
})

describe('calls that several sources have', () => {
  test('count once where all agree, in any order and runs, and after any of them is forgotten', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(saying, { minLength: 1, maxLength: 48 }),
        fc.nat(),
        fc.nat(),
        async (drawn, turn, gone) => {
          const files = place(settled(drawn))
          const paths = files.map(({ path }) => path)
          const together = workshop.store()
          const summary = await ingestInto(together, paths)
          for (const file of summary.files) {
            expect(file.lines).toBe(
              file.imported + file.duplicates + file.superseded + file.skipped + file.rejected,
            )
          }
          expect(await stored(together)).toEqual(expected(files))
          expect(summary.totals.imported).toBe(expected(files).length)
          const once = await stateOf(together)

          const apart = workshop.store()
          for (const path of rotated(paths, turn)) await ingestInto(apart, [path])
          expect(await stateOf(apart)).toEqual(once)

          // Forgotten: what other sources say comes back at once, what copies say when they are read again.
          const left = files.filter((_, i) => i !== gone % files.length)
          await forgetIn(apart, [files[gone % files.length]!.path])
          if (left.length > 0) {
            await ingestInto(
              apart,
              rotated(left, gone).map(({ path }) => path),
            )
            const fresh = workshop.store()
            await ingestInto(
              fresh,
              left.map(({ path }) => path),
            )
            expect(await stateOf(apart)).toEqual(await stateOf(fresh))
          }
          expect(await stored(apart)).toEqual(expected(left))
          await ingestInto(apart, paths)
          expect(await stateOf(apart)).toEqual(once)
        },
      ),
      { numRuns: tries(3, 30) },
    )
  })
})

test('a copy of what one source said brings it back after the file that was read first is forgotten', async () => {
  const of = (source: Source, file: number): Saying => ({ call: 4, source, as: 'all do', file, says: true })
  const files = place([of('litellm', 1), of('openai', 0), of('litellm', 0)])
  const [first, raw, copy] = files.map(({ path }) => path) as [string, string, string]
  const apart = workshop.store()
  for (const path of [first, raw, copy]) await ingestInto(apart, [path])
  // The call is the raw response's, so that none of its rows leaves with the file.
  await forgetIn(apart, [first])
  await ingestInto(apart, [raw, copy])
  const fresh = workshop.store()
  await ingestInto(fresh, [raw, copy])
  expect(await stateOf(apart)).toEqual(await stateOf(fresh))
})

/** A record of one's own under an id of a web request, a conversation or a job. */
const request = fc.record({
  id: fc.nat(9),
  second: fc.nat(1),
  attempt: fc.constantFrom(null, 1, 2),
  model: fc.constantFrom('gpt-4o', 'gpt-4o-mini', 'text-embedding-3-small'),
  operation: fc.constantFrom(undefined, 'embedding'),
  output: fc.nat(1),
  file: fc.nat(3),
})

describe('calls that share an id', () => {
  test('are one only where they agree, in any order, split and runs, and after some are forgotten', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { minLength: 1, maxLength: 66 }),
        fc.nat(),
        fc.nat(3),
        async (drawn, turn, gone) => {
          const room = workshop.room()
          const text = (one: (typeof drawn)[number]): string =>
            JSON.stringify({
              request_id: `req-${one.id}`,
              timestamp: new Date((second + one.second) * 1000).toISOString(),
              ...(one.attempt === null ? {} : { attempt: one.attempt }),
              model: one.model,
              operation: one.operation,
              input_tokens: 100,
              output_tokens: one.output,
            })
          const files = [0, 1, 2, 3].flatMap((file) => {
            const own = drawn.filter((one) => one.file === file).map(text)
            return own.length === 0
              ? []
              : [{ path: write(join(room, `${file}.jsonl`), own.join('\n') + '\n'), own }]
          })
          const distinct = (all: readonly { own: readonly string[] }[]): number =>
            new Set(all.flatMap(({ own }) => own)).size
          const paths = files.map(({ path }) => path)
          const together = workshop.store()
          const summary = await ingestInto(together, paths)
          expect(summary.totals.imported).toBe(distinct(files))
          const ids = await ask(
            together,
            'SELECT call_id, coalesce(logged_id, call_id) AS plain, count(*) OVER (PARTITION BY plain) AS n FROM calls',
          )
          expect(new Set(ids.map((row) => row['call_id'])).size).toBe(distinct(files))
          for (const row of ids) expect(row['call_id'] === row['plain']).toBe(row['n'] === 1)
          const once = await stateOf(together)

          const apart = workshop.store()
          for (const path of rotated(paths, turn)) await ingestInto(apart, [path])
          expect(await stateOf(apart)).toEqual(once)

          const left = files.filter((_, i) => i !== gone % files.length)
          await forgetIn(apart, [files[gone % files.length]!.path])
          if (left.length > 0) {
            await ingestInto(
              apart,
              left.map(({ path }) => path),
            )
            const fresh = workshop.store()
            await ingestInto(
              fresh,
              left.map(({ path }) => path),
            )
            expect(await stateOf(apart)).toEqual(await stateOf(fresh))
          }
          await ingestInto(apart, paths)
          expect(await stateOf(apart)).toEqual(once)
        },
      ),
      { numRuns: tries(3, 30) },
    )
  })
})
