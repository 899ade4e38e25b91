/** `llmcost` alone: how the database stands; without one, a first look at the logs that are found. */
import { existsSync } from 'node:fs'
import { UserError } from '../../errors.js'
import type { LookFacts } from '../../reports/store/first-look.js'
import {
  outputOptions,
  storeOptions,
  zoneOption,
  type CommandSpec,
  type Invocation,
  type Outcome,
} from '../command.js'
import { progressBar } from '../progress.js'
import type { Settings } from '../../questions/question.js'
import { machineOf, settingsOf } from '../settings.js'
import { ofSameCalls } from '../command-text.js'
import { withCalls } from '../with-calls.js'
import { shellWord } from '../../domain/words/quoting.js'

export const overviewCommand: CommandSpec = {
  name: 'overview',
  isAlone: true,
  survivesConfig: true,
  summary: 'how the database stands, or a first look at the logs that are found',
  options: [zoneOption, ...storeOptions, ...outputOptions],
  examples: [{ command: 'llmcost', about: 'a first look' }],
  run: async (invocation) => {
    const settings = await settingsWhereReadable(invocation)
    if (settings === undefined) return firstWords
    // One that is named and not there is told as such.
    if (existsSync(settings.dbPath) || invocation.given('db')) return standing(invocation)
    if (!mayLook(invocation, settings)) return firstWords
    return (await firstLook(invocation, settings)) ?? firstWords
  },
}

/** What to run first, where nothing is found or may be looked for. */
const firstWords: Outcome = {
  lines: [
    'llmcost ingest <logs>    read call logs (files, folders, globs) into the database',
    'llmcost report           print the weekly cost report',
    'llmcost --help           list all commands',
  ],
}

/** Undefined where the config file is wrong or not trusted, which is told: what it says of looking is not known. */
async function settingsWhereReadable(invocation: Invocation): Promise<Settings | undefined> {
  try {
    return await settingsOf(invocation)
  } catch (error) {
    // What is typed is the user's own; a config file may have come with other files.
    if (!(error instanceof UserError) || ['config', 'db', 'tz'].some((name) => invocation.given(name)))
      throw error
    const where = error.location === undefined ? '' : `${error.location}: `
    invocation.terminal.warn([
      `${where}${error.message}`,
      ...(error.hint ?? '').split('\n').map((line) => `  ${line}`),
    ])
    return undefined
  }
}

/** Never in CI, nor where the user said so. */
function mayLook({ env }: Invocation, { config }: Settings): boolean {
  const isOff = (text: string | undefined): boolean => /^(?:0|false|off|no)$/i.test(text ?? '')
  const ci = env['CI'] ?? ''
  return config.discover !== false && !isOff(env['LLMCOST_DISCOVER']) && (ci === '' || isOff(ci))
}

async function standing(invocation: Invocation): Promise<Outcome> {
  const { askStanding } = await import('../../questions/standing.js')
  const { standingReport } = await import('../../reports/store/standing.js')
  const { reportCommand } = await import('../../reports/store/brought.js')
  const facts = await withCalls(invocation, askStanding)
  const next = reportCommand({
    typed: ofSameCalls(invocation),
    now: invocation.now,
    newest: facts.history.last_ts,
  })
  return { report: standingReport({ ...facts, next: [next] }) }
}

/** Undefined where nothing is found. */
async function firstLook(invocation: Invocation, settings: Settings): Promise<Outcome | undefined> {
  const { findLogs, openFound, readOf } = await import('./finding-logs.js')
  const found = await findLogs(machineOf(invocation.env), process.cwd(), invocation.now)
  if (found.files.length === 0) return undefined
  const bar = progressBar(invocation.terminal)
  const doubts: string[] = []
  let read: ReturnType<typeof readOf> | undefined
  const db = await openFound(invocation, settings, found.files, {
    onProgress: bar.update,
    onFiles: (files) => (read = readOf(found, files)),
    warn: (text) => doubts.push(...(typeof text === 'string' ? [text] : text)),
  }).finally(bar.stop)
  try {
    const { askLook } = await import('../../questions/first-look.js')
    const { agentImporters } = await import('../../ingest/files/agent-homes.js')
    const blocks = await askLook({ db, settings, asOf: invocation.now }, agentImporters)
    const { firstLookReport } = await import('../../reports/store/first-look.js')
    if (blocks.length === 0 || read === undefined) {
      invocation.terminal.warn(doubts)
      return undefined
    }
    const facts: LookFacts = {
      folders: read.folders,
      blocks,
      doubts: [...doubts, ...found.leftOut],
      asides: [...found.asides, 'Nothing was written.'],
      next: [`llmcost ingest ${read.named.map(shellWord).join(' ')}`],
      tz: settings.tz,
    }
    return { report: firstLookReport(facts) }
  } finally {
    db.close()
  }
}
