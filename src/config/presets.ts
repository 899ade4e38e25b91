/** `presets` of the config file. */
import { closestNames } from '../domain/words/names.js'
import { fieldNames, fieldOf } from '../domain/field-names.js'
import { anyText, below, choice, entriesOf, group, mistake, text, type Shape } from './shapes.js'
import { withTags, type Tree } from './tree.js'

/** Values by field of a call; short forms and tags as `--map` knows them. */
function byField(words: string, value: Shape<string>): Shape<Readonly<Record<string, string>>> {
  return {
    words,
    schema: {
      type: ['object', 'null'],
      properties: {
        ...Object.fromEntries(fieldNames.map((name) => [name, value.schema])),
        tag: {
          type: ['object', 'null'],
          propertyNames: { pattern: String.raw`^[^.]+$` },
          additionalProperties: value.schema,
        },
      },
      patternProperties: { [String.raw`^tag\.[^.]+$`]: value.schema },
      additionalProperties: false,
    },
    read: (tree: Tree, place) => {
      const found = new Map<string, string>()
      for (const entry of withTags(entriesOf(tree, place, words))) {
        const field = fieldOf(entry.key)
        const here = below(place, entry.key)
        if (field === undefined) {
          const near = closestNames(entry.key.slice(0, 100), fieldNames).join(', ')
          throw mistake(
            entry,
            place,
            `${here.key} is not a field of a call`,
            `The closest: ${near}. Any other label is tag.<name>.`,
          )
        }
        if (found.has(field))
          throw mistake(entry, place, `${here.key} gives ${field} twice`, 'Keep one of the two.')
        found.set(field, value.read(entry.value, here))
      }
      return Object.fromEntries(found)
    },
  }
}

/** Names of presets that need no config file: tables of tools in engines, as `engines` knows them. */
export const enginePresets = ['langfuse-clickhouse'] as const

/** @param importers what `--from` knows */
export const presetShape = (importers: readonly string[]) =>
  group('a preset: map, set or from', {
    from: {
      about: 'Importer id, when the content does not tell.',
      shape: choice(importers),
      example: 'llmcost',
    },
    map: {
      about: 'The path of each field in the log.',
      shape: byField('a path for each field', anyText('a path in the log, such as meta.when')),
      example: { ts: 'When' },
    },
    set: {
      about: 'One value for a field that the log lacks.',
      shape: byField(
        'a value for each field',
        text('a value, such as gpt-4o', { check: (given) => given, also: ['number', 'boolean'] }),
      ),
      example: { model: 'gpt-4o' },
    },
  })
