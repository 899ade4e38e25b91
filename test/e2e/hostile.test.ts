/** Hostile logs: each line is imported or rejected with a reason, and nothing in it acts, in any output. */
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ask } from '../property/ingesting.js'
import { emptyFolder, pinnedEnv, programPath } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const call = (more: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({
    timestamp: '2026-10-01T00:00:00Z',
    model: 'gpt-4o',
    input_tokens: 10,
    output_tokens: 1,
    ...more,
  })

/** A hostile line by its number: what it tries is spread evenly. */
const attacks: readonly ((i: number) => string)[] = [
  (i) => call({ id: `fine-${i}` }),
  (i) => call({ id: `cut-${i}` }).slice(0, 40 + (i % 60)),
  (i) => `{"timestamp":"2026-10-01","id":"nul-${i}","input_tokens":1,"user_id":"a\0b"}`,
  (i) => call({ id: `nul-in-text-${i}`, user_id: 'a\0b', 'k\0ey': 'x' }),
  (i) => call({ id: `text-${i}`, input_tokens: '12', output_tokens: ' 7 ' }),
  (i) => call({ id: `negative-${i}`, input_tokens: -1 }),
  (i) => `{"timestamp":"2026-10-01","id":"huge-${i}","input_tokens":1e308,"output_tokens":1}`,
  (i) => `{"timestamp":"2026-10-01","id":"cost-${i}","cost":1e308}`,
  (i) => `{"timestamp":"2026-10-01","id":"nan-${i}","input_tokens":NaN}`,
  (i) =>
    `{"timestamp":"2026-10-01","id":"twice-${i}","input_tokens":1,"input_tokens":999999,"output_tokens":1}`,
  (i) => call({ id: `escape-${i}`, user_id: `\u001b[31m\u001b]0;title\u0007evil-${i % 7}\u009b2J` }),
  (i) => call({ id: `formula-${i}`, feature: ['=cmd()', '+1+1', '-2+3', '@SUM(A1)', '\t=1', '\r=1'][i % 6] }),
  (i) => call({ id: `sql-${i}`, user_id: "'; DROP TABLE calls; --", "'; DROP TABLE files; --": 'x' }),
  (i) =>
    call({ id: `html-${i}`, feature: '<script>alert(1)</script>', user_id: '<img src=x onerror=alert(1)>' }),
  (i) => call({ id: `bidi-${i}`, user_id: `\u202eabc\u2066\u200f${i % 3}` }),
  (i) => call({ id: `markdown-${i}`, feature: '| x | [a](javascript:alert(1)) ![i](http://x/y) `' }),
  (i) => call({ id: `key-${i}`, [`k${'x'.repeat(5000)}`]: 1 }),
  (i) => call({ id: `keys-${i}`, [`label_${i}`]: 'v' }),
  (i) =>
    call({ id: `empty-${i}`, '': 'x', ' ': 'y', constructor: 'z', __proto__x: 1, tags: { '': 1, a: 2 } }),
  (i) => call({ id: `types-${i}`, model: { a: 1 }, user_id: ['x'], feature: null, error: [1] }),
  (i) => `[{"id":"list-${i}"}]`,
  () => 'null',
  () => '"just text"',
  () => '\u0007\u001b[2Jnot json',
  (i) => call({ id: `time-${i}`, timestamp: ['2026-02-30', '99999-01-01', 'infinity', -1, true][i % 5] }),
  (i) => call({ id: `surrogate-${i}`, user_id: 'x' }).replace('"x"', '"\\ud800"'),
]

/** Lines that no JSON.stringify would make: invalid UTF-8, depth, length. */
function rareLines(): Buffer[] {
  const deep = (open: string, close: string): string =>
    `{"timestamp":"2026-10-01T00:00:00Z","id":"deep","input_tokens":1,"x":${open.repeat(10_000)}1${close.repeat(10_000)}}`
  return [
    Buffer.concat([
      Buffer.from('{"timestamp":"2026-10-01","input_tokens":1,"user_id":"'),
      Buffer.from([0xff, 0xfe, 0xc3, 0x28]),
      Buffer.from('"}'),
    ]),
    Buffer.from([0xff, 0xff, 0xff]),
    Buffer.from(deep('[', ']')),
    Buffer.from(deep('{"a":', '}')),
    Buffer.from('['.repeat(10_000)),
    Buffer.from('{"a":'.repeat(10_000)),
    Buffer.from(call({ id: 'control-bytes', user_id: 'x' }).replace('x', '\u0001\u0002')),
    Buffer.from(call({ id: 'long-text', note: 'n'.repeat(3_000_000) })),
  ]
}

const total = 3_000

function writeHostile(path: string): number {
  const file = openSync(path, 'w')
  const rare = rareLines()
  for (let i = 0; i < total - rare.length; i++) writeSync(file, attacks[i % attacks.length]!(i) + '\n')
  for (const line of rare) {
    writeSync(file, line)
    writeSync(file, '\n')
  }
  closeSync(file)
  return total
}

interface IngestAnswer {
  readonly totals: Readonly<
    Record<'lines' | 'imported' | 'duplicates' | 'superseded' | 'skipped' | 'rejected', number>
  >
}

test('3,000 hostile lines: every one is booked, and nothing acts in any output', async () => {
  const cwd = emptyFolder()
  const lines = writeHostile(join(cwd, 'hostile.jsonl'))
  const db = ['--db', 'calls.duckdb']
  const ran = await runWarm(['ingest', 'hostile.jsonl', '--max-rejects', '100%', '--json', ...db], { cwd })
  expect(ran.code, ran.stderr).toBe(0)
  const { totals } = JSON.parse(ran.stdout) as IngestAnswer
  expect(totals.lines).toBe(lines)
  expect(totals.imported + totals.duplicates + totals.superseded + totals.skipped + totals.rejected).toBe(
    lines,
  )
  expect(totals.skipped).toBe(0)

  const store = join(cwd, 'calls.duckdb')
  const kinds = await ask(
    store,
    `SELECT regexp_extract(call_id, '^([a-z-]+)-[0-9]+$', 1) AS kind, count(*) AS n FROM calls GROUP BY 1 ORDER BY 1`,
  )
  const imported = new Set(kinds.map((row) => row['kind']))
  for (const kind of [
    'fine',
    'text',
    'escape',
    'formula',
    'sql',
    'html',
    'bidi',
    'markdown',
    'key',
    'keys',
    'empty',
    'types',
  ]) {
    expect(imported, kind).toContain(kind)
  }
  for (const kind of ['cut', 'negative', 'huge', 'cost', 'nan', 'twice', 'time', 'list']) {
    expect(imported, kind).not.toContain(kind)
  }
  const rejects = await ask(store, "SELECT count(*) AS n FROM rejects WHERE reason IS NULL OR reason = ''")
  expect(rejects[0]).toEqual({ n: 0 })
  const [numbers] = await ask(
    store,
    "SELECT min(input_tokens) AS lo, max(input_tokens) AS hi FROM calls WHERE call_id LIKE 'text-%'",
  )
  expect(numbers).toEqual({ lo: 12, hi: 12 })

  const questions = [
    ['breakdown', '--by', 'user_id,feature'],
    ['calls', '--top', '500'],
    ['rejects'],
    ['report', '--as-of', 'latest'],
    ['status'],
    ['sql', "SELECT * FROM calls WHERE call_id NOT LIKE 'fine%' LIMIT 2000"],
  ]
  for (const [looks, question] of questions.entries()) {
    for (const format of ['table', 'markdown', 'json', 'csv']) {
      const answer = await runWarm([...question, '--format', format, ...db], { cwd }, looks)
      const name = `${question[0]} ${format}`
      expect([name, answer.code, answer.code === 0 ? '' : answer.stderr]).toEqual([name, 0, ''])
      for (const text of [answer.stdout, answer.stderr]) expectHarmless(name, text, format)
    }
  }
})

function expectHarmless(name: string, text: string, format: string): void {
  // eslint-disable-next-line no-control-regex
  expect(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.exec(text.replaceAll('\r\n', '\n'))?.[0],
    `${name}: controls`,
  ).toBeUndefined()
  expect(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/.exec(text)?.[0], `${name}: bidi`).toBeUndefined()
  if (format === 'markdown') {
    expect(/<(?:script|img)/i.exec(text)?.[0], `${name}: html`).toBeUndefined()
    expect(/(?<!\\)\]\(javascript:/.exec(text)?.[0], `${name}: link`).toBeUndefined()
  }
  if (format === 'csv') {
    const cells = text.split(/\r?\n/).flatMap((line) => line.split(','))
    const formula = cells.find((cell) => /^"?(?:[=@\t\r]|[+-](?![\d.]))/.test(cell))
    expect(formula, `${name}: formula`).toBeUndefined()
  }
}

test('lines of 50 MB and a file of 250 MB are read within bounded memory', async () => {
  const cwd = emptyFolder()
  const file = openSync(join(cwd, 'long.jsonl'), 'w')
  const text = 'x'.repeat(10_000_000)
  for (let i = 0; i < 4; i++) {
    writeSync(file, call({ id: `before-${i}` }) + '\n')
    writeSync(file, call({ id: `long-${i}`, prompt: '@' }).replace('@', text.repeat(5)) + '\n')
  }
  writeSync(file, `{"broken": "${text.repeat(5)}\n`)
  writeSync(file, call({ id: 'last' }) + '\n')
  closeSync(file)
  const probe = `process.argv.splice(1, 1); process.on('exit', () => console.error('PEAK', process.resourceUsage().maxRSS)); await import(process.argv[1])`
  const ran = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      probe,
      '--',
      'llmcost',
      programPath(),
      'ingest',
      'long.jsonl',
      '--max-rejects',
      '100%',
      '--json',
      '--db',
      'calls.duckdb',
      '--memory-limit',
      '512MB',
    ],
    { cwd, env: pinnedEnv(cwd), encoding: 'utf8' },
  )
  expect(ran.status, ran.stderr).toBe(0)
  const { totals } = JSON.parse(ran.stdout) as IngestAnswer
  expect([totals.lines, totals.imported + totals.rejected]).toEqual([10, 10])
  const peak = Number(/PEAK (\d+)/.exec(ran.stderr)?.[1]) / 1024
  expect(peak).toBeGreaterThan(50)
  expect(peak).toBeLessThan(2000)
  const ids = (await ask(join(cwd, 'calls.duckdb'), 'SELECT call_id FROM calls ORDER BY 1')).map(
    (row) => row['call_id'],
  )
  expect(ids).toEqual(expect.arrayContaining(['before-0', 'before-3', 'last']))
})

