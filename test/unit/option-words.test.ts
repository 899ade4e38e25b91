/** Options and columns as people write them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnsOf } from '../../src/commands/grouping.js'
import { meantOption, plainOptions } from '../../src/commands/line/option-words.js'
import { UserError } from '../../src/errors.js'
import { measureNames } from '../../src/metrics/measures/registry.js'

test('other words for the same option become it', () => {
  expect(plainOptions(['calls', '--limit', '5', '--order=latest', '--', '--limit'])).toEqual([
    'calls',
    '--top',
    '5',
    '--sort=latest',
    '--',
    '--limit',
  ])
})

test('all other words stay as they are', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      fc.pre(!words.some((word) => /^--(limit|order)(=|$)/.test(word)))
      expect(plainOptions(words)).toEqual(words)
    }),
  )
})

test('a word for an option that the command lacks means nothing', () => {
  expect(meantOption('--filter', ['--where'])).toBe('--where')
  expect(meantOption('--filter', ['--tz'])).toBeUndefined()
  expect(meantOption('constructor', ['--tz'])).toBeUndefined()
})

describe('--columns', () => {
  const names = fc.uniqueArray(fc.constantFrom(...measureNames), { minLength: 1, maxLength: 5 })

  test('reads what it is written as, and a plus adds', () => {
    fc.assert(
      fc.property(names, fc.boolean(), (list, adding) => {
        const text = (adding ? '+' : '') + list.join(',')
        expect(columnsOf(text)).toEqual({ names: list, isWhole: !adding })
      }),
    )
    expect(columnsOf('+users,+calls')).toEqual({ names: ['users', 'calls'], isWhole: false })
  })

  test.each(['calls,+users', '+', '', 'calls,', 'nothing'])('%j is refused', (text) => {
    expect(() => columnsOf(text)).toThrow(UserError)
  })

  test('no text throws anything but wrong use', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          columnsOf(text)
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
    )
  })
})
