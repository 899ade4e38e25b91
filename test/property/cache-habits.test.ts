/**
 * One logger has one habit of counting cached tokens: certain records decide for those of their shape, in
 * whatever files, runs and order they come, and no longer when they are taken out.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { ask, forgetIn, ingestInto, Workshop, write } from './ingesting.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

/** Prices in millionths of a dollar a token: input, cache read, cache write, output. */
const models = {
  'claude-sonnet-4-5': [3, 0.3, 3.75, 15],
  'gpt-4o-2024-08-06': [2.5, 1.25, 0, 10],
} as const

const shapes = [
  ['input_tokens', 'cached_tokens', 'output_tokens'],
  ['prompt_tokens', 'cache_read_input_tokens', 'completion_tokens'],
] as const

interface Call {
  readonly model: keyof typeof models
  readonly shape: 0 | 1
  /** What shows the reading: a cost, a total, or nothing; and which reading. */
  readonly evidence: 'cost' | 'total' | 'none'
  readonly beside: boolean
  readonly input: number
  readonly cached: number
  readonly output: number
}

const call: fc.Arbitrary<Call> = fc.record({
  model: fc.constantFrom(...(Object.keys(models) as (keyof typeof models)[])),
  shape: fc.constantFrom(0, 1),
  evidence: fc.constantFrom('cost', 'total', 'none', 'none', 'none'),
  beside: fc.boolean(),
  input: fc.integer({ min: 1000, max: 5000 }),
  cached: fc.integer({ min: 500, max: 999 }),
  output: fc.integer({ min: 1, max: 300 }),
})

/** The calls with one reading for each shape and model, as one logger would have it; or with any. */
const calls = fc
  .tuple(
    fc.array(call, { minLength: 1, maxLength: 14 }),
    fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    fc.boolean(),
  )
  .map(([all, habits, any]) =>
    any
      ? all
      : all.map((one) => ({ ...one, beside: habits[one.shape * 2 + (one.model.startsWith('g') ? 1 : 0)]! })),
  )

const tokens = ({ input, cached }: Call, beside: boolean): number => input + (beside ? cached : 0)

/** Billionths of a dollar, exactly. */
function cost(one: Call, beside: boolean): number {
  const [input, cacheRead, , output] = models[one.model]
  const nano = (count: number, price: number): number => count * Math.round(price * 1000)
  return (
    nano(tokens(one, beside) - one.cached, input) + nano(one.cached, cacheRead) + nano(one.output, output)
  )
}

function line(one: Call, i: number): string {
  const [input, cached, output] = shapes[one.shape]
  return JSON.stringify({
    call_id: `call-${i}`,
    ts: '2026-06-01T10:00:00Z',
    model: one.model,
    [input]: one.input,
    [cached]: one.cached,
    [output]: one.output,
    ...(one.evidence === 'cost' ? { cost_usd: cost(one, one.beside) / 1e9 } : {}),
    ...(one.evidence === 'total' ? { total_tokens: tokens(one, one.beside) + one.output } : {}),
  })
}

/** What each call should be: its own evidence, else that of its shape where this agrees, else inside. */
function expected(all: readonly Call[], present: (i: number) => boolean): unknown[] {
  return all.flatMap((one, i) => {
    if (!present(i)) return []
    const certain = all.filter(
      (other, j) =>
        present(j) && other.evidence !== 'none' && other.shape === one.shape && other.model === one.model,
    )
    const beside =
      one.evidence === 'none' ? certain.length > 0 && certain.every((other) => other.beside) : one.beside
    return [[`call-${i}`, tokens(one, beside), tokens(one, beside) + one.output, cost(one, beside)]]
  })
}

async function stored(db: string): Promise<unknown[]> {
  const rows = await ask(
    db,
    'SELECT call_id, input_tokens, total_tokens, CAST(round(CAST(cost_usd AS DOUBLE) * 1000000000) AS BIGINT) AS nano FROM calls',
  )
  return rows
    .map((row) => [row['call_id'], row['input_tokens'], row['total_tokens'], row['nano']])
    .toSorted((a, b) => Number(String(a[0]).slice(5)) - Number(String(b[0]).slice(5)))
}

test('any split and order of the same records reads alike, and forgetting the evidence undoes it', async () => {
  await fc.assert(
    fc.asyncProperty(
      calls,
      fc.array(fc.nat(2), { minLength: 14, maxLength: 14 }),
      fc.boolean(),
      async (all, parts, backwards) => {
        const room = workshop.room()
        const lines = all.map(line)
        const files = [0, 1, 2].flatMap((part) => {
          const own = lines.filter((_, i) => parts[i] === part)
          return own.length === 0 ? [] : [write(join(room, `${part}.jsonl`), `${own.join('\n')}\n`)]
        })
        const together = workshop.store()
        await ingestInto(together, [write(join(room, 'all.jsonl'), `${lines.join('\n')}\n`)])
        expect(await stored(together)).toEqual(expected(all, () => true))
        const apart = workshop.store()
        for (const file of backwards ? files.toReversed() : files) await ingestInto(apart, [file])
        expect(await stored(apart)).toEqual(expected(all, () => true))
        // Read again, under another name: nothing is new, however it is read by now.
        const again = await ingestInto(apart, [join(room, 'all.jsonl')])
        expect(again.totals.imported + again.totals.superseded).toBe(0)
        expect(await stored(apart)).toEqual(expected(all, () => true))
        const gone = Number(files[0]!.at(-7))
        await forgetIn(apart, [files[0]!])
        expect(await stored(apart)).toEqual(expected(all, (i) => parts[i] !== gone))
      },
    ),
    { numRuns: tries(3, 15) },
  )
})
