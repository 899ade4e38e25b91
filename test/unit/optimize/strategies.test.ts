/** What holds for every strategy: alone on odd logs, and several one after another. */
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { picos } from '../../../src/domain/costs/amount.js'
import { history } from '../../../src/metrics/store/history.js'
import { readAssumptions } from '../../../src/optimize/assumptions.js'
import { gains, savingsOf, type Asking } from '../../../src/optimize/gains.js'
import { inOrder, strategies } from '../../../src/optimize/registry.js'
import { scopedCalls } from '../../../src/optimize/scoped-calls.js'
import { askingsOf, askOptimized, type Optimized } from '../../../src/questions/optimizing.js'
import { ask } from '../../../src/questions/question.js'
import { tries } from '../../property/seed.js'
import { at, paid, plantedStore, priced, scope, type Planted } from './planted.js'

const store = plantedStore(2)
const values = readAssumptions(strategies, ['output-limits.min_calls=2'])
let all: Asking[] = []
beforeAll(async () => {
  all = await priced(store.db, askingsOf(inOrder(strategies), values))
})

const usd = fc.integer({ min: 0, max: 5_000_000 }).map((micros) => (micros / 1e6).toFixed(6))
const some = (of: readonly string[]) => fc.constantFrom(...of)

/** Calls that many strategies may find something in. */
const call: fc.Arbitrary<Planted> = fc
  .record({
    minute: fc.integer({ min: 0, max: 3000 }),
    feature: some(['f', 'g']),
    model: some(['gpt-4o', 'claude-sonnet-4-5']),
    user: some(['u', 'v']),
    session: fc.option(some(['s', 't'])),
    hash: fc.option(some(['a', 'b', 'c'])),
    status: some(['ok', 'ok', 'ok', 'error']),
    finish: some(['stop', 'length']),
    environment: some(['production', 'dev']),
    input: fc.integer({ min: 0, max: 300_000 }),
    output: fc.integer({ min: 0, max: 5000 }),
    read: usd,
    inputUsd: usd,
    outputUsd: usd,
    basis: some(['list', 'list', 'list', 'reported', 'alone', 'none']),
  })
  .map((c): Planted => {
    const list = paid({ input: c.inputUsd, read: c.read, output: c.outputUsd })
    const base = {
      ts: at(c.minute * 60_000),
      feature: c.feature,
      provider: c.model.startsWith('gpt') ? 'openai' : 'anthropic',
      model: c.model,
      request_model: c.model,
      user_id: c.user,
      session_id: c.session,
      trace_id: c.session,
      prompt_hash: c.hash,
      status: c.status,
      finish_reason: c.finish,
      environment: c.environment,
      input_tokens: c.input,
      cache_read_input_tokens: Math.floor(c.input / 3),
      output_tokens: c.output,
      total_tokens: c.input + c.output,
      max_tokens: 4096,
      temperature: 0,
      latency_ms: 100,
    }
    if (c.basis === 'list') return { ...base, ...list }
    if (c.basis === 'reported') return { ...base, ...list, cost_usd: c.inputUsd, cost_basis: 'reported' }
    return c.basis === 'alone' ? { ...base, cost_usd: c.inputUsd, cost_basis: 'reported' } : base
  })

describe('every strategy', () => {
  test('answers on no call and on one', async () => {
    await store.plant([paid({ input: '1' })])
    for (const asking of all) {
      const rows = await ask(store.db, gains(asking, scopedCalls(scope), 10))
      expect(rows.map(({ saving_usd: saving }) => picos(saving))).toEqual(rows.map(() => 0n))
    }
    await store.plant([])
    expect((await together(all)).combination).toBeUndefined()
  })

  test('has an id of its own, words, and assumptions that read as they stand', () => {
    expect(new Set(strategies.map(({ id }) => id)).size).toBe(strategies.length)
    for (const strategy of strategies) {
      expect(strategy.id).toMatch(/^[a-z]+(-[a-z]+)*$/)
      expect(values(strategy).size).toBe(strategy.assumptions.length)
      for (const { how } of strategy.needs) expect(how).not.toMatch(/\.$/)
    }
  })
})

