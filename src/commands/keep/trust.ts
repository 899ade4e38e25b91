/** `llmcost trust`: lets a config file act that came with somebody else's files, and takes it back. */
import { utcMinute } from '../../domain/words/wording.js'
import { existsSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { lookAt } from '../../config/config.js'
import {
  baseName,
  configIn,
  endingOf,
  findConfig,
  isOwnFolder,
  readTree,
  type Found,
} from '../../config/file.js'
import { pathFrom } from '../../config/folders.js'
import type { Needing } from '../../config/needs.js'
import type { Tree } from '../../config/tree.js'
import { allTrusted, revoke, trust, trustPath, type Trusted } from '../../config/trust.js'
import { UserError } from '../../errors.js'
import type { CommandSpec, Invocation } from '../command.js'
import { knownNames } from '../known-names.js'

export const trustCommand: CommandSpec = {
  name: 'trust',
  summary: 'let a config file that came with other files name a database, send and run SQL',
  details: [
    "A config file that llmcost finds on the way up from the working directory may have come with somebody else's files. Until it is trusted it may set questions' defaults, budgets, bounds, presets and rules; with a key that names a database, price files or a file outside its folder, that sends something, or that runs SQL, every command that reads it ends with exit code 2.",
    'Trust is kept by path and content, in the data folder of the platform: when the file changes, it ends. What stands in the files that it names, such as prices, may change.',
    'What --config or LLMCOST_CONFIG names is trusted, and so is a config file in the config folder of the platform.',
  ].join('\n'),
  arguments: [
    {
      name: '[file]',
      about: 'a config file, or its folder (default: the one that is found from here upward)',
    },
  ],
  options: [
    { flags: '--list', about: 'the files that are trusted' },
    { flags: '--revoke', about: 'trust the file no longer' },
  ],
  examples: [
    { command: 'llmcost trust', about: 'after you have read the file: says what it may do from now on' },
    { command: 'llmcost trust --list', about: 'which files are trusted, and which of them changed' },
    { command: 'llmcost trust --revoke', about: 'as before' },
  ],
  run: async (invocation) => {
    const isList = invocation.options['list'] === true
    const isRevoke = invocation.options['revoke'] === true
    const [given] = invocation.args
    if (isList && (isRevoke || given !== undefined)) {
      throw new UserError(`--list goes without ${isRevoke ? '--revoke' : 'a file'}`, {
        code: 'usage',
        hint: 'It lists all files that are trusted.',
      })
    }
    const lines = isList
      ? await listing()
      : isRevoke
        ? [await revoking(given)]
        : await trusting(await foundFile(given), invocation)
    return { lines }
  },
}

/** @throws UserError (usage) when there is none */
async function foundFile(given: string | undefined): Promise<Found> {
  if (given !== undefined) {
    const path = resolve(given)
    const inside = existsSync(path) && statSync(path).isDirectory() ? configIn(path) : path
    if (inside === undefined) throw noConfig(path)
    return { path: inside, isOwn: await isOwnFolder(dirname(inside)) }
  }
  const found = await findConfig(process.cwd())
  if (found === undefined) throw noConfig(process.cwd())
  return found
}

const noConfig = (location: string): UserError =>
  new UserError('there is no config file here', {
    code: 'usage',
    location,
    hint: 'Name it: llmcost trust FILE. llmcost init writes one.',
  })

async function trusting({ path, isOwn }: Found, { now }: Invocation): Promise<readonly string[]> {
  const { digest, needs } = await lookAt(path, await knownNames())
  if (isOwn) return [`${path} lies in the config folder of the platform: it is yours, and needs no trust.`]
  await trust(path, digest, now)
  const isFound = basename(path).startsWith(`${baseName}.`) && endingOf(path) !== undefined
  return [
    `Trusted ${trustPath(path)}, as it is now.`,
    ...(isFound
      ? []
      : ['It is read only where --config or LLMCOST_CONFIG names it, and needs no trust there.']),
    ...(needs.length === 0
      ? ['It has nothing that needs trust.']
      : ['What it may do with that:', ...needs.flatMap((need) => valueLines(need, path))]),
    'When the file changes, trust ends; llmcost trust --revoke ends it now.',
  ]
}

/** Each value that needs trust, with its line. */
function valueLines({ key, does, line, value }: Needing, path: string): readonly string[] {
  return [`  ${key} ${does}:`, ...leaves(key, line, value).map((leaf) => leafLine(leaf, does, path))]
}

interface Leaf {
  readonly key: string
  readonly line: number
  readonly text: string
}

function leafLine({ key, line, text }: Leaf, does: string, path: string): string {
  const isPath = /\b(database|files?)\b/.test(does) && text !== ''
  const whole = isPath ? pathFrom(path, text) : text
  return `    line ${line}: ${key} = ${text}${whole === text ? '' : ` (${whole})`}`
}

function leaves(key: string, line: number, value: Tree): readonly Leaf[] {
  if (value.kind === 'group' && value.entries.length > 0)
    return value.entries.flatMap((entry) => leaves(`${key}.${entry.key}`, entry.line, entry.value))
  if (value.kind === 'list' && value.items.length > 0)
    return value.items.flatMap((item, i) => leaves(`${key}[${i}]`, item.line, item))
  const text = value.kind === 'group' || value.kind === 'list' || value.kind === 'nothing' ? '' : value.text
  return [{ key, line, text }]
}

async function revoking(given: string | undefined): Promise<string> {
  // A file that is gone can be trusted still.
  const path =
    given === undefined || existsSync(resolve(given)) ? (await foundFile(given)).path : resolve(given)
  return (await revoke(path)) ? `${path} is trusted no longer.` : `${path} was not trusted.`
}

async function listing(): Promise<readonly string[]> {
  const all = await allTrusted()
  if (all.length === 0) return ['No config file is trusted.']
  return Promise.all(all.map(async (one) => `${one.path}: ${await stateOf(one)}`))
}

async function stateOf({ path, sha256, since }: Trusted): Promise<string> {
  if (!existsSync(path)) return `trusted since ${utcMinute(since)}, and gone`
  try {
    const { digest } = await readTree(path, 'the name')
    if (digest === sha256) return `trusted since ${utcMinute(since)}`
  } catch (error) {
    if (!(error instanceof UserError)) throw error
  }
  return `changed since it was trusted on ${utcMinute(since)}: trusted no longer`
}
