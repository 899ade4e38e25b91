/** The command that asked, as it can be typed again. */
import {
  costOption,
  currencyOptions,
  inputOption,
  outputOptions,
  scopeOptions,
  sourceOptions,
  storeOptions,
  type Invocation,
  zoneOption,
  type OptionSpec,
} from './command.js'
import type { Typed } from '../domain/words/commands.js'
import { shellWord } from '../domain/words/quoting.js'

const outputs = new Set(outputOptions)

/** With the options that bear on the answer, those of its output left out. */
export const commandText = (name: string, invocation: Invocation, options: readonly OptionSpec[]): string =>
  ['llmcost', name, ...optionWords(invocation, options)].join(' ')

const named = (names: readonly string[], options: readonly OptionSpec[]): readonly OptionSpec[] =>
  options.filter(({ flags }) => names.some((name) => flags.startsWith(`--${name} `)))

/** Where the calls are, and which of them are meant. */
const store = named(['config', 'db'], storeOptions)
const source = [inputOption, ...sourceOptions, ...store]
const filters = named(['where'], scopeOptions)
/** A command that tells no end of its own ends where the question does; how far it looks back is its own. */
const moment = named(['until', 'as-of'], scopeOptions)

/** What other verbs than questions take of it. */
const taken: Readonly<Record<string, readonly OptionSpec[]>> = {
  ingest: store,
  rejects: store,
  reprice: store,
  explain: source,
  // Its calls are those of the plans, and its months their own.
  plans: [...named(['as-of'], scopeOptions), zoneOption, ...source],
  'prices check': source,
  'prices update': [],
}

/** Verbs whose money can be in another currency. */
const converting: ReadonlySet<string> = new Set([
  'breakdown',
  'cache',
  'calls',
  'compare',
  'efficiency',
  'errors',
  'latency',
  'quality',
  'report',
  'trend',
])

/** Commands of hints, to be asked of the calls that the question of this invocation is about. */
export const ofSameCalls =
  (invocation: Invocation): Typed =>
  (command) => {
    const verb = command.replace(/^llmcost ((?:prices )?\w+).*$/s, '$1')
    const ends = command.includes(' --until ') || command.includes(' --as-of ') ? [] : moment
    const money = [costOption, ...(converting.has(verb) ? currencyOptions : [])]
    const options = taken[verb] ?? [...ends, zoneOption, ...money, ...filters, ...source]
    // What the database holds was read by options of another run.
    const told = invocation.given('input') ? options : options.filter((one) => !sourceOptions.includes(one))
    return [command, ...optionWords(invocation, told)].join(' ')
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
