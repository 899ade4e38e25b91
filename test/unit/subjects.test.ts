/** Who a figure is of, said once. */
import { expect, test } from 'vitest'
import { memberWords, namedWords, sentenceWords } from '../../src/domain/words/subjects.js'

test.each([
  ['user_id', 'user-31', 'user-31'],
  ['user_id', 'User 7', 'User 7'],
  ['user_id', 'user31', 'user31'],
  ['user_id', 'anna', 'user anna'],
  ['user_id', 'user', 'user user'],
  ['user_id', 'users-company', 'user users-company'],
  ['feature', 'featureless', 'feature featureless'],
  ['feature', 'search', 'feature search'],
  ['prompt_name', 'prompt/7', 'prompt/7'],
])('a value of %s that is %s is called %s', (dimension, value, words) => {
  expect(namedWords(dimension, value)).toBe(words)
  expect(memberWords(dimension, value)).toBe(words)
})

test('a name keeps its own letters at the beginning of a sentence', () => {
  expect(sentenceWords('user_id', 'user-31')).toBe('user-31')
  expect(sentenceWords('user_id', 'anna')).toBe('User anna')
})

test('who is not named is no user', () => {
  expect(memberWords('user_id', null)).toBe('no user')
  expect(memberWords(null, null)).toBe('all calls')
})
