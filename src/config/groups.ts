/** `groups` of the config file: named sets of values of a dimension. */
import { dimensions, filterDimension, shortForms } from '../domain/dimensions.js'
import type { ValueGroups } from '../domain/groups.js'
import { below, entriesOf, list, mistake, named, text, unknownKey, type Shape } from './shapes.js'

const value = text('a value, such as ada', { check: (given) => given, also: ['number', 'boolean'] })

const ofDimension = named(
  'a group of names, each with a list of values',
  list('a list of values', value, { least: 1 }),
)

const known = [
  ...dimensions.flatMap((one) =>
    one.kind === 'either' || (one.kind === 'column' && one.type === 'VARCHAR') ? one.key : [],
  ),
  ...Object.keys(shortForms).filter((name) => name !== 'file'),
]

const words = 'a group of dimensions, such as user'

/** By the dimension's own name; short forms and tags as `--where` knows them. */
export const groupsShape: Shape<ValueGroups> = {
  words,
  schema: {
    type: ['object', 'null'],
    properties: Object.fromEntries(known.map((name) => [name, ofDimension.schema])),
    patternProperties: { [String.raw`^tag\..`]: ofDimension.schema },
    additionalProperties: false,
  },
  read: (tree, place) => {
    const found = new Map<string, ValueGroups[string]>()
    for (const entry of entriesOf(tree, place, words)) {
      if (!known.includes(entry.key) && !/^tag\../.test(entry.key)) throw unknownKey(entry, place, known)
      const { key } = filterDimension(entry.key)
      const here = below(place, entry.key)
      if (found.has(key))
        throw mistake(
          entry,
          place,
          `${here.key} stands beside ${key}, which is the same`,
          'Keep one of the two.',
        )
      found.set(key, ofDimension.read(entry.value, here))
    }
    return Object.fromEntries(found)
  },
}
