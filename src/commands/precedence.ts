/**
 * The one precedence of every option: flag, environment variable, config file, default. Options that only
 * have a flag and a default are read from the invocation itself.
 */
import { loadConfig, type Config } from '../config/config.js'
import { flagOf, variableOf, type OptionName } from '../config/options.js'
import { rendererFor, type Renderer } from '../renderers/registry.js'
import { UserError } from '../errors.js'
import type { CommandSpec, Invocation } from './command.js'
import { knownNames } from './known-names.js'

/** The value that won. */
export interface Chosen {
  readonly text: string
  /** What an error calls it, by where it came from: `--tz`, `LLMCOST_TZ`, `tz`. */
  readonly said: string
}

const loaded = new WeakMap<Invocation, Promise<Config>>()

/**
 * The config file of an invocation, read once.
 * @throws UserError (usage)
 */
export function configOf(invocation: Invocation): Promise<Config> {
  const before = loaded.get(invocation)
  if (before !== undefined) return before
  const explicit = invocation.env['LLMCOST_CONFIG']
  const config = loadConfig({ cwd: process.cwd(), explicit, known: knownNames })
  loaded.set(invocation, config)
  return config
}

/** The value of an option; undefined when nothing gives one, a default included. */
export async function chosen(invocation: Invocation, name: OptionName): Promise<Chosen | undefined> {
  const option = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const flag = textOf(invocation.options[option])
  if (flag !== undefined && invocation.given(option)) return { text: flag, said: flagOf(name) }
  const variable = textOf(invocation.env[variableOf(name)])
  if (variable !== undefined) return { text: variable, said: variableOf(name) }
  const { options } = await configOf(invocation)
  const text = options[name] ?? flag
  return text === undefined ? undefined : { text, said: options[name] === undefined ? flagOf(name) : name }
}

/** An empty variable counts as none. */
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/**
 * How the answer is printed: `--format`, `--json` or the ending of `--output`, then environment and config.
 * @throws UserError (usage) for a format that does not exist
 */
export async function rendererOf(invocation: Invocation): Promise<Renderer> {
  const { options } = invocation
  const choice = {
    format: textOf(options['format']),
    json: options['json'] === true,
    output: textOf(options['output']),
  }
  const byFlag = choice.format !== undefined || choice.json
  return rendererFor(byFlag ? choice : { ...choice, otherwise: await chosen(invocation, 'format') })
}

/**
 * The format of the command's own that is asked for.
 * @throws UserError (usage) when --json asks for another format
 */
export function ownFormatOf(
  { ownFormats = [] }: CommandSpec,
  options: Invocation['options'],
): string | undefined {
  const wanted = textOf(options['format'])?.trim().toLowerCase() ?? ''
  if (!ownFormats.includes(wanted)) return undefined
  if (options['json'] !== true) return wanted
  throw new UserError(`--json and --format ${wanted} ask for two formats`, {
    code: 'usage',
    hint: 'Give one of them.',
  })
}
