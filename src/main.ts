/** argv → command → outcome → stdout. The only writer to stdout, and the only place that ends with a code. */
import { createRequire } from 'node:module'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { inspect } from 'node:util'
import { Command, CommanderError, Option } from 'commander'
import {
  argumentsOf,
  asksLogs,
  configOption,
  hasFormats,
  readsConfig,
  type CommandSpec,
  type Invocation,
  type OptionSpec,
  type Outcome,
  type Terminal,
} from './commands/command.js'
import { partedLine, withLeading } from './commands/line/leading-options.js'
import { plainOptions } from './commands/line/option-words.js'
import { writeOutput } from './commands/output-file.js'
import { commandEntries } from './commands/registry.js'
import { chosen, usageHint } from './commands/usage.js'
import { visible } from './domain/words/hidden.js'
import { exitCodes, systemFault, UserError } from './errors.js'
import type { Renderer } from './renderers/registry.js'
import type { Report } from './reports/report.js'

/** Version of the program, from its package. */
export const version = (createRequire(import.meta.url)('../package.json') as { version: string }).version

/** What to do about a usage error, by the command that it arose in. */
const usedWrongly = new WeakMap<CommanderError, string>()

export async function main(typed: readonly string[]): Promise<void> {
  const line = partedLine(typed)
  const { name: asked, ...parts } =
    line.name === 'help' ? partedLine([...line.own, ...line.rest, '--help']) : line
  const program = new Command('llmcost')
    .description('Where your LLM money goes, from the call logs you already have.')
    .version(version, '-V, --version', 'print the version')
    .helpCommand(false)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined, writeOut: (text) => void process.stdout.write(text) })
    .configureHelp({ helpWidth: columnsOf(process.stdout), showGlobalOptions: false })
    .addOption(new Option(configOption.flags, configOption.about))
    .addHelpText('after', overview())
  // Only the command that is asked for is loaded; the others are known by name and summary.
  try {
    const spec = await commandEntries.find(({ name }) => name === asked)?.load()
    for (const { name, summary, group } of commandEntries) {
      const command = spec?.name === name ? await buildCommand(spec) : new Command(name).description(summary)
      program.addCommand(command.helpGroup(`${capital(group)}:`))
    }
    if (asked === undefined && !parts.own.some((word) => helpFlags.has(word))) {
      const { overviewCommand } = await import('./commands/start/overview.js')
      program.addCommand(await buildCommand(overviewCommand), { isDefault: true, hidden: true })
    }
    if (line.name === 'help' && asked === 'options') return await sharedHelp()
    if (asked === undefined || spec !== undefined)
      return void (await program.parseAsync(plainOptions(withLeading({ name: asked, ...parts }, spec)), {
        from: 'user',
      }))
    if (asked === 'version') return void process.stdout.write(`${version}\n`)
    // An option that does not exist is told before a command that does not.
    const others = parts.own.filter((word) => !['-h', '--help'].includes(word))
    if (others.some((word) => word.startsWith('-'))) await program.parseAsync(others, { from: 'user' })
    const { unknownCommand } = await import('./commands/line/near-commands.js')
    throw unknownCommand(
      asked,
      commandEntries.map(({ name }) => name),
    )
  } catch (error) {
    fail(error)
  }
}

const helpFlags: ReadonlySet<string> = new Set(['-h', '--help', '-V', '--version'])

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

async function sharedHelp(): Promise<void> {
  const { optionsHelp } = await import('./commands/help.js')
  process.stdout.write(optionsHelp(columnsOf(process.stdout)))
}

const overview = (): string => `
Examples:
  llmcost ingest logs/*.jsonl && llmcost report
  llmcost report logs/ --as-of latest      ask logs without a database

llmcost help COMMAND tells more of one; llmcost help options of the options that commands share.
`

