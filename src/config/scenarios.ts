/** Reads a file of scenarios, YAML or JSON: under `scenarios`, each by its name, the levers by theirs. */
import { leverKinds, readLever } from '../domain/scenarios/read-lever.js'
import type { Lever, LeverKind, Scenario } from '../domain/scenarios/lever.js'
import type { ValueGroups } from '../domain/groups.js'
import { UserError } from '../errors.js'
import { readTree } from './file.js'
import type { Entry, Tree } from './tree.js'

const keys: ReadonlyMap<string, LeverKind> = new Map(
  leverKinds.map((kind) => [kind.replaceAll('-', '_'), kind]),
)

/** @throws UserError (usage) that names the file and the line */
export async function readScenarios(path: string, groups: ValueGroups): Promise<readonly Scenario[]> {
  const tree = await treeOf(path)
  const top = tree.kind === 'group' ? tree.entries : []
  const other = top.find(({ key }) => key !== 'scenarios')
  if (other !== undefined) throw wrong(path, other.line, `unknown key "${other.key}"`)
  const all = top[0]?.value
  if (all?.kind !== 'group' || all.entries.length === 0)
    throw wrong(path, all?.line ?? tree.line, 'the file of scenarios has none')
  return all.entries.map(({ key, value, line }) => {
    if (value.kind !== 'group') throw wrong(path, line, `scenario "${key}" has no levers`)
    return { name: key, levers: value.entries.flatMap((entry) => leversOf(path, entry, groups)) }
  })
}

function leversOf(path: string, { key, value, line }: Entry, groups: ValueGroups): Lever[] {
  const kind = keys.get(key)
  if (kind === undefined)
    throw wrong(path, line, `unknown lever "${key}"`, `Levers: ${[...keys.keys()].join(', ')}.`)
  const items = value.kind === 'list' ? value.items : [value]
  return items.map((item) => {
    if (item.kind !== 'text' && item.kind !== 'number')
      throw wrong(path, item.line, `${key} is written as one text, or as a list of them`)
    try {
      return readLever(kind, item.text, groups)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      throw wrong(path, item.line, error.message, error.hint)
    }
  })
}

/** Configs are read in the same way; only the name of what is read differs. */
async function treeOf(path: string): Promise<Tree> {
  try {
    return (await readTree(path, '--scenarios')).tree
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(error.message.replace('config file', 'file of scenarios'), {
      code: error.code,
      ...(error.location === undefined ? {} : { location: error.location }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    })
  }
}

const wrong = (path: string, line: number, what: string, hint = shape): UserError =>
  new UserError(what, { code: 'usage', location: `${path}:${line}`, hint })

const shape = 'Write "scenarios:", a name, and levers under it, such as cache_hit: 0.4.'
