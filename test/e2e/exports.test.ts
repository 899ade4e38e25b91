/** Exports through the packed program: pipes, deaths, what is there already, and reading them back. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { beforeAll, expect, test } from 'vitest'
import { exact } from '../property/focus-file.js'
import { contentsOf } from '../property/ingesting.js'
import { pinnedEnv, programPath, sharedFolder, start } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url))
const cwd = sharedFolder()
/** Each runs the program some ten times. */
const slow = 900_000
const env = { LLMCOST_DB: 'demo.duckdb' }

beforeAll(async () => {
  cpSync(join(fixtures, 'demo'), join(cwd, 'demo'), { recursive: true })
  await runWarmWell(['ingest', 'demo'], { cwd, env })
})

/** Bills are no calls. */
const left = ['readme', 'demo', 'azure-traces', 'anomaly-dev', 'bills']
/** Logs of every importer. */
const others = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !left.includes(entry.name))
  .map(({ name }) => name)
/** Of the long ones the beginning of one: reported costs, unpriced models, cache hits, tags. */
const beginning = (): string => {
  const packed = readFileSync(join(fixtures, 'anomaly-dev/small-spike-0/calls.csv.gz'))
  return gunzipSync(packed).toString('utf8').split('\n').slice(0, 2500).join('\n')
}

beforeAll(async () => {
  for (const name of others) cpSync(join(fixtures, name), join(cwd, 'logs', name), { recursive: true })
  writeFileSync(join(cwd, 'logs/beginning.csv'), beginning())
  await runWarm(['ingest', 'logs', '--db', 'all.duckdb'], { cwd })
}, slow)

/** Calls without what their cached tokens were read by, which was found in their own logs. */
const callsOf = async (db: string): Promise<readonly string[]> =>
  (await contentsOf(join(cwd, db))).calls.map((call) =>
    JSON.stringify({ ...(JSON.parse(call) as object), cache_shape: undefined, cache_reading: undefined }),
  )

test.each(['csv', 'jsonl'])(
  'calls of every importer as %s are read back as the same calls, and known where they came from',
  async (format) => {
    const db = ['--db', `all-${format}.duckdb`]
    cpSync(join(cwd, 'all.duckdb'), join(cwd, db[1]!))
    const calls = await callsOf(db[1]!)
    expect(calls.length).toBeGreaterThan(100)
    await runWarmWell(['export', 'calls', '--output', `calls.${format}`, ...db], { cwd })
    // One of them in folders. The other is read whole below, too, beside the calls that it is of.
    let source = `calls.${format}`
    if (format === 'csv') {
      const parts = ['--partition-by', 'month', '--format', format, '--output', (source = 'parts')]
      await runWarmWell(['export', 'calls', ...parts, ...db], { cwd })
    }
    await runWarmWell(['ingest', source, '--db', `${source}.duckdb`], { cwd })
    expect(await callsOf(`${source}.duckdb`)).toEqual(calls)
    await runWarmWell(['ingest', `calls.${format}`, ...db], { cwd })
    expect(await callsOf(db[1]!)).toEqual(calls)
  },
  slow,
)

test(
  'what FOCUS says of every importer is billed as the calls cost',
  async () => {
    const db = ['--db', 'all.duckdb']
    const charges = parse<Record<string, string>>(await runWarmWell(['export', 'focus', ...db], { cwd }), {
      columns: true,
    })
    const query = 'SELECT sum(cost_usd) AS cost_usd FROM calls'
    const cost = (await runWarmWell(['sql', query, '--format', 'csv', ...db], { cwd })).split('\n')[1]!
    const billed = charges.reduce((sum, row) => sum + exact(row['BilledCost']!, 12), 0n)
    expect(billed).toBe(exact(cost, 12))
    expect(new Set(charges.map((row) => row['x_CostBasis']))).toEqual(new Set(['list', 'reported']))
  },
  slow,
)

