/** Whether a difference is more than chance, held to its word by simulated costs. */
import { describe, expect, test } from 'vitest'
import { judgeRatio, studentQuantile, type Chance, type Sample } from '../../src/domain/chance.js'
import { numbers } from '../numbers.js'

type Cost = (random: () => number) => number

const normal: Cost = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** Lognormal costs with a mean of 1. */
const lognormal =
  (sigma: number): Cost =>
  (random) =>
    Math.exp(sigma * normal(random) - sigma ** 2 / 2)

/** Two in a hundred cost twenty times as much: a few large documents among chats. */
const mixture: Cost = (random) => ((random() < 0.02 ? 20 : 1) * lognormal(0.5)(random)) / (0.02 * 20 + 0.98)

function sample(calls: number, scale: number, cost: Cost, random: () => number): Sample {
  const costs = Array.from({ length: calls }, () => scale * cost(random))
  const mean = costs.reduce((a, b) => a + b, 0) / calls
  const squares = costs.reduce((sum, one) => sum + (one - mean) ** 2, 0)
  return { calls, mean, stddev: Math.sqrt(squares / (calls - 1)), max: Math.max(...costs) }
}

interface Tally {
  /** Runs that judged. */
  judged: number
  /** Intervals that left the true ratio out, among all runs. */
  missed: number
  /** Runs that claimed a difference. */
  claimed: number
}

function tally(runs: number, ratio: number, [a, b]: readonly [number, number], cost: Cost): Tally {
  const random = numbers(a * 7919 + b)
  const found: Tally = { judged: 0, missed: 0, claimed: 0 }
  for (let run = 0; run < runs; run++) {
    const chance = judgeRatio(sample(a, ratio, cost, random), sample(b, 1, cost, random))
    if (!('low' in chance)) continue
    found.judged++
    if (ratio < chance.low || ratio > chance.high) found.missed++
    if (chance.verdict === 'more_than_chance') found.claimed++
  }
  return found
}

const sizes = [
  [100, 100],
  [100, 3000],
  [1000, 1000],
  [3000, 300],
] as const

describe('with skewed costs', () => {
  const kinds = { mild: lognormal(0.5), skewed: lognormal(1), 'heavy-tailed': lognormal(1.5), mixture }
  for (const [name, cost] of Object.entries(kinds)) {
    test.each(sizes)(`${name}, %i against %i calls: no difference is claimed in one of 20 cases`, (a, b) => {
      const runs = Math.round(1_500_000 / (a + b + 500))
      // 5 %, and three standard errors of the simulation itself.
      const bound = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs)
      expect(tally(runs, 1, [a, b], cost).claimed / runs).toBeLessThanOrEqual(bound)
    })
  }

  test.each(sizes)('%i against %i calls: the interval holds the true ratio in 19 of 20 cases', (a, b) => {
    const runs = Math.round(1_500_000 / (a + b + 500))
    const { judged, missed } = tally(runs, 1.4, [a, b], lognormal(1))
    expect(judged / runs).toBeGreaterThan(0.8)
    expect(missed / judged).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / judged))
    // It is no wider than it need be either: where samples are large, it misses about as often as it says.
    if (Math.min(a, b) === 1000) expect(missed / judged).toBeGreaterThan(0.02)
  })

  test('a true difference is found', () => {
    const { claimed } = tally(300, 1.4, [1000, 1000], lognormal(1))
    expect(claimed / 300).toBeGreaterThan(0.95)
  })

  test('few calls that have not met the tail of many are not trusted', () => {
    const runs = 300
    const { judged, claimed } = tally(runs, 1, [30, 3000], lognormal(2))
    expect(judged / runs).toBeLessThan(0.05)
    expect(claimed / runs).toBeLessThan(0.05)
  })
})

describe('refusals', () => {
  const plain: Sample = { calls: 1000, mean: 0.005, stddev: 0.005, max: 0.03 }
  const verdict = (a: Partial<Sample>, b: Partial<Sample> = {}): Chance =>
    judgeRatio({ ...plain, ...a }, { ...plain, ...b })

  test.each<[string, Partial<Sample>, Partial<Sample>, object]>([
    ['29 calls', { calls: 29 }, {}, { verdict: 'too_few_calls', reason: 'few' }],
    ['one call', {}, { calls: 1, stddev: null }, { verdict: 'too_few_calls', reason: 'few' }],
    [
      'a mean known to a half',
      { calls: 100, stddev: 0.025 },
      {},
      { verdict: 'too_few_calls', reason: 'spread' },
    ],
    ['no spread', {}, { stddev: null }, { verdict: 'unknown', reason: 'no_spread' }],
    ['no cost', { mean: 0, stddev: 0, max: 0 }, {}, { verdict: 'unknown', reason: 'zero' }],
  ])('%s', (_, a, b, expected) => expect(verdict(a, b)).toMatchObject(expected))

  test('one call that makes up most of the scatter', () => {
    // 999 calls of 1 and one of 301.
    const mean = 1.3
    const one = { calls: 1000, mean, stddev: Math.sqrt((999 * 0.3 ** 2 + 299.7 ** 2) / 999), max: 301 }
    const found = verdict(one, { calls: 100_000, mean: 1.3, stddev: 1, max: 10 })
    expect(found).toMatchObject({ verdict: 'too_few_calls', reason: 'one_call', side: 'a' })
    expect('share' in found && found.share).toBeGreaterThan(0.9)
  })

  test('calls that all cost the same on each side', () => {
    const constant = { stddev: 0, max: null }
    expect(verdict(constant, constant)).toEqual({ verdict: 'may_be_chance', low: 1, high: 1 })
    expect(verdict({ ...constant, mean: 0.006 }, constant)).toMatchObject({ verdict: 'more_than_chance' })
    // The last digit of a mean is no difference.
    expect(verdict({ ...constant, mean: 0.005 * (1 + 2 ** -52) }, constant)).toMatchObject({ low: 1 })
  })
})

test('an interval by hand', () => {
  const found = judgeRatio(
    { calls: 400, mean: 0.012, stddev: 0.006, max: null },
    { calls: 400, mean: 0.01, stddev: 0.005, max: null },
  )
  // Both have a relative spread of a half: the variance is 2 × 0.25 / 400, with 798 degrees of freedom.
  const reach = 1.962938 * Math.sqrt(0.00125)
  expect(found).toMatchObject({ verdict: 'more_than_chance' })
  expect('low' in found && found.low).toBeCloseTo(1.2 * Math.exp(-reach), 6)
  expect('high' in found && found.high).toBeCloseTo(1.2 * Math.exp(reach), 6)
})

/** Tables of Student's t, two-sided 5 %. */
test.each([
  [25, 2.059539],
  [29, 2.04523],
  [30, 2.042272],
  [40, 2.021075],
  [60, 2.000298],
  [120, 1.97993],
  [1000, 1.962339],
  [1e9, 1.959964],
])('the quantile of t with %d degrees of freedom', (freedom, value) => {
  expect(Math.abs(studentQuantile(freedom) - value)).toBeLessThan(6e-7)
})