test('10,000 distinct keys do not widen the store without end', async () => {
  const cwd = emptyFolder()
  const lines = Array.from({ length: 10_000 }, (_, i) =>
    call({ id: `c-${i}`, [`key_${i}`]: 'v', tags: { [`tag_${i}`]: 'w' } }),
  )
  writeFileSync(join(cwd, 'keys.jsonl'), lines.join('\n') + '\n')
  const { totals } = JSON.parse(
    await runWarmWell(['ingest', 'keys.jsonl', '--json', '--db', 'calls.duckdb'], { cwd }),
  ) as IngestAnswer
  expect(totals.imported).toBe(10_000)
})

test('what is not a store of ours, or damaged, or newer, is refused and left byte for byte as it was', async () => {
  const cwd = emptyFolder()
  writeFileSync(join(cwd, 'log.jsonl'), `${call({ id: 'a' })}\n`)
  await runWarmWell(['ingest', 'log.jsonl', '--db', 'good.duckdb'], { cwd })
  const good = readFileSync(join(cwd, 'good.duckdb'))
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const made = async (name: string, base: Buffer | undefined, sql: string): Promise<void> => {
    if (base) writeFileSync(join(cwd, name), base)
    const instance = await DuckDBInstance.create(join(cwd, name))
    const connection = await instance.connect()
    await connection.run(sql)
    await connection.run('CHECKPOINT')
    connection.closeSync()
    instance.closeSync()
  }
  await made('other.duckdb', undefined, 'CREATE TABLE t AS SELECT 42 AS x')
  await made('newer.duckdb', good, "UPDATE meta SET value = '999' WHERE key = 'schema_version'")
  writeFileSync(
    join(cwd, 'random.duckdb'),
    Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 256)),
  )
  writeFileSync(join(cwd, 'text.duckdb'), 'this is a text')
  writeFileSync(join(cwd, 'truncated.duckdb'), good.subarray(0, Math.floor(good.length / 2)))
  writeFileSync(join(cwd, 'header.duckdb'), good.subarray(0, 5000))
  writeFileSync(
    join(cwd, 'smashed.duckdb'),
    Buffer.concat([good.subarray(0, 4096), Buffer.alloc(8192, 0x5a), good.subarray(12288)]),
  )
  for (const name of ['other', 'newer', 'random', 'text', 'truncated', 'header', 'smashed']) {
    const before = readFileSync(join(cwd, `${name}.duckdb`))
    for (const args of [
      ['status'],
      ['report'],
      ['ingest', 'log.jsonl'],
      ['ingest', 'log.jsonl', '--dry-run'],
    ]) {
      const ran = await runWarm([...args, '--db', `${name}.duckdb`], { cwd })
      const told = `${name}: ${args.join(' ')}: ${ran.stderr}`
      expect([ran.code, ran.stdout], told).toEqual([1, ''])
      expect(ran.stderr, told).toContain(`${name}.duckdb`)
      expect(ran.stderr, told).not.toMatch(/unexpected|    at /)
    }
    expect(readFileSync(join(cwd, `${name}.duckdb`)).equals(before), name).toBe(true)
    expect(existsSync(join(cwd, `${name}.duckdb.wal`)), name).toBe(false)
  }
  const folder = await runWarm(['ingest', 'log.jsonl', '--db', '.'], { cwd })
  expect([folder.code, folder.stderr]).toEqual([1, expect.stringContaining('folder')])
})

