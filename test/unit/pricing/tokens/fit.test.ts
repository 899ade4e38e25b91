/** Which messages go when a chat is too long. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countPrompt } from '../../../../src/pricing/tokens/count.js'
import { fitMessages, withMessages } from '../../../../src/pricing/tokens/fit.js'
import { readPrompt, type Prompt } from '../../../../src/pricing/tokens/prompt.js'

type Chat = Extract<Prompt, { kind: 'messages' }>

const chat = (value: unknown): Chat => {
  const prompt = readPrompt(JSON.stringify(value))
  if (prompt.kind !== 'messages') throw new Error('no chat')
  return prompt
}

const conversation = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'What is the capital of France?' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 't1', function: { name: 'look', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: 't1', content: 'Paris' },
  { role: 'assistant', content: 'Paris.' },
  { role: 'user', content: 'And of Spain?' },
  { role: 'assistant', content: 'Madrid.' },
  { role: 'user', content: 'And of Italy?' },
]

test('whole turns go, the oldest first; the system and the last turn stay', async () => {
  const prompt = chat(conversation)
  const count = await countPrompt(prompt, 'gpt-4o')
  expect(fitMessages(prompt.messages, count, count.tokens)).toMatchObject({ dropped: [], fits: true })
  const short = fitMessages(prompt.messages, count, count.tokens - 1)
  expect(short.dropped).toEqual([1, 2, 3, 4])
  expect(withMessages(prompt, short.kept)).toEqual([conversation[0], ...conversation.slice(5)])
  expect(fitMessages(prompt.messages, count, short.tokens - 1).dropped).toEqual([1, 2, 3, 4, 5, 6])
  expect(fitMessages(prompt.messages, count, 1)).toMatchObject({ kept: [0, 7], fits: false })
})

test("Anthropic's requests keep their system, and results of tools stay with their calls", async () => {
  const body = {
    model: 'claude-sonnet-4-5',
    system: [{ type: 'text', text: 'Be brief.' }],
    max_tokens: 100,
    messages: [
      { role: 'user', content: 'How warm is it, and how warm will it be?' },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 't', name: 'weather', input: { city: 'Rome' } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: '31 °C' }] },
      { role: 'assistant', content: '31 °C.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Thanks.' },
          { type: 'image', source: {} },
        ],
      },
    ],
  }
  const prompt = chat(body)
  const count = await countPrompt(prompt, 'claude-sonnet-4-5')
  expect(count.doubts).toContain('not counted: image')
  const fit = fitMessages(prompt.messages, count, count.tokens - 1)
  expect(fit.dropped).toEqual([1, 2, 3, 4])
  expect(withMessages(prompt, fit.kept)).toEqual({ ...body, messages: body.messages.slice(4) })
})

test('what is kept has the tokens that it says', async () => {
  const roles = fc.constantFrom('user', 'assistant', 'tool')
  const message = fc.record({ role: roles, content: fc.lorem({ maxCount: 12 }) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { minLength: 1, maxLength: 9 }),
      fc.integer({ min: 0, max: 200 }),
      async (all, most) => {
        const prompt = chat([{ role: 'system', content: 'Be brief.' }, ...all])
        const count = await countPrompt(prompt, 'gpt-4o')
        const fit = fitMessages(prompt.messages, count, most)
        const kept = chat(withMessages(prompt, fit.kept))
        expect((await countPrompt(kept, 'gpt-4o')).tokens).toBe(fit.tokens)
        expect([...fit.kept, ...fit.dropped].sort((a, b) => a - b)).toEqual(prompt.messages.map((_, i) => i))
        expect(fit.kept).toContain(0)
        expect(fit.kept.at(-1)).toBe(all.length)
        if (count.tokens <= most) expect(fit.dropped).toEqual([])
      },
    ),
    { numRuns: 60 },
  )
})

test('other JSON, and JSON that is broken, are text', () => {
  for (const content of ['{"a": 1}', '[1, 2]', '[]', '{"messages": []}', '[{"role": "user"', 'plain', ''])
    expect(readPrompt(content)).toEqual({ kind: 'text', text: content })
})
