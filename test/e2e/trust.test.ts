/** A repository of somebody else brings a config file: nothing of it acts before `llmcost trust`. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { emptyFolder, type Ran } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const call = (id: string): string =>
  JSON.stringify({
    timestamp: '2026-10-01T08:00:00Z',
    request_id: id,
    model: 'gpt-4o',
    user_id: 'ann',
    input_tokens: 1_000_000,
    output_tokens: 10,
  })

interface World {
  readonly home: string
  readonly repo: string
  readonly env: Readonly<Record<string, string>>
  /** What the server was asked. */
  readonly heard: string[]
  /** In the repository, whose config file is found there. */
  readonly llmcost: (...args: readonly string[]) => Promise<Ran>
}

/** A home with a database, and beside it a repository with logs, whose config file may hold anything. */
async function world(): Promise<World> {
  const folder = emptyFolder()
  const home = join(folder, 'home')
  const repo = join(folder, 'repo')
  mkdirSync(home)
  mkdirSync(join(repo, 'logs'), { recursive: true })
  writeFileSync(join(home, 'mine.jsonl'), `${call('mine')}\n`)
  writeFileSync(join(repo, 'logs/theirs.jsonl'), `${call('a')}\n${call('b')}\n`)
  writeFileSync(join(repo, 'prices.csv'), 'provider,model,input,output\nopenai,gpt-4o,1000,1000\n')
  writeFileSync(join(folder, 'tiers.csv'), 'user_id,tier\nann,pro\n')
  await runWarmWell(['ingest', 'mine.jsonl'], { cwd: home })
  const heard: string[] = []
  const server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`)
    response.end('ok')
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const env = {
    HOME: home,
    KEY: 'k'.repeat(32),
    HOOK: `http://127.0.0.1:${port}/hook`,
    LLMCOST_SMTP: `smtp://127.0.0.1:${port}`,
  }
  const llmcost = (...args: readonly string[]): Promise<Ran> => runWarm(args, { cwd: repo, env, finds: true })
  return { home, repo, env, heard, llmcost }
}