test('sql reads, and does nothing else', async () => {
  const cwd = emptyFolder()
  writeFileSync(join(cwd, 'log.jsonl'), `${call({ id: 'a' })}\n`)
  await runWarmWell(['ingest', 'log.jsonl', '--db', 'calls.duckdb'], { cwd })
  const before = readFileSync(join(cwd, 'calls.duckdb'))
  const refused = [
    'DELETE FROM calls',
    'UPDATE calls SET cost_usd = 0',
    'DROP TABLE calls',
    'CREATE TABLE x AS SELECT 1',
    "COPY calls TO 'out.csv'",
    "COPY (SELECT 1) TO 'out.csv'",
    "ATTACH 'x.duckdb'",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('log.jsonl')",
    "SELECT * FROM 'log.jsonl'",
    "SELECT * FROM glob('/*')",
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP TABLE calls',
    'PRAGMA database_list',
    'SET enable_external_access = true',
    "SET memory_limit = '1GB'",
    'RESET lock_configuration',
    'INSTALL httpfs',
    'LOAD httpfs',
    "EXPORT DATABASE 'x'",
    'CHECKPOINT',
    'CALL pragma_version()',
    "EXPLAIN ANALYZE COPY calls TO 'out.csv'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO 'calls.duckdb' (FORMAT csv, USE_TMP_FILE false)",
    "COPY (SELECT 1) TO 'calls.duckdb.wal' (FORMAT csv, USE_TMP_FILE false)",
    'EXPLAIN SELECT 1',
    'FROM (PIVOT calls ON model USING count(*))',
    "FROM enable_logging(storage = 'file', storage_path = 'out.csv')",
    "FROM query('SELECT 1')",
    'BEGIN',
    'VACUUM',
    'USE memory',
    'PREPARE p AS SELECT 1',
  ]
  const answers = []
  for (const sql of refused)
    answers.push([sql, await runWarm(['sql', sql, '--db', 'calls.duckdb'], { cwd })] as const)
  for (const [sql, ran] of answers) {
    expect([sql, ran.code === 0 ? ran.stdout : 'refused']).toEqual([sql, 'refused'])
    expect(ran.stderr, sql).not.toContain('unexpected')
    expect(ran.stderr, sql).not.toContain('root:')
  }
  expect(readFileSync(join(cwd, 'calls.duckdb')).equals(before)).toBe(true)
  expect(['out.csv', 'x.duckdb', 'x'].filter((name) => existsSync(join(cwd, name)))).toEqual([])
  expect(
    await runWarmWell(['sql', 'SELECT count(*) AS n FROM calls', '--json', '--db', 'calls.duckdb'], { cwd }),
  ).toContain('"n": 1')
})

