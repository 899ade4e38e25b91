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
  const config = loadConfig({ cwd: process.cwd(), ...named(invocation), known: knownNames })
  loaded.set(invocation, config)
  return config
}

/** The config file that is named, and by what. @throws UserError (usage) for a name that is empty */
function named({ options, env }: Invocation): { explicit?: string; said?: string } {
  const flag = options['config']
  if (flag === '') throw new UserError('--config cannot be empty', { code: 'usage', hint: 'Name a file.' })
  if (typeof flag === 'string') return { explicit: flag, said: '--config' }
  const variable = textOf(env['LLMCOST_CONFIG'])
  return variable === undefined ? {} : { explicit: variable, said: 'LLMCOST_CONFIG' }
}

/** What names the config file; undefined where it is found. */
export const configNamedBy = (invocation: Invocation): string | undefined => named(invocation).said

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
 * @param survivesConfig a config file that cannot be read is as none
 * @throws UserError (usage) for a format that does not exist
 */
export async function rendererOf(invocation: Invocation, survivesConfig = false): Promise<Renderer> {
  const renderer = await rendererAsked(invocation, survivesConfig)
  if (invocation.options['borders'] !== true || renderer.id === 'table') return renderer
  throw new UserError(`--borders draws tables, and the format is ${renderer.id}`, {
    code: 'usage',
    hint: 'Leave --borders out, or ask for --format table.',
  })
}

async function rendererAsked(invocation: Invocation, survivesConfig: boolean): Promise<Renderer> {
  const { options } = invocation
  const choice = {
    format: textOf(options['format']),
    json: options['json'] === true,
    csv: options['csv'] === true,
    output: textOf(options['output']),
  }
  const byFlag = choice.format !== undefined || choice.json || choice.csv
  if (byFlag || (survivesConfig && !(await isReadable(invocation)))) return rendererFor(choice)
  return rendererFor({ ...choice, otherwise: await chosen(invocation, 'format') })
}

const isReadable = (invocation: Invocation): Promise<boolean> =>
  configOf(invocation).then(
    () => true,
    (error: unknown) => {
      if (error instanceof UserError) return false
      throw error
    },
  )

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
  const other = ['json', 'csv'].find((name) => options[name] === true)
  if (other === undefined) return wanted
  throw new UserError(`--${other} and --format ${wanted} ask for two formats`, {
    code: 'usage',
    hint: 'Give one of them.',
  })
}
