import { resolve } from 'node:path'
import { openStoreForReading } from '../../db/store.js'
import { durationOf } from '../../domain/time/duration.js'
import { instantFrom } from '../../domain/time/periods.js'
import { plural } from '../../domain/words/plurals.js'
import { bytes, count } from '../../domain/words/wording.js'
import { UserError } from '../../errors.js'
import { importers } from '../../importers/registry.js'
import { archive, restore, verify, type Place } from '../../rollups/archiving.js'
import type { Frozen } from '../../rollups/freezing.js'
import { storeOptions, type CommandSpec, type Invocation, type Outcome } from '../command.js'
import { optionText } from '../option-values.js'
import { settingsOf } from '../settings.js'

const dayMs = 86_400_000

export const archiveCommand: CommandSpec = {
  name: 'archive',
  summary: 'move the calls of past days out of the database, into Parquet files or down to their sums',
  details: [
    'Whole UTC days, one file a day. Their sums by quarter-hour and label stay in the database; single calls are read from the files where a question needs them, so name the folder in the config file (archive: DIR).',
    '--drop-calls keeps sums and ids alone: what needs single calls of these days is refused from then on, and nothing brings them back.',
  ].join('\n'),
  more: 'A record that comes again is a duplicate, as before. Where a run brings or takes out anything else of an archived day (a late call, a better copy, forget, --replace), the day comes back into the database first; of dropped days such records are refused and counted. reprice is refused while days are archived. A database has a folder of its own; manifest.json in it says each file with its hash, rows and sums.',
  options: [
    { flags: '--older-than <time>', about: 'days that ended so long ago: 90d, 26w' },
    { flags: '--to <dir>', about: 'folder of the archive, where --archive or the config file names none' },
    { flags: '--keep-calls', about: 'calls stay readable in Parquet files (the default)' },
    { flags: '--drop-calls', about: 'only sums and ids stay' },
    { flags: '--verify', about: 'read every file again, and compare it with the database and the manifest' },
    { flags: '--restore', about: 'bring kept calls back into the database' },
    { flags: '--since <time>', about: 'with --restore: days from this on' },
    { flags: '--until <time>', about: 'with --restore: days before this' },
    ...storeOptions,
    { flags: '-q, --quiet', about: 'no hints on stderr', group: 'Output' },
  ],
  examples: [
    { command: 'llmcost archive --older-than 90d --to llm-archive', about: 'calls of the last 90 days stay' },
    {
      command: 'llmcost archive --older-than 400d --drop-calls --archive llm-archive',
      about: 'sums for ever, calls for a year',
    },
    {
      command: 'llmcost archive --verify --archive llm-archive',
      about: 'whether every file is as it was written',
    },
    {
      command: 'llmcost archive --restore --since 2026-07-01 --until 2026-08-01 --archive llm-archive',
      about: 'July back into the database',
    },
  ],
  run: async (invocation) => {
    const settings = await settingsOf(invocation)
    const [work, ...others] = ['olderThan', 'verify', 'restore'].filter((name) => invocation.given(name))
    if (work === undefined || others.length > 0)
      throw usage(
        'archive takes one of --older-than, --verify and --restore',
        'For example llmcost archive --older-than 90d --to llm-archive.',
      )
    const place: Place = {
      path: settings.dbPath,
      options: settings.storeOptions,
      folder: folderOf(invocation, settings.storeOptions.archive),
    }
    assertFits(invocation, work)
    const before = work === 'olderThan' ? midnightBefore(invocation) : undefined
    // A clear word when there is no store, before one would be made; and an older one is brought up to date.
    ;(await openStoreForReading(place.path, place.options)).close()
    if (work === 'verify') return verified(place)
    return before === undefined ? restored(invocation, place) : archived(invocation, place, before)
  },
}

const usage = (message: string, hint: string): UserError => new UserError(message, { code: 'usage', hint })

function folderOf(invocation: Invocation, named: string | undefined): string {
  const to = optionText(invocation, 'to')
  const folder = to === undefined ? named : resolve(to)
  if (folder === undefined || to === '')
    throw usage(
      'no folder of the archive is named',
      'Name it with --to DIR, --archive DIR or the config key archive.',
    )
  if (to !== undefined && named !== undefined && resolve(to) !== named)
    throw usage(
      `--to and archive name two folders: ${resolve(to)}, ${named}`,
      'Leave --to out, or name the same.',
    )
  return folder
}

