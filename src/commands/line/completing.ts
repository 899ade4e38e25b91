/**
 * What may come next on a command line: finds what the word under the cursor may be, from the commands' own data.
 * Pure: the commands and the values they take are given; the shells' own scripts (completion-scripts.ts) ask, and
 * show the answer.
 */
import { argumentsOf, configOption, type CommandSpec, type OptionSpec } from '../command.js'
import { partedLine, sharedOption } from './leading-options.js'

export interface Candidate {
  readonly value: string
  readonly about: string
}

export interface Completion {
  readonly candidates: readonly Candidate[]
  /** The word may be a path: the shell offers files besides. */
  readonly files: boolean
  /** More of the same word may follow: no space after it. */
  readonly open: boolean
}

/**
 * What an option's placeholder (`<dimensions>`) or an argument's name may be; undefined: nothing known.
 * @param option the option, where it is one's
 */
export type ValuesOf = (
  placeholder: string,
  partial: string,
  option?: OptionSpec,
) => Promise<Completion | undefined>

const nothing: Completion = { candidates: [], files: false, open: false }

/**
 * @param words the words after `llmcost` up to the cursor; the last is the one being typed, maybe empty
 * @param commands all commands
 */
export async function complete(
  words: readonly string[],
  commands: readonly CommandSpec[],
  valuesOf: ValuesOf,
): Promise<Completion> {
  const partial = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const { spec, rest } = commandOf(before, commands)
  if (spec === undefined) {
    const shared = sharedOption(before.at(-1) ?? '')
    if (shared !== undefined && flagOf(shared).placeholder !== undefined)
      return valueOf(flagOf(shared), partial, valuesOf)
    return partial.startsWith('-') ? programFlags(partial) : commandNames(commands, partial)
  }
  const state = read(rest, spec)
  if (state.literal) return positional(spec, state.given, partial, valuesOf)
  if (state.awaiting !== undefined) return valueOf(state.awaiting, partial, valuesOf)
  const joined = /^(--[a-z-]+)=(.*)$/s.exec(partial)
  if (joined !== null) return joinedValue(spec, joined[1] ?? '', joined[2] ?? '', valuesOf)
  if (partial.startsWith('-')) return flagsOf(spec, state.used, partial)
  const named = rest.every((word) => word.startsWith('-'))
    ? commandNames(spec.subcommands ?? [], partial)
    : nothing
  const own = await positional(spec, state.given, partial, valuesOf)
  return { ...own, candidates: [...named.candidates, ...own.candidates] }
}

function commandOf(
  words: readonly string[],
  commands: readonly CommandSpec[],
): { spec: CommandSpec | undefined; rest: readonly string[] } {
  const line = partedLine(words)
  let spec = commands.find(({ name }) => name === line.name)
  let rest = spec === undefined ? words : line.rest
  for (let known = spec?.subcommands; known !== undefined; known = spec?.subcommands) {
    const found = known.find(({ name }) => name === rest[0])
    if (found === undefined) break
    spec = found
    rest = rest.slice(1)
  }
  return { spec, rest }
}

interface Flag {
  readonly names: readonly string[]
  /** `<dimensions>` without its brackets and dots; undefined: the flag takes no value. */
  readonly placeholder: string | undefined
  readonly spec: OptionSpec
}

function flagOf(spec: OptionSpec): Flag {
  const placeholder = /[<[]([^>\]]+)[>\]]/.exec(spec.flags)?.[1]
  return { names: spec.flags.match(/--?[a-zA-Z][\w-]*/g) ?? [], placeholder, spec }
}

/** What the words so far have said. */
interface State {
  readonly used: ReadonlySet<string>
  /** The option whose value is being typed. */
  readonly awaiting: Flag | undefined
  /** Positional words. */
  readonly given: number
  /** After `--`, everything is positional. */
  readonly literal: boolean
}

function read(words: readonly string[], spec: CommandSpec): State {
  const flags = spec.options.map(flagOf)
  const used = new Set<string>()
  let awaiting: Flag | undefined
  let given = 0
  for (const [i, word] of words.entries()) {
    if (word === '--') {
      return { used, awaiting: undefined, given: given + words.length - i - 1, literal: true }
    }
    if (word.startsWith('-') && word !== '-') {
      const flag = flags.find(({ names }) => names.includes(word.split('=')[0] ?? ''))
      for (const name of flag?.names ?? []) used.add(name)
      awaiting = flag?.placeholder === undefined || word.includes('=') ? undefined : flag
      continue
    }
    if (awaiting === undefined) given += 1
    // An option that takes several values goes on taking them.
    else if (awaiting.placeholder?.endsWith('...') !== true) awaiting = undefined
  }
  return { used, awaiting, given, literal: false }
}

const startsWith = (value: string, partial: string): boolean =>
  value.toLowerCase().startsWith(partial.toLowerCase())

function commandNames(commands: readonly CommandSpec[], partial: string): Completion {
  const candidates = commands
    .filter(({ name }) => startsWith(name, partial))
    .map(({ name, summary }) => ({ value: name, about: summary }))
  return { ...nothing, candidates }
}

function programFlags(partial: string): Completion {
  const flags = [
    { value: '--config', about: configOption.about },
    { value: '--help', about: 'list all commands' },
    { value: '--version', about: 'print the version' },
  ]
  return { ...nothing, candidates: flags.filter(({ value }) => startsWith(value, partial)) }
}

function flagsOf(spec: CommandSpec, used: ReadonlySet<string>, partial: string): Completion {
  const help: OptionSpec = { flags: '--help', about: 'all options and examples' }
  const candidates = [...spec.options, help].map(flagOf).flatMap(({ names, spec: { about, repeatable } }) => {
    const long = names.find((name) => name.startsWith('--')) ?? names[0]
    if (long === undefined || (used.has(long) && repeatable !== true) || !startsWith(long, partial)) return []
    return [{ value: long, about }]
  })
  return { ...nothing, candidates }
}

async function valueOf(flag: Flag, partial: string, valuesOf: ValuesOf): Promise<Completion> {
  const { choices } = flag.spec
  if (choices !== undefined) {
    const candidates = choices.filter((value) => startsWith(value, partial))
    return { ...nothing, candidates: candidates.map((value) => ({ value, about: '' })) }
  }
  return (await valuesOf(flag.placeholder?.replace('...', '') ?? '', partial, flag.spec)) ?? nothing
}

async function joinedValue(
  spec: CommandSpec,
  name: string,
  partial: string,
  valuesOf: ValuesOf,
): Promise<Completion> {
  const flag = spec.options.map(flagOf).find(({ names }) => names.includes(name))
  if (flag?.placeholder === undefined) return nothing
  const answer = await valueOf(flag, partial, valuesOf)
  return {
    ...answer,
    candidates: answer.candidates.map(({ value, about }) => ({ value: `${name}=${value}`, about })),
  }
}

async function positional(
  spec: CommandSpec,
  given: number,
  partial: string,
  valuesOf: ValuesOf,
): Promise<Completion> {
  const names = argumentsOf(spec).map(({ name }) => name.replaceAll(/[<>[\]]/g, ''))
  const last = names.at(-1)
  const name = names[given] ?? (last?.endsWith('...') === true ? last : undefined)
  return (name === undefined ? undefined : await valuesOf(name.replace('...', ''), partial)) ?? nothing
}
