/** `llmcost init --agent`: what to write into the settings of coding agents, so that they show the status line. */
import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { isUtf8 } from 'node:buffer'
import { fileURLToPath } from 'node:url'
import { basename, delimiter, dirname, join, sep } from 'node:path'
import { defaultStore, homeFolder } from '../../config/folders.js'
import { withMember } from '../../config/json.js'
import { SyntaxProblem } from '../../config/tree.js'
import { shellWord } from '../../domain/words/quoting.js'
import { exitCodes, UserError } from '../../errors.js'
import { asUserAllows } from '../../machine/umask.js'
import { lineAgents, lineSetting, type LineAgent } from '../../statusline/agents.js'
import type { Invocation, Outcome } from '../command.js'
import { settingsOf } from '../settings.js'

/** No settings are larger. */
const mostBytes = 5_000_000

/** An agent whose settings are looked at. */
interface Place {
  readonly agent: LineAgent
  readonly folder: string
  /** As it is shown: below `~` where it is in the home folder. */
  readonly shown: string
}

/** @throws UserError (usage) */
export async function agentLines(invocation: Invocation): Promise<Outcome> {
  const { args, options, env } = invocation
  const home = homeFolder()
  if (home === undefined)
    throw new UserError('there is no home folder with settings of agents', {
      code: 'usage',
      hint: 'Set HOME.',
    })
  const places = agentsOf(args[0]).map((agent) => placeOf(agent, home, env))
  const command = await lineCommand(invocation)
  const lines: string[] = []
  let isRefused = false
  for (const place of places) {
    const isThere = statSync(place.folder, { throwIfNoEntry: false })?.isDirectory() === true
    if (!isThere && args[0] === undefined) continue
    const told = options['write'] === true ? written(place, isThere, command) : shown(place, command)
    isRefused ||= told.isRefused === true
    lines.push(...told.lines, '')
  }
  const absent = args[0] === undefined ? places.filter(({ folder }) => !isFolder(folder)) : []
  if (absent.length > 0)
    lines.push(
      `Not found here: ${absent.map(({ agent, shown: path }) => `${agent.name} (${path})`).join(', ')}.`,
    )
  if (options['write'] !== true)
    lines.push(
      '--write writes it, into the settings of those that are found; every other byte of these stays.',
    )
  return {
    lines: lines.at(-1) === '' ? lines.slice(0, -1) : lines,
    ...(isRefused ? { exitCode: exitCodes.failure } : {}),
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** @throws UserError (usage) */
function agentsOf(id: string | undefined): readonly LineAgent[] {
  if (id === undefined) return lineAgents
  const agent = lineAgents.find((one) => one.id === id)
  if (agent !== undefined) return [agent]
  throw new UserError(`${id} is no agent with a status line of commands that llmcost knows`, {
    code: 'usage',
    hint: `Those are ${lineAgents.map((one) => one.id).join(', ')}.`,
  })
}

function placeOf(agent: LineAgent, home: string, env: Invocation['env']): Place {
  const folder = agent.folder(home, env)
  const path = join(folder, agent.file)
  return { agent, folder, shown: path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path }
}

/** What the agent is to run: this program, by its name where a shell finds it, and this database. */
async function lineCommand(invocation: Invocation): Promise<string> {
  const { dbPath } = await settingsOf(invocation)
  const usual = await defaultStore().catch(() => undefined)
  const database = dbPath === usual ? [] : ['--db', shellWord(dbPath)]
  return [...programWords(invocation.env['PATH'] ?? ''), 'statusline', ...database].join(' ')
}

/** As the package has it: the build puts all files of the program into one folder. */
const bin = fileURLToPath(new URL('../bin/llmcost.js', import.meta.url))

function programWords(path: string): readonly string[] {
  // What a project or npx puts on the path is not on that of an agent.
  const lasting = path.split(delimiter).filter((folder) => folder !== '' && !folder.includes('node_modules'))
  const isFound = lasting.some((folder) => {
    try {
      accessSync(join(folder, 'llmcost'), constants.X_OK)
      return realpathSync(join(folder, 'llmcost')) === realpathSync(bin)
    } catch {
      return false
    }
  })
  return isFound ? ['llmcost'] : [shellWord(process.execPath), shellWord(bin)]
}

interface Told {
  readonly lines: readonly string[]
  readonly isRefused?: boolean
}

function shown({ agent, shown: path }: Place, command: string): Told {
  const [outer, ...inner] = agent.keys
  const value = inner.reduceRight<unknown>((all, key) => ({ [key]: all }), lineSetting(command))
  const text = `${JSON.stringify(outer)}: ${JSON.stringify(value, undefined, 2)}`
  const note = agent.note === undefined ? '' : `; ${agent.note}`
  return { lines: [`${agent.name}, in ${path}${note}:`, ...text.split('\n').map((line) => `  ${line}`)] }
}

function written(place: Place, isThere: boolean, command: string): Told {
  const { agent, shown: path, folder } = place
  if (!isThere)
    return { lines: [`${agent.name}: not written: there is no folder ${folder}`], isRefused: true }
  try {
    const backup = write(folder, agent, command)
    const note = agent.note === undefined ? '' : `; ${agent.note}`
    if (backup === 'ours') return { lines: [`${agent.name}: it is in ${path} already`] }
    const kept = backup === undefined ? '' : `; as it was: ${basename(backup)} beside it`
    return { lines: [`${agent.name}: written into ${path}${kept}${note}`] }
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof SyntaxProblem) && !isOfSystem(error)) throw error
    const line = error instanceof SyntaxProblem ? `line ${error.line}: ` : ''
    return { lines: [`${agent.name}: not written: ${path}: ${line}${error.message}`], isRefused: true }
  }
}

