/** Tables of many groups: the first of them and one row of all others, and what is whole all the same. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { sharedFolder, type Ran } from './program.js'
import { runWarm } from './together.js'

/** User `u1` makes one call, `u2` two …, each of as many tokens as the number says; no price is known for them. */
const users = 27
const folder = sharedFolder()
const log = join(folder, 'calls.jsonl')

beforeAll(() => {
  const lines = Array.from({ length: users }, (_, i) => i + 1).flatMap((user) =>
    Array.from({ length: user }, (__, call) =>
      JSON.stringify({
        timestamp: new Date(Date.UTC(2026, 8, user, 10, call)).toISOString(),
        provider: 'p',
        model: 'm',
        input_tokens: user,
        output_tokens: 1,
        cost_usd: user,
        status: call === 0 ? 'error' : 'ok',
        latency_ms: user,
        user_id: `u${user}`,
      }),
    ),
  )
  writeFileSync(log, `${lines.join('\n')}\n`)
})

const ask = (...args: readonly string[]): Promise<Ran> =>
  runWarm([...args, '--input', log, '--as-of', 'latest', '--quiet'], { cwd: folder, env: { HOME: folder } })

/** First words of the lines that are rows of users, or of the others. */
const rowsOf = ({ stdout }: Ran): string[] =>
  stdout.split('\n').flatMap((line) => /^ {2}(u\d+|\(others\)) /.exec(line)?.[1] ?? [])

const note = '(others) is 7 of 27 users; --top all shows each'

describe('a table of more than twenty groups', () => {
  test('shows the first twenty and one row of all others, which is right to the digit', async () => {
    const ran = await ask('breakdown', '--by', 'user', '--columns', 'calls,cost_usd,p50_cost_usd')
    expect(rowsOf(ran)).toEqual([...Array.from({ length: 20 }, (_, i) => `u${users - i}`), '(others)'])
    // Users 1 to 7: as many calls, of as many dollars; the 15th and 14th of the 28 are of the 5th user.
    const calls = [1, 2, 3, 4, 5, 6, 7]
    const cost = calls.reduce((sum, n) => sum + n * n, 0)
    expect(ran.stdout).toMatch(new RegExp(`\\(others\\) +28 +\\$${cost}\\.00 +\\$5\\.00`))
    expect(ran.stdout).toContain(note)
  })

  test('is whole with --top all, and has as many as --top says', async () => {
    expect(rowsOf(await ask('breakdown', '--by', 'user', '--top', 'all'))).toHaveLength(users)
    const few = await ask('breakdown', '--by', 'user', '--top', '3')
    expect(rowsOf(few)).toEqual(['u27', 'u26', 'u25', '(others)'])
    expect(few.stdout).not.toContain('--top all')
  })

  test.each(['efficiency', 'errors', 'latency'])('%s folds its groups, too', async (command) => {
    const ran = await ask(command, '--by', 'user')
    expect(rowsOf(ran)).toContain('(others)')
    expect(ran.stdout).toContain(note)
  })

  test('is whole in data formats', async () => {
    for (const format of ['json', 'csv', 'markdown']) {
      const { stdout } = await ask('breakdown', '--by', 'user', '--format', format)
      expect(new Set(stdout.match(/\bu\d+\b/g))).toHaveProperty('size', users)
      expect(stdout).not.toContain('(others)')
    }
  })

  test('is whole where the groups follow each other in time', async () => {
    const { stdout } = await ask('breakdown', '--by', 'day')
    expect(stdout.match(/^ {2}2026-09-\d\d/gm)).toHaveLength(users)
  })
})

test('a table of twenty groups has no others', async () => {
  const ran = await ask('breakdown', '--by', 'user', '--where', 'input_tokens>7')
  expect(rowsOf(ran)).toHaveLength(20)
  expect(ran.stdout).not.toContain('(others)')
})

test('what is neither a number nor all is told', async () => {
  const { code, stderr } = await ask('breakdown', '--by', 'user', '--top', 'some')
  expect({ code, stderr }).toMatchInlineSnapshot(`
    {
      "code": 2,
      "stderr": "llmcost: --top some is not a whole number from 1 on
      For example --top 10, or --top all.
    ",
    }
  `)
})
