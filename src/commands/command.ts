/**
 * commands: one file a verb, one line in registry.ts. A command is data (name, options, examples) and a
 * `run` that answers with a report or a text; main.ts alone prints. Help, README tables and tests derive
 * from this data.
 */
import type { OptionName } from '../config/options.js'
import { moneyBases } from '../domain/costs/basis.js'
import type { Report } from '../reports/report.js'

export interface OptionSpec {
  /** As commander writes it: `--since <time>`, `--where <filter...>`, `-q, --quiet`, `--no-color`. */
  readonly flags: string
  readonly about: string
  readonly choices?: readonly string[]
  /** The value when the flag is absent. */
  readonly fallback?: string | boolean
  /** May be given more than once; the values are collected in an array. */
  readonly repeatable?: true
  /** Environment (LLMCOST_NAME) and config file can give it too, under this name; see precedence.ts. */
  readonly setting?: OptionName
  /** Heading in `--help`. */
  readonly group?: string
  /** Of `--by <dimensions>`: it takes `cost_center`, too. */
  readonly takesCenters?: true
}

export interface Example {
  readonly command: string
  readonly about: string
}

export interface CommandSpec {
  readonly name: string
  readonly summary: string
  /** Longer text for `--help`. */
  readonly details?: string
  /** What the manual page and docs/commands.md tell beside it: `--help` stays within a screen. */
  readonly more?: string
  /** As commander writes it: `[sources...]`, `<call_id>`. */
  readonly arguments?: readonly { readonly name: string; readonly about: string }[]
  readonly options: readonly OptionSpec[]
  readonly examples: readonly Example[]
  readonly subcommands?: readonly CommandSpec[]
  /** Values of --format, beside those of the renderers, for which it answers with a text of its own. */
  readonly ownFormats?: readonly string[]
  /** It answers where the config file cannot be read, too: that is what it tells of. */
  readonly survivesConfig?: true
  /** It is what the program does when no command is named. */
  readonly isAlone?: true
  /** Of a subcommand: it is run where none is named, and has the options then. */
  readonly isDefault?: true
  /** Options as the command reads them, where one means something else beside another. */
  readonly readsOptions?: (options: Readonly<Record<string, unknown>>) => Record<string, unknown>
  readonly run: (invocation: Invocation) => Promise<Outcome>
}

/** The terminal and the process, as far as a command may know them. */
export interface Terminal {
  readonly columns: number
  /** stderr is a terminal: progress may be shown there. */
  readonly interactive: boolean
  /** stdout is a terminal: what is no text for people does not belong there. */
  readonly isShown?: boolean
  /** A list is one line each; a newline within a line is shown, not written. */
  readonly warn: (text: string | readonly string[]) => void
  /** Raw text to stderr, for progress only. */
  readonly progress: NodeJS.WriteStream
}

export interface Invocation {
  readonly args: readonly string[]
  /** Option values by camelCase name, as commander parses them. */
  readonly options: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: Date
  /** Version of the program. */
  readonly version: string
  readonly terminal: Terminal
  /** The one of the command's own formats that was asked for. */
  readonly ownFormat?: string | undefined
  /** True when the option was given on the command line, not defaulted. */
  readonly given: (name: string) => boolean
}

/** What a command answers with. main renders reports in the format asked for, and writes texts as they are. */
export interface Outcome {
  readonly report?: Report
  readonly text?: string
  /** Lines that quote paths, keys and the like: what is hidden in them is shown. */
  readonly lines?: readonly string[]
  /** A file whose bytes are the answer. */
  readonly file?: string
  /** The command has written its answer to `--output` itself. */
  readonly written?: true
  /** Default 0; 3 for a check that fired, 4 for refused input. */
  readonly exitCode?: number
}

/** Its presence says that a command answers with a report. */
export const formatOption: OptionSpec = {
  flags: '-f, --format <format>',
  about: 'table, markdown, json or csv',
  setting: 'format',
  group: 'Output',
}

/** Of the format for the terminal alone. */
const bordersOption: OptionSpec = {
  flags: '--borders',
  about: 'lines around the cells of tables',
  group: 'Output',
}

/** The command answers with a report. */
export const hasFormats = ({ options }: CommandSpec): boolean =>
  options.some(({ setting }) => setting === 'format')

/** The command reads the config file. */
export const readsConfig = ({ options }: CommandSpec): boolean => options.includes(configOption)

/** Words after the command are logs to ask, as those of `--input`: it has no words of its own. */
export const asksLogs = ({ options, arguments: own, subcommands }: CommandSpec): boolean =>
  own === undefined && subcommands === undefined && options.includes(inputOption)

/** What may stand after a command's name: words of its own, or logs. */
export const argumentsOf = (spec: CommandSpec): NonNullable<CommandSpec['arguments']> =>
  spec.arguments ?? (asksLogs(spec) ? [{ name: '[logs...]', about: inputOption.about }] : [])

/** Options of every command that prints a report. */
export const outputOptions: readonly OptionSpec[] = [
  formatOption,
  { flags: '--json', about: 'short for --format json', group: 'Output' },
  { flags: '--csv', about: 'short for --format csv', group: 'Output' },
  { flags: '-o, --output <file>', about: 'write to a file; its ending picks the format', group: 'Output' },
  bordersOption,
  { flags: '--no-color', about: 'no colours', group: 'Output' },
  { flags: '-q, --quiet', about: 'no progress, hints or warnings on stderr', group: 'Output' },
]

