/** `llmcost init --agent`: what to write into the settings of coding agents, so that they show the status line. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { basename, delimiter, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defaultStore, homeFolder } from '../../config/folders.js'
import { SyntaxProblem } from '../../config/tree.js'
import { shellWord } from '../../domain/words/quoting.js'
import { exitCodes, UserError } from '../../errors.js'
import { lineAgents, lineSetting, type LineAgent } from '../../statusline/agents.js'
import type { Invocation, Outcome } from '../command.js'
import { settingsOf } from '../settings.js'
import { Refused, writeLine } from './agent-settings.js'

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
    const backup = writeLine(folder, agent, command)
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
