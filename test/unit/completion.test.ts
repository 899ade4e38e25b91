import { describe, expect, test } from 'vitest'
import { completionCommand } from '../../src/commands/keep/completion.js'
import type { Invocation } from '../../src/commands/command.js'
import { loadCommands } from '../../src/commands/registry.js'
import { complete, type Completion } from '../../src/commands/line/completing.js'

const commands = await loadCommands()

/** The placeholder that was asked for stands in the answer. */
const asked = async (placeholder: string, partial: string): Promise<Completion> => ({
  candidates: [{ value: `${placeholder}:${partial}`, about: '' }],
  files: false,
  open: false,
})

const values = async (words: readonly string[]): Promise<string[]> =>
  (await complete(words, commands, asked)).candidates.map(({ value }) => value)

describe('what the word under the cursor may be', () => {
  test('a command, by its beginning', async () => {
    expect(await values([''])).toEqual(commands.map(({ name }) => name))
    expect(await values(['re'])).toEqual(['report', 'reconcile', 'reprice', 'rejects'])
    expect(await values(['--'])).toEqual(['--config', '--help', '--version'])
    expect(await values(['nothing'])).toEqual([])
  })

  test('an option that is not there yet, and repeatable ones again', async () => {
    const first = await values(['breakdown', '--'])
    expect(first).toContain('--by')
    expect(first).toContain('--where')
    expect(first).toContain('--help')
    const next = await values(['breakdown', '--by', 'feature', '--where', 'user=a', '--'])
    expect(next).not.toContain('--by')
    expect(next).toContain('--where')
    expect(await values(['breakdown', '--by=feature', '--by'])).toEqual([])
  })

  test("an option's value, beside it or joined", async () => {
    expect(await values(['breakdown', '--by', 'fea'])).toEqual(['dimensions:fea'])
    expect(await values(['breakdown', '--by=fea'])).toEqual(['--by=dimensions:fea'])
    expect(await values(['breakdown', '--no-color='])).toEqual([])
    expect(await values(['calls', '--sort', 'd'])).toEqual(['dearest'])
  })

  test('files go on where an option takes several', async () => {
    expect(await values(['report', '--input', 'a.jsonl', 'b'])).toEqual(['source:b'])
    expect(await values(['report', '--input', 'a.jsonl', '--json', 'b'])).toEqual(['logs:b'])
    expect(await values(['report', 'b'])).toEqual(['logs:b'])
    expect(await values(['--db', 'x'])).toEqual(['path:x'])
    expect(await values(['--db', 'x', 'rep'])).toEqual(['report', 'reprice'])
    expect(await values(['--db', 'x', 'breakdown', '--by', 'fea'])).toEqual(['dimensions:fea'])
  })

  test('arguments, the last of them again and again where it may repeat', async () => {
    expect(await values(['ingest', ''])).toEqual(['sources:'])
    expect(await values(['ingest', 'a', '--dry-run', 'b', 'c'])).toEqual(['sources:c'])
    expect(await values(['explain', 'req-1', ''])).toEqual([])
    expect(await values(['ingest', '--', '-odd'])).toEqual(['sources:-odd'])
  })

  test('subcommands, beside the arguments of their command', async () => {
    expect(await values(['prices', 'ex'])).toEqual(['explain', 'model:ex'])
    expect(await values(['prices', 'explain', 'gpt'])).toEqual(['model:gpt'])
    expect(await values(['prices', 'gpt-4o', 'ex'])).toEqual([])
  })
})

describe('llmcost completion words', () => {
  const answer = async (
    args: readonly string[],
    env: Record<string, string>,
  ): Promise<string | undefined> => {
    const asked = { args, env, options: {}, given: () => false } as unknown as Invocation
    const { text } = (await completionCommand.subcommands?.[0]?.run(asked)) ?? {}
    return text
  }

  test.each([
    [['breakdown', '--by', 'feat']],
    [['breakdown', '--by', '']],
    [['trend', '--where', 'feature="a b\\']],
    [['']],
  ])('answers %j the same whether they are arguments or stand in the environment', async (words) => {
    const said = await answer(words, {})
    expect(said?.split('\n').length).toBeGreaterThan(1)
    expect(await answer([], { LLMCOST_WORDS: words.join('\n') })).toBe(said)
  })

  test('cost centers, where the command allocates to them', async () => {
    const centers = async (command: string): Promise<readonly string[]> => {
      const said = await answer([command, '--by', 'team,cost_c'], {})
      return said!.split('\n').flatMap((line) => (line.includes('\t') ? line.split('\t')[0]! : []))
    }
    for (const command of ['breakdown', 'trend']) expect(await centers(command)).toEqual(['team,cost_center'])
    for (const command of ['efficiency', 'compare', 'forecast']) expect(await centers(command)).toEqual([])
  })

  test('arguments win, and without either it is the start of a line', async () => {
    const said = await answer(['rep'], { LLMCOST_WORDS: 'breakdown\n--by\nfeat' })
    expect(said).toMatch(/^report\t/)
    expect(await answer([], {})).toBe(await answer([''], {}))
  })
})
