import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readAssumptions } from '../../../src/optimize/assumptions.js'
import { gains } from '../../../src/optimize/gains.js'
import { strategyOf } from '../../../src/optimize/registry.js'
import { scopedCalls } from '../../../src/optimize/scoped-calls.js'
import { loadPriceBook } from '../../../src/pricing/book.js'
import { askingsOf, withPrices } from '../../../src/questions/optimizing.js'
import { ask } from '../../../src/questions/question.js'
import { tries } from '../../property/seed.js'
import {
  at,
  changeOf,
  day,
  hour,
  minute,
  paid,
  plantedStore,
  priced,
  saved,
  scope,
  type Planted,
} from './planted.js'

const store = plantedStore()

/** A call of gpt-4o: 1,000 tokens in at $2.50 a million, 1,000 out at $10. */
const call = (ms: number, more: Planted = {}): Planted => ({
  ts: at(ms),
  provider: 'openai',
  model: 'gpt-4o',
  input_tokens: 1000,
  output_tokens: 1000,
  ...paid({ input: '0.0025', output: '0.01' }),
  ...more,
})
const live = { session_id: 's', user_id: 'u', feature: 'chat' }

test('half of what calls of neither session nor user cost', async () => {
  await store.plant([
    ...Array.from({ length: 10 }, (_, i) => call(i * hour * 7.3, { feature: 'tagging' })),
    call(0, { ...live }),
    // Streamed, of a tier already, without a batch price.
    call(1, { ttft_ms: 300 }),
    call(2, { service_tier: 'flex' }),
    call(3, { provider: 'nobody', model: 'none' }),
  ])
  const outcome = await store.find('batch-tier')
  expect(saved(outcome)).toBe('0.062500000000')
  expect(changeOf(outcome)).toBe(
    'send 10 calls to the batch tier, 50% cheaper; in the window 10 name neither session nor user ($0.0625 less)',
  )
})

test('calls of a schedule, though they name a user', async () => {
  // Each night at 2:30 a hundred; and a chat at all hours.
  await store.plant([
    ...Array.from({ length: 700 }, (_, i) =>
      call(Math.floor(i / 100) * day + 2 * hour + 30 * minute + (i % 100) * 300, {
        user_id: 'cron',
        feature: 'digest',
      }),
    ),
    ...Array.from({ length: 1400 }, (_, i) => call(i * 431_000, live)),
    // At the same hours for a week, but of two users: they wait.
    ...Array.from({ length: 70 }, (_, i) =>
      call(Math.floor(i / 10) * day + 9 * hour + (i % 10) * 1000, {
        ...live,
        user_id: `u${i % 2}`,
        feature: 'standup',
      }),
    ),
  ])
  const outcome = await store.find('batch-tier')
  expect(outcome.segments.map((row) => row.d0)).toEqual(['digest'])
  expect(saved(outcome)).toBe('4.375000000000')
  expect(changeOf(outcome)).toContain('in the window 700 run by a schedule ($4.38 less)')
})

test('has nothing to gain where somebody waits, and says what to log where that is not known', async () => {
  await store.plant([call(0, live), call(minute, live)])
  expect(saved(await store.find('batch-tier'))).toBe('0.000000000000')
  await store.plant([call(0)])
  expect((await store.find('batch-tier')).lacks.map(({ field }) => field)).toEqual(['session_id or user_id'])
})

/** Of a model with a flex price, half as the batch price: gpt-5 at $1.25 and $10 a million. */
const flexible = (ms: number, more: Planted = {}): Planted =>
  call(ms, { model: 'gpt-5', ...paid({ input: '0.00125', output: '0.01' }), ...more })

/** A chat by day, from 8 to 20 UTC, a call in three minutes: sessions of two calls, of many users. */
const chat = (days: number, more: Planted = {}): Planted[] =>
  Array.from({ length: days * 240 }, (_, i) =>
    call(Math.floor(i / 240) * day + 8 * hour + (i % 240) * 3 * minute, {
      feature: 'chat',
      session_id: `s${Math.floor(i / 2)}`,
      user_id: `u${i % 50}`,
      ...more,
    }),
  )