async function buildCommand(spec: CommandSpec, parent?: CommandSpec): Promise<Command> {
  const above = parent === undefined ? 'llmcost' : `llmcost ${parent.name}`
  const name = spec.isAlone === true ? above : `${above} ${spec.name}`
  const within = parent !== undefined && spec.isDefault === true ? { spec: parent, name: above } : undefined
  const command = new Command(spec.name)
    .description(spec.summary)
    .exitOverride((error) => {
      usedWrongly.set(error, usageHint(error, { spec, name, args: command.args, ...(within && { within }) }))
      throw error
    })
    .allowExcessArguments(false)
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ helpWidth: columnsOf(process.stdout) })
    .addHelpOption(new Option('-h, --help', 'print this help').hideHelp())
  for (const argument of argumentsOf(spec)) command.argument(argument.name, argument.about)
  const { helpTail, isShared } = await import('./commands/help.js')
  for (const option of spec.options) command.addOption(buildOption(option).hideHelp(isShared(option)))
  command.addHelpText('after', () => helpTail(spec, columnsOf(process.stdout)))
  command.action(async (...given: unknown[]) => {
    const words = given
      .slice(0, -2)
      .flat()
      .filter((a) => a !== undefined) as string[]
    if (!asksLogs(spec) || words.length === 0) return run(spec, command, words)
    const { sourceWords } = await import('./commands/line/source-words.js')
    const logs = await sourceWords(words, spec, name)
    const before = command.getOptionValue('input') as string[] | undefined
    command.setOptionValueWithSource('input', [...(before ?? []), ...logs], 'cli')
    return run(spec, command, [])
  })
  for (const sub of spec.subcommands ?? [])
    command.addCommand(await buildCommand(sub, spec), { isDefault: sub.isDefault === true })
  return command
}

function buildOption(spec: OptionSpec): Option {
  const { choices } = spec
  const option = new Option(spec.flags, spec.about)
  // Help shows the choices; whether a value is one of them is said in words of our own.
  if (choices) option.choices([...choices]).argParser((value: string) => chosen(spec, choices, value))
  if (spec.fallback !== undefined) option.default(spec.fallback)
  if (spec.group) option.helpGroup(`${spec.group}:`)
  if (spec.repeatable)
    option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value])
  return option
}

async function run(spec: CommandSpec, command: Command, args: readonly string[]): Promise<void> {
  const typed = command.optsWithGlobals<Record<string, unknown>>()
  const options = spec.readsOptions?.(typed) ?? typed
  if (options['config'] !== undefined && !readsConfig(spec)) {
    throw new UserError(`${spec.name} reads no config file`, { code: 'usage', hint: 'Leave --config out.' })
  }
  const quiet = options['quiet'] === true
  const terminal: Terminal = {
    columns: columnsOf(process.stdout),
    interactive: process.stderr.isTTY && !quiet,
    isShown: process.stdout.isTTY && textOption(options, 'output') === undefined,
    warn: (text) => {
      const lines = typeof text === 'string' ? [text] : text
      if (!quiet) process.stderr.write(lines.map((line) => `${visible(line)}\n`).join(''))
    },
    progress: process.stderr,
  }
  const given = (name: string): boolean => command.getOptionValueSourceWithGlobals(name) === 'cli'
  const invocation: Invocation = {
    args,
    options,
    env: process.env,
    now: new Date(),
    version,
    terminal,
    given,
    ownFormat: await ownFormatOf(spec, options),
  }
  const output = textOption(options, 'output')
  // Chosen before the work: a format that does not exist must not cost a long ingest its summary.
  const renderer = await rendererOf(spec, invocation)
  const color = output === undefined && usesColor(options)
  await deliver(await spec.run(invocation), output, async (report) => {
    if (renderer === undefined) throw new Error(`${spec.name} has no --format for its report`)
    const { unsaid } = await import('./renderers/registry.js')
    for (const why of unsaid(renderer, report)) terminal.warn(why)
    const borders = options['borders'] === true
    return renderer.render(report, { columns: terminal.columns, color, borders })
  })
}

/** A format of the command's own, beside those of all. */
async function ownFormatOf(spec: CommandSpec, options: Invocation['options']): Promise<string | undefined> {
  if (spec.ownFormats === undefined) return undefined
  return (await import('./commands/precedence.js')).ownFormatOf(spec, options)
}

