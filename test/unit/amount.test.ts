import fc from 'fast-check'
import { expect, test } from 'vitest'
import { picos, shortUsdOf, sumPicos, usdOf } from '../../src/domain/costs/amount.js'

const amount = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n })

test('an amount is the same number in whole picodollars and in both forms of text', () => {
  fc.assert(
    fc.property(amount, (one) => {
      expect(picos(usdOf(one))).toBe(one)
      expect(picos(shortUsdOf(one))).toBe(one)
    }),
  )
})

test('a sum is exact, and what is missing adds nothing to it', () => {
  fc.assert(
    fc.property(fc.array(fc.option(amount)), (amounts) => {
      const texts = amounts.map((one) => (one === null ? null : usdOf(one)))
      expect(sumPicos([...texts, undefined])).toBe(
        amounts.reduce<bigint>((sum, one) => sum + (one ?? 0n), 0n),
      )
    }),
  )
})

test('a double is rounded to the twelfth place, half away from zero', () => {
  expect([0.1, 1e-13, 5e-13, -5e-13, 1.5e9, 3n].map(picos)).toEqual([
    100_000_000_000n,
    0n,
    1n,
    -1n,
    1_500_000_000_000_000_000_000n,
    3_000_000_000_000n,
  ])
})

test('the store writes twelve places; the short form leaves out zeros that say nothing', () => {
  const amounts = [0n, 100_000_000_000n, -1_500_000_000_000n, 1n]
  expect(amounts.map(usdOf)).toEqual([
    '0.000000000000',
    '0.100000000000',
    '-1.500000000000',
    '0.000000000001',
  ])
  expect(amounts.map(shortUsdOf)).toEqual(['0', '0.1', '-1.5', '0.000000000001'])
})

test.each(['', 'much', '1,5', Number.NaN, Number.POSITIVE_INFINITY])('%s is no amount', (text) => {
  expect(() => picos(text)).toThrow(/is no decimal/)
})