/** Of every command that reads the config file; it may stand before the command, too. */
export const configOption: OptionSpec = {
  flags: '--config <file>',
  about: 'config file, in the place of the one that is found (also LLMCOST_CONFIG)',
  group: 'Store',
}

/** Options of every command that opens the store. */
export const storeOptions: readonly OptionSpec[] = [
  configOption,
  {
    flags: '--db <path>',
    about: "database file (default: in the platform's data folder)",
    setting: 'db',
    group: 'Store',
  },
  {
    flags: '--archive <dir>',
    about: 'folder of the calls that llmcost archive moved out of the database',
    setting: 'archive',
    group: 'Store',
  },
  {
    flags: '--lock-timeout <time>',
    about: 'how long to wait for a database in use',
    fallback: '30s',
    setting: 'lock_timeout',
    group: 'Store',
  },
  {
    flags: '--memory-limit <size>',
    about: "memory for DuckDB, such as 2GB (default: a quarter of the machine's)",
    setting: 'memory_limit',
    group: 'Store',
  },
]

/** Options that say what the sources of calls are and how to read them. */
export const sourceOptions: readonly OptionSpec[] = [
  {
    flags: '--from <importer>',
    about: 'importer (llmcost formats), when the content does not tell',
    group: 'Reading',
  },
  {
    flags: '--map <field=path>',
    about: 'take a field from this path of the log',
    repeatable: true,
    group: 'Reading',
  },
  {
    flags: '--set <field=value>',
    about: 'give a field that the log lacks one value',
    repeatable: true,
    group: 'Reading',
  },
  {
    flags: '--preset <name>',
    about: 'a saved set of --map and --set from the config file',
    group: 'Reading',
  },
  { flags: '--base-time <time>', about: 'moment that relative times count from', group: 'Reading' },
  { flags: '--input-tz <zone>', about: 'zone of times without one (default UTC)', group: 'Reading' },
  {
    flags: '--date-order <order>',
    about: 'order of dates such as 10/05/2026 (default: what the whole column allows)',
    choices: ['dmy', 'mdy', 'ymd'],
    group: 'Reading',
  },
  {
    flags: '--decimal <mark>',
    about: 'decimal mark of numbers such as 1.812 or 1,812 (default: what the whole column allows)',
    choices: ['.', ','],
    group: 'Reading',
  },
  {
    flags: '--cache-tokens <reading>',
    about: 'whether input tokens include cached ones',
    choices: ['included', 'excluded'],
    group: 'Reading',
  },
  {
    flags: '--keep-across-sources',
    about: 'count calls that logs of other sources hold too beside those',
    group: 'Reading',
  },
]

/** Zone of days, weeks and months. */
export const zoneOption: OptionSpec = {
  flags: '--tz <zone>',
  about: 'zone in which days begin',
  fallback: 'UTC',
  setting: 'tz',
  group: 'Scope',
}

/** In the place of a database. */
export const inputOption: OptionSpec = {
  flags: '--input <source...>',
  about: 'ask these logs instead of a database',
  group: 'Scope',
}

/** What an answer counts as money. */
export const costOption: OptionSpec = {
  flags: '--cost <basis>',
  about: 'count list, reported, contract or billed cost (default: list, else reported)',
  choices: moneyBases,
  group: 'Scope',
}

/** In what money is shown, of commands whose answers hold no amount to those of a config file, which are in dollars. */
export const currencyOptions: readonly OptionSpec[] = [
  {
    flags: '--currency <code>',
    about: 'money in another currency, such as EUR, at the daily rates of exchange_rates in the config file',
    group: 'Scope',
  },
  {
    flags: '--rate-before',
    about: 'with --currency: a day without a rate has the last one before it',
    group: 'Scope',
  },
]

/** Options of every command that asks about calls. */
export const scopeOptions: readonly OptionSpec[] = [
  {
    flags: '--since <time>',
    about: "a date, a time, a month (2026-09), 14d / 36h / 2w, '7 days ago', yesterday, mtd, last-week",
    group: 'Scope',
  },
  { flags: '--until <time>', about: 'end of the window, not included (default: --as-of)', group: 'Scope' },
  {
    flags: '--as-of <time>',
    about: 'what counts as now: a time, or latest for just after the newest call',
    group: 'Scope',
  },
  zoneOption,
  {
    flags: '--where <filter>',
    about: "key=value, key!=value, key~text or 'key>number'; user=a,b: one of these",
    repeatable: true,
    group: 'Scope',
  },
  inputOption,
]

/** Of commands that show quantiles. */
export const exactOption: OptionSpec = {
  flags: '--exact',
  about: 'exact quantiles of many calls, too, in place of ≈',
  group: 'Question',
}

/** Everything that a question about calls takes, before its own options. */
export const questionOptions: readonly OptionSpec[] = [
  ...scopeOptions,
  costOption,
  ...sourceOptions,
  ...storeOptions,
  ...outputOptions,
]

/** Of questions whose money can be in another currency. */
export const convertedOptions: readonly OptionSpec[] = questionOptions.flatMap((one) =>
  one === costOption ? [one, ...currencyOptions] : [one],
)

/** Of questions whose answer holds list prices against others. */
export const listCostOptions: readonly OptionSpec[] = questionOptions.filter((one) => one !== costOption)