test('nothing quoted on stderr acts, or passes for a line of the program', async () => {
  const cwd = emptyFolder()
  const evil = 'x\r\n\u2028llmcost: all is well\u001b[31m\u202e\u200b\u{e0041}\u00ad'
  const name = `${evil.replaceAll('\u0000', '')}.jsonl`
  writeFileSync(join(cwd, name), `${JSON.stringify({ [evil]: 1, b: 2 })}\n`)
  writeFileSync(join(cwd, 'fine.jsonl'), `${call({})}\n${call({ input_tokens: evil })}\n`)
  const cases: readonly (readonly string[])[] = [
    ['ingest', name],
    ['breakdown', '--input', name],
    ['report', '--input', 'fine.jsonl'],
    ['explain', evil, '--input', 'fine.jsonl'],
    ['breakdown', '--by', evil, '--input', 'fine.jsonl'],
    ['breakdown', '--where', `attempt=${evil}`, '--input', 'fine.jsonl'],
    ['sql', `SELECT CAST('${evil}' AS INT) FROM calls`, '--input', 'fine.jsonl'],
    ['ingest', `${evil}/none.jsonl`],
    ['report', '--since', evil],
    ['report', '--format', evil],
    [evil],
    ['report', `--${evil}`],
  ]
  for (const args of cases) {
    const { stderr } = await runWarm(args, { cwd })
    const lines = stderr.split('\n')
    // eslint-disable-next-line no-control-regex
    expect(stderr, args.join(' ')).not.toMatch(
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e\u200b\u00ad\u{e0041}]/u,
    )
    expect(lines.filter((line) => line.startsWith('llmcost: all is well'))).toEqual([])
    expect(lines.length, stderr).toBeGreaterThan(1)
  }
})