/** None for a command that answers with a text of its own. */
async function rendererOf(spec: CommandSpec, invocation: Invocation): Promise<Renderer | undefined> {
  if (!hasFormats(spec) || invocation.ownFormat !== undefined) return undefined
  const precedence = await import('./commands/precedence.js')
  return precedence.rendererOf(invocation, spec.survivesConfig)
}

const textOption = (options: Record<string, unknown>, name: string): string | undefined =>
  typeof options[name] === 'string' ? options[name] : undefined

/** Writes a command's answer to stdout or `--output`. */
async function deliver(
  outcome: Outcome,
  output: string | undefined,
  render: (report: Report) => string | Promise<string>,
): Promise<void> {
  const text = outcome.report ? await render(outcome.report) : (outcome.text ?? said(outcome.lines ?? []))
  if (outcome.file !== undefined)
    await pipeline(createReadStream(outcome.file), process.stdout, { end: false })
  else if (output === undefined) process.stdout.write(text)
  else if (outcome.written !== true) writeOutput(output, text, '--output')
  if (outcome.exitCode !== undefined) process.exitCode = outcome.exitCode
}

const said = (lines: readonly string[]): string => lines.map((line) => `${visible(line)}\n`).join('')

/** NO_COLOR and --no-color win, then FORCE_COLOR; else colour only on a terminal. */
function usesColor(options: Record<string, unknown>): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: term } = process.env
  if (options['color'] === false || (no !== undefined && no !== '')) return false
  if (force !== undefined) return force !== '0' && force !== 'false'
  return process.stdout.isTTY && term !== 'dumb'
}

function columnsOf(stream: NodeJS.WriteStream): number {
  const given = Number(process.env['COLUMNS'])
  if (Number.isInteger(given) && given >= 20) return given
  // A terminal whose size nobody told says 0.
  return stream.columns || 100
}

/** Shows what went wrong and sets the exit code. */
function fail(error: unknown): void {
  if (error instanceof CommanderError) return failUsage(error)
  // What the system refuses is no defect of the program, wherever it is met.
  const known = error instanceof UserError ? error : systemFault(error)
  if (known !== undefined) {
    const where = known.location === undefined ? '' : `${known.location}: `
    process.stderr.write(`llmcost: ${where}${known.message}\n`)
    if (known.hint) process.stderr.write(`${known.hint.replaceAll(/^/gm, '  ')}\n`)
    process.exitCode = exitCodes[known.code]
  } else {
    const what = error instanceof Error ? error.message.split('\n')[0]! : String(error)
    process.stderr.write(
      `llmcost: unexpected: ${visible(what)}\n  This is a defect of llmcost. LLMCOST_DEBUG=1 shows where.\n`,
    )
    process.exitCode = exitCodes.failure
  }
  if (process.env['LLMCOST_DEBUG'] && error instanceof Error)
    process.stderr.write(`${inspect(error).split('\n').map(visible).join('\n')}\n`)
}

function failUsage(error: CommanderError): void {
  if (error.exitCode === 0) return
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const near = /^\((Did you mean .+\?)\)$/.exec(rest.join(' ').trim())?.[1]
  const hint = near ?? usedWrongly.get(error) ?? 'See llmcost --help.'
  process.stderr.write(`llmcost: ${visible(first)}\n  ${visible(hint)}\n`)
  process.exitCode = exitCodes.usage
}

// A closed pipe (llmcost … | head) ends quietly; what was asked for has been delivered.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  fail(
    new UserError('stdout cannot be written', {
      hint: `Check that there is room: ${error.message}`,
      cause: error,
    }),
  )
  process.exit()
})

// Nobody hears what is said any more; what is done goes on.
process.stderr.on('error', () => undefined)

// An error that no part of the program waits for is told like any other.
process.on('uncaughtException', (error) => {
  fail(error)
  process.exit()
})

await main(process.argv.slice(2))