test('with bills: their charges stand where they cover calls, and stderr says for which', async () => {
  const call = (day: string, provider: string, model: string): string =>
    JSON.stringify({
      timestamp: `2026-09-${day}T10:00:00Z`,
      request_id: day + provider,
      provider,
      model,
      input_tokens: 1000,
      output_tokens: 500,
    })
  const calls = [
    call('01', 'openai', 'gpt-5-mini'),
    call('01', 'anthropic', 'claude-haiku-4-5'),
    call('09', 'openai', 'gpt-5-mini'),
  ]
  writeFileSync(join(cwd, 'billed-calls.jsonl'), calls.join('\n'))
  const input = ['--input', 'billed-calls.jsonl', join(fixtures, 'bills/openai/console')]
  const focus = ['export', 'focus', '--billing-account', 'acme']
  const both = await runWarm([...focus, '--billed', ...input], { cwd })
  const costs = parse<Record<string, string>>(both.stdout, { columns: true }).map((row) => [
    row['x_CostBasis'],
    row['ChargeCategory'],
    row['BilledCost'],
  ])
  expect(costs.toSorted((left, right) => (left.join() < right.join() ? -1 : 1))).toEqual([
    ['billed', 'Credit', '-0.5'],
    ...['0.000032', '0.0012', '0.0015705', '0.001734'].map((cost) => ['billed', 'Usage', cost]),
    ...['0.00025', '0.001', '0.001', '0.0025'].map((cost) => ['list', 'Usage', cost]),
  ])
  expect(both.stderr).toContain(
    'note: bills stand for 1 call to openai ($0.00125): $0.00454 of their charges',
  )
  const alone = await runWarm([...focus, ...input], { cwd })
  expect(alone.stderr).toContain('warning: bills cover 1 call to openai ($0.00125): --billed puts')
  expect(alone.stdout).not.toContain('billed')
})

test('stdout is the rows and nothing else, and a reader may leave', async () => {
  const { stdout, stderr, code } = await runWarm(['export', 'hourly', '--quiet'], { cwd, env })
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^hour,"provider",/)
  await runWarmWell(['export', 'hourly', '--output', 'hourly.csv'], { cwd, env })
  expect(stdout).toBe(readFileSync(join(cwd, 'hourly.csv'), 'utf8'))
  const headed = spawnSync(
    'sh',
    [
      '-c',
      `"${process.execPath}" "${programPath()}" export calls --quiet | head -n 2; echo "\${PIPESTATUS:-ok}"`,
    ],
    { cwd, env: pinnedEnv(cwd, env), encoding: 'utf8' },
  )
  expect(headed.stderr).toBe('')
  expect(headed.stdout.split('\n').length).toBe(4)
})

test('asked of logs, it writes the calls of the logs', async () => {
  const args = [
    'export',
    'calls',
    '--input',
    'demo/calls-2026-09-28.jsonl.gz',
    '--where',
    'feature=search',
    '--format',
    'jsonl',
    '--quiet',
  ]
  const lines = (await runWarmWell(args, { cwd })).trimEnd().split('\n')
  const asked = [
    'breakdown',
    '--by',
    'none',
    '--where',
    'feature=search',
    '--input',
    'demo/calls-2026-09-28.jsonl.gz',
    '--json',
  ]
  const answer = JSON.parse(await runWarmWell(asked, { cwd })) as { rows: { calls: number }[] }
  expect(lines.length).toBe(answer.rows[0]!.calls)
  expect(
    (
      await runWarm(
        [
          'export',
          'calls',
          '--input',
          'demo/calls-2026-09-28.jsonl.gz',
          '--since',
          '2027-01-01',
          '--until',
          '2027-02-01',
        ],
        {
          cwd,
        },
      )
    ).stderr,
  ).toContain('no calls from 2027-01-01')
})

test('nothing that is there is replaced without --force', async () => {
  writeFileSync(join(cwd, 'mine.csv'), 'mine')
  const refused = await runWarm(['export', 'calls', '--output', 'mine.csv'], { cwd, env })
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('--force') as unknown])
  expect(readFileSync(join(cwd, 'mine.csv'), 'utf8')).toBe('mine')
  await runWarmWell(['export', 'calls', '--output', 'mine.csv', '--force'], { cwd, env })
  expect(readFileSync(join(cwd, 'mine.csv'), 'utf8')).toMatch(/^"call_id"/)
  mkdirSync(join(cwd, 'photos'))
  writeFileSync(join(cwd, 'photos', 'one.jpg'), '')
  const folder = await runWarm(
    ['export', 'calls', '--partition-by', 'day', '--output', 'photos', '--force'],
    {
      cwd,
      env,
    },
  )
  expect(folder.code).toBe(1)
  expect(readdirSync(join(cwd, 'photos'))).toEqual(['one.jpg'])
})

