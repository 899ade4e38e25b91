/** What is said of each mistake that a config file can hold: one line with file and line, and what to do. */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { knownNames } from '../../../src/commands/known-names.js'
import { loadConfig } from '../../../src/config/config.js'
import { UserError } from '../../../src/errors.js'

const folder = mkdtempSync(join(tmpdir(), 'llmcost-messages-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Name of the file, and what it holds; a text above stands for YAML. */
const mistakes: Readonly<Record<string, readonly [name: string, content: string | Uint8Array]>> = {
  // Not text.
  'Latin-1': ['x.yaml', Buffer.from('db: x\n# Grüße\n', 'latin1')],
  'UTF-16': ['x.json', Buffer.from('\u{feff}{"db": "x"}', 'utf16le')],
  'a picture': ['x.yaml', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])],
  'an unknown ending': ['x.ini', 'db = x'],
  // Not of its format.
  'empty JSON': ['x.json', ''],
  'JSON that ends early': ['x.json', '{\n  "db": "x",\n'],
  'JSON without quotes': ['x.json', '{\n  db: "x"\n}'],
  'JSON with single quotes': ['x.json', '{\n  "db":\n  \'x\'\n}'],
  'JSON twice': ['x.json', '{}\n{}'],
  'JSON without a comma': ['x.json', '{\n  "db": "x"\n  "tz": "UTC"\n}'],
  'JSON with a key twice': ['x.json', '{\n  "db": "x",\n  "tz": "UTC",\n  "db": "y"\n}'],
  'JSON nested deeply': ['x.json', `{"a":\n${'['.repeat(400_000)}`],
  'JSON that is a list': ['x.json', '[]'],
  'YAML with a tab': ['x.yaml', 'bounds:\n\terror_rate: 0.1\n'],
  'YAML with a key twice': ['x.yaml', 'db: x\r\ntz: UTC\r\ndb: y\r\n'],
  'YAML with an open quote': ['x.yaml', 'db: x\ntz: "UTC\n'],
  'YAML with an open bracket': ['x.yaml', 'prices: [a.csv,\ndb: x\n'],
  'YAML in two documents': ['x.yaml', 'db: x\n---\ndb: y\n'],
  'YAML with a tag': ['x.yaml', 'db: !env HOME\n'],
  'YAML with an unknown alias': ['x.yaml', 'tz: UTC\ndb: *where\n'],
  'YAML whose aliases multiply': [
    'x.yaml',
    `${'abcdefgh'
      .split('')
      .map(
        (c, i, all) =>
          `${c}: &${c} [${Array(9)
            .fill(i === 0 ? '1' : `*${all[i - 1]}`)
            .join(', ')}]`,
      )
      .join('\n')}\n`,
  ],
  'YAML within itself': ['x.yaml', 'presets: &a\n  b: *a\n'],
  'YAML nested deeply': ['x.yaml', `a:\n${'- '.repeat(100_000)}`],
  'YAML nested deeply, line by line': [
    'x.yaml',
    Array.from({ length: 900 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
  ],
  'YAML with a list for a key': ['x.yaml', 'tz: UTC\n? [a, b]\n: c\n'],
  'YAML that is a word': ['x.yaml', 'hello\n'],
  TOML: ['x.toml', 'db = "x"\n'],
  // Unknown names.
  'an unknown key': ['x.yaml', 'db: x\nprice: y.csv\n'],
  'an unknown bound': ['x.json', '{"bounds": {\n  "truncation_rat": 0.1\n}}'],
  'an unknown cap': ['x.yaml', 'user_caps:\n  weekly_usd: 5\n'],
  'an unknown dimension': ['x.yaml', 'budgets:\n  - monthly: 5\n    featur: search\n'],
  'an unknown dimension in where': ['x.yaml', 'budgets:\n  - monthly: 5\n    where: [userr~x]\n'],
  'an unknown field': ['x.yaml', 'presets:\n  mine:\n    map:\n      input_token: In\n'],
  'an unknown importer': ['x.yaml', 'presets:\n  mine:\n    from: opnai\n'],
  'a key of a preset': ['x.yaml', 'presets:\n  mine:\n    maps: {ts: When}\n'],
  'an endless key': ['x.yaml', `? ${'x'.repeat(100_000)}\n: 1\n`],
  'a key with controls': ['x.json', '{"\\u001b[31mred": 1}'],
  // Rules.
  'a rule without a kind': ['x.yaml', 'rules:\n  - over: 5\n'],
  'an unknown kind of rule': ['x.yaml', 'rules:\n  - kind: eror_rate\n'],
  'a key of another kind': ['x.yaml', 'rules:\n  - kind: error_rate\n    under: 5%\n'],
  'a rule without its bound': ['x.yaml', 'rules:\n  - kind: cost\n'],
  'a share above one': ['x.yaml', 'rules:\n  - kind: error_rate\n    over: 5\n'],
  'a bound in words': ['x.yaml', 'rules:\n  - kind: p95_latency\n    over: slow\n'],
  'a time of minutes': ['x.yaml', 'rules:\n  - kind: error_rate\n    window: 30m\n'],
  'an unknown placeholder': ['x.yaml', 'rules:\n  - kind: error_rate\n    message: "{subject}: {measure}"\n'],
  'half a placeholder': ['x.yaml', 'rules:\n  - kind: error_rate\n    message: "{subject"\n'],
  'a rule by day': ['x.yaml', 'rules:\n  - kind: error_rate\n    by: day\n'],
  'a rule by nothing known': ['x.yaml', 'rules:\n  - kind: error_rate\n    by: featur\n'],
  'two rules of a name': ['x.yaml', 'rules:\n  - kind: error_rate\n  - kind: error_rate\n    over: 9%\n'],
  'a statement for some time': ['x.yaml', 'rules:\n  - kind: sql\n    sql: SELECT 1\n    for: 2h\n'],
  'a rule without its statement': ['x.yaml', 'rules:\n  - kind: sql\n'],
  'a rule that is a word': ['x.yaml', 'rules: [error_rate]\n'],
  // Values.
  'a number for a path': ['x.yaml', 'db: 5\n'],
  'no value': ['x.yaml', 'tz: UTC\ndb:\n'],
  'an unknown zone': ['x.yaml', 'tz: Europe/Berlim\n'],
  'an unknown format': ['x.yaml', 'format: tabel\n'],
  'an unknown basis': ['x.yaml', 'cost_basis: list\n'],
  'a lock timeout': ['x.yaml', 'lock_timeout: soon\n'],
  'a memory limit': ['x.yaml', 'memory_limit: 2000\n'],
  'prices in a group': ['x.yaml', 'prices:\n  file: x.csv\n'],
  'a price file that is a number': ['x.yaml', 'prices:\n  - x.csv\n  - 7\n'],
  'a share in percent': ['x.yaml', 'bounds:\n  error_rate: 5%\n'],
  'a share above 1': ['x.yaml', 'bounds:\n  error_rate: 5\n'],
  'a count that is not whole': ['x.yaml', 'bounds:\n  growth_weeks: 2.5\n'],
  'a ratio of 0': ['x.yaml', 'bounds:\n  p95_input_over_mean: 0\n'],
  'an infinite bound': ['x.yaml', 'bounds:\n  p95_input_over_mean: .inf\n'],
  'bounds in a list': ['x.yaml', 'bounds:\n  - error_rate: 0.1\n'],
  'a text with a control': ['x.json', '{"db": "a\\u0007b"}'],
  // Budgets and caps.
  'budgets in a group': ['x.yaml', 'budgets:\n  monthly: 500\n'],
  'a budget without amount': ['x.yaml', 'budgets:\n  - monthly: 5\n  - feature: search\n'],
  'a budget with two amounts': ['x.yaml', 'budgets:\n  - monthly: 5\n    feature: search\n    daily: 1\n'],
  'a budget of 0': ['x.yaml', 'budgets:\n  - monthly: 0\n'],
  'a budget below 0': ['x.json', '{"budgets": [{"monthly": -5}]}'],
  'a budget with a currency': ['x.yaml', 'budgets:\n  - monthly: $500\n'],
  'a budget with thousands': ['x.yaml', 'budgets:\n  - monthly: 1,500\n'],
  'a budget beyond all money': ['x.yaml', 'budgets:\n  - monthly: 1e300\n'],
  'two budgets of one name': ['x.yaml', 'budgets:\n  - monthly: 5\n  - monthly: 6\n'],
  'one dimension twice': ['x.yaml', 'budgets:\n  - monthly: 5\n    user: ann\n    user_id: bob\n'],
  'a dimension of time': ['x.yaml', 'budgets:\n  - monthly: 5\n    where: day=2026-10-01\n'],
  'a truth that is none': ['x.yaml', 'budgets:\n  - monthly: 5\n    cache_hit: maybe\n'],
  'a filter without value': ['x.yaml', 'budgets:\n  - monthly: 5\n    where: feature=\n'],
  'a filter that is none': ['x.yaml', 'budgets:\n  - monthly: 5\n    where: feature\n'],
  'a list for a filter': ['x.yaml', 'budgets:\n  - monthly: 5\n    feature: [search, chat]\n'],
  'a number that is a name': ['x.yaml', 'budgets:\n  - monthly: 5\n    user: 007\n'],
  'a tag without name': ['x.yaml', 'budgets:\n  - monthly: 5\n    tag: pro\n'],
  'a level of 0': ['x.yaml', 'budgets:\n  - monthly: 5\n    warn_at: [0, 80]\n'],
  'levels as a text': ['x.yaml', 'budgets:\n  - monthly: 5\n    warn_at: 80%\n'],
  'no levels': ['x.yaml', 'budgets:\n  - monthly: 5\n    warn_at: []\n'],
  'a cap of half a token': ['x.yaml', 'user_caps:\n  request_tokens: 0.5\n'],
  'a cap as a list': ['x.yaml', 'user_caps:\n  daily_usd: [5]\n'],
  'a field twice': ['x.yaml', 'presets:\n  mine:\n    map: {user: U, user_id: V}\n'],
  'a channel without a kind': ['x.yaml', 'notify:\n  chat: {url_env: CHAT_URL}\n'],
  'an unknown kind of channel': ['x.yaml', 'notify:\n  chat: {kind: irc, url_env: CHAT_URL}\n'],
  'a channel without its variable': ['x.yaml', 'notify:\n  chat:\n    kind: slack\n'],
  'a webhook without its secret': ['x.yaml', 'notify:\n  hook: {kind: webhook, url_env: HOOK}\n'],
  'a key of another channel': ['x.yaml', 'notify:\n  chat: {kind: slack, url_env: A, key_env: B}\n'],
  'a secret in the place of its variable': [
    'x.yaml',
    'notify:\n  chat: {kind: slack, url_env: "https://hooks.example.org/T0SECRET"}\n',
  ],
  'a mail to nobody': ['x.yaml', 'notify:\n  mails: {kind: mail, to: []}\n'],
  'a mail to no address': ['x.yaml', 'notify:\n  mails: {kind: mail, to: team}\n'],
  'a reminder that is no time': ['x.yaml', 'notify:\n  chat: {kind: slack, url_env: A, remind_every: 4}\n'],
  'a channel with a name that is a path': ['x.yaml', 'notify:\n  a/b: {kind: slack, url_env: A}\n'],
  'a preset that is a path': ['x.yaml', 'presets:\n  mine: when\n'],
}

test.each(Object.entries(mistakes))('%s', async (name, [file, content]) => {
  await expect(`${await said(file, content)}\n`).toMatchFileSnapshot(
    join(import.meta.dirname, '__files__', `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.txt`),
  )
})

test('a folder, a huge file, a device, none', async () => {
  mkdirSync(join(folder, 'folder.yaml'))
  writeFileSync(join(folder, 'huge.yaml'), '')
  truncateSync(join(folder, 'huge.yaml'), 1_000_000_000)
  const told = [
    await objection('folder.yaml'),
    await objection('huge.yaml'),
    await objection('none.yaml'),
    await objection('/dev/zero'),
  ]
  expect(told.join('\n')).toMatchInlineSnapshot(`
    "~/folder.yaml: the config file is a folder
    ~/huge.yaml: the config file has 1.0 GB
      It may have 1.0 MB.
    ~/none.yaml: there is no such config file
      Check LLMCOST_CONFIG.
    /dev/zero: the config file is no plain file"
  `)
})

async function said(file: string, content: string | Uint8Array): Promise<string> {
  writeFileSync(join(folder, file), content)
  const shown = typeof content === 'string' && content.length < 200 ? `${content.trimEnd()}\n\n` : ''
  return `${shown}${await objection(file)}`
}

/** As the program prints it. */
async function objection(file: string): Promise<string> {
  try {
    await loadConfig({ cwd: folder, explicit: file, known: knownNames })
    return 'nothing is said'
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    expect(error.code).toBe('usage')
    const where = (error.location ?? '').replace(folder, '~')
    const lines = [`${where}: ${error.message}`, ...(error.hint === undefined ? [] : [`  ${error.hint}`])]
    return lines.join('\n').replaceAll(/[\u0000-\u0009\u000b-\u001f]/g, '␦')
  }
}
