/** Options of what asks an engine: which table, and which hours. */
import { resolveWindow } from '../../domain/time/periods.js'
import { UserError } from '../../errors.js'
import type { HourRange } from '../../engines/calls-sql.js'
import type { GivenTable } from '../../engines/given-table.js'
import type { Settings } from '../../questions/question.js'
import type { Invocation, OptionSpec } from '../command.js'
import { enginePreset } from '../settings.js'

/** Options that say which table, and what its columns are. */
export const tableOptions: readonly OptionSpec[] = [
  { flags: '--table <name>', about: 'table of calls in the engine', fallback: 'calls', group: 'Engine' },
]

/** @throws UserError for an option that would be ignored */
export function assertNoEngineOptions({ given, options }: Invocation): void {
  if (options['calls'] === true) return
  const found = ['table', 'since', 'until', 'engineTimeout'].find((name) => given(name))
  if (found !== undefined) throw unfit(found, 'goes with --rollup and the address of an engine')
}

/** An option that does not go with others. */
export const unfit = (name: string, why: string): UserError =>
  new UserError(`--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${why}`, {
    code: 'usage',
    hint: 'llmcost ingest --help says what the options are for.',
  })

/** Options of what asks an engine itself. */
export const pullOptions: readonly OptionSpec[] = [
  { flags: '--calls', about: 'fetch the calls of these hours themselves', group: 'Engine' },
  ...tableOptions,
  { flags: '--since <time>', about: 'whole hours from here on (default: 30d)', group: 'Engine' },
  { flags: '--until <time>', about: 'up to the end of this hour (default: now)', group: 'Engine' },
  {
    flags: '--engine-timeout <time>',
    about: 'how long to wait for a byte of the engine',
    fallback: '10m',
    group: 'Engine',
  },
]

/** What the options say of the table. A preset of the config file comes before one of ours of the same name. */
export function tableOf(invocation: Invocation, { readOptions, config }: Settings): GivenTable {
  return {
    name: String(invocation.options['table']),
    map: readOptions.map,
    set: readOptions.set,
    preset: enginePreset(invocation, config),
    cacheTokens: readOptions.cacheTokens,
  }
}

/** Whole hours of --since and --until; the running one is among them. @throws UserError (usage) */
export function hoursOf({ options, now }: Invocation, sinceFallback = '30d'): HourRange {
  const text = (name: string): string | undefined =>
    typeof options[name] === 'string' ? options[name] : undefined
  const { since, until } = resolveWindow(
    { since: text('since') ?? sinceFallback, until: text('until'), tz: 'UTC' },
    now,
  )
  const hour = (iso: string | null, round: (n: number) => number): number =>
    round((iso === null ? now.getTime() : Date.parse(iso)) / 3_600_000)
  const range = [hour(since, Math.floor), hour(until, Math.ceil)] as const
  if (range[0] < range[1]) return range
  throw new UserError('--until is not after --since', {
    code: 'usage',
    hint: 'Write --since 30d, or two dates.',
  })
}