const isOfSystem = (error: unknown): error is Error => error instanceof Error && 'syscall' in error

/** Settings that are left as they are. */
class Refused extends Error {}

/** @returns the copy of what was there; undefined where nothing was; `ours` where nothing is to be done */
function write(folder: string, agent: LineAgent, command: string): string | undefined {
  const path = join(folder, agent.file)
  const setting = lineSetting(command)
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    asUserAllows(() => writeFileSync(path, `${made('{}', agent, setting)}\n`, { flag: 'wx' }))
    return undefined
  }
  const target = targetOf(path, folder)
  const bytes = readFileSync(target)
  if (!isUtf8(bytes)) throw new Refused('it is not UTF-8 text')
  const text = bytes.toString('utf8')
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  const next = made(text.slice(mark.length), agent, setting)
  if (next === undefined) return 'ours'
  const { mode } = statSync(target)
  const backup = backupOf(target, bytes, mode)
  replace(target, bytes, mark + next, mode)
  return backup
}

/** The text with the setting; undefined where it is there. @throws Refused where there is another */
function made(
  text: string,
  { keys }: LineAgent,
  setting: Readonly<Record<string, string>>,
): string | undefined {
  const result = withMember(text, keys, setting)
  if ('text' in result) return result.text
  if (/\bllmcost\b[^"]* statusline\b/.test(result.there)) return undefined
  throw new Refused(
    `it has ${keys.join('.')} of its own: take that away first, or have its command run llmcost statusline`,
  )
}

/** The file that is meant. @throws Refused for what is no file, and for one that lies elsewhere */
function targetOf(path: string, folder: string): string {
  const target = realpathSync(path)
  if (!target.startsWith(realpathSync(folder) + sep))
    throw new Refused(`it is a link to ${target}: write it there yourself`)
  const stat = statSync(target)
  if (!stat.isFile()) throw new Refused('it is no file')
  if (stat.size > mostBytes) throw new Refused('it is too large for settings')
  return target
}

/** A copy under a name that is free, for whom the file itself is for. */
function backupOf(target: string, bytes: Buffer, mode: number): string {
  for (let n = 1; n < 100; n++) {
    const backup = `${target}.before-llmcost${n === 1 ? '' : `-${n}`}`
    if (lstatSync(backup, { throwIfNoEntry: false }) !== undefined) continue
    writeAs(backup, bytes, mode)
    return backup
  }
  throw new Refused('there are 99 copies of it already')
}

/** A new file for whom another is for, whatever the umask; never readable by more meanwhile. */
function writeAs(path: string, content: string | Buffer, mode: number): void {
  writeFileSync(path, content, { flag: 'wx', mode: 0o600 })
  chmodSync(path, mode & 0o777)
}

/** Puts it in its place whole, unless somebody else changed it meanwhile. */
function replace(target: string, before: Buffer, text: string, mode: number): void {
  const making = join(dirname(target), `.${basename(target)}.llmcost-${process.pid}`)
  try {
    writeAs(making, text, mode)
    if (!readFileSync(target).equals(before)) throw new Refused('it was changed just now: try again')
    renameSync(making, target)
  } catch (error) {
    rmSync(making, { force: true })
    throw error
  }
}
