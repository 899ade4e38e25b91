/** Flag, then environment, then config file, then default: for each option that has all four. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import type { CommandSpec, Invocation } from '../../../src/commands/command.js'
import { rendererOf } from '../../../src/commands/precedence.js'
import { loadCommands } from '../../../src/commands/registry.js'
import { settingsOf } from '../../../src/commands/settings.js'
import { platformFolders } from '../../../src/config/folders.js'
import { flagOf, optionNames, variableOf, type OptionName } from '../../../src/config/options.js'

const folder = mkdtempSync(join(tmpdir(), 'llmcost-precedence-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Case {
  readonly option: string
  /** Texts at each level, and what each comes to; the default's text is commander's own, if it has one. */
  readonly flag: readonly [string, unknown]
  readonly env: readonly [string, unknown]
  readonly config: readonly [string, unknown]
  readonly fallback: readonly [string | undefined, unknown]
  readonly wrong?: string
  readonly read: (invocation: Invocation) => Promise<unknown>
}

const cases: Readonly<Record<OptionName, Case>> = {
  db: {
    option: 'db',
    flag: ['f.duckdb', resolve('f.duckdb')],
    env: ['e.duckdb', resolve('e.duckdb')],
    // Beside the config file, not in the working directory.
    config: ['c.duckdb', join(folder, 'c.duckdb')],
    fallback: [undefined, join((await platformFolders())!.data, 'llmcost.duckdb')],
    read: async (invocation) => (await settingsOf(invocation)).dbPath,
  },
  archive: {
    option: 'archive',
    flag: ['f', resolve('f')],
    env: ['e', resolve('e')],
    // Beside the config file, not in the working directory.
    config: ['c', join(folder, 'c')],
    fallback: [undefined, undefined],
    read: async (invocation) => (await settingsOf(invocation)).storeOptions.archive,
  },
  tz: {
    option: 'tz',
    flag: ['Asia/Tokyo', 'Asia/Tokyo'],
    env: ['Asia/Kolkata', 'Asia/Kolkata'],
    config: ['Europe/Berlin', 'Europe/Berlin'],
    fallback: ['UTC', 'UTC'],
    wrong: 'Mars/Base',
    read: async (invocation) => (await settingsOf(invocation)).tz,
  },
  format: {
    option: 'format',
    flag: ['csv', 'csv'],
    env: ['md', 'markdown'],
    config: ['json', 'json'],
    fallback: [undefined, 'table'],
    wrong: 'tabel',
    read: async (invocation) => (await rendererOf(invocation)).id,
  },
  lock_timeout: {
    option: 'lockTimeout',
    flag: ['1s', 1000],
    env: ['2m', 120_000],
    config: ['250ms', 250],
    fallback: ['30s', 30_000],
    wrong: 'soon',
    read: async (invocation) => (await settingsOf(invocation)).storeOptions.lockTimeoutMs,
  },
  memory_limit: {
    option: 'memoryLimit',
    flag: ['1GB', '1GB'],
    env: ['2GB', '2GB'],
    config: ['512MB', '512MB'],
    fallback: [undefined, undefined],
    wrong: 'much',
    read: async (invocation) => (await settingsOf(invocation)).storeOptions.memoryLimit,
  },
}

interface Given {
  readonly flag?: string | undefined
  readonly env?: string | undefined
  readonly config?: string | undefined
}

/** As main makes it: commander puts the fallback among the options without its being given. */
function invocation(
  name: OptionName,
  { flag, env, config }: Given,
  more: Record<string, unknown> = {},
): Invocation {
  const { option, fallback } = cases[name]
  const file = join(folder, 'x.yaml')
  writeFileSync(file, config === undefined ? '' : `${name}: "${config}"\n`)
  const text = flag ?? fallback[0]
  return {
    args: [],
    options: { ...(text === undefined ? {} : { [option]: text }), ...more },
    env: { LLMCOST_CONFIG: file, ...(env === undefined ? {} : { [variableOf(name)]: env }) },
    now: new Date('2026-10-01T00:00:00Z'),
    version: '0',
    terminal: { columns: 80, interactive: false, warn: () => undefined, progress: process.stderr },
    given: (asked) => (asked === option ? flag !== undefined : asked in more),
  }
}

