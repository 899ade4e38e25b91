import { expect, test } from 'vitest'
import { callColumns, callFields, pricedColumnNames, usageFields } from '../../src/domain/call.js'

test('a log may fill every column but those that are worked out', () => {
  const own = [
    'source',
    'model',
    'tags',
    'revision_id',
    'file_id',
    'line',
    'unread_usage',
    'total_tokens',
    'cache_shape',
    'cache_reading',
    'id_kind',
    'logged_id',
    'request_ids',
    ...pricedColumnNames,
  ]
  const names = callColumns.map(({ name }) => name)
  expect(callFields).toEqual(names.filter((name) => !own.includes(name)))
})

test('what a call used is counted in whole numbers', () => {
  const types = new Map(callColumns.map(({ name, type }) => [name, type]))
  expect(usageFields).toContain('input_tokens')
  expect(usageFields.filter((name) => types.get(name) !== 'BIGINT')).toEqual([])
})