describe('flex', () => {
  test('is told beside batch, and counted once', async () => {
    await store.plant([
      call(0, live),
      ...Array.from({ length: 8 }, (_, i) => flexible(i * hour * 7.3, { feature: 'tagging' })),
    ])
    const outcome = await store.find('batch-tier')
    // 8 × $0.01125 / 2.
    expect(saved(outcome)).toBe('0.045000000000')
    expect(changeOf(outcome)).toBe(
      'send 8 calls to the batch tier, 50% cheaper; in the window 8 name neither session nor user ($0.045 less); the flex tier, which answers within minutes, would save $0.045 on 8 of them',
    )
  })

  test('alone fits a schedule that runs again long before a batch would be there', async () => {
    // Each half hour of a week one call: 48 runs a day.
    const runs = (of: typeof call): Planted[] => [
      call(0, live),
      ...Array.from({ length: 7 * 48 }, (_, i) => of(i * 30 * minute, { feature: 'watch', user_id: 'cron' })),
    ]
    await store.plant(runs(flexible))
    const outcome = await store.find('batch-tier')
    // 336 × $0.01125 / 2.
    expect(saved(outcome)).toBe('1.890000000000')
    expect(changeOf(outcome)).toBe(
      'send 336 calls to the flex tier, 50% cheaper; in the window 336 run by a schedule ($1.89 less)',
    )
    expect(changeOf(await store.find('batch-tier', 'batch_runs=48'))).toContain('to the batch tier, 50%')
    // gpt-4o has no flex price: half by guess would be wrong.
    await store.plant(runs(call))
    expect(saved(await store.find('batch-tier'))).toBe('0.000000000000')
    expect(saved(await store.find('batch-tier', 'batch_runs=48'))).toBe('2.100000000000')
  })

  test('counts where it is the lower price', async () => {
    const strategy = strategyOf('batch-tier', '--strategy')
    const folder = mkdtempSync(join(tmpdir(), 'flex-'))
    const file = join(folder, 'prices.csv')
    writeFileSync(
      file,
      'provider,model,input,output,batch_multiplier,flex_multiplier\nours,big,2.5,10,0.8,0.4\nours,small,2.5,10,0.4,0.8\n',
    )
    await store.plant([
      call(0, live),
      ...['big', 'small'].flatMap((model) =>
        Array.from({ length: 4 }, (_, i) =>
          call(i * hour * 7.3, { provider: 'ours', model, feature: model }),
        ),
      ),
    ])
    const book = await loadPriceBook({ overrideFiles: [file], updatesFile: undefined })
    rmSync(folder, { recursive: true })
    const askings = await withPrices(
      { db: store.db, scope },
      askingsOf([strategy], readAssumptions([strategy], [])),
      book,
      { candidates: [], shares: [] },
    )
    const rows = await ask(store.db, gains(askings[0]!, scopedCalls(scope), 9))
    // 4 × $0.0125 × 0.6 each.
    expect(rows.map((row) => [row.d0, row.saving_usd, Number(row.figures?.['flex_calls'] ?? 0)])).toEqual([
      [null, '0.060000000000', 0],
      ['big', '0.030000000000', 4],
      ['small', '0.030000000000', 0],
    ])
  })
})

