/** A value more in a JSON text that somebody else wrote: it is there, and every other byte is as it was. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withMember } from '../../../src/config/json.js'
import '../../property/seed.js'

const value = { type: 'command', command: 'llmcost statusline' }

const added = (text: string, keys: readonly string[] = ['statusLine']): string => {
  const result = withMember(text, keys, value)
  if ('there' in result) throw new Error(`there: ${result.there}`)
  return result.text
}

/** How much of the one text stands in the other, before and after what was put in. */
function isInserted(before: string, after: string): boolean {
  let head = 0
  while (head < before.length && before[head] === after[head]) head++
  return after.endsWith(before.slice(head))
}

test('of any object, in any layout', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })),
      fc.constantFrom(undefined, 1, 2, 4, '\t'),
      fc.constantFrom('\n', '\r\n'),
      fc.constantFrom(['statusLine'], ['ui', 'statusLine']),
      (object, indent, end, keys) => {
        const { statusLine: _, ui: __, ...others } = object
        const before = JSON.stringify(others, undefined, indent).replaceAll('\n', end)
        const after = added(before, keys)
        const made = keys.length === 1 ? { statusLine: value } : { ui: { statusLine: value } }
        expect(JSON.parse(after)).toEqual({ ...(JSON.parse(before) as object), ...made })
        if (before !== '{}') expect(isInserted(before, after)).toBe(true)
        // No line ends as no other does.
        if (end === '\r\n' && before.includes(end)) expect(after.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
      },
    ),
    { numRuns: 300 },
  )
})

describe('as a person would', () => {
  test.each([
    ['{}', '{\n  "statusLine": {\n    "type": "command",\n    "command": "llmcost statusline"\n  }\n}'],
    ['{ "a": 1 }\n', '{ "statusLine": {"type":"command","command":"llmcost statusline"}, "a": 1 }\n'],
    [
      '{\n\t"a": 1, // why\n}\n',
      '{\n\t"statusLine": {\n\t\t"type": "command",\n\t\t"command": "llmcost statusline"\n\t},\n\t"a": 1, // why\n}\n',
    ],
    [
      '{ // mine\n  "a": 1\n}',
      '{ "statusLine": {"type":"command","command":"llmcost statusline"}, // mine\n  "a": 1\n}',
    ],
    [
      '{\n  // empty\n}',
      '{\n  "statusLine": {\n    "type": "command",\n    "command": "llmcost statusline"\n  }\n  // empty\n}',
    ],
  ])('%j', (before, after) => {
    expect(added(before)).toBe(after)
  })

  test('within an object that is there', () => {
    expect(added('{\n  "ui": {\n    "theme": "x"\n  }\n}', ['ui', 'statusLine'])).toBe(
      '{\n  "ui": {\n    "statusLine": {\n      "type": "command",\n      "command": "llmcost statusline"\n    },\n    "theme": "x"\n  }\n}',
    )
  })

  test('what stands there is told, of two the one that counts', () => {
    expect(withMember('{"statusLine":1,"statusLine": [2] }', ['statusLine'], value)).toEqual({ there: '[2]' })
    expect(withMember('{"ui":{"statusLine":null}}', ['ui', 'statusLine'], value)).toEqual({ there: 'null' })
  })

  test.each(['', '[]', '7', '{"a":}', '{"a":1', '{"ui":[]}', '{"ui":null}'])('%j is refused', (text) => {
    expect(() => withMember(text, ['ui', 'statusLine'], value)).toThrow(/./)
  })
})
