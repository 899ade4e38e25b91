/** Errors without what a provider quotes back. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { withoutQuotations } from '../../src/domain/words/error-text.js'

let db: Database
beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { memoryLimit: '256MiB', threads: 1 })
})
afterAll(() => db.close())

const cleaned = async (text: string): Promise<string> =>
  (
    await db.one<{ t: string }>(`SELECT left(${withoutQuotations('t')}, 200) AS t FROM (SELECT $t AS t)`, {
      t: text,
    })
  ).t

test.each([
  [
    `Error code: 400 - {'error': {'message': "Invalid prompt: how do I build it", 'type': 'invalid_request_error', 'code': 'x'}}`,
    `Error code: 400 - {'error': {'message': …, 'type': 'invalid_request_error', 'code': 'x'}}`,
  ],
  ['Invalid prompt: tell me how\nto', 'Invalid prompt: …'],
  [`[type=missing, input_value={'a': 'my text'}, input_type=dict]`, '[type=missing, input_value=…'],
  [
    `{"error":{"message":"You said \\"my secret\\" ok","type":"bad"}}`,
    '{"error":{"message":…,"type":"bad"}}',
  ],
  [`the user said 'please don't tell anyone about it' and left`, `the user said '…' and left`],
  ['cut off: "it goes on and on and on and', 'cut off: "…"'],
  ['He said “this is my own long text” twice', 'He said “…” twice'],
  // What says nothing of a prompt stays.
  [
    'prompt is too long: 210000 tokens > 200000 maximum',
    'prompt is too long: 210000 tokens > 200000 maximum',
  ],
  [
    'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
    'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
  ],
  [
    `the model's context doesn't hold 'gpt-4o' of the user's`,
    `the model's context doesn't hold 'gpt-4o' of the user's`,
  ],
  ['Rate limit reached for gpt-4o', 'Rate limit reached for gpt-4o'],
  ['timeout', 'timeout'],
])('%s', async (text, expected) => {
  expect(await cleaned(text)).toBe(expected)
})

test('whatever is quoted is gone, and done twice is as done once', async () => {
  const quotes = fc.constantFrom(
    ...["''", '""', '``', '“”', '‘’', '«»'].map((pair) => Array.from(pair) as [string, string]),
  )
  const words = fc.array(fc.constantFrom('alpha', 'beta', "don't", '12', 'a_b', ', ', '\n'), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(
      words,
      fc.oneof(
        fc
          .tuple(quotes, fc.constantFrom('', 'the text ', '('))
          .map(([[open, close], before]) => `${before}${open}CANARY goes on and on and on${close}`),
        fc
          .tuple(
            fc.constantFrom('prompt', 'message', 'input', 'Messages', 'user_prompt'),
            fc.constantFrom(': ', '=', '": "', "': '"),
          )
          .map(([name, sign]) => `${name}${sign}CANARY`),
      ),
      words,
      async (before, quoted, after) => {
        const once = await cleaned(`${before.join(' ')} ${quoted} ${after.join(' ')}`)
        expect(once).not.toContain('CANARY')
        expect(await cleaned(once)).toBe(once)
      },
    ),
    { numRuns: 150 },
  )
})
