/**
 * `--where` as people write it: `key=value`, `key!=value`, `key~text`, `key>number`.
 */
import { UserError } from '../errors.js'
import type { ColumnType } from './call.js'
import { plain, readDecimal } from './costs/decimal.js'
import { centersElsewhere, filterDimension, type Dimension } from './dimensions.js'
import { groupsOf, namedGroup, noGroups, type ValueGroups } from './groups.js'
import { isComparison, type Filter } from './scope.js'

/** The value that stands for "not logged": `--where 'feature=(none)'`. */
export const noneValue = '(none)'

/** What an error calls a filter when nothing else is said. */
const option = '--where'

interface Parts {
  readonly name: string
  readonly operator: Filter['operator']
  readonly value: string
}

/** @throws UserError (usage) for another shape */
function partsOf(text: string, said: string): Parts {
  const match = /^([^=!~<>]+)(!=|>=|<=|=|~|>|<)(.*)$/s.exec(text)
  if (match === null) {
    throw new UserError(`${said} ${text} is not a filter`, {
      code: 'usage',
      hint: `Write key=value, key!=value, key~text or key>number: ${example(said, 'feature=chat')}, ${example(said, "'user!=(none)'")}, ${example(said, 'model~gpt-4o')}, ${example(said, "'cost_usd>0.1'")}.`,
    })
  }
  const [, name = '', operator, value = ''] = match
  return { name, operator: operator as Filter['operator'], value }
}

/**
 * One filter. `=` and `!=` compare the whole value, `~` looks for the text in it, whatever the case; `>`, `>=`,
 * `<` and `<=` compare a number; `(none)` stands for calls without the value.
 * @param said what an error calls it
 * @throws UserError (usage) for another shape, an unknown key, or a value that the key cannot have
 */
export function parseFilter(text: string, said = option): Filter {
  const { name, operator, value } = partsOf(text, said)
  return filterOn(name, operator, value, `${said} ${text}`, said)
}

/** What a list of values, or a group, takes the place of: calls may have the very text as their value. */
export interface Reading {
  /** The option, and the text as it was typed. */
  readonly said: string
  readonly text: string
  readonly literal: Filter
}

export interface Filters {
  readonly filters: readonly Filter[]
  readonly readings: readonly Reading[]
}

/**
 * The filters of `--where`, or of another option. After = and !=, commas separate values (`\,` is a comma), and `@name` is a group of
 * values where the config file has one (`\@` is an at sign).
 * @param said what an error calls it
 * @throws UserError (usage), as parseFilter, and for a group that is not there
 */
export function parseFilters(
  texts: readonly string[],
  groups: ValueGroups = noGroups,
  said = option,
): Filters {
  const all = texts.map((text) => filtersOf(text, groups, said))
  return {
    filters: all.flatMap(({ filters }) => filters),
    readings: all.flatMap(({ readings }) => readings),
  }
}

function filtersOf(text: string, groups: ValueGroups, said: string): Filters {
  const { name, operator, value } = partsOf(text, said)
  const whole = `${said} ${text}`
  const one = (part: string): Filter => filterOn(name, operator, part, whole, said)
  const ofGroup = /^\s*group\.(.+)$/i.exec(name)?.[1]
  if (ofGroup !== undefined)
    return { filters: groupFilters(ofGroup, operator, value, { whole, groups }), readings: [] }
  if (operator !== '=' && operator !== '!=') return { filters: [one(value)], readings: [] }
  const parts = value.split(/(?<!\\),/)
  const { key } = filterDimension(name)
  const filters = parts.flatMap((part) => {
    const members = namedGroup(part.trim(), key, groups, whole)
    return members?.map(one) ?? [one(part.replaceAll(/\\(?=[,@])/g, ''))]
  })
  // What can be read in one way alone is not looked for under another.
  const isPlain = filters.length === 1 && filters[0]!.value === value.trim()
  const literal = isPlain || /\\[,@]/.test(value) ? undefined : literalOf(key, value)
  return { filters, readings: literal === undefined ? [] : [{ said, text, literal }] }
}

