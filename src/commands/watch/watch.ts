/** `llmcost watch`: follows logs that grow, keeps the database current, and says what it costs. */
import { setTimeout as sleep } from 'node:timers/promises'
import { visible } from '../../domain/words/hidden.js'
import { usd } from '../../domain/words/wording.js'
import { counted } from '../../domain/words/plurals.js'
import { exitCodes, UserError } from '../../errors.js'
import { agentFolders, agentHomes } from '../../ingest/files/agent-homes.js'
import { Changes } from '../../ingest/files/changes.js'
import type { SourceFile } from '../../ingest/files/discover.js'
import { ingest } from '../../ingest/ingest.js'
import type { IngestSummary } from '../../ingest/summary.js'
import { refusedWords } from '../../reports/store/ingest.js'
import { checkRules } from '../../questions/rules/check-rules.js'
import { askRunningCost, type RunningCost } from '../../questions/running-cost.js'
import { sourceOptions, storeOptions, zoneOption, type CommandSpec, type Invocation } from '../command.js'
import { confirmSums, machineOf, readingOf, settingsOf } from '../settings.js'
import { withCalls } from '../with-calls.js'

/** Least time from the end of a run to the next, ms; and, where runs take long, as many times their own. */
const pause = 1000
const share = 3

export const watchCommand: CommandSpec = {
  name: 'watch',
  summary: 'follow logs that grow: the database stays current, one line says the cost',
  details: [
    'Reads what is new a second after it is written, until SIGINT or SIGTERM. Files that appear, are rotated or are cut are followed too.',
    'On a terminal one line is kept current: cost of today and of this hour, and the dearest feature or project of today. Elsewhere a line is written to stderr whenever calls came in.',
    '--check judges the rules of the config file after each reading, and says what begins to fire and what ends. When it is ended while a rule fires, the exit code is 3.',
  ].join('\n'),
  arguments: [{ name: '[sources...]', about: 'files, folders or globs' }],
  options: [
    ...sourceOptions,
    { flags: '--agents', about: "follow the sessions of this user's coding agents", group: 'Watch' },
    { flags: '--check', about: 'judge the rules of the config file as it goes', group: 'Watch' },
    zoneOption,
    ...storeOptions,
    { flags: '-q, --quiet', about: 'nothing but errors on stderr', group: 'Output' },
  ],
  examples: [
    { command: 'llmcost watch logs/', about: 'while the application runs' },
    { command: 'llmcost watch --agents', about: 'while an agent works' },
    { command: 'llmcost watch logs/ --check', about: 'and say when a rule fires' },
  ],
  run: async (invocation) => {
    const settings = await settingsOf(invocation)
    const followed = followedOf(invocation)
    const changes = new Changes(followed.watched, process.cwd())
    const ended = endOf(changes)
    const screen = new Screen(invocation)
    if (!changes.isTold)
      invocation.terminal.warn('the system does not tell of changes here: logs are looked at every 5 s')
    const told = new Set<string>()
    let total = 0
    try {
      while (!ended.is) {
        const began = Date.now()
        const summary = await read(invocation, settings, followed, told)
        total += summary?.brought.calls ?? 0
        await screen.show(summary)
        if (ended.is) break
        await Promise.race([
          sleep(Math.max(pause, share * (Date.now() - began)), undefined, { ref: false }),
          ended.told,
        ])
        if (!ended.is) await changes.next()
      }
    } finally {
      changes.close()
      ended.forget()
      screen.clear()
    }
    const lines = [`Ended. ${counted(total, 'call', 'calls')} came in.`]
    return { lines, ...(screen.fires ? { exitCode: exitCodes.check } : {}) }
  },
}

interface Followed {
  readonly sources: readonly string[]
  readonly watched: readonly string[]
  /** Sessions of agents, which are looked for anew each time. */
  readonly found: () => readonly SourceFile[]
}

/** @throws UserError (usage) where there is nothing to follow */
function followedOf({ args, options, env }: Invocation): Followed {
  if (args.includes('-'))
    throw new UserError('stdin cannot be followed', { code: 'usage', hint: 'Name files or folders.' })
  const machine = options['agents'] === true ? machineOf(env) : undefined
  const homes = machine === undefined ? [] : agentFolders(machine).map(({ path }) => path)
  const watched = [...args, ...homes]
  if (watched.length > 0)
    return {
      sources: args,
      watched,
      found: () => (machine === undefined ? [] : agentFolders(machine).flatMap(({ files }) => files)),
    }
  if (options['agents'] === true)
    throw new UserError('no coding agent of yours has sessions here', {
      hint: `Looked in ${machine === undefined ? 'no folder: HOME is not set' : agentHomes(machine).join(', ')}.`,
    })
  throw new UserError('there is nothing named to watch', {
    code: 'usage',
    hint: 'Write llmcost watch <sources...>: files, folders or globs; or --agents.',
  })
}

