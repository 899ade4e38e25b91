import { expect, test } from 'vitest'
import { askExplained } from '../../../src/questions/optimizing.js'
import { at, changeOf, minute, paid, plantedStore, saved, scope, type Planted } from './planted.js'

const store = plantedStore()

/** A conversation of 20 turns: 100 tokens of instructions and question, and 100 more with every turn, $1 a 1,000. */
const turns = (more: Planted = {}): Planted[] =>
  Array.from({ length: 20 }, (_, i) => ({
    ts: at(i * minute),
    session_id: 's',
    input_tokens: 100 * (i + 1),
    output_tokens: 50,
    ...paid({ input: `${(i + 1) / 10}`, output: '0.1' }),
    ...more,
  }))

test('leaves out what is older than the last turns', async () => {
  await store.plant(turns())
  const outcome = await store.find('context-growth')
  // Turn n (from 1) carries n − 1 old turns of 100 tokens; a window of 10 drops those before: 1 + … + 9 = 45 times $0.10.
  expect(saved(outcome)).toBe('4.500000000000')
  expect(changeOf(outcome)).toBe(
    'send the last 10 turns instead of all: 21.4% of their input tokens are older, in 9 turns of 1 session of up to 20 turns',
  )
  const { details } = await askExplained({ db: store.db, scope }, outcome)
  const windows = new Map(details[0]!.rows.map((row) => [row['window'], row['saving_usd']]))
  // 2 turns: 1 + … + 17; 5: 1 + … + 14; 50: none. 4,000 tokens of history are never reached.
  expect([...windows.values()].map(Number)).toEqual([15.3, 10.5, 4.5, 0, 0, 0, 0, 0])
  expect(details[1]!.rows.map(({ calls }) => Number(calls))).toEqual([1, 1, 1, 1, 1, 5, 10])
})

test('charges a summary with its own tokens', async () => {
  await store.plant(turns())
  // Of 10 turns, a summary of 10 tokens: each of the 9 turns sends it ($0.01), and pays a tenth of reading 1,000 + 10
  // tokens and of writing 10 ($0.02). The first of them would lose $0.013, and needs none.
  const each = 0.01 + 0.101 + 0.002
  expect(Number(saved(await store.find('context-growth', 'summary_tokens=10')))).toBeCloseTo(
    4.4 - 8 * each,
    9,
  )
})

test('has nothing to gain from inputs that do not grow, that shrink, or that a cache holds', async () => {
  await store.plant(turns({ input_tokens: 5000 }))
  expect(saved(await store.find('context-growth'))).toBe('0.000000000000')
  await store.plant(
    turns().map((turn, i) => ({ ...turn, input_tokens: i % 4 === 3 ? 10 : turn['input_tokens']! })),
  )
  expect(saved(await store.find('context-growth'))).toBe('0.000000000000')
  await store.plant(turns({ cache_read_input_tokens: 50 }))
  expect(saved(await store.find('context-growth'))).toBe('0.000000000000')
  await store.plant(turns({ session_id: null }))
  expect((await store.find('context-growth')).lacks.map(({ field }) => field)).toEqual(['session_id'])
})
