/**
 * The installed program answers from an archive as from the database, byte for byte; and from no file that is not
 * what was archived.
 */
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { demoIn } from './demo.js'
import { sharedFolder } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'archived.duckdb', LLMCOST_ARCHIVE: 'kept' }
/** The last three weeks of the demo log: each of their days is a file of the archive. */
const plain = { LLMCOST_DB: 'weeks.duckdb', LLMCOST_CONFIG: '/dev/null' }
const asked = { cwd, env: { ...env, LLMCOST_CONFIG: '/dev/null' } }
const kept = join(cwd, 'kept')
const files = (): readonly string[] =>
  readdirSync(kept)
    .filter((name) => name.endsWith('.parquet'))
    .toSorted()
const at = (name: string): string => join(kept, name)

beforeAll(async () => {
  await demoIn(cwd)
  const weeks = readdirSync(join(cwd, 'logs')).toSorted().slice(-3)
  await runWarmWell(['ingest', ...weeks.map((name) => `logs/${name}`)], { cwd, env: plain })
  copyFileSync(join(cwd, 'weeks.duckdb'), join(cwd, 'archived.duckdb'))
  const said = await runWarmWell(['archive', '--older-than', '1d', '--to', 'kept'], asked)
  expect(said).toMatch(/^archived [\d,]+ days/)
  for (const name of ['archived.duckdb', 'kept'])
    cpSync(join(cwd, name), join(cwd, `${name}.safe`), { recursive: true })
})

beforeEach(() => {
  for (const name of ['archived.duckdb', 'kept']) {
    rmSync(join(cwd, name), { recursive: true, force: true })
    cpSync(join(cwd, `${name}.safe`), join(cwd, name), { recursive: true })
  }
})

const questions: readonly (readonly string[])[] = [
  ['report'],
  ['breakdown', '--by', 'user', '--top', '3', '--since', '3d'],
  ['latency', '--since', '2d'],
  ['calls', '--top', '5'],
  ['export', 'calls', '--since', '36h', '--format', 'csv'],
  ['trend', '--every', 'day'],
]

test.each(questions.map((args) => [args.join(' '), args] as const))('%s', async (_, args) => {
  const line = [...args, '--as-of', 'latest']
  const answers = await Promise.all([plain, asked.env].map((from) => runWarm(line, { cwd, env: from })))
  // Whole calls are exported in the order in which they lie.
  const lines = ({ stdout }: { stdout: string }): string =>
    args[0] === 'export' ? stdout.split('\n').toSorted().join('\n') : stdout
  expect(lines(answers[1]!) === lines(answers[0]!), answers[1]?.stdout.slice(0, 500)).toBe(true)
  expect(answers[1]?.stderr).toBe(answers[0]?.stderr)
  expect(answers[1]?.code).toBe(answers[0]?.code)
  expect([0, 3]).toContain(answers[0]?.code)
})

test('status says where the calls are, and --verify that they are as written', async () => {
  const shown = await runWarmWell(['status', '--json'], asked)
  const rollups = JSON.parse(shown).sections.find(({ id }: { id: string }) => id === 'rollups')
  expect(rollups.rows).toMatchObject([{ owner: 'archive' }])
  expect(await runWarmWell(['archive', '--verify'], asked)).toMatch(/days are as written/)
  const manifest = JSON.parse(readFileSync(at('manifest.json'), 'utf8'))
  expect(manifest.days.length).toBe(files().length)
  for (const { file, sha256, bytes } of manifest.days) {
    const content = readFileSync(at(file))
    expect([createHash('sha256').update(content).digest('hex'), content.length]).toEqual([sha256, bytes])
  }
})

test('without the folder, what needs calls says what to name', async () => {
  const { code, stdout, stderr } = await runWarm(['calls', '--as-of', 'latest'], {
    cwd,
    env: { ...asked.env, LLMCOST_ARCHIVE: '' },
  })
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/which are in the archive[\s\S]*--archive DIR/)
  const { stdout: sums } = await runWarm(
    ['breakdown', '--as-of', 'latest', '--columns', 'calls,cost_usd', '--csv'],
    {
      cwd,
      env: { ...asked.env, LLMCOST_ARCHIVE: '' },
    },
  )
  expect(sums).toBe(
    (
      await runWarm(['breakdown', '--as-of', 'latest', '--columns', 'calls,cost_usd', '--csv'], {
        cwd,
        env: plain,
      })
    ).stdout,
  )
})

