/** Values of filters on numbers: what no call can have is said, and nothing is rounded to what one has. */
import { describe, expect, test } from 'vitest'
import { parseFilter } from '../../src/domain/filters.js'

describe('whole numbers', () => {
  test.each([
    ['attempt=2', '2'],
    ['attempt=2.0', '2'],
    ['attempt= 2e0 ', '2'],
    ['max_tokens!=-0', '0'],
    ['attempt=9223372036854775807', '9223372036854775807'],
    ['attempt~1.5', '1.5'],
    ['attempt=(none)', '(none)'],
  ])('%s', (text, value) => {
    expect(parseFilter(text).value).toBe(value)
  })

  test.each([
    'attempt=1.5',
    'attempt!=1.5',
    'attempt=1e30',
    'attempt=0x10',
    'attempt=9223372036854775808',
    'file_id=99999999999999999999',
    'attempt=NaN',
    'attempt=1,000',
    'attempt=one',
  ])('%s', (text) => {
    expect(() => parseFilter(text)).toThrow(/is a whole number$/)
  })
})

test.each(['temperature=1e400', 'temperature=0x10', 'temperature=Infinity', 'temperature=warm'])(
  '%s',
  (text) => {
    expect(() => parseFilter(text)).toThrow(/temperature is a number$/)
  },
)

test('other numbers and truths are as they are', () => {
  expect(parseFilter('temperature=0.70').value).toBe('0.70')
  expect(parseFilter('cache_hit=TRUE').value).toBe('true')
  expect(() => parseFilter('cache_hit=yes')).toThrow(/is true or false$/)
})