/** `group.user=research` is `user=@research`; `(none)` is what is in no group. */
function groupFilters(
  name: string,
  operator: Filter['operator'],
  value: string,
  { whole, groups }: { readonly whole: string; readonly groups: ValueGroups },
): Filter[] {
  if (operator !== '=' && operator !== '!=')
    throw new UserError(`${whole}: a group is named as a whole`, {
      code: 'usage',
      hint: `For example ${option} group.${name}=research.`,
    })
  const { key } = filterDimension(name)
  const own = groupsOf(key, groups, whole)
  const turned = operator === '=' ? '!=' : '='
  return value.split(',').flatMap((part) => {
    const group = part.trim()
    const isNone = group === noneValue
    const members = isNone ? Object.values(own).flat() : (namedGroup(`@${group}`, key, groups, whole) ?? [])
    return members.map((one) => filterOn(key, isNone ? turned : operator, one, whole))
  })
}

/** The value as it was typed; none where calls cannot have it. */
function literalOf(key: string, value: string): Filter | undefined {
  const dimension = filterDimension(key)
  const isText = dimension.kind !== 'column' || dimension.type === 'VARCHAR'
  return isText ? { dimension: key, operator: '=', value: value.trim() } : undefined
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
  const dimension = filterDimension(name)
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
  if (dimension.kind === 'center' && said !== option) throw centersElsewhere(whole)
  if (dimension.kind === 'group')
    throw new UserError(`${whole}: groups of the config file are for ${option} and --by`, {
      code: 'usage',
      hint: `Name its values here, such as ${dimension.of.key}=ada.`,
    })
  const filter = { dimension: dimension.key, operator, value: value.trim() }
  if (isComparison(operator)) return { ...filter, value: comparedValue(whole, dimension, filter, said) }
  return { ...filter, value: checkedValue(whole, dimension, filter, said) }
}

const example = (said: string, filter: string): string => (said === option ? `${option} ${filter}` : filter)

/** Digits that a comparison with money or counts keeps: more than any call has. */
const mostDigits = { whole: 19, places: 18 }

/** A number in its plain digits. @throws UserError (usage) for a text, or a number beyond what is compared */
function comparedValue(whole: string, dimension: Dimension, { value }: Filter, said: string): string {
  const hint = `For example ${example(said, `'${dimension.key}>0.1'`)}.`
  if (dimension.kind !== 'column' || dimension.type === 'VARCHAR' || dimension.type === 'BOOLEAN') {
    const signs = `Compare it with =, != or ~: ${example(said, `${dimension.key}=chat`)}.`
    throw new UserError(`${whole}: ${dimension.key} is no number`, { code: 'usage', hint: signs })
  }
  const decimal = readDecimal(value)
  if (decimal === undefined)
    throw new UserError(`${whole}: compare it with a number`, { code: 'usage', hint })
  const digits = plain(decimal)
  const [integer = '', fraction = ''] = digits.replace('-', '').split('.')
  if (integer.length <= mostDigits.whole && fraction.length <= mostDigits.places) return digits
  throw new UserError(`${whole}: the number has more digits than are compared`, {
    code: 'usage',
    hint: `Up to ${mostDigits.whole} before the point, and ${mostDigits.places} after it. ${hint}`,
  })
}

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
  if (type === 'DECIMAL(18,12)') return moneyValue(plain(decimal))
  if (type !== 'BIGINT') return value
  const digits = plain(decimal)
  const isWhole = /^-?\d+$/.test(digits)
  return isWhole && BigInt(digits) <= largestWhole && BigInt(digits) >= -largestWhole ? digits : undefined
}

/** Money has twelve places: what has more equals no cost, and would be rounded to one. */
const moneyValue = (digits: string): string | undefined =>
  /^-?\d{1,6}(\.\d{1,12})?$/.test(digits) ? digits : undefined

const typeWords = (type: ColumnType): string => {
  if (type === 'BOOLEAN') return 'true or false'
  if (type === 'DECIMAL(18,12)') return 'an amount of up to 12 places'
  return type === 'BIGINT' ? 'a whole number' : 'a number'
}