/** @throws UserError (usage) for options of another work */
function assertFits(invocation: Invocation, work: string): void {
  const of: Readonly<Record<string, string>> = {
    to: 'olderThan',
    keepCalls: 'olderThan',
    dropCalls: 'olderThan',
    since: 'restore',
    until: 'restore',
  }
  const flag = (name: string): string =>
    `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  for (const [name, needed] of Object.entries(of))
    if (invocation.given(name) && needed !== work)
      throw usage(`${flag(name)} goes with ${flag(needed)}`, `Leave ${flag(name)} out.`)
  if (invocation.given('keepCalls') && invocation.given('dropCalls'))
    throw usage('--keep-calls and --drop-calls say two things', 'Give one of them.')
}

function midnightBefore({ now, options }: Invocation): Date {
  const ms = durationOf(String(options['olderThan']), '--older-than')
  return new Date(Math.floor((now.getTime() - ms) / dayMs) * dayMs)
}

async function archived(invocation: Invocation, place: Place, before: Date): Promise<Outcome> {
  const keep = invocation.options['dropCalls'] !== true
  const totalling = importers.flatMap(({ id, statesTotals }) => (statesTotals ? [id] : []))
  const { days, staying } = await archive(place, { before, keep, totalling })
  return { lines: [...archivedLines(days, keep, place.folder), ...stayingLines(staying)] }
}

function archivedLines(days: Frozen['days'], keep: boolean, folder: string): readonly string[] {
  if (days.length === 0) return ['no day was archived: there are no calls of days that ended so long ago']
  const sum = (of: 'calls' | 'bytes'): number => days.reduce((total, day) => total + day[of], 0)
  const span = days.length === 1 ? days[0]!.day : `${days[0]!.day} to ${days.at(-1)!.day}`
  const what = `archived ${count(days.length)} ${plural(days.length, 'day')} (${span}): ${count(sum('calls'))} calls in ${bytes(sum('bytes'))}`
  return [
    keep ? `${what}, in ${folder}` : `${what} of ids, in ${folder}; of these days there are only sums now`,
    ...(keep
      ? ['name the folder in the config file (archive: DIR), so that questions find these calls']
      : []),
  ]
}

const stayingLines = (days: readonly string[]): readonly string[] =>
  days.length === 0
    ? []
    : [
        `${count(days.length)} ${plural(days.length, 'day stays', 'days stay')}, since totals of sessions or hours of another owner are among ${plural(days.length, 'its', 'their')} calls: ${days.slice(0, 5).join(', ')}${days.length > 5 ? ' …' : ''}`,
      ]

async function restored(invocation: Invocation, place: Place): Promise<Outcome> {
  const moment = (name: 'since' | 'until', otherwise: number): number => {
    const text = optionText(invocation, name)
    const instant =
      text === undefined ? otherwise : instantFrom(text.trim().replace(/^(.*T\d\d:\d\d)Z$/, '$1:00Z'))
    if (instant !== undefined) return instant
    throw usage(
      `--${name} ${text} is not a time`,
      'Write 2026-07-01, or a time in UTC such as 2026-07-01T12:00:00Z.',
    )
  }
  const [since, until] = [moment('since', -Infinity), moment('until', Infinity)]
  const days = await restore(place, (day) => Date.parse(day) + dayMs > since && Date.parse(day) < until)
  const calls = days.reduce((total, day) => total + day.calls, 0)
  const [first, last] = [days[0]?.day, days.at(-1)?.day]
  return {
    lines: [
      first === undefined
        ? 'no archived day of this time has its calls in files'
        : `restored ${count(days.length)} ${plural(days.length, 'day')} (${first === last ? first : `${first} to ${last}`}): ${count(calls)} calls`,
    ],
  }
}

async function verified(place: Place): Promise<Outcome> {
  const { days, faults } = await verify(place)
  if (faults.length > 0)
    throw new UserError(
      `the archive is not as it was written: ${count(faults.length)} ${plural(faults.length, 'fault')}`,
      {
        location: place.folder,
        hint: [...faults.slice(0, 20), ...(faults.length > 20 ? [`… and ${faults.length - 20} more`] : [])],
      },
    )
  return {
    lines: [
      `${count(days.length)} archived ${plural(days.length, 'day is', 'days are')} as written: ${count(days.reduce((total, day) => total + day.calls, 0))} calls`,
    ],
  }
}
