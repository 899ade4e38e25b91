/** `llmcost init --agent`: the lines for agents' settings, and how they get there. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder, programPath } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const file = (cwd: string, ...names: readonly string[]): string => join(cwd, ...names)
const read = (path: string): string => readFileSync(path, 'utf8')
const command = (text: string): string =>
  (JSON.parse(text) as { statusLine: { command: string } }).statusLine.command

test('shows what to write, and writes nothing', async () => {
  const cwd = emptyFolder()
  mkdirSync(file(cwd, '.claude'))
  mkdirSync(file(cwd, '.qwen'))
  const program = `${process.execPath} ${programPath()}`
  expect((await runWarmWell(['init', '--agent'], { cwd })).replaceAll(program, 'llmcost')).toBe(
    `Claude Code, in ~/.claude/settings.json:
  "statusLine": {
    "type": "command",
    "command": "llmcost statusline"
  }

Qwen Code, in ~/.qwen/settings.json:
  "ui": {
    "statusLine": {
      "type": "command",
      "command": "llmcost statusline"
    }
  }

Not found here: Cursor CLI (~/.cursor/cli-config.json), Copilot CLI (~/.copilot/settings.json).
--write writes it, into the settings of those that are found; every other byte of these stays.
`,
  )
  expect(readdirSync(file(cwd, '.claude'))).toEqual([])
})

test('writes it once, keeps a copy, and every other byte', async () => {
  const cwd = emptyFolder()
  mkdirSync(file(cwd, '.claude'))
  mkdirSync(file(cwd, '.cursor'))
  const settings = file(cwd, '.claude', 'settings.json')
  const before = '{\r\n    "model": "opus", // the best\r\n    "env": { "KEY": "secret" },\r\n}\r\n'
  writeFileSync(settings, before)
  chmodSync(settings, 0o660)
  const env = { LLMCOST_DB: 'my calls.duckdb' }
  expect(await runWarmWell(['init', '--agent', '--write'], { cwd, env })).toMatch(
    /^Claude Code: written into ~\/\.claude\/settings\.json; as it was: settings\.json\.before-llmcost beside it\n\nCursor CLI: written into ~\/\.cursor\/cli-config\.json\n\nNot found here: /,
  )
  const after = read(settings)
  const line =
    /^\{\r\n {4}"statusLine": \{\r\n {8}"type": "command",\r\n {8}"command": "(.*)"\r\n {4}\},(?=\r\n)/
  expect(after.replace(line, '{')).toBe(before)
  expect(line.exec(after)![1]).toBe(
    `${process.execPath} ${programPath()} statusline --db '${join(cwd, 'my calls.duckdb')}'`,
  )
  expect(read(`${settings}.before-llmcost`)).toBe(before)
  for (const path of [settings, `${settings}.before-llmcost`]) expect(statSync(path).mode & 0o777).toBe(0o660)
  expect(command(read(file(cwd, '.cursor', 'cli-config.json')))).toContain('statusline --db')
  expect(await runWarmWell(['init', '--agent', 'claude-code', '--write'], { cwd, env })).toBe(
    'Claude Code: it is in ~/.claude/settings.json already\n',
  )
  expect(read(settings)).toBe(after)
  expect(readdirSync(file(cwd, '.claude')).toSorted()).toEqual([
    'settings.json',
    'settings.json.before-llmcost',
  ])
})

test('leaves alone what is not its to change', async () => {
  const cwd = emptyFolder()
  for (const name of ['.claude', '.cursor', '.copilot', '.qwen', 'dotfiles']) mkdirSync(file(cwd, name))
  const contents = {
    '.claude/settings.json': '{ "statusLine": { "type": "command", "command": "~/mine.sh" } }',
    '.cursor/cli-config.json': '{ "a": 1,\n "b": }',
    '.qwen/settings.json': '{ "ui": "dark" }',
    'dotfiles/copilot.json': '{}',
  }
  for (const [name, text] of Object.entries(contents)) writeFileSync(file(cwd, name), text)
  symlinkSync(file(cwd, 'dotfiles/copilot.json'), file(cwd, '.copilot/settings.json'))
  const { stdout, code } = await runWarm(['init', '--agent', '--write'], { cwd })
  expect(code).toBe(1)
  expect(stdout.split('\n').filter((line) => line !== '')).toEqual([
    'Claude Code: not written: ~/.claude/settings.json: it has statusLine of its own: take that away first, or have its command run llmcost statusline',
    'Cursor CLI: not written: ~/.cursor/cli-config.json: line 2: unexpected }',
    `Copilot CLI: not written: ~/.copilot/settings.json: it is a link to ${file(cwd, 'dotfiles/copilot.json')}: write it there yourself`,
    'Qwen Code: not written: ~/.qwen/settings.json: line 1: ui is no object',
  ])
  for (const [name, text] of Object.entries(contents)) expect(read(file(cwd, name))).toBe(text)
  expect(readdirSync(file(cwd, '.claude'))).toEqual(['settings.json'])
})

test('is used wrongly', async () => {
  const cwd = emptyFolder()
  const failure = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await runWarm(['init', ...args], { cwd })
    expect(code).toBe(2)
    return stderr.split('\n')[0]!
  }
  expect(await failure('--write')).toBe('llmcost: --write goes with --agent')
  expect(await failure('--agent', '--rules')).toBe(
    'llmcost: --rules is about a config file, and --agent writes none',
  )
  expect(await failure('--agent', 'vim')).toBe(
    'llmcost: vim is no agent with a status line of commands that llmcost knows',
  )
  expect((await runWarm(['init', '--agent', 'cursor', '--write'], { cwd })).code).toBe(1)
  expect(existsSync(file(cwd, '.cursor'))).toBe(false)
})
