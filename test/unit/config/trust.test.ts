/** What a config file that was found on the way up may do, before it is trusted and after. */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadConfig, lookAt, type Config } from '../../../src/config/config.js'
import { platformFolders } from '../../../src/config/folders.js'
import { configKeys } from '../../../src/config/keys.js'
import { allTrusted, revoke, trust, trustOf } from '../../../src/config/trust.js'
import { UserError } from '../../../src/errors.js'

const names = { formats: ['table', 'json'], importers: ['openai', 'llmcost'] }
const known = async () => names
const now = new Date('2026-11-02T10:15:30Z')
const all = realpathSync(mkdtempSync(join(tmpdir(), 'llmcost-trust-')))
afterAll(() => rmSync(all, { recursive: true }))

let count = 0
/** A repository, in a folder of its own. */
let repo = ''
let data = ''

beforeEach(() => {
  const world = join(all, String((count += 1)))
  repo = join(world, 'repo')
  data = join(world, 'data')
  mkdirSync(join(repo, 'sub'), { recursive: true })
  vi.stubEnv('XDG_DATA_HOME', data)
  vi.stubEnv('XDG_CONFIG_HOME', join(world, 'config'))
})
afterEach(() => vi.unstubAllEnvs())

const write = (text: string, name = 'llmcost.config.yaml'): string => {
  const path = join(repo, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}
const found = (cwd = join(repo, 'sub')): Promise<Config> => loadConfig({ cwd, known })
const trustNow = async (path: string): Promise<void> => trust(path, (await lookAt(path, names)).digest, now)

/** What is said of a file that is refused. */
async function refusal(cwd?: string): Promise<UserError> {
  try {
    await found(cwd)
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('it was read')
}

const slack = '{ kind: slack, url_env: SLACK }'

describe('a key that needs trust', () => {
  test.each([
    ['db: costs.duckdb', 'db names a database', 1],
    ['tz: UTC\ndb: ../costs.duckdb', 'db names a database', 2],
    ['db: ~/costs.duckdb', 'db names a database', 1],
    ['db:', 'db names a database', 1],
    ['prices: prices.csv', 'prices names price files', 1],
    ['prices: []', 'prices names price files', 1],
    ['price_update_url: https://example.org/x.json', 'price_update_url says where prices come from', 1],
    [`\nnotify:\n  chat: ${slack}`, 'notify sends messages', 2],
    ['notify:\n  m: { kind: mail, to: a@example.org, smtp_env: PATH }', 'notify sends messages', 1],
    ['rules:\n  - { kind: cost, over: 1 }\n  - kind: sql\n    sql: SELECT 1', 'rules[1].sql runs SQL', 4],
    ['rules:\n  - { kind: sql, sql: SELECT 1, enabled: false }', 'rules[0].sql runs SQL', 2],
    ['rules: [{ kind: sql }]', 'rules[0].kind runs SQL', 1],
    ['rules: [{ kind: cost, over: 1, sql: SELECT 1 }]', 'rules[0].sql runs SQL', 1],
    ['user_tiers: ../tiers.csv', 'user_tiers names a file outside its folder', 1],
    ['user_tiers: /etc/passwd', 'user_tiers names a file outside its folder', 1],
    ['currency_rates: ~/rates.csv', 'currency_rates names a file outside its folder', 1],
    ['exchange_rates: ../rates.csv', 'exchange_rates names a file outside its folder', 1],
    ['currency_rates: sub/../../rates.csv', 'currency_rates names a file outside its folder', 1],
  ])('%j', async (text, said, line) => {
    const path = write(text)
    const error = await refusal()
    expect(error.message).toBe(`${said}, and this config file is not trusted`)
    expect(error).toMatchObject({ code: 'usage', location: `${path}:${line}` })
    expect(error.hint).toContain('llmcost trust')
  })

  test('in each format, whatever way it is written', async () => {
    const forms: readonly (readonly [string, string])[] = [
      ['llmcost.config.yml', 'x: &x { kind: sql, sql: SELECT 1 }\nrules: [*x]'],
      ['llmcost.config.yaml', '{"db": "x"}'],
      ['llmcost.config.yaml', '? db\n: x'],
      ['llmcost.config.yaml', '"d\\x62": x'],
      ['llmcost.config.json', '{ /* db */ "\\u0064b": "x" }'],
      ['llmcost.config.json', '{ db: "x" }'],
      ['llmcost.config.json', '{ "rules": [{ "sql": "SELECT 1", "kind": "sql", }] }'],
    ]
    for (const [name, text] of forms) {
      const path = write(text, name)
      const { message } = await refusal()
      expect(message, text).toMatch(
        /(a database|SQL|messages), and this config file is not trusted$|is not JSON/,
      )
      rmSync(path)
    }
  })

  test('others are named, a long list in short', async () => {
    write(`db: x\nprices: y\nnotify: { c: ${slack} }`)
    expect((await refusal()).hint).toContain(
      'Besides: prices in line 2 names price files; notify in line 3 sends',
    )
    write(`rules:\n${'  - { kind: sql, sql: SELECT 1 }\n'.repeat(9)}`)
    expect((await refusal()).hint).toContain('; 2 more.')
  })

  test('a value is never quoted, and hidden characters of a path are shown', async () => {
    const odd = join(repo, 'a\u{202e}b\u001b[31m')
    mkdirSync(odd)
    writeFileSync(join(odd, 'llmcost.config.yaml'), 'db: "sEcReT"')
    const error = await refusal(odd)
    expect([error.message, error.location, error.hint].join('\n')).not.toMatch(/sEcReT|[\u001b\u{202e}]/u)
  })

  test('every key says how it stands: a new one is refused until somebody thought of it', () => {
    const keys = configKeys(names)
    expect(Object.entries(keys).filter(([, { trust: said }]) => said === undefined)).toEqual([])
    const free = Object.entries(keys).filter(([, { trust: said }]) => said === 'free')
    expect(free.map(([name]) => name)).toEqual(
      'tz format lock_timeout memory_limit cost_basis rollups approximate_above discover bounds budgets user_caps guard plans bill_zones contracts allocate presets groups $schema'.split(
        ' ',
      ),
    )
  })
})

describe('what needs none', () => {
  test('defaults of questions, budgets, bounds, presets, rules, files beside it', async () => {
    write(
      [
        'tz: Asia/Tokyo',
        'format: json',
        'budgets: [{ monthly: 500 }]',
        'presets: { db: { map: { ts: When } }, sql: { set: { model: notify } } }',
        'rules: [{ kind: cost, over: 1, name: sql, message: "db: sql" }]',
        'user_tiers: sub/tiers.csv',
        'currency_rates: ./..rates.csv',
        'exchange_rates: rates.csv',
      ].join('\n'),
    )
    const config = await found()
    expect(config.options).toEqual({ tz: 'Asia/Tokyo', format: 'json' })
    expect(config.userTiers).toBe(join(repo, 'sub/tiers.csv'))
    expect(config.trustedSince).toBeNull()
    expect(existsSync(data)).toBe(false)
  })

  test('a file of that name on another platform', async () => {
    write(String.raw`user_tiers: '\\server\share\tiers.csv'`)
    expect((await found()).userTiers).toBe(join(repo, String.raw`\\server\share\tiers.csv`))
  })

  test('what is named, and what lies in the folder of the platform, also from within it', async () => {
    const path = write('db: costs.duckdb')
    expect(await loadConfig({ cwd: repo, known, explicit: path })).not.toHaveProperty('trustedSince')
    rmSync(path)
    const own = join(process.env['XDG_CONFIG_HOME'] ?? '', 'llmcost')
    mkdirSync(join(own, 'deep'), { recursive: true })
    writeFileSync(join(own, 'llmcost.config.yaml'), 'db: costs.duckdb')
    for (const cwd of [repo, own, join(own, 'deep')])
      expect((await found(cwd)).options.db).toBe(join(own, 'costs.duckdb'))
    symlinkSync(own, join(repo, 'way'))
    expect((await found(join(repo, 'way'))).options.db).toBe(join(repo, 'way/costs.duckdb'))
  })
})

describe('links', () => {
  test('that lead out of the folder', async () => {
    writeFileSync(join(repo, '../tiers.csv'), 'user_id,tier\n')
    write('user_tiers: tiers.csv')
    symlinkSync('../tiers.csv', join(repo, 'tiers.csv'))
    expect((await refusal()).message).toContain('user_tiers names a file outside its folder')
    write('user_tiers: sub/there/not-yet/tiers.csv')
    symlinkSync('..', join(repo, 'sub/there'))
    expect((await found()).userTiers).toBeDefined()
    rmSync(join(repo, 'sub/there'))
    symlinkSync('../..', join(repo, 'sub/there'))
    expect((await refusal()).message).toContain('user_tiers names a file outside its folder')
    write('user_tiers: later.csv')
    symlinkSync('../not-yet.csv', join(repo, 'later.csv'))
    expect((await refusal()).message).toContain('user_tiers names a file outside its folder')
    write('user_tiers: round')
    symlinkSync('round', join(repo, 'round'))
    expect((await found()).userTiers).toBe(join(repo, 'round'))
  })

  test('a config file that is one is trusted by what it leads to', async () => {
    writeFileSync(join(repo, '../one.yaml'), 'db: one.duckdb')
    writeFileSync(join(repo, '../two.yaml'), 'db: two.duckdb')
    const path = join(repo, 'llmcost.config.yaml')
    symlinkSync('../one.yaml', path)
    await trustNow(path)
    expect((await found()).options.db).toBe(join(repo, 'one.duckdb'))
    rmSync(path)
    symlinkSync('../two.yaml', path)
    expect((await refusal()).message).toContain('changed since you trusted it')
  })

  test('a config file that leads nowhere is no reason to take another', async () => {
    writeFileSync(join(repo, '../llmcost.config.yaml'), 'tz: Asia/Tokyo')
    const path = join(repo, 'llmcost.config.yaml')
    symlinkSync('gone.yaml', path)
    expect(await refusal()).toMatchObject({ location: path, message: 'there is no such config file' })
  })

  test('a folder is the same, whichever way leads to it', async () => {
    write('db: x')
    symlinkSync(repo, join(repo, '../link'))
    await trustNow(join(repo, '../link/llmcost.config.yaml'))
    expect((await found()).options.db).toBe(join(repo, 'x'))
    expect((await found(join(repo, '../link/sub'))).options.db).toBe(join(repo, '../link/x'))
  })
})

describe('trust', () => {
  test('holds for one path and one content', async () => {
    const path = write('db: costs.duckdb\n')
    await trustNow(path)
    expect(await found()).toMatchObject({ path, trustedSince: now.toISOString() })
    write('db: costs.duckdb \n')
    expect((await refusal()).message).toBe(
      'db names a database, and this config file changed since you trusted it on 2026-11-02 10:15 UTC',
    )
    write('db: costs.duckdb\n')
    expect((await found()).options.db).toBe(join(repo, 'costs.duckdb'))
    cpSync(repo, join(repo, '../copy'), { recursive: true })
    expect((await refusal(join(repo, '../copy'))).message).toContain('is not trusted')
    renameSync(path, join(repo, 'sub/llmcost.config.yaml'))
    expect((await refusal()).message).toContain('is not trusted')
  })

  test('is taken back', async () => {
    const path = write('db: costs.duckdb\n')
    await trustNow(path)
    expect(await revoke(path)).toBe(true)
    expect(await revoke(path)).toBe(false)
    expect((await refusal()).message).toContain('is not trusted')
    expect(await allTrusted()).toEqual([])
  })

  test('may end unnoticed where a file has nothing that needs it', async () => {
    const path = write('tz: UTC')
    await trustNow(path)
    write('tz: Asia/Tokyo')
    expect((await found()).trustedSince).toBeNull()
  })

  test('is not given to a file that is wrong', async () => {
    const path = write('db: x\ndp: y')
    await expect(trustNow(path)).rejects.toMatchObject({ location: `${path}:2` })
    expect(await allTrusted()).toEqual([])
  })
})

describe('its records', () => {
  const folder = (): string => join(data, 'llmcost/trusted')
  const record = (): string => join(folder(), readdirSync(folder())[0]!)
  const nameOf = (path: string): string => `${createHash('sha256').update(path).digest('hex')}.json`

  test('are for their user alone', async () => {
    const before = process.umask(0)
    try {
      await trustNow(write('db: x'))
    } finally {
      process.umask(before)
    }
    expect(statSync(folder()).mode & 0o777).toBe(0o700)
    expect(statSync(record()).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder())).toHaveLength(1)
    expect(JSON.parse(readFileSync(record(), 'utf8'))).toEqual({
      path: join(repo, 'llmcost.config.yaml'),
      sha256: expect.stringMatching(/^[\da-f]{64}$/) as string,
      since: now.toISOString(),
    })
  })

  test.skipIf(process.platform === 'win32').each([0o620, 0o602, 0o644, 0o755])(
    'count for nothing where others may read or write them: %o',
    async (mode) => {
      await trustNow(write('db: x'))
      chmodSync(record(), mode)
      expect((await refusal()).message).toContain(`what was trusted is not kept for you alone (${record()})`)
      await trustNow(join(repo, 'llmcost.config.yaml'))
      expect((await found()).options.db).toBeDefined()
    },
  )

  test.runIf(process.getuid?.() === 0)('count for nothing where they are of another user', async () => {
    await trustNow(write('db: x'))
    chownSync(record(), 54_321, 54_321)
    expect((await refusal()).message).toContain('what was trusted is not kept for you alone')
  })

  test('count for nothing where they are links', async () => {
    await trustNow(write('db: x'))
    renameSync(record(), join(repo, 'kept.json'))
    symlinkSync(join(repo, 'kept.json'), join(folder(), 'x'))
    renameSync(join(folder(), 'x'), join(folder(), nameOf(join(repo, 'llmcost.config.yaml'))))
    expect((await refusal()).message).toMatch(/what was trusted cannot be read \(.+: ELOOP\)$/)
    await trustNow(join(repo, 'llmcost.config.yaml'))
    expect((await found()).options.db).toBeDefined()
  })

  test.each(['', '{', 'null', '[]', '{"path": 1}', '{"path": "/", "sha256": "", "since": "never"}'])(
    'that are damaged are none: %j',
    async (text) => {
      const path = write('db: x')
      await trustNow(path)
      writeFileSync(record(), text)
      expect((await refusal()).message).toMatch(/this config file is not trusted$/)
      expect(await allTrusted()).toEqual([])
      await trustNow(path)
      expect((await trustOf(path)).record?.path).toBe(path)
    },
  )

  test('of one file do not count for another', async () => {
    await trustNow(write('db: x'))
    const first = record()
    mkdirSync(join(repo, '../other'))
    const other = join(repo, '../other/llmcost.config.yaml')
    writeFileSync(other, 'db: x')
    await trustNow(other)
    const second = readdirSync(folder()).find((name) => !first.endsWith(name))!
    cpSync(first, join(folder(), second))
    expect((await refusal(dirname(other))).message).toContain('is not trusted')
    expect(await allTrusted()).toHaveLength(1)
  })

  test('of several runs do not get in each other’s way', async () => {
    const paths = Array.from({ length: 20 }, (_, i) => write('db: x', `r${i}/llmcost.config.yaml`))
    await Promise.all([...paths, ...paths].map(trustNow))
    expect((await allTrusted()).map(({ path }) => path)).toEqual(paths.toSorted())
  })

  test('that cannot be kept: it says what else to do', async () => {
    const path = write('db: x')
    writeFileSync(data, 'a file')
    await expect(trustNow(path)).rejects.toMatchObject({
      message: 'what is trusted cannot be kept here (ENOTDIR)',
      location: folder(),
      hint: expect.stringContaining('--config or in LLMCOST_CONFIG') as string,
    })
    expect((await refusal()).message).toMatch(/not trusted$/)
    expect(await revoke(path)).toBe(false)
    expect(await allTrusted()).toEqual([])
  })

  test('never lie in a folder that the working directory brings', async () => {
    vi.stubEnv('XDG_DATA_HOME', 'data')
    vi.stubEnv('XDG_CONFIG_HOME', '.config')
    const folders = await platformFolders()
    expect(folders?.data).toMatch(/^\//)
    expect(folders?.config).toMatch(/^\//)
    expect(folders?.data).not.toContain(process.cwd())
  })
})
