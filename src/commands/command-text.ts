/** The command that asked, as it can be typed again. */
import {
  inputOption,
  outputOptions,
  scopeOptions,
  sourceOptions,
  storeOptions,
  type Invocation,
  type OptionSpec,
} from './command.js'
import { shellWord } from '../domain/words/quoting.js'

const outputs = new Set(outputOptions)

/** With the options that bear on the answer, those of its output left out. */
export const commandText = (name: string, invocation: Invocation, options: readonly OptionSpec[]): string =>
  ['llmcost', name, ...optionWords(invocation, options)].join(' ')

/** Where the calls are, and which of them are meant. */
const source = [inputOption, ...sourceOptions, ...storeOptions]
const filters = scopeOptions.filter(({ flags }) => flags.startsWith('--where'))

/** A command of a hint, to be asked of the calls that the report is about; it would ask another database else. */
export function ofSameCalls(command: string, invocation: Invocation): string {
  const verb = command.replace(/^llmcost ((?:prices )?\w+).*$/s, '$1')
  const options = taken[verb] ?? [...filters, ...source]
  return [command, ...optionWords(invocation, options)].join(' ')
}

/** What other verbs than questions take of it. */
const taken: Readonly<Record<string, readonly OptionSpec[]>> = {
  rejects: storeOptions,
  'prices check': source,
  'prices update': [],
}

function optionWords(invocation: Invocation, options: readonly OptionSpec[]): string[] {
  return options.flatMap((option): string[] => {
    const flag = /--[\w-]+/.exec(option.flags)?.[0]
    if (flag === undefined || outputs.has(option)) return []
    const key = flag.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    return invocation.given(key) ? wordsOf(flag, invocation.options[key], option) : []
  })
}

function wordsOf(flag: string, value: unknown, { flags, repeatable }: OptionSpec): string[] {
  const values = (Array.isArray(value) ? value : [value]) as readonly unknown[]
  if (!flags.includes('<')) return value === true ? [flag] : []
  const said = values.flatMap((one) => (typeof one === 'string' ? [shellWord(one)] : []))
  return repeatable ? said.flatMap((one) => [flag, one]) : [flag, ...said]
}
