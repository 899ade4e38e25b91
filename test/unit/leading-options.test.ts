/** Options that stand before the command. */
import { describe, expect, test } from 'vitest'
import { partedLine, withLeading } from '../../src/commands/line/leading-options.js'
import { commandEntries } from '../../src/commands/registry.js'

/** The line as it is run. */
async function settled(...words: string[]): Promise<readonly string[]> {
  const line = partedLine(words)
  return withLeading(line, await commandEntries.find(({ name }) => name === line.name)?.load())
}

describe('options before the command', () => {
  test.each([
    ['--db x report', 'report --db x'],
    ['--db=x report', 'report --db=x'],
    ['--json -q report --since 7d', 'report --json -q --since 7d'],
    ['--where a=b --where c=d report', 'report --where a=b --where c=d'],
    ['--input a report b', 'report --input a b'],
    ['--no-color report', 'report --no-color'],
    ['--db x prices explain gpt-4o', 'prices explain --db x gpt-4o'],
    ['--db x prices gpt-4o', 'prices --db x gpt-4o'],
    ['--config c --db x report', '--config c report --db x'],
    ['--config=c report', '--config=c report'],
    ['--db report', '--db report'],
    ['--help', '--help'],
    ['-V', '-V'],
    ['--dbx report x', '--dbx report x'],
    ['report --db x', 'report --db x'],
    ['report -- --db', 'report -- --db'],
    ['', ''],
  ])('%s', async (typed, run) => {
    expect((await settled(...typed.split(' ').filter(Boolean))).join(' ')).toBe(run)
  })
})
