/**
 * The config file that `llmcost init` writes: every key with what it means and an example, commented out.
 * A line of prose has one blank after the sign of a comment; a setting has none, or more.
 */
import type { CommentedRule } from './default-rules.js'
import type { Ending } from './file.js'
import { flagOf, optionNames, variableOf } from './options.js'
import type { Json, Key, Keys } from './shapes.js'

interface Line {
  readonly setting: string
  readonly about?: string | undefined
}

interface Syntax {
  /** Begins a comment. */
  readonly mark: string
  readonly lines: (name: string, value: Json, keys: Keys) => readonly Line[]
  /** Settings that are no comments: a list of groups, each with what it is for above it. */
  readonly list: (name: string, items: readonly CommentedRule[]) => readonly string[]
  /** How a schema is named to editors. */
  readonly schema: (path: string) => string
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly indent: string
}

/** One sentence, with the default and the other places to set it. */
export function aboutKey(name: string, { about, otherwise, option, trust }: Key<unknown>): string {
  const setting = option && optionNames.find((one) => one === name)
  const also = setting === undefined ? [] : [`Also ${flagOf(setting)} and ${variableOf(setting)}.`]
  const needs = typeof trust === 'object' ? [`${trust.when ?? 'It'} needs llmcost trust.`] : []
  return [about, ...(otherwise === undefined ? [] : [`Default: ${otherwise}.`]), ...also, ...needs].join(' ')
}

/**
 * @param schema path or URL of the JSON Schema, as seen from the file
 * @param rules what `rules` holds, which then is no comment
 */
export function configTemplate(
  ending: Ending,
  keys: Keys,
  schema?: string,
  rules: readonly CommentedRule[] = [],
): string {
  const { mark, lines, list, schema: schemaLine, before, after, indent } = syntaxes[ending]
  const shown = Object.entries(keys).filter(([name]) => name !== '$schema')
  const blocks = shown.map(([name, key]) => {
    if (name === 'rules' && rules.length > 0) return [`${mark} ${aboutKey(name, key)}`, ...list(name, rules)]
    const settings = aligned(lines(name, key.example, key.shape.keys ?? {}), mark)
    return [`${mark} ${aboutKey(name, key)}`, ...settings.map((setting) => `${mark}${setting}`)]
  })
  const head = [
    `${mark} Settings of llmcost, each with an example. None is needed: take away the ${mark} before those you want.`,
    `${mark} An option wins over its environment variable, that over this file, and this file over the default.`,
  ]
  const named = schema === undefined ? [] : [schemaLine(schema)]
  const body = [head, ...blocks].map((block) => block.map((line) => indent + line).join('\n')).join('\n\n')
  const inner = ending === '.json' ? [...before, ...named, body, ...after] : [...named, body]
  return `${inner.join('\n')}\n`
}

/** Settings with what they mean behind them, in one column. */
function aligned(lines: readonly Line[], mark: string): readonly string[] {
  const told = lines.filter(({ about }) => about !== undefined)
  const width = Math.max(0, ...told.map(({ setting }) => setting.length))
  return lines.map(({ setting, about }) =>
    about === undefined ? setting : `${setting.padEnd(width)}  ${mark} ${about}`,
  )
}

type Group = Readonly<Record<string, Json>>
const isGroup = (value: Json): value is Group => typeof value === 'object' && !Array.isArray(value)
const isGroups = (value: Json): value is readonly Group[] => Array.isArray(value) && value.some(isGroup)

const quoted = (value: Json): string =>
  Array.isArray(value) ? `[${value.map(quoted).join(', ')}]` : JSON.stringify(value)

/** A text without quotes where YAML reads the same. */
const unquoted = (value: Json): string =>
  typeof value === 'string' && /^([a-z][\w./ -]*|\d+(?!e)[a-z]+)$/i.test(value) ? value : quoted(value)

function yamlLines(name: string, value: Json, keys: Keys): readonly Line[] {
  const about = keys[name]?.about
  if (isGroups(value)) {
    const items = value.map((item) => children(item, keys, yamlLines))
    return [
      { setting: `${name}:`, about },
      ...items.flatMap((lines) => indented(lines, '    ').map((line, i) => (i === 0 ? dashed(line) : line))),
    ]
  }
  if (isGroup(value)) {
    return [{ setting: `${name}:`, about }, ...indented(children(value, keys, yamlLines), '  ')]
  }
  return [{ setting: `${name}: ${unquoted(value)}`, about }]
}

const dashed = ({ setting, about }: Line): Line => ({ setting: setting.replace(/^ {4}/, '  - '), about })

function jsonLines(name: string, value: Json, keys: Keys): readonly Line[] {
  const about = keys[name]?.about
  if (isGroups(value)) {
    const items = value.map((item) => `  ${quotedGroup(item)},`)
    return [{ setting: `"${name}": [`, about }, ...items.map((setting) => ({ setting })), { setting: '],' }]
  }
  if (isGroup(value)) {
    const inner = indented(children(value, keys, jsonLines), '  ')
    return [{ setting: `"${name}": {`, about }, ...inner, { setting: '},' }]
  }
  return [{ setting: `"${name}": ${quoted(value)},`, about }]
}

const quotedGroup = (group: Group): string =>
  `{ ${Object.entries(group)
    .map(([name, value]) => `"${name}": ${quoted(value)}`)
    .join(', ')} }`

function yamlList(name: string, items: readonly CommentedRule[]): string[] {
  const lines = items.flatMap(({ about, rule }) => [
    ...(about === '' ? [] : [`  # ${about}`]),
    ...indented(children(rule, {}, yamlLines), '    ').map(
      (line, i) => (i === 0 ? dashed(line) : line).setting,
    ),
  ])
  return [`${name}:`, ...lines]
}

function jsonList(name: string, items: readonly CommentedRule[]): string[] {
  const lines = items.flatMap(({ about, rule }) => [
    ...(about === '' ? [] : [`  // ${about}`]),
    `  ${quotedGroup(rule)},`,
  ])
  return [`"${name}": [`, ...lines, '],']
}

const children = (group: Group, keys: Keys, lines: Syntax['lines']): Line[] =>
  Object.entries(group).flatMap(([name, value]) => lines(name, value, keys))

const indented = (lines: readonly Line[], by: string): Line[] =>
  lines.map(({ setting, about }) => ({ setting: by + setting, about }))

const yaml: Syntax = {
  mark: '#',
  lines: yamlLines,
  list: yamlList,
  schema: (path) => `# yaml-language-server: $schema=${path}`,
  before: [],
  after: [],
  indent: '',
}

const syntaxes: Readonly<Record<Ending, Syntax>> = {
  '.yaml': yaml,
  '.yml': yaml,
  '.json': {
    mark: '//',
    lines: jsonLines,
    list: jsonList,
    schema: (path) => `  "$schema": ${JSON.stringify(path)},`,
    before: ['{'],
    after: ['}'],
    indent: '  ',
  },
}
