/**
 * `llmcost statusline`: session, today and month in one line, for the status line of a coding agent. It asks the sums
 * beside the store, and loads nothing that it can do without: an agent runs it after each message.
 */
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { devNull } from 'node:os'
import { findConfig } from '../../config/file.js'
import { defaultStore } from '../../config/folders.js'
import { agentSession, type AgentSession } from '../../statusline/agent-session.js'
import { readSumsOf, storeState } from '../../statusline/file.js'
import { lineFigures, sessionCost } from '../../statusline/figures.js'
import { jsonOf, jsonWithout, lineOf, lineWithout } from '../../statusline/line.js'
import { configOption, storeOptions, type CommandSpec, type Invocation } from '../command.js'

/** An agent that says nothing for so long says nothing at all. */
const patienceMs = 500
/** What an agent tells is a page; more is no session of one. */
const mostCharacters = 1_000_000

const mostConfigBytes = 1_000_000

/** A run that wrote the store a moment ago is still making its sums. */
const makingMs = 10_000

export const statuslineCommand: CommandSpec = {
  name: 'statusline',
  summary: "session, today and month in one line, for a coding agent's status line",
  details: [
    "Reads the JSON that an agent gives its status line on stdin, and prints one line: session, today and month, each beside its budget. llmcost init --agent shows what to write into the agent's settings.",
    'The figures are those of the last ingest or watch, from a file beside the database; older than 15 minutes, they say so.',
    'session is what the calls of the session in the database cost; where there are none yet, what the agent says, and the line says that. It is never added to today or month.',
  ].join('\n'),
  more: [
    'Days, weeks and months begin in the zone of the config (tz) or of LLMCOST_TZ. Today stands beside the tightest daily budget of all calls, month beside the monthly one, and a week is shown where there is a weekly one; budgets of some calls alone are shown from their first level on.',
    'It ends with exit code 0 whatever it finds, and prints one line whatever it is told.',
  ].join('\n'),
  options: [
    configOption,
    ...storeOptions.filter(({ setting }) => setting === 'db'),
    { flags: '--json', about: 'the figures with all their digits, as JSON', group: 'Output' },
    { flags: '--no-color', about: 'no colours', group: 'Output' },
  ],
  examples: [
    { command: 'llmcost statusline', about: "as the command of an agent's status line" },
    { command: 'llmcost statusline --json < /dev/null', about: 'for a status line of your own' },
  ],
  run: async (invocation) => {
    const session = agentSession(await told())
    let text: string
    try {
      text = await answered(invocation, session)
    } catch (error) {
      const why = error instanceof Error ? error.message.split('\n')[0]! : String(error)
      text = without(invocation, session, why)
    }
    return { text: `${text}\n` }
  },
}

async function answered(invocation: Invocation, session: AgentSession): Promise<string> {
  const store = await storePath(invocation)
  const state = storeState(store)
  if (state === undefined) return without(invocation, session, 'no calls yet: run llmcost ingest')
  const sums = readSumsOf(store)
  if (sums === 'none') return without(invocation, session, 'no sums yet: run llmcost ingest')
  if (sums === 'foreign') return without(invocation, session, 'sums of another version: run llmcost ingest')
  const isOther = state.hasLog || state.mark !== sums.mark
  const now = invocation.now
  const isBehind = isOther && now.getTime() - state.changedMs > makingMs
  const figures = lineFigures(sums, session, { now, isBehind })
  if (figures === undefined) return without(invocation, session, 'sums of a later time: run llmcost ingest')
  return isJson(invocation) ? jsonOf(figures) : lineOf(figures, looksOf(invocation, session))
}

function without(invocation: Invocation, session: AgentSession, why: string): string {
  const cost = sessionCost(session, undefined)
  return isJson(invocation) ? jsonWithout(cost, why) : lineWithout(cost, why, looksOf(invocation, session))
}

const isJson = ({ options }: Invocation): boolean => options['json'] === true

/** Agents read the line from a pipe: it is cut, and coloured, as they ask, and on a terminal. */
function looksOf(
  { env, options, terminal }: Invocation,
  session: AgentSession,
): Parameters<typeof lineOf>[1] {
  const { NO_COLOR: no = '', FORCE_COLOR: force } = env
  const isWanted =
    force === undefined
      ? terminal.isShown === true && env['TERM'] !== 'dumb'
      : !['0', 'false'].includes(force)
  return {
    columns: terminal.isShown === true || env['COLUMNS'] !== undefined ? terminal.columns : session.columns,
    color: options['color'] !== false && no === '' && isWanted,
  }
}

/** What the agent tells on stdin; nothing on a terminal, and no more than it says at once. */
async function told(): Promise<string> {
  const { stdin } = process
  if (stdin.isTTY) return ''
  let text = ''
  const ended = new Promise<void>((resolve) => {
    stdin.setEncoding('utf8')
    stdin.on('data', (chunk: string) => {
      text += chunk
      if (text.length > mostCharacters) resolve()
    })
    for (const event of ['end', 'error', 'close']) stdin.on(event, () => resolve())
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs)
  })
  await Promise.race([ended, late])
  clearTimeout(timer)
  stdin.destroy()
  return text.length > mostCharacters ? '' : text
}

/**
 * By flag, environment, config file and default, as every command has it. A config file is parsed where it can name a
 * database alone: that takes longer than all the rest.
 */
async function storePath(invocation: Invocation): Promise<string> {
  const given = invocation.options['db'] || invocation.env['LLMCOST_DB']
  if (typeof given === 'string') return resolve(given)
  if (!(await mayNameStore(invocation))) return defaultStore()
  const { chosen } = await import('../precedence.js')
  const db = await chosen(invocation, 'db')
  return db === undefined ? defaultStore() : resolve(db.text)
}

/** False where no config file has the letters of the key; an escape could hide them. */
async function mayNameStore({ options, env }: Invocation): Promise<boolean> {
  const named = options['config'] ?? (env['LLMCOST_CONFIG'] || undefined)
  if (named === devNull) return false
  const path = typeof named === 'string' ? resolve(named) : (await findConfig(process.cwd()))?.path
  if (path === undefined) return false
  const stat = statSync(path, { throwIfNoEntry: false })
  // What is no file of a sensible size is refused where configs are read.
  return stat?.isFile() !== true || stat.size > mostConfigBytes || /db|\\/.test(readFileSync(path, 'utf8'))
}
