/** The config file, read in each of its formats. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadConfig, type Config } from '../../../src/config/config.js'
import { defaultBounds } from '../../../src/domain/bounds.js'

const folder = mkdtempSync(join(tmpdir(), 'llmcost-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const names = { formats: ['table', 'markdown', 'json', 'csv'], importers: ['openai', 'llmcost'] }
const known = async () => names
let count = 0

/** Loads a text under a name, in a folder of its own. */
function load(name: string, text: string): Promise<Config> {
  const home = join(folder, String((count += 1)))
  mkdirSync(home)
  writeFileSync(join(home, name), text)
  return loadConfig({ cwd: home, explicit: name, known })
}
const yaml = (text: string): Promise<Config> => load('x.yaml', text)

const whole = {
  'x.yaml': `
db: costs.duckdb
tz: Asia/Kolkata
format: markdown
lock_timeout: 45
memory_limit: 2GB
prices: [prices.csv, /etc/llmcost/more.csv]
cost_basis: reported-first
user_tiers: ~/tiers.csv
bounds:
  truncation_rate: 0.1
  growth_weeks: 4
budgets:
  - monthly: 500.10
  - name: Search
    weekly: 0.1
    feature: search
    user: "007"
    attempt: 2
    tag.tier: pro
    tag:
      a: {b: c}
    warn_at: [100, 33.3]
  - daily: "12345678901.000000000001"
    where: ["user~smith", "model!=gpt-4o"]
user_caps:
  request_tokens: 100000
  request_usd: .5
  daily_usd: 1e1
notify:
  chat: {kind: slack, url_env: CHAT_URL, severity: warning, remind_every: 2h}
  mails: {kind: mail, to: a@example.org, remind_every: never}
presets:
  gateway:
    from: llmcost
    map: {ts: meta.when, user: Caller, tag.a: A}
    set: {model: gpt-4o, attempt: 1}
`,
  'x.json': `// comments are welcome
{
  "$schema": "./schema.json",
  "db": "costs.duckdb", "tz": "Asia/Kolkata", "format": "markdown", "lock_timeout": "45", "memory_limit": "2GB",
  "prices": ["prices.csv", "/etc/llmcost/more.csv"],
  "cost_basis": "reported-first",
  "user_tiers": "~/tiers.csv",
  "bounds": {"truncation_rate": 0.1, "growth_weeks": 4},
  "budgets": [
    {"monthly": 500.10},
    {"name": "Search", "weekly": 1e-1, "feature": "search", "user": "007", "attempt": 2, "tag.tier": "pro", "tag.a.b": "c", "warn_at": [33.3, 100]},
    {"daily": 12345678901.000000000001, "where": ["user~smith", "model!=gpt-4o"]},
  ],
  "user_caps": {"request_tokens": 100000, "request_usd": 0.5, "daily_usd": "10"},
  "notify": {
    "chat": {"kind": "slack", "url_env": "CHAT_URL", "severity": "warning", "remind_every": "2h"},
    "mails": {"kind": "mail", "to": ["a@example.org"], "remind_every": "never"},
  },
  "presets": {"gateway": {
    "from": "llmcost",
    "map": {"ts": "meta.when", "user": "Caller", "tag.a": "A"},
    "set": {"model": "gpt-4o", "attempt": "1"} /* one model */
  }},
}`,
}

