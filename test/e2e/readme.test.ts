/**
 * README.md and docs/ say what the program does. Every `console` block of the README runs here, in
 * one folder from top to bottom, and its outputs are compared with what stands there; `npm run docs` writes
 * them anew.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { alertRules } from '../../scripts/alert-rules.js'
import { dashboard } from '../../scripts/dashboard.js'
import {
  commandsPage,
  configPage,
  configSchemaText,
  focusPage,
  withImporterTable,
} from '../../scripts/docs.js'
import { manualPages } from '../../scripts/man.js'
import { commandEntries, loadCommands } from '../../src/commands/registry.js'
import { pinnedEnv, programPath, sharedFolder } from './program.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

const home = sharedFolder()

/** Takes what alerts send. A process of its own, since a block is waited for without an ear for anything else. */
const chatServer = `
  const server = require('node:http').createServer((request, response) => {
    request.resume().on('end', () => response.end('ok'))
  })
  server.listen(0, '127.0.0.1', () => console.log(server.address().port))`
let chat: ChildProcess
let chatUrl = ''

beforeAll(async () => {
  chat = spawn(process.execPath, ['-e', chatServer], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise((told) => chat.stdout?.once('data', (text: Buffer) => told(String(text))))
  chatUrl = `http://127.0.0.1:${String(port).trim()}/services/T0/B0/secret`
  cpSync(join(root, 'fixtures/demo'), join(home, 'logs'), { recursive: true })
  cpSync(join(root, 'fixtures/readme'), home, { recursive: true })
  mkdirSync(join(home, 'bin'))
  symlinkSync(programPath(), join(home, 'bin', 'llmcost'))
})

afterAll(() => void chat.kill())

/** A block with the outputs of its `$ command` lines as they are now. */
function executed(block: string): string {
  const commandLines = block.split('\n').filter((line) => line.startsWith('$ '))
  return commandLines.map((line) => `${line}\n${output(line.slice(2))}`).join('\n')
}

function output(command: string): string {
  const { PATH = '', ...env } = pinnedEnv(home)
  const told = execFileSync('sh', ['-c', `${command} 2>&1`], {
    cwd: home,
    env: { ...env, SLACK_WEBHOOK_URL: chatUrl, PATH: [join(home, 'bin'), PATH].join(delimiter) },
    encoding: 'utf8',
  })
  // CSV ends its lines with CRLF; a page does not.
  return told.replaceAll(`${home}/`, '~/').replaceAll('\r\n', '\n')
}

test('every example of the README prints what stands there', async () => {
  const now = withImporterTable(readme).replaceAll(
    /^```console\n([\s\S]*?)^```$/gm,
    (_, block: string) => `\`\`\`console\n${executed(block)}\`\`\``,
  )
  await expect(now).toMatchFileSnapshot(join(root, 'README.md'))
})

test('docs/commands.md is made from the registries', async () => {
  await expect(await commandsPage()).toMatchFileSnapshot(join(root, 'docs/commands.md'))
})

test('docs/focus.md is made from the columns of the export', async () => {
  await expect(focusPage()).toMatchFileSnapshot(join(root, 'docs/focus.md'))
})

test('the manual pages are made from the registries', async () => {
  const pages = await manualPages(version)
  for (const [name, text] of pages) await expect(text).toMatchFileSnapshot(join(root, 'man', name))
  expect(readdirSync(join(root, 'man')).toSorted()).toEqual([...pages.keys()].toSorted())
})

test('the dashboard and the alert rules are made from their descriptions', async () => {
  await expect(dashboard()).toMatchFileSnapshot(join(root, 'grafana/llmcost-dashboard.json'))
  await expect(alertRules()).toMatchFileSnapshot(join(root, 'grafana/llmcost-alerts.yml'))
})

test('docs/config.md and the JSON Schema are made from the keys of the config file', async () => {
  await expect(configPage()).toMatchFileSnapshot(join(root, 'docs/config.md'))
  await expect(configSchemaText()).toMatchFileSnapshot(join(root, 'schema/llmcost.config.schema.json'))
})

test('the list of commands says what each command says of itself', async () => {
  const entries = commandEntries.map(({ name, summary }) => ({ name, summary }))
  const commands = await loadCommands()
  expect(commands.map(({ name, summary }) => ({ name, summary }))).toEqual(entries)
})

test('README names every command, and no other', () => {
  const named = [...readme.matchAll(/\bllmcost ([a-z]+)\b/g)].map((match) => match[1]!)
  // Words after the name in prose: `llmcost` command, llmcost is.
  const known = commandEntries.map(({ name }) => name)
  const inCode = [...readme.matchAll(/`llmcost ([a-z]+)|^\$ llmcost ([a-z]+)|&& llmcost ([a-z]+)/gm)]
  const given = inCode.map((match) => match.slice(1).find((name) => name !== undefined)!)
  expect(known.filter((name) => !named.includes(name))).toEqual([])
  expect(given.filter((name) => !known.includes(name))).toEqual([])
})

test('README names only options that some command has', async () => {
  const commands = await loadCommands()
  const options = new Set(
    commands
      .flatMap((command) => [command, ...(command.subcommands ?? [])])
      .flatMap((command) => command.options.map(({ flags }) => /--[a-z-]+/.exec(flags)![0])),
  )
  const examples = readme.replaceAll(/(?:npm install|systemctl) [^`]*/g, '')
  const named = [...examples.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([name]) => name)
  expect(named.filter((name) => !options.has(name) && name !== '--help')).toEqual([])
})
