/** Real logs, and the figures that independent tools and the logs themselves give for them, to the last digit. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { answerOf, type Answer, type Cell } from '../property/exact-json.js'
import { emptyFolder, sharedFolder } from './program.js'
import { runWarmWell } from './together.js'

/** Nothing of it is asked for here: every database is named. */
const env = { HOME: sharedFolder() }
const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url))
const inFixture = (folder: string, ending: string): string[] =>
  readdirSync(join(fixtures, folder))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(fixtures, folder, name))

const sessions = inFixture('claude-code/real-day', '.jsonl')
const azure = inFixture('azure-traces/one-hour', '.gz')
const litellm = inFixture('litellm/real', '.json')
const bedrock = inFixture('bedrock/real', '.jsonl')

const shown = ['calls', 'input_tokens', 'output_tokens', 'cost_usd'] as const
const figures = (row: Readonly<Record<string, Cell>> | undefined): (Cell | undefined)[] =>
  shown.map((key) => row?.[key])

/** What `breakdown --by model` must say, for any way of reading the same logs. */
interface Expected {
  readonly rows: Readonly<Record<string, readonly string[]>>
  readonly totals: readonly string[]
}

function expectFigures(answer: Answer, expected: Expected): void {
  expect(Object.fromEntries(answer.rows.map((row) => [String(row['model']), figures(row)]))).toEqual(
    expected.rows,
  )
  expect(figures(answer.totals)).toEqual(expected.totals)
}

const claudeDay: Expected = {
  rows: {
    // 180 uncached + 11,783,397 read + 488,218 written
    'claude-opus-4-6': ['140', '12271795', '28763', '9.663036'],
    // 53 + 604,156 + 71,257
    'claude-sonnet-4-5-20250929': ['12', '675466', '136', '0.45065955'],
  },
  totals: ['152', '12947261', '28899', '10.11369555'],
}
const azureHour: Expected = {
  rows: { 'gpt-4o-2024-08-06': ['19366', '22361870', '4088665', '96.791325'] },
  totals: ['19366', '22361870', '4088665', '96.791325'],
}
const litellmCall: Expected = {
  rows: { 'gpt-4o': ['1', '10', '20', '0.000225'] },
  totals: ['1', '10', '20', '0.000225'],
}

const byModel = ['breakdown', '--by', 'model', '--json']

/** The breakdown by `--input`, and through a database ingested once and twice. */
async function everyWay(sources: readonly string[], options: readonly string[] = []): Promise<Answer[]> {
  const cwd = emptyFolder()
  const store = ['--db', join(cwd, 'calls.duckdb')]
  const answers = [answerOf(await runWarmWell([...byModel, ...options, '--input', ...sources], { cwd, env }))]
  for (let time = 1; time <= 2; time++) {
    await runWarmWell(['ingest', ...sources, ...options, ...store], { cwd, env })
    answers.push(answerOf(await runWarmWell([...byModel, ...store], { cwd, env })))
  }
  return answers
}