const last = (): string => at(files().at(-1)!)
const attacks: readonly (readonly [string, () => void, RegExp])[] = [
  ['a changed file', () => appendFileSync(last(), 'x'), /is another one, or was changed/],
  [
    'another day under its name',
    () => copyFileSync(at(files()[0]!), last()),
    /is another one, or was changed/,
  ],
  [
    'a link',
    () => {
      const [path, elsewhere] = [last(), join(cwd, 'elsewhere.parquet')]
      renameSync(path, elsewhere)
      symlinkSync(elsewhere, path)
    },
    /is a link/,
  ],
  ['no file', () => rmSync(last()), /is missing/],
]
test.each(attacks)('%s is refused, and --verify names it', async (_, attack, refusal) => {
  attack()
  const question = await runWarm(['calls', '--as-of', 'latest', '--since', '1h'], asked)
  expect([question.code, question.stdout]).toEqual([1, ''])
  expect(question.stderr).toMatch(refusal)
  const { code, stderr } = await runWarm(['archive', '--verify'], asked)
  expect(code).toBe(1)
  expect(stderr).toMatch(refusal)
  const restored = await runWarm(['archive', '--restore'], asked)
  expect(restored.code).toBe(1)
  expect(await runWarmWell(['status', '--json'], asked)).toContain('"archive"')
})

test('a manifest says nothing to readers; a changed one is named, and mended by the next run', async () => {
  const manifest = JSON.parse(readFileSync(at('manifest.json'), 'utf8'))
  manifest.days[0].file = '../../etc/passwd'
  writeFileSync(at('manifest.json'), JSON.stringify(manifest))
  expect((await runWarm(['calls', '--as-of', 'latest'], asked)).code).toBe(0)
  expect((await runWarm(['archive', '--verify'], asked)).stderr).toContain(
    'manifest.json says something else',
  )
  await runWarmWell(['archive', '--older-than', '1d'], asked)
  await runWarmWell(['archive', '--verify'], asked)
})

test('a folder of another database is left alone', async () => {
  copyFileSync(join(cwd, 'weeks.duckdb'), join(cwd, 'other.duckdb'))
  const before = files()
  const { code, stderr } = await runWarm(['archive', '--older-than', '1d'], {
    cwd,
    env: { ...asked.env, LLMCOST_DB: 'other.duckdb' },
  })
  expect(code).toBe(1)
  expect(stderr).toContain('the archive of another database')
  expect(files()).toEqual(before)
})

test("a person's own SQL reaches no file of the archive", async () => {
  const bytes = (): string =>
    files()
      .map((name) =>
        createHash('sha256')
          .update(readFileSync(at(name)))
          .digest('hex'),
      )
      .join()
  const before = bytes()
  const path = last()
  for (const sql of [
    `COPY (SELECT 1) TO '${path}'`,
    `SELECT * FROM read_parquet('${path}')`,
    `FROM '${path}'`,
    `EXPLAIN ANALYZE COPY (SELECT 1) TO '${path}'`,
  ])
    expect((await runWarm(['sql', sql], asked)).code).not.toBe(0)
  expect(bytes()).toBe(before)
})

test("a person's own SQL sees archived calls, too, where their folder is named", async () => {
  for (const sql of [
    'SELECT count(*) AS calls, sum(cost_usd) AS cost_usd, min(ts) AS first_ts FROM calls',
    "SELECT user_id, count(*) AS calls FROM calls WHERE ts >= '2026-09-25' AND ts < '2026-09-27' GROUP BY ALL ORDER BY ALL",
    'FROM daily_costs ORDER BY ALL',
  ]) {
    const line = ['sql', sql, '--csv']
    expect(await runWarm(line, asked)).toEqual(await runWarm(line, { cwd, env: plain }))
  }
  const alone = { cwd, env: { ...asked.env, LLMCOST_ARCHIVE: '' } }
  expect((await runWarm(['sql', 'SELECT count(*) FROM calls'], alone)).stderr).toContain('--archive DIR')
  const later = ['sql', "SELECT count(*) AS n FROM calls WHERE ts > '2090-01-01'", '--csv']
  expect(await runWarmWell(later, alone)).toContain('0')
  appendFileSync(last(), 'x')
  expect((await runWarm(['sql', 'SELECT count(*) FROM calls'], asked)).stderr).toContain('was changed')
})

test('restored, the database answers alone; what a killed run left in the folder goes', async () => {
  writeFileSync(at('.llmcost-0123456789abcdef.part'), 'half')
  expect(await runWarmWell(['archive', '--restore'], asked)).toMatch(/^restored [\d,]+ days/)
  expect(readdirSync(kept)).toEqual(['manifest.json'])
  const alone = { cwd, env: { ...asked.env, LLMCOST_ARCHIVE: '' } }
  const line = ['calls', '--as-of', 'latest', '--json']
  expect((await runWarm(line, alone)).stdout).toBe((await runWarm(line, { cwd, env: plain })).stdout)
})

