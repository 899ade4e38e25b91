/**
 * README.md and docs/ say what the program does. The `console` blocks of each page run here, from top to
 * bottom, in a folder of the page's own in which the demo log was read; their outputs are compared with what
 * stands there. `npm run docs` writes them anew, `npm run docs -- alerts` those of one page.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withMadeParts } from '../../scripts/docs.js'
import { commandEntries, loadCommands } from '../../src/commands/registry.js'
import { emptyFolder, pinnedEnv, programPath, runWell, sharedFolder } from './program.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Every page, by its path. */
const pages = new Map(
  ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
    .filter((path) => path.endsWith('.md'))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
)
const withExamples = [...pages.keys()].filter((path) => /```console\n|<!-- end of /.test(pages.get(path)!))

/** What a page's folder begins as. */
const template = sharedFolder()

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
  cpSync(join(root, 'fixtures/demo'), join(template, 'logs'), { recursive: true })
  cpSync(join(root, 'fixtures/readme'), template, { recursive: true })
  mkdirSync(join(template, 'bin'))
  symlinkSync(programPath(), join(template, 'bin', 'llmcost'))
  await runWell(['ingest', 'logs'], { cwd: template })
})

afterAll(() => void chat.kill())

/** A block with the outputs of its `$ command` lines as they are now. */
function executed(block: string, home: string): string {
  const commandLines = block.split('\n').filter((line) => line.startsWith('$ '))
  return commandLines.map((line) => `${line}\n${output(line.slice(2), home)}`).join('\n')
}

function output(command: string, home: string): string {
  const { PATH = '', ...env } = pinnedEnv(home)
  const told = execFileSync('sh', ['-c', `${command} 2>&1`], {
    cwd: home,
    env: { ...env, SLACK_WEBHOOK_URL: chatUrl, PATH: [join(home, 'bin'), PATH].join(delimiter) },
    encoding: 'utf8',
  })
  // CSV ends its lines with CRLF; a page does not.
  return told.replaceAll(`${home}/`, '~/').replaceAll('\r\n', '\n')
}

describe('every example prints what stands there', () => {
  test.each(withExamples)('%s', async (path) => {
    const home = emptyFolder()
    cpSync(template, home, { recursive: true, verbatimSymlinks: true })
    const page = pages.get(path)!
    const now = withMadeParts(page).replaceAll(
      /^```console\n([\s\S]*?)^```$/gm,
      (_, block: string) => `\`\`\`console\n${executed(block, home)}\`\`\``,
    )
    await expect(now).toMatchFileSnapshot(join(root, path))
  })
})

test('README is short', () => {
  expect(Buffer.byteLength(pages.get('README.md')!)).toBeLessThanOrEqual(12_000)
})

/** `# A heading` as the anchor that a link names. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

test('every link between pages leads somewhere, and the index names every page', () => {
  const dead: string[] = []
  const linked = new Set<string>()
  for (const [path, text] of pages) {
    const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '')
    for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const full = file === '' ? path : join(dirname(path), file)
      if (path === 'docs/README.md') linked.add(full)
      const there = pages.get(full) ?? (existsSync(join(root, full)) ? readFileSyncOrFolder(full) : undefined)
      const anchors = [...(there ?? '').matchAll(/^#+ (.+)$/gm)].map((match) => anchorOf(match[1]!))
      if (there === undefined || (anchor !== undefined && !anchors.includes(anchor)))
        dead.push(`${path}: ${target}`)
    }
  }
  expect(dead).toEqual([])
  const all = [...pages.keys()].filter((path) => path !== 'README.md' && path !== 'docs/README.md')
  expect(all.filter((path) => !linked.has(path))).toEqual([])
})

/** A linked file that is no page: its text does not matter. */
const readFileSyncOrFolder = (path: string): string =>
  path.endsWith('.md') ? readFileSync(join(root, path), 'utf8') : ''

const everyPage = [...pages].filter(([path]) => path !== 'docs/commands.md' && path !== 'docs/config.md')
const everyText = everyPage.map(([, text]) => text).join('\n')

test('the pages name every command, and no other', () => {
  const named = [...everyText.matchAll(/\bllmcost ([a-z]+)\b/g)].map((match) => match[1]!)
  const known = commandEntries.map(({ name }) => name)
  const inCode = [...everyText.matchAll(/`llmcost ([a-z]+)|^\$ llmcost ([a-z]+)|&& llmcost ([a-z]+)/gm)]
  const given = inCode.map((match) => match.slice(1).find((name) => name !== undefined)!)
  expect(known.filter((name) => !named.includes(name))).toEqual([])
  expect(given.filter((name) => name !== 'help' && !known.includes(name))).toEqual([])
})

test('the pages name only options that some command has', async () => {
  const commands = await loadCommands()
  const options = new Set(
    commands
      .flatMap((command) => [command, ...(command.subcommands ?? [])])
      .flatMap((command) => command.options.map(({ flags }) => /--[a-z-]+/.exec(flags)![0])),
  )
  const examples = everyText
    .replaceAll(/(?:npm|systemctl) [^`]*/g, '')
    // Options of other programs.
    .replaceAll(/npx @[^\n]*|(?:redis-cli|gemini|trino) --[\w-]+|`--include-body`/g, '')
  const named = [...examples.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([name]) => name)
  expect(named.filter((name) => !options.has(name) && name !== '--help')).toEqual([])
})
