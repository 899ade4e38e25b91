/** Words after a question: logs, as of `--input`, or a slip that is told with what was meant. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { dimensions, shortForms } from '../../domain/dimensions.js'
import { isPeriod, isPeriodText } from '../../domain/time/periods.js'
import { closestNames, isSlipOf } from '../../domain/words/names.js'
import { UserError } from '../../errors.js'
import { hasMatch } from '../../ingest/files/discover.js'
import { measureNames } from '../../metrics/measures/registry.js'
import { reportSections } from '../../questions/report/sections.js'
import { renderers } from '../../renderers/registry.js'
import type { CommandSpec, OptionSpec } from '../command.js'

/**
 * What words after a question name: files, folders, globs, or `-`.
 * @param name the command as it is typed: `llmcost breakdown`
 * @throws UserError (usage) for a word that is none of these
 */
export async function sourceWords(
  words: readonly string[],
  spec: CommandSpec,
  name: string,
): Promise<readonly string[]> {
  const strays: string[] = []
  for (const word of words) if (!(await isSource(word))) strays.push(word)
  const [stray] = strays
  if (stray === undefined) return words
  throw new UserError(`${stray === '' ? 'an empty word' : stray} is no file, folder or pattern of logs`, {
    code: 'usage',
    hint: meant(strays, spec, name),
  })
}

async function isSource(word: string): Promise<boolean> {
  if (word === '-') return true
  if (word === '') return false
  const stat = statSync(resolve(word), { throwIfNoEntry: false })
  return stat !== undefined || hasMatch(word, process.cwd())
}

/** What to do about words that are no logs: the option that takes them, where there is one. */
function meant(words: readonly string[], spec: CommandSpec, name: string): string {
  const [word = '', next] = words
  const flag = spec.options.find((option) => longOf(option) === `--${word.toLowerCase()}`)
  if (flag !== undefined)
    return `Did you mean ${name} ${longOf(flag)}${next === undefined || !/[<[]/.test(flag.flags) ? '' : ` ${quoted(next)}`}?`
  const exact = spec.options.find((option) => taker(option)?.takes(word) === true)
  if (exact !== undefined) {
    const { takes, isList } = taker(exact)!
    const all = isList ? words.filter(takes).join(',') : word
    return `Did you mean ${name} ${longOf(exact)} ${quoted(all)}?`
  }
  for (const option of spec.options) {
    const near = taker(option)?.words?.filter((one) => isSlipOf(word, one)) ?? []
    if (near.length > 0)
      return `Did you mean ${name} ${longOf(option)} ${closestNames(word, near, 1).join()}?`
  }
  if (/[/\\.*]/.test(word)) return 'Check the path; folders and globs work too.'
  return `After ${name} come logs to ask: files, folders or globs. See ${name} --help.`
}

const longOf = ({ flags }: OptionSpec): string => /--[a-z-]+/.exec(flags)?.[0] ?? flags

const quoted = (word: string): string => (/^[\w./:=,~-]+$/.test(word) ? word : `'${word}'`)

/** Which words an option takes. */
interface Taker {
  readonly takes: (word: string) => boolean
  /** All of them, where they can be listed. */
  readonly words?: readonly string[]
  /** Several may stand in one value, with commas. */
  readonly isList?: true
}

const oneOf = (words: readonly string[], isList?: true): Taker => ({
  takes: (word) => word.split(',').every((one) => words.includes(one.toLowerCase().replaceAll('-', '_'))),
  words,
  ...(isList && { isList }),
})

const dimensionWords = oneOf([...dimensions.map(({ key }) => key), ...Object.keys(shortForms)], true)

/** By the option's name. */
const takers: Readonly<Record<string, Taker>> = {
  '--by': {
    ...dimensionWords,
    takes: (word) => /^tag\../.test(word) || dimensionWords.takes(word),
  },
  '--sections': oneOf(
    reportSections.map(({ name }) => name),
    true,
  ),
  '--columns': oneOf(measureNames, true),
  '--metric': oneOf(measureNames, true),
  '--period': { takes: (word) => word === 'quarter' || isPeriod(word) },
  '--since': { takes: isPeriodText },
  '--where': { takes: (word) => /^[\w.-]+(?:!=|[<>]=?|=|~)/.test(word) },
  '--format': oneOf(renderers.map(({ id }) => id)),
}

function taker(option: OptionSpec): Taker | undefined {
  return option.choices ? oneOf(option.choices) : takers[longOf(option)]
}
