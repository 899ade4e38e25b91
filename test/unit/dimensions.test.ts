import { describe, expect, test } from 'vitest'
import { dimensionOf, dimensions, parseDimensions, shortForms } from '../../src/domain/dimensions.js'
import { parseFilter } from '../../src/domain/filters.js'
import { callColumns } from '../../src/domain/call.js'

describe('dimensions', () => {
  test.each([
    ['user', 'user_id'],
    ['session', 'session_id'],
    ['env', 'environment'],
    ['Model', 'model'],
    ['finish-reason', 'finish_reason'],
    ['hour-of-day', 'hour_of_day'],
    ['cache_hit', 'cache_hit'],
    ['tag.Region', 'tag.Region'],
  ])('%s is %s', (name, key) => {
    expect(dimensionOf(name).key).toBe(key)
  })

  test('derive from the columns of calls', () => {
    const keys = dimensions.map(({ key }) => key)
    for (const { name, type } of callColumns) if (type === 'VARCHAR') expect(keys).toContain(name)
    for (const column of Object.values(shortForms)) expect(keys).toContain(column)
    for (const measure of ['cost_usd', 'input_tokens', 'ts', 'tags']) expect(keys).not.toContain(measure)
  })

  test('none is the total alone; lists keep their order', () => {
    expect(parseDimensions('none')).toEqual([])
    expect(parseDimensions('feature, model,day').map(({ key }) => key)).toEqual(['feature', 'model', 'day'])
  })

  test.each([
    'featur',
    'cost_usd',
    '',
    'feature,,model',
    'none,feature',
    'user,user_id',
    'feature; DROP TABLE calls',
    'constructor',
  ])('refuses --by %j', (text) => {
    expect(() => parseDimensions(text)).toThrow(expect.objectContaining({ code: 'usage' }))
  })

  test('names the closest', () => {
    expect(() => dimensionOf('featur')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('feature') }),
    )
  })
})

describe('filters', () => {
  test.each([
    ['feature=chat', { dimension: 'feature', operator: '=', value: 'chat' }],
    ['user!=u=1', { dimension: 'user_id', operator: '!=', value: 'u=1' }],
    ['model~GPT-4o', { dimension: 'model', operator: '~', value: 'GPT-4o' }],
    ['tag.region=eu~1', { dimension: 'tag.region', operator: '=', value: 'eu~1' }],
    ['feature=(none)', { dimension: 'feature', operator: '=', value: '(none)' }],
    ['cache_hit=TRUE', { dimension: 'cache_hit', operator: '=', value: 'true' }],
    ['attempt=2', { dimension: 'attempt', operator: '=', value: '2' }],
  ])('%s', (text, filter) => {
    expect(parseFilter(text)).toEqual(filter)
  })

  test.each([
    'feature',
    '=x',
    'feature=',
    'line=1',
    'line>1',
    'day=2026-10-02',
    'cache_hit=maybe',
    'attempt=two',
  ])('refuses --where %j', (text) => {
    expect(() => parseFilter(text)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})
