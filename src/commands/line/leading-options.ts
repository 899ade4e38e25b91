/**
 * line: what stands on the command line before anything is run.
 *
 * This one finds the command's name among options that stand before it: `llmcost --db x report`.
 */
import { configOption, questionOptions, type CommandSpec, type OptionSpec } from '../command.js'

/** Options before the command, its place, and what follows it. */
export interface Line {
  /** Words of shared options that stand before the command, less those of `--config`. */
  readonly leading: readonly string[]
  /** The command's name; undefined where there is none. */
  readonly name: string | undefined
  /** What stands before the command and belongs to the program itself: `--config`, `--help`. */
  readonly own: readonly string[]
  /** All after the command's name. */
  readonly rest: readonly string[]
}

/** Parts a command line at the word that names the command. */
export function partedLine(words: readonly string[]): Line {
  const leading: string[] = []
  const own: string[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (!word.startsWith('-') || word === '-') return { leading, own, name: word, rest: words.slice(i + 1) }
    const option = sharedOption(word)
    const takesNext = option !== undefined && /[<[]/.test(option.flags) && !word.includes('=')
    const taken = takesNext ? words.slice(i, i + 2) : [word]
    if (option === undefined || option === configOption) own.push(...taken)
    else leading.push(...taken)
    i += taken.length - 1
  }
  return { leading, own, name: undefined, rest: [] }
}

/** The option of all questions that a word is. */
export function sharedOption(word: string): OptionSpec | undefined {
  const flag = word.split('=')[0]!
  return questionOptions.find(({ flags }) => flags.split(/[ ,]+/).includes(flag))
}

/** The line with its leading options behind the command, and behind the subcommand that is named. */
export function withLeading({ leading, own, name, rest }: Line, spec?: CommandSpec): readonly string[] {
  if (name === undefined) return [...own, ...leading]
  let at = 0
  for (let known = spec?.subcommands; known !== undefined; at++) {
    const found = known.find((one) => one.name === rest[at])
    if (found === undefined) break
    known = found.subcommands ?? []
  }
  return [...own, name, ...rest.slice(0, at), ...leading, ...rest.slice(at)]
}