describe.each(Object.entries(cases) as [OptionName, Case][])('%s', (name, one) => {
  const { flag, env, config, fallback, wrong, read } = one
  const all = { flag: flag[0], env: env[0], config: config[0] }
  test.each<[string, Given, unknown]>([
    ['the flag wins over all', all, flag[1]],
    ['the flag wins over the environment', { ...all, config: undefined }, flag[1]],
    ['the environment wins over the config file', { ...all, flag: undefined }, env[1]],
    ['the environment alone', { env: env[0] }, env[1]],
    ['the config file wins over the default', { config: config[0] }, config[1]],
    ['an empty variable is none', { env: '', config: config[0] }, config[1]],
    ['the default', {}, fallback[1]],
  ])('%s', async (_, given, expected) => {
    expect(await read(invocation(name, given))).toBe(expected)
  })

  test.skipIf(wrong === undefined)('a mistake is told by the name of where it stands', async () => {
    const told = (given: Given): Promise<unknown> =>
      read(invocation(name, given)).catch((error: unknown) => error)
    const usage = (message: string): unknown =>
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(message) })
    expect(await told({ ...all, flag: wrong })).toEqual(usage(`${flagOf(name)} ${wrong} is not`))
    expect(await told({ env: wrong })).toEqual(usage(`${variableOf(name)} ${wrong} is not`))
    expect(await told({ config: wrong })).toMatchObject({
      code: 'usage',
      message: expect.stringMatching(new RegExp(`^${name} `)),
      location: join(folder, 'x.yaml:1'),
    })
  })
})

describe('format', () => {
  test.each([
    ['--json', { json: true }, 'json'],
    ['the ending of --output', { output: 'x.md' }, 'markdown'],
    ['not an --output without ending', { output: 'x' }, 'csv'],
  ])('%s decides before the environment', async (_, options, expected) => {
    expect((await rendererOf(invocation('format', { env: 'csv' }, options))).id).toBe(expected)
  })
})

test('no command reads such an option past the environment and the config file', () => {
  const commands = fileURLToPath(new URL('../../../src/commands', import.meta.url))
  const names = Object.values(cases).map(({ option }) => option)
  // `init --format` and `export --format` are options of their own; metrics lends --listen a shorter wait.
  const own = ['start/init.ts', 'share/exporting.ts', 'watch/metrics.ts', 'precedence.ts']
  const files = readdirSync(commands, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => !own.includes(file))
  const past = files.flatMap((file) => {
    const text = readFileSync(join(commands, file), 'utf8')
    return names
      .filter((name) => new RegExp(String.raw`(invocation, |options\[)'${name}'[)\]]`).test(text))
      .filter((name) => !new RegExp(String.raw`chosen\(invocation, '${name}'\)`).test(text))
      .map((name) => `${file}: ${name}`)
  })
  expect(past).toEqual([])
})

test('every option of this kind is marked so in each command, and no other', async () => {
  const every = (specs: readonly CommandSpec[]): CommandSpec[] =>
    specs.flatMap((spec) => [spec, ...every(spec.subcommands ?? [])])
  const options = every(await loadCommands()).flatMap((spec) =>
    spec.options
      // A format with choices of its own is not that of reports.
      .filter(({ flags, choices }) => !(flags.includes('--format') && choices !== undefined))
      .map((option) => ({ ...option, command: spec.name })),
  )
  for (const { flags, setting, command } of options) {
    const flag = /--[a-z-]+/.exec(flags)?.[0]
    const expected = optionNames.find((name) => flagOf(name) === flag)
    expect(setting, `${command} ${flags}`).toBe(expected)
  }
})