/** Every file below a folder with the hash of its content. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !lstatSync(join(folder, name)).isDirectory(),
  )
  return Object.fromEntries(
    files.toSorted().map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  )
}

const rules = [{ name: 'dear', kind: 'cost', over: 0.001, window: '366d' }]
const hostile: readonly (readonly [string, object, RegExp])[] = [
  ['a database', { db: '../home/other.duckdb' }, /^db names a database/],
  ['a database beside it', { db: 'theirs.duckdb' }, /^db names a database/],
  ['price files', { prices: 'prices.csv' }, /^prices names price files/],
  ['a source of prices', { price_update_url: 'https://127.0.0.1/x.json' }, /^price_update_url says where/],
  [
    'a webhook',
    { rules, notify: { h: { kind: 'webhook', url_env: 'HOOK', secret_env: 'KEY' } } },
    /^notify sends messages/,
  ],
  ['mail', { rules, notify: { m: { kind: 'mail', to: 'a@example.org' } } }, /^notify sends messages/],
  [
    'SQL',
    { rules: [{ kind: 'sql', sql: "COPY (SELECT 1) TO 'out.csv'", window: '366d' }] },
    /^rules\[0\]\.sql runs SQL/,
  ],
  [
    'SQL that reads',
    { rules: [{ kind: 'sql', sql: "FROM read_text('/etc/passwd')" }] },
    /^rules\[0\]\.sql runs SQL/,
  ],
  ['a file elsewhere', { user_tiers: '../tiers.csv' }, /^user_tiers names a file outside its folder/],
]
const asOf = ['--as-of', '2026-10-02']
const commands: readonly (readonly string[])[] = [
  ['check', '--notify', ...asOf],
  ['check', '--only', 'dear', '--db', 'x.duckdb', ...asOf],
  ['report', ...asOf, '--json'],
  ['ingest', 'logs'],
  ['report', '--input', 'logs', ...asOf, '--output', 'answer.html'],
  ['prices', 'update'],
  ['sql', 'SELECT 1'],
  ['reprice'],
  ['export', 'calls', '--output', 'calls.csv'],
  ['metrics', '--output', 'llmcost.prom'],
]

describe('a hostile repository', () => {
  test.each(hostile)('with %s: nothing is sent, written or answered', async (_, config, said) => {
    const { home, repo, heard, llmcost } = await world()
    writeFileSync(join(repo, 'llmcost.config.json'), JSON.stringify(config, null, 1))
    const before = [contents(home), contents(repo)]
    // Each command once, and the first with every key.
    const some = 'db' in config ? commands : commands.slice(0, 4)
    for (const args of some) {
      const ran = await llmcost(...args)
      expect(ran, args.join(' ')).toMatchObject({ code: 2, stdout: '' })
      const [first = '', ...hints] = ran.stderr.split('\n')
      const [, where, what] = /^llmcost: (\S+llmcost\.config\.json:\d+): (.+)$/.exec(first) ?? []
      expect(where).toMatch(`${repo}/llmcost.config.json:`)
      expect(what).toMatch(said)
      expect(what).toMatch(/, and this config file is not trusted$/)
      expect(hints.join('\n')).toContain('Read it, then run llmcost trust;')
    }
    expect([contents(home), contents(repo)]).toEqual(before)
    expect(heard).toEqual([])
  })

  test('leaves alone what does not read its config file, and is told of by doctor', async () => {
    const { home, repo, heard, llmcost } = await world()
    const config = {
      db: 'theirs.duckdb',
      rules,
      notify: { h: { kind: 'webhook', url_env: 'HOOK', secret_env: 'KEY' } },
    }
    writeFileSync(join(repo, 'llmcost.config.json'), JSON.stringify(config))
    const before = [contents(home), contents(repo)]
    for (const args of [
      ['--help'],
      ['help', 'report'],
      ['--config', 'x', 'help'],
      ['--version'],
      ['completion', 'bash'],
      ['trust', '--list'],
    ])
      expect(await llmcost(...args), args.join(' ')).toMatchObject({ code: 0, stderr: '' })
    const words = await llmcost('completion', 'words', '--', 'report', '--where', 'user_id=')
    expect(words).toEqual({ stdout: ':\n', stderr: '', code: 0, signal: null })
    const doctor = await llmcost('doctor', '--live', '--json')
    expect(doctor).toMatchObject({ code: 1, stderr: '' })
    const { rows } = JSON.parse(doctor.stdout) as { rows: { check: string; health: string; found: string }[] }
    expect(rows.find(({ check }) => check === 'config file')).toMatchObject({
      health: 'problem',
      found: expect.stringMatching(/^db names a database, and this config file is not trusted/) as string,
    })
    expect(rows.map(({ check }) => check)).not.toContain('database')
    expect(heard.filter((one) => one.includes('hook'))).toEqual([])
    expect([contents(home), contents(repo)]).toEqual(before)
  })

  test('with nothing that needs trust is asked as any other', async () => {
    const { repo, llmcost } = await world()
    writeFileSync(join(repo, 'llmcost.config.yaml'), 'tz: Asia/Tokyo\nbudgets: [{ monthly: 5 }]\n')
    const mine = await llmcost('breakdown', ...asOf, '--json')
    expect(mine).toMatchObject({ code: 0 })
    expect(JSON.parse(mine.stdout)).toMatchObject({ period: { tz: 'Asia/Tokyo' }, totals: { calls: 1 } })
    expect((await llmcost('doctor')).stdout).toContain(
      '  trust        ok      not trusted, and has nothing that needs it',
    )
  })
})

describe('trust', () => {
  const text = [
    'db: theirs.duckdb',
    'prices: prices.csv',
    'rules:',
    '  - { name: dear, kind: cost, over: 0.001, window: 366d }',
    '  - { name: asked, kind: sql, sql: "SELECT \'x\' AS value, count(*) AS measured FROM calls" }',
    'notify:',
    '  hook: { kind: webhook, url_env: HOOK, secret_env: KEY }',
    '',
  ].join('\n')

  test('lets it act as it says, until one byte changes', async () => {
    const { home, repo, heard, llmcost } = await world()
    const file = join(repo, 'llmcost.config.yaml')
    writeFileSync(file, text)
    const mine = contents(home)
    const trusted = await llmcost('trust')
    expect(trusted).toMatchObject({ code: 0, stderr: '' })
    expect(trusted.stdout.replaceAll(repo, '~')).toBe(
      [
        'Trusted ~/llmcost.config.yaml, as it is now.',
        'What it may do with that:',
        '  db names a database:',
        '    line 1: db = theirs.duckdb (~/theirs.duckdb)',
        '  prices names price files:',
        '    line 2: prices = prices.csv (~/prices.csv)',
        '  rules[1].sql runs SQL:',
        "    line 5: rules[1].sql = SELECT 'x' AS value, count(*) AS measured FROM calls",
        '  notify sends messages:',
        '    line 7: notify.hook.kind = webhook',
        '    line 7: notify.hook.url_env = HOOK',
        '    line 7: notify.hook.secret_env = KEY',
        'When the file changes, trust ends; llmcost trust --revoke ends it now.',
        '',
      ].join('\n'),
    )
    expect((await llmcost('ingest', 'logs')).code).toBe(0)
    expect(existsSync(join(repo, 'theirs.duckdb'))).toBe(true)
    const asked = JSON.parse((await llmcost('breakdown', '--json', ...asOf)).stdout) as { totals: object }
    // Two calls, at $1,000 a million tokens.
    expect(asked.totals).toMatchObject({ calls: 2, cost_usd: 2000.02 })
    const checked = await llmcost('check', '--notify', ...asOf)
    expect(checked.code).toBe(3)
    expect(heard).toEqual(['POST /hook', 'POST /hook'])
    const after = Object.entries(contents(home)).filter(([name]) => !name.includes('/trusted/'))
    expect(Object.fromEntries(after)).toEqual(mine)
    appendFileSync(file, '\n')
    const before = contents(repo)
    for (const args of [['check', '--notify', ...asOf], ['breakdown'], ['ingest', 'logs']]) {
      const ran = await llmcost(...args)
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toMatch(
        /:1: db names a database, and this config file changed since you trusted it on \d{4}-\d\d-\d\d \d\d:\d\d UTC\n/,
      )
    }
    expect(heard).toHaveLength(2)
    expect(contents(repo)).toEqual(before)
    expect((await llmcost('trust', '--list')).stdout).toContain(`${file}: changed since it was trusted on `)
    expect((await llmcost('trust', file)).code).toBe(0)
    expect((await llmcost('doctor')).stdout).toContain('ok      trusted since ')
    expect((await llmcost('trust', '--list')).stdout).toMatch(/: trusted since .+ UTC\n$/)
    expect((await llmcost('trust', '--revoke')).stdout).toBe(`${file} is trusted no longer.\n`)
    expect((await llmcost('breakdown')).stderr).toContain('this config file is not trusted')
  })

  test('is not needed for what is named, which the nearest file gives way to', async () => {
    const { home, repo, env, llmcost } = await world()
    writeFileSync(join(repo, 'llmcost.config.yaml'), 'db: theirs.duckdb\n')
    writeFileSync(join(home, 'own.yaml'), 'db: .local/share/llmcost/llmcost.duckdb\n')
    const own = join(home, 'own.yaml')
    for (const args of [
      ['--config', own, 'breakdown', '--json'],
      [`--config=${own}`, 'breakdown', '--json'],
      ['breakdown', '--config', own, '--json'],
      ['breakdown', '--by', 'user', `--config=${own}`, '--json'],
    ]) {
      const ran = await llmcost(...args, ...asOf)
      expect(ran, args.join(' ')).toMatchObject({ code: 0 })
      expect(JSON.parse(ran.stdout)).toMatchObject({ totals: { calls: 1 } })
    }
    const variable = { cwd: repo, env: { ...env, LLMCOST_CONFIG: own }, finds: true as const }
    expect(JSON.parse(await runWarmWell(['breakdown', '--json', ...asOf], variable))).toMatchObject({
      totals: { calls: 1 },
    })
    // The flag wins over the variable.
    const none = await runWarm(['breakdown', '--config', 'none.yaml'], variable)
    expect(none).toMatchObject({ code: 2 })
    expect(none.stderr).toContain('none.yaml: there is no such config file\n  Check --config.')
    expect((await llmcost('breakdown', '--config', 'llmcost.config.yaml')).stderr).toContain(
      'theirs.duckdb: no calls',
    )
    expect((await llmcost('--config', '/dev/null', 'breakdown', ...asOf)).code).toBe(0)
    expect(await llmcost('breakdown', '--config', '')).toMatchObject({ code: 2 })
    expect(await llmcost('init', '--config', own)).toMatchObject({ code: 2 })
  })

  test('comes with init, and ends with the first edit that needs it', async () => {
    const { home, repo, llmcost } = await world()
    const told = await llmcost('init', '--rules')
    expect(told.stdout).toContain('It is trusted as it is now.')
    expect((await llmcost('doctor')).stdout).toContain('ok      trusted since ')
    const file = join(repo, 'llmcost.config.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^#(?=db:)/m, ''))
    expect((await llmcost('status')).stderr).toContain('changed since you trusted it on ')
    await llmcost('trust')
    expect((await llmcost('status')).stderr).toContain('costs.duckdb: no calls have been ingested yet')
    // Another clone of it is another file.
    cpSync(repo, join(home, 'clone'), { recursive: true })
    const clone = await runWarm(['status'], { cwd: join(home, 'clone'), env: { HOME: home }, finds: true })
    expect(clone.stderr).toContain('this config file is not trusted')
  })

  test('without a home folder says what to do instead', async () => {
    const { repo } = await world()
    const file = join(repo, 'llmcost.config.yaml')
    writeFileSync(file, 'db: theirs.duckdb\n')
    const ci = (...args: readonly string[]): Promise<Ran> =>
      runWarm(args, { cwd: repo, env: { HOME: '' }, finds: true })
    const asked = await ci('breakdown')
    expect(asked).toMatchObject({ code: 2, stdout: '' })
    expect(asked.stderr).toContain(
      'Name the config file with --config or in LLMCOST_CONFIG: what is named is trusted.',
    )
    const trusted = await ci('trust')
    expect(trusted).toMatchObject({ code: 2, stdout: '' })
    expect(trusted.stderr).toContain('there is no home folder to keep in what is trusted')
    expect((await ci('breakdown', '--config', file)).stderr).toContain('theirs.duckdb: no calls')
    expect((await ci('trust', '--list')).stdout).toBe('No config file is trusted.\n')
    rmSync(file)
    const init = await ci('init')
    expect(init.code).toBe(0)
    expect(init.stdout).toContain(
      'It is not trusted here (there is no home folder to keep in what is trusted).',
    )
  })

  test('is used wrongly', async () => {
    const { repo, llmcost } = await world()
    const nothing = await llmcost('trust')
    expect(nothing).toMatchObject({ code: 2, stdout: '' })
    expect(nothing.stderr).toContain(`${repo}: there is no config file here`)
    expect((await llmcost('trust', 'none.yaml')).stderr).toContain('none.yaml: there is no such config file')
    expect(await llmcost('trust', '--list', '--revoke')).toMatchObject({ code: 2 })
    expect(await llmcost('trust', '--list', 'x.yaml')).toMatchObject({ code: 2 })
    writeFileSync(join(repo, 'llmcost.config.yaml'), 'db: x\ndp: y\n')
    expect((await llmcost('trust', '.')).stderr).toContain('llmcost.config.yaml:2: dp is not a key')
    writeFileSync(join(repo, 'ci.yaml'), 'db: x\n')
    expect((await llmcost('trust', 'ci.yaml')).stdout).toContain('It is read only where --config or')
  })

  test('shows hidden characters of what it lets act', async () => {
    const { repo, llmcost } = await world()
    writeFileSync(
      join(repo, 'llmcost.config.json'),
      JSON.stringify({ rules: [{ kind: 'sql', sql: 'SELECT 1 AS "\u202e\u200bmeasured"' }] }),
    )
    const { stdout } = await llmcost('trust')
    expect(stdout).toContain(String.raw`SELECT 1 AS "\u{202e}\u{200b}measured"`)
    expect(stdout).not.toMatch(/[\u200b\u202e]/)
  })
})