/** What came in; undefined where nothing could be read now. @param told what was said before, which is said once */
async function read(
  invocation: Invocation,
  settings: Awaited<ReturnType<typeof settingsOf>>,
  { sources, found }: Followed,
  told: Set<string>,
): Promise<IngestSummary | undefined> {
  const tell = (words: string): void => {
    if (!told.has(words)) invocation.terminal.warn(words)
    told.add(words)
  }
  try {
    const summary = await ingest({
      ...readingOf(invocation, settings),
      now: new Date(),
      sources,
      found: found(),
      store: settings.storeOptions,
      dbPath: settings.dbPath,
      version: invocation.version,
      rejectLimit: { share: 0.2 },
      replace: false,
      dryRun: false,
      keepRejectedText: false,
    })
    refusedWords(summary).forEach(tell)
    await confirmSums(invocation, settings)
    return summary
  } catch (error) {
    // An empty folder gets its first log later, and a busy database is free again.
    if (!(error instanceof UserError) || error.code === 'usage') throw error
    const where = error.location === undefined ? '' : `${error.location}: `
    tell(`${where}${error.message}`)
    return undefined
  }
}

/** The end by a signal: the reading that goes on is finished first; a second signal ends at once. */
function endOf(changes: Changes): { is: boolean; readonly told: Promise<void>; readonly forget: () => void } {
  let tell = (): void => undefined
  const state = {
    is: false,
    told: new Promise<void>((done) => {
      tell = done
    }),
    forget: (): void => {
      for (const signal of signals) process.removeListener(signal, end)
    },
  }
  const end = (signal: NodeJS.Signals): void => {
    if (state.is) {
      state.forget()
      process.kill(process.pid, signal)
    }
    state.is = true
    tell()
    changes.wake()
  }
  for (const signal of signals) process.on(signal, end)
  return state
}

const signals = ['SIGINT', 'SIGTERM'] as const

/** What is shown: a line that is kept current, or a line for each reading that brought something. */
class Screen {
  readonly #invocation: Invocation
  readonly #firing = new Set<string>()
  #drawn = false

  constructor(invocation: Invocation) {
    this.#invocation = invocation
  }

  /** True while a rule fires. */
  get fires(): boolean {
    return this.#firing.size > 0
  }

  async show(summary: IngestSummary | undefined): Promise<void> {
    const { terminal, options } = this.#invocation
    const isQuiet = options['quiet'] === true
    const calls = summary?.brought.calls ?? 0
    if (summary === undefined || (calls === 0 && !terminal.interactive && this.#drawn)) return
    const isChecking = options['check'] === true
    const { cost, fired, at } = await this.#ask(isChecking)
    for (const [key, words] of fired) {
      if (!this.#firing.has(key)) this.#line(words)
      this.#firing.add(key)
    }
    for (const key of this.#firing) {
      if (fired.has(key)) continue
      this.#firing.delete(key)
      this.#line(`ended: ${key}`)
    }
    if (isQuiet) return
    const words = `${at}  ${costWords(cost)}${calls > 0 ? `; ${counted(calls, 'call', 'calls')} came in` : ''}`
    if (terminal.interactive)
      terminal.progress.write(`\r\x1b[2K${visible(words).slice(0, terminal.columns - 1)}`)
    else terminal.warn(words)
    this.#drawn = true
  }

  /** Takes the line that is kept current away. */
  clear(): void {
    if (this.#drawn && this.#invocation.terminal.interactive)
      this.#invocation.terminal.progress.write('\r\x1b[2K')
  }

  /** A line that stays. */
  #line(words: string): void {
    this.clear()
    this.#invocation.terminal.warn(words)
  }

  #ask(isChecking: boolean): Promise<{ cost: RunningCost; fired: Map<string, string>; at: string }> {
    const now = new Date()
    return withCalls({ ...this.#invocation, now }, async (question) => {
      const rules = isChecking ? question.settings.config.rules.filter(({ enabled }) => enabled) : []
      const { fired } = rules.length === 0 ? { fired: [] } : await checkRules(question, rules)
      return {
        cost: await askRunningCost(question),
        fired: new Map(fired.map((one) => [one.key, `${one.severity}: ${one.rule}: ${one.text}`])),
        at: clock(now, question.scope.tz),
      }
    })
  }
}

const clock = (at: Date, tz: string): string =>
  new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: tz }).format(at)

/** `today $12.30 (204 calls), this hour $1.20; shop $8.10` */
function costWords({ today, hour, dearest }: RunningCost): string {
  const money = (value: RunningCost['today']['cost_usd']): string => usd(value ?? 0)
  const first = dearest === undefined ? '' : `; ${dearest.name} ${money(dearest.cost_usd)}`
  return `today ${money(today.cost_usd)} (${counted(today.calls, 'call', 'calls')}), this hour ${money(hour.cost_usd)}${first}`
}