describe.each(Object.entries(whole))('%s', (name, text) => {
  test('is read whole, each number to its last digit', async () => {
    const { path, options, prices, ...rest } = await load(name, text)
    const home = join(folder, String(count))
    expect(path).toBe(join(home, name))
    expect(prices).toEqual([join(home, 'prices.csv'), '/etc/llmcost/more.csv'])
    expect(options).toEqual({
      db: join(home, 'costs.duckdb'),
      tz: 'Asia/Kolkata',
      format: 'markdown',
      lock_timeout: '45',
      memory_limit: '2GB',
    })
    expect(rest).toEqual({
      groups: {},
      costBasis: 'reported-first',
      userTiers: join(homedir(), 'tiers.csv'),
      bounds: { ...defaultBounds, truncation_rate: 0.1, growth_weeks: 4 },
      budgets: [
        { name: 'monthly', period: 'monthly', usd: '500.1', filters: [], warnAt: [0.8, 0.9, 1] },
        {
          name: 'Search',
          period: 'weekly',
          usd: '0.1',
          filters: [
            { dimension: 'feature', operator: '=', value: 'search' },
            { dimension: 'user_id', operator: '=', value: '007' },
            { dimension: 'attempt', operator: '=', value: '2' },
            { dimension: 'tag.tier', operator: '=', value: 'pro' },
            { dimension: 'tag.a.b', operator: '=', value: 'c' },
          ],
          warnAt: [0.333, 1],
        },
        {
          name: 'daily user~smith model!=gpt-4o',
          period: 'daily',
          usd: '12345678901.000000000001',
          filters: [
            { dimension: 'user_id', operator: '~', value: 'smith' },
            { dimension: 'model', operator: '!=', value: 'gpt-4o' },
          ],
          warnAt: [0.8, 0.9, 1],
        },
      ],
      userCaps: { request_tokens: 100_000, request_usd: '0.5', daily_usd: '10' },
      rules: [],
      guard: {},
      notify: [
        {
          name: 'chat',
          kind: 'slack',
          severity: 'warning',
          remindMs: 7_200_000,
          to: [],
          urlEnv: 'CHAT_URL',
        },
        { name: 'mails', kind: 'mail', severity: 'info', remindMs: null, to: ['a@example.org'] },
      ],
      presets: {
        gateway: {
          from: 'llmcost',
          map: { ts: 'meta.when', user_id: 'Caller', 'tag.a': 'A' },
          set: { request_model: 'gpt-4o', attempt: '1' },
        },
      },
    })
  })
})

describe('what holds without', () => {
  const nothing = {
    options: {},
    prices: [],
    costBasis: 'list-first',
    presets: {},
    groups: {},
    bounds: defaultBounds,
    budgets: [],
    userCaps: {},
    rules: [],
    guard: {},
    notify: [],
  }

  test.each([
    ['x.yaml', ''],
    ['x.yaml', '# only\n# comments\n'],
    ['x.yaml', '\u{feff}---\r\n'],
    ['x.yaml', 'bounds:\nbudgets:\npresets:\nuser_caps: # none yet\nprices:\n'],
    ['x.json', '{}'],
    ['x.json', '\u{feff}{ // nothing\r\n}'],
  ])('%s %j', async (name, text) => {
    const { path, ...rest } = await load(name, text)
    expect(rest).toEqual(nothing)
    expect(path).toBeDefined()
  })

  test('no file, or the null device', async () => {
    expect(await loadConfig({ cwd: folder, known, explicit: '/dev/null' })).toEqual(nothing)
  })
})

describe('where it is', () => {
  test('in the nearest folder upward', async () => {
    const deep = join(folder, 'up', 'and', 'down')
    mkdirSync(deep, { recursive: true })
    writeFileSync(join(folder, 'up', 'llmcost.config.yaml'), 'tz: Asia/Tokyo')
    expect((await loadConfig({ cwd: deep, known })).options).toEqual({ tz: 'Asia/Tokyo' })
    writeFileSync(join(folder, 'up', 'and', 'llmcost.config.yml'), 'tz: Asia/Seoul')
    expect((await loadConfig({ cwd: deep, known })).options).toEqual({ tz: 'Asia/Seoul' })
    writeFileSync(join(folder, 'up', 'and', 'llmcost.config.json'), '{}')
    await expect(loadConfig({ cwd: deep, known })).rejects.toMatchObject({
      code: 'usage',
      location: join(folder, 'up', 'and'),
      message: 'llmcost.config.yml and llmcost.config.json are both here',
    })
    // A file that is named is read, whatever lies about.
    expect((await loadConfig({ cwd: deep, known, explicit: '../../llmcost.config.yaml' })).options).toEqual({
      tz: 'Asia/Tokyo',
    })
  })
})

