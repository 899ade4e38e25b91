/** What a word in the place of a command leads to. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { synonyms, unknownCommand } from '../../src/commands/line/near-commands.js'
import { commandEntries, loadCommands } from '../../src/commands/registry.js'
import { UserError } from '../../src/errors.js'

const names = commandEntries.map(({ name }) => name)
const commands = await loadCommands()

describe('synonyms', () => {
  test.each(Object.keys(synonyms).filter((command) => !/--help|help options/.test(command)))(
    '%s can be typed',
    (command) => {
      const [, name, ...rest] = command.split(' ')
      const spec = commands.find((one) => one.name === name)
      const known = spec?.options.map(({ flags }) => /--[a-z-]+/.exec(flags)?.[0])
      const within = spec?.subcommands?.map((sub) => sub.name) ?? []
      expect(spec).toBeDefined()
      for (const word of rest.filter((one) => one.startsWith('--'))) {
        const subs = spec?.subcommands?.flatMap(({ options }) => options.map(({ flags }) => flags)) ?? []
        expect(known?.includes(word) === true || subs.some((flags) => flags.includes(word))).toBe(true)
      }
      if (/^[a-z]+$/.test(rest[0] ?? '')) expect(within).toContain(rest[0])
    },
  )

  test('none is a command, and none stands twice', () => {
    const words = Object.values(synonyms).flat()
    expect(words.filter((word) => names.includes(word))).toEqual([])
    expect(new Set(words).size).toBe(words.length)
  })
})

test.each([
  ['models', 'llmcost breakdown --by model'],
  ['users', 'llmcost breakdown --by user'],
  ['hour-of-day', 'llmcost breakdown --by hour-of-day'],
  ['import', 'llmcost ingest <logs>'],
  ['ls', 'llmcost calls'],
  ['top', 'llmcost breakdown --by user --top 10'],
  ['reprot', 'llmcost report'],
  ['forcast', 'llmcost forecast'],
])('%s', (word, command) => {
  expect(unknownCommand(word, names).hint).toContain(`Did you mean ${command}?`)
})

test('any word is told as wrong use, with what to do', () => {
  fc.assert(
    fc.property(fc.string(), (word) => {
      const error = unknownCommand(word, names)
      expect(error).toBeInstanceOf(UserError)
      expect(error.code).toBe('usage')
      expect(error.hint).toMatch(/llmcost/)
    }),
  )
})
