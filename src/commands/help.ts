/** `--help`: what stands after the command's own options, and what is told of those that commands share. */
import { variableOf } from '../config/options.js'
import {
  costOption,
  currencyOptions,
  outputOptions,
  scopeOptions,
  sourceOptions,
  storeOptions,
  type CommandSpec,
  type OptionSpec,
} from './command.js'

/** Options that many commands share: `llmcost help options` tells of them, once. */
const shared: ReadonlySet<OptionSpec> = new Set([
  ...scopeOptions,
  costOption,
  ...currencyOptions,
  ...sourceOptions,
  ...storeOptions,
  ...outputOptions,
])

/** Whether `--help` of a command leaves the option to `llmcost help options`. */
export const isShared = (option: OptionSpec): boolean => shared.has(option)

export function helpTail(spec: CommandSpec, columns: number): string {
  const details = paragraphs([spec.details ?? '', manual(spec)].filter(Boolean).join('\n'))
  const blocks = [
    wrapped(sharedLine(spec), columns),
    details.map((line) => wrapped(line, columns)).join('\n'),
    `Examples:\n${examples(spec, columns)}\n`,
  ]
  return blocks
    .filter((block) => block !== '')
    .map((block) => `\n${block}`)
    .join('\n')
}

/** Where a command tells more than its help. */
const manual = ({ more }: CommandSpec): string =>
  more === undefined ? '' : 'The manual page (man/) and docs/commands.md tell more.'

/** Beside the command where that fits, else below it. */
function examples(spec: CommandSpec, columns: number): string {
  const { examples: all } = spec
  const fits = all.filter(({ command, about }) => command.length + about.length + 4 <= columns)
  const longest = Math.max(0, ...fits.map(({ command }) => command.length))
  return all
    .map(({ command, about }) =>
      longest >= command.length && longest + about.length + 4 <= columns
        ? `  ${command.padEnd(longest)}  ${about}`
        : `  ${command}\n      ${about}`,
    )
    .join('\n')
}

/** The shared options that are asked for most; the others are named by where they stand. */
const wellKnown =
  '--since --until --where --tz --input --db --format --json --output --from --map --set --preset'.split(' ')
const mostNamed = 9

function sharedLine({ options }: CommandSpec): string {
  const names = options.filter(isShared).map(({ flags }) => /--[a-z-]+/.exec(flags)?.[0] ?? flags)
  if (names.length === 0) return ''
  const named = wellKnown.filter((name) => names.includes(name)).slice(0, mostNamed)
  return ['Shared (llmcost help options):', ...named, ...(named.length < names.length ? ['…'] : [])].join(' ')
}

/** Where some options are looked for when they are not given. */
function otherPlaces(options: readonly OptionSpec[]): string {
  const names = options.flatMap(({ setting }) => setting ?? [])
  if (names.length === 0) return ''
  const variables = names.map(variableOf).join(', ')
  return `Without the option: ${variables} in the environment, then ${names.join(', ')} in the config file.`
}

const topics = [
  { title: 'Which calls', options: [...scopeOptions, costOption, ...currencyOptions] },
  { title: 'Reading logs', options: sourceOptions },
  { title: 'Store', options: storeOptions },
  { title: 'Output', options: outputOptions },
]

/** `llmcost help options`: those that many commands share. */
export function optionsHelp(columns: number): string {
  const shown = topics.map(({ title, options }) => [title, options.map(termOf)] as const)
  const room = Math.max(...shown.flatMap(([, terms]) => terms.map(([flags]) => flags.length)))
  const blocks = shown.map(([title, terms]) => {
    const lines = terms.map(([flags, about]) =>
      wrapped(`  ${flags.padEnd(room)}  ${about}`, columns, room + 4),
    )
    return `${title}:\n${lines.join('\n')}`
  })
  const places = otherPlaces(topics.flatMap(({ options }) => options))
  return `Options that many commands share; the help of a command names those it has.\n\n${blocks.join('\n\n')}\n\n${wrapped(places, columns)}\n`
}

function termOf({ flags, about, choices, fallback, repeatable }: OptionSpec): readonly [string, string] {
  const notes = [
    ...(choices === undefined ? [] : [`one of ${choices.join(' ')}`]),
    ...(repeatable === undefined ? [] : ['may be repeated']),
    ...(fallback === undefined ? [] : [`default ${String(fallback)}`]),
  ]
  return [flags, notes.length === 0 ? about : `${about} (${notes.join('; ')})`]
}

/** Lines, less the breaks within a sentence: the terminal's width decides where those are. */
function paragraphs(text: string): string[] {
  const lines: string[] = []
  for (const line of text === '' ? [] : text.split('\n')) {
    const last = lines.at(-1)
    if (last !== undefined && /^\S.*[^.:]$/.test(last) && /^\S/.test(line))
      lines.push(`${lines.pop()} ${line}`)
    else lines.push(line)
  }
  return lines
}

/** Breaks a line between words; what follows stands below the text of a list item. */
function wrapped(line: string, columns: number, below?: number): string {
  const item = below ?? /^ +\S+ {2,}/.exec(line)?.[0].length
  const indent = ' '.repeat(item ?? (/^[\w ,-]+: /.test(line) ? 2 : 0))
  const lines: string[] = []
  let rest = line
  while (rest.length > columns) {
    const at = rest.lastIndexOf(' ', columns)
    if (at <= indent.length) break
    lines.push(rest.slice(0, at))
    rest = `${indent}${rest.slice(at + 1)}`
  }
  return [...lines, rest].join('\n')
}