test('of dropped calls the sums answer, what needs calls is refused, and a late call is refused and counted', async () => {
  expect(await runWarmWell(['archive', '--older-than', '1d', '--drop-calls'], asked)).toContain(
    'there are only sums now',
  )
  const sums = ['breakdown', '--as-of', 'latest', '--columns', 'calls,cost_usd', '--csv']
  expect((await runWarm(sums, asked)).stdout).toBe((await runWarm(sums, { cwd, env: plain })).stdout)
  const single = await runWarm(['calls', '--as-of', 'latest'], asked)
  expect([single.code, single.stdout]).toEqual([1, ''])
  expect(single.stderr).toContain('of which the database has only sums')
  const { since } = JSON.parse(await runWarmWell(['status', '--json'], asked)).sections.find(
    ({ id }: { id: string }) => id === 'rollups',
  ).rows[0]
  writeFileSync(
    join(cwd, 'late.jsonl'),
    `${JSON.stringify({ timestamp: since, model: 'gpt-4o', input_tokens: 1, output_tokens: 1 })}\n`,
  )
  const { stdout, stderr } = await runWarm(['ingest', 'late.jsonl'], asked)
  expect(stdout + stderr).toContain('1 call was refused, since of its hour')
  expect((await runWarm(sums, asked)).stdout).toBe((await runWarm(sums, { cwd, env: plain })).stdout)
})

test('a log that is read again adds nothing, and leaves the archive as it is; a late call brings its day back', async () => {
  const before = files()
  const name = readdirSync(join(cwd, 'logs')).toSorted().at(-1)!
  copyFileSync(join(cwd, 'logs', name), join(cwd, `again-${name}`))
  const again = await runWarm(['ingest', `again-${name}`, '--json'], asked)
  expect(again.stdout + again.stderr).not.toContain('taken back')
  const rollups = async (): Promise<readonly { readonly owner: string; readonly calls: number }[]> =>
    JSON.parse(await runWarmWell(['status', '--json'], asked)).sections.find(
      ({ id }: { id: string }) => id === 'rollups',
    ).rows
  expect(await rollups()).toMatchObject([{ owner: 'archive' }])
  expect(files()).toEqual(before)
  const [{ calls } = { calls: 0 }] = await rollups()
  const late = { timestamp: '2026-09-20T12:00:00Z', model: 'gpt-4o', input_tokens: 1, output_tokens: 1 }
  writeFileSync(join(cwd, 'one-late.jsonl'), `${JSON.stringify(late)}\n`)
  const said = await runWarm(['ingest', 'one-late.jsonl'], asked)
  expect(said.stdout + said.stderr).toContain('3 archived days (2026-09-19 to 2026-09-21) were taken back')
  const spans = await rollups()
  expect(spans.map(({ owner }) => owner)).toEqual(['archive', 'calls', 'archive'])
  expect(spans.reduce((sum, span) => sum + span.calls, 0)).toBe(calls + 1)
})

test('where only sums are left, the report tells what they tell, and names what it leaves out', async () => {
  copyFileSync(join(cwd, 'demo.duckdb'), join(cwd, 'sums.duckdb'))
  const full = { ...plain, LLMCOST_DB: 'demo.duckdb' }
  const sums = { cwd, env: { ...plain, LLMCOST_DB: 'sums.duckdb' } }
  // The week of the report has its calls; what came before, by which incidents are judged, has not.
  const days = Math.floor((Date.now() - Date.UTC(2026, 8, 14)) / 86_400_000)
  await runWarmWell(['archive', '--older-than', `${days}d`, '--drop-calls', '--to', 'ids'], sums)
  const ask = async (from: object): Promise<{ sections: { id: string }[]; warnings: string[] }> =>
    JSON.parse(
      await runWarmWell(['report', '--as-of', 'latest', '--json'], { cwd, env: { ...full, ...from } }),
    )
  const [all, told] = [await ask({}), await ask({ LLMCOST_DB: 'sums.duckdb' })]
  const missing = all.sections.filter(({ id }) => !told.sections.some((one) => one.id === id))
  expect(missing.map(({ id }) => id)).toEqual(['incidents'])
  expect(told.warnings.join(' ')).toMatch(
    /left out, as they need calls of 2026-08-03\S+ to 2026-09-14\S+, .*: anomalies/,
  )
  expect(told.warnings.join(' ')).toContain(
    'not told of in forecast, for which only sums are at hand: the calls since 2026-09-28T08:45Z',
  )
  for (const section of told.sections) {
    // Days without the marks of incidents, the forecast up to the running quarter-hour, all else as it is.
    const same = all.sections.find(({ id }) => id === section.id)
    if (!['cost_by_day', 'forecast'].includes(section.id)) expect(section).toEqual(same)
  }
  const chosen = await runWarm(['report', '--as-of', 'latest', '--sections', 'anomalies'], sums)
  expect([chosen.code, chosen.stdout]).toEqual([1, ''])
  const { stdout } = await runWarm(['sql', 'SELECT count(*) AS n FROM hourly_labels'], sums)
  expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
    /of 2026-08-03\S+ to 2026-09-1\S+ the database has only sums/,
  )
})
