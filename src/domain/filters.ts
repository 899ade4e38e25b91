/**
 * `--where` as people write it: `key=value`, `key!=value`, `key~text`.
 */
import { UserError } from '../errors.js'
import type { ColumnType } from './call.js'
import { plain, readDecimal } from './costs/decimal.js'
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
  return { ...filter, value: checkedValue(whole, dimension, filter, said) }
}

const example = (said: string, filter: string): string => (said === option ? `${option} ${filter}` : filter)

/** The value as the calls have it. @throws UserError (usage) for one that no call can have */
function checkedValue(
  whole: string,
  dimension: Dimension,
  { operator, value }: Filter,
  said: string,
): string {
  if (value === '') {
    throw new UserError(`${whole} has no value`, {
      code: 'usage',
      hint: `For calls without one: ${example(said, `'${dimension.key}=(none)'`)}.`,
    })
  }
  if (dimension.kind !== 'column' || dimension.type === 'VARCHAR' || value === noneValue || operator === '~')
    return value
  const found = typedValue(value, dimension.type)
  if (found !== undefined) return found
  throw new UserError(`${whole}: ${dimension.key} is ${typeWords(dimension.type)}`, {
    code: 'usage',
    hint: `For example ${example(said, `${dimension.key}=${dimension.type === 'BOOLEAN' ? 'true' : '1'}`)}.`,
  })
}

const largestWhole = 2n ** 63n - 1n

/** 1.5 must not find attempt 2, as a cast of the engine's would have it; 1.0 and 1e0 are 1. */
function typedValue(value: string, type: ColumnType): string | undefined {
  if (type === 'BOOLEAN') return /^(true|false)$/i.test(value) ? value.toLowerCase() : undefined
  const decimal = readDecimal(value)
  if (decimal === undefined || !Number.isFinite(Number(value))) return undefined
  if (type !== 'BIGINT') return value
  const digits = plain(decimal)
  const isWhole = /^-?\d+$/.test(digits)
  return isWhole && BigInt(digits) <= largestWhole && BigInt(digits) >= -largestWhole ? digits : undefined
}

const typeWords = (type: ColumnType): string =>
  type === 'BOOLEAN' ? 'true or false' : type === 'BIGINT' ? 'a whole number' : 'a number'