test('together they save no more than the calls cost, nor than each alone, in any order and with any threads', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { minLength: 1, maxLength: 80 }),
      fc.shuffledSubarray([...strategies], { minLength: 1, maxLength: 3 }),
      async (calls, chosen) => {
        await store.plant(calls)
        const order = await priced(store.db, askingsOf(chosen, values))
        const model = await modelOf(order)
        const { outcomes, combination } = await together(order)
        await store.db.run('SET threads = 1')
        expect(await together(order)).toMatchObject({ outcomes, combination })
        await store.db.run('SET threads = 2')
        const stepOf = ({ strategy }: Asking): bigint => {
          const place = combination?.steps.findIndex((one) => one.strategy === strategy) ?? -1
          return place < 0 ? 0n : picos(combination!.row[`step_${place}_usd`]!)
        }
        const saving = picos(combination?.row.saving_usd ?? '0')
        expect(saving).toBe(model.saving)
        expect(order.map(stepOf)).toEqual(model.steps)
        // The statement that --explain shows reads the calls by itself.
        for (const { total, segments, lacks, ...asking } of outcomes) {
          const rows = await ask(store.db, gains(asking, scopedCalls(scope), 100))
          if (lacks.length === 0) expect(rows).toEqual([total, ...segments])
        }
        const sum = outcomes.reduce((all, { total }) => all + picos(total?.saving_usd ?? '0'), 0n)
        expect(saving <= sum && saving <= model.cost).toBe(true)
      },
    ),
    { numRuns: tries(5, 300) },
  )
})

/** Those that save something, in this order. */
async function together(order: readonly Asking[]): Promise<Optimized> {
  const [past] = await ask(store.db, history(scope.until!))
  const question = { db: store.db, scope, history: past!, asOf: new Date(scope.until!) }
  return askOptimized(question, order, 100, (outcomes) =>
    outcomes.filter(({ total }) => picos(total?.saving_usd ?? '0') > 0n),
  )
}

/** The same by a loop over the calls. */
async function modelOf(order: readonly Asking[]): Promise<{ saving: bigint; steps: bigint[]; cost: bigint }> {
  const left = new Map<string, { input: bigint; output: bigint }>()
  const steps: bigint[] = []
  const touched = new Map<string, Set<string>>()
  for (const asking of order) {
    const { id, excludes = [] } = asking.strategy
    const calls = scopedCalls(scope)
    const savings = savingsOf(asking, calls)
    const rows = await ask<Record<string, string>>(store.db, {
      sql: `WITH ${calls.cte} SELECT call_no AS call_id, input_cost, output_cost, input_taken, output_taken FROM (${savings.sql}) WHERE taken > 0`,
      params: { ...calls.params, ...savings.params },
    })
    expect(new Set(rows.map(({ call_id: id }) => id)).size).toBe(rows.length)
    let step = 0n
    for (const row of rows) {
      const part = (name: string): bigint => picos(row[name]!)
      const before = left.get(row['call_id']!) ?? { input: part('input_cost'), output: part('output_cost') }
      const take = (name: 'input' | 'output'): bigint =>
        part(`${name}_cost`) === 0n ? 0n : (before[name] * part(`${name}_taken`)) / part(`${name}_cost`)
      const earlier = touched.get(row['call_id']!) ?? new Set()
      const isOut = order.some(
        ({ strategy }) =>
          earlier.has(strategy.id) &&
          (excludes.includes(strategy.id) || strategy.excludes?.includes(id) === true),
      )
      const [input, output] = isOut ? [0n, 0n] : [take('input'), take('output')]
      touched.set(row['call_id']!, earlier.add(id))
      step += input + output
      left.set(row['call_id']!, { input: before.input - input, output: before.output - output })
    }
    steps.push(step)
  }
  const [total] = await ask<{ cost: string | null }>(store.db, {
    sql: 'SELECT sum(cost_usd) AS cost FROM calls',
    params: {},
  })
  return { saving: steps.reduce((a, b) => a + b, 0n), steps, cost: picos(total?.cost ?? '0') }
}
