/** Exports as other programs read them: Python's csv and decimal, jq, and a Parquet reader of other makers. */
import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { runWell, sharedFolder } from '../e2e/program.js'
import { answerOf, units } from '../property/exact-json.js'
import { parquetRows } from './parquet.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: join(cwd, 'costs.duckdb') }
const slow = 120_000

/** What a spreadsheet would compute, what a terminal would obey, and what cuts a line in two. */
const labels = [
  'chat',
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\tx',
  '\rx',
  '＝1+1',
  '=HYPERLINK("http://x","y")',
  'a,"b"\r\nc',
  '\u001b[31m',
  'é 中 👍',
  "'quoted",
]
const callCount = 400

/** Costs with all twelve places, times with all six. */
const line = (i: number): string =>
  JSON.stringify({
    timestamp: `2026-09-${String(1 + (i % 5)).padStart(2, '0')}T23:59:59.${String(i * 2477).padStart(6, '0')}Z`,
    request_id: `r${i}`,
    provider: ['openai', 'anthropic'][i % 2],
    model: ['gpt-4o-mini', 'claude-haiku-4-5'][i % 2],
    feature: labels[i % labels.length],
    input_tokens: 1000 + i * 37,
    output_tokens: i % 7 === 0 ? 0 : 20 + i,
    cached_tokens: i % 3 === 0 ? 200 : 0,
    ...(i % 4 === 0
      ? {
          cost: `0.${String(i * 7_919_999_983)
            .padStart(12, '0')
            .slice(-12)}`,
        }
      : {}),
    tags: { [labels[(i + 1) % labels.length]!]: labels[(i + 2) % labels.length] },
  })

/** The program's own sum of what the calls cost, in units of the twelfth place. */
let total: bigint

beforeAll(async () => {
  writeFileSync(
    join(cwd, 'calls.jsonl'),
    Array.from({ length: callCount }, (_, i) => `${line(i)}\n`).join(''),
  )
  await runWell(['ingest', 'calls.jsonl', '--quiet'], { cwd, env })
  const answer = answerOf(await runWell(['breakdown', '--by', 'none', '--json'], { cwd, env }))
  expect(answer.rows[0]!['calls']).toBe(String(callCount))
  total = units(answer.rows[0]!['cost_usd'])
  expect(total).toBeGreaterThan(0n)
}, slow)

const kinds = [
  { kind: 'calls', times: ['ts'], costs: ['cost_usd'] },
  { kind: 'hourly', times: ['hour'], costs: ['cost_usd'] },
  {
    kind: 'focus',
    times: ['BillingPeriodStart', 'BillingPeriodEnd', 'ChargePeriodStart', 'ChargePeriodEnd'],
    costs: ['BilledCost', 'EffectiveCost', 'ContractedCost'],
  },
] as const

const exportTo = async (name: string, ...args: readonly string[]): Promise<string> => {
  await runWell(['export', ...args, '--output', name, '--quiet'], { cwd, env })
  return join(cwd, name)
}

interface Read {
  readonly rows: readonly Readonly<Record<string, string>>[]
  readonly sums: Readonly<Record<string, string>>
  readonly acting: readonly string[]
}

function pythonReads(path: string, times: readonly string[], sums: readonly string[]): Read {
  const script = join(import.meta.dirname, 'read_export.py')
  const told = execFileSync('python3', [script, path, times.join(), sums.join()], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  return JSON.parse(told) as Read
}

const unitsOf = (rows: readonly Readonly<Record<string, unknown>>[], name: string): bigint =>
  rows.reduce((sum, row) => sum + (row[name] == null ? 0n : units(row[name] as string)), 0n)

/** Rows have no order of their own in common. */
const sorted = (texts: readonly string[]): string[] =>
  texts.toSorted((left, right) => (left < right ? -1 : left > right ? 1 : 0))

describe.each(kinds)('$kind', ({ kind, times, costs }) => {
  test(
    'CSV: Python reads every row, adds up the cost to the last digit, and no cell begins a formula',
    async () => {
      const { rows, sums, acting } = pythonReads(await exportTo(`${kind}.csv`, kind), times, costs)
      expect(rows.length).toBeGreaterThan(kind === 'calls' ? callCount - 1 : 10)
      expect(Object.keys(sums)).toEqual(costs)
      for (const sum of Object.values(sums)) expect(units(sum)).toBe(total)
      expect(acting).toEqual([])
      if (kind !== 'focus') expect(rows.map((row) => row['feature'])).toContain("'=1+1")
    },
    slow,
  )

  test(
    'Parquet: another reader finds the same rows, with every digit of the costs and times',
    async () => {
      const parquet = await parquetRows(await exportTo(`${kind}.parquet`, kind))
      const { rows } = pythonReads(join(cwd, `${kind}.csv`), times, costs)
      for (const name of costs) expect(unitsOf(parquet, name)).toBe(total)
      expect(parquet.length).toBe(rows.length)
      for (const name of costs) {
        const text = (row: Readonly<Record<string, unknown>>): string =>
          String(units((row[name] as string) || '0'))
        expect(sorted(parquet.map(text))).toEqual(sorted(rows.map(text)))
      }
      for (const name of times) {
        const moments = rows.map((row) =>
          row[name]!.replace(
            /(?:\.(\d+))?Z$/,
            (_, digits: string | undefined) => `.${(digits ?? '').padEnd(6, '0')}Z`,
          ),
        )
        expect(sorted(parquet.map((row) => String(row[name])))).toEqual(sorted(moments))
      }
    },
    slow,
  )
})

test(
  'JSONL: jq reads every text as the log had it, and adds up the cost to the last digit',
  async () => {
    const path = await exportTo('calls.jsonl.out', 'calls', '--format', 'jsonl')
    const jq = (...args: readonly string[]): string =>
      execFileSync('jq', [...args, path], { encoding: 'utf8' })
    const features = jq('-c', '.feature').trimEnd().split('\n')
    expect(features.map((text) => JSON.parse(text) as string).toSorted()).toEqual(
      Array.from({ length: callCount }, (_, i) => labels[i % labels.length]!).toSorted(),
    )
    // Whole numbers below 2^53 add up without rounding.
    const sum = jq('-s', 'map(.cost_usd // 0 | . * 1000000000000 | round) | add')
    expect(BigInt(sum.trim())).toBe(total)
  },
  slow,
)

test(
  'Parquet in a folder a day: the texts are those of the log, and the days add up',
  async () => {
    const lake = await exportTo('lake', 'calls', '--format', 'parquet', '--partition-by', 'day')
    const days = readdirSync(lake)
    expect(days.toSorted()).toEqual([1, 2, 3, 4, 5].map((day) => `day=2026-09-0${day}`))
    const files = days.flatMap((day) => readdirSync(join(lake, day)).map((name) => join(lake, day, name)))
    const rows = (await Promise.all(files.map(parquetRows))).flat()
    expect(unitsOf(rows, 'cost_usd')).toBe(total)
    const texts = new Map(rows.map((row) => [row['call_id'], row['feature']]))
    for (let i = 0; i < callCount; i++) expect(texts.get(`r${i}`)).toBe(labels[i % labels.length])
  },
  slow,
)
