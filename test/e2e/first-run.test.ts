/** `llmcost` alone, as who has just installed it runs it: what it finds, what it says, and what it leaves alone. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { emptyFolder, type Ran } from './program.js'
import { runWarm } from './together.js'

const fixture = (path: string): string => fileURLToPath(new URL(`../../fixtures/${path}`, import.meta.url))

interface Block {
  readonly rows: Record<string, unknown>[]
  readonly totals: Record<string, number | string | null> | null
}

/** USD per million tokens: input, output, cache read, cache write. */
const prices: Readonly<Record<string, readonly number[]>> = {
  'claude-opus-4-6': [5, 25, 0.5, 6.25],
  'claude-sonnet-4-5-20250929': [3, 15, 0.3, 3.75],
}

/** A home of its own beside the working directory. */
function place(): { home: string; cwd: string; env: Record<string, string> } {
  const folder = emptyFolder()
  const [home, cwd] = [join(folder, 'home'), join(folder, 'work')]
  mkdirSync(join(home, '.claude', 'projects', '-p'), { recursive: true })
  mkdirSync(cwd)
  return { home, cwd, env: { HOME: home } }
}

const alone = (
  { cwd, env }: { cwd: string; env: Record<string, string> },
  more: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<Ran> => runWarm(args, { cwd, env: { ...env, ...more } })

/** The blocks, whether they are one or two. */
function blocksOf({ stdout }: Ran): readonly Block[] {
  const look = JSON.parse(stdout) as { sections?: Block[] } & Block
  return look.sections ?? [look]
}
const hour = 3_600_000
const message = (n: number, at: number): object => ({
  type: 'assistant',
  sessionId: `s${n % 4}`,
  requestId: `r${n}`,
  uuid: `u${n}`,
  timestamp: new Date(at).toISOString(),
  cwd: `/home/x/p${n % 3}`,
  message: {
    id: `msg_${String(n).padStart(20, '0')}`,
    model: Object.keys(prices)[n % 2],
    stop_reason: 'end_turn',
    usage: {
      input_tokens: n % 50,
      output_tokens: 10 + ((n * 37) % 900),
      cache_read_input_tokens: (n * 991) % 50_000,
      cache_creation_input_tokens: (n * 13) % 2000,
    },
  },
})

/** Cost in picodollars, exact: tokens times prices in hundredths. */
function costOf(one: object): bigint {
  const { model, usage } = (one as { message: { model: string; usage: Record<string, number> } }).message
  const tokens = ['input_tokens', 'output_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens']
  return tokens.reduce(
    (sum, name, i) => sum + BigInt(usage[name]!) * BigInt(Math.round(prices[model]![i]! * 1e6)),
    0n,
  )
}

describe('llmcost alone', () => {
  test('with nothing to find says what to type', async () => {
    const { stdout, stderr, code } = await alone(place())
    expect([stdout.split('\n').length, stderr, code]).toEqual([4, '', 0])
    expect(stdout).toMatch(/^llmcost ingest <logs> /)
  })

  test('shows the sessions of an agent: today, this week, this month, exactly', async () => {
    const at = place()
    const now = Date.now()
    const day = (back: number): number => now - back * 24 * hour
    const messages = Array.from({ length: 400 }, (_, n) => ({ at: day((n % 80) / 2) - 60_000, n }))
    const all = messages.map(({ at: time, n }) => ({ time, one: message(n, time) }))
    const text = all.map(({ one }) => `${JSON.stringify(one)}\n`)
    const folder = join(at.home, '.claude', 'projects', '-p')
    writeFileSync(join(folder, 'a.jsonl'), text.slice(0, 250).join(''))
    // A resumed session repeats what was said before.
    writeFileSync(join(folder, 'b.jsonl'), text.slice(200).join(''))
    const [section] = blocksOf(await alone(at, {}, ['--json']))
    const today = new Date(now).setUTCHours(0, 0, 0, 0)
    const week = today - ((new Date(now).getUTCDay() + 6) % 7) * 24 * hour
    const month = Date.UTC(new Date(now).getUTCFullYear(), new Date(now).getUTCMonth(), 1)
    const usd = (since: number): number | null => {
      const of = all.filter(({ time }) => time >= since)
      return of.length === 0 ? null : Number(of.reduce((sum, { one }) => sum + costOf(one), 0n)) / 1e12
    }
    for (const [key, since] of [
      ['today_usd', today],
      ['week_usd', week],
      ['month_usd', month],
    ] as const) {
      const wanted = usd(since)
      if (wanted === null) expect(section?.totals?.[key]).toBeNull()
      else expect(section?.totals?.[key]).toBeCloseTo(wanted, 9)
    }
    expect(section?.totals?.['calls']).toBe(all.filter(({ time }) => time >= month).length)
    expect(existsSync(join(at.home, '.local'))).toBe(false)
    expect(readdirSync(at.cwd)).toEqual([])
  })

  test('names the newest month that has calls, and each folder; agents stand apart', async () => {
    const at = place()
    cpSync(fixture('claude-code/real-day'), join(at.home, '.claude', 'projects', '-p'), { recursive: true })
    cpSync(fixture('demo'), join(at.cwd, 'logs'), { recursive: true })
    writeFileSync(join(at.cwd, 'people.csv'), 'name,email\nada,a@example.org\n')
    writeFileSync(join(at.cwd, 'costs.csv'), 'date,item,cost\n2026-10-01,chairs,300\n')
    const { stdout, code } = await alone(at, { COLUMNS: '200' })
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^Read ~\/\.claude\/projects \(3 files, 202\.6 kB\) and logs \(9 files, [\d.]+ [kM]B\)\n/,
    )
    expect(stdout).toMatch(/at list prices; a plan may cover it\n.*February 2026/)
    expect(stdout).toContain('2 more files here (')
    expect(stdout).toMatch(/Next\n {2}llmcost ingest --agents logs\n$/)
    const [agents, logs] = blocksOf(await alone(at, {}, ['--json']))
    // $10.11 of 152 calls, as fixtures/SOURCES.md tells; of the demo, what its report says of September.
    expect(agents?.totals).toMatchObject({ calls: 152, month_usd: 10.11369555 })
    const asked = await runWarm(
      ['breakdown', 'logs', '--by', 'none', '--since', '2026-09-01', '--until', '2026-10-01', '--json', '-q'],
      { cwd: at.cwd, env: at.env },
    )
    const { rows } = JSON.parse(asked.stdout) as { rows: { calls: number; cost_usd: number }[] }
    expect(logs?.totals).toMatchObject({ calls: rows[0]?.calls, month_usd: rows[0]?.cost_usd })
  })

  test.each([
    ['in CI', { CI: 'true' }, ''],
    ['where the environment says so', { LLMCOST_DISCOVER: '0' }, ''],
    ['where the config file says so', {}, 'discover: false\n'],
    ['where a config file that is not trusted may say anything', {}, 'db: other.duckdb\n'],
  ])('looks for nothing %s', async (_, env, config) => {
    const at = place()
    cpSync(fixture('claude-code/real-day'), join(at.home, '.claude', 'projects', '-p'), { recursive: true })
    if (config !== '') writeFileSync(join(at.cwd, 'llmcost.config.yaml'), config)
    const { stdout, stderr, code } = await runWarm([], {
      cwd: at.cwd,
      env: { ...at.env, ...env },
      finds: true,
    })
    expect([stdout.split('\n').length, code]).toEqual([4, 0])
    expect(stderr === '').toBe(!config.startsWith('db'))
  })

  test('is held up by no pipe, link, locked folder or broken file', async () => {
    const at = place()
    const projects = join(at.home, '.claude', 'projects')
    cpSync(fixture('claude-code/real-day'), join(projects, '-p'), { recursive: true })
    execFileSync('mkfifo', [join(projects, 'pipe.jsonl'), join(at.cwd, 'pipe.jsonl')])
    symlinkSync('..', join(projects, 'up'))
    symlinkSync('gone', join(projects, 'gone.jsonl'))
    symlinkSync('/dev/zero', join(at.cwd, 'zero.jsonl'))
    symlinkSync('/', join(at.cwd, 'logs'))
    mkdirSync(join(projects, 'locked'))
    chmodSync(join(projects, 'locked'), 0)
    writeFileSync(join(projects, '-p', 'broken.jsonl'), '{"sessionId": "x", "uuid"\n\u0000\u0001')
    const ran = await alone(at, {}, ['--json'])
    expect(ran.code).toBe(0)
    expect(blocksOf(ran)[0]?.totals).toMatchObject({
      calls: 152,
      month_usd: 10.11369555,
    })
  })

  test('beyond 200 MB leaves out what ended long ago, and says so', async () => {
    const at = place()
    const folder = join(at.home, '.claude', 'projects', '-p')
    cpSync(fixture('claude-code/real-day'), folder, { recursive: true })
    const old = join(folder, 'old.jsonl')
    writeFileSync(old, '')
    truncateSync(old, 201 * 1024 * 1024)
    utimesSync(old, new Date(0), new Date(0))
    const now = new Date()
    for (const name of readdirSync(folder)) if (name !== 'old.jsonl') utimesSync(join(folder, name), now, now)
    const { stdout } = await alone(at)
    expect(stdout).toMatch(/1 session .*left out; llmcost ingest\s+--agents reads all/)
    expect(stdout).toContain('$10.11')
  })

  test('with a database says how that stands; ingest --agents fills one', async () => {
    const at = place()
    const projects = join(at.home, '.claude', 'projects', '-p')
    writeFileSync(join(projects, 'a.jsonl'), `${JSON.stringify(message(1, Date.now() - 1000))}\n`)
    expect((await alone(at, {}, ['ingest', '--agents', '-q'])).code).toBe(0)
    const { stdout, code } = await alone(at)
    expect(code).toBe(0)
    expect(stdout.split('\n').filter((line) => line.startsWith('  '))).toEqual([
      expect.stringMatching(/^ {2}this month {3}\$0\.00\d+, 1 call; today (?:\$0\.00\d+, 1 call|no calls)$/),
      '  forecast     too little history',
      '  budget       none is set',
      '  incidents    no rules watch; llmcost anomalies looks',
      expect.stringMatching(/^ {2}last ingest {2}\d{4}-\d\d-\d\d \d\d:\d\d UTC$/),
      '  llmcost report',
    ])
    const elsewhere = await alone(at, { CLAUDE_CONFIG_DIR: '/gone' }, ['ingest', '--agents'])
    expect(elsewhere.code).toBe(1)
    expect(elsewhere.stderr).toMatch(
      /^llmcost: no coding agent of yours has sessions here\n {2}Looked in .*\/gone\/projects/,
    )
  })
})