describe('YAML', () => {
  test('knows aliases', async () => {
    const { presets } = await yaml('presets:\n  a: &a {map: {ts: When}}\n  b: *a\n')
    expect(presets['b']).toEqual({ map: { ts: 'When' } })
  })

  test.each([
    ['feature: 007', '"007" or "7"'],
    ['feature: 4.10', '"4.10" or "4.1"'],
    ['feature: 1e3', '"1e3" or "1000"'],
    ['feature: True', '"True" or "true"'],
  ])('does not guess what %s means', async (line, hint) => {
    await expect(yaml(`budgets:\n  - monthly: 5\n    ${line}\n`)).rejects.toMatchObject({
      location: expect.stringMatching(/x\.yaml:3$/),
      hint: `Write ${hint}.`,
    })
  })

  test('a preset named like something of JavaScript is just a name', async () => {
    const { presets } = await yaml('presets:\n  __proto__: {from: openai}\n  constructor: {from: llmcost}\n')
    expect(Object.entries(presets)).toEqual([
      ['__proto__', { from: 'openai' }],
      ['constructor', { from: 'llmcost' }],
    ])
  })
})

describe('plans', () => {
  test('are read with exact amounts, filters and alternatives', async () => {
    const text = [
      'plans:',
      '  - { name: Max, fee: 100.10, source: claude-code, where: [user=ada], since: 2026-02-01, begins_on: 5 }',
      '  - name: Copilot',
      '    tag.seat: a',
      '    fee: 0',
      '    included_credits: 300',
      '    credit_usd: "0.040"',
      '    overage: list',
      '    alternatives: [{ name: Big, fee: 39, included_usd: 60.0, overage: none }]',
    ].join('\n')
    expect((await load('x.yaml', text)).plans).toEqual([
      {
        name: 'Max',
        fee: '100.1',
        filters: [
          { dimension: 'source', operator: '=', value: 'claude-code' },
          { dimension: 'user_id', operator: '=', value: 'ada' },
        ],
        beginsOn: 5,
        since: '2026-02-01',
        alternatives: [],
      },
      {
        name: 'Copilot',
        fee: '0',
        included: { credits: 300, creditUsd: '0.04', overage: 'list' },
        filters: [{ dimension: 'tag.seat', operator: '=', value: 'a' }],
        beginsOn: 1,
        alternatives: [{ name: 'Big', fee: '39', included: { usd: '60', overage: 'none' } }],
      },
    ])
  })

  test.each([
    ['{ fee: 5 }', /plans\[0\] has no name/],
    ['{ name: a }', /plans\[0\] has no fee/],
    ['{ name: a, fee: -1 }', /plans\[0\]\.fee must be an amount in USD from 0 on/],
    ['{ name: a, fee: 5, included_usd: 5 }', /does not say what is beyond/],
    ['{ name: a, fee: 5, overage: list }', /overage is said of nothing/],
    ['{ name: a, fee: 5, included_credits: 5, overage: list }', /one of included_credits and credit_usd/],
    [
      '{ name: a, fee: 5, included_usd: 1, included_credits: 5, credit_usd: 1, overage: list }',
      /dollars and credits/,
    ],
    ['{ name: a, fee: 5, begins_on: 29 }', /begins_on must be a day from 1 to 28/],
    ['{ name: a, fee: 5, since: 2026-02-30 }', /since must be a date/],
    ['{ name: a, fee: 5, since: 2026-03-01, until: 2026-03-01 }', /ends on 2026-03-01, before it begins/],
    ['{ name: a, fee: 5 }, { name: a, fee: 6 }', /two plans are named a/],
    ['{ name: a, fee: 5, alternatives: [{ name: a, fee: 6 }] }', /two plans are named a/],
    [
      '{ name: a, fee: 5, alternatives: [{ name: b, fee: 6, user: x }] }',
      /alternatives\[0\]\.user is not a key/,
    ],
    ['{ name: a, fee: 5, fees: 6 }', /plans\[0\]\.fees is not a key/],
    [String.raw`{ name: "a\eb", fee: 5 }`, /name must be a name/],
  ])('%s', async (text, message) => {
    await expect(load('x.yaml', `plans: [${text}]`)).rejects.toThrow(message)
  })
})

