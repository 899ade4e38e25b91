/** What is typed wrongly, and what was meant: words for choices, commands and arguments. */
import { closestNames, isSlipOf } from '../domain/words/names.js'
import { UserError } from '../errors.js'
import type { CommandSpec, OptionSpec } from './command.js'
import { meantOption } from './line/option-words.js'

/**
 * The value of an option that knows all of its values.
 * @throws UserError (usage) that names them, and the closest
 */
export function chosen({ flags }: OptionSpec, choices: readonly string[], value: string): string {
  if (choices.includes(value)) return value
  const long = /--[a-z-]+/.exec(flags)?.[0] ?? flags
  const closest = choices.length > 1 ? `; the closest: ${closestNames(value, choices, 1).join()}` : ''
  throw new UserError(`${long} cannot be ${value === '' ? 'empty' : value}`, {
    code: 'usage',
    hint: `Choose ${choices.length > 1 ? 'one of ' : ''}${choices.join(', ')}${closest}.`,
  })
}

/** The subcommand that a word is a slip of, by its whole name. */
export function nearSubcommand(
  word: string,
  subcommands: readonly CommandSpec[] = [],
): CommandSpec | undefined {
  return subcommands.find(({ name }) => isSlipOf(word, name))
}

/** A command as it was called, with those beside which it stands. */
export interface Called {
  readonly spec: CommandSpec
  /** As it is typed: `llmcost prices`. */
  readonly name: string
  /** The command that was typed, where `spec` is what it does when nothing else is named. */
  readonly within?: Pick<Called, 'spec' | 'name'>
  readonly args: readonly string[]
}

/** What the parser of options says of a command line. */
interface UsageError {
  readonly code: string
  readonly message: string
}

function nearOption(word: string, { options }: CommandSpec): string | undefined {
  const names = options.map(({ flags }) => /--[a-z-]+/.exec(flags)?.[0] ?? flags)
  const meant = meantOption(word, names)
  if (meant !== undefined) return meant
  const near = names.filter((name) => isSlipOf(word, name))
  return near.length === 0 ? undefined : closestNames(word, near, 1).join()
}

/** What to do about a usage error. */
export function usageHint({ code, message }: UsageError, { spec, name, within, args }: Called): string {
  if (code === 'commander.unknownOption') {
    const near = nearOption(/'(-[^'=]*)/.exec(message)?.[1] ?? '', spec)
    return near === undefined ? `See ${name} --help and llmcost help options.` : `Did you mean ${near}?`
  }
  const needed = spec.arguments?.find((argument) => argument.name.startsWith('<'))
  if (code === 'commander.missingArgument' && needed !== undefined)
    return `Write ${name} ${needed.name}: ${needed.about}.`
  const asked = within ?? { spec, name }
  const [word] = args
  if (code !== 'commander.excessArguments' || word === undefined) return `See ${asked.name} --help.`
  if (within !== undefined) {
    const names = (within.spec.subcommands ?? []).map((one) => one.name)
    return `After ${within.name} comes one of ${names.join(', ')}; the closest: ${closestNames(word, names, 1).join()}.`
  }
  const near = nearSubcommand(word, spec.subcommands)
  return near === undefined ? `See ${name} --help.` : `Did you mean ${name} ${near.name}? See ${name} --help.`
}
