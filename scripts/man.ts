/** Manual pages made from the registries: man/llmcost.1, and one for each command. */
import { flagOf, optionNames, variableOf } from '../src/config/options.js'
import {
  argumentsOf,
  outputOptions,
  scopeOptions,
  sourceOptions,
  storeOptions,
} from '../src/commands/command.js'
import type { CommandSpec, OptionSpec } from '../src/commands/command.js'
import { loadCommands } from '../src/commands/registry.js'
import { exitCodes } from '../src/errors.js'

const shared = new Set<OptionSpec>([...scopeOptions, ...sourceOptions, ...storeOptions, ...outputOptions])

const exits: Readonly<Record<number, string>> = {
  0: 'done',
  [exitCodes.failure]: 'failure: a file is missing, locked or damaged',
  [exitCodes.usage]: 'wrong use: an option, the config file, a date',
  [exitCodes.check]: 'a check fired',
  [exitCodes.refused]: 'input was refused',
}

const environment: readonly (readonly [string, string])[] = [
  ...optionNames.map((name) => [variableOf(name), `for ${flagOf(name)}, where it is absent`] as const),
  ['LLMCOST_CONFIG', 'config file, in the place of the one that is found; for --config, where it is absent'],
  ['LLMCOST_DEBUG', 'show where an unexpected error arose'],
  ['NO_COLOR, FORCE_COLOR', 'colours never, or always'],
  ['COLUMNS', 'width of tables'],
]

/** Pages by file name. */
export async function manualPages(version: string): Promise<ReadonlyMap<string, string>> {
  const commands = await loadCommands()
  return new Map([
    ['llmcost.1', overviewPage(commands, version)],
    ...commands.map((command): [string, string] => [
      `llmcost-${command.name}.1`,
      commandPage(command, version),
    ]),
  ])
}

function overviewPage(commands: readonly CommandSpec[], version: string): string {
  return page('llmcost', 'where your LLM money goes, from the call logs you already have', version, [
    '.SH SYNOPSIS',
    `.B llmcost\n.I command\n.RI [ options ]`,
    '.SH COMMANDS',
    ...commands.map(({ name, summary }) => item(`.B ${text(name)}`, summary)),
    text('Each command has a page of its own, such as llmcost-report(1).'),
    '.SH EXIT STATUS',
    ...Object.entries(exits).map(([code, about]) => item(`.B ${code}`, about)),
    '.SH ENVIRONMENT',
    ...environment.map(([name, about]) => item(`.B ${text(name)}`, about)),
    '.SH SEE ALSO',
    commands.map(({ name }) => `.BR ${text(`llmcost-${name}`)} (1)`).join(',\n'),
  ])
}

function commandPage(command: CommandSpec, version: string): string {
  return page(`llmcost-${command.name}`, command.summary, version, [
    '.SH SYNOPSIS',
    synopsis(command, 'llmcost'),
    ...described(command),
    ...options(command),
    ...(command.subcommands ?? []).flatMap((sub) => [
      `.SH ${text(sub.name.toUpperCase())}`,
      synopsis(sub, `llmcost ${command.name}`),
      '.PP',
      text(`${sub.summary}.`),
      ...options(sub, '.SS'),
    ]),
    '.SH EXAMPLES',
    ...examples(command),
    ...(command.subcommands ?? []).flatMap(examples),
    '.SH SEE ALSO',
    '.BR llmcost (1)',
  ])
}

function described({ details = '', more = '' }: CommandSpec): string[] {
  const told = paragraphs(`${details}\n${more}`)
  return told.length === 0 ? [] : ['.SH DESCRIPTION', ...told]
}

function page(name: string, summary: string, version: string, parts: readonly string[]): string {
  const head = `.TH ${text(name.toUpperCase())} 1 "" "llmcost ${version}" "User Commands"`
  return `${[head, '.SH NAME', `${text(name)} \\- ${text(summary)}`, ...parts].join('\n')}\n`
}

function synopsis(command: CommandSpec, parent: string): string {
  const args = argumentsOf(command)
    .map(({ name }) => text(name))
    .join(' ')
  return `.B ${text(`${parent} ${command.name}`)}\n${[args, '[options]'].join(' ').trim()}`
}

/** The command's own options first, then those that most commands share. */
function options(command: CommandSpec, heading = '.SH'): string[] {
  const args = argumentsOf(command).map(({ name, about }) => item(`.I ${text(name)}`, about))
  const own = command.options.filter((option) => !shared.has(option))
  const rest = command.options.filter((option) => shared.has(option))
  const listed = [...own, ...rest].map((option) => item(`.B ${text(option.flags)}`, about(option)))
  return [
    ...(args.length === 0 ? [] : [`${heading} ARGUMENTS`, ...args]),
    ...(listed.length === 0 ? [] : [`${heading} OPTIONS`, ...listed]),
  ]
}

function about({ about: what, choices, fallback, repeatable }: OptionSpec): string {
  return [
    what,
    ...(choices === undefined ? [] : [`one of ${choices.join(', ')}`]),
    ...(repeatable === undefined ? [] : ['repeatable']),
    ...(fallback === undefined ? [] : [`default ${String(fallback)}`]),
  ].join('; ')
}

const examples = (command: CommandSpec): string[] =>
  command.examples.map((example) => item(`.B ${text(example.command)}`, example.about))

/** A paragraph a line; what is indented keeps its place. */
function paragraphs(details: string): string[] {
  const lines = details.split('\n').filter((line) => line !== '')
  return lines.flatMap((line, i) => [
    ...(i === 0 || line.startsWith(' ') ? [] : ['.PP']),
    ...(line.startsWith(' ') ? ['.nf', text(line), '.fi'] : [text(line)]),
  ])
}

const item = (tag: string, what: string): string => `.TP\n${tag}\n${text(what)}`

/** Text in which roff finds no request and no escape, and whose hyphens can be searched and copied. */
function text(value: string): string {
  return value
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('`', '\\(ga')
    .replaceAll(/^([.'])/gm, '\\&$1')
}