test(
  'an export that is killed leaves nothing under its name, and its rest goes with the next',
  async () => {
    const room = join(cwd, 'killed')
    mkdirSync(room)
    const args = [
      'export',
      'calls',
      '--format',
      'parquet',
      '--partition-by',
      'day',
      '--output',
      'killed/lake',
    ]
    const began = performance.now()
    await runWarmWell([...args.slice(0, -1), 'whole'], { cwd, env })
    let lasts = performance.now() - began
    const whole = readdirSync(join(cwd, 'whole')).toSorted()
    let killed = 0
    for (let i = 0; i < 40 && killed < 4; i++) {
      rmSync(join(room, 'lake'), { recursive: true, force: true })
      const born = performance.now()
      const child = start(args, { cwd, env })
      const ended = new Promise((resolve) => child.on('close', (_code, signal) => resolve(signal)))
      const isOver = ended.then(() => performance.now() - born)
      await Promise.race([isOver, sleep(lasts * (0.5 + (i % 8) / 16))])
      child.kill('SIGKILL')
      if ((await ended) === 'SIGKILL') killed += 1
      // It was ready before: the machine is less busy than it was.
      else lasts = Math.min(lasts, await isOver)
      const names = readdirSync(room).filter((name) => !name.endsWith('.partial'))
      if (names.length > 0) expect(readdirSync(join(room, 'lake')).toSorted()).toEqual(whole)
    }
    expect(killed).toBeGreaterThan(2)
    await runWarmWell([...args, '--force'], { cwd, env })
    expect(readdirSync(room)).toEqual(['lake'])
  },
  slow,
)

test('a name acts neither on the shell, the engine nor the terminal', async () => {
  const name = "o'; DROP TABLE calls; -- $1 {uuid} \u001b[31m*.csv"
  const { stderr, code } = await runWarm(['export', 'hourly', '--output', name], { cwd, env })
  expect(code).toBe(0)
  expect(stderr).not.toContain('\u001b')
  expect(readFileSync(join(cwd, name), 'utf8')).toBe(readFileSync(join(cwd, 'hourly.csv'), 'utf8'))
})

test('the report of the export is the report', async () => {
  const asked = ['--as-of', '2026-09-28', '--sections', 'summary,models']
  const json = JSON.parse(await runWarmWell(['report', ...asked, '--json'], { cwd, env })) as {
    sections: { id: string; rows: Record<string, unknown>[] }[]
  }
  const lines = (
    await runWarmWell(['export', 'report', ...asked, '--format', 'jsonl', '--quiet'], { cwd, env })
  )
    .trimEnd()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as {
          section: string
          part: string
          row: number
          column: string
          value: string | null
          number: number | null
        },
    )
  const rows = lines.filter(({ part }) => part === 'row')
  const cells = json.sections.flatMap(({ id, rows: all }) =>
    all.flatMap((row, i) => Object.entries(row).map(([key, value]) => [id, i + 1, key, value])),
  )
  expect(rows.length).toBe(cells.length)
  for (const [i, [section, row, column, value]] of cells.entries()) {
    expect(rows[i]).toMatchObject({ section, row, column })
    if (typeof value === 'number') expect(rows[i]!.number).toBe(value)
    else if (typeof value !== 'object') expect(rows[i]!.value).toBe(String(value))
  }
})

test('the engines of others read Parquet with exact decimals', () => {
  // Through the package's own engine, in a process of its own that knows nothing of us.
  const script = `const { DuckDBInstance } = require('@duckdb/node-api');
    (async () => { const c = await (await DuckDBInstance.create(':memory:')).connect()
      const r = await c.runAndReadAll("DESCRIBE SELECT * FROM read_parquet('whole/*/*.parquet')")
      process.stdout.write(JSON.stringify(r.getRowsJson().map(([name, type]) => [name, type]))) })()`
  const told = execFileSync(process.execPath, ['-e', script], {
    cwd,
    env: { ...pinnedEnv(cwd), NODE_PATH: fileURLToPath(new URL('../../node_modules', import.meta.url)) },
    encoding: 'utf8',
  })
  const types = new Map(JSON.parse(told) as [string, string][])
  expect([types.get('cost_usd'), types.get('ts'), types.get('tags'), types.get('day')]).toEqual([
    'DECIMAL(18,12)',
    'TIMESTAMP',
    'MAP(VARCHAR, VARCHAR)',
    'DATE',
  ])
})
