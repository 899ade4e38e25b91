import { duration } from '../../src/domain/time/duration.js'
import { describe, expect, test } from 'vitest'
import { fixed, plain, readDecimal } from '../../src/domain/costs/decimal.js'
import {
  bytes,
  change,
  changeScale,
  count,
  inWords,
  msScale,
  number,
  numberScale,
  percent,
  percentScale,
  priceScale,
  shortCount,
  usd,
  usdScale,
  type Quantity,
  type Scale,
} from '../../src/domain/words/wording.js'

describe('one quantity', () => {
  test.each<[(value: Quantity) => string, Quantity, string]>([
    [usd, '1234.560000000000', '$1,234.56'],
    [usd, '0.000225000000', '$0.000225'],
    [usd, '0.0042', '$0.0042'],
    [usd, '0.5', '$0.50'],
    [usd, '0', '$0.00'],
    [usd, '-3.2', '-$3.20'],
    [usd, '1e-9', '$0.000000001'],
    [usd, '123456789012345678.905', '$123,456,789,012,345,678.91'],
    [usd, null, '–'],
    [usd, Number.NaN, '–'],
    [count, 1_234_567, '1,234,567'],
    [count, 10n ** 20n, '100,000,000,000,000,000,000'],
    [number, 3.25, '3.25'],
    [percent, 0.125, '12.5%'],
    [percent, 1, '100%'],
    [percent, 0.9999, '>99.9%'],
    [percent, 0.00004, '0.004%'],
    [change, 0.125, '+12.5%'],
    [change, -0.031, '-3.1%'],
    [change, 0, '0.0%'],
    [change, 12.5, '+1,250%'],
    [bytes, 1_400_000_000, '1.4 GB'],
    [bytes, 512, '512 B'],
    [shortCount, 22_412_004, '22.4M'],
    [shortCount, 999_950, '1M'],
    [shortCount, 812_345, '812k'],
    [shortCount, 950, '950'],
    [shortCount, 0, '0'],
    [shortCount, -1_200_000_000, '-1.2B'],
  ])('%o %s is %s', (wording, value, expected) => {
    expect(wording(value)).toBe(expected)
  })
})

test.each([
  [0, '0 ms'],
  [0.2, '0.2 ms'],
  [850, '850 ms'],
  [12_400, '12.4 s'],
  [59_960, '1 min'],
  [125_000, '2 min 5 s'],
  [4_320_000, '1 h 12 min'],
  [1e9, '11 d 13 h'],
])('%d ms take %s', (milliseconds, expected) => {
  expect(duration(milliseconds)).toBe(expected)
})

describe('numbers that stand together share one scale', () => {
  test.each<[(values: readonly Quantity[]) => Scale, Quantity[], string[]]>([
    [usdScale, ['1204.5', '0.0031', '0', null], ['$1,204.50', '<$0.01', '$0.00', '–']],
    [usdScale, ['0.0042', '0.31'], ['$0.0042', '$0.3100']],
    [usdScale, ['1.25', '0.0042'], ['$1.2500', '$0.0042']],
    [usdScale, ['-0.0001', '50'], ['>-$0.01', '$50.00']],
    [usdScale, [], []],
    [priceScale, ['2.500000000', '0.075000000', '15'], ['$2.500', '$0.075', '$15.000']],
    [percentScale, [0.421, 0.0001, 1, 0], ['42.1%', '<0.1%', '100.0%', '0.0%']],
    [percentScale, [0.5, 0.25], ['50%', '25%']],
    [changeScale, [0.00001, -0.5], ['+0.0%', '-50.0%']],
    [msScale, [12_400, 300], ['12.4 s', '0.3 s']],
    [msScale, [1240.4, 80], ['1,240 ms', '80 ms']],
    [numberScale, [4.2, 12.333], ['4.2', '12.3']],
    [numberScale, ['5', '3'], ['5', '3']],
  ])('%o %j', (scaleOf, values, expected) => {
    const scale = scaleOf(values)
    expect(values.map((value) => inWords(value, scale))).toEqual(expected)
  })
})

describe('decimals are read and written digit by digit', () => {
  test.each([
    ['0.000225000000', '0.000225'],
    ['-0.000', '0'],
    ['007.50', '7.5'],
    ['1e21', '1000000000000000000000'],
    ['-1.5E-7', '-0.00000015'],
  ])('%s is %s', (text, expected) => {
    const decimal = readDecimal(text)
    expect(decimal && plain(decimal)).toBe(expected)
  })

  test.each(['', 'x', '1,5', '0x10', '1e9999', ' 1', 'NaN', '=1', '1'.repeat(500)])(
    '%j is no decimal',
    (text) => {
      expect(readDecimal(text)).toBeUndefined()
    },
  )

  test.each([
    ['0.005', 2, '0.01'],
    ['-0.005', 2, '-0.01'],
    ['0.0049999', 2, '0.00'],
    ['12', 2, '12.00'],
    ['999.5', 0, '1000'],
  ])('%s to %d places is %s', (text, places, expected) => {
    const decimal = readDecimal(text)
    expect(decimal && fixed(decimal, places)).toBe(expected)
  })
})
