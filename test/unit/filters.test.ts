/** Values of filters on numbers: what no call can have is said, and nothing is rounded to what one has. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quantityNames } from '../../src/domain/dimensions.js'
import { parseFilter, parseFilters } from '../../src/domain/filters.js'
import { UserError } from '../../src/errors.js'

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

describe('comparisons', () => {
  test.each([
    ['cost_usd>0.1', 'cost_usd', '>', '0.1'],
    ['cost_usd >= 1e-3', 'cost_usd', '>=', '0.001'],
    ['latency_ms<30000', 'latency_ms', '<', '30000'],
    ['attempt<=2', 'attempt', '<=', '2'],
    ['input-tokens>-5', 'input_tokens', '>', '-5'],
  ])('%s', (text, dimension, operator, value) => {
    expect(parseFilter(text)).toEqual({ dimension, operator, value })
  })

  test.each([
    ['feature>1', /feature is no number/],
    ['cache_hit>1', /cache_hit is no number/],
    ['tag.tier>1', /tag\.tier is no number/],
    ['cost_usd>dear', /compare it with a number/],
    ['cost_usd>', /compare it with a number/],
    ['cost_usd>NaN', /compare it with a number/],
    ['cost_usd>1,5', /compare it with a number/],
    [`cost_usd>0.${'0'.repeat(18)}1`, /more digits/],
    ['input_tokens>1e30', /more digits/],
    ['day>1', /cannot filter by day/],
    ['cost_usd=0.0000000000001', /an amount of up to 12 places/],
  ])('%s', (text, message) => {
    expect(() => parseFilter(text)).toThrow(message)
  })

  test('every number of a call can be compared', () => {
    for (const name of quantityNames) expect(parseFilter(`${name}>0`).dimension).toBe(name)
  })
})

describe('several values', () => {
  const groups = { user_id: { research: ['ada', 'bob, jr'], all: ['@x'] } }
  const values = (text: string): readonly string[] =>
    parseFilters([text], groups).filters.map((one) => one.value)

  test.each([
    ['user=ada,bob', ['ada', 'bob']],
    ['user!=ada, bob', ['ada', 'bob']],
    [String.raw`user=ada\,bob`, ['ada,bob']],
    ['user=@research', ['ada', 'bob, jr']],
    ['user=@research,carol,@all', ['ada', 'bob, jr', 'carol', '@x']],
    [String.raw`user=\@research`, ['@research']],
    ['model=@research', ['@research']],
    ['user~a,b', ['a,b']],
    ['user=(none),ada', ['(none)', 'ada']],
    ['group.user=research', ['ada', 'bob, jr']],
    ['group.user_id!=all,research', ['@x', 'ada', 'bob, jr']],
    // What is in no group is none of their values.
    ['group.user=(none)', ['ada', 'bob, jr', '@x']],
  ])('%s', (text, expected) => {
    expect(values(text)).toEqual(expected)
  })

  test('no group is no value of any: the sign is turned', () => {
    const signs = (text: string): readonly string[] =>
      parseFilters([text], groups).filters.map(({ operator }) => operator)
    expect(signs('group.user=(none)')).toEqual(['!=', '!=', '!='])
    expect(signs('group.user!=(none)')).toEqual(['=', '=', '='])
  })

  test('what could be one value, too, is told', () => {
    const literals = (text: string): readonly string[] =>
      parseFilters([text], groups).readings.map(({ literal }) => literal.value)
    expect(literals('user=ada,bob')).toEqual(['ada,bob'])
    expect(literals('user=@research')).toEqual(['@research'])
    expect(literals('user=ada')).toEqual([])
    expect(literals(String.raw`user=ada\,bob`)).toEqual([])
    expect(literals('attempt=1,2')).toEqual([])
  })

  test.each([
    ['user=@reserch', /no group "reserch"/],
    ['group.user=reserch', /no group "reserch"/],
    ['group.user~re', /a group is named as a whole/],
    ['group.model=x', /no groups of model/],
    ['group.day=x', /no groups of day/],
    ['user=ada,', /has no value/],
    ['attempt=1,x', /whole number/],
  ])('%s', (text, message) => {
    expect(() => values(text)).toThrow(message)
  })

  const value = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((text) => text.trim() === text && text !== '')
  const escaped = (text: string): string => text.replaceAll(/,|^@/g, (sign) => `\\${sign}`)

  test('reads what was written', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('=', '!='),
        (list, sign) => {
          // A backslash at the end of a value would take the comma after it.
          fc.pre(!list.slice(0, -1).some((one) => one.endsWith('\\')))
          const { filters } = parseFilters([`feature${sign}${list.map(escaped).join(',')}`], groups)
          expect(filters).toEqual(list.map((one) => ({ dimension: 'feature', operator: sign, value: one })))
        },
      ),
    )
  })

  test('no text throws anything but wrong use', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom('user', 'cost_usd', 'attempt', 'tag.x', 'day', 'cache_hit'), fc.string())
        .map(([a, b]) => a + b),
      fc
        .tuple(
          fc.constantFrom('user', 'cost_usd', 'attempt', 'tag.x', 'latency_ms'),
          fc.constantFrom('=', '!=', '~', '>', '>=', '<', '<='),
          fc.oneof(fc.string(), fc.double().map(String), fc.stringMatching(/^[@,\\a\d.e-]*$/)),
        )
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (one) => {
        try {
          parseFilters([one], groups)
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
