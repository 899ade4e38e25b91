/**
 * `--where` as people write it: `key=value`, `key!=value`, `key~text`.
 */
import { UserError } from '../errors.js'
import { dimensionOf, type Dimension } from './dimensions.js'
import type { Filter } from './scope.js'

/** The value that stands for "not logged": `--where 'feature=(none)'`. */
export const noneValue = '(none)'

/** What an error calls a filter when nothing else is said. */
const option = '--where'

/**
 * One filter. `=` and `!=` compare the whole value, `~` looks for the text in it, whatever the case;
 * `(none)` stands for calls without the value.
 * @param said what an error calls it
 * @throws UserError (usage) for another shape, an unknown key, or a value that the key cannot have
 */
export function parseFilter(text: string, said = option): Filter {
  const match = /^([^=!~]+)(!=|=|~)(.*)$/s.exec(text)
  if (match === null) {
    throw new UserError(`${said} ${text} is not a filter`, {
      code: 'usage',
      hint: `Write key=value, key!=value or key~text: ${example(said, 'feature=chat')}, ${example(said, "'user!=(none)'")}, ${example(said, 'model~gpt-4o')}.`,
    })
  }
  const [, name = '', operator, value = ''] = match
  return filterOn(name, operator as Filter['operator'], value, `${said} ${text}`, said)
}

/** @throws UserError (usage), as parseFilter */
export function parseFilters(texts: readonly string[]): readonly Filter[] {
  return texts.map((text) => parseFilter(text))
}

/**
 * A filter from its parts.
 * @param whole the filter as it was given, for errors
 * @throws UserError (usage), as parseFilter
 */
export function filterOn(
  name: string,
  operator: Filter['operator'],
  value: string,
  whole: string,
  said = option,
): Filter {
  const dimension = dimensionOf(name)
  if (dimension.kind === 'time') {
    const what = said === option ? 'cannot filter by' : 'cannot be on'
    throw new UserError(`${said} ${what} ${dimension.key}`, {
      code: 'usage',
      hint:
        said === option
          ? 'Choose a time with --since and --until; group by one with --by.'
          : 'Choose another dimension.',
    })
  }
  const filter = { dimension: dimension.key, operator, value: value.trim() }
  assertValue(whole, dimension, filter, said)
  return filter
}

const example = (said: string, filter: string): string => (said === option ? `${option} ${filter}` : filter)

function assertValue(whole: string, dimension: Dimension, { operator, value }: Filter, said: string): void {
  if (value === '') {
    throw new UserError(`${whole} has no value`, {
      code: 'usage',
      hint: `For calls without one: ${example(said, `'${dimension.key}=(none)'`)}.`,
    })
  }
  if (dimension.kind !== 'column' || dimension.type === 'VARCHAR' || value === noneValue || operator === '~')
    return
  const boolean = dimension.type === 'BOOLEAN'
  const fits = boolean ? /^(true|false)$/i.test(value) : Number.isFinite(Number(value))
  if (fits) return
  throw new UserError(`${whole}: ${dimension.key} is ${boolean ? 'true or false' : 'a number'}`, {
    code: 'usage',
    hint: `For example ${example(said, `${dimension.key}=${boolean ? 'true' : '1'}`)}.`,
  })
}
