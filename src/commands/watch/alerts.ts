/** `llmcost alerts`: what fires, who was told, and who has it in hand. */
import type { Alert } from '../../delivery/alerts/alert.js'
import { findAlerts, replaceAlerts } from '../../delivery/alerts/ledger.js'
import { openStoreForReading } from '../../db/store.js'
import { durationOf } from '../../domain/time/duration.js'
import { minuteText } from '../../domain/time/zones.js'
import { UserError } from '../../errors.js'
import { alertsQuery } from '../../metrics/rules/alerts.js'
import { alertsReport } from '../../reports/rules/alerts.js'
import { outputOptions, scopeOptions, storeOptions, type CommandSpec, type Invocation } from '../command.js'
import { writing } from './notifying.js'
import { ask } from '../../questions/question.js'
import { optionCount } from '../option-values.js'
import { settingsOf } from '../settings.js'

const listOptions = [
  { flags: '--all', about: 'those that are over, too', group: 'Question' },
  { flags: '-n, --top <n>', about: 'how many to list, the newest first', fallback: '50', group: 'Question' },
  ...scopeOptions.filter(({ setting }) => setting === 'tz'),
  ...storeOptions,
  ...outputOptions,
]

const alertArgument = 'number of the alert, or the key of its rule, as `llmcost alerts --json` has it'

export const alertsCommand: CommandSpec = {
  name: 'alerts',
  summary: 'what fires now, which channels were told, and who has it in hand',
  details: `Alerts begin and end with llmcost check --notify. Each channel of notify in the config file is told once when an alert begins, once when it ends, and every remind_every in between.
ack ends the reminders of an alert. snooze holds back its reminders for a while, and its start should it end and begin again. The end is told all the same.`,
  options: [],
  examples: [
    { command: 'llmcost alerts', about: 'what fires now' },
    { command: 'llmcost alerts ack 3', about: 'somebody has it in hand: no more reminders' },
    { command: 'llmcost alerts snooze 3 2h', about: 'no reminder of it for two hours' },
  ],
  subcommands: [
    {
      name: 'list',
      summary: 'list alerts: what llmcost alerts does where nothing else is named',
      isDefault: true,
      options: listOptions,
      examples: [
        { command: 'llmcost alerts list', about: 'what fires now' },
        { command: 'llmcost alerts --all --json', about: 'with those that are over, for a program' },
      ],
      run: list,
    },
    {
      name: 'ack',
      summary: 'say that somebody has an alert in hand: no more reminders',
      arguments: [{ name: '<alerts...>', about: alertArgument }],
      options: [...storeOptions, ...outputOptions.slice(-1)],
      examples: [{ command: 'llmcost alerts ack 3 4', about: 'two of them' }],
      run: (invocation) =>
        change(invocation, invocation.args, (alert) => {
          if (alert.endedAt !== null) return [alert, `alert ${alert.id} is over already`]
          return [
            { ...alert, acknowledgedAt: alert.acknowledgedAt ?? invocation.now.getTime() },
            `alert ${alert.id}: acknowledged`,
          ]
        }),
    },
    {
      name: 'snooze',
      summary: 'hold back start and reminders of an alert for a while',
      arguments: [
        { name: '<alert>', about: alertArgument },
        { name: '<time>', about: 'how long: 30m, 2h, 1d or 1w' },
      ],
      options: [...storeOptions, ...outputOptions.slice(-1)],
      examples: [{ command: 'llmcost alerts snooze 3 2h', about: 'for two hours' }],
      run: async (invocation) => {
        const { tz } = await settingsOf(invocation)
        const until = invocation.now.getTime() + durationOf(invocation.args[1] ?? '', 'the time')
        const said = `${minuteText(until, tz)} ${tz}`
        return change(invocation, invocation.args.slice(0, 1), (alert) => [
          { ...alert, snoozedUntil: until },
          `alert ${alert.id}: snoozed until ${said}`,
        ])
      },
    },
  ],
  run: list,
}

async function list(invocation: Invocation): ReturnType<CommandSpec['run']> {
  const settings = await settingsOf(invocation)
  const ended = invocation.options['all'] === true
  const top = optionCount(invocation, 'top') ?? 50
  const db = await openStoreForReading(settings.dbPath, settings.storeOptions)
  try {
    const rows = await ask(db, alertsQuery(invocation.now.toISOString(), ended, top))
    return { report: alertsReport(rows, settings.tz, ended) }
  } finally {
    db.close()
  }
}

/** Changes all that are named, or none. */
async function change(
  invocation: Invocation,
  names: readonly string[],
  changed: (alert: Alert) => readonly [Alert, string],
): ReturnType<CommandSpec['run']> {
  const settings = await settingsOf(invocation)
  // A clear word when there is no store, before one would be made.
  ;(await openStoreForReading(settings.dbPath, settings.storeOptions)).close()
  const said = await writing(settings)(async (db) => {
    const known = await findAlerts(db)
    const results = names.map((name) => changed(alertNamed(name.trim(), known)))
    await replaceAlerts(
      db,
      results.map(([alert]) => alert),
    )
    return results.map(([, words]) => words)
  })
  return { lines: said }
}

/** By number, else the newest of a key. */
function alertNamed(name: string, known: readonly Alert[]): Alert {
  const found = known.find(({ id, rule }) => String(id) === name || rule.key === name)
  if (found !== undefined) return found
  const open = known.filter(({ endedAt }) => endedAt === null).map(({ id }) => id)
  throw new UserError(`there is no alert ${name}`, {
    code: 'usage',
    hint:
      open.length > 0
        ? `Firing: ${open.slice(0, 10).join(', ')}. llmcost alerts lists them.`
        : 'Nothing fires now; llmcost alerts --all lists what is over.',
  })
}
