/** Named sets of values of a dimension, as `groups` of the config file gives them: `user=@research`, `group.user`. */
import { UserError } from '../errors.js'
import type { Dimension } from './dimensions.js'
import { closestNames } from './words/names.js'

/** By the dimension's own name, then by the group's: its values. */
export type ValueGroups = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

export const noGroups: ValueGroups = {}

/**
 * The dimensions with the groups that they are about.
 * @throws UserError (usage) where there are none, or where a value is in two: what they cost would count twice
 */
export function withGroups(by: readonly Dimension[], groups: ValueGroups): readonly Dimension[] {
  return by.map((dimension) => {
    if (dimension.kind !== 'group') return dimension
    const own = groupsOf(dimension.of.key, groups, dimension.key)
    const seen = new Map<string, string>()
    for (const [name, values] of Object.entries(own))
      for (const value of values) {
        const before = seen.get(value)
        if (before !== undefined && before !== name)
          throw new UserError(`${dimension.key}: ${value} is in ${before} and in ${name}`, {
            code: 'usage',
            hint: `Its calls would count twice. Keep it in one group, or ask one by one: --where ${dimension.of.key}=@${name}.`,
          })
        seen.set(value, name)
      }
    return { ...dimension, groups: own }
  })
}

/** The groups of a dimension. @throws UserError (usage) where the config file has none */
export function groupsOf(
  dimension: string,
  groups: ValueGroups,
  whole: string,
): Readonly<Record<string, readonly string[]>> {
  const own = Object.hasOwn(groups, dimension) ? groups[dimension] : undefined
  if (own !== undefined) return own
  const known = Object.keys(groups)
  throw new UserError(`${whole}: the config file has no groups of ${dimension}`, {
    code: 'usage',
    hint:
      known.length === 0
        ? 'groups in the config file names sets of values, such as user: {research: [ada, bob]}.'
        : `It has groups of ${known.join(', ')}.`,
  })
}

/**
 * The values of `@name`; undefined for a text that names no group of the dimension, and is a value itself.
 * @param dimension the dimension's own name
 * @param whole the filter as it was given, for errors
 * @throws UserError (usage) for a name that no group of a dimension with groups has
 */
export function namedGroup(
  text: string,
  dimension: string,
  groups: ValueGroups,
  whole: string,
): readonly string[] | undefined {
  const own = Object.hasOwn(groups, dimension) ? groups[dimension] : undefined
  if (!text.startsWith('@') || own === undefined) return undefined
  const name = text.slice(1)
  if (Object.hasOwn(own, name)) return own[name]
  throw new UserError(`${whole}: ${dimension} has no group "${name}"`, {
    code: 'usage',
    hint: `The closest: ${closestNames(name, Object.keys(own)).join(', ')}. A value that begins with @: ${dimension}=\\@${name}.`,
  })
}
