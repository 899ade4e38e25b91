/**
 * `--cost list` and `--cost reported` where only sums are left of some hours: each figure is that of the calls, to the
 * last digit, or is refused; and what a usual log holds is answered.
 */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { countedAs } from '../../src/commands/ask/money.js'
import { Database } from '../../src/db/database.js'
import { openStoreForReading, writeStore } from '../../src/db/store.js'
import type { CostBasis, MoneyBasis } from '../../src/domain/costs/basis.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { Scope } from '../../src/domain/scope.js'
import { hasSumsAlone } from '../../src/errors.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import { isAdditive } from '../../src/metrics/figures.js'
import { measureNames } from '../../src/metrics/measures/registry.js'
import { ask } from '../../src/questions/question.js'
import { ingestInto, Workshop, write } from './ingesting.js'
import { cubed } from './rollups-world.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

/** Those that hang on what calls cost, and two that do not. */
const asked = measureNames.filter(
  (name) => isAdditive(name) && /cost|priced|^calls$|^input_tokens$/.test(name),
)

interface Kinds {
  readonly cost: readonly (number | null)[]
  readonly status: readonly (string | null)[]
  readonly hit: readonly (boolean | null)[]
  readonly input: readonly (number | null)[]
}

/** Records of three hours; the calls of the second will be gone. */
const records = (kinds: Kinds): fc.Arbitrary<readonly object[]> =>
  fc.array(
    fc
      .record({
        minute: fc.nat(179),
        model: fc.constantFrom('gpt-4o', 'gpt-4o-mini', 'in-house-1'),
        feature: fc.constantFrom('chat', 'search', null),
        input: fc.constantFrom(...kinds.input),
        output: fc.constantFrom(...kinds.input),
        cost: fc.constantFrom(...kinds.cost),
        status: fc.constantFrom(...kinds.status),
        hit: fc.constantFrom(...kinds.hit),
        attempt: fc.constantFrom(1, 2, null),
      })
      .map(({ minute, input, output, cost, hit, ...one }) => ({
        timestamp: new Date(Date.UTC(2026, 9, 1) + minute * 60_000).toISOString(),
        input_tokens: input,
        output_tokens: output,
        cost_usd: cost,
        cache_hit: hit,
        ...one,
      })),
    { minLength: 1, maxLength: 40 },
  )

const all: Scope = { since: null, until: null, filters: [], tz: 'UTC' }
const gone = "ts >= TIMESTAMP '2026-10-01 01:00:00' AND ts < TIMESTAMP '2026-10-01 02:00:00'"

/** A store with all calls, and one with sums alone of an hour. */
async function stores(lines: readonly object[], costBasis: CostBasis): Promise<readonly [string, string]> {
  const [whole, dropped] = [workshop.store(), workshop.store()]
  const text = lines.map((line) =>
    JSON.stringify(Object.fromEntries(Object.entries(line).filter(([, value]) => value !== null))),
  )
  await ingestInto(whole, [write(join(workshop.room(), 'calls.jsonl'), `${text.join('\n')}\n`)], {
    costBasis,
    store: cubed,
  })
  copyFileSync(whole, dropped)
  const db = await Database.open(':memory:', 'write', cubed)
  try {
    await writeStore(db, dropped, cubed, async () => {
      await db.run(`DELETE FROM store.main.calls WHERE ${gone}`)
      await db.run(`UPDATE store.main.hourly_labels SET owner = 'cube' WHERE ${gone}`)
    })
  } finally {
    db.close()
  }
  return [whole, dropped]
}

type Answer = readonly string[] | 'refused'

/** Each measure by itself, in groups and in all. */
async function answers(path: string, basis: MoneyBasis): Promise<ReadonlyMap<string, Answer>> {
  const db = await openStoreForReading(path, cubed)
  const found = new Map<string, Answer>()
  try {
    await countedAs(db, basis, { contracts: [], asOf: new Date('2026-11-01') }, {})
    for (const by of [[], ['feature', 'cost_basis']]) {
      for (const name of asked) {
        const query = breakdown({
          scope: { ...all, basis },
          by: by.map(dimensionOf),
          measures: [name],
        })
        const rows = await ask(db, query).catch((error: unknown) => {
          if (!hasSumsAlone(error)) throw error
        })
        found.set(
          `${name} by ${by.join()}`,
          rows === undefined ? 'refused' : rows.map((row) => JSON.stringify(row)).toSorted(),
        )
      }
    }
  } finally {
    db.close()
  }
  return found
}

const anything: Kinds = {
  cost: [null, null, 0, 0.25, 1.75],
  status: ['ok', 'ok', 'error', null],
  hit: [false, null, true],
  input: [null, 0, 7, 1000],
}

test.each(['list', 'reported'] as const)('--cost %s: the same as from calls, or refused', async (basis) => {
  let told = 0
  const run = fc.asyncProperty(
    records(anything),
    fc.constantFrom<CostBasis>('list-first', 'reported-first'),
    async (lines, costBasis) => {
      const [whole, dropped] = await stores(lines, costBasis)
      const [wanted, found] = [await answers(whole, basis), await answers(dropped, basis)]
      for (const [name, answer] of found) {
        expect(wanted.get(name)).not.toBe('refused')
        if (answer === 'refused') continue
        expect(answer, name).toEqual(wanted.get(name))
        if (/cost/.test(name)) told++
      }
    },
  )
  await fc.assert(run, { numRuns: tries(2, 100) })
  expect(told).toBeGreaterThan(4)
})

/** Logs as they are: nobody, or everybody, says what a call cost, and what failed used nothing. */
const usual: readonly (readonly [MoneyBasis, readonly object[], readonly string[]])[] = [
  [
    'list',
    fc.sample(records({ ...anything, cost: [null], input: [7, 1000] }), { numRuns: 1, seed: 3 })[0]!,
    [],
  ],
  [
    'list',
    fc.sample(records({ ...anything, cost: [0.25, 1.75], input: [7, 1000] }), { numRuns: 1, seed: 4 })[0]!,
    [],
  ],
  [
    'reported',
    fc.sample(records({ cost: [0.25, 1.75], status: ['ok'], hit: [false], input: [7, 1000] }), {
      numRuns: 1,
      seed: 5,
    })[0]!,
    ['max_cost_usd', 'stddev_cost_usd'],
  ],
  [
    'reported',
    fc.sample(records({ ...anything, cost: [null, 0], status: ['ok'], input: [7, 1000] }), {
      numRuns: 1,
      seed: 6,
    })[0]!,
    [],
  ],
]

test.each(usual)('--cost %s is told of a usual log', async (basis, lines, untold) => {
  const [whole, dropped] = await stores(lines, 'list-first')
  const [wanted, found] = [await answers(whole, basis), await answers(dropped, basis)]
  const refused = [...found].flatMap(([name, answer]) => (answer === 'refused' ? [name.split(' ')[0]!] : []))
  expect([...new Set(refused)].toSorted()).toEqual(untold.toSorted())
  for (const [name, answer] of found) if (answer !== 'refused') expect(answer, name).toEqual(wanted.get(name))
})
