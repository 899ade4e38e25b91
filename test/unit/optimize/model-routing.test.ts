import { describe, expect, test } from 'vitest'
import { readAssumptions } from '../../../src/optimize/assumptions.js'
import { strategyOf } from '../../../src/optimize/registry.js'
import { askExplained, askingsOf, askOptimized } from '../../../src/questions/optimizing.js'
import { ask } from '../../../src/questions/question.js'
import { history } from '../../../src/metrics/store/history.js'
import { at, changeOf, paid, plantedStore, priced, saved, scope, second, type Planted } from './planted.js'

const store = plantedStore()

/** A call of gpt-4o: $2.50 a million in, $10 out; on gpt-4o-mini $0.15 and $0.60. */
const call = (i: number, input: number, output: number, more: Planted = {}): Planted => ({
  ts: at(i * 100 * second),
  provider: 'openai',
  model: 'gpt-4o',
  input_tokens: input,
  output_tokens: output,
  finish_reason: 'stop',
  ...paid({ input: ((input * 2.5) / 1e6).toFixed(9), output: ((output * 10) / 1e6).toFixed(9) }),
  ...more,
})

async function routed(
  candidates: readonly string[],
  shares: readonly number[],
  within = scope,
  ...assumed: string[]
) {
  const strategy = strategyOf('model-routing', '--strategy')
  const askings = await priced(store.db, askingsOf([strategy], readAssumptions([strategy], assumed)), {
    candidates: candidates.map((model) => ({ provider: 'openai', model })),
    shares: shares.map((share) => BigInt(share * 10_000)),
  })
  const [past] = await ask(store.db, history('2026-10-01T00:00:00.000Z'))
  const asked = { db: store.db, scope: within, history: past!, asOf: new Date(within.until!) }
  return (await askOptimized(asked, askings, 10)).outcomes[0]!
}

describe('model routing', () => {
  test('prices what looks simple on the candidate, to the last decimal', async () => {
    await store.plant([
      ...Array.from({ length: 60 }, (_, i) => call(i, 1000, 100)),
      ...Array.from({ length: 40 }, (_, i) => call(100 + i, 3000, 400)),
    ])
    const outcome = await routed(['gpt-4o-mini'], [])
    // 60 × (1,000 × ($2.50 − $0.15) + 100 × ($10 − $0.60)) a million.
    expect(saved(outcome)).toBe('0.197400000000')
    expect(outcome.total).toMatchObject({ considered_calls: 100, saved_calls: 60 })
    expect(changeOf(outcome)).toBe(
      'send 60 of 100 calls (60%) to gpt-4o-mini: 94% cheaper; simple is up to 1,000 tokens in and 100 out',
    )
    const { details } = await askExplained({ db: store.db, scope }, outcome)
    expect(details[0]!.rows).toMatchObject([
      { candidate: 'openai/gpt-4o-mini', calls: 60, saving_usd: '0.197400000000' },
    ])
  })

  test('leaves alone what does not look simple', async () => {
    const odd: Planted[] = [
      { finish_reason: 'length' },
      { finish_reason: 'tool_calls' },
      { attempt: 2 },
      { temperature: 1 },
      { status: 'error' },
    ]
    await store.plant([
      ...odd.map((more, i) => call(i, 100, 10, more)),
      // Asked again, and answered in the end.
      call(50, 100, 10, { prompt_hash: 'h', user_id: 'u' }),
      call(51, 100, 10, { prompt_hash: 'h', user_id: 'u' }),
      call(60, 9000, 10),
    ])
    expect((await routed(['gpt-4o-mini'], [], scope, 'quantile=100%', 'min_calls=1')).total).toMatchObject({
      saved_calls: 1,
    })
    expect(saved(await routed(['gpt-4o'], []))).toBe('0.000000000000')
    expect(saved(await routed(['no-such-model'], []))).toBe('0.000000000000')
  })

  test('of shares: the classic example, $275 of $3,000', async () => {
    // 100,000 calls of 1,000 input tokens in December 2023, on gpt-4 at $0.03 a thousand: 90 % to $0.0015, 8 % to $0.01.
    await store.db
      .run(`DELETE FROM calls; INSERT INTO calls (call_id, source, ts, operation, provider, model, feature, status,
        input_tokens, output_tokens, list_input_cost_usd, list_cost_usd, cost_usd, cost_basis)
      SELECT 'c' || i, 'test', TIMESTAMP '2023-12-10 00:00:00' + to_seconds(i), 'chat', 'openai', 'gpt-4', 'f', 'ok',
        1000, 0, 0.03, 0.03, 0.03, 'list' FROM range(100000) t(i)`)
    const december = { ...scope, since: '2023-12-01T00:00:00.000Z', until: '2024-01-01T00:00:00.000Z' }
    const outcome = await routed(['gpt-3.5-turbo', 'gpt-4-turbo'], [90, 8], december)
    expect(outcome.total).toMatchObject({
      cost_usd: '3000.000000000000',
      saving_usd: '2725.000000000000',
      saved_calls: 98_000,
    })
  })
})
