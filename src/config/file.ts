/** Finds the config file, and reads it into a tree, whatever its format. */
import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, realpathSync, statSync, type Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { bytes } from '../domain/words/wording.js'
import { UserError } from '../errors.js'
import { platformFolders } from './folders.js'
import { SyntaxProblem, type Tree } from './tree.js'

/** Its formats by file ending; each parser is loaded when a file of its kind is there. */
const formats = {
  '.yaml': { name: 'YAML', read: async () => (await import('./yaml.js')).readYaml },
  '.yml': { name: 'YAML', read: async () => (await import('./yaml.js')).readYaml },
  '.json': { name: 'JSON', read: async () => (await import('./json.js')).readJson },
} as const

export type Ending = keyof typeof formats
const endings = Object.keys(formats) as Ending[]

/** Name of the config file, without its ending. */
export const baseName = 'llmcost.config'
export const endingList = `${endings.slice(0, -1).join(', ')} or ${endings.at(-1)}`

/** Nobody writes more by hand, and all of it is held in memory. */
const mostBytes = 1_000_000
/** Parsers call themselves for each level. */
const deepest = 100

export interface Found {
  readonly path: string
  /** It lies in the platform's folder for this user's settings. Any other may be somebody else's. */
  readonly isOwn: boolean
}

/**
 * The config file in `cwd`, else in the nearest folder above that has one, else in the platform's folder.
 * @throws UserError (usage) when one folder has two
 */
export async function findConfig(cwd: string): Promise<Found | undefined> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = configIn(folder)
    if (path !== undefined) return { path, isOwn: await isOwnFolder(folder) }
    if (dirname(folder) === folder) break
  }
  const folders = await platformFolders()
  const path = folders && configIn(folders.config)
  return path === undefined ? undefined : { path, isOwn: true }
}

/** The folder is the platform's, whichever way leads to it. */
export async function isOwnFolder(folder: string): Promise<boolean> {
  const folders = await platformFolders()
  return folders !== undefined && realFolder(folder) === realFolder(folders.config)
}

/** A folder without links in its path; as it is given where it is not there. */
export function realFolder(folder: string): string {
  try {
    return realpathSync.native(folder)
  } catch {
    return folder
  }
}

/** Names of the config files in a folder; more than one is a mistake. One of TOML is found, to be refused. */
export function configsIn(folder: string): readonly string[] {
  return [...endings, '.toml']
    .map((ending) => `${baseName}${ending}`)
    .filter((name) => isThere(join(folder, name)))
}

/** Also a link that leads nowhere: what was meant must not be replaced by another file in silence. */
function isThere(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

export function configIn(folder: string): string | undefined {
  const [first, second] = configsIn(folder)
  if (first === undefined) return undefined
  if (second === undefined) return join(folder, first)
  throw new UserError(`${first} and ${second} are both here`, {
    code: 'usage',
    location: folder,
    hint: 'Keep one of them, or name one with --config or in LLMCOST_CONFIG.',
  })
}

/** A config file as it was read, once. */
export interface ConfigText {
  readonly tree: Tree
  /** SHA-256 of the very bytes that the tree was made of. */
  readonly digest: string
}

/**
 * @param said what names the file, for errors: `--config`; undefined when it was found
 * @throws UserError (usage) that names the file, and the line where there is one
 */
export async function readTree(path: string, said?: string): Promise<ConfigText> {
  assertFile(path, said)
  const ending = endingOf(path)
  if (path.toLowerCase().endsWith('.toml')) {
    throw refusal(
      path,
      'the config file is TOML, which is not read',
      'Write it in YAML or JSON; llmcost init shows each key.',
    )
  }
  if (ending === undefined) {
    throw refusal(
      path,
      'the name of the config file does not say what is in it',
      `End it with ${endingList}.`,
    )
  }
  const content = readBytes(path)
  const text = textOf(content, path)
  assertShallow(text, path)
  const { name, read } = formats[ending]
  const parse = await read()
  try {
    return { tree: parse(text), digest: createHash('sha256').update(content).digest('hex') }
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    throw refusal(`${path}:${error.line}`, `the config file is not ${name}: ${error.message}`)
  }
}

export function endingOf(path: string): Ending | undefined {
  return endings.find((ending) => path.toLowerCase().endsWith(ending))
}

function refusal(location: string, message: string, hint?: string, cause?: unknown): UserError {
  return new UserError(message, { code: 'usage', location, ...(hint === undefined ? {} : { hint }), cause })
}

function assertFile(path: string, said: string | undefined): void {
  const facts = statOf(path, said)
  if (!facts.isFile())
    throw refusal(path, `the config file is ${facts.isDirectory() ? 'a folder' : 'no plain file'}`)
  if (facts.size > mostBytes) {
    throw refusal(path, `the config file has ${bytes(facts.size)}`, `It may have ${bytes(mostBytes)}.`)
  }
}

function textOf(content: Buffer, path: string): string {
  const bad = content
    .toString('latin1')
    .split('\n')
    .findIndex((line) => !isUtf8(Buffer.from(line, 'latin1')))
  if (bad >= 0) throw refusal(`${path}:${bad + 1}`, 'the config file is not UTF-8 text', 'Save it as UTF-8.')
  return content.toString('utf8').replace(/^\u{feff}/u, '')
}

function statOf(path: string, said: string | undefined): Stats {
  try {
    return statSync(path)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw refusal(
      path,
      missing ? 'there is no such config file' : 'the config file cannot be read',
      said === undefined ? 'Look at the link that leads there.' : `Check ${said}.`,
      error,
    )
  }
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw refusal(path, 'the config file cannot be read', 'Check who may read it.', error)
  }
}

/** By brackets, wherever they stand, and by indents: seen before a parser runs out of stack. */
function assertShallow(text: string, path: string): void {
  let brackets = 0
  const indents: number[] = []
  for (const [i, line] of text.split('\n').entries()) {
    const lead = /^(?: *[-?](?=\s))*\s*/.exec(line)?.[0] ?? ''
    if (lead.length < line.length) {
      while ((indents.at(-1) ?? -1) >= lead.length) indents.pop()
      indents.push(lead.length)
    }
    let most = brackets
    for (const c of line) {
      if (c === '[' || c === '{') most = Math.max(most, ++brackets)
      else if (c === ']' || c === '}') brackets = Math.max(0, brackets - 1)
    }
    const inline = lead.replaceAll(/\s/g, '').length
    if (Math.max(most, indents.length + inline) > deepest)
      throw refusal(`${path}:${i + 1}`, 'the config file is nested too deeply')
  }
}