describe('a coding agent’s day', () => {
  test('gives the figures by --input, through a database, and after ingesting twice', async () => {
    for (const answer of await everyWay(sessions)) expectFigures(answer, claudeDay)
  })

  test('prints 295 lines as 152 calls and 143 earlier copies', async () => {
    const cwd = emptyFolder()
    const told = answerOf(
      await runWarmWell(['ingest', ...sessions, '--json', '--db', join(cwd, 'calls.duckdb')], { cwd, env }),
    )
    const { lines, imported, duplicates, superseded, skipped, rejected } = told.totals
    expect([lines, imported, skipped, rejected]).toEqual(['295', '152', '0', '0'])
    expect(Number(duplicates) + Number(superseded)).toBe(143)
  })

  test('keeps cached and written input apart', async () => {
    const cwd = emptyFolder()
    await runWarmWell(['ingest', ...sessions, '--db', 'calls.duckdb'], { cwd, env })
    const sql = `SELECT model, sum(input_tokens - cache_read_input_tokens - cache_creation_input_tokens) AS uncached,
      sum(cache_read_input_tokens) AS read, sum(cache_creation_input_tokens) AS written FROM calls GROUP BY 1 ORDER BY 1`
    const { rows } = answerOf(await runWarmWell(['sql', sql, '--json', '--db', 'calls.duckdb'], { cwd, env }))
    expect(rows).toEqual([
      { model: 'claude-opus-4-6', uncached: '180', read: '11783397', written: '488218' },
      { model: 'claude-sonnet-4-5-20250929', uncached: '53', read: '604156', written: '71257' },
    ])
  })

  test('gives them in every order of the files, in one run and file by file', async () => {
    const [a, b, c] = sessions as [string, string, string]
    const orders = [
      [a, b, c],
      [a, c, b],
      [b, a, c],
      [b, c, a],
      [c, a, b],
      [c, b, a],
    ]
    for (const [i, order] of orders.entries()) {
      const cwd = emptyFolder()
      if (i % 2 === 1)
        expectFigures(answerOf(await runWarmWell([...byModel, '--input', ...order], { cwd, env })), claudeDay)
      else {
        for (const file of order) await runWarmWell(['ingest', file, '--db', 'calls.duckdb'], { cwd, env })
        expectFigures(
          answerOf(await runWarmWell([...byModel, '--db', 'calls.duckdb'], { cwd, env })),
          claudeDay,
        )
      }
    }
  })

  test('is not doubled by gzipped, renamed and split copies', async () => {
    const cwd = emptyFolder()
    const store = ['--db', 'calls.duckdb']
    mkdirSync(join(cwd, 'copies/deep'), { recursive: true })
    for (const [i, file] of sessions.entries()) {
      copyFileSync(file, join(cwd, `copies/deep/renamed-${i}.jsonl`))
      writeFileSync(join(cwd, `copies/zipped-${i}.jsonl.gz`), gzipSync(readFileSync(file)))
      const lines = readFileSync(file, 'utf8').split(/(?<=\n)/)
      for (const part of [0, 1, 2]) {
        writeFileSync(
          join(cwd, `copies/part-${part}-of-${i}.jsonl`),
          lines.filter((_, line) => line % 3 === part).join('') || '\n',
        )
      }
    }
    expectFigures(
      answerOf(await runWarmWell([...byModel, '--input', 'copies', ...sessions], { cwd, env })),
      claudeDay,
    )
    await runWarmWell(['ingest', 'copies', ...store], { cwd, env })
    expectFigures(answerOf(await runWarmWell([...byModel, ...store], { cwd, env })), claudeDay)
    await runWarmWell(['ingest', ...sessions, ...store], { cwd, env })
    expectFigures(answerOf(await runWarmWell([...byModel, ...store], { cwd, env })), claudeDay)
  })
})

test('one hour of a chat service, its model given, gives the figures every way', async () => {
  for (const answer of await everyWay(azure, ['--set', 'model=gpt-4o-2024-08-06']))
    expectFigures(answer, azureHour)
})

test('a gateway’s row costs what the gateway itself said', async () => {
  for (const file of litellm) {
    for (const answer of await everyWay([file])) expectFigures(answer, litellmCall)
    const cwd = emptyFolder()
    const sql = 'SELECT cost_usd, reported_cost_usd, cost_basis FROM calls'
    const { rows } = answerOf(await runWarmWell(['sql', sql, '--json', '--input', file], { cwd, env }))
    expect(rows).toEqual([{ cost_usd: '0.000225', reported_cost_usd: '0.000225', cost_basis: 'list' }])
  }
})

test('a model-invocation record keeps its tokens, its end and its time', async () => {
  for (const answer of await everyWay(bedrock)) {
    expect(figures(answer.totals).slice(0, 3)).toEqual(['1', '4', '38'])
  }
  const cwd = emptyFolder()
  const { rows } = answerOf(await runWarmWell(['calls', '--json', '--input', ...bedrock], { cwd, env }))
  expect(rows[0]).toMatchObject({
    input_tokens: '4',
    output_tokens: '38',
    finish_reason: 'stop',
    latency_ms: '302',
  })
})

test('all of them in one run stay apart', async () => {
  const cwd = emptyFolder()
  const all = [...bedrock, ...sessions, ...litellm]
  for (const order of [all, [...all].reverse()]) {
    const { totals } = answerOf(await runWarmWell([...byModel, '--input', ...order], { cwd, env }))
    expect(totals['calls']).toBe('155')
  }
})
