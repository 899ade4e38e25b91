/** Named sets of values of a dimension, as `groups` of the config file gives them: `--where user=@research`. */
import { UserError } from '../errors.js'
import { closestNames } from './words/names.js'

/** By the dimension's own name, then by the group's: its values. */
export type ValueGroups = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

export const noGroups: ValueGroups = {}

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