describe('groups', () => {
  test('stand under the dimension they are of, by its own name', async () => {
    const { groups } = await load(
      'x.yaml',
      'groups:\n  user:\n    research: [ada, 7]\n    all: [bob]\n  tag.region: {eu: [de, fr]}\n',
    )
    expect(groups).toEqual({
      user_id: { research: ['ada', '7'], all: ['bob'] },
      'tag.region': { eu: ['de', 'fr'] },
    })
  })

  test.each([
    ['groups: {users: {a: [b]}}', /groups\.users/],
    ['groups: {user: {a: []}}', /groups\.user\.a/],
    ['groups: {user: {a: b}}', /groups\.user\.a/],
    ['groups: {user: {a: [b]}, user_id: {c: [d]}}', /user_id.*same/],
    ['groups: {day: {a: [b]}}', /groups\.day/],
    ['groups: {cost_usd: {a: [b]}}', /groups\.cost_usd/],
  ])('%s', async (text, message) => {
    await expect(load('x.yaml', text)).rejects.toThrow(message)
  })
})

describe('allocate', () => {
  test('is read with its rules in order, and percentages exactly', async () => {
    const text = [
      'allocate:',
      '  from: tag.squad',
      '  cost_centers: { search: [search, 7] }',
      '  shared:',
      '    - where: [feature=gateway, model~gpt]',
      '      by: tokens',
      '    - to: { search: 33.3333%, support: 66.6667% }',
      '  costs:',
      '    - { name: GPUs, monthly: "4200.10", since: 2026-01-01, until: 2027-01-01, to: search }',
    ].join('\n')
    expect((await load('x.yaml', text)).allocation).toEqual({
      from: 'tag.squad',
      centers: { search: ['search', '7'] },
      shared: [
        {
          where: [
            { dimension: 'feature', operator: '=', value: 'gateway' },
            { dimension: 'model', operator: '~', value: 'gpt' },
          ],
          sharing: { by: 'tokens' },
        },
        { sharing: { to: { search: 333_333n, support: 666_667n } } },
      ],
      costs: [
        {
          name: 'GPUs',
          usd: '4200.1',
          since: '2026-01-01T00:00:00.000Z',
          until: '2027-01-01T00:00:00.000Z',
          sharing: { to: { search: 1_000_000n } },
        },
      ],
    })
    expect((await load('x.yaml', 'allocate:\n')).allocation).toEqual({
      from: 'team',
      centers: {},
      shared: [],
      costs: [],
    })
  })

  test.each([
    ['from: month', /no cost center is named by month/],
    ['from: cost_center', /cost is not allocated to cost centers here/],
    ['cost_centers: { a: [x], b: [x] }', /cost_centers: x is in a and in b/],
    ['cost_centers: { (shared): [x] }', /\(shared\) is what has no cost center/],
    ['shared: [{ where: feature=a }]', /shared\[0\] does not say how it is shared/],
    ['shared: [{ by: cost, to: a }]', /shared\[0\] has by and to/],
    ['shared: [{ by: money }]', /by must be cost, tokens or calls/],
    ['shared: [{ to: { a: 60%, b: 39% } }]', /the percentages add up to 99%/],
    ['shared: [{ to: { a: 60, b: 40 } }]', /to\.a must be a percentage/],
    ['shared: [{ to: { a: 0%, b: 100% } }]', /to\.a must be a percentage above 0%/],
    ['shared: [{ to: (shared) }]', /\(shared\) is what has no cost center/],
    ['shared: [{ where: cost_center=a, by: cost }]', /cost is not allocated to cost centers here/],
    ['costs: [{ monthly: 5, since: 2026-01-01, by: cost }]', /costs\[0\] has no name/],
    ['costs: [{ name: a, since: 2026-01-01, by: cost }]', /costs\[0\] has no amount/],
    ['costs: [{ name: a, monthly: 5, by: cost }]', /does not say since when it is paid/],
    [
      'costs: [{ name: a, monthly: 5, since: 2026-01-02, until: 2026-01-02, by: cost }]',
      /ends on 2026-01-02, before it begins/,
    ],
    ['costs: [{ name: a, monthly: 5, since: 2026-01-01 }]', /does not say how it is shared/],
    ['fro: team', /allocate\.fro is not a key/],
  ])('%s', async (text, message) => {
    await expect(load('x.yaml', `allocate:\n  ${text}\n`)).rejects.toThrow(message)
  })
})