describe('bursts', () => {
  /** So many calls of one user, evenly within a length of time from 10:03 of the third day on. */
  const job = (calls: number, ms: number, more: Planted = {}): Planted[] =>
    Array.from({ length: calls }, (_, i) =>
      call(2 * day + 10 * hour + 3 * minute + Math.floor((i * ms) / calls), {
        feature: 'import',
        user_id: 'etl',
        ...more,
      }),
    )

  test('of a feature and user without a session', async () => {
    // The job of its feature, and far from it three calls that are in no burst.
    const lone = [0, 1, 9].map((n) => call(n * day, { feature: 'import', user_id: 'etl' }))
    await store.plant([...chat(10), ...job(60, 8 * minute), ...lone])
    const outcome = await store.find('batch-tier')
    // 60 × $0.0125 / 2.
    expect(saved(outcome)).toBe('0.375000000000')
    expect(changeOf(outcome)).toBe(
      'send 60 calls to the batch tier, 50% cheaper; in the window 60 come in bursts ($0.375 less)',
    )
    expect(saved(await store.find('batch-tier', 'burst_calls=61'))).toBe('0.000000000000')
    expect(saved(await store.find('batch-tier', 'burst_within=6m'))).toBe('0.000000000000')
  })

  test('of one prompt, of sessions of a single call', async () => {
    const sessions = (calls: readonly Planted[]): Planted[] =>
      calls.map((one, i) => ({ ...one, session_id: `job-${i}` }))
    await store.plant([...chat(10), ...sessions(job(50, 8 * minute, { prompt_hash: 'p' }))])
    expect(saved(await store.find('batch-tier'))).toBe('0.312500000000')
    // Of prompts of their own, or of many users who ask the same.
    await store.plant([
      ...chat(10),
      ...sessions(job(50, 8 * minute).map((one, i) => ({ ...one, prompt_hash: `p${i % 2}` }))),
      ...sessions(job(50, 8 * minute, { feature: 'hello', prompt_hash: 'p', user_id: null })),
    ])
    expect(saved(await store.find('batch-tier'))).toBe('0.000000000000')
  })

  test('are none of persons: a session, a stream, a steady load, a log that knows no sessions', async () => {
    await store.plant([
      ...chat(10),
      ...job(60, 8 * minute, { session_id: 'agent', prompt_hash: 'p' }),
      ...job(60, 8 * minute, { feature: 'streamed', ttft_ms: 300 }),
      ...job(49, 8 * minute, { feature: 'small' }),
    ])
    expect(saved(await store.find('batch-tier'))).toBe('0.000000000000')
    // Six calls a minute for four hours and never fewer.
    await store.plant([
      call(0, live),
      ...Array.from({ length: 1440 }, (_, i) => call(i * 10_000, { user_id: 'tenant' })),
    ])
    expect(saved(await store.find('batch-tier'))).toBe('0.000000000000')
    await store.plant([...chat(10, { session_id: null }), ...job(60, 8 * minute)])
    expect(saved(await store.find('batch-tier'))).toBe('0.000000000000')
  })

  test('are those that a search over every stretch finds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(120), { minLength: 1, maxLength: 60 }), async (minutes) => {
        const times = minutes.map((n) => n * minute)
        await store.plant([
          call(20 * day, live),
          ...times.map((ms) => call(ms, { user_id: 'etl', feature: 'import' })),
        ])
        const within = 10 * minute
        const found = times.filter((ms) =>
          times.some(
            (from) =>
              from <= ms &&
              ms < from + within &&
              times.filter((other) => from <= other && other < from + within).length >= 6,
          ),
        )
        const outcome = await store.find('batch-tier', 'burst_calls=6')
        expect(Number(saved(outcome))).toBeCloseTo(found.length * 0.00625, 9)
      }),
      { numRuns: tries(20, 400) },
    )
  })
})

describe('nights', () => {
  /** One streamed call of neither session nor user, at an hour of each of so many days. */
  const streamed = (days: number, atHour: number, more: Planted = {}): Planted[] =>
    Array.from({ length: days }, (_, i) =>
      call(i * day + atHour * hour + ((i * 7) % 50) * minute, { feature: 'chat', ttft_ms: 300, ...more }),
    )

  test('of features that people use by day', async () => {
    // At 3 nobody is awake; at 9 all are.
    await store.plant([...chat(10), ...streamed(10, 3), ...streamed(10, 9)])
    const outcome = await store.find('batch-tier')
    // 10 × $0.0125 / 2.
    expect(saved(outcome)).toBe('0.062500000000')
    expect(changeOf(outcome)).toContain('in the window 10 come in hours without use by people ($0.0625 less)')
  })

  test('are those of the local day', async () => {
    // 8 to 20 UTC is 13:30 to 1:30 in India, so that 7:40 UTC, 13:10 there, lies in an hour of use.
    const early = Array.from({ length: 10 }, (_, i) =>
      call(i * day + 7 * hour + 40 * minute, { feature: 'chat', ttft_ms: 300 }),
    )
    await store.plant([...chat(10), ...streamed(10, 3), ...early])
    const strategy = strategyOf('batch-tier', '--strategy')
    const askings = await priced(store.db, askingsOf([strategy], readAssumptions([strategy], [])))
    const inIndia = askings.map((one) => ({
      ...one,
      prices: { ...one.prices!, scope: { ...scope, tz: 'Asia/Kolkata' } },
    }))
    const [local] = await ask(store.db, gains(inIndia[0]!, scopedCalls(scope), 1))
    expect([saved(await store.find('batch-tier')), local?.saving_usd]).toEqual([
      '0.125000000000',
      '0.062500000000',
    ])
  })

  test('are none where somebody is named, of too few days, of too few calls, or where people are up', async () => {
    await store.plant([
      ...chat(10),
      ...streamed(10, 3, { session_id: 'night-owl', user_id: 'u1' }),
      ...streamed(10, 4, { user_id: 'u2' }),
      ...streamed(10, 12),
    ])
    expect(saved(await store.find('batch-tier'))).toBe('0.000000000000')
    await store.plant([...chat(6), ...streamed(6, 3)])
    expect(saved(await store.find('batch-tier'))).toBe('0.000000000000')
    // Forty calls of people in ten days: an hour without one says nothing.
    await store.plant([...chat(10).filter((_, i) => i % 60 === 0), ...streamed(10, 3)])
    expect(saved(await store.find('batch-tier'))).toBe('0.000000000000')
  })
})
