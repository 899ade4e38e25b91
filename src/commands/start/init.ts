/** `llmcost init`: writes a config file in which every key stands as a comment. */
import { existsSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { baseName, configsIn, endingList, endingOf, findConfig, type Ending } from '../../config/file.js'
import { defaultRules } from '../../config/default-rules.js'
import { configKeys } from '../../config/keys.js'
import { configTemplate } from '../../config/template.js'
import { UserError } from '../../errors.js'
import { asUserAllows } from '../../machine/umask.js'
import { lineAgents } from '../../statusline/agents.js'
import type { CommandSpec, Invocation } from '../command.js'
import { knownNames } from '../known-names.js'
import { optionText } from '../option-values.js'
import { trustWritten } from '../trusting.js'

const formats = ['yaml', 'json'] as const

/** Where a package that is installed beside the config file keeps its schema. */
const schemaPath = 'node_modules/llmcost/schema/llmcost.config.schema.json'

export const initCommand: CommandSpec = {
  name: 'init',
  summary: 'write a config file with every key explained',
  details: `Writes ${baseName}.yaml, or the file that is named. Each key stands there with its meaning and an example, commented out: the file changes nothing until it is edited. JSON may hold comments and trailing commas.
llmcost looks for ${baseName}.yaml, .yml or .json in the working directory and upward, then in the platform's config folder.
--agent shows what to write into the settings of coding agents, so that they show llmcost statusline. With --write it is written into the settings of this user, of all agents that are found or of the one that is named: a copy is kept, and a status line that is there stays.`,
  arguments: [
    {
      name: '[file]',
      about: `the file to write; its ending (${endingList}) says the format. With --agent: an agent (${lineAgents.map(({ id }) => id).join(', ')})`,
    },
  ],
  options: [
    { flags: '-f, --format <format>', about: `format of the file (default: yaml)`, choices: formats },
    { flags: '--rules', about: 'with a set of rules for llmcost check, switched on' },
    { flags: '--force', about: 'write over a file that is there' },
    { flags: '--agent', about: "show the status line's lines for the settings of coding agents" },
    { flags: '--write', about: 'with --agent: write them there' },
  ],
  examples: [
    { command: 'llmcost init', about: 'llmcost.config.yaml, here' },
    { command: 'llmcost init --format json', about: 'llmcost.config.json, here' },
    { command: 'llmcost init --rules', about: 'with rules for llmcost check' },
    { command: 'llmcost init ci/llmcost.config.json', about: 'elsewhere' },
    { command: 'llmcost init --agent claude-code --write', about: 'the status line, into its settings' },
  ],
  run: async (invocation) => {
    assertTogether(invocation)
    if (invocation.options['agent'] === true) return (await import('./agent-lines.js')).agentLines(invocation)
    const { path, ending } = target(invocation)
    const replaced = existsSync(path)
    assertFree(path, replaced, invocation.options['force'] === true)
    const rules = invocation.options['rules'] === true ? defaultRules : []
    const text = configTemplate(ending, configKeys(await knownNames()), schemaFrom(dirname(path)), rules)
    const hidden = replaced ? undefined : await usedInstead(path)
    write(path, text, invocation.options['force'] === true)
    const untrusted = await trustWritten(path, invocation.now)
    return { lines: told(path, ending, { hidden, rules: rules.length, untrusted }) }
  },
}

/** @throws UserError (usage) for options that are of two minds */
function assertTogether({ options, given }: Invocation): void {
  const isAgent = options['agent'] === true
  const wrong = isAgent ? ['format', 'rules', 'force'].find((name) => given(name)) : undefined
  if (wrong !== undefined)
    throw new UserError(`--${wrong} is about a config file, and --agent writes none`, {
      code: 'usage',
      hint: 'Give one of them.',
    })
  if (!isAgent && options['write'] === true)
    throw new UserError('--write goes with --agent', {
      code: 'usage',
      hint: 'llmcost init alone writes the file.',
    })
}

function target(invocation: Invocation): { path: string; ending: Ending } {
  const format = optionText(invocation, 'format')
  const path = resolve(invocation.args[0] ?? `${baseName}.${format ?? 'yaml'}`)
  const ending = endingOf(path)
  if (ending === undefined) {
    throw new UserError('the name does not say which format to write', {
      code: 'usage',
      location: path,
      hint: `End it with ${endingList}.`,
    })
  }
  if (format !== undefined && ending !== `.${format}` && !(format === 'yaml' && ending === '.yml')) {
    throw new UserError(`--format ${format} and the ending ${ending} name two formats`, {
      code: 'usage',
      location: path,
      hint: 'Give one of them.',
    })
  }
  return { path, ending }
}

function assertFree(path: string, replaced: boolean, force: boolean): void {
  if (replaced && !force) {
    throw new UserError('the file is there already', {
      code: 'usage',
      location: path,
      hint: '--force writes over it; llmcost init FILE writes another.',
    })
  }
  if (!basename(path).startsWith(`${baseName}.`)) return
  const other = configsIn(dirname(path)).find((name) => name !== basename(path))
  if (other === undefined) return
  throw new UserError(`${other} is there already, and one folder holds one config file`, {
    code: 'usage',
    location: dirname(path),
    hint: `Keep ${other}, or take it away first.`,
  })
}

/** The config file that was used here until now, when the new one wins over it. */
async function usedInstead(path: string): Promise<string | undefined> {
  if (!basename(path).startsWith(`${baseName}.`) || dirname(path) !== process.cwd()) return undefined
  return (await findConfig(process.cwd()))?.path
}

/** The schema as seen from a folder, when the package is installed there or above. */
function schemaFrom(folder: string): string | undefined {
  for (let above = folder; ; above = dirname(above)) {
    const file = join(above, schemaPath)
    if (existsSync(file)) return `./${relative(folder, file)}`.replace('./..', '..').replaceAll(sep, '/')
    if (dirname(above) === above) return undefined
  }
}

function write(path: string, text: string, force: boolean): void {
  try {
    asUserAllows(() => writeFileSync(path, text, { flag: force ? 'w' : 'wx' }))
  } catch (error) {
    throw new UserError('the file cannot be written', {
      location: path,
      hint: `The folder must be there: ${dirname(path)}.`,
      cause: error,
    })
  }
}

const trustWords = (untrusted: string | undefined): string =>
  untrusted === undefined
    ? 'It is trusted as it is now. Once it names a database, prices or channels, or has SQL: run llmcost trust after each change.'
    : `It is not trusted here (${untrusted}). Once it names a database, prices or channels, or has SQL: name it with --config.`

interface Written {
  /** The file that it is used in place of. */
  readonly hidden: string | undefined
  /** How many there are in it. */
  readonly rules: number
  /** Why it could not be trusted. */
  readonly untrusted: string | undefined
}

function told(path: string, ending: Ending, { hidden, rules, untrusted }: Written): string[] {
  const mark = ending === '.json' ? '//' : '#'
  const found = basename(path).startsWith(`${baseName}.`)
  return [
    rules === 0
      ? `Wrote ${path}, in which every key is a comment.`
      : `Wrote ${path} with ${rules} rules; every other key is a comment.`,
    ...(hidden === undefined ? [] : [`Here it now holds in place of ${hidden}.`]),
    ...(found ? [] : [`--config ${path} makes llmcost read it, and so does LLMCOST_CONFIG=${path}.`]),
    ...(rules === 0
      ? []
      : [
          'Next: llmcost check --dry-run tells how often each rule would have fired; llmcost check judges them.',
        ]),
    `${rules === 0 ? 'Next: take' : 'Then take'} away the ${mark} before what you need. Every command reads it, and tells a mistake with its line.`,
    ...(found ? [trustWords(untrusted)] : []),
  ]
}
