/** Hands what fired to the channels of the config file, and says what came of it. */
import { Database } from '../../db/database.js'
import { writeStore } from '../../db/store.js'
import { exitCodes, UserError } from '../../errors.js'
import type { Notified, Told } from '../../delivery/notify.js'
import type { Cell } from '../../reports/report.js'
import type { FiredRule } from '../../rules/fired.js'
import type { Invocation, OptionSpec } from '../command.js'
import { settingsOf } from '../settings.js'
import type { Settings } from '../../questions/question.js'

export const notifyOption: OptionSpec = {
  flags: '--notify',
  about: 'tell the channels under notify in the config file what began, lasts or is over',
  group: 'Notification',
}

/** Runs work in one transaction with the store attached for writing, waiting for others as an ingest does. */
export const writing =
  (settings: Settings) =>
  async <T>(work: (db: Database) => Promise<T>): Promise<T> => {
    const db = await Database.open(':memory:', 'write', { ...settings.storeOptions, threads: 1 })
    try {
      return await writeStore(db, settings.dbPath, settings.storeOptions, () => work(db))
    } finally {
      db.close()
    }
  }

/**
 * Before a check is asked with --notify: what it looks at must be all that the rules are about, or alerts
 * would end that still hold.
 * @throws UserError (usage)
 */
export async function assertNotifiable(invocation: Invocation): Promise<void> {
  const { config } = await settingsOf(invocation)
  const narrowing = ['input', 'where', 'dryRun'].find((name) => invocation.given(name))
  if (narrowing !== undefined) {
    throw new UserError(`--notify goes without --${narrowing === 'dryRun' ? 'dry-run' : narrowing}`, {
      code: 'usage',
      hint: 'Alerts are kept in the database, for all of its calls; a rule has a scope of its own.',
    })
  }
  if (config.notify.length > 0) return
  throw new UserError('--notify has no channel to tell', {
    code: 'usage',
    ...(config.path === undefined ? {} : { location: config.path }),
    hint: 'Name one under notify in the config file; llmcost init shows how.',
  })
}

export interface NotifyAnswer {
  /** For programs: `notifications` in JSON. */
  readonly data: Cell
  /** 1 when a message did not arrive; it wins over 3, since those who should know do not. */
  readonly exitCode: number | undefined
}

export interface Checked {
  /** All rules that hold at `at`. */
  readonly fired: readonly FiredRule[]
  /** Names of rules that were not judged, or not well. */
  readonly unjudged: readonly string[]
  readonly at: Date
}

/** @throws UserError when the store cannot be written */
export async function notifyFired(invocation: Invocation, checked: Checked): Promise<NotifyAnswer> {
  const settings = await settingsOf(invocation)
  const { notify } = await import('../../delivery/notify.js')
  const notified = await notify({
    ...checked,
    channels: settings.config.notify,
    env: invocation.env,
    version: invocation.version,
    writing: writing(settings),
  })
  const { terminal } = invocation
  // cron mails whatever is said: of what went well it says nothing.
  if (terminal.interactive) for (const line of successWords(notified)) terminal.warn(line)
  for (const line of problemWords(notified)) terminal.warn(line)
  const wrong = notified.told.some(isProblem) || notified.unknown.length > 0
  return { data: dataOf(notified), exitCode: wrong ? exitCodes.failure : undefined }
}

const isProblem = ({ result }: Told): boolean => !result.ok || result.warning !== undefined

function successWords({ told }: Notified): readonly string[] {
  const sent = told.filter(({ result }) => result.ok)
  const channels = [...new Set(sent.map(({ delivery }) => delivery.channel))]
  return sent.length === 0 ? [] : [`told ${channels.join(', ')}: ${sent.map(shortOf).join(', ')}`]
}

function problemWords({ told, unknown, overtakenBy }: Notified): readonly string[] {
  if (overtakenBy !== null)
    return [`alerts were checked for a later time already, ${overtakenBy}: nobody was told anything`]
  return [
    ...told.flatMap(({ delivery, alert, result }) => {
      const what = `${delivery.channel}: ${delivery.event} of alert ${alert.id}`
      if (!result.ok) return [`${what} was not delivered: ${result.error}`]
      return result.warning === undefined ? [] : [`${what}: the mail server ${result.warning}`]
    }),
    ...unknown.map(
      ({ delivery, alert }) =>
        `${delivery.channel}: it is not known whether the ${delivery.event} of alert ${alert.id} arrived, and it is not sent again`,
    ),
  ]
}

const shortOf = ({ delivery, alert }: Told): string => `${delivery.event} of alert ${alert.id}`

function dataOf({ told, unknown, overtakenBy }: Notified): Cell {
  const results = told.map(({ delivery, alert, result }) => ({
    channel: delivery.channel,
    event: delivery.event,
    alert: alert.id,
    key: alert.rule.key,
    delivered: result.ok,
    error: result.ok ? (result.warning ?? null) : result.error,
  }))
  const doubts = unknown.map(({ delivery, alert }) => ({
    channel: delivery.channel,
    event: delivery.event,
    alert: alert.id,
    key: alert.rule.key,
    delivered: null,
    error: 'not known whether it arrived',
  }))
  return { messages: [...results, ...doubts], overtaken_by: overtakenBy }
}
