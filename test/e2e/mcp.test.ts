/** The server of the Model Context Protocol, asked by the official client: each answer is the command's own. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pinnedEnv, programPath, sharedFolder } from './program.js'
import { runWarmWell } from './together.js'

const cwd = sharedFolder()
const withPlans = { LLMCOST_CONFIG: 'subscriptions/llmcost.config.yaml' }
const client = new Client({ name: 'test', version: '1' })

beforeAll(async () => {
  cpSync(fileURLToPath(new URL('../../fixtures/demo', import.meta.url)), join(cwd, 'demo'), {
    recursive: true,
  })
  cpSync(
    fileURLToPath(new URL('../../fixtures/readme/subscriptions', import.meta.url)),
    join(cwd, 'subscriptions'),
    { recursive: true },
  )
  await runWarmWell(['ingest', 'demo', '--db', 'demo.duckdb'], { cwd })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [programPath(), 'mcp', '--db', 'demo.duckdb'],
    cwd,
    env: Object.fromEntries(
      Object.entries({ ...pinnedEnv(cwd), ...withPlans }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    ),
  })
  await client.connect(transport)
})
afterAll(() => client.close())

interface Answer {
  readonly isError: boolean
  readonly text: string
}

async function asked(name: string, args: Record<string, unknown> = {}): Promise<Answer> {
  const { content, isError } = await client.callTool({ name, arguments: args })
  const [first] = content as { type: string; text: string }[]
  return { isError: isError === true, text: first!.text }
}

interface Table {
  readonly rows: Record<string, unknown>[]
  readonly totals?: unknown
  readonly rowsLeftOut?: number
}

const json = async (
  name: string,
  args: Record<string, unknown> = {},
): Promise<Table & { sections: Table[] }> => {
  const { text, isError } = await asked(name, args)
  expect(isError, text).toBe(false)
  return JSON.parse(text) as Table & { sections: Table[] }
}

test('it tells what it can, and how its numbers are to be taken', async () => {
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toEqual([
    'report',
    'breakdown',
    'explain',
    'anomalies',
    'budget',
    'forecast',
    'plans',
    'optimize',
  ])
  for (const { annotations, description } of tools) {
    expect(annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false })
    expect(description!.length).toBeGreaterThan(30)
  }
  expect(client.getInstructions()).toContain('do not add')
})

describe('each tool answers with the JSON of its command', () => {
  const latest = ['--as-of', 'latest']
  const where = { as_of: 'latest' }
  test.each<[string, Record<string, unknown>, string[]]>([
    [
      'breakdown',
      { ...where, by: 'feature,model', since: '2026-09-01', where: ['user!=u1'] },
      [...latest, '--by', 'feature,model', '--since', '2026-09-01', '--where', 'user!=u1'],
    ],
    ['anomalies', where, latest],
    ['forecast', { ...where, by: 'feature' }, [...latest, '--by', 'feature']],
    [
      'budget',
      { ...where, budget: 'daily:20 feature=chat-assistant' },
      [...latest, '--budget', 'daily:20 feature=chat-assistant'],
    ],
    [
      'plans',
      { as_of: '2026-09-20', tz: 'Europe/Berlin', months: 1 },
      ['--as-of', '2026-09-20', '--tz', 'Europe/Berlin', '--months', '1'],
    ],
    ['optimize', where, latest],
  ])('%s', async (name, given, args) => {
    const told = await json(name, { ...given, limit: 500 })
    expect(told).toEqual(
      JSON.parse(
        await runWarmWell([name, '--json', '--db', 'demo.duckdb', ...args], { cwd, env: withPlans }),
      ),
    )
  })

  test('plans, of plans that are there', async () => {
    const { rows } = await json('plans', { as_of: '2026-09-20', months: 1 })
    expect(rows.map(({ plan }) => plan)).toContain('Analyst')
    const { isError, text } = await asked('plans', { months: 37 })
    expect([isError, text.includes('months')]).toEqual([true, true])
  })

  test('report, without what providers said of failures', async () => {
    const told = await json('report', { ...where, limit: 500 })
    const own = JSON.parse(
      await runWarmWell(['report', '--json', '--db', 'demo.duckdb', ...latest], { cwd }),
    ) as {
      sections: Table[]
    }
    expect(JSON.stringify(own)).toContain('"example_error"')
    expect(JSON.stringify(told)).not.toContain('"example_error"')
    expect(told.sections.map(({ rows }) => rows.length)).toEqual(own.sections.map(({ rows }) => rows.length))
    expect(told.sections[0]).toEqual(own.sections[0])
  })

  test('explain', async () => {
    const told = await json('explain', { call_id: 'req-014341' })
    expect(told).toEqual(
      JSON.parse(await runWarmWell(['explain', 'req-014341', '--json', '--db', 'demo.duckdb'], { cwd })),
    )
  })
})

test('rows beyond the limit are counted, and the total is that of all', async () => {
  const [few, all] = [
    await json('breakdown', { by: 'user', limit: 3 }),
    await json('breakdown', { by: 'user', limit: 500 }),
  ]
  expect(few.rows).toEqual(all.rows.slice(0, 3))
  expect(few.rowsLeftOut).toBe(all.rows.length - 3)
  expect(few.totals).toEqual(all.totals)
  expect((await json('breakdown', { by: 'day,user' })).rows).toHaveLength(50)
})

test('what goes wrong is said in the words of the command, and the next question is answered', async () => {
  for (const [name, args, words] of [
    ['breakdown', { by: 'nothing' }, 'nothing'],
    ['breakdown', { since: 'no time' }, 'no time'],
    ['explain', { call_id: '--help' }, '--help'],
    ['explain', { call_id: 'not there' }, 'not there'],
  ] as const) {
    const { isError, text } = await asked(name, args)
    expect(isError).toBe(true)
    expect(text).toContain(words)
    expect(text).not.toContain('    at ')
  }
  expect((await json('breakdown', {})).rows.length).toBeGreaterThan(0)
})

test('no value of an argument is an option or a command', async () => {
  const { isError, text } = await asked('breakdown', { by: '--output=stolen.json' })
  expect(isError).toBe(true)
  expect(text).toContain('output=stolen')
  const wrong = await asked('breakdown', { limit: 0 })
  expect(wrong.isError).toBe(true)
})
